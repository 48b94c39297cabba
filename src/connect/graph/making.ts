// A request that makes something is not simply sent again when its answer is lost: it may have been carried out. What it
// makes is looked for under its natural key. What the service itself refuses to make twice is sent again meanwhile; some is sent
// once more when all looking found nothing; an invitation never is.

import { type GraphReader, type Making, RequestFailure } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import { isLost, looking, saysThere } from './rules.ts'
import { doubtful, type Wire } from './wire.ts'

export interface MakingParts {
  readonly wire: Pick<Wire, 'pause'>
  /** A new one for each look: without a memory. */
  readonly reader: () => GraphReader
}

export async function make<Answer>(
  path: string,
  send: () => Promise<Answer>,
  { find, unique = false, again = false }: Making<Answer>,
  { wire, reader }: MakingParts,
): Promise<Answer> {
  let failure: RequestFailure | undefined
  for (const wait of looking) {
    if (failure === undefined || unique) {
      try {
        return await send()
      } catch (error) {
        if (!isLost(error) && !(unique && saysThere(error, path))) throw error
        failure = error as RequestFailure
      }
    }
    try {
      await wire.pause(wait)
      const found = await find(reader())
      if (found !== undefined) return found
    } catch (error) {
      const isFailure = error instanceof RequestFailure || error instanceof Failure
      if (!isFailure) throw error
      // Reading may fail as writing did, and is tried again; whoever is interrupted now does not know what became of it.
      if (error instanceof RequestFailure && error.code !== 'interrupted') continue
      throw isLost(failure) ? unknownOutcome(failure, error) : error
    }
  }
  if (failure === undefined || !isLost(failure)) throw failure
  if (!again) throw unknownOutcome(failure)
  try {
    return await send()
  } catch (error) {
    throw isLost(error) ? unknownOutcome(error) : error
  }
}

function unknownOutcome(lost: RequestFailure, why?: Error): RequestFailure {
  const what = why === undefined ? 'What it makes was looked for and did not appear' : `Then ${why.message}`
  const next = 'it may come all the same: run again in some minutes, which looks first'
  const message = `${lost.message.replaceAll(doubtful, '')}. ${what}; ${next}`
  return new RequestFailure(lost.status, 'outcome-unknown', message, lost.requestId, { cause: lost })
}
