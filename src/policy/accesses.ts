// Access documents against the partners, groups, apps and roles that they name, and against each other in time.

import type { ResolvedApp, ResolvedPartner } from '../model/policy.ts'
import type { Origin, Problem } from '../model/problem.ts'
import { kerberosOf } from '../model/sign-on.ts'
import { dateOf, endOf, type Instant, startOf } from '../model/time.ts'
import type { Checked } from './check.ts'
import { faultAt, originAt, step } from './document.ts'
import { choiceHint, nearest } from './hint.ts'
import type { Named } from './names.ts'
import { compareOrigins, compareText } from './order.ts'
import type { Fault } from './source.ts'

/** An Access whose references were found; groups that were not are left out. */
export interface ResolvedAccess {
  readonly name: string
  readonly partner: string
  readonly app: string
  readonly role: string
  readonly groups: readonly { readonly name: string; readonly origin: Origin; readonly pointer: string }[]
  readonly from?: string
  readonly until?: string
  readonly reason?: string
  readonly start: Instant
  readonly end: Instant
  readonly checked: Checked<'Access'>
}

interface World {
  readonly named: Named
  readonly partners: ReadonlyMap<string, ResolvedPartner>
  readonly apps: ReadonlyMap<string, ResolvedApp>
  readonly at: Instant
  readonly report: (problem: Problem) => void
}

export function resolveAccesses(world: World): readonly ResolvedAccess[] {
  const accesses = [...world.named.accesses.values()].flatMap(access => resolveAccess(access, world) ?? [])
  reportTwice(
    accesses.filter(access => world.at <= access.end),
    world.report,
  )
  return accesses.sort((one, other) => compareText(one.name, other.name))
}

function resolveAccess(
  checked: Checked<'Access'>,
  { named, partners, apps, at, report }: World,
): ResolvedAccess | undefined {
  const { spec, document, name } = checked
  const fail = (pointer: string, fault: Omit<Fault, 'severity'>) =>
    report(faultAt(document, pointer, 'value', { severity: 'error', ...fault }))
  const { from, until, reason } = spec
  const start = (from === undefined ? undefined : startOf(from)) ?? Number.NEGATIVE_INFINITY
  const end = (until === undefined ? undefined : endOf(until)) ?? Number.POSITIVE_INFINITY
  if (start > end) {
    fail('/until', {
      code: 'from-after-until',
      message: 'this access ends before it begins',
      hint: `it begins on ${from}:`,
      see: originAt(document, '/from'),
    })
  } else if (end < at) {
    const fault = {
      code: 'already-over',
      message: `this access ended on ${dateOf(end)}`,
      hint: 'remove it, or give it a new end',
    } as const
    report(faultAt(document, '/until', 'value', { severity: 'warning', ...fault }))
  }

  const partner = partners.get(spec.partner ?? '')
  const app = apps.get(spec.app ?? '')
  if (spec.partner !== undefined && partner === undefined)
    fail('/partner', unknown('partner', spec.partner, named.partners))
  if (spec.app !== undefined && app === undefined) fail('/app', unknown('app', spec.app, named.apps))

  const role = spec.role ?? 'user'
  if (app !== undefined && !app.roles.has(role) && !isWritten(named.apps.get(app.name), 'roles', role)) {
    fail(spec.role === undefined ? '/app' : '/role', unknownRole(app, role, spec.role))
  }
  const groups = (spec.groups ?? []).flatMap((group, index) => {
    if (group === undefined || partner === undefined) return []
    const pointer = `/groups/${index}`
    if (partner.groups.has(group)) return [{ name: group, pointer, origin: originAt(document, pointer) }]
    if (!isWritten(named.partners.get(partner.name), 'groups', group)) fail(pointer, unknownGroup(partner, group))
    return []
  })
  if (partner === undefined || app === undefined) return undefined
  const identity = kerberosOf(app)?.loginIdentity ?? ''
  if (partner.spec.accounts === 'entra-b2b' && identity.startsWith('onPremises')) {
    const fault = {
      code: 'no-login-identity',
      message: `${app.name} looks for people by \`${identity}\`, which invited guests do not have`,
      hint: 'let the app say `loginIdentity: userPrincipalName`, which their shadow accounts have:',
      see: app.origins.signOn,
    } as const
    report(faultAt(document, '/app', 'value', { severity: 'warning', ...fault }))
  }
  const dates = {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(reason === undefined ? {} : { reason }),
  }
  return { name, partner: partner.name, app: app.name, role, groups, ...dates, start, end, checked }
}

/** True if the name is there but was refused for another reason: that reason is told once, where it is. */
function isWritten(checked: Checked<'App' | 'Partner'> | undefined, key: 'roles' | 'groups', name: string): boolean {
  if (checked === undefined || checked.broken) return checked !== undefined
  const { spec, document } = checked
  return document.places.has(`/${key}${step(name)}`) || (document.places.has(`/${key}`) && !(key in spec))
}

function unknown(what: string, written: string, known: ReadonlyMap<string, Checked>): Omit<Fault, 'severity'> {
  const found = known.get(nearest(written, known.keys()) ?? '')
  const see = found === undefined ? {} : { see: originAt(found.document, '/name') }
  const hint = choiceHint(written, [...known.keys()], `no ${what} is described yet`)
  return { code: `unknown-${what}`, message: `there is no ${what} \`${written}\``, hint, ...see }
}

function unknownGroup(partner: ResolvedPartner, written: string): Omit<Fault, 'severity'> {
  const found = partner.groups.get(nearest(written, partner.groups.keys()) ?? '')
  const hint = choiceHint(written, [...partner.groups.keys()], `${partner.name} has no groups`)
  return {
    code: 'unknown-group',
    message: `${partner.name} has no group \`${written}\``,
    hint,
    see: found?.origin ?? partner.origin,
  }
}

function unknownRole(app: ResolvedApp, role: string, written: string | undefined): Omit<Fault, 'severity'> {
  const found = app.roles.get(nearest(role, app.roles.keys()) ?? '')
  const hint =
    written === undefined
      ? `name one with \`role\`: ${[...app.roles.keys()].join(', ')}`
      : choiceHint(role, [...app.roles.keys()], '')
  return {
    code: 'unknown-role',
    message: `${app.name} has no role \`${role}\``,
    hint,
    see: found?.origin ?? app.origin,
  }
}

/** The same people, app and role by two documents at one time: ending one of them would end nothing. */
function reportTwice(accesses: readonly ResolvedAccess[], report: (problem: Problem) => void): void {
  const granted = new Map<string, { readonly access: ResolvedAccess; readonly pointer: string }[]>()
  for (const access of accesses) {
    for (const { name, pointer } of access.groups) {
      const key = `${access.partner}/${name}/${access.app}/${access.role}`
      const grants = granted.get(key) ?? []
      grants.push({ access, pointer })
      granted.set(key, grants)
    }
  }
  for (const grants of granted.values()) {
    grants.sort((one, other) =>
      one.access.start < other.access.start ? -1 : one.access.start > other.access.start ? 1 : 0,
    )
    let longest = grants[0]
    for (const grant of grants.slice(1)) {
      if (longest === undefined) break
      if (grant.access.start <= longest.access.end) report(twice(longest, grant))
      if (grant.access.end > longest.access.end) longest = grant
    }
  }
}

type Granted = { readonly access: ResolvedAccess; readonly pointer: string }

function twice(one: Granted, other: Granted): Problem {
  const [first, second] = compareOrigins(originOfGrant(one), originOfGrant(other)) <= 0 ? [one, other] : [other, one]
  const { document } = second.access.checked
  const group = second.access.groups.find(each => each.pointer === second.pointer)?.name
  const message = `${first.access.name} grants ${group} the role ${first.access.role} in ${first.access.app} already`
  return faultAt(document, second.pointer, 'value', {
    severity: 'error',
    code: 'granted-twice',
    message,
    hint: 'keep one of the two:',
    see: originOfGrant(first),
  })
}

const originOfGrant = ({ access, pointer }: Granted) => originAt(access.checked.document, pointer)
