// A guest as plans know one: the state of the account that Graph shows, in the policy's words.

import { ids } from '../../model/id.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import type { Observed } from '../../model/resource.ts'
import type { Sponsors } from './sponsors.ts'
import { isInvited, type User } from './tenant.ts'

export type GuestSpec = {
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

export function observedGuest(
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
