// People whose membership is kept elsewhere, in a group of the tenant or the domain: read before planning, they stand in the
// policy like those whom a list names. Whoever is not the partner's never gets in by a source, and holds nobody else up.

import type { Directories } from '../model/directories.ts'
import { allGroups, isInvitedPartner } from '../model/groups.ts'
import type { FindingAt } from '../model/plan.ts'
import type { Address, Member, Person, ResolvedGroup, ResolvedPolicy } from '../model/policy.ts'
import { readAdSources } from './active-directory/source-group.ts'
import { readEntraSources } from './entra/source-group.ts'
import { cut } from './mark.ts'
import type { SourceGroup, SourceMember } from './source-group.ts'

export interface Gathered {
  readonly policy: ResolvedPolicy
  readonly findings: readonly FindingAt[]
}

/** The policy itself where no group is kept elsewhere. A source that cannot be read throws: it never looks like nobody. */
export async function gatherMembers(policy: ResolvedPolicy, from: Directories): Promise<Gathered> {
  const sources = await readSources(policy, from)
  if (sources.length === 0) return { policy, findings: [] }
  const owners = ownersOfDomains(policy)
  const findings: FindingAt[] = []
  const held = new Map<ResolvedGroup, ReadonlyMap<Address, SourceMember>>()
  for (const { group, name, read } of sources) {
    if ('fault' in read) {
      findings.push({ severity: 'error', ...read.fault, at: group.origin })
      continue
    }
    const { people, strangers } = sift(read.members, group.partner, policy, owners)
    held.set(group, people)
    if (strangers.length > 0) findings.push(aboutStrangers(group, name, strangers))
  }
  return { policy: { ...policy, partners: withMembers(policy, held), people: withPeople(policy, held) }, findings }
}

interface Source {
  readonly group: ResolvedGroup
  /** As the policy names it. */
  readonly name: string
  readonly read: SourceGroup
}

async function readSources(policy: ResolvedPolicy, from: Directories): Promise<readonly Source[]> {
  const named = allGroups(policy).flatMap(group => {
    const { source } = group
    if (source === undefined) return []
    return 'entraGroup' in source
      ? [{ group, name: source.entraGroup, isEntra: true }]
      : [{ group, name: source.adGroup, isEntra: false }]
  })
  const namesIn = (entra: boolean) => new Set(named.filter(each => each.isEntra === entra).map(({ name }) => name))
  const [entra, domain] = await Promise.all([
    readEntraSources(from, namesIn(true)),
    readAdSources(from, policy, namesIn(false)),
  ])
  return named.map(({ group, name, isEntra }) => {
    const read = (isEntra ? entra : domain).get(name)
    if (read === undefined) throw new Error(`the source ${name} was not read`)
    return { group, name, read }
  })
}

/** Partners by their domains; a domain belongs to one. */
function ownersOfDomains({ partners }: ResolvedPolicy): ReadonlyMap<string, string> {
  return new Map(
    [...partners.values()].flatMap(({ name, spec }) =>
      spec.domains.map(domain => [domain.toLowerCase(), name] as const),
    ),
  )
}

interface Sifted {
  readonly people: ReadonlyMap<Address, SourceMember>
  /** Each with why. */
  readonly strangers: readonly string[]
}

function sift(
  members: readonly SourceMember[],
  partner: string,
  policy: ResolvedPolicy,
  owners: ReadonlyMap<string, string>,
): Sifted {
  const people = new Map<Address, SourceMember>()
  const strangers: string[] = []
  const invited = isInvitedPartner(policy, partner)
  for (const member of [...members].sort(byName)) {
    const own = member.mails.find(mail => ownerOf(mail, owners) === partner)
    const address = invited
      ? ((own && listedAs(own, member, partner, policy)) ?? member.mails[0])
      : member.principalName
    const why = strangeness(member, address, partner, invited, owners)
    if (why !== undefined) strangers.push(`${member.name} (${why})`)
    else if (address !== undefined && !people.has(address)) people.set(address, member)
  }
  return { people, strangers }
}

/** Whom the policy lists by an address that was the mail before is that person still. */
function listedAs(mail: Address, { otherMails = [] }: SourceMember, partner: string, policy: ResolvedPolicy): Address {
  if (policy.people.has(mail)) return mail
  return otherMails.find(other => policy.people.get(other)?.partner === partner) ?? mail
}

function byName(one: SourceMember, other: SourceMember): number {
  const key = ({ name, displayName = '' }: SourceMember): string => `${name}\n${displayName}`
  return key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0
}

/** Why a member gets nothing; undefined for one of the partner's people. Whether an account is enabled is another link. */
function strangeness(
  member: SourceMember,
  address: Address | undefined,
  partner: string,
  invited: boolean,
  owners: ReadonlyMap<string, string>,
): string | undefined {
  if (member.thing !== undefined) return member.thing
  if (invited && member.isEmployee === true) return 'an employee'
  if (address === undefined) return invited ? 'no mail address' : 'no account of our own'
  const owner = ownerOf(address, owners)
  if (owner === undefined) return 'of another domain'
  if (owner !== partner) return `of ${owner}`
  return (invited ? invitable : plain).test(address) ? undefined : 'not an address that can be used'
}

function ownerOf(address: Address, owners: ReadonlyMap<string, string>): string | undefined {
  return owners.get(address.slice(address.lastIndexOf('@') + 1))
}

// What a policy may list (policy/text.ts), of what directories may hold.
const plain = /^(?=.{1,64}@)(?=.{1,254}$)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[^@]+$/
const invitable = /^(?=.{1,64}@)(?=.{1,254}$)[a-z0-9'_](?:[a-z0-9'_-]|\.(?!\.))*(?<![.-])@[^@]+$/

const mostNamed = 10

function aboutStrangers(group: ResolvedGroup, source: string, strangers: readonly string[]): FindingAt {
  const named = strangers.slice(0, mostNamed).join(', ')
  const more = strangers.length > mostNamed ? `, and ${strangers.length - mostNamed} more` : ''
  return {
    severity: 'warning',
    code: 'source-strangers',
    message: `${source} also holds who is not of ${group.partner} and gets nothing by it: ${named}${more}`,
    at: group.origin,
  }
}

type Held = ReadonlyMap<ResolvedGroup, ReadonlyMap<Address, SourceMember>>

function withMembers(policy: ResolvedPolicy, held: Held): ResolvedPolicy['partners'] {
  return new Map(
    [...policy.partners].map(([partner, { groups, ...rest }]) => {
      const filled = [...groups].map(([name, group]): [string, ResolvedGroup] => [
        name,
        { ...group, members: membersOf(group, held) },
      ])
      return [partner, { ...rest, groups: new Map(filled) }]
    }),
  )
}

function membersOf(group: ResolvedGroup, held: Held): readonly Member[] {
  const people = held.get(group)
  if (people === undefined) return group.members
  return [...people.keys()].sort().map(address => ({ address, inForce: true, origin: group.origin }))
}

/** Where the policy lists a person, too, its word for their name counts. */
function withPeople(policy: ResolvedPolicy, held: Held): ResolvedPolicy['people'] {
  const people = new Map<Address, Person>(policy.people)
  for (const [{ partner, name, origin }, members] of held) {
    for (const [address, member] of members) {
      const { groups = [], origins = [], ...person } = people.get(address) ?? { address, partner }
      const displayName = policy.people.has(address) ? undefined : nameOf(member)
      people.set(address, {
        ...(displayName === undefined ? {} : { displayName }),
        ...person,
        groups: [...groups, name].sort(),
        origins: [...origins, origin],
      })
    }
  }
  return new Map([...people].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** A name with hidden characters in it is none. */
function nameOf({ displayName }: SourceMember): string | undefined {
  const name = displayName?.trim() ?? ''
  return name === '' || /\p{C}/u.test(name) ? undefined : cut(name, 256)
}
