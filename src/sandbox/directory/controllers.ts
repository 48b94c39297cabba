// The domain's controllers as a client finds them: one, or two of which each hears of the other's changes later.

import type { Duplex } from 'node:stream'
import type { DirectoryWriter } from '../../model/directories.ts'
import type { Instant } from '../../model/time.ts'
import type { Store } from '../store.ts'
import { createDirectory } from './directory.ts'
import { createFaults, type DirectoryFaults } from './faults.ts'
import { replicate } from './replica.ts'
import { type Controller, createController } from './server.ts'

export interface ControllersOptions {
  /** What the first controller serves. */
  readonly directory: DirectoryWriter
  readonly domain: string
  /** The directory's own store: without it there is no second controller. */
  readonly store?: Store
  /** What the second controller stamps objects with. */
  readonly stamp?: () => Instant
  readonly faults: DirectoryFaults
  readonly clock: { readonly now: () => number; readonly sleep: (ms: number) => Promise<void> }
  /** MaxPageSize and MaxValRange of the domain's LDAP policy. */
  readonly pageSize?: number
  readonly valueRange?: number
}

export interface Controllers {
  /** In the order in which a client should try them. */
  readonly servers: readonly { readonly url: string; readonly open: () => Duplex }[]
  /** All that was written anywhere arrives everywhere: both are alike, and the first one's store has it all. */
  readonly close: () => void
}

export function serveDirectory(options: ControllersOptions): Controllers {
  const { directory, domain, store, faults, clock, pageSize = 1000, valueRange = 1500 } = options
  const { secondServer: second, seed = 0 } = faults
  const replication =
    second === undefined || store === undefined
      ? undefined
      : replicate({ store, lag: second.lag, seed, now: clock.now })
  const common = {
    faultFor: createFaults(faults),
    sleep: clock.sleep,
    refresh: () => replication?.refresh(),
    pageSize,
    valueRange,
  }
  const servers: Controller[] = [createController({ ...common, url: `ldap://dc1.${domain}`, number: 1, directory })]
  if (replication !== undefined) {
    const copy = createDirectory({
      store: replication.store,
      domain,
      clock: options.stamp ?? clock.now,
      origin: 'second',
    })
    servers.push(createController({ ...common, url: `ldap://dc2.${domain}`, number: 2, directory: copy }))
  }
  return { servers, close: () => replication?.settle() }
}
