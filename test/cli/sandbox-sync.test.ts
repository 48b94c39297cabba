// `guestlist sandbox sync`: which stamp makes a guest, and what it says. What it does is in test/sandbox/entra-connect.test.ts.

import { expect, test } from 'vitest'
import { folderOf, organization } from '../policy/folder.ts'
import { command, type Heard } from './fake-host.ts'

const account = (name: string, ...stamps: readonly string[]): string =>
  [`dn: CN=${name},DC=corp,DC=contoso,DC=com`, 'objectClass: user', `sAMAccountName: ${name}`, ...stamps, ''].join('\n')

const seed = {
  'seed/graph.json': JSON.stringify({
    tenant: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
  }),
  'seed/directory.ldif': `version: 1\n\n${account('ann', 'extensionAttribute1: Guest')}\n${account('bob', 'info: Partner')}`,
}

function sync(policy: string | undefined, ...args: readonly string[]): Promise<Heard> {
  const cwd = folderOf({ ...seed, ...(policy === undefined ? {} : { 'policies/organization.yaml': policy }) })
  return command(['sandbox', 'sync', '--seed', 'seed', ...args], { cwd })
}

const said = (ann: 'guest' | 'member', bob: 'guest' | 'member'): string =>
  `+ ann@corp.contoso.com comes to the cloud as a ${ann}\n+ bob@corp.contoso.com comes to the cloud as a ${bob}\n`

test('the stamp is the one that the policies name, the usual one where there are none, or the one of the option', async () => {
  const stamped = organization.replace('  organizationalUnits:', '  userType: {attribute: info, value: Partner}\n$&')
  expect((await sync(stamped)).stdout).toBe(said('member', 'guest'))
  expect((await sync(organization)).stdout).toBe(said('guest', 'member'))
  expect((await sync(undefined)).stdout).toBe(said('guest', 'member'))
  expect((await sync(stamped, '--user-type', 'extensionAttribute1=Guest')).stdout).toBe(said('guest', 'member'))
  expect((await sync(stamped, '--without-rule')).stdout).toBe(said('member', 'member'))
})

test('a second sync has nothing to do, and says so', async () => {
  const cwd = folderOf(seed)
  const again = (): Promise<Heard> => command(['sandbox', 'sync', '--seed', 'seed'], { cwd })
  await again()
  expect(await again()).toEqual({
    code: 0,
    stdout: 'Nothing to sync: the tenant has the accounts as they are.\n',
    stderr: '',
  })
})

test.each([
  ['--user-type', 'Guest'],
  ['--user-type', '=Guest'],
  ['--user-type', 'info=Guest', '--without-rule'],
])('a mistake in the options is told: %s %s', async (...args) => {
  const heard = await sync(undefined, ...args)
  expect(heard).toMatchObject({ code: 1, stdout: '' })
  expect(heard.stderr).toContain('--user-type')
})
