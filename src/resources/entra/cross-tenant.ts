// Cross-tenant access settings as Graph has them. Null means "as the default policy says" and is kept apart from explicit
// values; a sub-object is written whole, so that what is not ours in it keeps the value that it has in effect.

import type { Directories, GraphReader } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import type { Json } from '../../model/resource.ts'

type Trust = {
  readonly isMfaAccepted?: boolean | null
  readonly isCompliantDeviceAccepted?: boolean | null
  readonly isHybridAzureADJoinedDeviceAccepted?: boolean | null
}

type Side = {
  readonly accessType?: string | null
  readonly targets?: readonly { readonly target?: string | null; readonly targetType?: string | null }[] | null
}

export type Settings = {
  readonly inboundTrust?: Trust | null
  readonly automaticUserConsentSettings?: {
    readonly inboundAllowed?: boolean | null
    readonly outboundAllowed?: boolean | null
  } | null
  readonly b2bCollaborationInbound?: {
    readonly usersAndGroups?: Side | null
    readonly applications?: Side | null
  } | null
}

export type Entry = Settings & {
  readonly tenantId: string
  readonly identitySynchronization?: Json
}

export const partnersPath = '/policies/crossTenantAccessPolicy/partners'

/** The whole policy may be no larger, in bytes. */
export const largestPolicy = 25 * 1024

export function readEntries(from: Directories): Promise<readonly Entry[]> {
  return from.entra.list<Entry>(partnersPath, { expand: 'identitySynchronization' })
}

export async function readDefaults(from: Pick<GraphReader, 'get'>): Promise<Settings> {
  const path = '/policies/crossTenantAccessPolicy/default'
  const found = await from.get<Settings>(path)
  // Whatever it says, it says so: an answer without is none.
  if (found?.inboundTrust !== undefined || found?.b2bCollaborationInbound !== undefined) return found
  throw new Failure('no-cross-tenant-policy', `Microsoft Graph shows no ${path}`, 'every tenant has one: run again')
}

const trustKeys = {
  trustMfa: 'isMfaAccepted',
  trustCompliantDevice: 'isCompliantDeviceAccepted',
  trustHybridJoinedDevice: 'isHybridAzureADJoinedDeviceAccepted',
} as const

type TrustSetting = keyof typeof trustKeys
const trustSettings = Object.keys(trustKeys) as readonly TrustSetting[]

/** What a policy may say of a partner's tenant. */
export type Setting = TrustSetting | 'automaticRedemption'
export const settingNames: readonly Setting[] = [...trustSettings, 'automaticRedemption']

export type Value = boolean | 'inherited'

export function valueIn(settings: Settings | undefined, name: Setting): Value {
  if (name === 'automaticRedemption') return settings?.automaticUserConsentSettings?.inboundAllowed ?? 'inherited'
  return settings?.inboundTrust?.[trustKeys[name]] ?? 'inherited'
}

export type Collaboration = 'allowed' | 'blocked' | 'limited'

/** Whether invited guests of the tenant may come in: none, all, or some of them or to some apps. */
export function collaborationIn(settings: Settings | undefined, defaults: Settings): Collaboration {
  const setting = settings?.b2bCollaborationInbound ?? defaults.b2bCollaborationInbound
  const sides = [sideOf(setting?.usersAndGroups, 'AllUsers'), sideOf(setting?.applications, 'AllApplications')]
  return sides.includes('blocked') ? 'blocked' : sides.includes('limited') ? 'limited' : 'allowed'
}

function sideOf(side: Side | null | undefined, everything: string): Collaboration {
  if (side === null || side === undefined) return 'allowed'
  const isWhole = (side.targets ?? []).some(({ target }) => target === everything)
  return !isWhole ? 'limited' : side.accessType === 'blocked' ? 'blocked' : 'allowed'
}

/** What is to become of an entry. */
export interface Target {
  readonly values: Readonly<Partial<Record<Setting, boolean>>>
  /** Goes back to what the default policy says. */
  readonly dropped: readonly Setting[]
  /** The trust goes back as a whole: there was none of the entry's own before us. */
  readonly dropsTrust: boolean
  readonly collaboration: 'opens' | 'inherits' | 'stays'
}

/** The sub-objects in which an entry (or none) differs from its target, each whole. */
export function changesTo(entry: Settings | undefined, defaults: Settings, target: Target): Settings {
  const trust = trustFor(entry, defaults, target)
  const consent = consentFor(entry, target)
  return {
    ...(trust === undefined ? {} : { inboundTrust: trust }),
    ...(consent === undefined ? {} : { automaticUserConsentSettings: consent }),
    ...(target.collaboration === 'stays'
      ? {}
      : { b2bCollaborationInbound: target.collaboration === 'opens' ? everyone : null }),
  }
}

const everyone = {
  usersAndGroups: { accessType: 'allowed', targets: [{ target: 'AllUsers', targetType: 'user' }] },
  applications: { accessType: 'allowed', targets: [{ target: 'AllApplications', targetType: 'application' }] },
}

function trustFor(entry: Settings | undefined, defaults: Settings, target: Target): Trust | null | undefined {
  if (target.dropsTrust) return entry?.inboundTrust ? null : undefined
  const differs = trustSettings.filter(
    name =>
      (target.values[name] !== undefined && target.values[name] !== valueIn(entry, name)) ||
      (target.dropped.includes(name) && valueIn(entry, name) !== 'inherited'),
  )
  if (differs.length === 0) return undefined
  const values = trustSettings.map((name): [string, boolean] => {
    const standard = inherited(defaults, name)
    const now = valueIn(entry, name)
    const kept = target.dropped.includes(name) || now === 'inherited' ? standard : now
    return [trustKeys[name], target.values[name] ?? kept]
  })
  return Object.fromEntries(values)
}

function consentFor(
  entry: Settings | undefined,
  { values: { automaticRedemption: wanted }, dropped }: Target,
): Settings['automaticUserConsentSettings'] {
  const now = valueIn(entry, 'automaticRedemption')
  const outboundAllowed = entry?.automaticUserConsentSettings?.outboundAllowed ?? false
  if (wanted !== undefined) return now === wanted ? undefined : { inboundAllowed: wanted, outboundAllowed }
  if (!dropped.includes('automaticRedemption') || now === 'inherited') return undefined
  // The default is always no, on both sides.
  return outboundAllowed ? { inboundAllowed: false, outboundAllowed } : null
}

/** What the default policy gives. */
export function inherited(defaults: Settings, name: Setting): boolean {
  return valueIn(defaults, name) === true
}

/** The size of the policy in bytes, as it is stored: without what only answers hold. */
export function sizeOf(entries: Iterable<Settings>, defaults: Settings): number {
  const stored = [...entries, defaults].map(item =>
    Object.fromEntries(
      Object.entries(item).filter(([key]) => !key.startsWith('@') && key !== 'identitySynchronization'),
    ),
  )
  return Buffer.byteLength(JSON.stringify(stored))
}
