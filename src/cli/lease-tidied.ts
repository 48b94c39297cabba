// An apply that changes nothing in Entra takes no lease, and sees to it that none is left: what an apply left behind since not
// all that it wrote was visible goes once it is.

import { RequestFailure } from '../model/directories.ts'
import { readLease, removeLease } from '../resources/entra/lease.ts'
import type { Connection } from './connect.ts'

/** What cannot be read or removed stays for the next apply: nothing depends on it. */
export async function tidyLease({ beside, clock }: Pick<Connection, 'beside' | 'clock'>): Promise<void> {
  try {
    const { entra, from } = beside()
    const left = await readLease(from.entra)
    const { hasEnded = false, visible = Number.POSITIVE_INFINITY } = left?.holder ?? {}
    // By its object id: one that somebody has taken since is another group.
    if (left !== undefined && hasEnded && visible <= clock.now()) await removeLease(entra, left.id)
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error
  }
}
