// What a plan says of an apply that is under way, or whose writes may not be visible yet: it may ask for what is done.

import type { Directories } from '../model/directories.ts'
import type { FindingAt } from '../model/plan.ts'
import { readLease } from '../resources/entra/lease.ts'
import type { Connection } from './connect.ts'
import { timeOf } from './lease.ts'

export async function aboutLease(
  { entra }: Directories,
  { clock, lag }: Pick<Connection, 'clock' | 'lag'>,
): Promise<readonly FindingAt[]> {
  const holder = (await readLease(entra))?.holder
  if (holder === undefined) return []
  const { by, since, renewed, hasEnded, visible } = holder
  const until = visible ?? renewed + lag
  if (until <= clock.now()) return []
  const what = hasEnded ? `ended at ${timeOf(renewed)}` : `is under way since ${timeOf(since)}`
  return [
    {
      severity: 'warning',
      code: 'apply-under-way',
      message: `an apply by ${by ?? 'somebody'} ${what}, and Entra may not show all that it wrote until ${timeOf(until)}`,
      hint: 'this plan may ask for what is done already: plan again then',
    },
  ]
}
