// Microsoft Graph as the rest of the program knows it: readers, and writers. A connection is one run: it remembers what it
// wrote, and its readers do not answer from before that.

import type { GraphReader, GraphWriter, Turn } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import type { Trace } from '../trace.ts'
import type { Clock } from './clock.ts'
import { alone, createDispatch } from './dispatch.ts'
import { createLag } from './lag.ts'
import { createReader } from './reader.ts'
import { createReferences, type Serially } from './references.ts'
import { createWire, type GetToken } from './wire.ts'
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
  /** Keeps to the pace that Microsoft's Conditional Access asks for; left out: wherever the service is not this machine. */
  readonly paced?: boolean
}

export interface GraphConnection {
  /** A reader with a memory of its own. */
  readonly reader: () => GraphReader
  /** What one change writes with; without a turn, whoever writes alone. */
  readonly writer: (turn?: Turn) => GraphWriter
}

export function connectGraph(options: GraphOptions): GraphConnection {
  const root = originOf(options.root)
  const wire = createWire({
    root,
    paced: options.paced ?? root.startsWith('https:'),
    getToken: options.getToken,
    clock: options.clock,
    fetch: options.fetch ?? fetch,
    timeout: options.timeout ?? 100_000,
    trace: options.trace,
    signal: options.signal,
  })
  let writes = 0
  const lag = createLag(wire, options.lagDeadline ?? 600_000)
  const serially = createSerially()
  const dispatch = createDispatch(wire)
  const references = createReferences({ wire, dispatch, lag, serially })
  const reader = (): GraphReader => createReader(wire, () => writes)
  const wrote = (): void => {
    writes++
  }
  const own = reader()
  return {
    reader,
    writer: (turn = alone) => createWriter({ wire, dispatch, reader: own, lag, references, serially, wrote, turn }),
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

function createSerially(): Serially {
  const tails = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    if (key === undefined) return work()
    const before = tails.get(key)
    const mine = Promise.withResolvers<void>()
    tails.set(key, mine.promise)
    try {
      await before
      return await work()
    } finally {
      if (tails.get(key) === mine.promise) tails.delete(key)
      mine.resolve()
    }
  }
}
