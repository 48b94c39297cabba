// Files that ship with the program; the same distance away from the sources as from the built package.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const schemasFolder = fileURLToPath(new URL('../../schemas', import.meta.url))
export const examplePolicies = fileURLToPath(new URL('../../policies', import.meta.url))
export const exampleSeed = fileURLToPath(new URL('../sandbox/contoso', import.meta.url))
/** In a checkout only. */
export const demoHarness = fileURLToPath(new URL('../../test/samba/demo.ts', import.meta.url))
/** The morning on which the example's tenant and domain were written down; its policies are about the months around it. */
export const exampleNow = Date.parse('2026-12-01T09:00:00Z')

export function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
