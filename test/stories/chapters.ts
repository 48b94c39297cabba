// A small company's sandbox, and two chapters of its policies: what there is, and what comes next.

import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { openSeeded, resolveFiles, type Tenant } from '../laws/tenant.ts'
import { access, app, approvers, domainLdif, organization, partner } from '../samba/company.ts'

export const now = Date.UTC(2026, 11, 1, 8)

/** People, a group, and an app with its delegation go; others come. */
export const chapters = {
  before: [
    partner({ engineers: ['lee@fabrikam.com', 'dana@fabrikam.com'], leads: ['dana@fabrikam.com'] }),
    app('stock'),
    app('payroll', { user: {} }),
    access('engineers', 'stock'),
    access('leads', 'payroll'),
  ],
  after: [
    partner({ engineers: ['lee@fabrikam.com', 'ann@fabrikam.com'], leads: ['ann@fabrikam.com'] }),
    app('payroll', { clerk: {}, approver: { adGroup: approvers } }),
    access('engineers', 'payroll', 'clerk'),
    access('leads', 'payroll', 'approver'),
  ],
}

export const resolved = (documents: readonly object[], at = now): Promise<ResolvedPolicy> => {
  const text = [organization, ...documents].map(document => JSON.stringify(document, undefined, 2)).join('\n---\n')
  return resolveFiles(new Map([['all.yaml', text]]), at)
}

/** With the first chapter applied. */
export async function openChapter(): Promise<Tenant> {
  const { tenantId, initialDomain } = organization.entra
  const directory = domainLdif.replaceAll(/^(changetype: add|unicodePwd:: .*)\n/gm, '')
  const tenant = await openSeeded({ graph: { tenant: { tenantId, initialDomain } }, directory }, now)
  await tenant.apply(await tenant.plan(await resolved(chapters.before)))
  return tenant
}
