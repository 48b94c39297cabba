// `guestlist explain PERSON APP`: the access path, link by link, as it is now. Changes nothing.

import type { Command } from 'commander'
import { closest, distance } from 'fastest-levenshtein'
import { explain } from '../access/explain.ts'
import type { Situation } from '../access/path.ts'
import { addressOf } from '../access/person.ts'
import { accessKey } from '../access/reach.ts'
import type { Planned } from '../engine/plan.ts'
import { narrow } from '../engine/scope.ts'
import type { Explanation, Path } from '../model/explanation.ts'
import type { Finding, PlannedChange } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import { dateOf } from '../model/time.ts'
import { renderExplanation } from '../render/explain.ts'
import { commandLine } from './command-line.ts'
import { exit } from './exit.ts'
import { paintFor } from './host.ts'
import { type Action, checkNames, type Does, type Options } from './options.ts'
import { prepare, refusals } from './planning.ts'

export function addExplain(program: Command, does: Does): void {
  program
    .command('explain')
    .summary('why a person reaches an app, or why not')
    .description(
      'Walks the whole path from a person to an app, link by link, through both directories: what is there, what is\n' +
        'missing, which line of the policy asks for it, and what would repair it. For people without access it says what a\n' +
        'policy would have to say. Changes nothing; exit code 0 for no as for yes.',
    )
    .argument('<person>', 'mail address or user principal name')
    .argument('<app>', 'name of the app in the policies')
    .addHelpText(
      'after',
      `
Examples:
  guestlist explain lee@fabrikam.com payroll
  guestlist explain lee@fabrikam.com payroll --sandbox --at 2027-07-01   the same, as of another day`,
    )
    .action(does(explainAccess))
}

const explainAccess: Action = async (host, options, name = '', appName = '') => {
  const named = (['partner', 'app', 'only'] as const).find(option => options[option] !== undefined)
  if (named !== undefined)
    throw new Failure('bad-option', `explain takes no --${named}`, 'it is about one person and one app, all the way')
  const prepared = await prepare(host, options, 'read')
  if (prepared === undefined) return exit.error
  const { planned, policy, folder, connection } = prepared
  try {
    const app = appNamed(appName, policy)
    checkNames({ partners: [], apps: [app] }, policy, planned.observed.values())
    const person = addressOf(name, policy, planned.observed)
    const explanation = explain(person, app, planned.before.values(), situationOf(planned))
    const meant = meantBy(explanation, policy)
    if (!person.includes('@') && explanation.paths.length === 0) throw noAddress(name, meant)
    if (options.at !== undefined)
      host.stderr.write(`The policies as of ${dateOf(policy.at)}, the directories as they are now.\n`)
    host.stdout.write(
      renderExplanation(explanation, {
        policy,
        folder,
        observed: planned.observed,
        paint: paintFor(host.stdout),
        ...(meant === undefined ? {} : { meant }),
        repairOf: path => repairOf(path, explanation, planned, options),
        findings: planned.plan.findings.filter(finding => isAbout(finding, person)),
        refused: refusals(planned).length > 0,
      }),
    )
    return exit.done
  } finally {
    await connection.close()
  }
}

/** As the policy writes it, or as people read it. */
function appNamed(name: string, { apps }: ResolvedPolicy): string {
  const wanted = name.toLowerCase()
  if (apps.has(wanted)) return wanted
  return [...apps.values()].find(({ spec }) => spec.displayName.toLowerCase() === wanted)?.name ?? name
}

function situationOf({ policy, links, observed, desired, plan }: Planned): Situation {
  return {
    policy,
    links,
    observed,
    desired,
    waiting: new Map(plan.waiting.map(wait => [wait.id, wait])),
    changes: new Map(plan.changes.map(change => [change.id, change])),
  }
}

/** A slip of the pen, or two in a long name: people of one company are alike enough. */
function meantBy({ person, paths }: Explanation, { people }: ResolvedPolicy): string | undefined {
  if (people.has(person) || people.size === 0 || paths.length > 0) return undefined
  const near = closest(person, [...people.keys()])
  return distance(person, near) <= (person.indexOf('@') < 6 ? 1 : 2) ? near : undefined
}

function noAddress(name: string, meant: string | undefined): Failure {
  const hint =
    meant === undefined ? 'a person is named by mail address or user principal name' : `did you mean ${meant}?`
  return new Failure('unknown-person', `\`${name}\` is no address, and nobody has it as a name`, hint)
}

/** The plan for the app alone, where that has all of it. */
function repairOf(
  { role, links, standing }: Path,
  { person, app }: Explanation,
  { plan, steps, before, after }: Planned,
  options: Options,
): { command: string; changes: readonly PlannedChange[] } {
  const isUnnamed = standing === 'unnamed'
  const concerned = new Set(links.flatMap(link => (isUnnamed || link.state !== 'present' ? link.ids : [])))
  // Of an app that has left the policy there is the access alone.
  if (links.length === 0) for (const id of before.get(accessKey(person, app, role))?.links ?? []) concerned.add(id)
  // Of what no policy names, a plan can only take away.
  const changes = plan.changes.filter(({ id, action }) => concerned.has(id) && (!isUnnamed || action === 'delete'))
  const ordered = steps.map(({ change, planned }) => ({ change, ...planned }))
  const ofApp = narrow(ordered, { partners: [], apps: [app] }, [...before.values(), ...after.values()])
  const isOfApp = changes.every(({ id }) => ofApp.some(({ change }) => change.id === id))
  return { command: commandLine('plan', isOfApp ? { ...options, app: [app] } : options), changes }
}

/** The address stands in the message, and not as a part of another one. */
function isAbout({ message }: Finding, person: string): boolean {
  const at = message.toLowerCase().indexOf(person)
  return at >= 0 && !/[\w.+-]/.test(message[at - 1] ?? ' ') && !/[\w-]/.test(message[at + person.length] ?? ' ')
}
