// What a change of a guest writes, in an order of which no cut leaves somebody unmarked or half signed off.

import type { DirectoryWriters, GraphReader, GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { OwnWrites } from '../../model/estimate.ts'
import { type Id, ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change } from '../../model/resource.ts'
import { isoOf } from '../../model/time.ts'
import { leaveForgottenGroups } from './forgotten-groups.ts'
import type { GuestSpec } from './guest-state.ts'
import { convert, invitePerson } from './invitation.ts'
import { setSponsors } from './sponsors.ts'
import { expectedPrincipalName } from './tenant.ts'
import { leaveForgottenWays } from './unmanaged-removal.ts'

/** What a guest brings back from the recycle bin is not known beforehand. */
export function writes({ action, before, after, differs, retires }: Change<GuestSpec>): OwnWrites {
  if (after === undefined) return { directory: 1 }
  const has = (key: string): boolean => differs.includes(key)
  const joins = action === 'update' ? [] : [ids.managedGuests()]
  if (retires) return { directory: 3, joins }
  const { spec } = after
  if (before === undefined) {
    const names = spec.displayName === undefined && spec.companyName === undefined ? 0 : 1
    return { invitations: 1, directory: names + (spec.sponsors ?? []).length, joins }
  }
  const [there, wanted] = [before.spec.sponsors ?? [], spec.sponsors ?? []]
  const sponsors = has('sponsors')
    ? wanted.filter(name => !there.includes(name)).length + there.filter(name => !wanted.includes(name)).length
    : 0
  const named = ['displayName', 'companyName', 'userType', 'signIn', 'left'].some(has) ? 1 : 0
  const restored = before.spec.deleted === true ? 1 : 0
  const isMailNew = before.spec.mail?.toLowerCase() !== spec.address || !before.spec.signIn
  const converted = has('account') && isMailNew ? 1 : 0
  return {
    directory: restored + converted + named + sponsors,
    invitations: has('account') ? 1 : 0,
    joins,
  }
}

export async function perform(
  change: Change<GuestSpec>,
  to: DirectoryWriters,
  assigned: (id: Id) => Assigned,
  policy: ResolvedPolicy,
): Promise<Assigned> {
  const { entra } = to
  const { before, after } = change
  if (after === undefined) {
    if (before === undefined) throw new Error(`${change.id} has neither side`)
    await entra.delete(graphPath`/users/${before.objectId}`)
    return before
  }
  if (before === undefined) return invite(after.spec, to, assigned(ids.managedGuests()).objectId, policy)

  const user = graphPath`/users/${before.objectId}`
  if (before.spec.deleted === true) {
    await restore(entra, before.objectId)
    await leaveForgottenGroups(entra, before.objectId, before.spec.address, policy)
    await leaveForgottenWays(entra, before.objectId, to, policy)
  }
  // Before the mark: what a run that ends here leaves behind is a guest, not an account of our own that counts as one.
  if (change.differs.includes('account')) await convert(entra, before, after.spec)
  if (change.action !== 'update') await entra.addMember(assigned(ids.managedGuests()).objectId, before.objectId)
  if (change.retires) {
    // A day that is set already would make a run that ends here look whole: sessions go on, and the grace period is over.
    const { left } = before.spec
    await setProperties(user, left ? ['signIn', 'left'] : ['signIn'], { ...after.spec, left: false }, to)
    await entra.post(`${user}/revokeSignInSessions`, {}, 'freely')
    // Last, so that a run that ends before is seen to. The grace period counts from when sign-in was last switched off.
    await setProperties(user, ['left'], after.spec, to)
    return before
  }
  await setProperties(user, change.differs, after.spec, to)
  if (before.spec.deleted === true && after.spec.sponsors !== undefined) {
    // The recycle bin does not tell who they were.
    const sponsors = await entra.agreed(async from => {
      const [there] = await from.listEach<{ id: string }>([`${user}/sponsors`], { select: ['id'] })
      return there?.map(sponsor => sponsor.id)
    })
    await setSponsors({ entra, policy }, user, sponsors, after.spec.sponsors)
  } else if (change.differs.includes('sponsors')) {
    await setSponsors({ entra, policy }, user, before.spec.sponsors ?? [], after.spec.sponsors ?? [])
  }
  return before
}

async function invite(
  spec: GuestSpec,
  to: DirectoryWriters,
  managedGuests: string,
  policy: ResolvedPolicy,
): Promise<Assigned> {
  const { entra } = to
  const { id, userPrincipalName: name } = await invitePerson(to, spec, expectedPrincipalName(spec.address, policy))
  // The mark first: a run that ends here finds its own guest again.
  await entra.addMember(managedGuests, id)
  const user = graphPath`/users/${id}`
  await setProperties(user, ['displayName', 'companyName'], spec, to)
  if ((spec.sponsors ?? []).length > 0) await setSponsors({ entra, policy }, user, [], spec.sponsors ?? [])
  return { objectId: id, ...(name === undefined ? {} : { name }) }
}

async function restore(entra: GraphWriter, objectId: string): Promise<void> {
  const find = (from: GraphReader): Promise<{ readonly id: string } | undefined> =>
    from.get<{ readonly id: string }>(graphPath`/users/${objectId}`, { select: ['id'] })
  await entra.post(graphPath`/directory/deletedItems/${objectId}/restore`, {}, { find, unique: true })
}

async function setProperties(
  user: string,
  keys: readonly string[],
  spec: GuestSpec,
  to: DirectoryWriters,
): Promise<void> {
  const named = new Set(keys)
  const body = {
    ...(named.has('displayName') ? { displayName: spec.displayName } : {}),
    ...(named.has('companyName') ? { companyName: spec.companyName } : {}),
    ...(named.has('userType') ? { userType: spec.userType } : {}),
    ...(named.has('signIn') ? { accountEnabled: spec.signIn } : {}),
    ...(named.has('left') ? { employeeLeaveDateTime: spec.left ? isoOf(to.now) : null } : {}),
  }
  if (Object.values(body).some(value => value !== undefined)) await to.entra.patch(user, body)
}
