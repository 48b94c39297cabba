// What a change of policy says besides who reaches what: settings of the organization, rules, what partners and apps are, and
// groups that fill without a review. Much of it changes no directory today, and decides what happens tomorrow.

import type { Setting } from '../model/plan.ts'
import type { Grant, ResolvedApp, ResolvedGroup, ResolvedPartner, ResolvedPolicy, Sourced } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import type { Json } from '../model/resource.ts'
import { canonical, isSame } from './canonical.ts'

/** With places still relative to the policies folder: of the base where something goes. */
export type SettingAt = Omit<Setting, 'because'> & { readonly origin: Origin }

type Properties = Readonly<Record<string, Json>>

interface Document {
  readonly origin: Origin
  readonly properties: Properties
}

export function settingsOf(policy: ResolvedPolicy, base: ResolvedPolicy): readonly SettingAt[] {
  return [
    ...compared('organization', documentsOf([['', policy.organization]]), documentsOf([['', base.organization]])),
    ...compared('rule', documentsOf(policy.rules), documentsOf(base.rules)),
    ...compared('partner', partnersOf(policy.partners), partnersOf(base.partners)),
    ...compared('app', documentsOf(policy.apps), documentsOf(base.apps)),
    ...compared('access', openOf(policy), openOf(base)),
  ]
}

function compared(
  kind: Setting['kind'],
  now: ReadonlyMap<string, Document>,
  former: ReadonlyMap<string, Document>,
): readonly SettingAt[] {
  return [...new Set([...now.keys(), ...former.keys()])].sort().flatMap((name): readonly SettingAt[] => {
    const [is, was] = [now.get(name), former.get(name)]
    if (is === undefined && was !== undefined)
      return [{ kind, name, action: 'delete', before: was.properties, after: null, origin: was.origin }]
    if (is !== undefined && was === undefined)
      return [{ kind, name, action: 'create', before: null, after: is.properties, origin: is.origin }]
    if (is === undefined || was === undefined) return []
    const keys = [...new Set([...Object.keys(is.properties), ...Object.keys(was.properties)])]
    const differs = keys.filter(key => !isSame(is.properties[key], was.properties[key]))
    const side = ({ properties }: Document): Properties =>
      Object.fromEntries(differs.map(key => [key, properties[key] ?? null]))
    return differs.length === 0
      ? []
      : [{ kind, name, action: 'update', before: side(was), after: side(is), origin: is.origin }]
  })
}

function documentsOf(named: Iterable<readonly [string, Sourced<object>]>): ReadonlyMap<string, Document> {
  return new Map([...named].map(([name, { spec, origin }]) => [name, { origin, properties: propertiesOf(spec) }]))
}

const sayNothing: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'name'])

function propertiesOf(spec: object): Properties {
  const plain = JSON.parse(canonical(spec)) as Properties
  return Object.fromEntries(Object.entries(plain).filter(([key]) => !sayNothing.has(key)))
}

/** Who is in which group shows in effects; who keeps it does not. */
function partnersOf(partners: ReadonlyMap<string, ResolvedPartner>): ReadonlyMap<string, Document> {
  return new Map(
    [...partners].map(([name, { spec, origin, groups }]) => {
      const { groups: _groups, ...rest } = propertiesOf(spec)
      const kept = [...groups.values()].flatMap(({ name: group, source }) =>
        source === undefined ? [] : [[group, 'entraGroup' in source ? source.entraGroup : source.adGroup] as const],
      )
      return [name, { origin, properties: { ...rest, sources: Object.fromEntries(kept) } }]
    }),
  )
}

/** Accesses that fill without a review, or have nobody yet. */
function openOf({ grants, partners, apps }: ResolvedPolicy): ReadonlyMap<string, Document> {
  return new Map(
    grants.flatMap(grant => {
      const group = partners.get(grant.partner)?.groups.get(grant.group)
      const why = group === undefined ? undefined : whyOpen(group)
      if (why === undefined) return []
      return [
        [
          nameOf(grant),
          { origin: grant.origin, properties: { [reachOf(grant, apps)]: why + datesOf(grant) } },
        ] as const,
      ]
    }),
  )
}

function whyOpen({ source, members }: ResolvedGroup): string | undefined {
  if (source !== undefined)
    return `whoever ${'entraGroup' in source ? source.entraGroup : source.adGroup} holds, now or later`
  return members.length === 0 ? 'nobody yet' : undefined
}

/** Nobody's end moves where nobody is known. */
function datesOf({ from, until }: Grant): string {
  return `${from === undefined ? '' : `, from ${from}`}${until === undefined ? ', without an end' : `, until ${until}`}`
}

function nameOf({ partner, group, access }: Grant): string {
  return `${partner}/${group} (${access})`
}

function reachOf({ app, role }: Grant, apps: ReadonlyMap<string, ResolvedApp>): string {
  return `${apps.get(app)?.spec.displayName ?? app}, ${role}`
}
