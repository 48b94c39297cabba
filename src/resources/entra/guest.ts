// A guest: invited once, kept in step, signed off when no group holds them any more, deleted after the grace period,
// restored on return. Ours are the invited members of one marked group: an account of our own becomes a guest by invitation
// and is never signed off or deleted before. The grace period counts from `employeeLeaveDateTime`.

import type { Directories, DirectoryWriters, GraphReader, GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { OwnWrites } from '../../model/estimate.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Json, Observed, Risk } from '../../model/resource.ts'
import { durationOf, isoOf } from '../../model/time.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { cut } from '../mark.ts'
import { deletedObstacle, obstacleOf, uninvitable } from './conversion.ts'
import { leaveForgottenGroups } from './forgotten-groups.ts'
import { convert, invitePerson, isInvitationOf } from './invitation.ts'
import { distinct, readSponsors, type Sponsors, setSponsors } from './sponsors.ts'
import {
  addressBook,
  expectedPrincipalName,
  invitedPeople,
  isInvited,
  readDeletedGuests,
  readGuests,
  readManagedGuests,
  type User,
} from './tenant.ts'
import { leaveForgottenWays } from './unmanaged-removal.ts'

type GuestSpec = {
  readonly address: string
  readonly displayName?: string
  readonly companyName?: string
  /** Mail addresses or user principal names, sorted. */
  readonly sponsors?: readonly string[]
  readonly userType?: string
  /** Internal: an account of our own, which an invitation makes a guest. */
  readonly account?: 'invited' | 'internal'
  readonly signIn: boolean
  /** Whether the day of leaving is set. */
  readonly left: boolean
  /** ISO; never compared: the day is written when the change is performed. */
  readonly leftAt?: string
  /** In the tenant's recycle bin; never compared. */
  readonly deleted?: boolean
  /** Never compared: an invitation goes to the mail. */
  readonly mail?: string
  /** How the invitation stands and since when, as Graph says; never compared. */
  readonly externalUserState?: string
  readonly externalUserStateChangeDateTime?: string
  readonly createdDateTime?: string
  readonly invitation?: { readonly redirectUrl: string; readonly sendMessage: boolean }
}

export const guest: ResourceKind<GuestSpec> = {
  plane: 'entra',
  name: 'guest',
  desire,
  observe,

  normalize({ address, displayName, companyName, sponsors, userType, account, signIn, left }) {
    return {
      address,
      ...(displayName === undefined ? {} : { displayName }),
      ...(companyName === undefined ? {} : { companyName }),
      ...(sponsors === undefined ? {} : { sponsors: [...sponsors].sort() }),
      ...(userType === undefined ? {} : { userType }),
      ...(account === undefined ? {} : { account }),
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
  named,
  isOurMaking,
  writes,
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
      // A partner that is shut out is opened first: the service refuses to invite its people.
      needs: [
        ids.managedGuests(),
        ...(partner.spec.tenantId === undefined ? [] : [ids.crossTenantPartner(partner.name)]),
      ],
      because: person.origins,
      spec: {
        address,
        ...(person.displayName === undefined ? {} : { displayName: person.displayName }),
        companyName: cut(displayName, 64),
        ...(sponsors === undefined ? {} : { sponsors: distinct(sponsors) }),
        userType: 'Guest',
        account: 'invited',
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

/** Where the invitation leads, and whether it is sent: of nobody who is invited already. How long who leaves is kept. */
function named(
  { before, after, differs, retires }: Change<GuestSpec>,
  policy: ResolvedPolicy,
): Readonly<Record<string, Json>> {
  const grace = policy.organization.spec.entra.offboarding?.deleteAfter
  if (retires) return after === undefined || grace === undefined ? {} : { deleteAfter: grace }
  const isInvited = before === undefined || differs.includes('account')
  return isInvited ? { ...after?.spec.invitation } : {}
}

/** As the invitation of that address leaves it; a stranger's that only has the address among others is none of ours. */
function isOurMaking({ name = '', spec }: Observed<GuestSpec>, _policy: ResolvedPolicy, since: number): boolean {
  const { address, mail, account, createdDateTime } = spec
  return account === 'invited' && isInvitationOf(address, { userPrincipalName: name, mail, createdDateTime }, since)
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<GuestSpec>> {
  const [guests, deleted, managed, sponsors] = await Promise.all([
    readGuests(from),
    readDeletedGuests(from),
    readManagedGuests(from),
    readSponsors(from, policy),
  ])
  const wanted = invitedPeople(policy)
  const resources: Observed<GuestSpec>[] = []
  const blocked = new Map<Address, Waiting>()
  const book = addressBook(guests, policy)
  for (const user of guests) {
    const address = book.get(user.id) ?? user.userPrincipalName
    const owned = managed.has(user.id) && isInvited(user)
    const obstacle = wanted.has(address) ? obstacleOf(user, address, policy) : undefined
    if (obstacle !== undefined) blocked.set(address, { id: ids.guest(address), for: 'person', message: obstacle })
    else if (owned || wanted.has(address)) resources.push(observedGuest(user, address, owned, policy, sponsors))
  }

  const live = new Set([...resources.map(resource => resource.spec.address), ...blocked.keys()])
  const gone = addressBook(deleted, policy)
  for (const user of deleted) {
    const address = gone.get(user.id) ?? ''
    if (!wanted.has(address) || live.has(address)) continue
    if (!isInvited(user)) {
      blocked.set(address, deletedObstacle(user, address))
      continue
    }
    const there = observedGuest(user, address, true, policy, sponsors)
    resources.push({ ...there, retired: true, spec: { ...there.spec, signIn: false, deleted: true } })
  }
  const known = new Set([...resources.map(resource => resource.spec.address), ...blocked.keys()])
  const others = await uninvitable(from, policy, guests, known)
  return {
    resources,
    findings: [
      ...sponsors.findings,
      ...others.findings,
      ...aboutReturning(resources, policy),
      ...resources.flatMap(there => aboutTaken(there, policy)),
    ],
    blocked: [...blocked.values(), ...others.blocked],
  }
}

/** What a reviewer must know of a guest who was there before us and is taken over. */
function aboutTaken({ owned, name = '', spec }: Observed<GuestSpec>, policy: ResolvedPolicy): readonly FindingAt[] {
  if (owned) return []
  const { address, mail } = spec
  const [at] = policy.people.get(address)?.origins ?? []
  const told = (code: string, message: string, hint: string): FindingAt => ({
    severity: 'warning',
    code,
    message,
    hint,
    about: [ids.guest(address)],
    ...(at === undefined ? {} : { at }),
  })
  const isExpected = name.toLowerCase() === expectedPrincipalName(address, policy).toLowerCase()
  const isOther = mail !== undefined && mail.toLowerCase() !== address && !isExpected
  return [
    ...(isOther
      ? [
          told(
            'known-by-other-mail',
            `the guest ${name} (${mail}) is taken for ${address}, which is only among its other mails`,
            'make sure that it is the same person: what the policy grants goes to this guest',
          ),
        ]
      : []),
    ...(spec.signIn
      ? []
      : [
          told(
            'switched-on-again',
            `somebody switched off the sign-in of ${address}, who is to be let in`,
            'apply switches it on: take the person out of the policy if that is not meant',
          ),
        ]),
  ]
}

/** Graph does not tell what a deleted guest is in. */
function aboutReturning(resources: readonly Observed<GuestSpec>[], policy: ResolvedPolicy): readonly FindingAt[] {
  const returning = resources.filter(({ spec }) => spec.deleted === true).map(({ spec }) => spec.address)
  const [first] = returning.toSorted()
  const at = policy.people.get(first ?? '')?.origins[0]
  if (first === undefined) return []
  const whom = returning.length === 1 ? first : `${first} and ${returning.length - 1} more`
  return [
    {
      severity: 'warning',
      code: 'returning-guest',
      message: `${whom} will come back from the deleted users, with whatever groups and apps others gave them before`,
      hint: 'nobody can see these before that: plan again then',
      about: returning.toSorted().map(address => ids.guest(address)),
      ...(at === undefined ? {} : { at }),
    },
  ]
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
      account: isInvited(user) ? 'invited' : 'internal',
      signIn: user.accountEnabled !== false,
      left: left !== undefined,
      ...(left === undefined ? {} : { leftAt: left }),
      ...(user.mail ? { mail: user.mail } : {}),
      ...(user.externalUserState ? { externalUserState: user.externalUserState } : {}),
      ...(user.externalUserStateChangeDateTime
        ? { externalUserStateChangeDateTime: user.externalUserStateChangeDateTime }
        : {}),
      ...(user.createdDateTime ? { createdDateTime: user.createdDateTime } : {}),
    },
  }
}

/** What a guest brings back from the recycle bin is not known beforehand. */
function writes({ action, before, after, differs, retires }: Change<GuestSpec>): OwnWrites {
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
    await setProperties(user, ['signIn'], after.spec, to)
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
