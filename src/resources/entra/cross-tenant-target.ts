// What is to become of a partner's entry: from what is in effect now and what the policy says, the settings to write, those
// that go back to the default, and whether more is trusted then or less.

import type { Change, Risk } from '../../model/resource.ts'
import {
  type Collaboration,
  collaborationIn,
  type Entry,
  inherited,
  type Setting,
  type Settings,
  settingNames,
  type Target,
  type Value,
} from './cross-tenant.ts'

export type CrossTenantSpec = {
  readonly tenantId: string
  /** In effect, the default policy's where the partner's says nothing. */
  readonly collaboration?: Collaboration
  readonly trustMfa?: Value
  readonly trustCompliantDevice?: Value
  readonly trustHybridJoinedDevice?: Value
  readonly automaticRedemption?: Value
  /** What guestlist looks after; false without a mark. */
  readonly managed: false | readonly string[]
  /** The rest is never compared. What is there: */
  readonly entry?: Entry
  readonly defaults?: Settings
  /** Made by us, and nobody has built on it: then it goes as a whole. */
  readonly removable?: boolean
  /** The mark alone goes: another partner of the policy has the tenant now. */
  readonly handedOver?: boolean
}

export function targetOf(before: CrossTenantSpec | undefined, after: CrossTenantSpec): Target {
  const managed = before === undefined || before.managed === false ? [] : before.managed
  const values = Object.fromEntries(
    settingNames.flatMap(name => (typeof after[name] === 'boolean' ? [[name, after[name]]] : [])),
  )
  const dropped = settingNames.filter(name => managed.includes(name) && !(name in values))
  const isTrusted = Object.keys(values).some(name => name.startsWith('trust'))
  const leaves = after.managed === false
  return {
    values,
    dropped,
    dropsTrust: managed.includes('trust') && !isTrusted,
    collaboration:
      before?.collaboration === 'blocked' && !leaves
        ? 'opens'
        : leaves && managed.includes('collaboration')
          ? 'inherits'
          : 'stays',
  }
}

/** What the mark is to say once the target is reached. */
export function managedAfter(
  before: CrossTenantSpec | undefined,
  after: CrossTenantSpec,
  target: Target,
): readonly string[] {
  if (after.managed === false) return []
  const known = before === undefined || before.managed === false ? [] : before.managed
  const names = Object.keys(target.values)
  const hasTrust = names.some(name => name.startsWith('trust'))
  const isFirstTrust = hasTrust && !before?.entry?.inboundTrust
  return [
    ...names,
    ...(target.collaboration === 'opens' || known.includes('collaboration') ? ['collaboration'] : []),
    ...(isFirstTrust || (hasTrust && known.includes('trust')) ? ['trust'] : []),
  ].sort()
}

/** Trusting more, and letting in, need a second look. */
export function risk({ before, after }: Change<CrossTenantSpec>): Risk {
  if (before?.spec.handedOver) return 'neutral'
  const defaults = before?.spec.defaults ?? {}
  const effective = (value: Value | undefined, name: Setting): boolean =>
    value === undefined || value === 'inherited' ? inherited(defaults, name) : value
  const target = after === undefined ? undefined : targetOf(before?.spec, after.spec)
  const turns = settingNames.map((name): readonly [boolean, boolean] => {
    const was = effective(before?.spec[name], name)
    const goes = after === undefined || target?.dropped.includes(name) === true
    return [was, goes ? inherited(defaults, name) : effective(after?.spec[name] ?? before?.spec[name], name)]
  })
  if (turns.some(([was, is]) => is && !was) || target?.collaboration === 'opens') return 'privileged'
  const closes = target?.collaboration === 'inherits' && collaborationIn(undefined, defaults) === 'blocked'
  return after === undefined || closes || turns.some(([was, is]) => was && !is) ? 'revoke' : 'neutral'
}
