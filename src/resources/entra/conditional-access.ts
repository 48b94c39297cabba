// Conditional access policies as Graph has them, read into plain words and written from them. What the service adds by
// itself (empty lists, times, its own order) is no difference; what somebody else adds is named in `furtherConditions`.

import { hoursBetweenSignIns } from '../../model/demands.ts'
import { type Directories, RequestFailure } from '../../model/directories.ts'
import type { Json } from '../../model/resource.ts'

type Part = { readonly [key: string]: Json | undefined }

export type Policy = {
  readonly id: string
  readonly displayName: string
  readonly state: string
  readonly conditions?: Part | null
  readonly grantControls?: Part | null
  readonly sessionControls?: Part | null
}

/** More than this a tenant cannot have, everyone's together. */
export const mostPolicies = 195

export const policiesPath = '/identity/conditionalAccess/policies'

/** All of the tenant's, ours or not. */
export async function readPolicies(from: Directories): Promise<readonly Policy[]> {
  try {
    return await from.entra.list<Policy>(policiesPath)
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.status !== 403 || error.message.includes('Policy.Read.All'))
      throw error
    const { status, code, message, requestId } = error
    const advice = 'To read conditional access policies the application needs Policy.Read.All'
    throw new RequestFailure(status, code, `${message}. ${advice}`, requestId, { cause: error })
  }
}

/** Built in, the same in every tenant. */
export const phishingResistantStrength = '00000000-0000-0000-0000-000000000004'

/**
 * Whoever may be a guest: invited ones, also those made members since; accounts of our own that are guests (internal ones);
 * and other people from outside. Not the people of service providers, who administrate the tenant and open no app as guests.
 */
export const guestTypes = [
  'b2bCollaborationGuest',
  'b2bCollaborationMember',
  'b2bDirectConnectUser',
  'internalGuest',
  'otherExternalUser',
] as const

const states: readonly (readonly [name: string, value: string])[] = [
  ['report-only', 'enabledForReportingButNotEnforced'],
  ['enabled', 'enabled'],
  ['disabled', 'disabled'],
]

/** A policy in plain words; lists are sorted. */
export interface Conditions {
  /** What guests must meet. */
  readonly demands: readonly string[]
  /** Application ids, in lower case. */
  readonly applications: readonly string[]
  readonly guests: readonly string[]
  readonly tenants: readonly string[]
  readonly excludeGroups: readonly string[]
  readonly state: string
  /** What restricts or widens it otherwise, by the names that Graph has for it. */
  readonly furtherConditions: readonly string[]
}

export function conditionsOf(policy: Policy): Conditions {
  const conditions = policy.conditions ?? {}
  const applications = part(conditions, 'applications')
  const users = part(conditions, 'users')
  const guests = part(users, 'includeGuestsOrExternalUsers')
  const tenants = part(guests, 'externalTenants')
  const named =
    tenants.membershipKind === 'enumerated' ? texts(tenants.members) : [String(tenants.membershipKind ?? 'none')]
  return {
    demands: demandsIn(policy),
    applications: texts(applications.includeApplications)
      .filter(id => id !== 'None')
      .map(id => id.toLowerCase())
      .sort(),
    guests: flags(guests.guestOrExternalUserTypes),
    tenants: named.toSorted(),
    excludeGroups: texts(users.excludeGroups)
      .map(id => id.toLowerCase())
      .sort(),
    state: states.find(([, value]) => value === policy.state)?.[0] ?? policy.state,
    furtherConditions: [
      ...filled(conditions, 'conditions', ['applications', 'users', 'clientAppTypes']),
      ...filled(applications, 'conditions.applications', ['includeApplications']),
      ...filled(users, 'conditions.users', ['excludeGroups', 'includeGuestsOrExternalUsers']).filter(
        name => !(name === 'conditions.users.includeUsers' && isNobody(users.includeUsers)),
      ),
      ...(isEveryClient(conditions.clientAppTypes) ? [] : ['conditions.clientAppTypes']),
      ...beyondControls(policy),
    ].sort(),
  }
}

function demandsIn({ grantControls, sessionControls }: Policy): readonly string[] {
  const controls = grantControls ?? {}
  const strength = part(controls, 'authenticationStrength').id
  const frequency = part(sessionControls ?? {}, 'signInFrequency')
  const isTimed = frequency.isEnabled === true && (frequency.frequencyInterval ?? 'timeBased') === 'timeBased'
  return [
    ...texts(controls.builtInControls).map(control => controlNames.get(control) ?? `control:${control}`),
    ...texts(controls.termsOfUse).map(id => `terms-of-use:${id.toLowerCase()}`),
    ...(typeof strength !== 'string'
      ? []
      : [strength === phishingResistantStrength ? 'phishing-resistant-mfa' : `authentication-strength:${strength}`]),
    ...(isTimed ? [`sign-in-frequency:${String(frequency.value)}${frequency.type === 'days' ? 'd' : 'h'}`] : []),
  ].sort()
}

const controlNames: ReadonlyMap<string, string> = new Map([
  ['mfa', 'mfa'],
  ['compliantDevice', 'compliant-device'],
])

function beyondControls({ grantControls, sessionControls }: Policy): readonly string[] {
  const controls = grantControls ?? {}
  const session = sessionControls ?? {}
  const count =
    texts(controls.builtInControls).length +
    texts(controls.termsOfUse).length +
    (isFilled(controls.authenticationStrength) ? 1 : 0)
  const frequency = part(session, 'signInFrequency')
  return [
    ...filled(controls, 'grantControls', ['operator', 'builtInControls', 'termsOfUse', 'authenticationStrength']),
    // One of one is all of one.
    ...(controls.operator === 'OR' && count > 1 ? ['grantControls.operator'] : []),
    ...filled(session, 'sessionControls', ['signInFrequency']),
    ...(frequency.isEnabled === true && frequency.authenticationType === 'secondaryAuthentication'
      ? ['sessionControls.signInFrequency.authenticationType']
      : []),
  ]
}

/** The whole policy but its name: sub-objects replace what is there, and `furtherConditions` are emptied by name. */
export function bodyOf(wanted: Conditions, before: Policy | undefined): Part {
  const { demands, applications, excludeGroups } = wanted
  const emptied = (of: Part | null | undefined, kept: readonly string[]): Part =>
    Object.fromEntries(
      Object.entries(of ?? {}).flatMap(([key, value]) =>
        kept.includes(key) || !isFilled(value) ? [] : [[key, Array.isArray(value) ? [] : null]],
      ),
    )
  const conditions = before?.conditions ?? {}
  return {
    state: states.find(([name]) => name === wanted.state)?.[1],
    conditions: {
      ...emptied(conditions, ['applications', 'users']),
      clientAppTypes: ['all'],
      applications: {
        ...emptied(part(conditions, 'applications'), []),
        includeApplications: applications.length === 0 ? ['None'] : applications,
      },
      users: {
        ...emptied(part(conditions, 'users'), []),
        excludeGroups,
        includeGuestsOrExternalUsers: {
          guestOrExternalUserTypes: wanted.guests.join(','),
          externalTenants: {
            '@odata.type': '#microsoft.graph.conditionalAccessAllExternalTenants',
            membershipKind: 'all',
          },
        },
      },
    },
    grantControls: grantControlsOf(demands, before),
    sessionControls: sessionControlsOf(demands),
  }
}

function grantControlsOf(demands: readonly string[], before: Policy | undefined): Part | null {
  const builtInControls = [...controlNames].flatMap(([control, demand]) => (demands.includes(demand) ? [control] : []))
  const termsOfUse = demands.flatMap(demand => /^terms-of-use:(.*)$/.exec(demand)?.[1] ?? [])
  const strong = demands.includes('phishing-resistant-mfa')
  if (builtInControls.length === 0 && termsOfUse.length === 0 && !strong) return null
  return {
    operator: 'AND',
    builtInControls,
    customAuthenticationFactors: [],
    termsOfUse,
    ...(strong ? { authenticationStrength: { id: phishingResistantStrength } } : {}),
    ...(!strong && isFilled(before?.grantControls?.authenticationStrength) ? { authenticationStrength: null } : {}),
  }
}

function sessionControlsOf(demands: readonly string[]): Part | null {
  const hours = demands.map(hoursBetweenSignIns).find(found => found !== undefined)
  if (hours === undefined) return null
  const [value, type] = hours < 24 ? [hours, 'hours'] : [hours / 24, 'days']
  const signInFrequency = {
    value,
    type,
    isEnabled: true,
    frequencyInterval: 'timeBased',
    authenticationType: 'primaryAndSecondaryAuthentication',
  }
  return { signInFrequency }
}

/** Whether it lets no guest at all open these applications: those of them that it blocks. */
export function blockedFor(policy: Policy, applications: readonly string[]): readonly string[] {
  const { state, grantControls } = policy
  if (state !== 'enabled' || !texts(grantControls?.builtInControls).includes('block')) return []
  const conditions = policy.conditions ?? {}
  const isUnconditional =
    isEveryClient(conditions.clientAppTypes) &&
    filled(conditions, 'conditions', ['applications', 'users', 'clientAppTypes']).length === 0
  if (!isUnconditional || !coversGuests(part(conditions, 'users'))) return []
  const { includeApplications, excludeApplications, applicationFilter } = part(conditions, 'applications')
  if (isFilled(applicationFilter)) return []
  const included = lowerCased(includeApplications)
  const excluded = lowerCased(excludeApplications)
  return applications.filter(id => (included.includes('all') || included.includes(id)) && !excluded.includes(id))
}

function coversGuests(users: Part): boolean {
  const invited = 'b2bCollaborationGuest'
  const included = texts(users.includeUsers)
  const excluded = part(users, 'excludeGuestsOrExternalUsers')
  const isLetOff =
    flags(excluded.guestOrExternalUserTypes).includes(invited) ||
    texts(users.excludeUsers).includes('GuestsOrExternalUsers')
  const kinds = part(users, 'includeGuestsOrExternalUsers')
  const everyTenant = part(kinds, 'externalTenants').membershipKind !== 'enumerated'
  return (
    !isLetOff &&
    (included.includes('All') ||
      included.includes('GuestsOrExternalUsers') ||
      (everyTenant && flags(kinds.guestOrExternalUserTypes).includes(invited)))
  )
}

function isEveryClient(types: unknown): boolean {
  return !isFilled(types) || texts(types).includes('all')
}

function isNobody(users: unknown): boolean {
  return texts(users).every(user => user === 'None')
}

/** What says something, apart from `known`. */
function filled(of: Part, name: string, known: readonly string[]): readonly string[] {
  return Object.entries(of).flatMap(([key, value]) =>
    known.includes(key) || key.startsWith('@') || !isFilled(value) ? [] : [`${name}.${key}`],
  )
}

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) {
    const { isEnabled, ...rest } = value as Part
    return isEnabled !== false && Object.values(rest).some(isFilled)
  }
  return value !== undefined && value !== null && value !== false && value !== ''
}

function part(of: Part, name: string): Part {
  const value = of[name]
  return typeof value === 'object' && value !== null ? (value as Part) : {}
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}

function lowerCased(value: unknown): readonly string[] {
  return texts(value).map(text => text.toLowerCase())
}

/** Several values of one enumeration come as one text, in no order. */
function flags(value: unknown): readonly string[] {
  return typeof value !== 'string' || value === ''
    ? []
    : value
        .split(',')
        .map(flag => flag.trim())
        .sort()
}
