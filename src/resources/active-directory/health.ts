// Whether the domain is as guestlist needs it: clock, schema, units, groups, connectors, and the rights on them. All of it
// is read; of a right the server itself says whether we have it (`allowed…Effective`). One check that fails stops no other.

import { type Checked, untold, warning, well, wrong } from '../../model/checkup.ts'
import { type DirectoryEntry, type DirectoryReader, type Filter, RequestFailure } from '../../model/directories.ts'
import { canonicalDn, domainDn } from '../../model/escape.ts'
import { keptGroups } from '../../model/groups.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { delegationOf } from '../../model/sign-on.ts'
import { connectorName, connectorsOf, readConnectors } from './connectors.ts'
import { type Domain, domainOf, protection, value, values } from './domain.ts'
import { userTypeOf } from './partner-accounts.ts'
import { checkAttributes, checkSample, excess, howToGrant, readOne, writtenAttributes } from './rights.ts'
import { kerberosRoles } from './role-groups.ts'
import { holdersOf, readServices, refusalOf } from './services.ts'

interface Patient {
  readonly reader: DirectoryReader
  readonly policy: ResolvedPolicy
  readonly domain: Domain
  readonly now: number
}

type Check = (patient: Patient) => Promise<readonly Checked[]>

function wantedOf({ policy, domain }: Patient): ReturnType<typeof writtenAttributes> {
  return writtenAttributes(domain.anchorAttribute, userTypeOf(policy).attribute)
}

/** `now`: this machine's time. Empty where the policy names no domain to work in. */
export async function examineDomain(
  reader: DirectoryReader,
  policy: ResolvedPolicy,
  now: number,
): Promise<readonly Checked[]> {
  const domain = domainOf(policy)
  if (domain === undefined) return []
  const checks = [
    ...[checkRoot, checkSchema, checkUnits, checkAccounts, checkPartnerAccounts, checkGroups, checkNamedGroups],
    ...[checkConnectors, checkServices],
  ]
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

const checkSchema: Check = async ({ reader, policy, domain }) => {
  const { anchorAttribute: anchor } = domain
  const root = await readRoot(reader, ['schemaNamingContext'])
  const schema = root === undefined ? undefined : value(root, 'schemaNamingContext')
  if (schema === undefined) return [untold('anchor-attribute', `whether the schema has ${anchor} cannot be told`)]
  const results: Checked[] = []
  const attribute = await attributeIn(reader, schema, anchor)
  if (attribute === undefined) {
    const hint =
      'msDS-ExternalDirectoryObjectId comes with the schema of Windows Server 2016; name another one in activeDirectory.anchorAttribute'
    results.push(wrong('no-anchor-attribute', `the schema has no attribute ${anchor}`, hint))
  }
  // searchFlags, [MS-ADTS] 2.2.10: bit 0 is an index.
  else if ((Number(value(attribute, 'searchFlags') ?? 0) & 1) === 0) {
    const hint = 'finding an account reads the whole domain: index the attribute, or name another one'
    results.push(warning('anchor-not-indexed', `the anchor attribute ${anchor} is not indexed`, hint))
  } else results.push(well('anchor-attribute', `anchor attribute: ${anchor}, indexed`))
  const userType = userTypeOf(policy).attribute
  if (keptGroups(policy).length > 0 && (await attributeIn(reader, schema, userType)) === undefined) {
    const hint = "extensionAttribute1 to 15 come with Exchange's schema; name another one in activeDirectory.userType"
    results.push(wrong('no-user-type-attribute', `the schema has no attribute ${userType}`, hint))
  }
  return results
}

async function attributeIn(reader: DirectoryReader, schema: string, name: string): Promise<DirectoryEntry | undefined> {
  const filter: Filter = { equals: ['lDAPDisplayName', name] }
  const [found] = await reader.search({ base: schema, scope: 'one', filter, attributes: ['searchFlags'] })
  return found
}

const checkUnits: Check = async ({ reader, policy, domain }) => {
  const { partnerAccounts } = policy.organization.spec.activeDirectory?.organizationalUnits ?? {}
  const units = [
    ['shadowAccounts', domain.shadowAccounts, 'user'],
    ['archive', domain.archive, 'user'],
    ['groups', domain.groups, 'group'],
    // Accounts are never created there.
    ['partnerAccounts', keptGroups(policy).length > 0 ? partnerAccounts : undefined, undefined],
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
    return [there, wrong('missing-right', `the right to create ${child}s in ${dn} is missing`, howToGrant)]
  const further = allowed.filter(each => each !== child)
  if (further.length === 0) return [well('unit', `unit ${dn}: may create ${child}s`)]
  return [
    well('unit', `unit ${dn}: may create ${child}s`),
    excess(`it may also create ${further.slice(0, 3).join(', ')}${further.length > 3 ? ', …' : ''} in ${dn}`),
  ]
}

const checkAccounts: Check = async patient => {
  const { reader, domain } = patient
  const results: Checked[] = []
  for (const unit of [domain.shadowAccounts, domain.archive].filter(each => each !== undefined))
    results.push(...(await checkSample(reader, unit, 'user', 'account', wantedOf(patient).account)))
  return results
}

const checkPartnerAccounts: Check = async patient => {
  const { reader, policy } = patient
  const unit = policy.organization.spec.activeDirectory?.organizationalUnits?.partnerAccounts
  if (unit === undefined || keptGroups(policy).length === 0) return []
  return await checkSample(reader, unit, 'user', 'account', wantedOf(patient).partnerAccount)
}

const checkGroups: Check = async patient => {
  const unit = patient.domain.groups
  return unit === undefined ? [] : await checkSample(patient.reader, unit, 'group', 'group', wantedOf(patient).group)
}

const checkNamedGroups: Check = async patient => {
  const { reader, policy } = patient
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
    else results.push(...(await checkAttributes(reader, dn, dn, wantedOf(patient).roleGroup)))
  }
  return results
}

const checkConnectors: Check = async patient => {
  const { reader, policy, domain } = patient
  const connectorsBy = (delegation: string): ReadonlySet<string> =>
    new Set(
      [...policy.apps.values()]
        .filter(app => delegationOf(app) === delegation)
        .flatMap(app => connectorsOf(app, policy)),
    )
  const written = connectorsBy('constrained')
  const names = new Set([...written, ...connectorsBy('resource-based')])
  const entries = names.size === 0 ? [] : await readConnectors({ domain, reader }, policy)
  const results: Checked[] = []
  for (const name of names) {
    const entry = entries.find(each => connectorName(each) === name)
    const refused = entry === undefined ? undefined : protection(entry)
    if (entry === undefined) {
      const hint = 'join the connector to the domain, or correct applicationProxy.connectorGroups'
      results.push(wrong('missing-connector', `no computer account ${name}$ is in the domain`, hint))
    } else if (refused !== undefined) {
      results.push(wrong(refused.code, refused.message, 'put the connector on a computer of its own'))
    } else if (!written.has(name)) results.push(well('connector', `connector ${name}`))
    else results.push(...(await checkAttributes(reader, entry.dn, `connector ${name}`, wantedOf(patient).connector)))
  }
  return results
}

/** Accounts of services that say themselves who may sign in for others. */
const checkServices: Check = async patient => {
  const { reader, policy, domain } = patient
  const apps = [...policy.apps.values()].filter(app => delegationOf(app) === 'resource-based')
  const accounts = apps.length === 0 ? [] : await readServices({ domain, reader }, policy)
  const results: Checked[] = []
  for (const app of apps) {
    const [account, ...others] = holdersOf(app, accounts)
    const refused = account === undefined ? undefined : refusalOf(account)
    if (account === undefined || others.length > 0) {
      const many = account === undefined ? 'no account has' : 'several accounts have'
      const hint = 'register it once, with setspn -S, or correct signOn.kerberos.servicePrincipalName'
      results.push(wrong('service-name', `${many} the service principal name of the app ${app.name}`, hint))
    } else if (refused !== undefined) {
      results.push(wrong(refused.code, refused.message, 'let the service run as an account of its own'))
    } else {
      const what = `the account of the service of ${app.name}`
      results.push(...(await checkAttributes(reader, account.dn, what, wantedOf(patient).service)))
    }
  }
  return results
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
