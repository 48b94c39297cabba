// The sandbox under conditions, for a command that works on it: client and service share a clock on which time passes only
// when both wait, so that an apply of an hour takes seconds. At the end it is told how long it would have taken.

import { createHash } from 'node:crypto'
import type { Clock } from '../connect/graph/clock.ts'
import { connectStreams, type DirectoryConnection } from '../connect/ldap/connection.ts'
import type { DirectoryWriter } from '../model/directories.ts'
import { count } from '../render/layout.ts'
import { type Conditions, directoryFaultsOf, imposeOn, type Tally } from '../sandbox/conditions.ts'
import { serveDirectory } from '../sandbox/directory/controllers.ts'
import type { GraphServerOptions } from '../sandbox/graph/server.ts'
import type { VirtualClock } from '../sandbox/virtual-clock.ts'
import type { SandboxState } from './sandbox-state.ts'

/** Of every answer, in milliseconds: about what Graph takes. */
const latency = 100

export interface Simulation {
  /** What the sandbox's Graph is served with. */
  readonly service: Pick<GraphServerOptions, 'latency' | 'hold' | 'layers' | 'delivery'>
  /** What the client works with. */
  readonly client: { readonly clock: Clock; readonly fetch: typeof fetch; readonly paced: boolean }
  /** Over LDAP, where something goes wrong with domain controllers. */
  readonly directory: DirectoryConnection | undefined
  /** For how long at the most a write may stay unseen. */
  readonly lag: number
  /** How long it would have taken, and what went wrong. */
  readonly told: () => string
  readonly close: () => Promise<void>
}

export interface Simulated {
  readonly conditions: Conditions
  readonly time: VirtualClock
  readonly state: SandboxState
  /** In place of the state's own. */
  readonly domain?: DirectoryWriter | undefined
  readonly signal?: AbortSignal | undefined
}

export function simulate({ conditions, time, state, domain, signal }: Simulated): Simulation {
  const began = time.now()
  const clock = { now: time.now, sleep: time.sleep, timeout: time.timeout, random: randomFrom(conditions.seed) }
  const { layers, delivery, longestLag, tally } = imposeOn(
    { store: state.graph, clock: time.now, elapsed: time.now, hold: time.hold },
    conditions,
  )
  const faults = directoryFaultsOf(conditions)
  const controllers =
    faults === undefined
      ? undefined
      : serveDirectory({
          directory: domain ?? state.directory,
          domain: state.domain,
          ...(domain === undefined ? { store: state.directoryStore } : {}),
          stamp: time.now,
          faults,
          clock: time,
        })
  const directory =
    controllers === undefined
      ? undefined
      : connectStreams({
          servers: controllers.servers,
          bind: { dn: 'sandbox', password: 'sandbox' },
          clock,
          ...(signal === undefined ? {} : { signal }),
        })
  return {
    service: { latency, hold: time.hold, layers, delivery },
    client: { clock, fetch: time.watch(fetch), paced: conditions.quota !== undefined },
    directory,
    lag: longestLag,
    told: () => `Simulated: ${[exactly(time.now() - began), ...inWords(tally())].join(', ')}.\n`,
    close: async () => {
      await directory?.close()
      controllers?.close()
    },
  }
}

/** `12 requests throttled`, `3 faults (2 × 503, 1 × reset)` */
export function inWords({ throttled, faults }: Tally): readonly string[] {
  const all = [...faults.values()].reduce((sum, times) => sum + times, 0)
  const each = [...faults].map(([fault, times]) => `${times} × ${fault}`).join(', ')
  return [
    ...(throttled === 0 ? [] : [`${count(throttled, 'request')} throttled`]),
    ...(all === 0 ? [] : [`${count(all, 'fault')} (${each})`]),
  ]
}

/** `18 min 20 s` */
function exactly(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours === 0 ? '' : `${hours} h `}${minutes} min ${seconds % 60} s`
}

/** The client's pauses are part of what can be had again. */
function randomFrom(seed: number): () => number {
  let drawn = 0
  return () => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32
}
