// Changes that make a way in easier: a demand at sign-in that goes, a trust that widens, a door that opens. Told by what was
// and what will be, so that it shows whoever asked for it. Plain text, not escaped for anything.

import { keyOf, kindOf } from '../model/id.ts'
import type { Line, Plan, PlannedChange } from '../model/plan.ts'
import type { Json } from '../model/resource.ts'
import { fewerDemands } from './fewer-demands.ts'
import { nounOf } from './nouns.ts'
import { wordsOf } from './words.ts'

type Side = { readonly [key: string]: Json }
type Ways = (change: PlannedChange, before: Side, after: Side) => readonly string[]

export interface Weakened {
  readonly text: string
  readonly at: Line | undefined
}

/** How, in words; empty where a change weakens nothing. */
export function weakenedBy(change: PlannedChange, plan: Plan): readonly Weakened[] {
  const ways = byKind.get(kindOf(change.id))?.(change, change.before ?? {}, change.after ?? {}) ?? []
  const asksFewer = kindOf(change.id) === 'entra/conditional-access-policy' && change.risk === 'privileged'
  const fewer = asksFewer ? fewerDemands(change, plan) : []
  return [...ways.map(text => ({ text, at: change.because[0] })), ...fewer]
}

const byKind: ReadonlyMap<string, Ways> = new Map<string, Ways>([
  ['entra/conditional-access-policy', conditions],
  ['entra/guest-settings', guestSettings],
  ['entra/cross-tenant-partner', crossTenant],
  ['entra/app-proxy', publishing],
  ['entra/application', assignment],
])

const states: readonly Json[] = ['disabled', 'report-only', 'enabled']

/** An app may leave one for a stricter one, or leave the policy: the kind knows, and says so by the risk. */
function conditions(change: PlannedChange, before: Side, after: Side): readonly string[] {
  if (change.risk !== 'privileged' || change.action === 'delete') return []
  const missing = (key: string, from: Side, in_: Side): string =>
    listOf(from[key])
      .filter(item => key in in_ && !listOf(in_[key]).includes(item))
      .join(', ')
  const told = (words: string, names: string): readonly string[] => (names === '' ? [] : [`${words} ${names}`])
  const ways = [
    ...(isDown(states, before.state, after.state) ? [`${before.state} so far, then ${after.state}`] : []),
    ...told('no longer asked:', missing('demands', before, after)),
    ...told('no longer asked of', missing('guests', before, after)),
    ...told('no longer asked of guests from the tenants', missing('tenants', before, after)),
    ...told('no longer asked of the groups', missing('excludeGroups', after, before)),
  ]
  return ways.map(way => `${nounOf(change.id)}: ${way}`)
}

const roles: readonly Json[] = ['member', 'limited', 'restricted']
const inviters: readonly Json[] = ['everyone', 'members', 'admins', 'nobody']

function guestSettings(change: PlannedChange, before: Side, after: Side): readonly string[] {
  const isLooser = isDown(roles, before.role, after.role) || isDown(inviters, before.invitedBy, after.invitedBy)
  return isLooser ? [wordsOf(change)] : []
}

const trusts = [
  ['trustMfa', 'MFA done at its own tenant counts as ours'],
  ['trustCompliantDevice', 'devices that its own tenant calls compliant count as ours'],
  ['trustHybridJoinedDevice', 'devices joined to its own domain count as ours'],
  ['automaticRedemption', 'its people are asked for no consent'],
] as const

/** Whether the default says the same already, the kind knows. */
function crossTenant(change: PlannedChange, before: Side, after: Side): readonly string[] {
  if (change.risk !== 'privileged') return []
  const ways = [
    ...(before.collaboration === 'blocked' && after.collaboration === 'allowed'
      ? ['its people may come in, who are blocked so far']
      : []),
    ...trusts.flatMap(([key, words]) => (before[key] !== true && after[key] === true ? [words] : [])),
  ]
  return ways.length === 0 ? [] : [`the tenant of ${keyOf(change.id)[0]}: ${ways.join('; ')}`]
}

/** Each is safer as it was. */
const protections: readonly (readonly [key: string, safe: Json, words: string])[] = [
  ['preauthentication', 'entra', 'whoever knows its address gets as far as the app itself without signing in'],
  ['httpOnlyCookie', true, 'scripts may read its session cookie'],
  ['secureCookie', true, 'its session cookie may travel unencrypted'],
  ['persistentCookie', false, 'its session cookie outlives the browser'],
  ['validateBackendCertificate', true, 'the certificate of the server behind it is no longer checked'],
  ['continuousAccessEvaluation', true, 'sessions do not end at once when access ends'],
]

function publishing({ id }: PlannedChange, before: Side, after: Side): readonly string[] {
  const ways = protections.flatMap(([key, safe, words]) =>
    before[key] === safe && after[key] !== undefined && after[key] !== safe ? [words] : [],
  )
  return ways.length === 0 ? [] : [`${keyOf(id)[0]}: ${ways.join('; ')}`]
}

function assignment({ id }: PlannedChange, before: Side, after: Side): readonly string[] {
  return before.assignmentRequired === true && after.assignmentRequired === false
    ? [`${keyOf(id)[0]}: opens to everybody in the tenant, guests included`]
    : []
}

/** A value that is not on the scale is not compared. */
function isDown(scale: readonly Json[], before: Json | undefined, after: Json | undefined): boolean {
  const was = scale.indexOf(before ?? null)
  const is = scale.indexOf(after ?? null)
  return is >= 0 && was > is
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
