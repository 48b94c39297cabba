// A reviewed plan as apply uses it: what it was asked about is asked again, what it needs of the one that is made now, and why
// it is not applied if that says something else.

import { differenceFrom } from '../engine/reviewed.ts'
import type { Plane } from '../model/id.ts'
import type { Plan } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { count } from '../render/layout.ts'
import { shortDigest } from '../render/plan.ts'
import { safeText } from '../render/safe-text.ts'
import { renderStale } from '../render/stale.ts'
import { kinds } from '../resources/registry.ts'
import { commandLine, quoted } from './command-line.ts'
import { type Host, paintFor } from './host.ts'
import { type Options, pathOf } from './options.ts'
import { checkMeant, checkPlace, readPlanFile } from './plan-file.ts'
import type { AskedBy, Prepared } from './planning.ts'

export interface Reviewed extends AskedBy {
  readonly plan: Plan
  /** As the person named it. */
  readonly file: string
  /** What the plan was asked about, in place of what the command line leaves out. */
  readonly options: Options
  /** Of a plan for both directories, the one that is written to. */
  readonly part: Plane | undefined
}

export function readReviewed(host: Host, options: Options, file: string): Reviewed {
  const plan = readPlanFile(pathOf(host, file), file)
  checkPlace(plan, file, options.sandbox === true)
  const { partners, apps, only, ended } = plan.scope
  sameNames('--partner', options.partner, partners, file)
  sameNames('--app', options.app, apps, file)
  if (only !== null && options.only !== undefined && options.only !== only)
    throw otherScope(file, `--only ${only}`, `--only ${options.only}`)
  if (options.ended === true && ended !== true) throw otherScope(file, 'no --ended', '--ended')
  const { only: part, ...rest } = options
  const scope = {
    partner: partners,
    app: apps,
    ...(only === null ? {} : { only }),
    ...(ended === true ? { ended } : {}),
  }
  return {
    plan,
    file,
    options: { ...rest, ...scope },
    part: only === null ? part : undefined,
    also: new Set(plan.changes.map(({ id }) => id)),
    check: (policy, now) => checkMeant(plan, file, policy, now, options.sandbox === true),
  }
}

function sameNames(option: string, given: readonly string[] = [], planned: readonly string[], file: string): void {
  const [these, those] = [new Set(given), new Set(planned)]
  if (given.length === 0 || (these.size === those.size && planned.every(name => these.has(name)))) return
  const said = planned.length === 0 ? `no ${option}` : planned.map(name => `${option} ${name}`).join(' ')
  throw otherScope(file, said, given.map(name => `${option} ${name}`).join(' '))
}

function otherScope(file: string, planned: string, given: string): Failure {
  const message = `${file} was made with ${planned}; ${given} is something else`
  return new Failure('other-scope', message, 'leave the option out: the plan knows what it is about')
}

/** Tells why not, if it may not. */
export function mayRun(
  host: Host,
  { plan, file, options }: Reviewed,
  { planned }: Prepared,
  isChanged = false,
): boolean {
  const difference = differenceFrom(plan, planned, kinds)
  if (difference === undefined) return true
  const now = planned.plan
  host.stderr.write(
    `error[stale-plan]: ${safeText(file)} is plan ${shortDigest(plan.digest)}; what would happen now is plan ${shortDigest(now.digest)}: nothing ${isChanged ? 'more ' : ''}was changed\n`,
  )
  host.stderr.write(
    now.policyDigest === plan.policyDigest
      ? '  The policies are the same: the directories or the day are not.\n'
      : '  The policies are not those that were reviewed.\n',
  )
  host.stderr.write(renderStale(difference, paintFor(host.stderr)))
  host.stderr.write(`  plan again, and review that: ${commandLine('plan', options)} --out ${quoted(file)}\n`)
  return false
}

/** `others`: the other directory's changes, `waiting`: this one's that wait for them. */
export function tellOthers(
  host: Host,
  { file, part }: Reviewed,
  options: Options,
  { others, waiting }: { readonly others: number; readonly waiting: number },
): void {
  if (part === undefined || others === 0) return
  const other: Plane = part === 'entra' ? 'active-directory' : 'entra'
  const { partner: _partner, app: _app, ...rest } = options
  const wait =
    waiting === 0
      ? ''
      : ` (${count(waiting, 'change')} of ${names[part]} ${waiting === 1 ? 'waits' : 'wait'} for ${others === 1 ? 'it' : 'them'})`
  host.stdout.write(
    `${count(others, 'change')} of ${names[other]} ${others === 1 ? 'is' : 'are'} left${wait}: ${commandLine('apply', { ...rest, only: other }, file)}\n`,
  )
  if (waiting > 0) host.stdout.write(`Then this again: ${commandLine('apply', rest, file)}\n`)
}

const names: Readonly<Record<Plane, string>> = { entra: 'Entra ID', 'active-directory': 'Active Directory' }
