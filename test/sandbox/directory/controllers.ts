// The sandbox's domain controllers, and the production client in front of them, on a clock on which waiting takes no time.

import { onTestFinished } from 'vitest'
import { connectStreams, type DirectoryConnection } from '../../../src/connect/ldap/connection.ts'
import { type Controllers, serveDirectory } from '../../../src/sandbox/directory/controllers.ts'
import { createDirectory, type SandboxDirectory } from '../../../src/sandbox/directory/directory.ts'
import type { DirectoryFaults } from '../../../src/sandbox/directory/faults.ts'
import { openStore, type Store } from '../../../src/sandbox/store.ts'
import { createVirtualClock, type VirtualClock } from '../../../src/sandbox/virtual-clock.ts'

export const domain = 'corp.contoso.com'
export const unit = 'OU=Shadow,DC=corp,DC=contoso,DC=com'
export const anything = { present: 'objectClass' } as const
export const bind = { dn: 'svc-guestlist@corp.contoso.com', password: 'correct horse' }

export interface Started extends Controllers {
  readonly store: Store
  /** The first controller's directory, without the way to it. */
  readonly directory: SandboxDirectory
  readonly clock: { -readonly [Name in keyof VirtualClock]: VirtualClock[Name] }
  readonly connect: (servers?: Controllers['servers']) => DirectoryConnection
}

export async function startControllers(
  faults: DirectoryFaults = {},
  limits: { readonly pageSize?: number; readonly valueRange?: number } = {},
): Promise<Started> {
  const store = openStore(undefined, 'directory')
  const clock = createVirtualClock(Date.parse('2026-11-22T10:00:00Z'))
  const directory = createDirectory({ store, domain, clock: clock.now })
  await directory.add(unit, { objectClass: ['organizationalUnit'] })
  const served = serveDirectory({ directory, store, domain, faults, clock, ...limits })
  const connect = (servers = served.servers): DirectoryConnection => {
    const { sleep, timeout } = clock
    const connection = connectStreams({ servers, bind, clock: { sleep, timeout, random: () => 0 } })
    onTestFinished(connection.close)
    return connection
  }
  return { ...served, store, directory, clock, connect }
}

export function accountOf(name: string): Record<string, readonly string[]> {
  return {
    objectClass: ['top', 'person', 'organizationalPerson', 'user'],
    sAMAccountName: [name],
    displayName: [name],
  }
}
