// Documents with the people whom others' groups hold written into them, read from the raw contents of the directories: what
// the oracle compares with. Shares no code with the product's own reading.

import type { Documents, Member, PartnerDoc, Source } from './policies.ts'
import type { Item, Snapshot } from './tenant.ts'

export function gathered(documents: Documents, snapshot: Snapshot): Documents {
  const partners = documents.partners.map(partner => ({
    ...partner,
    groups: Object.fromEntries(
      Object.entries(partner.groups).map(([name, group]) => [
        name,
        'members' in group ? group : { members: membersOf(group.membersFrom, partner, snapshot) },
      ]),
    ),
  }))
  return { ...documents, partners }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function membersOf(source: Source, partner: PartnerDoc, snapshot: Snapshot): readonly Member[] {
  const isOwn = (address: string): boolean => partner.domains.some(domain => address.endsWith(`@${domain}`))
  const invited = partner.accounts === 'entra-b2b'
  const names =
    'entraGroup' in source
      ? entraNames(source.entraGroup, snapshot, invited)
      : domainNames(source.adGroup, snapshot, invited)
  const listed = new Set(
    Object.values(partner.groups).flatMap(group =>
      'members' in group ? group.members.map(({ address }) => address.toLowerCase()) : [],
    ),
  )
  // Whom the policy lists by an address that was the mail before is that person still.
  const addresses = names.flatMap(({ mails, others }) => {
    const own = mails.find(isOwn)
    if (own === undefined) return []
    return listed.has(own) ? own : ([...mails, ...others].find(mail => listed.has(mail)) ?? own)
  })
  return [...new Set(addresses)].map(address => ({ address }))
}

interface Named {
  /** By which somebody may be one of a partner's people. */
  readonly mails: readonly string[]
  /** By which the policy may know somebody who is. */
  readonly others: readonly string[]
}

function entraNames(name: string, { graph }: Snapshot, invited: boolean): readonly Named[] {
  const found = (graph.groups ?? []).filter(group => String(group.displayName).toLowerCase() === name.toLowerCase())
  const open = found.length === 1 ? found.map(group => String(group.id)) : []
  const inside = new Set<string>()
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (inside.has(id)) continue
    inside.add(id)
    open.push(...texts(graph.groups?.find(group => group.id === id)?.members))
  }
  return (graph.users ?? [])
    .filter(user => inside.has(String(user.id)))
    .filter(user => !invited || user.userType === 'Guest' || user.creationType === 'Invitation')
    .map(user => mailsOf(user, invited))
}

/** Other mails, which people may write themselves, say whose somebody is only where there is no mail. */
function mailsOf(user: Item, invited: boolean): Named {
  const lower = (name: unknown): readonly string[] => (typeof name === 'string' ? [name.toLowerCase()] : [])
  if (!invited) return { mails: lower(user.onPremisesUserPrincipalName ?? user.userPrincipalName), others: [] }
  const [mail, others] = [lower(user.mail), texts(user.otherMails).flatMap(lower)]
  return mail.length > 0 ? { mails: mail, others } : { mails: others, others: [] }
}

function domainNames(dn: string, { directory }: Snapshot, invited: boolean): readonly Named[] {
  const named = (one: string) => directory.find(entry => entry.dn.toLowerCase() === one.toLowerCase())
  const open = [dn]
  const inside = new Set<string>()
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (inside.has(next.toLowerCase())) continue
    inside.add(next.toLowerCase())
    open.push(...(named(next)?.attributes.member ?? []))
  }
  return directory
    .filter(entry => inside.has(entry.dn.toLowerCase()) && entry.attributes.objectClass?.includes('user') === true)
    .filter(entry => entry.attributes.adminDescription?.[0] !== 'User_guestlist')
    .map(({ attributes }) => attributes[invited ? 'mail' : 'userPrincipalName'] ?? [])
    .map(names => ({ mails: names.map(name => name.toLowerCase()), others: [] }))
}
