// What this run has just written to may be read old, or not at all. Such a reading counts once two answers, some seconds
// apart, agree.

import { type GraphReader, RequestFailure } from '../../model/directories.ts'
import { agreeing } from './rules.ts'
import { deepSame } from './values.ts'
import type { Wire } from './wire.ts'

/** `read`: undefined while it is not there. */
export async function agreed<Answer>(
  { pause }: Pick<Wire, 'pause'>,
  reader: () => GraphReader,
  read: (from: GraphReader) => Promise<Answer | undefined>,
): Promise<Answer> {
  let before = await read(reader())
  for (const wait of agreeing) {
    await pause(wait)
    const now = await read(reader())
    if (now !== undefined && deepSame(before, now)) return now
    before = now
  }
  const message = 'Microsoft Graph gave no two answers alike to what was just written: run again, which reads it anew'
  throw new RequestFailure(0, 'unsettled', message)
}
