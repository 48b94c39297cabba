// A clock that runs as fast as the work allows: time passes only when everybody waits for it. A request on its way counts
// as work, so that what the service does takes no time unless the service itself waits. An hour of it runs in a second.

export interface VirtualClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Of whoever asks: rejects as soon as `signal` is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Of the service, while a request is on its way: ends as soon as `signal` is aborted. */
  readonly hold: (ms: number, signal?: AbortSignal) => Promise<void>
  /** `signal` is aborted with a TimeoutError once that time has passed, unless `end` was called before. */
  readonly timeout: (ms: number) => { readonly signal: AbortSignal; readonly end: () => void }
  /** The same fetch, known to this clock: its answers come read. */
  readonly watch: (send: typeof fetch) => typeof fetch
}

interface Timer {
  readonly at: number
  readonly ring: () => void
}

/** Turns of the event loop without anything new after which all are taken to be waiting. */
const quietTurns = 3

export function createVirtualClock(start: number): VirtualClock {
  let now = start
  let onTheWay = 0
  let held = 0
  let events = 0
  let isWatching = false
  /** The next one last. */
  const timers: Timer[] = []

  /** Lets time pass as long as nothing else happens. */
  const watchForQuiet = async (): Promise<void> => {
    if (isWatching) return
    isWatching = true
    for (let seen = -1, quiet = 0; ; ) {
      await new Promise(resolve => setImmediate(resolve))
      quiet = seen === events ? quiet + 1 : 0
      seen = events
      // Who is on the way and not held by the service is at work: its end wakes us up again.
      if (onTheWay > held || timers.length === 0) break
      if (quiet < quietTurns) continue
      const timer = timers.pop() as Timer
      now = Math.max(now, timer.at)
      events += 1
      timer.ring()
    }
    isWatching = false
  }

  const happened = (): void => {
    events += 1
    void watchForQuiet()
  }

  const add = (ms: number, ring: () => void): Timer => {
    const timer = { at: now + Math.max(0, ms), ring }
    let [low, high] = [0, timers.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((timers[middle] as Timer).at > timer.at) low = middle + 1
      else high = middle
    }
    timers.splice(low, 0, timer)
    return timer
  }

  const drop = (timer: Timer): void => {
    const index = timers.indexOf(timer)
    if (index !== -1) timers.splice(index, 1)
  }

  const wait = (ms: number, signal: AbortSignal | undefined, aborted: (reason: unknown) => void): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stop = (): void => {
      drop(timer)
      happened()
      try {
        aborted(signal?.reason)
        resolve()
      } catch (reason) {
        reject(reason)
      }
    }
    const timer = add(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
    happened()
    return promise
  }

  return {
    now: () => now,
    sleep: (ms, signal) =>
      wait(ms, signal, reason => {
        throw reason
      }),
    hold: async (ms, signal) => {
      held += 1
      try {
        await wait(ms, signal, () => undefined)
      } finally {
        held -= 1
        happened()
      }
    },
    timeout: ms => {
      const controller = new AbortController()
      const timer = add(ms, () => controller.abort(new DOMException('no answer in time', 'TimeoutError')))
      // Also where nobody is on the way whom this clock knows: a stream inside the process, on which no answer comes.
      happened()
      return { signal: controller.signal, end: () => drop(timer) }
    },
    watch: send => async (input, init) => {
      onTheWay += 1
      happened()
      try {
        const answer = await send(input, init)
        const bytes = await answer.arrayBuffer()
        const { status, headers } = answer
        return new Response(bytes.byteLength === 0 ? null : bytes, { status, headers })
      } finally {
        onTheWay -= 1
        happened()
      }
    },
  }
}
