import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bindFrom } from '../../../src/connect/ldap/credentials.ts'

const dn = 'CN=svc-guestlist,OU=Services,DC=corp,DC=contoso,DC=com'

test('a password from the environment', () => {
  const environment = { GUESTLIST_LDAP_BIND_DN: dn, GUESTLIST_LDAP_PASSWORD: ' not trimmed ' }
  expect(bindFrom(environment)).toEqual({ dn, password: ' not trimmed ' })
})

test.each([
  ['secret\n', 'secret'],
  ['secret\r\n', 'secret'],
  ['\ufeffsecret', 'secret'],
  [' a b \n\n', ' a b \n'],
  ['secret', 'secret'],
])('a password from a file: %j', (text, password) => {
  const folder = mkdtempSync(join(tmpdir(), 'guestlist-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'password')
  writeFileSync(file, text)
  expect(bindFrom({ GUESTLIST_LDAP_BIND_DN: dn, GUESTLIST_LDAP_PASSWORD_FILE: file })).toEqual({ dn, password })
})

const failing = (code: string) => () => {
  throw Object.assign(new Error(code), { code })
}

test.each([
  [{}, 'no-credentials', 'GUESTLIST_LDAP_BIND_DN is not set'],
  [{ GUESTLIST_LDAP_BIND_DN: '  ', GUESTLIST_LDAP_PASSWORD: 'x' }, 'no-credentials', 'GUESTLIST_LDAP_BIND_DN'],
  [{ GUESTLIST_LDAP_BIND_DN: dn }, 'no-credentials', 'neither GUESTLIST_LDAP_PASSWORD nor'],
  [{ GUESTLIST_LDAP_BIND_DN: dn, GUESTLIST_LDAP_PASSWORD: '' }, 'no-credentials', 'neither'],
  [
    { GUESTLIST_LDAP_BIND_DN: dn, GUESTLIST_LDAP_PASSWORD: 'secret', GUESTLIST_LDAP_PASSWORD_FILE: '/x' },
    'two-passwords',
    'both set',
  ],
  [
    { GUESTLIST_LDAP_BIND_DN: dn, GUESTLIST_LDAP_PASSWORD: 'secret', NODE_DEBUG: 'http,LDAPTS' },
    'unsafe-debugging',
    'NODE_DEBUG',
  ],
  [
    { GUESTLIST_LDAP_BIND_DN: dn, GUESTLIST_LDAP_PASSWORD: 'secret', NODE_DEBUG: 'ldap*' },
    'unsafe-debugging',
    'NODE_DEBUG',
  ],
])('too little or too much: %j', (environment, code, message) => {
  const failure = failureOf(() => bindFrom(environment, failing('ENOENT')))
  expect(failure).toMatchObject({ code, message: expect.stringContaining(message), hint: expect.any(String) })
  expect(JSON.stringify(failure) + String(failure)).not.toContain('secret')
})

test.each([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'EISDIR'],
])('a file that cannot be read: %s', (code, reason) => {
  const environment = { GUESTLIST_LDAP_BIND_DN: dn, GUESTLIST_LDAP_PASSWORD_FILE: '/run/secrets/ldap' }
  const failure = failureOf(() => bindFrom(environment, failing(code)))
  expect(failure).toMatchObject({ code: 'no-credentials' })
  expect(String(failure)).toContain(`/run/secrets/ldap, cannot be read: ${reason}`)
  expect(failureOf(() => bindFrom(environment, () => '\n'))).toMatchObject({ code: 'no-credentials' })
})

function failureOf(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
