// Microsoft Graph as the rest of the program knows it: readers, and writers. A connection is one run: it remembers what it
// wrote, and its readers do not answer from before that.

import type { GraphReader, GraphWriter, Turn } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import type { Trace } from '../trace.ts'
import type { Clock } from './clock.ts'
import { createDispatch } from './dispatch.ts'
import { createGate } from './gate.ts'
import { createLag } from './lag.ts'
import { createLanes } from './lanes.ts'
import { createMembers } from './members.ts'
import { createReadAhead } from './read-ahead.ts'
import { createReader, readFrom } from './reader.ts'
import { createReferences } from './references.ts'
import { createSeen, type Seen } from './seen.ts'
import { steadyTime } from './steady.ts'
import type { GetToken } from './tokens.ts'
import { aloneTurn, createTurns } from './turns.ts'
import { createUnchanged } from './unchanged.ts'
import { createVisible, type Visible } from './visible.ts'
import { createWire } from './wire.ts'
import { createWriter } from './writer.ts'

export interface GraphOptions {
  /** The service's origin, `https://graph.microsoft.com`; plain http only to this machine. */
  readonly root: string
  readonly getToken: GetToken
  readonly clock: Clock
  readonly fetch?: typeof fetch
  readonly trace?: Trace
  /** Aborted: reads and waits fail as `interrupted`, and nothing more is sent; a write under way gets its answer. */
  readonly signal?: AbortSignal
  /** Milliseconds for one request. */
  readonly timeout?: number
  /** Milliseconds that an object of this run's making may stay invisible. */
  readonly lagDeadline?: number
  /** Keeps to the limits that Microsoft tells, without waiting to be refused; left out: wherever the service is not this machine. */
  readonly paced?: boolean
  /** Requests that write, under way at the same time. */
  readonly inFlight?: number
  /** Told whenever the service wants to be left alone, and for how many milliseconds. */
  readonly onPause?: (ms: number) => void
  /** What the plan was made from, where another connection read it. */
  readonly seen?: Seen
}

export interface GraphConnection {
  /** A reader with a memory of its own. */
  readonly reader: () => GraphReader
  /** What one change writes with; without a turn, whoever writes alone. */
  readonly writer: (turn?: Turn) => GraphWriter
  /** Of what it made, what its writers wait for now. */
  readonly unseen: Visible['unseen']
}

export function connectGraph(options: GraphOptions): GraphConnection {
  const root = originOf(options.root)
  const paced = options.paced ?? root.startsWith('https:')
  const wire = createWire({
    root,
    paced,
    getToken: options.getToken,
    clock: options.clock,
    fetch: options.fetch ?? fetch,
    timeout: options.timeout ?? 100_000,
    trace: options.trace,
    signal: options.signal,
  })
  let writes = 0
  const time = steadyTime(options.clock)
  const turns = createTurns()
  const gate = createGate({
    wire,
    time,
    lanes: createLanes(paced, time.now),
    turns,
    inFlight: options.inFlight ?? 8,
    signal: options.signal,
    onPause: options.onPause ?? (() => undefined),
  })
  const visible = createVisible(wire, time, options.lagDeadline ?? 600_000, gate.isAtRest)
  const lag = createLag(visible)
  const dispatch = createDispatch({ gate, lag, visible, turns })
  const members = createMembers({ root, gate, lag, visible, turns })
  const references = createReferences({ wire, dispatch, members })
  const wrote = (): void => {
    writes++
  }
  const seen = options.seen ?? createSeen()
  const source = createReadAhead(wire)
  const look = (): GraphReader => createReader(source, () => 0)
  const unchanged = createUnchanged(wire, seen, look)
  const reader = createReader(readFrom(wire), () => writes)
  const parts = { wire, dispatch, reader, look, seen, unchanged, lag, references, wrote }
  return {
    reader: () => createReader(readFrom(wire, seen), () => writes),
    writer: (turn = aloneTurn()) => createWriter({ ...parts, turn }),
    unseen: visible.unseen,
  }
}

/** The token travels to this origin, so it must be one, and nobody on the way may read it. */
function originOf(root: string): string {
  const url = URL.canParse(root) ? new URL(root) : undefined
  if (url === undefined || (url.href !== `${url.origin}/` && url.href !== url.origin)) {
    throw new Failure(
      'bad-graph-root',
      `${root} is no origin of Microsoft Graph`,
      'such as https://graph.microsoft.com',
    )
  }
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    throw new Failure('bad-graph-root', `${root} is not encrypted: an access token would be readable on the way`)
  }
  return url.origin
}
