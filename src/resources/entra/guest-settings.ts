// What a guest may be in the tenant, and who may invite: two settings of its one authorization policy. A key that the policy
// leaves out is left alone, and nothing is reset when `guests` leaves the policy: nobody knows what was there before.

import type { Directories } from '../../model/directories.ts'
import { invitedGroups } from '../../model/groups.ts'
import { ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Change, Desired, Risk } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { addressBook, invitedPeople, readGuests } from './tenant.ts'

type GuestSettingsSpec = {
  /** A role that has no name here is told by its id. */
  readonly role?: string
  readonly invitedBy?: string
}

interface AuthorizationPolicy {
  readonly guestUserRoleId: string
  readonly allowInvitesFrom: string
}

const path = '/policies/authorizationPolicy'

/** From the fewest rights to the most. */
const roles: readonly (readonly [name: string, id: string])[] = [
  ['restricted', '2af84b1e-32c8-42b7-82bc-daa82404023b'],
  ['limited', '10dae51f-b6af-4016-8d66-8c2a99b929b3'],
  ['member', 'a0b1b346-4d3e-4e8b-98f8-753987be4970'],
]

/** From the fewest people to the most. */
const inviters: readonly (readonly [name: string, value: string])[] = [
  ['nobody', 'none'],
  ['admins', 'adminsAndGuestInviters'],
  ['members', 'adminsGuestInvitersAndAllMembers'],
  ['everyone', 'everyone'],
]

export const guestSettings: ResourceKind<GuestSettingsSpec> = {
  plane: 'entra',
  name: 'guest-settings',
  desire,
  observe,
  normalize: spec => spec,
  // The tenant always has them.
  retire: ({ spec }) => spec,
  risk,

  async perform({ before, after, differs }, { entra }) {
    if (before === undefined || after === undefined) throw new Error('the authorization policy neither comes nor goes')
    const { role = '', invitedBy = '' } = after.spec
    await entra.patch(path, {
      ...(differs.includes('role') ? { guestUserRoleId: valueNamed(roles, role) } : {}),
      ...(differs.includes('invitedBy') ? { allowInvitesFrom: valueNamed(inviters, invitedBy) } : {}),
    })
    return before
  },
}

function* desire({ organization }: ResolvedPolicy): Iterable<Desired<GuestSettingsSpec>> {
  const { role, invitedBy } = organization.spec.entra.guests ?? {}
  if (role === undefined && invitedBy === undefined) return
  yield {
    id: ids.guestSettings(),
    needs: [],
    because: [organization.origin],
    awaited: { for: 'entra', message: 'the tenant shows no authorization policy: run again' },
    spec: { ...(role === undefined ? {} : { role }), ...(invitedBy === undefined ? {} : { invitedBy }) },
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<GuestSettingsSpec>> {
  // Whom nothing of this concerns needs no right to read it.
  if ([...desire(policy)].length === 0 && invitedGroups(policy).length === 0) return { resources: [] }
  const found = await from.entra.get<AuthorizationPolicy>(path)
  if (found === undefined) {
    throw new Failure('no-authorization-policy', `Microsoft Graph shows no ${path}`, 'every tenant has one: run again')
  }
  const spec = { role: nameOf(roles, found.guestUserRoleId), invitedBy: nameOf(inviters, found.allowInvitesFrom) }
  const findings = await invitationsInVain(from, policy, spec.invitedBy)
  return {
    resources: [{ id: ids.guestSettings(), objectId: 'authorizationPolicy', owned: true, needs: [], spec }],
    findings,
  }
}

/** Where nobody may invite, guestlist may not either. */
async function invitationsInVain(
  from: Directories,
  policy: ResolvedPolicy,
  invitedBy: string,
): Promise<readonly FindingAt[]> {
  const { spec, origin } = policy.organization
  const wanted = spec.entra.guests?.invitedBy
  if ((wanted ?? invitedBy) !== 'nobody') return []
  const there = new Set(addressBook(await readGuests(from), policy).values())
  const missing = [...invitedPeople(policy)].filter(address => !there.has(address)).length
  if (missing === 0) return []
  const who = missing === 1 ? '1 person is' : `${missing} people are`
  const where =
    wanted === undefined ? 'the tenant lets nobody invite guests' : '`invitedBy: nobody` lets nobody invite guests'
  return [
    {
      severity: 'error',
      code: 'nobody-may-invite',
      message: `${where}, guestlist included, and ${who} to be invited`,
      hint: 'write `invitedBy: admins` under `entra.guests`: then guestlist may, and besides it administrators only',
      at: origin,
    },
  ]
}

/** More rights, or more inviters, than now. */
function risk({ before, after, differs }: Change<GuestSettingsSpec>): Risk {
  const loosens = (names: readonly (readonly [string, string])[], key: 'role' | 'invitedBy'): boolean =>
    differs.includes(key) && rankOf(names, after?.spec[key]) > rankOf(names, before?.spec[key])
  return loosens(roles, 'role') || loosens(inviters, 'invitedBy') ? 'privileged' : 'neutral'
}

/** What has no name here may be less than any. */
function rankOf(names: readonly (readonly [string, string])[], name: string | undefined): number {
  return names.findIndex(([known]) => known === name)
}

function nameOf(names: readonly (readonly [string, string])[], value: string): string {
  return names.find(([, known]) => known.toLowerCase() === value.toLowerCase())?.[0] ?? value
}

function valueNamed(names: readonly (readonly [string, string])[], name: string): string {
  return names.find(([known]) => known === name)?.[1] ?? name
}
