// What is asked of Git: the commit that the policies are, and the policies of another one. Nothing in a repository is written,
// and nothing that somebody put into it gets to run.

import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { commitOf, type PoliciesAt, withPoliciesAt } from '../../src/connect/git-files.ts'
import { folderOf } from '../policy/folder.ts'
import { gitEnv, repositoryAt, repositoryOf, type TestRepository } from './repository.ts'

const files = { 'policies/a.yaml': 'a: 1\n', 'policies/partners/b.yaml': 'b: 1\n', 'README.md': 'hello\n' }

const placeOf = ({ root }: { readonly root: string }, folder = 'policies') => ({
  folder: path.join(root, folder),
  env: gitEnv,
})

/** Everything below a folder, with what it holds. */
function contentOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.flatMap(name => {
      const real = path.join(folder, name)
      const kind = lstatSync(real)
      if (kind.isSymbolicLink()) return [[name, `→ ${readlinkSync(real)}`]]
      return kind.isFile() ? [[name, readFileSync(real, 'utf8')]] : []
    }),
  )
}

const at = (repository: TestRepository, revision: string, folder?: string) =>
  withPoliciesAt(placeOf(repository, folder), revision, async ({ folder, ...rest }) => ({
    ...rest,
    ...(folder === undefined ? {} : { files: contentOf(folder) }),
  }))

const failure = (work: Promise<unknown>): Promise<{ code: string; message: string; hint: string | undefined }> =>
  work.then(
    () => {
      throw new Error('it did not fail')
    },
    ({ code, message, hint }) => ({ code, message, hint }),
  )

describe('the commit of the policies', () => {
  test('is HEAD where the files are as committed, whatever lies outside the folder', async () => {
    const repository = repositoryOf(files)
    const head = repository.git('rev-parse', 'HEAD')
    expect(await commitOf(placeOf(repository))).toBe(head)
    repository.write({ 'README.md': 'changed\n', 'other.yaml': 'x: 1\n' })
    expect(await commitOf(placeOf(repository))).toBe(head)
    expect(await commitOf(placeOf(repository, '.'))).toBe(undefined)
    expect(await commitOf(placeOf(repository, 'policies/partners'))).toBe(head)
  })

  test.each([
    ['changed', ({ write }: TestRepository) => write({ 'policies/a.yaml': 'a: 2\n' })],
    ['changed, of the same size and time', ({ write }: TestRepository) => write({ 'policies/a.yaml': 'a: 9\n' })],
    ['staged', ({ write, git }: TestRepository) => [write({ 'policies/a.yaml': 'a: 2\n' }), git('add', '.')]],
    ['untracked', ({ write }: TestRepository) => write({ 'policies/new.yaml': 'c: 1\n' })],
    ['staged and new', ({ write, git }: TestRepository) => [write({ 'policies/new.yaml': 'c: 1\n' }), git('add', '.')]],
    [
      'ignored by Git, not by us',
      ({ write }: TestRepository) => write({ '.git/info/exclude': '*.csv\n', 'policies/people.csv': 'address\n' }),
    ],
    ['deleted', ({ root }: TestRepository) => rmSync(path.join(root, 'policies/a.yaml'))],
    [
      'assumed to be unchanged',
      ({ write, git }: TestRepository) => [
        git('update-index', '--assume-unchanged', 'policies/a.yaml'),
        write({ 'policies/a.yaml': 'a: 2\n' }),
      ],
    ],
    [
      'a link in place of the file',
      ({ root }: TestRepository) => {
        rmSync(path.join(root, 'policies/a.yaml'))
        symlinkSync('partners/b.yaml', path.join(root, 'policies/a.yaml'))
      },
    ],
  ])('is none where a file is %s', async (_, change) => {
    const repository = repositoryOf(files)
    change(repository)
    expect(await commitOf(placeOf(repository))).toBe(undefined)
  })

  test('is HEAD with other line ends, with links as committed, and with what an editor leaves', async () => {
    const repository = repositoryOf(files)
    symlinkSync('a.yaml', path.join(repository.root, 'policies/link.yaml'))
    const head = repository.commit()
    repository.write({ 'policies/a.yaml': 'a: 1\r\n', 'policies/.a.yaml.swp': 'x' })
    expect(await commitOf(placeOf(repository))).toBe(head)
  })

  test('is none outside of Git, without Git, and before the first commit', async () => {
    expect(await commitOf({ folder: folderOf({ 'a.yaml': 'a: 1\n' }), env: gitEnv })).toBe(undefined)
    const repository = repositoryOf(files)
    expect(await commitOf({ ...placeOf(repository), env: { PATH: '/nowhere' } })).toBe(undefined)
    const empty = repositoryAt(folderOf({ 'policies/a.yaml': 'a: 1\n' }))
    empty.git('init', '--quiet')
    expect(await commitOf(placeOf(empty))).toBe(undefined)
  })

  test('does not follow the environment of a hook that calls us', async () => {
    const [one, other] = [repositoryOf(files), repositoryOf({ 'policies/else.yaml': 'x: 1\n' })]
    const env = { ...gitEnv, GIT_DIR: path.join(other.root, '.git'), GIT_INDEX_FILE: '/nowhere', GIT_WORK_TREE: '/' }
    expect(await commitOf({ ...placeOf(one), env })).toBe(one.git('rev-parse', 'HEAD'))
  })
})

describe('the policies of a revision', () => {
  test('are the files of that commit, gone afterwards, and the repository is as before', async () => {
    const repository = repositoryOf(files)
    const first = repository.git('rev-parse', 'HEAD')
    repository.write({ 'policies/a.yaml': 'a: 2\n', 'policies/c.yaml': 'c: 1\n' })
    repository.commit()
    repository.write({ 'policies/a.yaml': 'a: 3\n' })
    const before = contentOf(repository.root)
    let laidOut: string | undefined
    const seen = await withPoliciesAt(placeOf(repository), 'HEAD~1', async ({ folder, ...rest }) => {
      laidOut = folder
      return { ...rest, files: contentOf(folder ?? '') }
    })
    expect(seen).toEqual({ commit: first, ahead: 0, files: { 'a.yaml': 'a: 1\n', 'partners/b.yaml': 'b: 1\n' } })
    expect(laidOut !== undefined && existsSync(laidOut)).toBe(false)
    expect(contentOf(repository.root)).toEqual(before)
  })

  test('are those of the folder that is asked about: one below, or the repository itself', async () => {
    const repository = repositoryOf(files)
    expect(await at(repository, 'main', 'policies/partners')).toMatchObject({ files: { 'b.yaml': 'b: 1\n' } })
    expect(await at(repository, 'main', '.')).toMatchObject({ files: { 'README.md': 'hello\n', ...mapped() } })
    function mapped() {
      return { 'policies/a.yaml': 'a: 1\n', 'policies/partners/b.yaml': 'b: 1\n' }
    }
  })

  test('with names of any sort', async () => {
    const odd = {
      'policies/a b\t"c".yaml': 'x: 1\n',
      'policies/-n.yaml': 'y: 1\n',
      'policies/:(top)ü\n.yaml': 'z: 1\n',
    }
    const repository = repositoryOf({ ...files, ...odd })
    expect(Object.keys((await at(repository, 'main')).files ?? {})).toEqual(
      expect.arrayContaining(['a b\t"c".yaml', '-n.yaml', ':(top)ü\n.yaml']),
    )
  })

  test('by any name that Git has for a commit', async () => {
    const repository = repositoryOf(files)
    const head = repository.git('rev-parse', 'HEAD')
    repository.git('tag', '--annotate', '--message', 'a tag', 'v1')
    repository.git('branch', 'feature/some')
    for (const name of ['v1', 'feature/some', head, head.slice(0, 8), 'HEAD', '@'])
      expect((await at(repository, name)).commit).toBe(head)
  })

  test('count the commits to the policies that HEAD lacks', async () => {
    const repository = repositoryOf(files)
    repository.git('checkout', '--quiet', '-b', 'feature')
    repository.write({ 'policies/c.yaml': 'c: 1\n' })
    repository.commit()
    repository.git('checkout', '--quiet', 'main')
    for (const number of [2, 3]) {
      repository.write({ 'policies/a.yaml': `a: ${number}\n` })
      repository.commit()
    }
    repository.write({ 'README.md': 'not a policy\n' })
    repository.commit()
    repository.git('checkout', '--quiet', 'feature')
    expect((await at(repository, 'main')).ahead).toBe(2)
    repository.git('merge', '--quiet', '--no-edit', 'main')
    expect((await at(repository, 'main')).ahead).toBe(0)
  })

  test('are none where the commit has no such folder, or a file in its place', async () => {
    const repository = repositoryOf({ 'README.md': 'hello\n' })
    repository.write({ policies: 'a file\n' })
    repository.commit()
    repository.git('rm', '--quiet', 'policies')
    repository.write(files)
    repository.commit()
    for (const revision of ['HEAD~2', 'HEAD~1']) {
      const found = await at(repository, revision)
      expect(found.files).toBe(undefined)
      expect(found).not.toHaveProperty('fault')
    }
  })

  test('are gone, too, when reading them fails', async () => {
    const repository = repositoryOf(files)
    let laidOut = ''
    const work = withPoliciesAt(placeOf(repository), 'main', async ({ folder = '' }) => {
      laidOut = folder
      expect(existsSync(folder)).toBe(true)
      throw new Error('cannot be read')
    })
    await expect(work).rejects.toThrow('cannot be read')
    expect(existsSync(laidOut)).toBe(false)
  })

  test('are gone as soon as nobody waits any more', async () => {
    const repository = repositoryOf(files)
    const given = new AbortController()
    await withPoliciesAt({ ...placeOf(repository), signal: given.signal }, 'main', async ({ folder = '' }) => {
      expect(existsSync(folder)).toBe(true)
      given.abort()
      expect(existsSync(folder)).toBe(false)
    })
    const never = withPoliciesAt({ ...placeOf(repository), signal: given.signal }, 'main', async () => 'read')
    await expect(never).rejects.toThrow()
  })
})

describe('what cannot be asked is said', () => {
  test('a revision that there is none of, with what to do in CI', async () => {
    const repository = repositoryOf(files)
    for (const name of ['origin/main', 'main..HEAD', '^main', 'HEAD:policies', 'main --output=x', 'main\nHEAD'])
      expect(await failure(at(repository, name))).toEqual({
        code: 'unknown-revision',
        message: `Git knows no commit \`${name}\` here`,
        hint: 'fetch it first; in CI, check out with the full history (`fetch-depth: 0`)',
      })
  })

  test.each(['--all', '-x', ''])('what is an option and no revision: "%s"', async name => {
    expect((await failure(at(repositoryOf(files), name))).code).toBe('bad-option')
  })

  test('no repository, and no Git', async () => {
    const folder = folderOf({ 'a.yaml': 'a: 1\n' })
    const work = async (_: PoliciesAt) => 'read'
    expect((await failure(withPoliciesAt({ folder, env: gitEnv }, 'main', work))).code).toBe('no-repository')
    const inside = { folder: path.join(repositoryOf(files).root, '.git'), env: gitEnv }
    expect((await failure(withPoliciesAt(inside, 'main', work))).code).toBe('no-repository')
    expect((await failure(withPoliciesAt({ folder, env: { PATH: '/nowhere' } }, 'main', work))).code).toBe('no-git')
  })

  test('a shallow clone, where it cannot tell', async () => {
    const origin = repositoryOf(files)
    origin.git('checkout', '--quiet', '-b', 'feature')
    origin.write({ 'policies/c.yaml': 'c: 1\n' })
    origin.commit()
    const clone = repositoryAt(folderOf({}))
    clone.git('clone', '--quiet', '--depth=1', '--branch=feature', `file://${origin.root}`, '.')
    expect(await failure(at(clone, 'origin/main'))).toMatchObject({
      code: 'unknown-revision',
      message: 'Git knows no commit `origin/main` here, and this clone is shallow',
    })
    clone.git('fetch', '--quiet', '--depth=1', 'origin', 'main')
    expect((await failure(at(clone, 'FETCH_HEAD'))).code).toBe('shallow-clone')
    expect((await at(clone, 'origin/feature')).ahead).toBe(0)
  })
})

describe('a hostile repository', () => {
  test('gets nothing to run: filters, hooks, monitors, remotes', async () => {
    const repository = repositoryOf(files)
    const { root, git } = repository
    const ran = path.join(root, 'ran')
    const script = path.join(root, 'evil.sh')
    writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> ${ran}\ncat\n`)
    chmodSync(script, 0o755)
    repository.write({
      '.gitattributes': '* filter=evil diff=evil merge=evil\n',
      'policies/.gitattributes': '* filter=evil diff=evil\n',
      '.git/info/attributes': '* filter=evil\n',
    })
    repository.commit()
    for (const hook of [
      'post-checkout',
      'post-index-change',
      'fsmonitor-watchman',
      'reference-transaction',
      'pre-auto-gc',
    ]) {
      writeFileSync(path.join(root, '.git/hooks', hook), readFileSync(script))
      chmodSync(path.join(root, '.git/hooks', hook), 0o755)
    }
    const settings = {
      'filter.evil.clean': script,
      'filter.evil.smudge': script,
      'filter.evil.process': script,
      'filter.evil.required': 'true',
      'diff.evil.textconv': script,
      'diff.evil.command': script,
      'diff.external': script,
      'core.fsmonitor': script,
      'core.pager': script,
      'core.editor': script,
      'core.sshCommand': script,
      'core.askPass': script,
      'core.gitProxy': script,
      'core.alternateRefsCommand': script,
      'credential.helper': script,
      'gpg.program': script,
      'log.showSignature': 'true',
      'alias.rev-parse': `!${script}`,
      'alias.ls-tree': `!${script}`,
      'extensions.partialClone': 'origin',
      'remote.origin.url': `ext::${script}`,
      'remote.origin.promisor': 'true',
      'remote.origin.uploadpack': script,
      'protocol.ext.allow': 'always',
      'protocol.allow': 'always',
    }
    // An object that only the remote has.
    const missing = git('rev-parse', 'HEAD:policies/a.yaml')
    for (const [name, value] of Object.entries(settings)) git('config', name, value)
    rmSync(ran, { force: true })
    repository.write({ 'policies/b.yaml': 'b: 2\n' })
    expect(await commitOf(placeOf(repository))).toBe(undefined)
    expect((await at(repository, 'main')).files).toMatchObject({ 'a.yaml': 'a: 1\n' })
    rmSync(path.join(root, '.git/objects', missing.slice(0, 2), missing.slice(2)))
    expect(await failure(at(repository, 'main'))).toMatchObject({ message: 'this clone lacks files of that revision' })
    expect(existsSync(ran) ? readFileSync(ran, 'utf8') : 'nothing ran').toBe('nothing ran')
  })

  test('replaces nothing', async () => {
    const repository = repositoryOf(files)
    const real = repository.git('rev-parse', 'HEAD:policies/a.yaml')
    repository.git('replace', real, repository.gitWith('a: 666\n', 'hash-object', '-w', '--stdin'))
    expect((await at(repository, 'main')).files).toMatchObject({ 'a.yaml': 'a: 1\n' })
  })

  test('links stay links, for the reader to refuse; nothing is written through them', async () => {
    const repository = repositoryOf(files)
    symlinkSync('/etc', path.join(repository.root, 'policies/etc'))
    symlinkSync('../README.md', path.join(repository.root, 'policies/out.yaml'))
    repository.commit()
    expect((await at(repository, 'main')).files).toMatchObject({ etc: '→ /etc', 'out.yaml': '→ ../README.md' })
  })

  test('submodules are not looked into', async () => {
    const repository = repositoryOf(files)
    const head = repository.git('rev-parse', 'HEAD')
    repository.git('update-index', '--add', '--cacheinfo', `160000,${head},policies/sub`)
    repository.git('commit', '--quiet', '--message', 'a submodule')
    expect(await at(repository, 'main')).toMatchObject({ fault: '`sub` is a submodule' })
    expect(await commitOf(placeOf(repository))).toBe(undefined)
  })

  /** A tree that Git itself would not make. */
  function treeOf(
    repository: TestRepository,
    entries: readonly (readonly [mode: string, name: string, object: string])[],
  ) {
    const bytes = entries.map(([mode, name, object]) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(object, 'hex')]),
    )
    return repository.gitWith(Buffer.concat(bytes), 'hash-object', '-t', 'tree', '-w', '--stdin', '--literally')
  }

  test('names that lead elsewhere, or through a link, are refused', async () => {
    const repository = repositoryOf(files)
    const blob = repository.git('rev-parse', 'HEAD:policies/a.yaml')
    const link = repository.gitWith(repository.root, 'hash-object', '-w', '--stdin')
    const inner = treeOf(repository, [['100644', 'written.yaml', blob]])
    const faultOf = async (entries: Parameters<typeof treeOf>[1]) => {
      const root = treeOf(repository, [['40000', 'policies', treeOf(repository, entries)]])
      const found = await at(repository, repository.git('commit-tree', root, '-m', 'hostile'))
      expect(found.files).toBe(undefined)
      return found.fault
    }
    expect(await faultOf([['40000', '..', inner]])).toMatch('leads elsewhere')
    expect(await faultOf([['100644', '..', blob]])).toMatch('leads elsewhere')
    expect(await faultOf([['100644', 'a\\..\\b.yaml', blob]])).toMatch('leads elsewhere')
    expect(
      await faultOf([
        ['120000', 'x', link],
        ['40000', 'x', inner],
      ]),
    ).toMatch('lies in a file')
    expect(
      await faultOf([
        ['100644', 'x', blob],
        ['120000', 'x', link],
      ]),
    ).toMatch('twice')
    expect(existsSync(path.join(repository.root, 'written.yaml'))).toBe(false)
  })
})
