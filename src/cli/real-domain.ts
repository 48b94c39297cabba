// The domain of `guestlist demo --real-ad`: a throwaway domain controller that a checkout's test harness starts. It does not
// ship, so the harness is looked for, and asked, when the demo runs.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DirectoryWriter } from '../model/directories.ts'
import { Failure } from '../model/problem.ts'
import type { Host } from './host.ts'
import { demoHarness } from './installed.ts'

/** What test/samba/demo.ts of a checkout has; it does not ship. */
interface Harness {
  readonly openDemoDomain: () => Promise<RealDomain | undefined>
}

export interface RealDomain {
  readonly directory: DirectoryWriter
  readonly about: string
  readonly close: () => Promise<void>
}

export async function openRealDomain(): Promise<RealDomain> {
  if (!existsSync(demoHarness)) {
    throw new Failure(
      'no-samba',
      '--real-ad needs a checkout of guestlist',
      'without it the demo has a simulated domain',
    )
  }
  const { openDemoDomain } = (await import(pathToFileURL(demoHarness).href)) as Harness
  const domain = await openDemoDomain()
  if (domain !== undefined) return domain
  throw new Failure(
    'no-samba',
    '--real-ad needs Samba, which is not installed here',
    'install it with .ci/install-samba (Debian), or leave --real-ad out: the demo then has a simulated domain',
  )
}

const resourceBasedApp = join('policies', 'apps', 'warehouse.yaml')

/** Samba keeps resource-based delegation to itself: whoever writes it over LDAP is refused. */
export function leaveToPeople(folder: string, host: Host): void {
  const path = join(folder, resourceBasedApp)
  const [before, after] = ['delegation: resource-based', 'delegation: unmanaged'] as const
  const text = readFileSync(path, 'utf8')
  if (!text.includes(before)) return
  writeFileSync(path, text.replace(before, after))
  host.stdout.write(
    `Samba lets nobody set up resource-based delegation over LDAP: ${resourceBasedApp} says unmanaged.\n`,
  )
}
