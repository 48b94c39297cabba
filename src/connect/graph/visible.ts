// Whether what this run made is there for everybody. An object shows in one replica of the directory after the other, and a
// request that mentions it may be refused by any that lags. The run begins hopeful; from the first such refusal on, an object
// is mentioned only after it was seen several times in a row, or has had its time to appear. Waiting costs no write.

import { batchSize, sendBatch } from './batch.ts'
import type { SteadyTime } from './steady.ts'
import { interrupted } from './turns.ts'
import type { Answer, Wire } from './wire.ts'

export interface Visible {
  /** What `id` was made as, with the path at which it can be asked for, if there is one. */
  readonly made: (id: string, path: string | undefined) => void
  readonly isMade: (id: string) => boolean
  /** Until all of them may be mentioned, or `signal` is aborted; rejects if it was before. Undefined: now. */
  readonly awaited: (ids: readonly string[], signal?: AbortSignal) => Promise<void> | undefined
  /** A request that mentioned them was refused. False: they have had their time, and the refusal is meant. */
  readonly doubt: (ids: readonly string[]) => boolean
  /** What is waited for now. */
  readonly unseen: () => Unseen
}

export interface Unseen {
  readonly objects: number
  /** For how many milliseconds at the most they are still waited for. */
  readonly most: number
}

/**
 * Seen so often in a row, an object is taken to be everywhere (five in terraform-provider-azuread, internal/helpers/consistency;
 * more, since one of twenty members that is not there spoils their request). Once nothing else is left to send, to be refused
 * now and then is better than to wait for the last replica. Both chosen by `npm run bench:apply`.
 */
const enough = 8
const enoughAtRest = 2
/** Milliseconds that an object is waited for before that. */
const patience = 20_000
/** Between one sight and the next. */
const afterSight = 1500
const firstPause = 1000
const longestPause = 10_000
/** Questions under way at once. */
const batchesAtOnce = 4

interface Made {
  readonly path: string | undefined
  /** In how many answers in a row it was. */
  sights: number
  pause: number
  askAt: number
  /** Since when it is waited for, the first time. */
  since: number | undefined
  isTrusted: boolean
  readonly waiting: Set<() => void>
}

/** `isAtRest`: nothing else is left to send. */
export function createVisible(wire: Wire, time: SteadyTime, deadline: number, isAtRest: () => boolean): Visible {
  const everything = new Map<string, Made>()
  const watched = new Set<Made>()
  let isHopeful = true
  let isWatching = false
  let nap = new AbortController()

  const isOver = ({ since }: Made): boolean => since !== undefined && time.now() - since >= deadline

  const enoughOf = ({ since = 0 }: Made, isAtRest: boolean): number =>
    isAtRest && time.now() - since >= patience ? enoughAtRest : enough

  const trust = (made: Made): void => {
    made.isTrusted = true
    watched.delete(made)
    for (const go of made.waiting) go()
    made.waiting.clear()
  }

  const watch = (made: Made, signal: AbortSignal | undefined): Promise<void> => {
    if (signal?.aborted) return Promise.reject(interrupted())
    const { promise, resolve } = Promise.withResolvers<void>()
    const leave = (): void => {
      made.waiting.delete(resolve)
      if (made.waiting.size === 0) watched.delete(made)
      if (watched.size === 0) nap.abort()
      resolve()
    }
    made.since ??= time.now()
    made.waiting.add(resolve)
    watched.add(made)
    signal?.addEventListener('abort', leave, { once: true })
    void ask()
    return promise.finally(() => signal?.removeEventListener('abort', leave))
  }

  const judge = (made: Made, isThere: boolean, isAtRest: boolean): void => {
    // A replica that lags may have been asked as well as one that does not: sights count in a row only.
    made.sights = isThere ? made.sights + 1 : 0
    if (made.sights >= enoughOf(made, isAtRest) || isOver(made)) {
      trust(made)
      return
    }
    const pause = isThere ? afterSight : made.pause
    made.pause = isThere ? firstPause : Math.min(made.pause * 2, longestPause)
    made.askAt = time.now() + pause * (1 + wire.clock.random() / 4)
  }

  const ask = async (): Promise<void> => {
    if (isWatching) return
    isWatching = true
    while (watched.size > 0) {
      const due = [...watched].filter(({ askAt }) => askAt <= time.now()).slice(0, batchSize * batchesAtOnce)
      if (due.length === 0) {
        nap = new AbortController()
        const next = Math.min(...[...watched].map(({ askAt }) => askAt))
        await time.sleep(next - time.now(), nap.signal).catch(() => undefined)
        continue
      }
      const blind = due.filter(({ path }) => path === undefined)
      // Nobody can be asked: waiting is all that can be done.
      for (const made of blind) trust(made)
      const asked = due.filter(({ path }) => path !== undefined)
      const chunks = Array.from({ length: Math.ceil(asked.length / batchSize) }, (_, index) =>
        asked.slice(index * batchSize, (index + 1) * batchSize),
      )
      await Promise.all(chunks.map(look))
    }
    isWatching = false
  }

  const look = async (chunk: readonly Made[]): Promise<void> => {
    const items = chunk.map(({ path = '' }) => ({ method: 'GET', path, url: `${path}?$select=id` }) as const)
    const isResting = isAtRest()
    const answers: readonly (Answer | undefined)[] = await sendBatch(wire, 'v1.0', items).catch(() => [])
    for (const [index, made] of chunk.entries()) {
      // Whoever may not read it cannot wait for it either.
      if (answers[index]?.status === 403) trust(made)
      else judge(made, answers[index]?.status === 200, isResting)
    }
  }

  return {
    made: (id, path) => {
      if (everything.has(id)) return
      const start = {
        sights: 0,
        pause: firstPause,
        askAt: 0,
        since: undefined,
        isTrusted: false,
        waiting: new Set<() => void>(),
      }
      everything.set(id, { path, ...start })
    },
    isMade: id => everything.has(id),
    awaited: (ids, signal) => {
      const unseen = ids.flatMap(id => everything.get(id) ?? []).filter(made => isAwaited(made))
      if (unseen.length === 0) return undefined
      return Promise.all(unseen.map(made => watch(made, signal))).then(() => undefined)
    },
    doubt: ids => {
      isHopeful = false
      const doubted = ids.flatMap(id => everything.get(id) ?? []).filter(made => !isOver(made))
      for (const made of doubted) {
        made.isTrusted = false
        made.sights = 0
        made.since ??= time.now()
        made.askAt = Math.max(made.askAt, time.now() + made.pause * (1 + wire.clock.random() / 4))
        made.pause = Math.min(made.pause * 2, longestPause)
      }
      return doubted.length > 0
    },
    unseen: () => {
      const now = time.now()
      const most = [...watched].reduce((most, { since = now }) => Math.max(most, since + deadline - now), 0)
      return { objects: watched.size, most }
    },
  }

  function isAwaited(made: Made): boolean {
    return !isHopeful && !made.isTrusted && !isOver(made)
  }
}
