// Accounts of our own that become guests by invitation: each stays the object it is, with its groups and its access. What
// stands in the way is said before anything is tried, for the service would refuse it, and an invitation cannot be undone.

import type { Directories } from '../../model/directories.ts'
import { odataString } from '../../model/escape.ts'
import { ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import { isKerberos } from '../../model/sign-on.ts'
import { invitedPeople, isInvited, type User } from './tenant.ts'

/** Why an account of our own cannot be invited as it is; undefined if it can, or is no such account. */
export function obstacleOf(user: User, address: Address, policy: ResolvedPolicy): string | undefined {
  if (isInvited(user)) return undefined
  const name = user.userPrincipalName
  // A principal name ends in a domain of the tenant.
  if (domainOf(name) === domainOf(address)) return ownDomain(address)
  if (user.onPremisesSyncEnabled !== true && !user.onPremisesUserPrincipalName) return undefined
  const kerberos = [...policy.apps.values()].some(isKerberos)
    ? '. For Kerberos apps the account in Active Directory gives up its principal name first, which its shadow account takes'
    : ''
  return (
    `${name} is kept by Active Directory and cannot be invited while it is: a person takes it out of Entra Connect's scope ` +
    'and restores it from the deleted users, so that it becomes a cloud user without an on-premises principal name; then ' +
    `plan again. Until then it keeps its groups and its access${kerberos}`
  )
}

/** A deleted account of our own with the address of a person whom the policy wants. */
export function deletedObstacle(user: User, address: Address): Waiting {
  const message =
    `${address} is the address of ${user.userPrincipalName}, a deleted account of your own tenant: a person restores it, so ` +
    'that it is invited and keeps its access, or deletes it for good; then plan again'
  return { id: ids.guest(address), for: 'person', message }
}

/**
 * Who cannot be invited, of those for whom there is no guest: the address is in a domain of the tenant's own, as far as the
 * accounts that were read tell its domains, or it is the mail of somebody who is none. `known`: the others.
 */
export async function uninvitable(
  from: Directories,
  policy: ResolvedPolicy,
  users: readonly User[],
  known: ReadonlySet<Address>,
): Promise<{ readonly blocked: readonly Waiting[]; readonly findings: readonly FindingAt[] }> {
  const people = [...invitedPeople(policy)].filter(address => !known.has(address)).sort()
  const own = users.filter(user => !isInvited(user)).map(user => domainOf(user.userPrincipalName))
  const domains = new Set([...own, policy.organization.spec.entra.initialDomain.toLowerCase()])
  const holders = await readHolders(from, new Set(people.map(domainOf)))
  const obstacles = people.flatMap(address => {
    const holder = holders.get(address)
    const message = domains.has(domainOf(address)) ? ownDomain(address) : holder && heldBy(address, holder)
    return message === undefined ? [] : [{ address, message }]
  })
  const byPartner = Map.groupBy(obstacles, ({ address }) => policy.people.get(address)?.partner ?? '')
  return {
    blocked: obstacles.map(({ address, message }) => ({ id: ids.guest(address), for: 'person', message })),
    findings: [...byPartner].map(([partner, each]) => aboutPartner(partner, each, policy)),
  }
}

function aboutPartner(
  name: string,
  obstacles: readonly { readonly address: Address }[],
  policy: ResolvedPolicy,
): FindingAt {
  const partner = policy.partners.get(name)
  const names = obstacles.slice(0, 5).map(({ address }) => address)
  const number = obstacles.length === 1 ? 'a person has an address' : `${obstacles.length} people have addresses`
  return {
    severity: 'warning',
    code: 'own-address',
    message: `${number} of your own tenant and cannot be invited for ${name}: ${names.join(', ')}${obstacles.length > 5 ? ', …' : ''}`,
    hint: 'they wait, each with what is in the way',
    ...(partner === undefined ? {} : { at: partner.origin }),
  }
}

/** A filter holds 15 alternatives. */
const domainsInFilter = 14

/** Accounts that are no guests, by a mail in one of the domains. Nobody to invite: nothing is asked. */
async function readHolders(from: Directories, domains: ReadonlySet<string>): Promise<ReadonlyMap<Address, User>> {
  const endings = [...domains].sort().map(domain => `endsWith(mail,${odataString(`@${domain}`)})`)
  const chunks = Array.from({ length: Math.ceil(endings.length / domainsInFilter) }, (_, index) =>
    endings.slice(index * domainsInFilter, (index + 1) * domainsInFilter),
  )
  const found = await Promise.all(
    chunks.map(chunk =>
      from.entra.list<User>('/users', {
        filter: `userType ne 'Guest' and (${chunk.join(' or ')})`,
        select: ['id', 'userPrincipalName', 'mail', 'creationType', 'externalUserState'],
        advanced: true,
      }),
    ),
  )
  const accounts = found.flat().filter(user => !isInvited(user))
  return new Map(accounts.map(user => [user.mail?.toLowerCase() ?? '', user]))
}

function heldBy(address: Address, { userPrincipalName }: User): string {
  return (
    `${address} is the mail of ${userPrincipalName}, an account of your own tenant that is no guest: a person takes the ` +
    'address off it, or makes it a guest (user type Guest), so that it is invited and keeps its access; then plan again'
  )
}

function ownDomain(address: Address): string {
  return `${address} is in a domain of your own tenant, and cannot be invited: name the person by the address at home`
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
