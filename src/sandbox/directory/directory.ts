// The sandbox's Active Directory: a domain in a store, behind the same interface as the real one. Each operation is
// whole or refused, with the result that a Windows domain controller gives.

import type { DirectoryWriter } from '../../model/directories.ts'
import type { Instant } from '../../model/time.ts'
import type { Store } from '../store.ts'
import { openDatabase } from './database.ts'
import { type DumpedObject, dumpDirectory, dumpLdif } from './dump.ts'
import { search } from './search.ts'
import { seedFresh, seedFrom } from './seed.ts'
import { add, modify, move, remove } from './write.ts'

export interface SandboxDirectory extends DirectoryWriter {
  /** Replaces the domain by the one that the LDIF describes; `file` is what problems in it are reported under. */
  seed(ldif: string, file: string): void
  /** All objects, in one canonical order. */
  dump(): readonly DumpedObject[]
  /** The same as a seed that builds the same domain again. */
  dumpLdif(): string
}

export interface DirectoryOptions {
  readonly store: Store
  /** `corp.contoso.com` */
  readonly domain: string
  readonly clock: () => Instant
  /** Which of the domain's controllers this is; left out, the only one. */
  readonly origin?: string
}

/** The domain in `store`; a fresh one if there is none. */
export function createDirectory({ store, domain, clock, origin }: DirectoryOptions): SandboxDirectory {
  const database = openDatabase(store, domain, clock, origin)
  if (database.root() === undefined) seedFresh(database)
  return {
    search: async request => search(database, request),
    add: async (dn, attributes) => database.atomically(() => add(database, dn, attributes)),
    modify: async (target, modifications) => database.atomically(() => modify(database, target, modifications)),
    move: async (target, newRdn, newParent) => database.atomically(() => move(database, target, newRdn, newParent)),
    remove: async target => database.atomically(() => remove(database, target)),
    seed: (ldif, file) => seedFrom(database, ldif, file),
    dump: () => dumpDirectory(database),
    dumpLdif: () => dumpLdif(database),
  }
}
