// Whether the domain is as guestlist needs it: clock, schema, units, groups, connectors, and the rights on them. All of it
// is read; of a right the server itself says whether we have it (`allowed…Effective`). One check that fails stops no other.

import type { Checked } from '../../model/checkup.ts'
import { type DirectoryEntry, type DirectoryReader, type Filter, RequestFailure } from '../../model/directories.ts'
import { canonicalDn, domainDn } from '../../model/escape.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { appliedApps, isKerberos, kerberosOf } from '../../model/supported.ts'
import { allowedToDelegateTo, connectorName, connectorsOf, readConnectors } from './connectors.ts'
import { type Domain, domainOf, isMissing, protection, value, values } from './domain.ts'
import { kerberosRoles } from './role-groups.ts'

interface Patient {
  readonly reader: DirectoryReader
  readonly policy: ResolvedPolicy
  readonly domain: Domain
  readonly now: number
}

type Check = (patient: Patient) => Promise<readonly Checked[]>

/** Attributes that are written; docs/active-directory.md has the rights, with `name`, which no server lists. */
export function writtenAttributes(anchor: string) {
  return {
    account: [
      ...['cn', 'userPrincipalName', 'displayName', 'mail', 'userAccountControl', 'accountExpires'],
      ...['adminDescription', anchor],
    ],
    group: ['member', 'description', 'adminDescription', 'cn'],
    roleGroup: ['member'],
    connector: [allowedToDelegateTo, 'userAccountControl', 'extensionName'],
  } as const
}

/** `now`: this machine's time. Empty where the policy names no domain to work in. */
export async function examineDomain(
  reader: DirectoryReader,
  policy: ResolvedPolicy,
  now: number,
): Promise<readonly Checked[]> {
  const domain = domainOf(policy)
  if (domain === undefined) return []
  const checks = [checkRoot, checkSchema, checkUnits, checkAccounts, checkGroups, checkNamedGroups, checkConnectors]
  const results: Checked[] = []
  // One after the other: what they ask is little, and their order is the report's.
  for (const check of checks) results.push(...(await attempted(check, { reader, policy, domain, now })))
  return [...results, hiddenRights]
}

async function attempted(check: Check, patient: Patient): Promise<readonly Checked[]> {
  try {
    return await check(patient)
  } catch (error) {
    if (!(error instanceof RequestFailure || error instanceof Failure)) throw error
    const hint = error instanceof Failure && error.hint !== undefined ? { hint: error.hint } : {}
    return [{ status: 'wrong', code: error.code, message: error.message, ...hint }]
  }
}

const well = (code: string, message: string): Checked => ({ status: 'well', code, message })
const wrong = (code: string, message: string, hint: string): Checked => ({ status: 'wrong', code, message, hint })
const warning = (code: string, message: string, hint: string): Checked => ({ status: 'warning', code, message, hint })
const untold = (code: string, message: string, hint?: string): Checked => ({
  status: 'untold',
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
})

const page = 'docs/active-directory.md has the commands that grant it'
const hiddenRights = untold(
  'hidden-rights',
  'cannot be told by reading: the right to delete, and SeEnableDelegationPrivilege',
  'the first apply that needs them says so if they are missing; docs/active-directory.md has the commands',
)

// Kerberos refuses tickets of clocks that are further apart.
const mostSkew = 5 * 60_000

const checkRoot: Check = async ({ reader, domain, now }) => {
  const root = await readRoot(reader, ['currentTime', 'defaultNamingContext'])
  if (root === undefined) return [untold('clock', 'the time of the domain controller cannot be told')]
  const results: Checked[] = []
  const context = value(root, 'defaultNamingContext')
  if (context !== undefined && canonicalDn(context) !== canonicalDn(domainDn(domain.name))) {
    const hint = 'correct activeDirectory.domain, or activeDirectory.servers'
    results.push(wrong('other-domain', `the server's domain is ${context}, the policy's ${domain.name}`, hint))
  }
  const time = instantOf(value(root, 'currentTime'))
  if (time === undefined) return [...results, untold('clock', 'the time of the domain controller cannot be told')]
  const skew = Math.abs(time - now)
  return [
    ...results,
    skew > mostSkew
      ? warning(
          'clock-skew',
          `this machine's clock and the domain controller's are ${Math.round(skew / 60_000)} minutes apart`,
          'set both by the same time service: Kerberos refuses more than 5 minutes, and days begin and end by these clocks',
        )
      : well('clock', 'clock: as the domain controller has it'),
  ]
}

/** `20261201090000.0Z` */
function instantOf(text = ''): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text) ?? []
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(instant) ? undefined : instant
}

const checkSchema: Check = async ({ reader, domain }) => {
  const { anchorAttribute: anchor } = domain
  const root = await readRoot(reader, ['schemaNamingContext'])
  const schema = root === undefined ? undefined : value(root, 'schemaNamingContext')
  if (schema === undefined) return [untold('anchor-attribute', `whether the schema has ${anchor} cannot be told`)]
  const [attribute] = await reader.search({
    base: schema,
    scope: 'one',
    filter: { equals: ['lDAPDisplayName', anchor] },
    attributes: ['searchFlags', 'isSingleValued'],
  })
  if (attribute === undefined) {
    const hint =
      'msDS-ExternalDirectoryObjectId comes with the schema of Windows Server 2016; name another one in activeDirectory.anchorAttribute'
    return [wrong('no-anchor-attribute', `the schema has no attribute ${anchor}`, hint)]
  }
  // searchFlags, [MS-ADTS] 2.2.10: bit 0 is an index.
  if ((Number(value(attribute, 'searchFlags') ?? 0) & 1) === 0) {
    const hint = 'finding an account reads the whole domain: index the attribute, or name another one'
    return [warning('anchor-not-indexed', `the anchor attribute ${anchor} is not indexed`, hint)]
  }
  return [well('anchor-attribute', `anchor attribute: ${anchor}, indexed`)]
}

const checkUnits: Check = async ({ reader, policy, domain }) => {
  const units = [
    ['shadowAccounts', domain.shadowAccounts, 'user'],
    ['archive', domain.archive, 'user'],
    ['groups', domain.groups, 'group'],
    // Accounts are never created there.
    ['partnerAccounts', policy.organization.spec.activeDirectory?.organizationalUnits?.partnerAccounts, undefined],
  ] as const
  const results: Checked[] = []
  for (const [name, dn, child] of units)
    if (dn !== undefined) results.push(...(await checkUnit(reader, name, dn, child)))
  return results
}

async function checkUnit(
  reader: DirectoryReader,
  name: string,
  dn: string,
  child: string | undefined,
): Promise<readonly Checked[]> {
  const unit = await readOne(reader, dn, ['allowedChildClasses', 'allowedChildClassesEffective'])
  if (unit === undefined) {
    const hint = `create it, let the account see it, or correct activeDirectory.organizationalUnits.${name}`
    return [wrong('missing-unit', `the organizational unit ${dn} is not there (${name})`, hint)]
  }
  const there = well('unit', `unit ${dn}`)
  if (child === undefined) return [there]
  if (values(unit, 'allowedChildClasses').length === 0)
    return [there, untold('rights', `whether ${child}s can be created in ${dn} cannot be told`)]
  const allowed = values(unit, 'allowedChildClassesEffective')
  if (!allowed.includes(child))
    return [there, wrong('missing-right', `the right to create ${child}s in ${dn} is missing`, page)]
  const further = allowed.filter(each => each !== child)
  if (further.length === 0) return [well('unit', `unit ${dn}: may create ${child}s`)]
  return [
    well('unit', `unit ${dn}: may create ${child}s`),
    excess(`it may also create ${further.slice(0, 3).join(', ')}${further.length > 3 ? ', …' : ''} in ${dn}`),
  ]
}

const checkAccounts: Check = async ({ reader, domain }) => {
  const wanted = writtenAttributes(domain.anchorAttribute).account
  const results: Checked[] = []
  for (const unit of [domain.shadowAccounts, domain.archive])
    results.push(...(await checkSample(reader, unit, 'user', 'account', wanted)))
  return results
}

const checkGroups: Check = ({ reader, domain }) =>
  checkSample(reader, domain.groups, 'group', 'group', writtenAttributes(domain.anchorAttribute).group)

/** Rights on what lies in a unit show at an example only: the first one that is there. */
async function checkSample(
  reader: DirectoryReader,
  unit: string,
  objectClass: string,
  noun: string,
  wanted: readonly string[],
): Promise<readonly Checked[]> {
  // Access lists of what is or was privileged are not the unit's.
  const filter: Filter = { and: [{ equals: ['objectClass', objectClass] }, { not: { present: 'adminCount' } }] }
  const found = await orMissing(reader.search({ base: unit, scope: 'sub', filter, attributes: ['objectGUID'] }))
  if (found === undefined) return []
  const [sample] = found
  if (sample === undefined)
    return [untold('rights', `rights on ${noun}s in ${unit} cannot be told while there are none`)]
  return await checkAttributes(reader, sample.dn, `${noun}s in ${unit}`, wanted)
}

const checkNamedGroups: Check = async ({ reader, policy, domain }) => {
  const roles = kerberosRoles(policy).flatMap(({ role }) => role.adGroup ?? [])
  const sources = [...policy.partners.values()]
    .flatMap(partner => [...partner.groups.values()])
    .flatMap(({ source }) => (source !== undefined && 'adGroup' in source ? [source.adGroup] : []))
  const results: Checked[] = []
  for (const [dn, isWritten] of new Map([
    ...sources.map(dn => [dn, false] as const),
    ...roles.map(dn => [dn, true] as const),
  ])) {
    const attributes = ['objectSid', 'objectClass', 'adminCount', 'isCriticalSystemObject', 'msDS-ObjectSoa']
    const group = await readOne(reader, dn, attributes)
    const refused = group === undefined || !isWritten ? undefined : protection(group)
    if (group === undefined || !values(group, 'objectClass').includes('group')) {
      const hint = 'create it, let the account see it, or correct adGroup'
      results.push(wrong('missing-group', `the group ${dn} is not there`, hint))
    } else if (refused !== undefined)
      results.push(wrong(refused.code, refused.message, 'name another group in adGroup'))
    else if (!isWritten) results.push(well('group', `group ${dn}`))
    else results.push(...(await checkAttributes(reader, dn, dn, writtenAttributes(domain.anchorAttribute).roleGroup)))
  }
  return results
}

const checkConnectors: Check = async ({ reader, policy, domain }) => {
  const names = appliedApps(policy)
    .filter(app => isKerberos(app) && (kerberosOf(app)?.delegation ?? 'constrained') === 'constrained')
    .flatMap(app => connectorsOf(app, policy))
  const entries = names.length === 0 ? [] : await readConnectors({ domain, reader }, policy)
  const results: Checked[] = []
  for (const name of new Set(names)) {
    const entry = entries.find(each => connectorName(each) === name)
    const refused = entry === undefined ? undefined : protection(entry)
    if (entry === undefined) {
      const hint = 'join the connector to the domain, or correct applicationProxy.connectorGroups'
      results.push(wrong('missing-connector', `no computer account ${name}$ is in the domain`, hint))
    } else if (refused !== undefined) {
      results.push(wrong(refused.code, refused.message, 'put the connector on a computer of its own'))
    } else {
      const { connector } = writtenAttributes(domain.anchorAttribute)
      results.push(...(await checkAttributes(reader, entry.dn, `connector ${name}`, connector)))
    }
  }
  return results
}

/** What lets its holder pose as others. */
const dangerous = ['servicePrincipalName', allowedToDelegateTo, 'msDS-AllowedToActOnBehalfOfOtherIdentity']

async function checkAttributes(
  reader: DirectoryReader,
  dn: string,
  what: string,
  wanted: readonly string[],
): Promise<readonly Checked[]> {
  const entry = await readOne(reader, dn, ['allowedAttributes', 'allowedAttributesEffective'])
  const possible = new Set(
    entry === undefined ? [] : values(entry, 'allowedAttributes').map(name => name.toLowerCase()),
  )
  if (entry === undefined || possible.size === 0) return [untold('rights', `rights on ${what} cannot be told`)]
  const allowed = new Set(values(entry, 'allowedAttributesEffective').map(name => name.toLowerCase()))
  // What no such object can have is the schema's matter.
  const missing = wanted.filter(name => possible.has(name.toLowerCase()) && !allowed.has(name.toLowerCase()))
  const further = dangerous.filter(name => allowed.has(name.toLowerCase()) && !wanted.includes(name))
  const excesses = further.length === 0 ? [] : [excess(`it may also write ${further.join(', ')} of ${what}`)]
  if (missing.length > 0)
    return [wrong('missing-right', `the right to write ${missing.join(', ')} of ${what} is missing`, page), ...excesses]
  return [well('rights', `rights on ${what}`), ...excesses]
}

function excess(message: string): Checked {
  const hint = 'grant no more than docs/active-directory.md lists: whoever gets the account gets this with it'
  return warning('excess-right', `the account has more rights than it needs: ${message}`, hint)
}

/** What the server says of itself; undefined in the sandbox, which is no server. */
async function readRoot(reader: DirectoryReader, attributes: readonly string[]): Promise<DirectoryEntry | undefined> {
  try {
    return await readOne(reader, '', attributes)
  } catch (error) {
    if (error instanceof RequestFailure && error.status === 34) return undefined
    throw error
  }
}

/** Undefined: it is not there, or in no domain of this server. */
async function readOne(
  reader: DirectoryReader,
  base: string,
  attributes: readonly string[],
): Promise<DirectoryEntry | undefined> {
  const found = await orMissing(reader.search({ base, scope: 'base', filter: { present: 'objectClass' }, attributes }))
  return found?.[0]
}

async function orMissing<Found>(asked: Promise<Found>): Promise<Found | undefined> {
  try {
    return await asked
  } catch (error) {
    // LDAP 10, referral: another domain's.
    if (isMissing(error) || (error instanceof RequestFailure && error.status === 10)) return undefined
    throw error
  }
}
