// A partner's account in our own Active Directory: stamped as a guest for Entra Connect, and ended when its memberships
// end. Never made, never deleted, and nothing but these two attributes is written. Who leaves the policy keeps the stamp:
// without it Entra Connect would make a member of them, who sees and reaches more than a guest.

import { ids, keyOf } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { Member, ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed, Risk } from '../../model/resource.ts'
import { endOf, isoOf } from '../../model/time.ts'
import type { ResourceKind } from '../kind.ts'
import { partnerOf } from './accounts.ts'
import { modifyAsRead } from './as-read.ts'
import { accountControl, fileTimeOf, instantOfFileTime, never, protection, setValue, value } from './domain.ts'
import { keptPeople, partnerUnitOf, readPartnerAccounts, userTypeOf } from './partner-accounts.ts'

type PartnerAccountSpec = {
  readonly userType?: string
  /** ISO instant, or `never`; left out, the end it has is left alone. */
  readonly expires?: string
  readonly enabled?: boolean
  /** ISO instant: when it was looked at; never compared. */
  readonly asOf?: string
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
    const resources = accounts.map(({ person, objectGuid, entry }): Observed<PartnerAccountSpec> => {
      const userType = value(entry, userTypeOf(policy).attribute)
      const accountExpires = value(entry, 'accountExpires')
      const end = instantOfFileTime(accountExpires)
      // Nothing is written to whom the policy does not name; their memberships end all the same.
      const refused = wanted.has(person) ? protection(entry) : undefined
      return {
        id: ids.partnerAccount(person),
        objectId: objectGuid,
        name: entry.dn,
        // Somebody else's as soon as the policy does not name the person: there to be seen, and left as it is.
        owned: wanted.has(person),
        ...partnerOf(person, policy),
        needs: [],
        spec: {
          ...(userType === undefined ? {} : { userType }),
          expires: end === undefined ? 'never' : isoOf(end),
          enabled: (Number(value(entry, 'userAccountControl') ?? 0) & accountControl.disabled) === 0,
          asOf: isoOf(policy.at),
          raw: { userType, accountExpires },
        },
        ...(refused === undefined ? {} : { refused }),
      }
    })
    return { resources, findings: resources.flatMap(account => faults(account, wanted)) }
  },

  normalize: ({ raw: _raw, asOf: _asOf, ...spec }) => spec,

  risk({ before, after }): Risk {
    if (before === undefined || after === undefined) return 'neutral'
    const opens = !works(before.spec, after.spec) && works({ ...before.spec, ...after.spec }, after.spec)
    return opens ? 'grant' : 'neutral'
  },

  works,
  named: ({ differs }, policy) => (differs.includes('userType') ? { attribute: userTypeOf(policy).attribute } : {}),

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
    if (modifications.length > 0) await modifyAsRead(directory, before, modifications)
    return before
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<PartnerAccountSpec>> {
  if (partnerUnitOf(policy) === undefined) return
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

/** Entra Connect does not carry the end to the cloud: who has left loses access with the memberships, not before. */
function works(spec: PartnerAccountSpec, wanted: PartnerAccountSpec | undefined): boolean {
  return spec.enabled !== false && (wanted === undefined || (spec.userType === wanted.userType && !isOver(spec)))
}

function isOver({ expires, asOf }: PartnerAccountSpec): boolean {
  return expires !== undefined && expires !== 'never' && asOf !== undefined && expires <= asOf
}

/** What keeps an account from working that guestlist has no business to mend. */
function faults(
  { id, spec }: Observed<PartnerAccountSpec>,
  wanted: ReturnType<typeof keptPeople>,
): readonly FindingAt[] {
  const [person = ''] = keyOf(id)
  const memberships = wanted.get(person)
  if (memberships === undefined) return []
  const [first] = memberships
  const found = (code: string, message: string): readonly FindingAt[] => [
    { severity: 'warning', code, message, about: [id], ...(first === undefined ? {} : { at: first.origin }) },
  ]
  if (spec.enabled === false)
    return found('account-disabled', `the account of ${person} is disabled: whoever looks after it enables it`)
  if (!isOver(spec) || endOfAll(memberships) !== undefined) return []
  const message = `the account of ${person} expired on ${spec.expires?.slice(0, 10)}, and the policy gives it no other end`
  return found('account-expired', `${message}: whoever set the end extends it, or the policy says \`until\``)
}

/** The moment after the last membership ends; undefined if one of them has no end. */
function endOfAll(memberships: readonly Member[]): string | undefined {
  const ends = memberships.map(({ until }) => (until === undefined ? undefined : endOf(until)))
  if (ends.includes(undefined)) return undefined
  return isoOf(Math.max(...ends.map(end => end ?? 0)) + 1)
}
