// `guestlist github …`: what workflows ask of GitHub. Where, as whom and about what comes from the variables that GitHub gives
// every job; the token comes from GITHUB_TOKEN and from nowhere else.

import { type Command, InvalidArgumentError } from 'commander'
import { isOnlyEnds } from '../access/only-ends.ts'
import { connectGitHub, type GitHub } from '../connect/github/client.ts'
import { closeIssues, keepComment, keepIssue, longestBody, type OwnText } from '../connect/github/own-text.ts'
import { mergedBy, reviewedPlan } from '../connect/github/reviewed-plan.ts'
import type { Plan } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { shortDigest } from '../render/plan.ts'
import { exit } from './exit.ts'
import { readWhole, writeWhole } from './files.ts'
import type { Host } from './host.ts'
import { type Action, type Does, pathOf, wholeNumber } from './options.ts'

interface TextOptions {
  readonly name: string
  readonly author: string
}

interface CommentOptions extends TextOptions {
  readonly pullRequest?: number
}

interface IssueOptions extends TextOptions {
  readonly title: string
  readonly close?: boolean
}

interface ReviewedPlanOptions {
  readonly commit: string
  readonly branch: string
  readonly workflow: string
  readonly artifact: string
  readonly out: string
}

export function addGitHub(program: Command, does: Does): void {
  const gitHub = program
    .command('github')
    .summary('what workflows ask of GitHub: comment, issue, the reviewed plan')
    .description('Used by the workflows in .github/workflows; docs/github.md tells how they work together.')
  const author = ['--author <login>', 'who the token writes as', 'github-actions[bot]'] as const
  gitHub
    .command('comment')
    .summary('keep one comment on a pull request up to date')
    .argument('<file>', 'the comment, in Markdown')
    .option('--name <name>', 'which comment: there is one of each name', plainName, 'plan')
    .option('--pull-request <number>', 'default: the one that the workflow runs for', wholeNumber(1, 2 ** 31))
    .option(...author)
    .action(does(comment))
  gitHub
    .command('issue')
    .summary('keep one issue up to date, or close it')
    .argument('<file>', 'the issue, or with --close its last word, in Markdown')
    .requiredOption('--title <title>', 'of the issue')
    .option('--name <name>', 'which issue: there is one open of each name', plainName, 'drift')
    .option('--close', 'close what is open')
    .option(...author)
    .action(does(issue))
  gitHub
    .command('reviewed-plan')
    .summary('fetch the plan of the pull request that a commit has merged')
    .description(
      'Finds the pull request that was merged as this commit, and the plan that the plan workflow made in this repository\n' +
        'for its last commit. Prints `name=value` lines for $GITHUB_OUTPUT.',
    )
    .requiredOption('--commit <sha>', 'what the merge has left on the branch', commitId)
    .requiredOption('--branch <name>', 'the branch that it was merged into')
    .requiredOption('--out <file>', 'where the plan goes')
    .option('--workflow <file>', 'of the workflow that plans', 'plan.yml')
    .option('--artifact <name>', 'of its plan, without the number of the pull request', 'guestlist-plan')
    .action(does(fetchReviewedPlan))
  gitHub
    .command('outputs')
    .summary('print what workflows ask about a plan')
    .description('Prints `name=value` lines about a plan for $GITHUB_OUTPUT.')
    .argument('<file>', 'a plan')
    .action(does(outputs))
}

const comment: Action<CommentOptions> = async (host, options, file = '') => {
  const number = options.pullRequest ?? pullRequestOf(host)
  const kept = await keepComment(await open(host), number, textOf(host, options, file))
  host.stderr.write(`Comment on #${number}: ${kept}.\n`)
  return exit.done
}

const issue: Action<IssueOptions> = async (host, options, file = '') => {
  const text = textOf(host, options, file)
  if (options.close === true) {
    host.stderr.write(`Issues closed: ${await closeIssues(await open(host), text)}.\n`)
  } else {
    host.stderr.write(`Issue "${options.title}": ${await keepIssue(await open(host), options.title, text)}.\n`)
  }
  return exit.done
}

const fetchReviewedPlan: Action<ReviewedPlanOptions> = async (host, options) => {
  const { commit, branch, workflow, artifact, out } = options
  const gitHub = await open(host)
  const merged = await mergedBy(gitHub, commit, branch)
  // Told before the plan is looked for: that there is none belongs on the pull request, too.
  host.stdout.write(`pull-request=${merged.pullRequest}\n`)
  const { text, run } = await reviewedPlan(gitHub, merged, {
    workflow,
    artifact: `${artifact}-${merged.pullRequest}`,
  })
  writeWhole(pathOf(host, out), text, host.writer.pid)
  host.stderr.write(`The plan of #${merged.pullRequest}, made by ${run}, written to ${out}.\n`)
  return exit.done
}

const outputs: Action = async (host, _options, file = '') => {
  const plan = planIn(host, file)
  const { gains, losses } = plan.summary
  const lines = {
    digest: shortDigest(plan.digest),
    gains,
    losses,
    changes: plan.changes.length,
    'only-ends': isOnlyEnds(plan),
  }
  for (const [name, value] of Object.entries(lines)) host.stdout.write(`${name}=${value}\n`)
  return exit.done
}

function open({ env }: Host): Promise<GitHub> {
  const value = (name: string, hint: string): string => {
    const found = env[name]?.trim() ?? ''
    if (found === '') throw new Failure('no-github', `${name} is not set`, hint)
    return found
  }
  return connectGitHub({
    token: value('GITHUB_TOKEN', 'give the step the token of its job: `github.token`'),
    repository: value('GITHUB_REPOSITORY', 'owner/name; GitHub sets it in every job'),
    apiUrl: env.GITHUB_API_URL?.trim() || 'https://api.github.com',
  })
}

/** The number that GitHub's own description of the event has. */
function pullRequestOf(host: Host): number {
  const file = host.env.GITHUB_EVENT_PATH ?? ''
  const event = file === '' ? undefined : (parsed(host, file) as { pull_request?: { number?: unknown } } | null)
  const number = event?.pull_request?.number
  if (typeof number === 'number' && Number.isInteger(number)) return number
  throw new Failure('no-pull-request', 'this job runs for no pull request', 'name one with --pull-request')
}

function textOf(host: Host, { name, author }: TextOptions, file: string): OwnText {
  return { name, author, body: fitting(readWhole(pathOf(host, file)).trimEnd(), runOf(host)) }
}

/** The page of this run, where the artifacts are. */
function runOf({ env }: Host): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env
  const url = `${server}/${repository}/actions/runs/${id}`
  return id !== undefined && URL.canParse(url) ? url : undefined
}

/** Whole lines only, and never without a word about the ones that are missing. */
function fitting(text: string, run: string | undefined): string {
  const link = run === undefined ? '' : `\n\n[This run, with the whole report](${run})`
  const whole = `${text}${run === undefined || text.includes(run) ? '' : link}\n`
  // The mark in front needs some room, too.
  const room = longestBody - 100
  if (whole.length <= room) return whole
  const cut = text.slice(0, text.lastIndexOf('\n', room - 100 - link.length))
  const missing = text.slice(cut.length).trim().split('\n').length
  return `${cut}\n\n… and ${missing} more lines that a comment has no room for.${link}\n`
}

function planIn(host: Host, file: string): Plan {
  const plan = parsed(host, file) as Partial<Plan> | null
  if (plan?.formatVersion !== '1' || !Array.isArray(plan.effects) || !Array.isArray(plan.changes)) {
    throw new Failure('not-a-plan', `${file} is not a plan`, 'make one with `guestlist plan --out FILE`')
  }
  return plan as Plan
}

function parsed(host: Host, file: string): unknown {
  const text = readWhole(pathOf(host, file))
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('not-json', `${file} is no JSON`)
  }
}

/** It becomes part of a mark in the text. */
function plainName(value: string): string {
  if (!/^[a-z][a-z-]{0,30}$/.test(value)) throw new InvalidArgumentError('It is lower-case letters and hyphens.')
  return value
}

function commitId(value: string): string {
  if (!/^[0-9a-f]{40}$/.test(value)) throw new InvalidArgumentError('It is the whole commit id, 40 hexadecimal digits.')
  return value
}
