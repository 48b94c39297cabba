// The groups of partners by how their people sign in: invited as guests, or with accounts of our own Active Directory.

import type { Address, ResolvedGroup, ResolvedPolicy } from './policy.ts'

/** The groups whose people are invited and looked after. */
export function invitedGroups(policy: ResolvedPolicy): readonly ResolvedGroup[] {
  return allGroups(policy).filter(group => isInvitedPartner(policy, group.partner))
}

/** The groups of partners whose accounts our own Active Directory keeps. */
export function keptGroups(policy: ResolvedPolicy): readonly ResolvedGroup[] {
  return allGroups(policy).filter(group => isKeptPartner(policy, group.partner))
}

export function allGroups(policy: ResolvedPolicy): readonly ResolvedGroup[] {
  return [...policy.partners.values()].flatMap(partner => [...partner.groups.values()])
}

export function isInvitedPartner(policy: ResolvedPolicy, partner: string): boolean {
  return policy.partners.get(partner)?.spec.accounts === 'entra-b2b'
}

export function isKeptPartner(policy: ResolvedPolicy, partner: string): boolean {
  return policy.partners.get(partner)?.spec.accounts === 'active-directory'
}

/** Whether a person whom the policy knows has an account that our own Active Directory keeps. */
export function isKept(person: Address, policy: ResolvedPolicy): boolean {
  return isKeptPartner(policy, policy.people.get(person)?.partner ?? '')
}
