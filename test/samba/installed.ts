// Whether a real domain controller can be started here.

import { existsSync } from 'node:fs'

/** `.ci/install-samba` installs all of it. */
const programs = [
  '/usr/sbin/samba',
  '/usr/bin/samba-tool',
  '/usr/bin/ldbmodify',
  '/usr/bin/kvno',
  '/usr/bin/ldapsearch',
]

export function isSambaInstalled(): boolean {
  return programs.every(program => existsSync(program))
}
