// What rules may speak of. Everything that a policy leaves out has a plain value here (empty text, empty list, false),
// so that a rule needs no questions about presence; an access without end has more days than any limit.

import type { Rule } from '../model/policy.generated.ts'
import type { Address, ResolvedApp, ResolvedPartner, ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { dayMs, type Instant } from '../model/time.ts'
import type { ResolvedAccess } from './accesses.ts'
import { originAt } from './document.ts'

export type Each = Rule['each']

/** One thing that a rule is asked about, and the place to blame. */
export interface Subject {
  readonly name: string
  readonly origin: Origin
  /** The name does not stand there: the line names the group that others keep, and that holds the person. */
  readonly unwritten?: boolean
  readonly facts: object
  /** The documents that the facts come from, as `<kind>/<name>`. */
  readonly from: readonly string[]
}

const partner = {
  name: 'string',
  displayName: 'string',
  accounts: 'string',
  tenantId: 'string',
  domains: 'list<string>',
  sponsors: 'list<string>',
  groups: 'list<string>',
  trust: { mfa: 'bool', compliantDevice: 'bool', hybridJoinedDevice: 'bool' },
}

const app = {
  name: 'string',
  displayName: 'string',
  hosting: 'string',
  signOn: 'string',
  tags: 'list<string>',
  requires: 'list<string>',
  owners: 'list<string>',
  roles: 'list<string>',
}

const access = {
  name: 'string',
  role: 'string',
  from: 'string',
  until: 'string',
  reason: 'string',
  days: 'int',
  groups: 'list<string>',
  partner,
  app,
}

const person = { address: 'string', displayName: 'string', groups: 'list<string>', apps: 'list<string>', partner }

export const vocabulary = { access, person, app, partner } as const satisfies Record<Each, object>

const endless = 1_000_000n

/** Everything that a rule of each sort is asked about, in the policy's order. */
export function subjectsOf(
  { at, partners, people, apps, grants }: ResolvedPolicy,
  accesses: readonly ResolvedAccess[],
): Readonly<Record<Each, () => Iterable<Subject>>> {
  const partnerFacts = new Map([...partners].map(([name, each]) => [name, factsOfPartner(each)]))
  const appFacts = new Map([...apps].map(([name, each]) => [name, factsOfApp(each)]))
  return {
    partner: () =>
      [...partners.values()].map(({ name, origin }) => ({
        name,
        origin,
        facts: partnerFacts.get(name) ?? {},
        from: [`Partner/${name}`],
      })),
    app: () =>
      [...apps.values()].map(({ name, origin }) => ({
        name,
        origin,
        facts: appFacts.get(name) ?? {},
        from: [`App/${name}`],
      })),
    access: () =>
      accesses
        .filter(each => at <= each.end)
        .map(each => ({
          name: each.name,
          origin: originAt(each.checked.document, '/name'),
          facts: {
            name: each.name,
            role: each.role,
            from: each.from ?? '',
            until: each.until ?? '',
            reason: each.reason ?? '',
            days: daysOf(each, at),
            groups: each.groups.map(group => group.name),
            partner: partnerFacts.get(each.partner),
            app: appFacts.get(each.app),
          },
          from: [`Access/${each.name}`, `Partner/${each.partner}`, `App/${each.app}`],
        })),
    person: () => {
      const opened = Map.groupBy(
        grants.filter(grant => grant.inForce),
        grant => `${grant.partner}/${grant.group}`,
      )
      const reachedBy = (of: string, groups: readonly string[]) =>
        [...new Set(groups.flatMap(group => opened.get(`${of}/${group}`)?.map(grant => grant.app) ?? []))].sort()
      const sources = new Set(
        [...partners.values()].flatMap(({ groups }) =>
          [...groups.values()].flatMap(({ source, origin }) => (source === undefined ? [] : [origin])),
        ),
      )
      return [...people.values()].map(each => ({
        name: each.address satisfies Address,
        origin: each.origins[0] as Origin,
        unwritten: sources.has(each.origins[0] as Origin),
        facts: {
          address: each.address,
          displayName: each.displayName ?? '',
          groups: each.groups,
          apps: reachedBy(each.partner, each.groups),
          partner: partnerFacts.get(each.partner),
        },
        from: [`Partner/${each.partner}`],
      }))
    },
  }
}

function daysOf({ start, end }: ResolvedAccess, at: Instant): bigint {
  return Number.isFinite(end) ? BigInt(Math.ceil((end - (Number.isFinite(start) ? start : at)) / dayMs)) : endless
}

function factsOfPartner({ name, spec, groups }: ResolvedPartner): object {
  const { mfa = false, compliantDevice = false, hybridJoinedDevice = false } = spec.trust ?? {}
  return {
    name,
    displayName: spec.displayName,
    accounts: spec.accounts,
    tenantId: spec.tenantId ?? '',
    domains: spec.domains,
    sponsors: spec.sponsors ?? [],
    groups: [...groups.keys()],
    trust: { mfa, compliantDevice, hybridJoinedDevice },
  }
}

function factsOfApp({ name, spec, roles }: ResolvedApp): object {
  return {
    name,
    displayName: spec.displayName,
    hosting: spec.hosting,
    signOn: Object.keys(spec.signOn ?? {})[0] ?? '',
    tags: spec.tags ?? [],
    requires: spec.requires ?? [],
    owners: spec.owners ?? [],
    roles: [...roles.keys()],
  }
}
