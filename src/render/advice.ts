// What a policy would have to say for a person who has no access: whose person it is, and the lines to add, ready to paste.

import type { Advice, Open } from '../model/explanation.ts'
import type { Address, ResolvedApp, ResolvedGroup, ResolvedPartner, ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { dateOf, dayMs, durationOf } from '../model/time.ts'
import { placeOf } from './changes.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'

export interface AdviceView {
  readonly policy: ResolvedPolicy
  readonly folder: string
  readonly paint: Paint
  /** Whom the person may have meant, where nobody has the name. */
  readonly meant?: string
}

interface Asked {
  readonly person: Address
  readonly app: ResolvedApp
  readonly advice: Advice
  readonly title: string
}

export function renderAdvice(asked: Asked, view: AdviceView): string {
  const { paint } = view
  const head = `${asked.title}: ${paint('red', safeText(reasonOf(asked)))}`
  const meant = view.meant === undefined ? [] : [safeText(`Did you mean ${view.meant}?`), '']
  return `${[head, '', ...meant, ...linesOf(asked, view)].join('\n').trimEnd()}\n`
}

function reasonOf({ advice }: Asked): string {
  if (advice.who === 'nobody')
    return advice.isOurs ? "no: not a partner's person" : `no: no partner has the domain ${advice.domain}`
  return advice.who === 'stranger'
    ? 'no: no policy names the person'
    : `no: no policy gives it to ${advice.groups.length === 0 ? 'them' : namesOf(advice.groups)}`
}

function linesOf({ person, app, advice }: Asked, view: AdviceView): readonly string[] {
  if (advice.who === 'nobody') {
    return advice.isOurs
      ? [safeText(`${advice.domain} is a domain of our own, and policies speak of partners' people only.`)]
      : [
          safeText(
            `A policy would describe the partner first: a Partner with \`domains: [${advice.domain}]\`, its groups, and an Access.`,
          ),
        ]
  }
  const { partner, open } = advice
  const groups = distinct(open.map(({ group }) => group))
  if (advice.who === 'known') {
    const own = advice.groups.length > 0 ? advice.groups : [...partner.groups.values()].slice(0, 1)
    return [
      ...(advice.groups.length === 0
        ? [`No group of ${safeText(partner.name)} holds ${safeText(person)} now.`, '']
        : []),
      ...groups.flatMap(group => [...intoGroup(person, group, partner, open, view), '']),
      ...newAccess(own, partner, app, groups.length > 0, view),
    ]
  }
  const group = groups[0] ?? [...partner.groups.values()][0]
  if (group === undefined)
    return [safeText(`${partner.name} has no groups yet: give it one, and an Access to ${app.name}.`)]
  return [
    safeText(`${partner.spec.displayName} has the domain.`),
    '',
    ...(groups.length > 0 ? groups : [group]).flatMap(each => [...intoGroup(person, each, partner, open, view), '']),
    ...(groups.length > 0 ? [] : newAccess([group], partner, app, false, view)),
  ]
}

/** How a person comes into a group, wherever that is kept. */
function intoGroup(
  person: Address,
  group: ResolvedGroup,
  partner: ResolvedPartner,
  open: readonly Open[],
  view: AdviceView,
): readonly string[] {
  const grant = open.find(each => each.group === group)?.grant
  const reaches =
    grant === undefined
      ? ''
      : `, which reaches it as ${grant.role}${grant.until === undefined ? '' : ` until ${grant.until}`}`
  const name = `${partner.name}/${group.name}${reaches}`
  const from = partner.spec.groups[group.name]?.membersFrom
  const at = (origin: Origin): string =>
    view.paint('dim', placeOf({ file: `${view.folder}${origin.file}`, line: origin.line }))
  if (from?.entraGroup !== undefined || from?.adGroup !== undefined) {
    const where =
      from.entraGroup === undefined ? `the AD group ${from.adGroup}` : `the group ${from.entraGroup} in Entra`
    return [`${safeText(`For ${name}: put ${person} into ${where}, where its people are kept.`)}   ${at(group.origin)}`]
  }
  if (from?.csv !== undefined)
    return [`${safeText(`For ${name}: add a line \`${person}\` to its roster, ${from.csv}.`)}   ${at(group.origin)}`]
  return [
    `${safeText(`For ${name}: add a line to its members.`)}   ${at(group.origin)}`,
    '',
    ...yaml(['groups:', `  ${group.name}:`, '    members:', `      - ${scalar(person)}`]),
  ]
}

function newAccess(
  groups: readonly ResolvedGroup[],
  partner: ResolvedPartner,
  app: ResolvedApp,
  isSecond: boolean,
  view: AdviceView,
): readonly string[] {
  const { policy, folder } = view
  const file = policy.grants.find(grant => grant.partner === partner.name)?.origin.file ?? `access/${partner.name}.yaml`
  const [role] = app.roles.has('user') ? [] : app.roles.keys()
  return [
    safeText(`${isSecond ? 'Or an' : 'An'} Access for ${namesOf(groups)}, for instance in ${folder}${file}:`),
    '',
    ...yaml([
      '---',
      'apiVersion: guestlist/v1',
      'kind: Access',
      `name: ${freeName(`${partner.name}-${app.name}`, policy)}`,
      `partner: ${partner.name}`,
      `groups: [${groups.map(({ name }) => name).join(', ')}]`,
      `app: ${app.name}`,
      ...(role === undefined ? [] : [`role: ${role}`]),
      `until: ${someEnd(policy)}`,
      'reason: the number of a contract, say',
    ]),
  ]
}

function freeName(name: string, { grants }: ResolvedPolicy): string {
  const taken = new Set(grants.map(({ access }) => access))
  let free = name.slice(0, 60)
  for (let number = 2; taken.has(free); number++) free = `${name.slice(0, 60)}-${number}`
  return free
}

const halfYear = 182 * dayMs

/** Half a year from now, or as long as an access may be. */
function someEnd({ at, organization }: ResolvedPolicy): string {
  const longest = durationOf(organization.spec.guardrails?.longestAccess ?? '') ?? halfYear
  return dateOf(at + Math.min(halfYear, longest))
}

function yaml(lines: readonly string[]): readonly string[] {
  return lines.map(line => `    ${safeText(line)}`)
}

/** What is no plain address is quoted. */
function scalar(text: string): string {
  return /^[\w.+-]+@[\w.-]+$/.test(text) ? text : JSON.stringify(text)
}

function namesOf(groups: readonly ResolvedGroup[]): string {
  return groups.map(({ partner, name }) => `${partner}/${name}`).join(', ')
}

function distinct(groups: readonly ResolvedGroup[]): readonly ResolvedGroup[] {
  return [...new Set(groups)]
}
