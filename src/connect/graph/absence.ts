// "Not there" is no news of what the plan saw: a replica that lags behind may say it, too. It is asked again, and believed
// only after several answers.

import { vanishing } from './rules.ts'
import type { Wire } from './wire.ts'

/** Takes something away; done as well once it is certain that it is gone. */
export async function takeAway(
  { pause }: Pick<Wire, 'pause'>,
  attempt: () => Promise<unknown>,
  isGone: (error: unknown) => boolean,
): Promise<void> {
  for (const wait of [...vanishing, undefined]) {
    try {
      await attempt()
      return
    } catch (error) {
      if (!isGone(error)) throw error
    }
    if (wait !== undefined) await pause(wait)
  }
}
