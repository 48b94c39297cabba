// What an app may say of itself: which sign-on has a meaning where, and which roles the app can tell apart.

import { expect, test } from 'vitest'
import { access, load, payroll, places, sound } from './folder.ts'

const cloud = `apiVersion: guestlist/v1
kind: App
name: wiki
displayName: Wiki
hosting: cloud
entra: {appId: 2f1e9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41}
`
const published = `apiVersion: guestlist/v1
kind: App
name: wiki
displayName: Wiki
hosting: on-premises
proxy:
  internalUrl: http://wiki.corp.contoso.com/
  externalUrl: https://wiki-contoso.msappproxy.net/
`
const saml = 'signOn: {saml: {identifier: "https://wiki.contoso.com", replyUrl: "https://wiki.contoso.com/acs"}}\n'
const adGroup = 'adGroup: "CN=Readers,OU=Apps,DC=corp,DC=contoso,DC=com"'

const others = { ...sound, 'to-wiki.yaml': access.replaceAll('payroll', 'wiki') }
const read = async (wiki: string) => places(await load({ ...others, 'wiki.yaml': wiki }))

test.each([
  ['a cloud app with SAML', cloud + saml],
  ['a cloud app without sign-on', cloud],
  ['an on-premises app with SAML', published + saml],
  ['roles of a Kerberos app that share its default access', `${payroll}roles: {user: {}, clerk: {${adGroup}}}\n`],
  ['roles that are app roles', `${cloud}roles: {user: {}, editor: {appRole: Wiki.Edit}}\n`],
])('%s is sound', async (what, text) => {
  const files = what.includes('Kerberos') ? { ...sound, 'payroll.yaml': text } : { ...others, 'wiki.yaml': text }
  expect(places(await load(files))).toEqual([])
})

test.each([['kerberos: {servicePrincipalName: HTTP/wiki.contoso.com}'], ['header: {}'], ['none: {}']])(
  'a cloud app is not signed on to by %s',
  async signOn => {
    expect(await read(`${cloud}signOn: {${signOn}}\n`)).toEqual(['error[misplaced-key] wiki.yaml:7:1'])
  },
)

test.each([
  ['a cloud app', cloud, 'wiki.yaml:7:16'],
  ['a SAML app', published + saml, 'wiki.yaml:10:16'],
  ['a header app', `${published}signOn: {header: {}}\n`, 'wiki.yaml:10:16'],
  ['an app without sign-on', `${published}signOn: {none: {}}\n`, 'wiki.yaml:10:16'],
])('a group in Active Directory has no meaning for %s', async (_what, text, place) => {
  const loaded = await load({ ...others, 'wiki.yaml': `${text}roles: {user: {${adGroup}}}\n` })
  expect(places(loaded)).toEqual([`error[misplaced-key] ${place}`])
  expect(loaded.problems[0]?.hint).toMatch(/only a Kerberos app looks at groups in Active Directory/)
})

test('roles that the app cannot tell apart are a warning', async () => {
  expect(await read(`${cloud}roles: {user: {}, reader: {}}\n`)).toEqual(['warning[same-role] wiki.yaml:7:19'])
  expect(await read(`${published}${saml}roles: {user: {appRole: R}, b: {appRole: R}}\n`)).toEqual([
    'warning[same-role] wiki.yaml:10:29',
  ])
})

test.each([
  ['203.0.113.0/24', true],
  ['0.0.0.0/0', true],
  ['2001:db8::/32', true],
  ['203.0.113.0', false],
  ['203.0.113.0/33', false],
  ['203.0.113.256/24', false],
  ['203.0.113.0/024', false],
  ['203.0.113/24', false],
  ['2001:db8::/129', false],
  ['2001:zz::/32', false],
  ['firewall/24', false],
  ['203.0.113.0/24/24', false],
])('%s as a network: %s', async (network, isOne) => {
  const found = await read(`${published}  firewallAddresses: ["${network}"]\nsignOn: {none: {}}\n`)
  expect(found).toEqual(isOne ? [] : ['error[bad-network] wiki.yaml:9:23'])
})

test('an identifier must not end with a slash', async () => {
  expect(await read(cloud + saml.replace('contoso.com"', 'contoso.com/"'))).toEqual(['error[bad-url] wiki.yaml:7:29'])
})
