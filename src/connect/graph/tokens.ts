// Access tokens over a long run: each is used until the service refuses it. However many requests hear of that at once, one
// new token is asked for.

/** An access token for the service; `fresh`: the last one was refused. */
export type GetToken = (fresh?: boolean) => Promise<string>

export interface Tokens {
  readonly current: () => Promise<string>
  /** One that is not the refused one. */
  readonly after: (refused: string) => Promise<string>
}

export function createTokens(getToken: GetToken): Tokens {
  let last = ''
  let renewing: Promise<string> | undefined
  const known = async (asking: Promise<string>): Promise<string> => {
    last = await asking
    return last
  }
  const renew = async (): Promise<string> => {
    try {
      return await known(getToken(true))
    } finally {
      renewing = undefined
    }
  }
  return {
    current: () => renewing ?? known(getToken(false)),
    after: async refused => {
      if (renewing === undefined && last !== refused) return last
      renewing ??= renew()
      return await renewing
    },
  }
}
