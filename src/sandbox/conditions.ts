// How unkind the sandbox is, put between its Graph and whoever asks: quotas first, as everything that arrives is counted,
// then faults, and next to the tenant its replicas.

import type { DirectoryFaults } from './directory/faults.ts'
import type { FaultRule } from './graph/faults/kinds.ts'
import type { Weather } from './graph/faults/weather.ts'
import { createFaults } from './graph/faults.ts'
import { createQuota, type QuotaOptions } from './graph/quota.ts'
import type { Lag } from './graph/replication/lag.ts'
import { replicate } from './graph/replication/replicate.ts'
import type { Delivery, Layer } from './graph/server.ts'
import type { Store } from './store.ts'

export interface Conditions {
  readonly seed: number
  readonly weather?: Weather
  readonly quota?: Omit<QuotaOptions, 'elapsed'>
  readonly replication?: { readonly lag: Lag; readonly replicas?: number }
  readonly graph?: readonly FaultRule[]
  readonly directory?: DirectoryFaults
}

const stride = 1_000_003

/** For the command that comes after so many: it meets other faults, or running again would never help. */
export function conditionsAfter(commands: number, conditions: Conditions): Conditions {
  const later = (seed: number): number => seed + commands * stride
  const { seed, directory } = conditions
  return {
    ...conditions,
    seed: later(seed),
    ...(directory?.seed === undefined ? {} : { directory: { ...directory, seed: later(directory.seed) } }),
  }
}

export interface Around {
  readonly store: Store
  /** What objects are stamped with. */
  readonly clock: () => number
  /** Milliseconds from any fixed point. */
  readonly elapsed: () => number
  readonly hold: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Imposed {
  readonly layers: readonly Layer[]
  readonly delivery: Delivery
  /** For how long at the most a write may stay unseen. */
  readonly longestLag: number
  /** What came of it so far. */
  readonly tally: () => Tally
}

export interface Tally {
  readonly throttled: number
  /** How often which fault struck. */
  readonly faults: ReadonlyMap<string, number>
}

export function imposeOn({ store, clock, elapsed, hold }: Around, conditions: Conditions): Imposed {
  const { seed, weather, graph = [], quota: limits, replication: lagging } = conditions
  const faults = createFaults({ seed, rules: graph, hold, ...(weather === undefined ? {} : { weather }) })
  const quota = limits === undefined ? undefined : createQuota({ ...limits, elapsed })
  const replication =
    lagging === undefined ? undefined : replicate({ ...lagging, store, clock, elapsed, seed: String(seed) })
  const tally = (): Tally => {
    const counts = new Map<string, number>()
    for (const { fault } of faults.struck) counts.set(String(fault), (counts.get(String(fault)) ?? 0) + 1)
    return { throttled: quota?.usage.throttled ?? 0, faults: counts }
  }
  return {
    layers: [quota, faults, replication].flatMap(part => (part === undefined ? [] : [part.layer])),
    delivery: quota?.delivery(faults.delivery) ?? faults.delivery,
    longestLag: replication?.longest ?? 0,
    tally,
  }
}

/** How much of what a domain controller is asked goes wrong. */
const shares: Readonly<Record<Weather, number>> = { calm: 0.005, unsettled: 0.03, storm: 0.1 }

/** What passes by itself; a refusal for good would only end the run. */
const passing: DirectoryFaults['among'] = [
  'busy',
  'unavailable',
  'disconnect',
  'disconnect-after',
  'notice',
  'silence',
  'silence-after',
  'slow',
  'cut-search',
  'cut-entry',
]

/** What goes wrong with the domain controllers: as is said, or as the weather is. */
export function directoryFaultsOf({ seed, weather, directory }: Conditions): DirectoryFaults | undefined {
  return directory ?? (weather === undefined ? undefined : { seed, share: shares[weather], among: passing })
}
