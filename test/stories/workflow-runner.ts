// Runs a workflow of the repository as GitHub does, on this machine: jobs by what they need, steps by their conditions, every
// `run:` in bash with the variables that it would have there, our own composite action out of the checkout. Other people's
// actions have stand-ins. The workflow and the action are read from the commit that the event is about, as GitHub reads them.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { foreignActions } from './foreign-actions.ts'
import { git } from './git.ts'
import { type GitHubStandIn, type Permissions, type Run, repository } from './github-stand-in.ts'
import { type Context, filled, holds, type Status } from './workflow-expression.ts'

export interface World {
  /** The bare repository that everybody pushes to. */
  readonly origin: string
  readonly gitHub: GitHubStandIn
  /** First on the PATH: stand-ins of programs. */
  readonly tools: string
  readonly scratch: string
  readonly vars: Readonly<Record<string, string>>
  /** Their own variables. A job may name no other environment. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface Event {
  readonly name: 'pull_request' | 'push' | 'schedule' | 'workflow_dispatch'
  /** What is checked out, and which workflow is run. */
  readonly sha: string
  readonly ref: string
  readonly baseRef?: string
  /** The last commit of a pull request's branch. */
  readonly headSha?: string
  readonly headRepository?: string
  readonly payload: Context
}

export interface JobResult {
  readonly result: 'success' | 'failure' | 'skipped'
  readonly outputs: Readonly<Record<string, string>>
  readonly environment?: string
  readonly runsOn?: string
  readonly log: string
  readonly summary: string
  /** Workflow commands that the log held and that were in force. */
  readonly commands: readonly string[]
  /** What the scripts saw. */
  readonly env: Readonly<Record<string, string>>
}

interface Step {
  readonly id?: string
  readonly name?: string
  readonly if?: string
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly needs?: string | readonly string[]
  readonly if?: string
  readonly 'runs-on': string
  readonly environment?: string
  readonly permissions?: Permissions
  readonly env?: Readonly<Record<string, unknown>>
  readonly outputs?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

interface Workflow {
  readonly on: object
  readonly jobs: Readonly<Record<string, Job>>
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  readonly outputs: Readonly<Record<string, { readonly value: string }>>
  readonly runs: { readonly steps: readonly Step[] }
}

export type Results = Readonly<Record<string, JobResult>>

/** What a run was, by its results: GitHub lets it be repeated, with its old event and its old commit. */
const runs = new WeakMap<Results, { readonly world: World; readonly run: Run; readonly event: Event }>()

/** The results of the jobs by name; the run is known to GitHub afterwards. */
export async function runWorkflow(world: World, file: string, event: Event): Promise<Results> {
  const path = `.github/workflows/${file}`
  const id = world.gitHub.nextId()
  const run: Run = {
    id,
    run_number: id,
    path,
    event: event.name,
    head_sha: event.headSha ?? event.sha,
    head_repository: { full_name: event.headRepository ?? repository },
    html_url: `https://github.example/${repository}/actions/runs/${id}`,
    run_attempt: 1,
    conclusion: null,
  }
  world.gitHub.runs.push(run)
  return await play(world, run, event)
}

/** “Re-run all jobs”. */
export async function runAgain(results: Results): Promise<Results> {
  const { world, run, event } = runs.get(results) ?? {}
  if (world === undefined || run === undefined || event === undefined) throw new Error('this is no run')
  run.run_attempt++
  return await play(world, run, event)
}

async function play(world: World, run: Run, event: Event): Promise<Results> {
  const workflow = parse(git(world.origin, 'show', `${event.sha}:${run.path}`)) as Workflow
  if (!Object.hasOwn(workflow.on, event.name)) throw new Error(`${run.path} does not run on ${event.name}`)
  const results: Record<string, JobResult> = {}
  for (const [name, job] of Object.entries(workflow.jobs)) {
    results[name] = await new JobRun(world, run, event, job, results).play()
  }
  run.conclusion = Object.values(results).some(({ result }) => result === 'failure') ? 'failure' : 'success'
  runs.set(results, { world, run, event })
  return results
}

const skipped: JobResult = { result: 'skipped', outputs: {}, log: '', summary: '', commands: [], env: {} }

class JobRun {
  readonly world: World
  readonly run: Run
  readonly event: Event
  readonly job: Job
  readonly needs: Readonly<Record<string, JobResult>>
  readonly workspace: string
  readonly temporary: string
  readonly isFork: boolean
  readonly context: Context
  readonly path: string[] = []
  readonly commands: string[] = []
  environment: Readonly<Record<string, string>> = {}
  env: Readonly<Record<string, string>> = {}
  log = ''

  constructor(world: World, run: Run, event: Event, job: Job, results: Readonly<Record<string, JobResult>>) {
    this.world = world
    this.run = run
    this.event = event
    this.job = job
    this.needs = Object.fromEntries([job.needs ?? []].flat().map(name => [name, results[name] ?? skipped]))
    this.workspace = mkdtempSync(join(world.scratch, 'workspace-'))
    this.temporary = mkdtempSync(join(world.scratch, 'runner-'))
    this.isFork = (event.headRepository ?? repository) !== repository
    this.context = {
      vars: world.vars,
      needs: this.needs,
      github: {
        repository,
        event: event.payload,
        event_name: event.name,
        base_ref: event.baseRef ?? '',
        run_attempt: run.run_attempt,
        token: world.gitHub.token(this.permissions),
      },
    }
  }

  /** A fork's job reads, and is nobody. */
  get permissions(): Permissions {
    const given = Object.entries(this.job.permissions ?? {})
    if (!this.isFork) return Object.fromEntries(given)
    return Object.fromEntries(given.filter(([name]) => name !== 'id-token').map(([name]) => [name, 'read']))
  }

  async play(): Promise<JobResult> {
    const allWell = Object.values(this.needs).every(({ result }) => result === 'success')
    const anyFailed = Object.values(this.needs).some(({ result }) => result === 'failure')
    const status = { success: allWell, failure: anyFailed, cancelled: false }
    if (!holds(this.job.if, this.context, status)) return skipped
    const environment = this.job.environment === undefined ? undefined : filled(this.job.environment, this.context)
    if (environment !== undefined) {
      const known = this.world.environments[environment]
      if (known === undefined) throw new Error(`there is no environment ${environment}`)
      this.environment = known
    }
    writeFileSync(join(this.temporary, 'event.json'), JSON.stringify(this.event.payload))
    writeFileSync(join(this.temporary, 'summary'), '')
    const played = await this.steps(this.job.steps, { ...this.context, vars: this.vars })
    const outputs = Object.entries(this.job.outputs ?? {}).map(([name, text]) => [
      name,
      filled(text, { ...this.context, steps: played.steps }),
    ])
    return {
      result: played.isWell ? 'success' : 'failure',
      outputs: Object.fromEntries(outputs) as Record<string, string>,
      runsOn: filled(this.job['runs-on'], this.context),
      ...(environment === undefined ? {} : { environment }),
      log: this.log,
      summary: readFileSync(join(this.temporary, 'summary'), 'utf8'),
      commands: this.commands,
      env: this.env,
    }
  }

  get vars(): Readonly<Record<string, string>> {
    return { ...this.world.vars, ...this.environment }
  }

  async steps(
    list: readonly Step[],
    context: Context,
  ): Promise<{ readonly isWell: boolean; readonly steps: Readonly<Record<string, object>> }> {
    const done: Record<string, { outputs: Readonly<Record<string, string>> }> = {}
    let isWell = true
    for (const step of list) {
      const now = { ...context, steps: done }
      const status: Status = { success: isWell, failure: !isWell, cancelled: false }
      if (!holds(step.if, now, status)) continue
      const { code, outputs } = await this.step(step, now)
      if (step.id !== undefined) done[step.id] = { outputs }
      if (code !== 0) isWell = false
    }
    return { isWell, steps: done }
  }

  async step(step: Step, context: Context): Promise<Played> {
    const given = Object.fromEntries(Object.entries(step.with ?? {}).map(([key, text]) => [key, filled(text, context)]))
    if (step.run !== undefined) return await this.script(step, context)
    const uses = step.uses ?? ''
    if (uses.startsWith('./')) return await this.composite(join(this.workspace, uses), given, context)
    const standIn = foreignActions[uses.split('@')[0] ?? '']
    if (standIn === undefined) throw new Error(`there is no stand-in of ${uses}`)
    return { code: standIn(given, this), outputs: {} }
  }

  async composite(folder: string, given: Readonly<Record<string, string>>, context: Context): Promise<Played> {
    const action = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as Action
    for (const name of Object.keys(given))
      if (!Object.hasOwn(action.inputs, name)) throw new Error(`the action has no input ${name}`)
    const inputs = Object.fromEntries(
      Object.entries(action.inputs).map(([name, input]) => [name, given[name] ?? input.default ?? '']),
    )
    // An action sees its inputs and the event, not the variables of the repository.
    const inside = { github: { ...(context.github as object), action_path: folder }, inputs }
    const { isWell, steps } = await this.steps(action.runs.steps, inside)
    const outputs = Object.entries(action.outputs).map(([name, { value }]) => [
      name,
      filled(value, { ...inside, steps }),
    ])
    return { code: isWell ? 0 : 1, outputs: Object.fromEntries(outputs) as Record<string, string> }
  }

  async script(step: Step, context: Context): Promise<Played> {
    const file = join(this.temporary, 'script.sh')
    const [output, path] = [join(this.temporary, 'output'), join(this.temporary, 'path')]
    writeFileSync(file, filled(step.run, context))
    writeFileSync(output, '')
    writeFileSync(path, '')
    const set = { ...this.job.env, ...step.env }
    const env = {
      ...this.standard(),
      GITHUB_OUTPUT: output,
      GITHUB_PATH: path,
      ...Object.fromEntries(
        Object.entries(set).map(([name, text]) => [name, filled(text, { vars: this.vars, ...context })]),
      ),
    }
    this.env = { ...this.env, ...env }
    // GitHub's two ways to call bash: pipes fail only where `shell: bash` is written.
    const flags = step.shell === 'bash' ? ['--noprofile', '--norc', '-e', '-o', 'pipefail'] : ['-e']
    const { code, text } = await spawned('bash', [...flags, file], { cwd: this.workspace, env })
    this.log += text
    this.commands.push(...commandsIn(text))
    this.path.unshift(...readFileSync(path, 'utf8').split('\n').filter(Boolean))
    return { code, outputs: outputsIn(readFileSync(output, 'utf8')) }
  }

  /** What GitHub gives every script. Nothing of this machine's environment but where programs are. */
  standard(): Readonly<Record<string, string>> {
    return {
      PATH: [...this.path, this.world.tools, process.env.PATH].join(':'),
      HOME: this.temporary,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: this.world.gitHub.url,
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_REPOSITORY: repository,
      GITHUB_RUN_ID: String(this.run.id),
      GITHUB_RUN_ATTEMPT: String(this.run.run_attempt),
      GITHUB_SHA: this.event.sha,
      GITHUB_REF: this.event.ref,
      GITHUB_REF_NAME: this.event.ref.replace(/^refs\/(heads\/|pull\/)/, ''),
      GITHUB_EVENT_NAME: this.event.name,
      GITHUB_EVENT_PATH: join(this.temporary, 'event.json'),
      GITHUB_STEP_SUMMARY: join(this.temporary, 'summary'),
      GITHUB_ACTOR: 'somebody',
      RUNNER_TEMP: this.temporary,
      ...(this.permissions['id-token'] === 'write'
        ? { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://identity.example/', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token' }
        : {}),
    }
  }
}

interface Played {
  readonly code: number
  readonly outputs: Readonly<Record<string, string>>
}

function outputsIn(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter(Boolean)
  return Object.fromEntries(
    lines.map(line => {
      const at = line.indexOf('=')
      if (at < 0) throw new Error(`not name=value: ${line}`)
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

/** As the runner finds them: in front of a line, wherever that begins, or in the old form anywhere in it. */
function commandsIn(log: string): readonly string[] {
  let quiet: string | undefined
  return log.split('\n').flatMap(line => {
    const text = line.trimStart()
    if (quiet !== undefined) {
      if (text === `::${quiet}::`) quiet = undefined
      return []
    }
    const stop = /^::stop-commands::(.+)$/.exec(text)?.[1]
    if (stop !== undefined) quiet = stop
    return stop === undefined && (/^::[a-z-]+/.test(text) || text.includes('##[')) ? [text] : []
  })
}

function spawned(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', fail)
    child.once('close', code => done({ code: code ?? 1, text: Buffer.concat(chunks).toString() }))
  })
}
