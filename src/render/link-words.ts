// A link of an access path in words: what it is called, what is known of it where it holds, and what is wrong where it does
// not. Properties are read by name: a kind that does not tell one leaves a shorter sentence.

import { parseDn } from '../model/escape.ts'
import type { Link, LinkName, Path, Way } from '../model/explanation.ts'
import { type Id, ids, keyOf } from '../model/id.ts'
import type { ResolvedApp, ResolvedPartner, ResolvedPolicy } from '../model/policy.ts'
import type { Json, Observed, Spec } from '../model/resource.ts'
import { kerberosOf, samlOf, signOnOf } from '../model/sign-on.ts'
import { demandNamed } from './demand-names.ts'

export interface LinkView {
  readonly policy: ResolvedPolicy
  readonly observed: ReadonlyMap<Id, Observed>
  readonly app: ResolvedApp
  readonly partner: ResolvedPartner | undefined
  readonly path: Path
}

interface Words {
  readonly title: string | ((view: LinkView) => string)
  /** What is told of it where it holds. */
  readonly present: (link: Link, view: LinkView) => string
  readonly missing: string | ((link: Link, view: LinkView) => string)
  /** Subject and predicate of the sentence that says what is wrong. */
  readonly broken: (spec: Spec, view: LinkView) => readonly [subject: string, predicate: string]
}

const unlike = 'is not as the policy says'

const words: Readonly<Record<LinkName, Words>> = {
  trust: {
    title: 'partner trusted',
    present: (link, view) => trustOf(link, view),
    missing: 'no settings of its own yet: let in as everybody outside is',
    broken: () => ["the partner's tenant", 'is not let in'],
  },
  guest: {
    title: 'guest invited',
    present: ({ there }) => invitationOf(there[0]?.spec ?? {}),
    missing: ({ passes }) => (passes ? 'no guest that guestlist looks after' : 'not invited yet'),
    broken: spec =>
      spec.deleted === true
        ? ['the guest', 'is in the recycle bin']
        : ['the guest', `is signed off${dayOf(spec, 'leftAt', ' since ')}`],
  },
  account: {
    title: 'account of our own',
    present: ({ there }) => `enabled, stamped as a guest${endOf(there[0]?.spec ?? {})}`,
    missing: 'there is no such account',
    broken: (spec, { policy }) => ['the account', accountFault(spec, policy)],
  },
  synced: {
    title: 'synced as a guest',
    present: ({ there }) => there[0]?.name ?? 'in the cloud as a guest',
    missing: 'not in the cloud yet',
    broken: spec => [
      'the cloud user',
      spec.enabled === false ? 'is disabled' : spec.userType === 'Guest' ? unlike : 'is a member, not a guest',
    ],
  },
  application: {
    title: 'app in the tenant',
    present: ({ there }, { app }) =>
      there[0]?.spec.assignmentRequired === false
        ? `${app.spec.displayName}, open to everybody in the tenant`
        : app.spec.displayName,
    missing: 'not registered yet',
    broken: () => ['the app', unlike],
  },
  member: {
    title: 'in the partner group',
    present: (_, { path }) => groupOf(path.way),
    missing: (_, { path }) => `not in ${groupOf(path.way)} yet`,
    broken: () => ['the membership', unlike],
  },
  assigned: {
    title: 'group assigned',
    present: (_, { app, path }) => `${app.spec.displayName}, ${path.role}`,
    missing: (_, { app, path }) => `${groupOf(path.way)} is not assigned to ${app.spec.displayName}`,
    broken: () => ['the assignment', unlike],
  },
  'role-member': {
    title: "in the role's group",
    present: (_, view) => roleGroupOf(view),
    missing: (_, view) => `not in ${roleGroupOf(view)} yet`,
    broken: () => ['the membership', unlike],
  },
  'role-assigned': {
    title: "role's group assigned",
    present: (_, { app, path }) => `by a person, to ${app.spec.displayName}, ${path.role}`,
    missing: 'nobody has assigned it yet',
    broken: () => ['the assignment', unlike],
  },
  'by-hand': {
    title: 'assigned by hand',
    present: ({ there }, { path }) => byHand(path.way, there[0]?.spec ?? {}),
    missing: 'not assigned',
    broken: () => ['the assignment', unlike],
  },
  conditions: {
    title: "guests' conditions",
    present: ({ there }, { app }) => `${demandsIn(app)}${stateOf(there[0]?.spec ?? {})}`,
    missing: (_, { app }) => `nobody asks for ${demandsIn(app)}`,
    broken: () => ["guests' conditions", 'are not as the policy says'],
  },
  published: {
    title: 'published',
    present: ({ there }, { app }) => addressesOf(there[0]?.spec ?? {}, app),
    missing: 'not published',
    broken: () => ['the publishing', unlike],
  },
  'connector-group': {
    title: 'connector group',
    present: (_, { app }) => app.spec.proxy?.connectorGroup ?? '',
    missing: (_, { app }) => `not in ${app.spec.proxy?.connectorGroup ?? 'its group'} yet`,
    broken: () => ['the connector group', unlike],
  },
  'sign-on': {
    title: ({ app }) => signOns[signOnOf(app) ?? 'none'],
    present: ({ there }, view) => signOnIn(there[0]?.spec ?? {}, view),
    missing: 'not set up',
    broken: (_, { app }) => [signOns[signOnOf(app) ?? 'none'], unlike],
  },
  'shadow-account': {
    title: 'shadow account',
    present: ({ there }) => textOf(there[0]?.spec ?? {}, 'userPrincipalName') ?? '',
    missing: 'there is none',
    broken: spec => ['the shadow account', shadowFault(spec)],
  },
  'ad-member': {
    title: "in the app's AD group",
    present: (_, view) => adGroupOf(view),
    missing: (_, view) => `not in ${adGroupOf(view)} yet`,
    broken: () => ['the membership', unlike],
  },
  delegation: {
    title: 'connectors may delegate',
    present: link => connectorsOf(link),
    missing: ({ ids }) => (ids.length === 0 ? 'the app has no connectors' : `${namesOf(ids)} may not yet`),
    broken: spec => [
      'the delegation',
      spec.protocolTransition === false ? 'lacks protocol transition' : 'is marked as ours, but not in force',
    ],
  },
}

export function titleOf({ name }: Link, view: LinkView): string {
  const { title } = words[name]
  return typeof title === 'string' ? title : title(view)
}

export function detailOf(link: Link, view: LinkView): string {
  const { present, missing, broken } = words[link.name]
  if (link.state === 'present') return present(link, view)
  if (link.state === 'waiting') return `waiting for ${waitsFor(link)}`
  if (link.state === 'missing') return typeof missing === 'string' ? missing : missing(link, view)
  const [, predicate] = broken(link.there[0]?.spec ?? {}, view)
  return predicate.replace(/^(is|are|has) /, '')
}

/** What is wrong, as a sentence without its full stop. */
export function faultOf(link: Link, view: LinkView): string {
  if (link.state === 'broken') return words[link.name].broken(link.there[0]?.spec ?? {}, view).join(' ')
  return `${titleOf(link, view)}: ${detailOf(link, view)}`
}

const waited: Readonly<Record<string, string>> = {
  person: 'a person',
  policy: 'a person',
  'entra-connect': 'Entra Connect',
}

export function waitsFor({ waiting }: Link): string {
  return waited[waiting?.for ?? ''] ?? 'something outside'
}

export function groupOf(way: Way | undefined): string {
  return way?.by === 'group' ? `${way.partner}/${way.group}` : 'its group'
}

/** `a direct assignment of 2026-10-19`, `group "Turbine Programme 2024"` */
export function byHand(way: Way | undefined, spec: Spec): string {
  if (way?.by !== 'hand') return ''
  const name = way.via === 'direct' ? 'a direct assignment' : (textOf(spec, 'way') ?? `group ${way.via}`)
  return `${name}${way.via === 'direct' ? dayOf(spec, 'assignedOn', ' of ') : ''}`
}

function trustOf({ ids: named, there }: Link, { partner }: LinkView): string {
  if (named.length === 0) return 'no tenant of its own is named: let in as everybody outside is'
  const spec = there[0]?.spec ?? {}
  const accepted = [
    ...(spec.trustMfa === true ? ['MFA'] : []),
    ...(spec.trustCompliantDevice === true ? ['compliant devices'] : []),
    ...(spec.trustHybridJoinedDevice === true ? ['hybrid joined devices'] : []),
  ]
  const name = partner?.spec.displayName ?? 'partner'
  return `the tenant of ${name}${accepted.length === 0 ? '' : `; ${accepted.join(', ')} accepted`}`
}

function invitationOf(spec: Spec): string {
  if (spec.account === 'internal') return 'an account of our own, not invited yet'
  const since = dayOf(spec, 'externalUserStateChangeDateTime', ' ')
  if (spec.externalUserState === 'PendingAcceptance') return `invited${since}, not accepted yet`
  return spec.externalUserState === 'Accepted' ? `accepted${since}` : 'a guest'
}

function endOf(spec: Spec): string {
  return spec.expires === undefined || spec.expires === 'never' ? '' : dayOf(spec, 'expires', ', ends before ')
}

function demandsIn({ spec }: ResolvedApp): string {
  return (spec.requires ?? [])
    .map(demand => (demand.startsWith('terms-of-use:') ? 'terms of use' : demandNamed(demand)))
    .join(', ')
}

function stateOf(spec: Spec): string {
  const state = textOf(spec, 'state')
  return state === undefined || state === 'enabled' ? '' : ` (${state})`
}

function addressesOf(spec: Spec, app: ResolvedApp): string {
  const external = textOf(spec, 'externalUrl') ?? app.spec.proxy?.externalUrl ?? ''
  const internal = textOf(spec, 'internalUrl') ?? app.spec.proxy?.internalUrl ?? ''
  return `${external} → ${internal}${spec.preauthentication === 'passthrough' ? ', without sign-in by Entra' : ''}`
}

const signOns = {
  kerberos: 'Kerberos sign-on',
  saml: 'SAML sign-on',
  header: 'header-based sign-on',
  none: 'sign-on',
} as const

function signOnIn(spec: Spec, { app }: LinkView): string {
  const wanted = kerberosOf(app)
  if (wanted !== undefined) {
    const there = partOf(partOf(spec, 'signOn'), 'kerberos')
    const service = textOf(there, 'servicePrincipalName') ?? wanted.servicePrincipalName
    const identity = textOf(there, 'loginIdentity') ?? wanted.loginIdentity ?? 'userPrincipalName'
    return `${service}, as ${identities[identity] ?? identity}`
  }
  const saml = samlOf(app)
  if (saml === undefined) return 'names in HTTP headers'
  const thumbprint = textOf(spec, 'thumbprint')
  const certificate = thumbprint === undefined ? '' : `, certificate ${thumbprint}${dayOf(spec, 'expires', ' until ')}`
  return `${textOf(spec, 'identifier') ?? saml.identifier}${certificate}`
}

const identities: Readonly<Record<string, string>> = {
  userPrincipalName: 'user principal name',
  onPremisesUserPrincipalName: 'on-premises user principal name',
  userPrincipalUsername: 'user part of the user principal name',
  onPremisesUserPrincipalUsername: 'user part of the on-premises user principal name',
  onPremisesSAMAccountName: 'on-premises account name',
}

function accountFault(spec: Spec, policy: ResolvedPolicy): string {
  if (spec.enabled === false) return 'is disabled'
  if (spec.userType !== (policy.organization.spec.activeDirectory?.userType?.value ?? spec.userType))
    return 'is not stamped as a guest'
  return `has ended${dayOf(spec, 'expires', ' on ')}`
}

function shadowFault(spec: Spec): string {
  if (spec.enabled === false) return spec.unit === 'archive' ? 'is disabled and archived' : 'is disabled'
  if (spec.left === true) return `has ended${dayOf(spec, 'leftAt', ' on ')}`
  return spec.named === false ? "has not the guest's principal name" : unlike
}

function adGroupOf({ app, path, observed }: LinkView): string {
  const dn = app.roles.get(path.role)?.adGroup ?? observed.get(ids.adGroup(app.name, path.role))?.name
  return (dn === undefined ? undefined : parseDn(dn)?.[0]?.value) ?? 'its group'
}

function roleGroupOf({ app, path, observed }: LinkView): string {
  const appRole = path.way?.appRole ?? ''
  return (
    textOf(observed.get(ids.appRoleGroup(app.name, appRole))?.spec ?? {}, 'displayName') ?? `the group of ${path.role}`
  )
}

function connectorsOf({ ids: named, holding }: Link): string {
  if (named.length === 0) return 'somebody else sees to it'
  const others = named.filter(id => !holding.includes(id))
  return `${namesOf(holding)}${others.length === 0 ? '' : ` (not ${namesOf(others)})`}`
}

function namesOf(named: readonly Id[]): string {
  return named.map(id => keyOf(id)[1] ?? '').join(', ')
}

function partOf(spec: Spec, key: string): Spec {
  const value = spec[key]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Spec) : {}
}

function textOf(spec: Spec, key: string): string | undefined {
  const value: Json | undefined = spec[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function dayOf(spec: Spec, key: string, before: string): string {
  const text = textOf(spec, key)
  return text !== undefined && /^\d{4}-\d{2}-\d{2}/.test(text) ? `${before}${text.slice(0, 10)}` : ''
}
