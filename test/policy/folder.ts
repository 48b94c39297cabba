// A policies folder made from text, for one test.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type LoadedPolicy, loadPolicy } from '../../src/policy/load.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

export const today = Date.parse('2026-12-01T00:00:00Z')

export function folderOf(files: Files): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'guestlist-policy-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), content)
  }
  return folder
}

export async function load(files: Files, at = today): Promise<LoadedPolicy> {
  return loadPolicy(folderOf(files), at)
}

/** `error[unknown-group] access.yaml:5:10`, one per problem. */
export function places({ problems }: LoadedPolicy): string[] {
  return problems.map(
    ({ severity, code, at }) => `${severity}[${code}] ${at === undefined ? '-' : `${at.file}:${at.line}:${at.column}`}`,
  )
}

export const organization = `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra:
  tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece
  initialDomain: contoso.onmicrosoft.com
activeDirectory:
  domain: corp.contoso.com
  servers: ["ldaps://dc1.corp.contoso.com"]
  organizationalUnits:
    shadowAccounts: OU=Shadow,DC=corp,DC=contoso,DC=com
    archive: OU=Archive,DC=corp,DC=contoso,DC=com
    groups: OU=Groups,DC=corp,DC=contoso,DC=com
applicationProxy:
  connectorGroups:
    - name: Headquarters
      connectors: [CONNECTOR01]
`

export const fabrikam = `apiVersion: guestlist/v1
kind: Partner
name: fabrikam
displayName: Fabrikam, Inc.
accounts: entra-b2b
domains: [fabrikam.com]
groups:
  engineers:
    members:
      - lee@fabrikam.com
      - {address: dana@fabrikam.com, displayName: Dana Ruiz, until: 2027-03-31}
`

export const payroll = `apiVersion: guestlist/v1
kind: App
name: payroll
displayName: Payroll
hosting: on-premises
tags: [restricted]
proxy:
  internalUrl: http://payroll.corp.contoso.com/
  externalUrl: https://payroll-contoso.msappproxy.net/
  connectorGroup: Headquarters
signOn:
  kerberos:
    servicePrincipalName: HTTP/payroll.corp.contoso.com
`

export const access = `apiVersion: guestlist/v1
kind: Access
name: fabrikam-payroll
partner: fabrikam
groups: [engineers]
app: payroll
`

/** A small policy without any problem. */
export const sound = {
  'organization.yaml': organization,
  'fabrikam.yaml': fabrikam,
  'payroll.yaml': payroll,
  'access.yaml': access,
} as const
