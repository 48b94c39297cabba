// The people of ours who answer for a partner, set on each of its guests. Policies name them by address, Graph by object id.

import type { Directories, GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'

export interface Sponsors {
  readonly addressOf: (objectId: string) => string
  readonly missingOf: (partner: string | undefined) => readonly string[]
  readonly findings: readonly FindingAt[]
}

export async function readSponsors(from: Directories, policy: ResolvedPolicy): Promise<Sponsors> {
  const named = [...policy.partners.values()].flatMap(partner => partner.spec.sponsors ?? [])
  const addresses = [...distinct(named)].sort()
  const users = await from.entra.getEach<{ id: string }>(
    addresses.map(address => graphPath`/users/${address}`),
    { select: ['id'] },
  )
  const known = new Map<string, string>()
  const missing = new Set<string>()
  addresses.forEach((address, index) => {
    const user = users[index]
    if (user === undefined) missing.add(address)
    else known.set(user.id, address)
  })
  const missingOf = (partner: string | undefined): readonly string[] =>
    distinct(policy.partners.get(partner ?? '')?.spec.sponsors ?? []).filter(address => missing.has(address))
  const findings = [...policy.partners.values()].flatMap(partner =>
    missingOf(partner.name).map(
      (address): FindingAt => ({
        severity: 'warning',
        code: 'unknown-sponsor',
        message: `${address} is no user of the tenant and cannot be a sponsor of ${partner.name}`,
        at: partner.origin,
      }),
    ),
  )
  return { addressOf: objectId => known.get(objectId) ?? objectId, missingOf, findings }
}

/** Each address once, in lower case. */
export function distinct(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses.map(address => address.toLowerCase()))]
}

/** `there`: addresses or object ids. */
export async function setSponsors(
  { entra, policy }: { readonly entra: GraphWriter; readonly policy: ResolvedPolicy },
  user: string,
  there: readonly string[],
  wanted: readonly string[],
): Promise<void> {
  const idsOf = async (sponsors: readonly string[]): Promise<readonly string[]> => {
    const found = await Promise.all(sponsors.map(name => (name.includes('@') ? sponsorId(entra, policy, name) : name)))
    return found.filter(id => id !== undefined)
  }
  const [before, after] = [await idsOf(there), await idsOf(wanted)]
  for (const objectId of after.filter(id => !before.includes(id)))
    await entra.addReference(`${user}/sponsors`, objectId)
  for (const objectId of before.filter(id => !after.includes(id))) {
    await entra.delete(`${user}${graphPath`/sponsors/${objectId}`}/$ref`)
  }
}

// A run has one policy, and sets the same few sponsors on many guests.
const sponsorIds = new WeakMap<ResolvedPolicy, Map<string, Promise<string | undefined>>>()

/** Undefined for a sponsor who is no user: the plan says so in a finding. */
async function sponsorId(entra: GraphWriter, policy: ResolvedPolicy, address: string): Promise<string | undefined> {
  const known = sponsorIds.get(policy) ?? new Map<string, Promise<string | undefined>>()
  sponsorIds.set(policy, known)
  const id =
    known.get(address) ??
    entra.get<{ id: string }>(graphPath`/users/${address}`, { select: ['id'] }).then(user => user?.id)
  known.set(address, id)
  try {
    return await id
  } catch (error) {
    known.delete(address)
    throw error
  }
}
