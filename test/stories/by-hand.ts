// What people do in the sandbox's directories between two commands, behind guestlist's back.

import { openSandbox, type SandboxState } from '../../src/cli/sandbox-state.ts'
import { hostOf } from '../cli/fake-host.ts'

export async function byHand(folder: string, work: (state: SandboxState) => unknown): Promise<void> {
  const clock = (): number => Date.parse('2026-12-01T09:00:00Z')
  const state = openSandbox(hostOf({ cwd: folder }), {}, { use: 'write', clock })
  try {
    await work(state)
  } finally {
    state.close()
  }
}
