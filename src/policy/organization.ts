// The Organization by itself, and what others need of it: Active Directory and its units as soon as somebody uses them.

import { domainDn, isWithin } from '../model/escape.ts'
import type { Problem } from '../model/problem.ts'
import { isDn } from '../model/protected-groups.ts'
import type { ResolvedAccess } from './accesses.ts'
import type { Checked } from './check.ts'
import { faultAt, originAt, type Part, type SourceDocument, step } from './document.ts'
import type { Named } from './names.ts'
import type { Fault } from './source.ts'
import { onlyOnce } from './unique.ts'

type Report = (problem: Problem) => void

const unitsKey = '/activeDirectory/organizationalUnits'

export function checkOrganization({ spec, document }: Checked<'Organization'>, report: Report): void {
  const claimName = onlyOnce(
    'duplicate-connector-group',
    name => `there is a connector group \`${name}\` already`,
    report,
  )
  spec.applicationProxy?.connectorGroups?.forEach((group, index) => {
    if (group?.name !== undefined)
      claimName(group.name, group.name, document, `/applicationProxy/connectorGroups/${index}/name`)
  })

  const domain = spec.activeDirectory?.domain
  const claimUnit = onlyOnce('same-unit', (_, owner) => `this is the unit \`${owner}\` already`, report)
  for (const [unit, dn] of Object.entries(spec.activeDirectory?.organizationalUnits ?? {})) {
    if (dn === undefined) continue
    claimUnit(dn, unit, document, `${unitsKey}/${unit}`)
    if (domain !== undefined && !isWithin(dn, domainDn(domain)))
      report(faultAt(document, `${unitsKey}/${unit}`, 'value', outsideDomain(domain, document)))
  }
}

function outsideDomain(domain: string, organization: SourceDocument): Fault {
  return {
    severity: 'error',
    code: 'outside-domain',
    message: `this is not in the domain ${domain}`,
    hint: `it must end in ${domainDn(domain)}`,
    see: originAt(organization, '/activeDirectory/domain'),
  }
}

/** Groups in Active Directory that the policy names are in the one domain that the Organization names. */
export function checkGroupsInDomain({ partners, apps, organization }: Named, report: Report): void {
  const domain = organization?.spec.activeDirectory?.domain
  if (organization === undefined || domain === undefined) return
  const check = (owner: Checked, pointer: string, dn: string | undefined): void => {
    if (dn !== undefined && !isWithin(dn, domainDn(domain)))
      report(faultAt(owner.document, pointer, 'value', outsideDomain(domain, organization.document)))
  }
  for (const [index, group] of (organization.spec.guardrails?.protectedGroups ?? []).entries())
    if (group !== undefined && isDn(group)) check(organization, `/guardrails/protectedGroups/${index}`, group)
  for (const owner of partners.values()) {
    for (const [name, group] of Object.entries(owner.spec.groups ?? {}))
      check(owner, `/groups${step(name)}/membersFrom/adGroup`, group?.membersFrom?.adGroup)
  }
  for (const owner of apps.values()) {
    for (const [role, parts] of Object.entries(owner.spec.roles ?? {}))
      check(owner, `/roles${step(role)}/adGroup`, parts?.adGroup)
  }
}

type Unit = 'shadowAccounts' | 'archive' | 'groups' | 'partnerAccounts'

interface Need {
  readonly owner: Checked
  readonly pointer: string
  readonly part: Part
  readonly why: string
  readonly unit?: Unit
}

/** One problem per thing that is missing, at the first place that needs it. */
export function checkNeeds(named: Named, accesses: readonly ResolvedAccess[], report: Report): void {
  const { organization } = named
  if (organization === undefined || !organization.sound) return
  const directory = organization.spec.activeDirectory
  const missing = new Set<string>()
  for (const { owner, pointer, part, why, unit } of needsOf(named, accesses)) {
    if (
      directory === undefined
        ? missing.size > 0
        : unit === undefined || directory.organizationalUnits?.[unit] !== undefined || missing.has(unit)
    )
      continue
    missing.add(unit ?? '')
    const what = directory === undefined ? 'no `activeDirectory`' : `no organizational unit \`${unit}\``
    const code = directory === undefined ? 'missing-active-directory' : 'missing-unit'
    const see = originAt(
      organization.document,
      directory === undefined ? '/name' : organization.document.places.has(unitsKey) ? unitsKey : '/activeDirectory',
      'key',
    )
    report(
      faultAt(owner.document, pointer, part, {
        severity: 'error',
        code,
        message: `${why}, but the Organization has ${what}`,
        hint: 'say where it is:',
        see,
      }),
    )
  }
}

function* needsOf({ organization, partners, apps }: Named, accesses: readonly ResolvedAccess[]): Iterable<Need> {
  const protectedGroup = organization?.spec.guardrails?.protectedGroups?.findIndex(
    group => group !== undefined && isDn(group),
  )
  if (organization !== undefined && protectedGroup !== undefined && protectedGroup !== -1) {
    const pointer = `/guardrails/protectedGroups/${protectedGroup}`
    yield { owner: organization, pointer, part: 'value', why: 'a protected group is in Active Directory' }
  }
  for (const owner of partners.values()) {
    if (owner.spec.accounts === 'active-directory') {
      const why = `${owner.name}'s accounts are in Active Directory`
      yield { owner, pointer: '/accounts', part: 'value', why, unit: 'partnerAccounts' }
    }
    for (const [name, group] of Object.entries(owner.spec.groups ?? {})) {
      const pointer = `/groups${step(name)}/membersFrom/adGroup`
      if (group?.membersFrom?.adGroup !== undefined)
        yield { owner, pointer, part: 'value', why: `${name}'s members are kept in Active Directory` }
    }
  }
  for (const owner of apps.values()) {
    const kerberos = owner.spec.signOn?.kerberos !== undefined
    const signsOn = {
      owner,
      pointer: '/signOn/kerberos',
      part: 'key',
      why: `${owner.name} signs people on with Kerberos`,
    } as const
    if (kerberos) yield signsOn
    const roles = Object.entries(owner.spec.roles ?? { user: {} })
    for (const [role, parts] of roles) {
      const pointer = `/roles${step(role)}/adGroup`
      if (parts?.adGroup !== undefined)
        yield { owner, pointer, part: 'value', why: `the role ${role} has a group in Active Directory` }
      else if (kerberos) yield { ...signsOn, why: `the role ${role} of ${owner.name} needs a group`, unit: 'groups' }
    }
  }
  for (const { app, partner } of accesses) {
    const owner = apps.get(app)
    if (owner?.spec.signOn?.kerberos === undefined || partners.get(partner)?.spec.accounts !== 'entra-b2b') continue
    const need = {
      owner,
      pointer: '/signOn/kerberos',
      part: 'key',
      why: `guests who reach ${app} need shadow accounts`,
    } as const
    yield { ...need, unit: 'shadowAccounts' }
    yield { ...need, unit: 'archive' }
  }
}
