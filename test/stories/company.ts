// A company that keeps its partner access at GitHub: a real Git repository with the workflows and the action of this repository as
// they are, its policies, and in the place of guestlist's sources a program that calls guestlist in the sandbox: the workflows
// themselves know no sandbox.

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from '../../src/model/plan.ts'
import { git } from './git.ts'
import { GitHubStandIn, repository as name, type Pull } from './github-stand-in.ts'
import { guestlist, repository } from './guestlist.ts'
import { type Event, type Results, runWorkflow, type World } from './workflow-runner.ts'

export interface Change {
  readonly number: number
  readonly branch: string
  readonly pull: Pull
}

export const today = '2026-12-01T09:00:00Z'

export class Company {
  readonly gitHub: GitHubStandIn
  readonly world: World
  /** Somebody's clone of the repository. */
  readonly clone: string
  /** Of tenant and domain. */
  readonly state: string
  readonly #clock: string
  #pulls = 0

  /** In an empty folder. The directories say what the policies say. */
  static async found(scratch: string): Promise<Company> {
    const company = new Company(scratch, await GitHubStandIn.start())
    const { code, stderr } = await guestlist(['apply', '--sandbox', '--state', company.state], { cwd: company.clone })
    if (code !== 0) throw new Error(stderr)
    return company
  }

  private constructor(scratch: string, gitHub: GitHubStandIn) {
    const [origin, tools] = [join(scratch, 'origin.git'), join(scratch, 'tools')]
    this.gitHub = gitHub
    this.clone = join(scratch, 'clone')
    this.state = join(scratch, 'state')
    this.#clock = join(scratch, 'clock')
    this.world = {
      origin,
      gitHub,
      tools,
      scratch,
      vars: { AZURE_TENANT_ID: 'the tenant' },
      environments: {
        'guestlist-plan': { AZURE_CLIENT_ID: 'reads' },
        'guestlist-apply': { AZURE_CLIENT_ID: 'writes, once approved' },
        'guestlist-unattended': { AZURE_CLIENT_ID: 'writes' },
      },
    }
    this.itIs(today)
    mkdirSync(tools)
    symlinkSync(process.execPath, join(tools, 'node'))
    // Nothing is installed in the story; what would be is checked in test/workflows.test.ts.
    writeFileSync(join(tools, 'npm'), '#!/bin/sh\n[ "$1" = ci ] && [ "$2" = --prefix ]\n', { mode: 0o755 })
    git(scratch, 'init', '--quiet', '--bare', '--initial-branch=main', origin)
    git(origin, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    git(scratch, 'init', '--quiet', '--initial-branch=main', this.clone)
    git(this.clone, 'remote', 'add', 'origin', origin)
    for (const folder of ['.github', 'policies'])
      cpSync(join(repository, folder), join(this.clone, folder), { recursive: true })
    mkdirSync(join(this.clone, 'src'))
    writeFileSync(join(this.clone, 'src/main.ts'), this.#inTheSandbox(join(scratch, 'cache')))
    this.#commit('partner access')
    git(this.clone, 'push', '--quiet', 'origin', 'main')
    gitHub.headOf = branch => git(origin, 'rev-parse', `refs/heads/${branch}`)
  }

  /** Stands where guestlist's sources are in this repository: the same command line, against the sandbox. */
  #inTheSandbox(cache: string): string {
    const [main, state, clock] = [join(repository, 'src/main.ts'), this.state, this.#clock].map(path =>
      JSON.stringify(path),
    )
    return `import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
enableCompileCache(${JSON.stringify(cache)})
const command = process.argv[2]
if (['plan', 'apply'].includes(command)) process.argv.push('--sandbox', '--state', ${state})
if (['plan', 'apply', 'validate'].includes(command)) process.argv.push('--at', readFileSync(${clock}, 'utf8'))
await import(${main})
`
  }

  itIs(moment: string): void {
    writeFileSync(this.#clock, moment)
  }

  edit(file: string, change: (text: string) => string): void {
    const before = readFileSync(join(this.clone, file), 'utf8')
    const after = change(before)
    if (after === before) throw new Error(`nothing has changed in ${file}`)
    writeFileSync(join(this.clone, file), after)
  }

  /** One more engineer of Fabrikam: a line in the policy. */
  addEngineer(address: string): void {
    const [file, next] = ['policies/partners/fabrikam.yaml', '  site-leads:\n']
    this.edit(file, text => text.replace(next, () => `      - ${address}\n${next}`))
  }

  /** A branch from another with a change on it, and a pull request. */
  open(edits: () => void, from = name, into = 'main'): Change {
    const number = ++this.#pulls
    const branch = `change-${number}`
    git(this.clone, 'checkout', '--quiet', '-b', branch, `origin/${into}`)
    edits()
    const sha = this.#commit(branch)
    git(this.clone, 'push', '--quiet', 'origin', branch)
    const pull: Pull = {
      number,
      base: { ref: into, repo: { full_name: name } },
      head: { sha, repo: { full_name: from } },
      merged_at: null,
      merge_commit_sha: null,
    }
    this.gitHub.pulls.push(pull)
    return { number, branch, pull }
  }

  /** Commits more to the branch of a pull request. */
  push(change: Change, edits: () => void): Change {
    git(this.clone, 'checkout', '--quiet', change.branch)
    edits()
    const sha = this.#commit('more')
    git(this.clone, 'push', '--quiet', 'origin', change.branch)
    const pull = { ...change.pull, head: { ...change.pull.head, sha } }
    this.gitHub.pulls.splice(this.gitHub.pulls.indexOf(change.pull), 1, pull)
    return { ...change, pull }
  }

  /** Past all pull requests. */
  pushTo(branch: string, edits: () => void): void {
    git(this.clone, 'checkout', '--quiet', '-B', branch, 'origin/main')
    edits()
    this.#commit('quickly')
    git(this.clone, 'push', '--quiet', 'origin', branch)
  }

  /** Takes the last change of main back, past all pull requests. */
  takeBack(): void {
    this.pushTo('main', () => git(this.clone, 'checkout', '--quiet', 'HEAD^', '--', '.'))
  }

  /** What GitHub does for a pull request: merges it for trial, and runs the workflow. */
  async plan({ number, branch, pull }: Change): Promise<Results> {
    git(this.clone, 'checkout', '--quiet', '--detach', `origin/${pull.base.ref}`)
    git(this.clone, 'merge', '--quiet', '--no-ff', '--message', `Merge ${branch}`, branch)
    const sha = git(this.clone, 'rev-parse', 'HEAD')
    const ref = `refs/pull/${number}/merge`
    git(this.clone, 'push', '--quiet', '--force', 'origin', `HEAD:${ref}`)
    return await runWorkflow(this.world, 'plan.yml', {
      name: 'pull_request',
      sha,
      ref,
      baseRef: pull.base.ref,
      headSha: pull.head.sha,
      headRepository: pull.head.repo.full_name,
      payload: { pull_request: { number, head: pull.head, base: pull.base, user: { login: 'robin' } } },
    })
  }

  /** The three ways of GitHub's button, and what then runs. */
  merge({ number, branch, pull }: Change, way: 'merge' | 'squash' | 'rebase'): Promise<Results> {
    git(this.clone, 'checkout', '--quiet', '-B', 'main', 'origin/main')
    const before = git(this.clone, 'rev-parse', 'HEAD')
    if (way === 'merge') git(this.clone, 'merge', '--quiet', '--no-ff', '--message', `Merge #${number}`, branch)
    else {
      if (way === 'squash') git(this.clone, 'merge', '--quiet', '--squash', branch)
      else git(this.clone, 'cherry-pick', '--no-commit', `main..${branch}`)
      git(this.clone, 'commit', '--quiet', '--message', `${branch} (#${number})`)
    }
    git(this.clone, 'push', '--quiet', 'origin', 'main')
    const sha = git(this.clone, 'rev-parse', 'HEAD')
    pull.merged_at = today
    pull.merge_commit_sha = sha
    this.gitHub.pullsOf.set(sha, [number])
    return this.runs('apply.yml', 'push', {}, { before })
  }

  /** A workflow on main. */
  runs(
    file: string,
    event: Event['name'],
    vars: Readonly<Record<string, string>> = {},
    payload: Event['payload'] = {},
  ): Promise<Results> {
    const sha = git(this.clone, 'rev-parse', 'origin/main')
    const world = { ...this.world, vars: { ...this.world.vars, ...vars } }
    return runWorkflow(world, file, { name: event, sha, ref: 'refs/heads/main', payload })
  }

  /** What main would change now. */
  async pending(): Promise<Plan> {
    this.#atMain()
    const at = readFileSync(this.#clock, 'utf8')
    const args = ['plan', '--sandbox', '--state', this.state, '--format', 'json', '--at', at]
    return JSON.parse((await guestlist(args, { cwd: this.clone })).stdout) as Plan
  }

  /** All that tenant and domain hold. */
  async everything(): Promise<string> {
    const { stdout } = await guestlist(['sandbox', 'dump', '--state', this.state], { cwd: this.clone })
    return stdout
  }

  /** Main's policies, changed in another folder and applied from there: what nobody's pull request has asked for. */
  async applyElsewhere(folder: string, file: string, change: (text: string) => string): Promise<void> {
    this.#atMain()
    cpSync(join(this.clone, 'policies'), join(folder, 'policies'), { recursive: true })
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')))
    const { code, stderr } = await guestlist(['apply', '--sandbox', '--state', this.state], { cwd: folder })
    if (code !== 0) throw new Error(stderr)
  }

  #atMain(): void {
    git(this.clone, 'checkout', '--quiet', '--detach', 'origin/main')
  }

  #commit(message: string): string {
    git(this.clone, 'add', '--all')
    git(this.clone, 'commit', '--quiet', '--message', message)
    return git(this.clone, 'rev-parse', 'HEAD')
  }
}
