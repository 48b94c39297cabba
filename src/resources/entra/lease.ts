// One apply at a time, in the tenant itself: a group without members that exists while somebody applies. `uniqueName` lets two
// who try at once be told apart (201: made, 204: it was there); its description says who applies. Nothing of it is left behind.

import { type GraphReader, type GraphWriter, RequestFailure } from '../../model/directories.ts'
import { graphPath, odataString } from '../../model/escape.ts'
import { type Instant, isoOf } from '../../model/time.ts'
import { cut, leaseMark } from '../mark.ts'

export interface Holder {
  /** On whose behalf, and where to look: a pipeline's run, or a machine. */
  readonly by: string | null
  readonly on: string | null
  /** The process, for whoever runs on the same machine. */
  readonly machine: string | null
  readonly process: number
  readonly since: Instant
  readonly renewed: Instant
  /** It does not write any more, and has left the lease because not all that it wrote was visible. */
  readonly hasEnded: boolean
  /** When all that was written is visible at the latest. Undefined: still being written. */
  readonly visible: Instant | undefined
}

export interface Lease {
  readonly id: string
  /** False: somebody has it already. */
  readonly isOurs: boolean
  /** Undefined where nobody has said yet: who has it names itself before it writes anything else. */
  readonly holder: Holder | undefined
}

/** Constants only, so that asking for what somebody else has changes nothing. */
const body = {
  displayName: 'guestlist: an apply is under way',
  mailEnabled: false,
  mailNickname: leaseMark.replaceAll('.', '-'),
  securityEnabled: true,
}

const byName = graphPath`/groups(uniqueName=${odataString(leaseMark)})`

export async function claimLease(entra: GraphWriter): Promise<Lease> {
  const claim = async (): Promise<Lease> => {
    const { id, created, description } = await entra.upsert(byName, body)
    return { id, isOurs: created, holder: created ? undefined : readHolder(description) }
  }
  try {
    return await claim()
  } catch (error) {
    if (!(error instanceof RequestFailure && error.status === 400)) throw error
    // Whether the name of a deleted group is free again is not documented (Microsoft Learn, Upsert group): one that is only half
    // gone goes for good.
    if ((await forget(entra)) === 0) throw error
    return await claim()
  }
}

async function forget(entra: GraphWriter): Promise<number> {
  const groups = await entra.list<{ id: string; uniqueName?: string | null }>(
    '/directory/deletedItems/microsoft.graph.group',
    { select: ['id', 'uniqueName'] },
  )
  const ours = groups.filter(({ uniqueName }) => uniqueName === leaseMark)
  for (const { id } of ours) await entra.delete(graphPath`/directory/deletedItems/${id}`)
  return ours.length
}

/** The one of this id, or whichever there is. Undefined: none is shown. */
export async function readLease(entra: GraphReader, id?: string): Promise<Lease | undefined> {
  const path = id === undefined ? byName : graphPath`/groups/${id}`
  const found = await entra.get<{ id: string; description?: unknown }>(path, { select: ['id', 'description'] })
  return found === undefined ? undefined : { id: found.id, isOurs: false, holder: readHolder(found.description) }
}

/** By object id: it fails with 404 of a lease that somebody else has taken over, or that is not shown everywhere yet. */
export async function nameHolder(entra: GraphWriter, id: string, holder: Holder): Promise<void> {
  await entra.patch(graphPath`/groups/${id}`, { description: describe(holder) })
}

/** By object id, so that of two who find it left behind neither takes away what the other has made since. */
export async function removeLease(entra: GraphWriter, id: string): Promise<void> {
  await entra.delete(graphPath`/groups/${id}`)
  await entra.delete(graphPath`/directory/deletedItems/${id}`)
}

function describe({ by, on, machine, process, since, renewed, hasEnded, visible }: Holder): string {
  const text = (value: string | null): string | null => (value === null ? null : cut(value, 200))
  return JSON.stringify({
    by: text(by),
    on: text(on),
    machine: text(machine),
    process,
    since: isoOf(since),
    renewed: isoOf(renewed),
    ...(hasEnded ? { hasEnded } : {}),
    ...(visible === undefined ? {} : { visible: isoOf(visible) }),
  })
}

/** Undefined: nobody has written it, or somebody something else. */
function readHolder(description: unknown): Holder | undefined {
  const found = parsed(description)
  const [since, renewed, visible] = [found.since, found.renewed, found.visible].map(value =>
    typeof value === 'string' ? Date.parse(value) : Number.NaN,
  )
  if (since === undefined || renewed === undefined || Number.isNaN(since) || Number.isNaN(renewed)) return undefined
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return {
    by: text(found.by),
    on: text(found.on),
    machine: text(found.machine),
    process: typeof found.process === 'number' ? found.process : 0,
    since,
    renewed,
    hasEnded: found.hasEnded === true,
    visible: visible === undefined || Number.isNaN(visible) ? undefined : visible,
  }
}

function parsed(text: unknown): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}
