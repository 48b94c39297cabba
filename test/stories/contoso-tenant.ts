// The example of this repository in one process: its policies as they are or changed, and a tenant and a domain as they ship.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import type { AccessDoc, AppDoc, Documents, OrganizationDoc, PartnerDoc } from '../laws/policies.ts'
import { openSeeded, type Tenant } from '../laws/tenant.ts'
import { repository } from './guestlist.ts'

/** The morning of the example. */
export const morning = Date.parse('2026-12-01T09:00:00Z')

export const examplePolicies = join(repository, 'policies')

export type Contoso = Tenant & { readonly policy: ResolvedPolicy }

export async function openContoso(): Promise<Contoso> {
  const seed = (file: string): string => readFileSync(join(repository, 'src/sandbox/contoso', file), 'utf8')
  const seeds = { graph: JSON.parse(seed('graph.json')) as object, directory: seed('directory.ldif') }
  const [policy, tenant] = await Promise.all([policyIn(examplePolicies), openSeeded(seeds, morning)])
  return Object.assign(tenant, { policy })
}

export async function policyIn(folder: string): Promise<ResolvedPolicy> {
  const { policy, problems } = await loadPolicy(folder, morning)
  if (policy === undefined) throw new Error(`policies with mistakes: ${JSON.stringify(problems.slice(0, 3))}`)
  return policy
}

type Written = { readonly kind: string } & Readonly<Record<string, unknown>>

/** The policies as they are written, for who looks on: apps and connector groups. */
export function documentsIn(folder: string): Documents {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.yaml'))
  const all = files.flatMap(file =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map(document => document.toJS() as Written),
  )
  const of = <Doc>(kind: string): Doc[] => all.filter(each => each.kind === kind) as unknown as Doc[]
  const [organization] = of<OrganizationDoc>('Organization')
  if (organization === undefined) throw new Error('no organization')
  return {
    organization,
    partners: of<PartnerDoc>('Partner'),
    apps: of<AppDoc>('App'),
    accesses: of<AccessDoc>('Access'),
  }
}
