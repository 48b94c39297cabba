// `guestlist validate`: every problem of every policy file, in one run. The problems are its result: they go to stdout.

import type { Command } from 'commander'
import { isRefusal } from '../policy/load.ts'
import { count } from '../render/layout.ts'
import { renderProblems, summarizeProblems } from '../render/problem.ts'
import { safeText } from '../render/safe-text.ts'
import { exit } from './exit.ts'
import { paintFor } from './host.ts'
import type { Action, Does } from './options.ts'
import { isMistake, type Policies, readPolicies } from './policies.ts'

export function addValidate(program: Command, does: Does): void {
  program
    .command('validate')
    .summary('check the policies: schema, references, rules')
    .description(
      'Reads every policy file and reports every problem: what the schema does not allow, names that lead nowhere,\n' +
        'people of foreign domains, accesses that are over, rules that are broken. Needs no network and no sandbox.\n' +
        'Exit code 1 for mistakes, 3 if a rule or guardrail alone refuses.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  guestlist validate\n  guestlist validate --policies other/policies --at 2027-07-01',
    )
    .action(does(validate))
}

const validate: Action = async (host, options) => {
  const policies = await readPolicies(host, options, options.at ?? host.now())
  const { problems, folder } = policies
  const paint = paintFor(host.stdout)
  if (problems.length > 0)
    host.stdout.write(`${renderProblems(problems, { prefix: folder, color: host.stdout.color })}\n`)
  const bad = problems.some(problem => problem.severity === 'error')
  host.stdout.write(`${paint(bad ? 'red' : 'green', summaryOf(policies))}\n`)
  if (problems.some(isMistake)) return exit.error
  return problems.some(isRefusal) ? exit.refused : exit.done
}

function summaryOf({ problems, files, policy }: Policies): string {
  const summary = summarizeProblems(problems, files)
  if (policy === undefined) return summary
  const nouns = [
    count(policy.partners.size, 'partner'),
    count(policy.people.size, 'person', 'people'),
    count(policy.apps.size, 'app'),
    count(new Set(policy.grants.map(grant => grant.access)).size, 'access', 'accesses'),
  ]
  return `${safeText(policy.organization.spec.name)}: ${nouns.join(', ')} · ${summary}`
}
