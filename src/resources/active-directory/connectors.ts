// The computer accounts of the connectors, and those that we allowed to delegate: several kinds ask.

import type { DirectoryEntry, DirectoryReader } from '../../model/directories.ts'
import { domainDn } from '../../model/escape.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { type Domain, searchUnit, value } from './domain.ts'

export const allowedToDelegateTo = 'msDS-AllowedToDelegateTo'

export const connectorAttributes = [
  'objectGUID',
  'objectSid',
  'sAMAccountName',
  'userAccountControl',
  allowedToDelegateTo,
  'extensionName',
  'adminCount',
  'isCriticalSystemObject',
] as const

/** Names of the connectors that serve an app, in upper case as computers are named. */
export function connectorsOf(app: ResolvedApp, policy: ResolvedPolicy): readonly string[] {
  const groups = policy.organization.spec.applicationProxy?.connectorGroups ?? []
  const group = groups.find(candidate => candidate.name === app.spec.proxy?.connectorGroup)
  return [...new Set((group?.connectors ?? []).map(name => name.toUpperCase()))]
}

/** Accounts of the connectors that the policy names, and of every computer with a mark of ours. */
export function readConnectors(
  { domain, reader }: { domain: Domain; reader: DirectoryReader },
  policy: ResolvedPolicy,
): Promise<readonly DirectoryEntry[]> {
  const named = (policy.organization.spec.applicationProxy?.connectorGroups ?? []).flatMap(
    group => group.connectors ?? [],
  )
  return searchUnit(reader, {
    base: domainDn(domain.name),
    scope: 'sub',
    filter: {
      and: [
        { equals: ['objectClass', 'computer'] },
        {
          or: [
            ...[...new Set(named)].map(name => ({ equals: ['sAMAccountName', `${name}$`] as const })),
            { startsWith: ['extensionName', 'guestlist.'] },
          ],
        },
      ],
    },
    attributes: connectorAttributes,
  })
}

export function connectorName(entry: DirectoryEntry): string {
  return (value(entry, 'sAMAccountName') ?? '').replace(/\$$/, '').toUpperCase()
}
