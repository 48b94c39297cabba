// The `git` program, for three questions: which commit the policies are, what they were as of a revision, and what that
// revision has that HEAD lacks. Only objects are read: no index, no checkout, so that nothing in a repository (hooks,
// filters, attributes, remotes) gets to run, and nothing in it is written.

import { spawn } from 'node:child_process'
import { Failure } from '../model/problem.ts'

export interface GitPlace {
  /** The policies folder. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
}

/** The repository that holds the policies folder. */
export interface Repository {
  /** Undefined before the first commit. */
  readonly head: string | undefined
  /** The policies folder in it, with a `/` at the end; empty: the repository itself. */
  readonly prefix: string
  readonly isShallow: boolean
}

export interface TreeEntry {
  readonly mode: string
  readonly object: string
  /** Absent for what is no file. */
  readonly size?: number
  /** From the policies folder. */
  readonly path: string
}

export async function openRepository(place: GitPlace): Promise<Repository> {
  const { code, stdout, stderr } = await git(place, [
    'rev-parse',
    '--is-inside-work-tree',
    '--is-shallow-repository',
    '--show-prefix',
  ])
  if (code !== 0 && /dubious ownership/.test(stderr))
    throw new Failure(
      'git',
      'Git does not look into the repository of the policies, which belongs to another user',
      'git config --global --add safe.directory with its folder, if you trust it',
    )
  const [isInside, isShallow, prefix = ''] = stdout.toString('utf8').split('\n')
  if (code !== 0 || isInside !== 'true')
    throw new Failure('no-repository', 'the policies folder is in no Git repository', 'a base is a revision of it')
  return { head: await commitNamed(place, 'HEAD'), prefix, isShallow: isShallow === 'true' }
}

export async function resolveRevision(place: GitPlace, { isShallow }: Repository, revision: string): Promise<string> {
  if (revision === '' || revision.startsWith('-'))
    throw new Failure('bad-option', `\`${revision}\` is not a revision`, 'a branch, a tag or a commit: origin/main')
  const commit = await commitNamed(place, revision)
  if (commit !== undefined) return commit
  throw new Failure(
    'unknown-revision',
    `Git knows no commit \`${revision}\` here${isShallow ? ', and this clone is shallow' : ''}`,
    'fetch it first; in CI, check out with the full history (`fetch-depth: 0`)',
  )
}

/** Undefined: there is none of the name. */
async function commitNamed(place: GitPlace, revision: string): Promise<string | undefined> {
  const { code, stdout } = await git(place, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${revision}^{commit}`,
  ])
  const name = stdout.toString('utf8').trim()
  return code === 0 && isObject(name) ? name : undefined
}

/** How many commits that touch the policies the revision has, and HEAD lacks. */
export async function commitsAhead(
  place: GitPlace,
  { head, isShallow }: Repository,
  commit: string,
  revision: string,
): Promise<number> {
  const without = head === undefined ? [] : [`^${head}`]
  const out = await answer(place, ['rev-list', '--count', commit, ...without, '--', '.'])
  const count = Number(out.toString('utf8').trim())
  if (count > 0 && isShallow)
    throw new Failure(
      'shallow-clone',
      `in this shallow clone Git cannot tell what ${revision} has that is not in HEAD`,
      'fetch the full history: git fetch --unshallow; in CI, `fetch-depth: 0`',
    )
  return count
}

/** What the commit has below the policies folder, folders left out. Undefined: it has no such folder. */
export async function entriesOf(
  place: GitPlace,
  { prefix }: Repository,
  commit: string,
): Promise<readonly TreeEntry[] | undefined> {
  const tree = await git(place, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${commit}:${prefix.replace(/\/$/, '')}`,
  ])
  const object = tree.stdout.toString('utf8').trim()
  if (tree.code !== 0 || !isObject(object)) return undefined
  const kind = await answer(place, ['cat-file', '-t', object])
  // Something else has the name of the folder there.
  if (kind.toString('utf8').trim() !== 'tree') return undefined
  const list = await answer(place, ['ls-tree', '-r', '-l', '-z', '--full-tree', object])
  const lines = list.toString('utf8').split('\0')
  return lines.filter(line => line !== '').map(entryOf)
}

/** `100644 blob 2f1e…      12<tab>partners/fabrikam.yaml`. */
function entryOf(line: string): TreeEntry {
  const [, mode, object, size, path] = /^(\d{6}) \S+ ([0-9a-f]+) +(\d+|-)\t([\s\S]+)$/.exec(line) ?? []
  if (mode === undefined || object === undefined || path === undefined) throw incomplete()
  return { mode, object, path, ...(size === '-' ? {} : { size: Number(size) }) }
}

function incomplete(): Failure {
  return new Failure('git', 'this clone lacks files of that revision', 'clone it whole, without a filter')
}

/** The contents of these objects. */
export async function contentsOf(place: GitPlace, objects: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const wanted = [...new Set(objects)]
  const out = await answer(place, ['cat-file', '--batch'], wanted.map(object => `${object}\n`).join(''))
  const contents = new Map<string, Buffer>()
  let at = 0
  for (const object of wanted) {
    const lineEnd = out.indexOf('\n', at)
    const size = /^[0-9a-f]+ blob (\d+)$/.exec(out.toString('utf8', at, lineEnd))?.[1]
    if (size === undefined) throw incomplete()
    const start = lineEnd + 1
    contents.set(object, out.subarray(start, start + Number(size)))
    at = start + Number(size) + 1
  }
  return contents
}

function isObject(name: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name)
}

async function answer(place: GitPlace, args: readonly string[], input?: string): Promise<Buffer> {
  const { code, stdout, stderr } = await git(place, args, input)
  if (code === 0) return stdout
  const [reason = ''] = stderr.split('\n')
  throw new Failure('git', `git ${args[0]} failed: ${reason.replace(/^fatal: /, '')}`)
}

interface Answer {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

const careful = [
  '--no-pager',
  '--no-optional-locks',
  '--no-replace-objects',
  '--literal-pathspecs',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
]

// A missing object is not fetched: no protocol has this name.
const quiet = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  LC_ALL: 'C',
}

// Where Git is, and whom its owner trusts. Not which repository a hook that calls us is about, and no secret.
const passed = /^(PATH|HOME|USERPROFILE|SYSTEMROOT|XDG_CONFIG_HOME|GIT_CONFIG_.+|GIT_CEILING_DIRECTORIES)$/i

function git({ folder, env, signal }: GitPlace, args: readonly string[], input = ''): Promise<Answer> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => passed.test(name)))
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...careful, '-C', folder, ...args], {
      env: { ...kept, ...quiet },
      ...(signal === undefined ? {} : { signal }),
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT' || error.code === 'EACCES'
      reject(isMissing ? new Failure('no-git', 'there is no `git` to run', 'install Git, or see to the PATH') : error)
    })
    child.once('close', code =>
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }),
    )
    // It may end before it has read everything, which its exit code tells.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
