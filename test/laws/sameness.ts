// The contents of both directories as lines that are equal if the directories are, whatever ids, times and numbers the services
// gave: each object under a name, each reference by that name.

import type { Item, Snapshot } from './tenant.ts'

/** Given by the services, and different each time. */
const incidental = new Set([
  'id',
  'createdDateTime',
  'modifiedDateTime',
  'deletedDateTime',
  'externalUserStateChangeDateTime',
  'signInSessionsValidFromDateTime',
  'renewedDateTime',
  'onPremisesLastSyncDateTime',
  'invitations',
  'keyCredentials',
  'passwordCredentials',
  'preferredTokenSigningKeyThumbprint',
  'objectGUID',
  'objectSid',
  'whenChanged',
  'whenCreated',
  'uSNChanged',
  'uSNCreated',
  'pwdLastSet',
  'securityIdentifier',
])

export function likeness({ graph, directory }: Snapshot): readonly string[] {
  const names = new Map<string, string>()
  for (const [section, items] of Object.entries(graph)) {
    if (!Array.isArray(items)) continue
    for (const item of items) {
      const name = nameOf(item)
      if (typeof item.id === 'string') names.set(item.id, `${section}:${name}`)
      if (typeof item.appId === 'string' && section === 'applications') names.set(item.appId, `app:${name}`)
    }
  }
  // Account names are made of the guest's id.
  for (const { attributes } of directory) {
    const [name = '', mail = ''] = [attributes.sAMAccountName?.[0], attributes.mail?.[0]]
    if (made.test(name)) names.set(name, `account of ${mail}`)
  }
  for (const { dn, attributes } of directory) {
    for (const id of [attributes.objectGUID?.[0], attributes.objectSid?.[0]]) if (id) names.set(id, named(dn, names))
  }
  const lines = Object.entries(graph)
    .filter(([section]) => !['tenant', 'invitations', 'deletedItems'].includes(section))
    .flatMap(([section, items]) =>
      (Array.isArray(items) ? items : [items]).map(item => `${section} ${said(item as Item, names)}`),
    )
  return [...lines, ...directory.map(({ dn, attributes }) => `${named(dn, names)} ${said(attributes, names)}`)].sort()
}

const made = /^g-[0-9a-z]{8,}$/

function nameOf(item: Item): string {
  return String(item.uniqueName ?? item.userPrincipalName ?? item.displayName ?? item.name ?? item.tenantId ?? '')
}

function said(item: unknown, names: ReadonlyMap<string, string>): string {
  return JSON.stringify(plain(item, names))
}

function plain(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return named(value, names)
  if (Array.isArray(value)) {
    return value.map(each => plain(each, names)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !incidental.has(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, key === descriptor ? words(inner) : plain(inner, names)]),
  )
}

const descriptor = 'msDS-AllowedToActOnBehalfOfOtherIdentity'

/** The same entries in any order. */
function words(values: unknown): readonly string[] {
  const bytes = Buffer.from(Array.isArray(values) ? String(values[0]) : '', 'base64').toString('hex')
  return (bytes.match(/.{1,8}/g) ?? []).sort()
}

/** With every id in it, alone or within a longer text, under its name. */
function named(text: string, names: ReadonlyMap<string, string>): string {
  const known = names.get(text)
  if (known !== undefined) return known
  return text.replace(
    /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|S-1-5-21-[\d-]+|\bg-[0-9a-z]{8,}/g,
    id => names.get(id) ?? id,
  )
}
