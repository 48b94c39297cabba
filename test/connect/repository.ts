// A Git repository for one test, with an identity of its own: nobody's configuration is read or written.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export interface TestRepository {
  readonly root: string
  /** What it prints, without the last line end. */
  readonly git: (...args: readonly string[]) => string
  readonly gitWith: (input: string | Buffer, ...args: readonly string[]) => string
  readonly write: (files: Readonly<Record<string, string>>) => void
  /** Everything as it is; the commit. */
  readonly commit: (message?: string) => string
}

/** What a test's Git gets to see of the machine. */
export const gitEnv: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}

const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@contoso.com', '-c', 'commit.gpgSign=false']

export function repositoryOf(files: Readonly<Record<string, string>>): TestRepository {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'guestlist-git-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const repository = repositoryAt(root)
  repository.git('init', '--quiet', '--initial-branch=main')
  repository.write(files)
  repository.commit('the first')
  return repository
}

export function repositoryAt(root: string): TestRepository {
  const gitWith = (input: string | Buffer, ...args: readonly string[]): string =>
    execFileSync('git', [...identity, ...args], { cwd: root, env: gitEnv, input, stdio: ['pipe', 'pipe', 'pipe'] })
      .toString('utf8')
      .trimEnd()
  const git = (...args: readonly string[]): string => gitWith('', ...args)
  return {
    root,
    git,
    gitWith,
    write(more) {
      for (const [file, text] of Object.entries(more)) {
        mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
        writeFileSync(path.join(root, file), text)
      }
    },
    commit(message = 'more') {
      git('add', '--all')
      git('commit', '--quiet', '--allow-empty', '--message', message)
      return git('rev-parse', 'HEAD')
    },
  }
}
