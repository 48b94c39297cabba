// What writes to Entra alone: takes the lease, plans again under it, for others may have written until then, and gives it back
// once the tenant shows what was written. Where the last one was cut, what takes access away does not wait with the rest.

import type { Planned } from '../engine/plan.ts'
import type { PlannedChange } from '../model/plan.ts'
import { count } from '../render/layout.ts'
import { type ExitCode, exit } from './exit.ts'
import type { Host } from './host.ts'
import { Interrupted } from './interrupted.ts'
import { type Held, takeLease, timeOf } from './lease.ts'
import type { Performed } from './perform.ts'
import type { Prepared } from './planning.ts'
import { settle } from './settle.ts'

export interface Work {
  /** What may be done of a plan that was made while not all is visible. Undefined: nothing. */
  readonly revoke: (planned: Planned, lease: Held) => Promise<Performed | undefined>
  /** Undefined as lease: we may not have one. */
  readonly perform: (planned: Planned, lease: Held | undefined) => Promise<Performed | ExitCode>
}

/** `work` gets plans that are made under the lease. */
export async function alone(host: Host, { connection, again }: Prepared, work: Work): Promise<ExitCode> {
  const { clock, lag } = connection
  let lease: Held | undefined
  let revoked: Performed | undefined
  // Until it is known that nothing is on its way: whoever comes next waits.
  let visible = (): number | undefined => undefined
  const waiting = new AbortController()
  const stopListening = host.onInterrupt(() => waiting.abort())
  const planned = (): Promise<Planned> => Promise.race([again(connection.again()), interrupted(waiting.signal)])
  const ready = async (): Promise<Planned | ExitCode> => {
    try {
      lease = await takeLease(host, connection, waiting.signal)
      if (lease?.isBehind() === true) {
        revoked = await work.revoke(await planned(), lease)
        const ended = clock.now() + lag
        if (revoked !== undefined) {
          visible = () => ended
          const { code, isInterrupted } = revoked
          if (lease.lost.aborted) return exit.partly
          if (isInterrupted || code === exit.interrupted) return code === exit.partly ? code : exit.interrupted
        }
      }
      await lease?.untilVisible(waiting.signal)
      return await planned()
    } catch (error) {
      throw waiting.signal.aborted ? new Interrupted('interrupted') : error
    } finally {
      stopListening()
    }
  }
  try {
    const made = await ready()
    if (typeof made === 'number') return made
    const before = visible
    visible = () => clock.now() + lag
    const performed = await work.perform(made, lease)
    if (typeof performed === 'number') {
      visible = before
      return performed
    }
    const ended = clock.now() + lag
    const { code } = performed
    const done = new Set([...performed.done, ...(revoked?.done ?? [])])
    const doubtful = new Set([...performed.doubtful, ...(revoked?.doubtful ?? [])])
    const left = code === exit.interrupted ? done.size + doubtful.size : await settled({ done, doubtful }, made)
    visible = () => (left === 0 ? undefined : ended)
    if (left > 0 && lease !== undefined) {
      const what = doubtful.size === 0 ? 'Written' : 'Written, or perhaps written'
      host.stderr.write(
        `${what}, not visible yet: ${count(left, 'change')}; a next apply waits until ${timeOf(ended)} at the most.\n`,
      )
    }
    return lease?.lost.aborted === true ? exit.partly : code
  } finally {
    await lease?.end(visible())
  }

  async function settled({ done, doubtful }: Pick<Performed, 'done' | 'doubtful'>, { plan }: Planned): Promise<number> {
    if (done.size + doubtful.size === 0) return 0
    const meant = new Map(plan.changes.map(({ id, action }) => [id, action]))
    // What was to be made and is there is looked at otherwise: adopted, or brought into step.
    const isAsked = ({ id, action }: PlannedChange): boolean =>
      done.has(id) || (doubtful.has(id) && meant.get(id) === action)
    const planAgain = (signal: AbortSignal): Promise<Planned> => again(connection.beside(signal).from)
    return await settle(host, clock, planAgain, isAsked, done.size + doubtful.size)
  }
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
