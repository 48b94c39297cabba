// `guestlist validate`: every problem of every policy file, in one run. The problems are its result: they go to stdout.

import { type Command, Option } from 'commander'
import { isRefusal } from '../model/problem.ts'
import { renderAnnotations } from '../render/annotations.ts'
import { count } from '../render/layout.ts'
import { renderProblems, summarizeProblems } from '../render/problem.ts'
import { reportsOfProblems } from '../render/report.ts'
import { safeText } from '../render/safe-text.ts'
import { renderSarif } from '../render/sarif.ts'
import { exit } from './exit.ts'
import { fromRootOf } from './from-root.ts'
import { paintFor, type Sink } from './host.ts'
import { version } from './installed.ts'
import { type Action, checkMeaning, type Does } from './options.ts'
import { isMistake, type Policies, readPolicies } from './policies.ts'

interface ValidateOptions {
  readonly format: 'text' | 'github' | 'sarif'
}

export function addValidate(program: Command, does: Does): void {
  program
    .command('validate')
    .summary('check the policies: schema, references, rules')
    .description(
      'Reads every policy file and reports every problem: what the schema does not allow, names that lead nowhere,\n' +
        'people of foreign domains, accesses that are over, rules that are broken. Needs no network and no sandbox.\n' +
        'Exit code 1 for mistakes, 3 if a rule or guardrail alone refuses.',
    )
    .addOption(
      new Option('--format <format>', 'text for people, github for annotations of a pull request, sarif for scanners')
        .choices(['text', 'github', 'sarif'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  guestlist validate
  guestlist validate --policies other/policies --at 2027-07-01
  guestlist validate --format github                 in GitHub Actions: every problem at its line of the pull request
  guestlist validate --format sarif > guestlist.sarif`,
    )
    .action(does(validate))
}

const validate: Action<ValidateOptions> = async (host, options) => {
  checkMeaning(options, 'validate', ['at'])
  const policies = await readPolicies(host, options, options.at ?? host.now())
  const { problems, folder } = policies
  if (options.format === 'text') tell(host.stdout, policies)
  else {
    const fromRoot = fromRootOf(host)
    const reports = reportsOfProblems(problems, folder, fromRoot)
    host.stdout.write(
      options.format === 'github'
        ? renderAnnotations(reports)
        : renderSarif(reports, { command: 'validate', version: version(), folder: fromRoot(folder) }),
    )
    tell(host.stderr, policies)
  }
  if (problems.some(isMistake)) return exit.error
  return problems.some(isRefusal) ? exit.refused : exit.done
}

/** For people: also in the log of a build, where the place and the line are told besides. */
function tell(sink: Sink, policies: Policies): void {
  const { problems, folder } = policies
  if (problems.length > 0) sink.write(`${renderProblems(problems, { prefix: folder, color: sink.color })}\n`)
  const bad = problems.some(problem => problem.severity === 'error')
  sink.write(`${paintFor(sink)(bad ? 'red' : 'green', summaryOf(policies))}\n`)
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
