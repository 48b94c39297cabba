// Git as the stories use it.

import { execFileSync } from 'node:child_process'

/** Git with nothing of this machine's configuration, at one time, as one person. */
export function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: cwd,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      ...Object.fromEntries(
        ['AUTHOR', 'COMMITTER'].flatMap(who => [
          [`GIT_${who}_NAME`, 'Robin'],
          [`GIT_${who}_EMAIL`, 'robin@contoso.com'],
        ]),
      ),
    },
  }).trim()
}
