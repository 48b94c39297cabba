// Three changes of Contoso's life, each with both directories as they are before: everything is new, some people leave and others
// come, and all of it goes.

import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Planned } from '../../src/engine/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import type { Documents } from '../laws/policies.ts'
import { type Contoso, documentsIn, examplePolicies, openContoso, policyIn } from './contoso-tenant.ts'
import { editFile } from './edit.ts'
import { emptyFolder } from './guestlist.ts'

export interface Life {
  readonly tenant: Contoso
  readonly policy: ResolvedPolicy
  readonly planned: Planned
  /** The policy that comes and those before. */
  readonly documents: readonly Documents[]
  /** Makes both directories as they were before. */
  readonly recall: () => void
}

export const lives: readonly (readonly [name: string, open: () => Promise<Life>])[] = [
  ['everything', () => life(undefined, () => undefined)],
  ['a change', () => life(examplePolicies, changed)],
  ['the take-down', () => life(examplePolicies, takenDown)],
]

async function life(before: string | undefined, change: (folder: string) => void): Promise<Life> {
  const folder = emptyPolicies()
  change(folder)
  const tenant = await openContoso()
  const policy = await policyIn(folder)
  if (before !== undefined) await tenant.apply(await tenant.plan(await policyIn(before)))
  const planned = await tenant.plan(policy)
  const documents = [...(before === undefined ? [] : [documentsIn(before)]), documentsIn(folder)]
  return { tenant, policy, planned, documents, recall: tenant.remember() }
}

function emptyPolicies(): string {
  const folder = join(emptyFolder(), 'policies')
  cpSync(examplePolicies, folder, { recursive: true })
  return folder
}

/** Leavers, new people, people who move, an access that ends and one that begins, an app that asks for more. */
function changed(folder: string): void {
  edit(folder, 'partners/fabrikam.yaml', text =>
    text
      .replace(/ +- \{address: callum.*\n/, '      - {address: ada.byron@fabrikam.com, displayName: Ada Byron}\n')
      .replace('      - kim@fabrikam.com\n', '      - new.hire@fabrikam.com\n')
      .replace('      - amara.okafor@fabrikam.com\n', '      - priya.raman@fabrikam.com\n'),
  )
  edit(folder, 'partners/litware.yaml', text => text.replace(/ +- \{address: pcosta.*\n/, ''))
  edit(folder, 'access/adatum.yaml', text => text.slice(0, text.lastIndexOf('---')))
  edit(folder, 'partners/proseware.yaml', text => text.replace(/^ +- \{?(address: )?\S+@proseware.com.*\n/m, ''))
}

function takenDown(folder: string): void {
  for (const part of ['partners', 'apps', 'access', 'rules']) rmSync(join(folder, part), { recursive: true })
}

function edit(folder: string, file: string, change: (text: string) => string): void {
  editFile(join(folder, file), change)
}
