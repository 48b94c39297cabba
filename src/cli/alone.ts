// What writes to Entra alone: takes the lease, plans again under it, for others may have written until then, and gives it back
// once the tenant shows what was written.

import type { Planned } from '../engine/plan.ts'
import type { Id } from '../model/id.ts'
import { count } from '../render/layout.ts'
import { type ExitCode, exit } from './exit.ts'
import type { Host } from './host.ts'
import { Interrupted } from './interrupted.ts'
import { type Held, takeLease, timeOf } from './lease.ts'
import type { Prepared } from './planning.ts'
import { settle } from './settle.ts'

export interface Performed {
  readonly code: ExitCode
  /** The changes of Entra that are done; more may have been sent. */
  readonly done: ReadonlySet<Id>
}

/** `work` gets the plan that is made under the lease; undefined as lease: we may not have one. */
export async function alone(
  host: Host,
  { connection, again }: Prepared,
  work: (planned: Planned, lease: Held | undefined) => Promise<Performed | ExitCode>,
): Promise<ExitCode> {
  const { clock, lag } = connection
  let lease: Held | undefined
  const waiting = new AbortController()
  const stopListening = host.onInterrupt(() => waiting.abort())
  const ready = async (): Promise<Planned> => {
    try {
      lease = await takeLease(host, connection, waiting.signal)
      await lease?.untilVisible(waiting.signal)
      return await Promise.race([again(connection.again()), interrupted(waiting.signal)])
    } catch (error) {
      throw waiting.signal.aborted ? new Interrupted('interrupted') : error
    } finally {
      stopListening()
    }
  }
  // Until it is known that nothing is on its way: whoever comes next waits.
  let visible = (): number | undefined => undefined
  try {
    const planned = await ready()
    visible = () => clock.now() + lag
    const performed = await work(planned, lease)
    if (typeof performed === 'number') {
      visible = () => undefined
      return performed
    }
    const ended = clock.now() + lag
    const left = performed.code === exit.interrupted ? performed.done.size : await settled(performed.done)
    visible = () => (left === 0 ? undefined : ended)
    if (left > 0 && lease !== undefined) {
      host.stderr.write(
        `Written, not visible yet: ${count(left, 'change')}; a next apply waits until ${timeOf(ended)} at the most.\n`,
      )
    }
    return lease?.lost.aborted === true ? exit.partly : performed.code
  } finally {
    await lease?.end(visible())
  }

  async function settled(done: ReadonlySet<Id>): Promise<number> {
    return done.size === 0 ? 0 : await settle(host, clock, signal => again(connection.beside(signal).from), done)
  }
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
