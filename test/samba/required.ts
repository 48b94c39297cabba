// Whether the tests with a real domain controller can run here. Where they cannot, they say so loudly; in CI they fail.

import { describe, test } from 'vitest'
import { isSambaInstalled } from './installed.ts'

export function describeOnSamba(name: string, body: () => void): void {
  if (isSambaInstalled()) {
    describe(name, body)
    return
  }
  const message = `${name}: Samba is not installed, so nothing is proved against a real Active Directory: run .ci/install-samba`
  if (process.env.CI !== undefined && process.env.CI !== '') {
    describe(name, () => {
      test('Samba is installed', () => {
        throw new Error(message)
      })
    })
    return
  }
  process.stderr.write(`\n*** SKIPPED: ${message} ***\n\n`)
  describe.skip(name, body)
}
