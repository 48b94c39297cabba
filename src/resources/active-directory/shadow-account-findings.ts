// What only a person can mend: a principal name that another account holds, and a mark that keeps connectors out.

import type { Directories, DirectoryEntry } from '../../model/directories.ts'
import { ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import { addressBook, readGuests } from '../entra/tenant.ts'
import { accountControl, value } from './domain.ts'
import { readPartnerAccounts } from './partner-accounts.ts'

/** Who was converted from an account of our own keeps its principal name, which that account still has. */
export async function waitingForNames(
  lacking: readonly Address[],
  from: Directories,
  policy: ResolvedPolicy,
): Promise<readonly Waiting[]> {
  const [guests, kept] = await Promise.all([readGuests(from), readPartnerAccounts(from, policy)])
  const book = addressBook(guests, policy)
  const nameOf = new Map(guests.map(guest => [book.get(guest.id) ?? '', guest.userPrincipalName.toLowerCase()]))
  const holders = new Map(kept.map(account => [account.person, account.entry.dn]))
  return lacking.flatMap(address => {
    const name = nameOf.get(address)
    const holder = name === undefined ? undefined : holders.get(name)
    if (holder === undefined) return []
    const message = `${holder} has the principal name ${name}: a person moves it into the unit of shadow accounts, where guestlist takes it over, or deletes it`
    return [{ id: ids.shadowAccount(address), for: 'person', message }]
  })
}

export function isSensitive(entry: DirectoryEntry): boolean {
  return (Number(value(entry, 'userAccountControl') ?? 0) & accountControl.notDelegated) !== 0
}

export function aboutSensitive(entry: DirectoryEntry, person: string, policy: ResolvedPolicy): FindingAt {
  const [at] = policy.people.get(person)?.origins ?? []
  return {
    severity: 'warning',
    code: 'sensitive-account',
    message: `the shadow account of ${person} is marked as sensitive, so that no connector gets a ticket for it (${entry.dn})`,
    hint: 'switch off "Account is sensitive and cannot be delegated" (NOT_DELEGATED) on the account',
    about: [ids.shadowAccount(person)],
    ...(at === undefined ? {} : { at }),
  }
}
