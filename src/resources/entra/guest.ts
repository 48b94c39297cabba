// A guest: invited once, kept in step, signed off when no group holds them any more, deleted after the grace period,
// restored on return. Ours are the members of one marked group; the grace period counts from `employeeLeaveDateTime`.

import type { Directories, DirectoryWriters, GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { invitedGroups } from '../../model/groups.ts'
import { type Id, ids } from '../../model/id.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Observed, Risk } from '../../model/resource.ts'
import { durationOf, isoOf } from '../../model/time.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { cut, groupMark, managedGuestsMark, readGroupMark } from '../mark.ts'
import { distinct, readSponsors, type Sponsors, setSponsors } from './sponsors.ts'
import {
  addressBook,
  type Group,
  invitedPeople,
  readDeletedGuests,
  readGuests,
  readOwnGroups,
  type User,
} from './tenant.ts'

type GuestSpec = {
  readonly address: string
  readonly displayName?: string
  readonly companyName?: string
  /** Mail addresses or user principal names, sorted. */
  readonly sponsors?: readonly string[]
  readonly userType?: string
  readonly signIn: boolean
  /** Whether the day of leaving is set. */
  readonly left: boolean
  /** ISO; never compared: the day is written when the change is performed. */
  readonly leftAt?: string
  /** In the tenant's recycle bin; never compared. */
  readonly deleted?: boolean
  readonly invitation?: { readonly redirectUrl: string; readonly sendMessage: boolean }
}

export const guest: ResourceKind<GuestSpec> = {
  plane: 'entra',
  name: 'guest',
  desire,
  observe,

  normalize({ address, displayName, companyName, sponsors, userType, signIn, left }) {
    return {
      address,
      ...(displayName === undefined ? {} : { displayName }),
      ...(companyName === undefined ? {} : { companyName }),
      ...(sponsors === undefined ? {} : { sponsors: [...sponsors].sort() }),
      ...(userType === undefined ? {} : { userType }),
      signIn,
      left,
    }
  },

  retire({ spec }, policy) {
    const grace = policy.organization.spec.entra.offboarding?.deleteAfter
    // Who signs in still, or again, leaves today.
    const left = spec.signIn || spec.leftAt === undefined ? policy.at : Date.parse(spec.leftAt)
    const over = grace !== undefined && policy.at >= left + (durationOf(grace) ?? Number.POSITIVE_INFINITY)
    return over ? 'delete' : { address: spec.address, signIn: false, left: true }
  },

  risk(change): Risk {
    if (change.action === 'delete' || change.retires) return 'revoke'
    if (change.action === 'create' || change.action === 'restore') return 'grant'
    return change.differs.includes('signIn') ? 'grant' : 'neutral'
  },

  works: spec => spec.signIn,
  perform,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<GuestSpec>> {
  const { invitation, tenantId } = policy.organization.spec.entra
  for (const address of invitedPeople(policy)) {
    const person = policy.people.get(address)
    const partner = person === undefined ? undefined : policy.partners.get(person.partner)
    if (person === undefined || partner === undefined) continue
    const { displayName, sponsors } = partner.spec
    yield {
      id: ids.guest(address),
      partner: partner.name,
      needs: [ids.managedGuests()],
      because: person.origins,
      spec: {
        address,
        ...(person.displayName === undefined ? {} : { displayName: person.displayName }),
        companyName: cut(displayName, 64),
        ...(sponsors === undefined ? {} : { sponsors: distinct(sponsors) }),
        userType: 'Guest',
        signIn: true,
        left: false,
        invitation: {
          redirectUrl: invitation?.redirectUrl ?? `https://myapps.microsoft.com/?tenantid=${tenantId}`,
          sendMessage: invitation?.sendMessage ?? false,
        },
      },
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<GuestSpec>> {
  const [guests, deleted, managed, sponsors] = await Promise.all([
    readGuests(from),
    readDeletedGuests(from),
    readManaged(from),
    readSponsors(from, policy),
  ])
  const wanted = invitedPeople(policy)
  const resources: Observed<GuestSpec>[] = []
  const book = addressBook(guests, policy)
  for (const user of guests) {
    const address = book.get(user.id) ?? user.userPrincipalName
    const owned = managed.has(user.id)
    if (owned || wanted.has(address)) resources.push(observedGuest(user, address, owned, policy, sponsors))
  }

  const live = new Set(resources.map(resource => resource.spec.address))
  const gone = addressBook(deleted, policy)
  for (const user of deleted) {
    const address = gone.get(user.id) ?? ''
    if (!wanted.has(address) || live.has(address)) continue
    const there = observedGuest(user, address, true, policy, sponsors)
    resources.push({ ...there, retired: true, spec: { ...there.spec, signIn: false, deleted: true } })
  }
  return { resources, findings: sponsors.findings }
}

function observedGuest(
  user: User,
  address: Address,
  owned: boolean,
  policy: ResolvedPolicy,
  sponsors: Sponsors,
): Observed<GuestSpec> {
  const left = user.employeeLeaveDateTime ?? undefined
  const person = policy.people.get(address)
  const missing = sponsors.missingOf(person?.partner)
  return {
    id: ids.guest(address),
    objectId: user.id,
    name: user.userPrincipalName,
    owned,
    ...(person === undefined ? {} : { partner: person.partner }),
    needs: [ids.managedGuests()],
    retired: owned && user.accountEnabled === false && left !== undefined,
    spec: {
      address,
      ...(user.displayName ? { displayName: user.displayName } : {}),
      ...(user.companyName ? { companyName: user.companyName } : {}),
      // A sponsor whom nobody can set (no such user) is reported once, and not asked for in every plan.
      sponsors: [...(user.sponsors ?? []).map(sponsor => sponsors.addressOf(sponsor.id)), ...missing].sort(),
      ...(user.userType ? { userType: user.userType } : {}),
      signIn: user.accountEnabled !== false,
      left: left !== undefined,
      ...(left === undefined ? {} : { leftAt: left }),
    },
  }
}

async function readManaged(from: Directories): Promise<ReadonlySet<string>> {
  const group = (await readOwnGroups(from)).find(own => own.uniqueName === managedGuestsMark)
  if (group === undefined) return new Set()
  const members = await from.entra.list<{ id: string }>(graphPath`/groups/${group.id}/members`, { select: ['id'] })
  return new Set(members.map(member => member.id))
}

async function perform(
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
  if (before === undefined) return invite(after.spec, to, assigned(ids.managedGuests()).objectId)

  const user = graphPath`/users/${before.objectId}`
  if (before.spec.deleted === true) {
    await entra.post(graphPath`/directory/deletedItems/${before.objectId}/restore`, {})
    await leaveForgottenGroups(entra, before, policy)
  }
  if (change.action !== 'update') await entra.addMember(assigned(ids.managedGuests()).objectId, before.objectId)
  // The grace period counts from the day on which sign-in was last switched off.
  await setProperties(user, change.retires ? [...change.differs, 'left'] : change.differs, after.spec, to)
  if (change.retires) await entra.post(`${user}/revokeSignInSessions`, {})
  if (before.spec.deleted === true && after.spec.sponsors !== undefined) {
    // The recycle bin does not tell who they were.
    const [there = []] = await entra.listEach<{ id: string }>([`${user}/sponsors`], { select: ['id'] })
    const sponsors = there.map(sponsor => sponsor.id)
    await setSponsors(entra, user, sponsors, after.spec.sponsors)
  } else if (change.differs.includes('sponsors')) {
    await setSponsors(entra, user, before.spec.sponsors ?? [], after.spec.sponsors ?? [])
  }
  return before
}

/**
 * A guest comes back from the recycle bin with the memberships of then: the plan saw none of them. What the service does
 * not show yet, the next plan sees.
 */
async function leaveForgottenGroups(
  entra: GraphWriter,
  { objectId, spec }: Observed<GuestSpec>,
  policy: ResolvedPolicy,
): Promise<void> {
  const [groups = []] = await entra.listEach<Group>([graphPath`/users/${objectId}/memberOf/microsoft.graph.group`], {
    select: ['id', 'uniqueName'],
  })
  const wanted = new Set(
    invitedGroups(policy)
      .filter(group => group.members.some(member => member.inForce && member.address === spec.address))
      .map(group => groupMark(group.partner, group.name)),
  )
  for (const { id, uniqueName } of groups) {
    const forgotten = uniqueName && readGroupMark(uniqueName) !== undefined && !wanted.has(uniqueName)
    if (forgotten) await entra.removeMember(id, objectId)
  }
}

async function invite(spec: GuestSpec, to: DirectoryWriters, managedGuests: string): Promise<Assigned> {
  const { entra } = to
  const answer = await entra.post<{ invitedUser: { id: string; userPrincipalName?: string } }>('/invitations', {
    invitedUserEmailAddress: spec.address,
    ...(spec.displayName === undefined ? {} : { invitedUserDisplayName: spec.displayName }),
    inviteRedirectUrl: spec.invitation?.redirectUrl,
    sendInvitationMessage: spec.invitation?.sendMessage ?? false,
  })
  const { id } = answer.invitedUser
  // The mark first: a run that ends here finds its own guest again.
  await entra.addMember(managedGuests, id)
  const user = graphPath`/users/${id}`
  await setProperties(user, ['displayName', 'companyName'], spec, to)
  if ((spec.sponsors ?? []).length > 0) await setSponsors(entra, user, [], spec.sponsors ?? [])
  const name = answer.invitedUser.userPrincipalName
  return { objectId: id, ...(name === undefined ? {} : { name }) }
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
