// `guestlist github …`: what workflows ask of GitHub. Where, as whom and about what comes from the variables that GitHub gives
// every job; the token comes from GITHUB_TOKEN and from nowhere else.

import { type Command, InvalidArgumentError } from 'commander'
import { isOnlyEnds } from '../access/only-ends.ts'
import { connectGitHub, type GitHub } from '../connect/github/client.ts'
import { isAsNow, overtaken, type PullRequest } from '../connect/github/current.ts'
import { closeIssues, keepComment, keepIssue, longestBody, type OwnText } from '../connect/github/own-text.ts'
import { byHand, mergedBy, reviewedPlan } from '../connect/github/reviewed-plan.ts'
import type { Plan } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { shortDigest } from '../render/plan.ts'
import { safeText } from '../render/safe-text.ts'
import { exit } from './exit.ts'
import { readWhole, writeWhole } from './files.ts'
import type { Host } from './host.ts'
import { type Action, type Does, pathOf, wholeNumber } from './options.ts'
import { refusals } from './planning.ts'

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

interface CurrentOptions {
  readonly commit: string
  readonly branch: string
}

interface ReviewedPlanOptions extends CurrentOptions {
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
    .description(
      'Where the workflow runs for a pull request that was pushed to since, or is to be merged into another branch now, the\n' +
        'comment is left alone: it is of a newer run.',
    )
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
        'for its last commit. Prints `name=value` lines for $GITHUB_OUTPUT. Refuses a plan that was made against another branch,\n' +
        'and in a run that is repeated a branch that has moved on.',
    )
    .requiredOption('--commit <sha>', 'what the merge has left on the branch', commitId)
    .requiredOption('--branch <name>', 'the branch that it was merged into')
    .requiredOption('--out <file>', 'where the plan goes')
    .option('--workflow <file>', 'of the workflow that plans', 'plan.yml')
    .option('--artifact <name>', 'of its plan, without the number of the pull request', 'guestlist-plan')
    .action(does(fetchReviewedPlan))
  gitHub
    .command('current')
    .summary('refuse a repeated run whose branch has moved on')
    .description(
      'A run that is repeated is of its old commit: what later merges have changed would be changed back. Exit code 4 then.',
    )
    .requiredOption('--commit <sha>', 'what the run has checked out', commitId)
    .requiredOption('--branch <name>', 'the branch that it runs on')
    .action(does(current))
  gitHub
    .command('outputs')
    .summary('print what workflows ask about a plan')
    .description('Prints `name=value` lines about a plan for $GITHUB_OUTPUT.')
    .argument('<file>', 'a plan')
    .action(does(outputs))
}

const comment: Action<CommentOptions> = async (host, options, file = '') => {
  const gitHub = await open(host)
  const about = options.pullRequest === undefined ? pullRequestOf(host) : { number: options.pullRequest }
  const { number } = about
  if ('head' in about && !(await isAsNow(gitHub, about))) {
    const of = `${about.head.slice(0, 7)} for ${about.base}`
    host.stderr.write(`Comment on #${number}: left alone. This run is of ${of}; the pull request has changed since.\n`)
    return exit.done
  }
  const kept = await keepComment(gitHub, number, textOf(host, options, file))
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
  const refusal = await refusalOfRepeated(host, gitHub, options)
  if (refusal !== undefined) throw refusal
  const merged = await mergedBy(gitHub, commit, branch)
  // Told before the plan is looked for: that there is none belongs on the pull request, too.
  host.stdout.write(`pull-request=${merged.pullRequest}\n`)
  const { text, run } = await reviewedPlan(gitHub, merged, {
    workflow,
    artifact: `${artifact}-${merged.pullRequest}`,
  })
  checkBase(planIn(text, 'the plan'), merged.pullRequest, branch)
  writeWhole(pathOf(host, out), text, host.writer.pid)
  host.stderr.write(`The plan of #${merged.pullRequest}, made by ${run}, written to ${out}.\n`)
  return exit.done
}

const current: Action<CurrentOptions> = async (host, options) => {
  const refusal = await refusalOfRepeated(host, undefined, options)
  if (refusal === undefined) return exit.done
  host.stderr.write(`error[${refusal.code}]: ${safeText(refusal.message)}\n  ${safeText(refusal.hint ?? '')}\n`)
  return exit.stale
}

/** A first attempt may be overtaken: what waited in the queue is compared with what would happen. GitHub counts from 1. */
async function refusalOfRepeated(
  host: Host,
  gitHub: GitHub | undefined,
  { commit, branch }: CurrentOptions,
): Promise<Failure | undefined> {
  if (Number(host.env.GITHUB_RUN_ATTEMPT ?? 1) <= 1) return undefined
  return await overtaken(gitHub ?? (await open(host)), commit, branch)
}

/** One that was made against another branch calls drift, in the comment, what that branch has besides. */
function checkBase({ base }: Plan, pullRequest: number, branch: string): void {
  if (base?.revision === `origin/${branch}`) return
  const against = base === undefined ? 'nothing' : base.revision
  const message = `the plan of #${pullRequest} was made against ${against}, not against origin/${branch}`
  throw new Failure('other-base', message, byHand)
}

const outputs: Action = async (host, _options, file = '') => {
  const plan = planIn(readWhole(pathOf(host, file)), file)
  const { gains, losses } = plan.summary
  const lines = {
    digest: shortDigest(plan.digest),
    gains,
    losses,
    changes: plan.changes.length,
    'only-ends': isOnlyEnds(plan),
    refused: refusals({ plan }).length > 0,
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

/** As it was when the run began, by GitHub's own description of the event. */
function pullRequestOf({ env }: Host): PullRequest {
  const file = env.GITHUB_EVENT_PATH ?? ''
  const event = file === '' ? undefined : (parsed(readWhole(file), file) as { pull_request?: EventPullRequest } | null)
  const { number, head, base } = event?.pull_request ?? {}
  if (typeof number === 'number' && typeof head?.sha === 'string' && typeof base?.ref === 'string')
    return { number, head: head.sha, base: base.ref }
  throw new Failure('no-pull-request', 'this job runs for no pull request', 'name one with --pull-request')
}

interface EventPullRequest {
  readonly number?: unknown
  readonly head?: { readonly sha?: unknown }
  readonly base?: { readonly ref?: unknown }
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

function planIn(text: string, file: string): Plan {
  const plan = parsed(text, file) as Partial<Plan> | null
  if (plan?.formatVersion !== '1' || ![plan.effects, plan.changes, plan.findings].every(Array.isArray)) {
    throw new Failure('not-a-plan', `${file} is not a plan`, 'make one with `guestlist plan --out FILE`')
  }
  return plan as Plan
}

function parsed(text: string, file: string): unknown {
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
