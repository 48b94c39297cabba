// A person's access to an app as text: the verdict first, then the path link by link with the first broken one marked, then
// what to do. Where there is no path, what a policy would have to say, ready to paste.

import type { Explanation, Ground, Link, LinkName, Path } from '../model/explanation.ts'
import { defaultAccess, type Id } from '../model/id.ts'
import type { Finding, PlannedChange } from '../model/plan.ts'
import type { ResolvedApp } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { renderAdvice } from './advice.ts'
import { placeOf } from './changes.ts'
import { renderFindings } from './findings.ts'
import { count } from './layout.ts'
import { byHand, detailOf, faultOf, groupOf, type LinkView, titleOf, waitsFor } from './link-words.ts'
import { nounOf } from './nouns.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { wordsOf } from './words.ts'

export interface ExplanationView extends Pick<LinkView, 'policy' | 'observed'> {
  /** What stands before the policy's file names. */
  readonly folder: string
  readonly paint: Paint
  /** Whom the person may have meant, where nobody has the name. */
  readonly meant?: string
  /** What a plan would change about a path, and the command that shows it. */
  readonly repairOf: (path: Path) => { readonly command: string; readonly changes: readonly PlannedChange[] }
  /** What was found about the person. */
  readonly findings: readonly Finding[]
  /** Whether apply would refuse the plan as it is. */
  readonly refused: boolean
}

export function renderExplanation(explanation: Explanation, view: ExplanationView): string {
  const { person, app: name, paths, advice } = explanation
  const { policy, paint } = view
  const app = policy.apps.get(name)
  const title = `${paint('bold', safeText(person))} → ${paint('bold', safeText(app?.spec.displayName ?? name))}`
  const parts =
    app === undefined
      ? paths.map(path => formerApp(path, title, view))
      : paths.map(path => renderPath(path, { ...view, app, partner: partnerOf(explanation, view), path }, title, view))
  if (paths.length === 0 && app === undefined)
    parts.push(`${title}: ${paint('red', 'no')}, and no policy names the app any more\n`)
  if (advice !== undefined && app !== undefined) parts.push(renderAdvice({ person, app, advice, title }, view))
  const found = renderFindings(view.findings, paint)
  return [...parts, ...(found.length === 0 ? [] : [`${found.join('\n')}\n`])].join('\n')
}

function partnerOf({ person, paths }: Explanation, { policy }: ExplanationView): LinkView['partner'] {
  const named =
    policy.people.get(person)?.partner ?? paths.flatMap(({ way }) => (way?.by === 'group' ? [way.partner] : []))[0]
  return policy.partners.get(named ?? '')
}

function renderPath(path: Path, links: LinkView, title: string, view: ExplanationView): string {
  const head = `${title}, as ${safeText(path.role)}: ${verdictOf(path, links, view)}`
  const told = path.standing === 'unnamed' ? 'ended' : path.standing
  const grounds =
    told === 'in force'
      ? []
      : path.grounds.filter(({ standing }) => standing === told).map(ground => groundLine(ground, view))
  // Of what is not to be (yet), nothing is missing.
  const isTold = path.reaches || path.standing === 'in force'
  const sections = [
    [head],
    isTold ? linkLines(path, links, view) : [],
    [...grounds, ...also(path, view)],
    nextSteps(path, links.app, view),
  ]
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`
}

function verdictOf(path: Path, links: LinkView, { paint }: ExplanationView): string {
  const yes = (text: string): string =>
    paint(text.includes('but') || path.standing !== 'in force' ? 'yellow' : 'green', text)
  const end = path.until === null ? 'without an end' : `until ${path.until}`
  if (path.reaches && path.standing === 'in force') {
    const unguarded = path.links.find(link => link.name === 'conditions' && link.state !== 'present')
    if (unguarded === undefined)
      return yes(safeText(`yes, ${end}${isPending(path) ? ', once the invitation is accepted' : ''}`))
    return yes(
      safeText(
        `yes, but guests' conditions are ${unguarded.state === 'broken' ? 'not as the policy says' : 'missing'} (${end})`,
      ),
    )
  }
  if (path.reaches) return yes(safeText(`yes, ${unnamedWay(path)}`))
  if (path.standing === 'later') return paint('yellow', safeText(`not yet: ${startOf(path)}`))
  if (path.standing === 'ended') return paint('red', safeText(`no: it ended on ${path.until}`))
  if (isOpenAnyway(path)) return paint('yellow', 'yes, as everybody in the tenant: the app asks for no assignment yet')
  return paint('red', safeText(whatLacks(path.links, links)))
}

/** Whether nothing but being assigned is lacking, at an app that asks for no assignment. */
function isOpenAnyway({ links, way }: Path): boolean {
  if (way?.appRole !== defaultAccess) return false
  const isOpen = links.some(({ name, there }) => name === 'application' && there[0]?.spec.assignmentRequired === false)
  return isOpen && links.every(({ name, passes }) => passes || assigning.includes(name))
}

const assigning: readonly LinkName[] = ['member', 'assigned', 'role-assigned', 'role-member']

function isPending({ links }: Path): boolean {
  return links.some(({ name, there }) => name === 'guest' && there[0]?.spec.externalUserState === 'PendingAcceptance')
}

function unnamedWay({ way, links, until }: Path): string {
  if (way?.by === 'hand') {
    const spec = links.find(link => link.name === 'by-hand')?.there[0]?.spec ?? {}
    return `by ${byHand(way, spec)} that no policy names`
  }
  return until === null
    ? `still: through ${groupOf(way)}, which no line of the policy gives any more`
    : `still: the policy ended it on ${until}, and nobody has taken it away yet`
}

function whatLacks(path: readonly Link[], view: LinkView): string {
  const lacking = path.filter(link => !link.passes)
  const [first] = lacking
  if (first === undefined) return ''
  const waits = new Set(lacking.map(link => (link.state === 'waiting' ? waitsFor(link) : '')))
  if (lacking.length > 1 && waits.size === 1 && first.state === 'waiting')
    return `not yet: waiting for ${waitsFor(first)}`
  if (lacking.length > 1) return `no, ${lacking.length} links are missing`
  if (first.state === 'missing') return 'no, one link is missing'
  return first.state === 'waiting' ? `not yet: ${faultOf(first, view)}` : `no: ${faultOf(first, view)}`
}

function startOf({ grounds }: Path): string {
  const starts = grounds.flatMap(({ standing, grant }) =>
    standing === 'later' && grant.from !== undefined ? [grant.from] : [],
  )
  return `it begins on ${starts.sort()[0] ?? 'a later day'}`
}

/** How wide the middle column gets before it pushes the places aside. */
const detailWidth = 60

function linkLines({ links, grounds }: Path, words: LinkView, view: ExplanationView): readonly string[] {
  const { paint } = view
  const first = links.find(link => !link.passes)
  const titles = links.map(link => safeText(titleOf(link, words)))
  const details = links.map(link => safeText(detailOf(link, words)))
  const wide = Math.max(...titles.map(text => text.length))
  const width = Math.max(0, ...details.map(text => text.length).filter(length => length <= detailWidth))
  return links.map((link, index) => {
    const [title = '', detail = ''] = [titles[index], details[index]]
    const place = placeOfLink(link, grounds, words.app)
    const where = place === undefined ? '' : `   ${paint('dim', placeOf(inFolder(place, view)))}`
    const mark = link === first ? `   ${paint('red', '← first broken link')}` : ''
    return `  ${markOf(link, paint)} ${title.padEnd(wide)}   ${where === '' && mark === '' ? detail : detail.padEnd(width)}${where}${mark}`.trimEnd()
  })
}

function markOf({ state, passes }: Link, paint: Paint): string {
  if (state === 'present') return paint('green', '✓')
  if (passes) return paint('yellow', '!')
  return state === 'waiting' ? paint('yellow', '~') : paint('red', '✗')
}

/** Of all lines that ask for a link, the person's own, or the app's. */
function placeOfLink({ because }: Link, grounds: readonly Ground[], app: ResolvedApp): Origin | undefined {
  const lines = [
    ...grounds.flatMap(({ grant, member }) => [grant.origin, member.origin]),
    ...Object.values(app.origins),
  ]
  const own = new Set(lines.map(keyOf))
  return because.find(origin => own.has(keyOf(origin))) ?? because[0]
}

function keyOf({ file, line }: Origin): string {
  return `${file}:${line}`
}

function inFolder({ file, line }: Origin, { folder }: ExplanationView): { file: string; line: number } {
  return { file: `${folder}${file}`, line }
}

function groundLine({ grant, member, standing, until }: Ground, view: ExplanationView): string {
  const when =
    standing === 'ended' ? `ended ${until}` : `from ${grant.from}${until === undefined ? '' : ` until ${until}`}`
  // What ended: the person's membership, or the access of the whole group.
  const origin = standing === 'ended' && until === member.until ? member.origin : grant.origin
  const text = safeText(`  ${grant.access}: ${grant.partner}/${grant.group}, ${when}`)
  return `${text}   ${view.paint('dim', placeOf(inFolder(origin, view)))}`
}

function also({ also: ways }: Path, { paint }: ExplanationView): readonly string[] {
  if (ways.length === 0) return []
  const names = ways.map(way => (way.by === 'hand' ? byHand(way, {}) : groupOf(way)))
  return [paint('dim', safeText(`  The same by ${names.join(', ')}.`))]
}

/** How many changes are named before the rest is counted. */
const shownChanges = 5

function nextSteps(path: Path, app: ResolvedApp, view: ExplanationView): readonly string[] {
  const { command, changes } = view.repairOf(path)
  const waits = new Map(path.links.flatMap(({ waiting }) => (waiting === undefined ? [] : [[waiting.id, waiting]])))
  const waiting = [...waits.values()].map(({ id, message }) =>
    safeText(`Waiting: ${nounOf(id as Id)}: ${message.replace(/\.$/, '')}.`),
  )
  if (path.standing === 'unnamed') return unnamedNext(path, app, command, changes)
  if (path.standing === 'ended') return ['A new `until` there would give it back.']
  if (changes.length === 0) return waiting
  const refused = view.refused ? ['Apply refuses the plan as it is: `guestlist plan` says why.'] : []
  return [...repair(command, changes), ...refused, ...waiting]
}

function repair(command: string, changes: readonly PlannedChange[]): readonly string[] {
  const [first] = changes
  if (first !== undefined && changes.length === 1) return [`\`${safeText(command)}\` would ${wordsOf(first)}.`]
  const named = changes.slice(0, shownChanges).map(change => `  ${wordsOf(change)}`)
  const rest = changes.length - named.length
  return [`\`${safeText(command)}\` would`, ...named, ...(rest === 0 ? [] : [`  and ${count(rest, 'more change')}`])]
}

function unnamedNext(
  path: Path,
  app: ResolvedApp,
  command: string,
  changes: readonly PlannedChange[],
): readonly string[] {
  if (changes.length > 0) return repair(command, changes)
  if (path.way?.by !== 'hand') return []
  return [
    safeText(
      `Nothing takes it away: ${app.name} says \`unmanagedGuests: ${app.spec.unmanagedGuests ?? 'report'}\`. With \`remove\` a plan would.`,
    ),
  ]
}

function formerApp(path: Path, title: string, view: ExplanationView): string {
  const verdict = view.paint('yellow', 'yes, still: no policy names the app any more')
  const { command, changes } = view.repairOf(path)
  const next = changes.length === 0 ? [] : ['', ...repair(command, changes)]
  return `${[`${title}, as ${safeText(path.role)}: ${verdict}`, ...next].join('\n')}\n`
}
