// A change in words for a person who knows no Graph. A kind that is not in the table is named by its id.

import { ids, keyOf, kindOf } from '../model/id.ts'
import type { PlannedChange } from '../model/plan.ts'
import type { Action } from '../model/resource.ts'
import { dayMs, durationOf } from '../model/time.ts'
import { demandsNamed } from './demand-names.ts'
import { count } from './layout.ts'
import { adGroupOf, groupNamed, roleOf } from './nouns.ts'
import { safeText } from './safe-text.ts'

type Key = readonly [string, string, string, string]
type Sentence = (key: Key, change: PlannedChange) => string

/** What follows by itself. */
function deletedAfter({ target }: PlannedChange): string {
  const grace = durationOf(String(target.named.deleteAfter))
  return grace === undefined ? '' : `, deleted ${count(Math.ceil(grace / dayMs), 'day')} later`
}

// What is intended corrects nothing.
const mends = ({ cause }: PlannedChange): string => (cause === 'intended' ? 'change' : 'correct')

const sentences: Readonly<Record<string, Partial<Record<Action, Sentence>>>> = {
  'entra/guest': {
    create: ([person], change) => `invite ${person}${leadingTo(change)}`,
    update: ([person], change) =>
      change.after?.signIn === false
        ? `switch off sign-in of guest ${person}${deletedAfter(change)}`
        : `${mends(change)} guest ${person}`,
    delete: ([person]) => `delete guest ${person}`,
    restore: ([person]) => `bring back guest ${person}`,
    adopt: ([person], change) =>
      change.before?.account === 'internal'
        ? `invite ${person}${leadingTo(change)}, whose account of our own becomes a guest and keeps its access`
        : `take over guest ${person}, who is there already`,
  },
  'entra/group': {
    create: ([partner, group]) => `make ${groupNamed(partner, group)}`,
    update: ([partner, group], change) => `${mends(change)} ${groupNamed(partner, group)}`,
    delete: ([partner, group]) => `delete ${groupNamed(partner, group)}`,
    restore: ([partner, group]) => `bring back ${groupNamed(partner, group)}`,
    adopt: ([partner, group]) => `take over ${groupNamed(partner, group)}, which is there already`,
  },
  'entra/group-member': {
    create: ([partner, group, person]) => `put ${person} into ${partner}/${group}`,
    delete: ([partner, group, person]) => `take ${person} out of ${partner}/${group}`,
  },
  'entra/application': {
    create: ([app]) => `register ${app} as an application`,
    update: ([app], change) =>
      change.after?.managed === false
        ? `no longer look after application ${app}`
        : `${mends(change)} application ${app}`,
    delete: ([app]) => `delete application ${app}`,
    restore: ([app]) => `bring back application ${app}`,
    adopt: ([app], change) => `look after application ${app}${knownBy(change)}, which is there already`,
  },
  'entra/app-role-assignment': {
    create: ([app, role, partner, group]) => `open ${app} to ${partner}/${group}${roleOf(role)}`,
    delete: ([app, role, partner, group]) => `close ${app} to ${partner}/${group}${roleOf(role)}`,
    adopt: ([app, role, partner, group]) => `look after ${app} being open to ${partner}/${group}${roleOf(role)}`,
  },
  'entra/app-role-group': {
    create: ([app, role]) => `make the group of ${app}${roleOf(role)}, for a person to assign once`,
    update: ([app, role], change) => `${mends(change)} the group of ${app}${roleOf(role)}`,
    delete: ([app, role]) => `delete the group of ${app}${roleOf(role)}`,
  },
  'entra/app-role-group-member': {
    create: ([app, role, person]) => `put ${person} into the group of ${app}${roleOf(role)}`,
    delete: ([app, role, person]) => `take ${person} out of the group of ${app}${roleOf(role)}`,
  },
  'entra/unmanaged-access': {
    delete: ([app, role, person, via], change) =>
      via === 'direct'
        ? `take the direct assignment of ${person} to ${app}${roleOf(role)} away, which no policy names`
        : `take ${person} out of the ${wayOf(change)}, by which no policy lets anybody in to ${app}${roleOf(role)}`,
  },
  'entra/conditional-access-policy': {
    create: (key, change) =>
      `require ${demandsNamed(key[0])} of guests${appsIn(key, change.after)} (${shownState(change.after)})`,
    update: (key, change) => `${mends(change)} how guests are asked for ${demandsNamed(key[0])}`,
    delete: (key, change) => `no longer require ${demandsNamed(key[0])} of guests${appsIn(key, change.before)}`,
  },
  'entra/cross-tenant-partner': {
    create: ([partner], change) => `make settings for the tenant of ${partner}${trusting(change)}`,
    update: ([partner], change) =>
      change.after?.managed === false
        ? `set the tenant of ${partner} back to what holds for all tenants`
        : `${mends(change)} the settings for the tenant of ${partner}${trusting(change)}`,
    delete: ([partner]) => `delete the settings for the tenant of ${partner}`,
    adopt: ([partner], change) => `take over the settings for the tenant of ${partner}${trusting(change)}`,
  },
  'entra/guest-settings': {
    update: (_key, change) =>
      [rolesOfGuests, inviters]
        .flatMap(words => words[String(change.after?.role)] ?? words[String(change.after?.invitedBy)] ?? [])
        .join(', ') || `${mends(change)} what guests may be`,
  },
  'entra/app-proxy': {
    create: ([app]) => `publish ${app} through Application Proxy`,
    update: ([app], change) => `${mends(change)} how ${app} is published`,
    delete: ([app]) => `stop publishing ${app}`,
    adopt: ([app]) => `take over how ${app} is published`,
  },
  'entra/saml-sign-on': {
    create: ([app]) => `set up sign-on by SAML for ${app}`,
    update: ([app], change) =>
      change.before?.mode === undefined
        ? `${mends(change)} sign-on by SAML of ${app}`
        : `set up sign-on by SAML for ${app}`,
    delete: ([app]) => `take sign-on by SAML away from ${app}`,
    adopt: ([app], change) =>
      change.before?.mode === undefined ? `take over sign-on by SAML of ${app}` : `set up sign-on by SAML for ${app}`,
  },
  'entra/connector-group': {
    create: ([app], change) => `let connector group ${change.after?.connectorGroup} serve ${app}`,
    update: ([app], change) => `let connector group ${change.after?.connectorGroup} serve ${app}`,
  },
  'active-directory/shadow-account': {
    create: ([person]) => `create shadow account for ${person}`,
    update: ([person], change) =>
      change.after?.enabled === false
        ? `disable and archive shadow account of ${person}${deletedAfter(change)}`
        : change.before?.enabled === false
          ? `enable shadow account of ${person} again`
          : `${mends(change)} shadow account of ${person}`,
    delete: ([person]) => `delete shadow account of ${person}`,
    restore: ([person]) => `bring back shadow account of ${person}`,
    adopt: ([person]) => `take over shadow account of ${person}, which is there already`,
  },
  'active-directory/partner-account': {
    update: ([person], { after }) =>
      after?.userType === undefined
        ? `set the day on which account ${person} of our own ends`
        : `stamp account ${person} of our own as a guest${after.expires === undefined ? '' : ', and set the day on which it ends'}`,
  },
  'active-directory/group': {
    create: ([app, role]) => `make AD group for ${app}${roleOf(role)}`,
    update: ([app, role], change) => `${mends(change)} AD group of ${app}${roleOf(role)}`,
    delete: ([app, role]) => `delete AD group of ${app}${roleOf(role)}`,
    restore: ([app, role]) => `bring back AD group of ${app}${roleOf(role)}`,
    adopt: ([app, role]) => `take over AD group of ${app}${roleOf(role)}, which is there already`,
  },
  'active-directory/group-member': {
    create: ([app, role, person], change) => `put the account of ${person} into ${groupIn(change, app, role)}`,
    delete: ([app, role, person], change) => `take the account of ${person} out of ${groupIn(change, app, role)}`,
  },
  'active-directory/kerberos-delegation': {
    update: ([app, connector], change) =>
      `${mends(change)} how ${connector} may sign guests in to ${app} (Kerberos delegation)`,
    create: ([app, connector]) => `allow ${connector} to sign guests in to ${app} (Kerberos delegation)`,
    delete: ([app, connector]) => `no longer allow ${connector} to sign guests in to ${app} (Kerberos delegation)`,
    adopt: ([app, connector]) => `look after ${connector} signing guests in to ${app} (Kerberos delegation)`,
  },
  'active-directory/resource-delegation': {
    create: ([app, connector]) => `let the service of ${app} accept guests from ${connector} (Kerberos delegation)`,
    update: ([app, connector], change) =>
      `${mends(change)} how the service of ${app} accepts guests from ${connector} (Kerberos delegation)`,
    delete: ([app, connector]) =>
      `let the service of ${app} accept guests from ${connector} no longer (Kerberos delegation)`,
    adopt: ([app, connector]) =>
      `look after the service of ${app} accepting guests from ${connector} (Kerberos delegation)`,
  },
}

/** Somebody else's group is told by its own name: what it opens, the role does not say. */
function groupIn({ target }: PlannedChange, app: string, role: string): string {
  const name = target.objects[ids.adGroup(app, role)]?.name
  return name === undefined ? adGroupOf(app, role) : `${name} (${app}${roleOf(role)})`
}

function knownBy({ id, target }: PlannedChange): string {
  const name = target.objects[id]?.name
  return name === undefined ? '' : ` (appId ${name})`
}

/** The page that everybody knows is not worth a word. */
function leadingTo({ target }: PlannedChange): string {
  const { redirectUrl } = target.named
  if (typeof redirectUrl !== 'string' || redirectUrl.startsWith('https://myapps.microsoft.com/')) return ''
  return ` (the invitation leads to ${redirectUrl})`
}

function appsIn([demands]: Key, side: PlannedChange['after']): string {
  const apps = side?.apps
  // Of several policies at once only one is at hand.
  return Array.isArray(apps) && apps.length > 0 && !demands.includes(', ') ? ` of ${apps.join(', ')}` : ''
}

function shownState(side: PlannedChange['after']): string {
  return String(side?.state ?? 'report-only')
}

const trusts: Readonly<Record<string, string>> = {
  trustMfa: 'MFA',
  trustCompliantDevice: 'compliant devices',
  trustHybridJoinedDevice: 'hybrid joined devices',
}

function trusting({ before, after }: PlannedChange): string {
  const names = Object.entries(trusts).flatMap(([key, name]) => (after?.[key] === true ? [name] : []))
  const parts = [
    ...(before?.collaboration === 'blocked' ? ['let its people in, who are blocked'] : []),
    ...(names.length === 0 ? [] : [`trust its ${names.join(', ')}`]),
    ...(after?.automaticRedemption === true ? ['ask its people for no consent'] : []),
  ]
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`
}

const rolesOfGuests: Readonly<Record<string, string>> = {
  restricted: 'let guests see only themselves',
  limited: 'give guests the usual rights of guests',
  member: 'give guests the rights of employees',
}

const inviters: Readonly<Record<string, string>> = {
  nobody: 'let nobody invite guests',
  admins: 'let only administrators invite guests, and guestlist',
  members: 'let every employee invite guests',
  everyone: 'let everyone invite guests, guests included',
}

function wayOf({ before }: PlannedChange): string {
  return typeof before?.way === 'string' ? before.way : 'group'
}

export function wordsOf(change: PlannedChange): string {
  return wordsOfAll([change])
}

/** Of changes of one sort: where their names differ, all of them are named. */
export function wordsOfAll(changes: readonly PlannedChange[]): string {
  const [first] = changes
  if (first === undefined) return ''
  const keys = changes.map(change => keyOf(change.id))
  const part = (index: number): string => [...new Set(keys.map(key => key[index] ?? ''))].join(', ')
  const sentence = sentences[kindOf(first.id)]?.[first.action]
  if (sentence === undefined) return safeText(changes.map(change => `${change.action} ${change.id}`).join(', '))
  return safeText(sentence([part(0), part(1), part(2), part(3)], first))
}
