// A guest: invited once, kept in step, signed off when no group holds them any more, deleted after the grace period,
// restored on return. Ours are the invited members of one marked group: an account of our own becomes a guest by invitation
// and is never signed off or deleted before. The grace period counts from `employeeLeaveDateTime`.

import type { Directories } from '../../model/directories.ts'
import { ids } from '../../model/id.ts'
import type { Waiting } from '../../model/plan.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import type { Change, Desired, Json, Observed, Risk } from '../../model/resource.ts'
import { isGraceOver } from '../grace.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { cut } from '../mark.ts'
import { deletedObstacle, obstacleOf, uninvitable } from './conversion.ts'
import { aboutReturning, aboutTaken } from './guest-findings.ts'
import { type GuestSpec, observedGuest } from './guest-state.ts'
import { perform, writes } from './guest-writes.ts'
import { isInvitationOf } from './invitation.ts'
import { distinct, readSponsors } from './sponsors.ts'
import { addressBook, invitedPeople, isInvited, readDeletedGuests, readGuests, readManagedGuests } from './tenant.ts'

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
    return isGraceOver(left, grace, policy.at) ? 'delete' : { address: spec.address, signIn: false, left: true }
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
