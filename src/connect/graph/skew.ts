// How far Graph's clock and ours are apart, by the Date of its first answer.

export interface Skew {
  /** To send requests with. */
  readonly fetch: typeof fetch
  /** Milliseconds that Graph is ahead; undefined before an answer. */
  readonly ahead: () => number | undefined
}

export function noteSkew(now: () => number, send: typeof fetch = fetch): Skew {
  let ahead: number | undefined
  return {
    fetch: async (...request) => {
      const answer = await send(...request)
      const date = Date.parse(answer.headers.get('date') ?? '')
      if (ahead === undefined && !Number.isNaN(date)) ahead = date - now()
      return answer
    },
    ahead: () => ahead,
  }
}
