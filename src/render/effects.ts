// Who gains and who loses what, in groups that a reviewer takes in at a glance: one for each way of having an app.

import type { Effect, Line } from '../model/plan.ts'
import type { Grant, ResolvedPolicy } from '../model/policy.ts'
import { endOf } from '../model/time.ts'
import { columns, count, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'

interface Group {
  readonly effect: 'gain' | 'lose'
  readonly app: string
  readonly role: string
  readonly until: string | null
  /** The partner groups by which they have it, or the partner alone where no grant tells. */
  readonly through: string
  readonly people: readonly { readonly person: string; readonly until: string | null }[]
  readonly lines: readonly Line[]
  /** Whether the policy gives it as of now, whatever becomes of it. */
  readonly isGiven: boolean
}

export interface EffectsView {
  readonly policy: ResolvedPolicy
  /** What stands before the policy's file names in the plan's lines. */
  readonly folder: string
  readonly all: boolean
  readonly paint: Paint
}

/** How many names of a group are shown before the rest is counted. */
const shownPeople = 24

export function renderEffects(effects: readonly Effect[], view: EffectsView): readonly string[] {
  const groups = groupsOf(effects, view)
  const heads = columns(groups.map(group => headOf(group, view.policy)))
  return groups.flatMap((group, index) => {
    const sign = group.effect === 'gain' ? view.paint('green', '+') : view.paint('red', '-')
    const people = group.people.map(({ person, until }) =>
      safeText(until === group.until ? person : `${person} (${until === null ? 'no end' : `until ${until}`})`),
    )
    const shown = view.all || people.length <= shownPeople ? people : people.slice(0, shownPeople - 1)
    const rest = people.length - shown.length
    return [
      `  ${sign} ${view.paint('bold', heads[index] ?? '')}`,
      ...wrapped(rest === 0 ? shown : [...shown, `and ${rest} more (--changes lists all)`], '      '),
      view.paint('dim', `      ${reasonOf(group)}`),
    ]
  })
}

function headOf(group: Group, policy: ResolvedPolicy): readonly string[] {
  const number = group.people.length
  const who = `${count(number, 'person', 'people')} ${group.effect === 'gain' ? (number === 1 ? 'gains' : 'gain') : number === 1 ? 'loses' : 'lose'}`
  const end =
    group.until === null ? '' : hasEnded(group.until, policy) ? `ended ${group.until}` : `until ${group.until}`
  const app = policy.apps.get(group.app)?.spec.displayName ?? group.app
  return [who, app, group.role, end, group.through].map(safeText)
}

function hasEnded(until: string, policy: ResolvedPolicy): boolean {
  return (endOf(until) ?? Number.POSITIVE_INFINITY) < policy.at
}

function reasonOf(group: Group): string {
  if (group.lines.length > 0) return safeText(group.lines.map(({ file, line }) => `${file}:${line}`).join(', '))
  if (group.effect === 'gain') return 'as a part of what is there already'
  return group.isGiven ? 'the policy gives it still: see what is in its way' : 'no policy line gives it any more'
}

function isGiven({ person, app, role }: Effect, policy: ResolvedPolicy): boolean {
  const { partner, groups = [] } = policy.people.get(person) ?? {}
  return policy.grants.some(
    grant =>
      grant.inForce &&
      grant.app === app &&
      grant.role === role &&
      grant.partner === partner &&
      groups.includes(grant.group),
  )
}

function groupsOf(effects: readonly Effect[], view: EffectsView): readonly Group[] {
  const grantsAt = Map.groupBy(view.policy.grants, grant => `${view.folder}${grant.origin.file}:${grant.origin.line}`)
  const keyed = effects.map(effect => {
    const lines = effect.because.filter(line => grantsAt.has(`${line.file}:${line.line}`))
    const key = [
      effect.effect,
      effect.app,
      effect.role,
      effect.partner,
      isGiven(effect, view.policy),
      ...lines.map(line => `${line.file}:${line.line}`),
    ]
    return { effect, lines, key: key.join('\n') }
  })
  return [...Map.groupBy(keyed, item => item.key).values()].flatMap(items => {
    const [first] = items
    if (first === undefined) return []
    const { effect, app, role, partner } = first.effect
    const grants = first.lines.flatMap(line => grantsAt.get(`${line.file}:${line.line}`) ?? [])
    const people = items.map(({ effect }) => ({ person: effect.person, until: effect.until }))
    return [
      {
        effect,
        app,
        role,
        until: mostCommon(people.map(person => person.until)),
        through: groupNames(partner, grants, people, view.policy),
        people,
        // For one person, the person's own line is of interest as well.
        lines: items.length === 1 ? first.effect.because : first.lines,
        isGiven: isGiven(first.effect, view.policy),
      },
    ]
  })
}

function groupNames(
  partner: string,
  grants: readonly Grant[],
  people: readonly { readonly person: string }[],
  policy: ResolvedPolicy,
): string {
  const addresses = new Set(people.map(person => person.person))
  const names = new Set<string>()
  for (const grant of grants) {
    const members = policy.partners.get(grant.partner)?.groups.get(grant.group)?.members ?? []
    if (members.some(member => addresses.has(member.address))) names.add(grant.group)
  }
  return names.size === 0 ? partner : `${partner}/${[...names].sort().join(', ')}`
}

function mostCommon(ends: readonly (string | null)[]): string | null {
  const numbers = [...Map.groupBy(ends, end => end)].map(([end, same]) => ({ end, number: same.length }))
  return numbers.sort((a, b) => b.number - a.number || ((a.end ?? '9') > (b.end ?? '9') ? -1 : 1))[0]?.end ?? null
}
