// When a request is sent again, and after how long. A request that may have been carried out is repeated only if doing it
// twice is the same as doing it once.

/** freely: the same once or twice. if-refused: only after an answer, or a failure to connect, that says it did not happen. */
export type Repeat = 'freely' | 'if-refused'

export interface Setback {
  /** 0: no answer came. */
  readonly status: number
  readonly code: string
  /** What the service asks for, in milliseconds. */
  readonly retryAfter: number | undefined
  /** False if the request surely never got to the service. */
  readonly reached: boolean
}

const passing: ReadonlySet<number> = new Set([408, 423, 424, 429, 500, 502, 503, 504])
const longestPause = 180_000
const longestBackOff = 60_000
const firstBackOff = 1000

/** Milliseconds to wait before attempt number `attempt + 1`; undefined: give up. */
export function pauseAfter(
  setback: Setback,
  attempt: number,
  repeat: Repeat,
  random: () => number,
  backOff = firstBackOff,
): number | undefined {
  const most = setback.status === 429 || setback.status === 424 ? 10 : 5
  if (attempt >= most || !mayPass(setback, repeat)) return undefined
  if (setback.retryAfter !== undefined) return Math.min(setback.retryAfter, longestPause)
  return Math.min(backOff * 2 ** (attempt - 1), longestBackOff) * (1 + random() / 4)
}

function mayPass({ status, code, reached }: Setback, repeat: Repeat): boolean {
  const refused = status === 429 || status === 423 || (status === 409 && code === 'Directory_ConcurrencyViolation')
  if (refused || !reached) return true
  // A 404 without a code of Graph's is a gateway's, and says nothing about the object.
  const isGateway = status === 404 && code === ''
  return repeat === 'freely' && (status === 0 || passing.has(status) || isGateway)
}

/** `Retry-After` in milliseconds: seconds, decimals too, or a date. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
