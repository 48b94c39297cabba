// A domain in memory with a clock that moves on by a second at each look.

import { expect } from 'vitest'
import { type Filter, type Modification, RequestFailure } from '../../../src/model/directories.ts'
import { childDn } from '../../../src/model/escape.ts'
import { createDirectory, type SandboxDirectory } from '../../../src/sandbox/directory/directory.ts'
import { openStore, type Store } from '../../../src/sandbox/store.ts'

export const root = 'DC=corp,DC=contoso,DC=com'
export const users = `CN=Users,${root}`
export const ou = `OU=Partners,${root}`
export const anything: Filter = { present: 'objectClass' }
export const password = (text: string) => Buffer.from(`"${text}"`, 'utf16le')

export function tickingClock(): () => number {
  let now = Date.parse('2026-11-22T10:00:00Z')
  return () => {
    now += 1000
    return now
  }
}

export async function makeDomain(store: Store = openStore(undefined, 'directory')): Promise<SandboxDirectory> {
  const directory = createDirectory({ store, domain: 'corp.contoso.com', clock: tickingClock() })
  await directory.add(ou, { objectClass: ['organizationalUnit'] })
  return directory
}

type Values = Readonly<Record<string, readonly (string | Uint8Array)[]>>

export async function addUser(directory: SandboxDirectory, cn: string, values: Values = {}): Promise<string> {
  const dn = childDn('CN', cn, ou)
  await directory.add(dn, { objectClass: ['user'], ...values })
  return dn
}

export async function addGroup(directory: SandboxDirectory, cn: string, values: Values = {}): Promise<string> {
  const dn = childDn('CN', cn, ou)
  await directory.add(dn, { objectClass: ['group'], ...values })
  return dn
}

export async function read(directory: SandboxDirectory, target: string, ...attributes: readonly string[]) {
  const [entry] = await directory.search({ base: target, scope: 'base', filter: anything, attributes })
  return entry?.attributes ?? {}
}

export const adding = (attribute: string, ...values: (string | Uint8Array)[]): Modification => ({
  operation: 'add',
  attribute,
  values,
})
export const deleting = (attribute: string, ...values: string[]): Modification => ({
  operation: 'delete',
  attribute,
  values,
})
export const replacing = (attribute: string, ...values: (string | Uint8Array)[]): Modification => ({
  operation: 'replace',
  attribute,
  values,
})

/** The operation is refused with this LDAP result and this Windows error, and nothing at all has changed. */
export async function refused(
  directory: SandboxDirectory,
  operation: () => Promise<unknown>,
  status: number,
  text: string | RegExp,
) {
  const before = directory.dump()
  const failure = await operation().then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(RequestFailure)
  expect((failure as RequestFailure).message).toMatch(text)
  expect((failure as RequestFailure).status).toBe(status)
  expect(directory.dump()).toEqual(before)
}
