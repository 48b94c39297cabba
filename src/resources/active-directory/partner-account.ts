// A partner's account in our own Active Directory: stamped as a guest for Entra Connect, and ended when its memberships
// end. Never made, never deleted, and nothing but these two attributes is written.

import { ids } from '../../model/id.ts'
import type { Address, Member, ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { endOf, isoOf } from '../../model/time.ts'
import type { ResourceKind } from '../kind.ts'
import {
  accountControl,
  byGuid,
  domainOf,
  fileTimeOf,
  instantOfFileTime,
  never,
  protection,
  setValue,
  value,
} from './domain.ts'
import { keptPeople, readPartnerAccounts, userTypeOf } from './partner-accounts.ts'

type PartnerAccountSpec = {
  readonly userType?: string
  /** ISO instant, or `never`; left out, the end it has is left alone. */
  readonly expires?: string
  readonly enabled?: boolean
  /** As they are in the directory, for conditional writes; never compared. */
  readonly raw?: { readonly userType: string | undefined; readonly accountExpires: string | undefined }
}

export const partnerAccount: ResourceKind<PartnerAccountSpec> = {
  plane: 'active-directory',
  name: 'partner-account',
  desire,

  async observe(from, policy) {
    const wanted = keptPeople(policy)
    const accounts = await readPartnerAccounts(from, policy)
    const resources = accounts
      .filter(({ person }) => wanted.has(person))
      .map(({ person, objectGuid, entry }): Observed<PartnerAccountSpec> => {
        const userType = value(entry, userTypeOf(policy).attribute)
        const accountExpires = value(entry, 'accountExpires')
        const end = instantOfFileTime(accountExpires)
        const refused = protection(entry)
        return {
          id: ids.partnerAccount(person),
          objectId: objectGuid,
          name: entry.dn,
          owned: true,
          ...partnerOf(person, policy),
          needs: [],
          spec: {
            ...(userType === undefined ? {} : { userType }),
            expires: end === undefined ? 'never' : isoOf(end),
            enabled: (Number(value(entry, 'userAccountControl') ?? 0) & accountControl.disabled) === 0,
            raw: { userType, accountExpires },
          },
          ...(refused === undefined ? {} : { refused }),
        }
      })
    return { resources }
  },

  normalize: ({ raw: _raw, ...spec }) => spec,
  risk: () => 'neutral',
  works: ({ enabled }) => enabled !== false,

  async perform({ id, before, after, differs }, { activeDirectory: directory }, _assigned, policy) {
    if (directory === undefined || before === undefined || after === undefined)
      throw new Error(`${id} is not ours to make`)
    const { attribute } = userTypeOf(policy)
    const end = after.spec.expires
    const modifications = [
      ...(differs.includes('userType') ? setValue(attribute, before.spec.raw?.userType, after.spec.userType) : []),
      ...(differs.includes('expires') && end !== undefined
        ? setValue(
            'accountExpires',
            before.spec.raw?.accountExpires,
            end === 'never' ? never : fileTimeOf(Date.parse(end)),
          )
        : []),
    ]
    if (modifications.length > 0) await directory.modify(byGuid(before.objectId), modifications)
    return before
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<PartnerAccountSpec>> {
  if (domainOf(policy) === undefined) return
  for (const [person, memberships] of keptPeople(policy)) {
    const expires = endOfAll(memberships)
    yield {
      id: ids.partnerAccount(person),
      ...partnerOf(person, policy),
      needs: [],
      because: memberships.map(member => member.origin),
      spec: { userType: userTypeOf(policy).value, ...(expires === undefined ? {} : { expires }) },
      awaited: {
        for: 'person',
        message: `no account ${person} is in the unit of partner accounts: whoever looks after them makes it`,
      },
    }
  }
}

/** The moment after the last membership ends; undefined if one of them has no end. */
function endOfAll(memberships: readonly Member[]): string | undefined {
  const ends = memberships.map(({ until }) => (until === undefined ? undefined : endOf(until)))
  if (ends.includes(undefined)) return undefined
  return isoOf(Math.max(...ends.map(end => end ?? 0)) + 1)
}

function partnerOf(person: Address, policy: ResolvedPolicy): { partner?: string } {
  const partner = policy.people.get(person)?.partner
  return partner === undefined ? {} : { partner }
}
