// What workflows ask of GitHub, through the command line, against a stand-in on this machine: one comment kept, one issue kept,
// the plan that a merge stands for, and what is said when GitHub refuses.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { command, type Heard } from '../cli/fake-host.ts'
import { bot, GitHubStandIn, type Permissions, type Run, repository } from '../stories/github-stand-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'guestlist-github-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let gitHub: GitHubStandIn
beforeEach(async () => {
  gitHub = await GitHubStandIn.start()
})
afterEach(() => gitHub.close())

const all: Permissions = { actions: 'read', contents: 'read', issues: 'write', 'pull-requests': 'write' }

function github(args: readonly string[], over: Readonly<Record<string, string | undefined>> = {}): Promise<Heard> {
  const env = {
    GITHUB_TOKEN: gitHub.token(all),
    GITHUB_REPOSITORY: repository,
    GITHUB_API_URL: gitHub.url,
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_RUN_ID: '7',
    ...over,
  }
  return command(['github', ...args], { cwd: folder, env })
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

const [merge, head, elsewhere] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)]

const run = `[This run, with the whole report](https://github.example/${repository}/actions/runs/7)`

describe('the comment', () => {
  const comment = (text: string, ...more: readonly string[]): Promise<Heard> =>
    github(['comment', write('plan.md', text), '--pull-request', '3', ...more])

  test('is made once, and updated in place after that', async () => {
    expect(await comment('first')).toEqual({ code: 0, stdout: '', stderr: 'Comment on #3: made.\n' })
    expect(gitHub.comments).toMatchObject([{ body: `<!-- guestlist: plan -->\nfirst\n\n${run}\n` }])
    const [{ id } = { id: 0 }] = gitHub.comments
    expect((await comment('second')).stderr).toBe('Comment on #3: updated.\n')
    expect((await comment('second')).stderr).toBe('Comment on #3: unchanged.\n')
    expect(gitHub.comments).toMatchObject([{ id, body: `<!-- guestlist: plan -->\nsecond\n\n${run}\n` }])
  })

  test('is found behind pages of others, and is never somebody else’s, whoever quotes its mark', async () => {
    const others = [
      gitHub.addComment(3, '<!-- guestlist: plan -->\nforged', 'mallory'),
      gitHub.addComment(3, '> <!-- guestlist: plan -->\nquoted by us', bot),
      gitHub.addComment(3, '<!-- guestlist: plan-b -->\nanother of ours', bot),
      gitHub.addComment(3, '<!-- guestlist: plan -->\nof a deleted account', null),
      gitHub.addComment(3, 'well done', 'robin'),
    ]
    const bodies = others.map(({ body }) => body)
    const ours = gitHub.addComment(3, '<!-- guestlist: plan -->\nold', bot)
    await comment('new')
    expect(others.map(({ body }) => body)).toEqual(bodies)
    expect(ours.body).toContain('new')
    expect(gitHub.comments).toHaveLength(6)
  })

  test('that two runs made at once becomes one again: the first', async () => {
    const first = gitHub.addComment(3, '<!-- guestlist: plan -->\na', bot)
    gitHub.addComment(4, '<!-- guestlist: plan -->\non another pull request', bot)
    gitHub.addComment(3, '<!-- guestlist: plan -->\nb', bot)
    gitHub.addComment(3, '<!-- guestlist: plan -->\nc', bot)
    await comment('new')
    expect(gitHub.comments.filter(({ number }) => number === 3)).toEqual([first])
    expect(gitHub.comments).toHaveLength(2)
  })

  test('of another name stands beside it', async () => {
    await comment('the plan')
    await comment('the report', '--name', 'apply')
    expect(gitHub.comments.map(({ body }) => body.split('\n')[0])).toEqual([
      '<!-- guestlist: plan -->',
      '<!-- guestlist: apply -->',
    ])
    expect((await comment('x', '--name', 'a --> b')).stderr).toContain('It is lower-case letters and hyphens.')
  })

  test('that is too long is cut at a line, and says how much is missing', async () => {
    const lines = Array.from({ length: 9000 }, (_, index) => `line ${index} of a long report`)
    expect((await comment(lines.join('\n'))).code).toBe(0)
    const [{ body } = { body: '' }] = gitHub.comments
    expect(body.length).toBeLessThanOrEqual(65_536)
    const kept = body.split('\n').filter(line => line.startsWith('line ')).length
    expect(body).toContain(`\nline ${kept - 1} of a long report\n\n… and ${9000 - kept} more lines that a comment`)
    expect(body.endsWith(`${run}\n`)).toBe(true)
  })

  test('that names its run already does not name it twice', async () => {
    const text = `a plan, [whole](https://github.example/${repository}/actions/runs/7)`
    await comment(text)
    expect(gitHub.comments).toMatchObject([{ body: `<!-- guestlist: plan -->\n${text}\n` }])
  })

  describe('of the event', () => {
    const event = join(folder, 'event.json')
    const ofEvent = (pull: object | undefined): Promise<Heard> => {
      write('event.json', JSON.stringify({ ref: 'refs/heads/main', pull_request: pull }))
      return github(['comment', write('plan.md', 'x')], { GITHUB_EVENT_PATH: event })
    }
    const then = { number: 3, head: { sha: head }, base: { ref: 'main' } }

    test('goes to its pull request', async () => {
      merged()
      expect((await ofEvent(then)).stderr).toBe('Comment on #3: made.\n')
      expect(gitHub.comments).toMatchObject([{ number: 3 }])
      expect(await ofEvent(undefined)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('this job runs for no pull request'),
      })
    })

    test.each([
      ['was pushed to since', { ...then, head: { sha: elsewhere } }, 'ccccccc for main'],
      ['goes into another branch now', { ...then, base: { ref: 'elsewhere' } }, 'bbbbbbb for elsewhere'],
    ])('is left alone where the pull request %s: a newer run tells of that', async (_what, pull, of) => {
      merged()
      const ours = gitHub.addComment(3, '<!-- guestlist: plan -->\nof the newer run', bot)
      expect(await ofEvent(pull)).toEqual({
        code: 0,
        stdout: '',
        stderr: `Comment on #3: left alone. This run is of ${of}; the pull request has changed since.\n`,
      })
      expect(gitHub.comments).toEqual([ours])
      expect(ours.body).toContain('of the newer run')
    })
  })
})

describe('the issue', () => {
  const issue = (text: string, ...more: readonly string[]): Promise<Heard> =>
    github(['issue', write('drift.md', text), '--title', 'guestlist: drift', ...more])

  test('is opened, updated, closed with a last word, and opened anew', async () => {
    gitHub.issues.push({ number: 1, user: { login: 'robin' }, title: 'guestlist: drift', body: 'mine', state: 'open' })
    expect((await issue('two differ')).stderr).toBe('Issue "guestlist: drift": made.\n')
    expect((await issue('one differs')).stderr).toBe('Issue "guestlist: drift": updated.\n')
    expect(gitHub.issues).toHaveLength(2)
    expect(gitHub.issues[1]).toMatchObject({ state: 'open', body: expect.stringContaining('one differs') })
    expect((await issue('none differs', '--close')).stderr).toBe('Issues closed: 1.\n')
    expect(gitHub.issues.map(({ state }) => state)).toEqual(['open', 'closed'])
    expect(gitHub.comments).toMatchObject([{ number: gitHub.issues[1]?.number, body: `none differs\n\n${run}\n` }])
    expect((await issue('none differs', '--close')).stderr).toBe('Issues closed: 0.\n')
    expect((await issue('again')).stderr).toBe('Issue "guestlist: drift": made.\n')
  })
})

/** As much of a plan as is looked at; `id` is there to tell it from others. */
function planText(id: string, revision: string | null = 'origin/main'): string {
  const base = revision === null ? {} : { base: { revision, commit: elsewhere } }
  return JSON.stringify({ formatVersion: '1', digest: id, ...base, effects: [], changes: [], findings: [] })
}

/** A pull request that was merged, its run, and the plan that the run left. */
function merged(zip: Uint8Array = zipOf({ 'plan.json': planText('one') }), over: { readonly fork?: boolean } = {}) {
  const pull = {
    number: 3,
    base: { ref: 'main', repo: { full_name: repository } },
    head: { sha: head, repo: { full_name: over.fork === true ? 'mallory/partner-access' : repository } },
    merged_at: '2026-12-01T09:00:00Z' as string | null,
    merge_commit_sha: merge as string | null,
  }
  gitHub.pulls.push(pull)
  gitHub.pullsOf.set(merge, [3])
  const made = aRun(5, { head_repository: pull.head.repo })
  return { pull, run: made, artifact: gitHub.addArtifact(made.id, 'guestlist-plan-3', zip) }
}

function aRun(number: number, over: Partial<Run> = {}): Run {
  const made = {
    id: gitHub.nextId(),
    run_number: number,
    path: '.github/workflows/plan.yml',
    event: 'pull_request',
    head_sha: head,
    head_repository: { full_name: repository },
    html_url: `https://github.example/runs/${number}`,
    run_attempt: 1,
    conclusion: 'success',
    ...over,
  }
  gitHub.runs.push(made)
  return made
}

function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])))
}

function fetchPlan(over: Readonly<Record<string, string | undefined>> = {}): Promise<Heard> {
  rmSync(join(folder, 'plan.json'), { force: true })
  return github(['reviewed-plan', '--commit', merge, '--branch', 'main', '--out', 'plan.json'], over)
}

const fetched = (): string => readFileSync(join(folder, 'plan.json'), 'utf8')

describe('the reviewed plan', () => {
  test('is that of the pull request which left this commit', async () => {
    merged(zipOf({ 'plan.md': '# a plan', '../plan.json': 'outside', 'plan.json': planText('one') }))
    // As GitHub does, for a commit that two pull requests hold: one is open, one was merged as another commit.
    const other = {
      base: { ref: 'main', repo: { full_name: repository } },
      head: { sha: elsewhere, repo: { full_name: repository } },
    }
    gitHub.pulls.push(
      { ...other, number: 4, merged_at: null, merge_commit_sha: merge },
      { ...other, number: 5, merged_at: '2026-12-01', merge_commit_sha: elsewhere },
      {
        ...other,
        number: 6,
        merged_at: '2026-12-01',
        merge_commit_sha: merge,
        base: { ...other.base, ref: 'release' },
      },
    )
    gitHub.pullsOf.set(merge, [4, 5, 6, 3])
    expect(await fetchPlan()).toEqual({
      code: 0,
      stdout: 'pull-request=3\n',
      stderr: 'The plan of #3, made by https://github.example/runs/5, written to plan.json.\n',
    })
    expect(fetched()).toBe(planText('one'))
  })

  test('is the last that a run of the plan workflow which succeeded has made for the last commit', async () => {
    const first = merged(zipOf({ 'plan.json': planText('first') }))
    const second = aRun(6)
    gitHub.addArtifact(second.id, 'guestlist-plan-3', zipOf({ 'plan.json': planText('second') }))
    for (const over of [
      { path: '.github/workflows/plan.yml.evil.yml' },
      { event: 'workflow_dispatch' },
      { head_sha: elsewhere },
      { conclusion: 'failure' },
      { head_repository: { full_name: 'mallory/partner-access' } },
    ]) {
      const wrong = aRun(9, over)
      gitHub.addArtifact(wrong.id, 'guestlist-plan-3', zipOf({ 'plan.json': planText('wrong') }))
    }
    gitHub.addArtifact(second.id, 'guestlist-plan-4', zipOf({ 'plan.json': planText('of another') }))
    for (const ignoresFilters of [false, true]) {
      gitHub.ignoresFilters = ignoresFilters
      await fetchPlan()
      expect(fetched()).toBe(planText('second'))
    }
    // The first run, repeated, has written the comment once more, too.
    gitHub.artifacts.splice(gitHub.artifacts.indexOf(first.artifact), 1)
    gitHub.addArtifact(first.run.id, 'guestlist-plan-3', zipOf({ 'plan.json': planText('first again') }))
    await fetchPlan()
    expect(fetched()).toBe(planText('first again'))
  })

  test.each([
    ['another branch', 'origin/elsewhere', 'origin/elsewhere'],
    ['nothing', null, 'nothing'],
  ])('is not taken if it was made against %s', async (_what, revision, against) => {
    merged(zipOf({ 'plan.json': planText('one', revision) }))
    const heard = await fetchPlan()
    expect(heard).toMatchObject({ code: 1, stdout: 'pull-request=3\n' })
    expect(heard.stderr).toContain(
      `error[other-base]: the plan of #3 was made against ${against}, not against origin/main\n`,
    )
    expect(() => fetched()).toThrow()
  })

  test('is fetched again by a run that is repeated only while the branch has not moved on', async () => {
    merged()
    gitHub.headOf = () => merge
    expect((await fetchPlan({ GITHUB_RUN_ATTEMPT: '2' })).code).toBe(0)
    gitHub.headOf = () => elsewhere
    const heard = await fetchPlan({ GITHUB_RUN_ATTEMPT: '2' })
    // The report on the pull request stays as it is: nothing has come of this run.
    expect(heard).toMatchObject({ code: 1, stdout: '' })
    expect(heard.stderr).toBe(
      'error[moved-on]: this run is repeated, and main has moved on since, from aaaaaaa to ccccccc\n' +
        '  to apply what the branch says now, run the apply workflow by hand: it plans, and waits for approval\n',
    )
    // One that waited in the queue was overtaken by nothing that its plan would not tell.
    expect((await fetchPlan({ GITHUB_RUN_ATTEMPT: '1' })).code).toBe(0)
  })

  test('of a commit that no pull request has merged is none', async () => {
    const heard = await fetchPlan()
    expect(heard).toMatchObject({ code: 1, stdout: '' })
    expect(heard.stderr).toBe(
      'error[not-reviewed]: aaaaaaa came to main by no merged pull request, so nobody has reviewed a plan for it\n' +
        '  to apply what the branch says now, run the apply workflow by hand: it plans, and waits for approval\n',
    )
  })

  test('of a fork’s pull request was never made, and the pull request is told', async () => {
    merged(undefined, { fork: true })
    const heard = await fetchPlan()
    expect(heard).toMatchObject({ code: 1, stdout: 'pull-request=3\n' })
    expect(heard.stderr).toContain(
      'error[no-reviewed-plan]: the plan of #3 was never made: no run of plan.yml has succeeded',
    )
  })

  test('that GitHub has deleted is missed by name', async () => {
    merged().artifact.expired = true
    expect((await fetchPlan()).stderr).toContain('the plan of #3 is too old: GitHub has deleted it')
  })

  const hostile: readonly [string, () => Uint8Array, string][] = [
    ['without the plan', () => zipOf({ 'other.json': '{}' }), 'holds no plan.json'],
    ['whose plan lies elsewhere', () => zipOf({ '../plan.json': '{}', 'a/plan.json': '{}' }), 'holds no plan.json'],
    ['with two plans', () => twice(zipOf({ 'plan.json': '{}' })), 'holds more than one plan.json'],
    ['that is no zip file', () => Buffer.from('PK\u0003\u0004 nonsense'), 'is no zip file'],
    ['whose plan is no text', () => zipSync({ 'plan.json': Uint8Array.of(0xff, 0xfe) }), 'is no text'],
    ['that unpacks to too much', () => zipSync({ 'plan.json': new Uint8Array(65 << 20) }), 'too large'],
  ]
  test.each(hostile)('is not taken from an artifact %s', async (_what, zip, message) => {
    merged(zip())
    const heard = await fetchPlan()
    expect(heard).toMatchObject({ code: 1, stderr: expect.stringContaining('error[bad-artifact]') })
    expect(heard.stderr).toContain(message)
    expect(() => fetched()).toThrow()
  })

  test('is not taken from an artifact that is too large, or not what was uploaded', async () => {
    const { artifact } = merged()
    artifact.size = 65 << 20
    expect((await fetchPlan()).stderr).toContain('the artifact guestlist-plan-3 is too large')
    delete artifact.size
    artifact.digest = `sha256:${'0'.repeat(64)}`
    expect((await fetchPlan()).stderr).toContain('is not what was uploaded')
  })
})

describe('a run', () => {
  const current = (attempt: string): Promise<Heard> =>
    github(['current', '--commit', merge, '--branch', 'release/1'], { GITHUB_RUN_ATTEMPT: attempt })

  test('that is repeated is out of date once its branch has moved on', async () => {
    gitHub.headOf = branch => (branch === 'release/1' ? elsewhere : merge)
    expect(await current('2')).toMatchObject({ code: 4, stderr: expect.stringContaining('error[moved-on]') })
    gitHub.headOf = () => merge
    expect(await current('3')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('that is not repeated asks for nothing', async () => {
    expect(await current('1')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(gitHub.requests).toEqual([])
  })
})

describe('what GitHub refuses', () => {
  test('names the permission that is missing', async () => {
    const heard = await github(['comment', write('plan.md', 'x'), '--pull-request', '3'], {
      GITHUB_TOKEN: gitHub.token({ contents: 'read', 'pull-requests': 'read' }),
    })
    expect(heard).toMatchObject({ code: 1, stdout: '' })
    expect(heard.stderr).toBe(
      'error[no-permission]: cannot comment on the pull request: GitHub refused (403): Resource not accessible by integration\n' +
        '  give the job `issues: write` or `pull-requests: write` under `permissions:`; pull requests from forks and from Dependabot never get it\n',
    )
  })

  const refusals: readonly [number, Record<string, string>, string, string][] = [
    [
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1796119200' },
      'rate-limit',
      'after 2026-12-01 10:00 UTC',
    ],
    [429, { 'retry-after': '60' }, 'rate-limit', 'in 60 seconds'],
    [404, {}, 'not-found', 'compare GITHUB_REPOSITORY'],
    [502, {}, 'github-error', 'run the job again'],
    [422, {}, 'github-refused', 'report it'],
  ]
  test.each(refusals)('with %i and %o is told as %s', async (status, headers, code, hint) => {
    gitHub.refusals.push({ status, message: 'no', headers })
    const heard = await github(['comment', write('plan.md', 'x'), '--pull-request', '3'])
    expect(heard.stderr).toContain(`error[${code}]: cannot read the comments: GitHub refused (${status}): no\n`)
    expect(heard.stderr).toContain(hint)
    expect(heard.code).toBe(1)
  })

  test('because of the token never shows the token', async () => {
    const GITHUB_TOKEN = 'ghs_secret-of-nobody'
    gitHub.refusals.push({ status: 401, message: `Bad credentials ${GITHUB_TOKEN}` })
    const heard = await github(['comment', write('plan.md', 'x'), '--pull-request', '3'], { GITHUB_TOKEN })
    expect(heard.stderr).toContain('error[bad-token]')
    expect(heard.stderr).toContain('[redacted]')
    expect(`${heard.stdout}${heard.stderr}`).not.toContain('secret')
  })

  test('is nothing where GitHub does not answer', async () => {
    const { url } = gitHub
    await gitHub.close()
    gitHub = await GitHubStandIn.start()
    const heard = await github(['comment', write('plan.md', 'x'), '--pull-request', '3'], { GITHUB_API_URL: url })
    expect(heard).toMatchObject({ code: 1, stderr: expect.stringContaining('error[no-connection]') })
  })
})

test('an artifact that breaks off is no plan', async () => {
  merged().artifact.breaksOff = true
  expect((await fetchPlan()).stderr).toContain(
    'error[no-connection]: cannot download the artifact guestlist-plan-3: GitHub did not answer to the end',
  )
  expect(() => fetched()).toThrow()
})

describe('without what a job has', () => {
  beforeAll(() => write('plan.md', 'x'))
  const missing: readonly [Record<string, string | undefined>, string][] = [
    [{ GITHUB_TOKEN: undefined }, 'error[no-github]: GITHUB_TOKEN is not set'],
    [{ GITHUB_REPOSITORY: '' }, 'error[no-github]: GITHUB_REPOSITORY is not set'],
    [{ GITHUB_REPOSITORY: 'contoso' }, 'error[bad-repository]'],
    [{ GITHUB_API_URL: 'http://github.example' }, 'not an encrypted one'],
    [{ GITHUB_API_URL: 'nowhere' }, 'error[bad-github-url]'],
  ]
  test.each(missing)('%o stops before anything is asked', async (env, message) => {
    const heard = await github(['comment', 'plan.md', '--pull-request', '3'], env)
    expect(heard).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
    expect(gitHub.requests).toEqual([])
  })
})

/** The same entry once more: the central directory and what it points to, doubled. */
function twice(zip: Uint8Array): Uint8Array {
  const bytes = Buffer.from(zip)
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  const central = bytes.readUInt32LE(end + 16)
  const entry = bytes.subarray(central, end)
  const tail = Buffer.from(bytes.subarray(end))
  tail.writeUInt16LE(2, 8)
  tail.writeUInt16LE(2, 10)
  tail.writeUInt32LE(entry.length * 2, 12)
  return Buffer.concat([bytes.subarray(0, central), entry, entry, tail])
}
