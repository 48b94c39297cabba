// What must hold after an apply, judged from the raw contents of the directories: nobody reaches less than the policy grants
// (unless something that is not ours to change is in the way), nobody more, and nothing of ours is left over.

import type { Outcome } from '../../src/model/outcome.ts'
import {
  addressesOf,
  connectorsOf,
  granted,
  holdersOf,
  inForce,
  keptIn,
  keptMemberships,
  kindOfApp,
  personOf,
  rolesOf,
  type Way,
  working,
} from './oracle.ts'
import type { AppDoc, Documents } from './policies.ts'
import type { Item, Snapshot } from './tenant.ts'
import { principalName } from './world.ts'

type Entry = Snapshot['directory'][number]

function first(entry: Entry, attribute: string): string {
  return entry.attributes[attribute]?.[0] ?? ''
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function same(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase()
}

/** A partner's own account is none of ours, whatever mark somebody put on it. */
const isOurAccount = (entry: Entry): boolean =>
  first(entry, 'adminDescription') === 'User_guestlist' && !/,OU=Accounts,/i.test(entry.dn)
const isProtected = (entry: Entry): boolean =>
  first(entry, 'adminCount') === '1' || first(entry, 'isCriticalSystemObject') === 'TRUE'

/** Accesses that the policy grants and that do not work, without an outside reason; and those that work ungranted. */
export function wrongAccess(before: Snapshot, snapshot: Snapshot, documents: Documents, at: number): readonly string[] {
  const wanted = granted(documents, at)
  const real = working(snapshot, documents, at)
  return [
    ...wrongMemberships(snapshot, documents, at),
    ...[...wanted]
      .filter(way => !real.has(way) && !isHindered(way, before, snapshot, documents))
      .map(way => `missing: ${way}`),
    ...[...real]
      .filter(way => !wanted.has(way) && !isProtectedWay(way, snapshot, documents))
      .map(way => `too much: ${way}`),
  ]
}

/** The domain's own accounts of partners: in the groups of the roles that the policy grants, and in no other role's. */
function wrongMemberships({ directory }: Snapshot, documents: Documents, at: number): readonly string[] {
  const wanted = keptMemberships(documents, at)
  if (!documents.partners.some(partner => partner.accounts === 'active-directory')) return []
  const accounts = directory.filter(
    entry => /,OU=Accounts,/i.test(entry.dn) && !isProtected(entry) && !isOurAccount(entry),
  )
  const groupOf = (app: string, role: string, adGroup: string | undefined): readonly Entry[] =>
    directory.filter(entry =>
      adGroup === undefined
        ? first(entry, 'adminDescription') === `Group_guestlist.${app}.${role}`
        : same(entry.dn, adGroup),
    )
  const roles = documents.apps
    .filter(app => kindOfApp(app) === 'kerberos')
    .flatMap(app => rolesOf(app).map(role => ({ app: app.name, ...role })))
  return roles.flatMap(({ app, name, adGroup }) => {
    const [group, copy] = groupOf(app, name, adGroup)
    if (group === undefined || copy !== undefined || isProtected(group)) return []
    const sharing = roles.filter(other => other.adGroup !== undefined && same(other.adGroup, adGroup))
    return accounts.flatMap(account => {
      const person = first(account, 'userPrincipalName').toLowerCase()
      const isIn = (account.attributes.memberOf ?? []).some(dn => same(dn, group.dn))
      const ways = [`${person} ${app} ${name}`, ...sharing.map(other => `${person} ${other.app} ${other.name}`)]
      const isWanted = ways.some(way => wanted.has(way))
      return isIn === isWanted ? [] : [`${isIn ? 'too much' : 'missing'}: account of ${person} in ${group.dn}`]
    })
  })
}

/** Into a protected group only a person takes anybody, and only a person takes anybody out. */
function isProtectedWay(way: Way, { directory }: Snapshot, documents: Documents): boolean {
  const [, name, role = ''] = way.split(' ')
  const { adGroup } = documents.apps.find(app => app.name === name)?.roles?.[role] ?? {}
  return directory.some(entry => same(entry.dn, adGroup) && isProtected(entry))
}

/** Something in the way that guestlist must not, or cannot, change. */
function isHindered(way: Way, before: Snapshot, { graph, directory }: Snapshot, documents: Documents): boolean {
  const [person = '', name = '', roleName = ''] = way.split(' ')
  const app = documents.apps.find(each => each.name === name)
  if (app === undefined) return false
  if (keptIn(documents).has(person) && !isUsable(person, graph, directory)) return true
  if (documents.organization.entra.assignments === 'pre-assigned' && !isAssigned(app, graph)) return true
  if (isWithoutConditions(app, graph, documents)) return true
  if (app.signOn?.saml !== undefined || app.proxy !== undefined) {
    const found = graph.servicePrincipals?.find(
      each =>
        'servicePrincipalId' in (app.entra ?? {}) &&
        each.id === (app.entra as { servicePrincipalId: string }).servicePrincipalId,
    )
    // Registered in another tenant: nothing of it can be changed here.
    if (found !== undefined && !graph.applications?.some(each => each.appId === found.appId)) return true
  }
  if (app.entra !== undefined) {
    const found = graph.servicePrincipals?.find(each => isNamedBy(app, each))
    if (found === undefined) return true
    const application = graph.applications?.find(each => same(each.appId, found.appId))
    const declared = ((application ?? found).appRoles ?? []) as readonly Item[]
    const { appRole } = app.roles?.[roleName] ?? {}
    const offered =
      appRole === undefined
        ? declared.length === 0 || declared.some(role => typeof role.value !== 'string')
        : declared.some(role => role.value === appRole)
    if (!offered) return true
  }
  if (kindOfApp(app) === 'cloud') return isAddressTaken(app, before.graph, documents)
  if (isAddressTaken(app, before.graph, documents) || isAddressTaken(app, graph, documents)) return true
  if (kindOfApp(app) === 'published') return false
  const { adGroup } = app.roles?.[roleName] ?? {}
  const group = directory.find(entry => same(entry.dn, adGroup))
  if (
    adGroup !== undefined &&
    (group === undefined || isProtected(group) || !group.attributes.objectClass?.includes('group'))
  )
    return true
  const ownGroup = directory.find(entry => first(entry, 'adminDescription') === `Group_guestlist.${name}.${roleName}`)
  if (adGroup === undefined && ownGroup !== undefined && isProtected(ownGroup)) return true
  if (app.signOn?.kerberos?.delegation !== 'unmanaged') {
    const usable = connectorsOf(app, documents).some(connector =>
      directory.some(entry => same(first(entry, 'sAMAccountName'), `${connector}$`) && !isProtected(entry)),
    )
    if (!usable) return true
    const holders = holdersOf(directory, app.signOn?.kerberos?.servicePrincipalName ?? '')
    const accountUsable = holders.length === 1 && !holders.some(isProtected)
    if (app.signOn?.kerberos?.delegation === 'resource-based' && !accountUsable) return true
  }
  if (keptIn(documents).has(person)) return false
  const user = userOf(person, graph, documents)
  const accounts = directory.filter(
    entry =>
      same(first(entry, 'userPrincipalName'), user?.userPrincipalName) ||
      same(first(entry, 'userPrincipalName'), principalName(person)) ||
      Object.values(entry.attributes).some(values => values.includes(`User_${user?.id}`)),
  )
  const byMail = directory.filter(entry => isOurAccount(entry) && same(first(entry, 'mail'), person))
  return accounts.some(entry => !isOurAccount(entry)) || [...accounts, ...byMail].some(isProtected)
}

/** An account that our own domain keeps, on and not over, and in the cloud as a guest. */
function isUsable(person: string, graph: Snapshot['graph'], directory: Snapshot['directory']): boolean {
  const user = graph.users?.find(each => same(each.userPrincipalName, person))
  const account = directory.find(
    entry => /,OU=Accounts,/i.test(entry.dn) && same(first(entry, 'userPrincipalName'), person),
  )
  const end = first(account ?? { dn: '', attributes: {} }, 'accountExpires')
  return (
    user?.userType === 'Guest' &&
    user.accountEnabled !== false &&
    user.onPremisesSyncEnabled === true &&
    account !== undefined &&
    !isProtected(account) &&
    !isOurAccount(account) &&
    (Number(first(account, 'userAccountControl')) & 2) === 0 &&
    end !== '133500000000000000'
  )
}

/** A group that its conditions are to leave out is gone: none are made that might shut everybody out, and nobody gets in. */
function isWithoutConditions(app: AppDoc, graph: Snapshot['graph'], { organization }: Documents): boolean {
  const { excludeGroups = [] } = organization.entra.conditionalAccess ?? {}
  const isGone = excludeGroups.some(id => !graph.groups?.some(group => group.id === id))
  if ((app.requires ?? []).length === 0 || !isGone) return false
  const own = (graph.servicePrincipals ?? []).filter(each => isOf(app, each, graph))
  const appIds = own.map(({ appId }) => String(appId))
  return !(graph.conditionalAccessPolicies ?? []).some(({ displayName, conditions }) => {
    const { includeApplications } = ((conditions as Item | undefined)?.applications ?? {}) as Item
    const isOurs = String(displayName).startsWith('guestlist: guests need ')
    return isOurs && texts(includeApplications).some(id => appIds.includes(id))
  })
}

function isNamedBy({ entra }: AppDoc, principal: Item): boolean {
  if (entra === undefined) return false
  return 'appId' in entra ? same(principal.appId, entra.appId) : principal.id === entra.servicePrincipalId
}

/** A person has assigned the groups of its roles: to it, and not to what it was before. */
function isAssigned(app: AppDoc, graph: Snapshot['graph']): boolean {
  const groups = (graph.groups ?? []).filter(group =>
    String(group.uniqueName).startsWith(`guestlist.app-role-group.${app.name}.`),
  )
  const own = (graph.servicePrincipals ?? []).filter(each => isOf(app, each, graph))
  const assigned = own.flatMap(each =>
    ((each.appRoleAssignedTo ?? []) as readonly Item[]).map(({ principal }) => String(principal)),
  )
  return groups.length > 0 && groups.every(group => assigned.includes(String(group.id)))
}

/** The one that the policy names, or that was made for it. */
function isOf(app: AppDoc, principal: Item, graph: Snapshot['graph']): boolean {
  if (app.entra !== undefined) return isNamedBy(app, principal)
  return (graph.applications ?? []).some(
    each => each.appId === principal.appId && each.uniqueName === `guestlist.app.${app.name}`,
  )
}

function hasApplication(app: AppDoc, graph: Snapshot['graph']): boolean {
  return app.entra === undefined || (graph.servicePrincipals ?? []).some(each => isNamedBy(app, each))
}

function userOf(person: string, graph: Snapshot['graph'], documents: Documents): Item | undefined {
  const addresses = addressesOf(documents)
  return graph.users?.find(user => personOf(user, addresses) === person)
}

/** The app's address belongs to an application that we did not make. */
function isAddressTaken(app: AppDoc, graph: Snapshot['graph'], _documents: Documents): boolean {
  const url = String(app.proxy?.externalUrl)
  const identifier = app.signOn?.saml?.identifier ?? ''
  return (graph.applications ?? []).some(each => {
    const publishing = each.onPremisesPublishing as Item | null | undefined
    const isIt = 'appId' in (app.entra ?? {}) && same(each.appId, (app.entra as { appId: string }).appId)
    // One that somebody took out of Application Proxy by hand keeps its address until its next change.
    const isUnpublished = publishing === undefined || publishing === null
    const ours = !isUnpublished && String(each.uniqueName).startsWith('guestlist.')
    return (
      !isIt &&
      !ours &&
      (same(publishing?.externalUrl, url) ||
        texts(each.identifierUris).some(uri => [url.replace(/\/$/, ''), identifier].includes(uri)))
    )
  })
}

/** Changes that failed, or were kept from happening, without an outside reason. */
export function wrongOutcomes(outcomes: readonly Outcome[], before: Snapshot, documents: Documents): readonly string[] {
  const excused = new Set<string>(
    outcomes.filter(outcome => isExcused(outcome, before, documents)).map(({ change }) => change.id),
  )
  return outcomes.flatMap(outcome => {
    if (outcome.status === 'done' || excused.has(outcome.change.id)) return []
    if (outcome.status === 'not-attempted')
      return excused.has(outcome.because) ? [] : [`not attempted: ${outcome.change.id}`]
    return [`failed: ${outcome.change.action} ${outcome.change.id}: ${outcome.trouble.code} ${outcome.trouble.message}`]
  })
}

function isExcused(outcome: Outcome, { graph, directory }: Snapshot, documents: Documents): boolean {
  if (outcome.status !== 'failed') return false
  const { change, trouble } = outcome
  const [, kind = '', name = '', role = ''] = change.id.split('/')
  const app = documents.apps.find(each => each.name === name)
  switch (`${change.plane}/${kind}`) {
    case 'active-directory/shadow-account': {
      // A stranger's account has the guest's principal name.
      const user = userOf(name, graph, documents)
      const principal = user?.userPrincipalName ?? principalName(name)
      return (
        trouble.code === 'constraintViolation' &&
        directory.some(entry => same(first(entry, 'userPrincipalName'), principal) && !isOurAccount(entry))
      )
    }
    case 'active-directory/group': {
      // A stranger's group has the name.
      const wanted = `guestlist-${name}.${role}`
      return (
        trouble.code === 'entryAlreadyExists' &&
        directory.some(
          entry =>
            first(entry, 'adminDescription') !== `Group_guestlist.${name}.${role}` &&
            (same(first(entry, 'sAMAccountName'), wanted) || same(first(entry, 'cn'), wanted)),
        )
      )
    }
    case 'entra/app-proxy':
      return trouble.message.includes('already exists') && app !== undefined && isAddressTaken(app, graph, documents)
    default:
      return false
  }
}

/** Marked things that the policy does not want, and that are neither gone nor put away. */
export function leftovers({ graph, directory }: Snapshot, documents: Documents, at: number): readonly string[] {
  const found: string[] = []
  const note = (wrong: boolean, what: string): void => {
    if (wrong) found.push(what)
  }
  const { apps, partners } = documents
  const appNamed = (name: string): AppDoc | undefined => apps.find(app => app.name === name)

  for (const group of graph.groups ?? []) {
    const [, , partner, name = ''] = String(group.uniqueName ?? '').split('.')
    if (!String(group.uniqueName).startsWith('guestlist.partner-group.')) continue
    const wanted = partners.find(each => each.name === partner)?.groups[name]
    note(wanted === undefined || !('members' in wanted), `group ${group.uniqueName}`)
  }
  for (const application of graph.applications ?? []) {
    const name = String(application.uniqueName ?? '').replace(/^guestlist\.app\./, '')
    if (name === application.uniqueName || name === '') continue
    const app = appNamed(name)
    note(app === undefined || app.entra !== undefined, `application of ${name}`)
  }
  for (const principal of graph.servicePrincipals ?? []) {
    for (const tag of texts(principal.tags).filter(each => each.startsWith('guestlist.app.'))) {
      const app = appNamed(tag.slice('guestlist.app.'.length))
      const application = graph.applications?.find(each => each.appId === principal.appId)
      const entra = app?.entra
      const isIt =
        entra === undefined
          ? application?.uniqueName === tag
          : 'appId' in entra
            ? same(principal.appId, entra.appId)
            : principal.id === entra.servicePrincipalId
      const taken = apps.some(
        other => other !== app && JSON.stringify(other.entra ?? '').includes(String(principal.appId)),
      )
      note(!taken && (app === undefined || !isIt), `tag ${tag} on ${principal.displayName}`)
    }
  }
  for (const entry of directory) {
    const mark = first(entry, 'adminDescription')
    const [, name = '', role = ''] = /^Group_guestlist\.([^.]+)\.([^.]+)$/.exec(mark) ?? []
    if (name !== '' && !isProtected(entry)) {
      const app = appNamed(name)
      const wanted = app === undefined ? undefined : rolesOf(app).find(each => each.name === role)
      const named = apps.some(each => rolesOf(each).some(({ adGroup }) => same(adGroup, entry.dn)))
      const kerberos = app !== undefined && kindOfApp(app) === 'kerberos'
      note(!named && (!kerberos || wanted === undefined || wanted.adGroup !== undefined), `AD group ${entry.dn}`)
    }
    if (isOurAccount(entry) && !isProtected(entry) && (Number(first(entry, 'userAccountControl')) & 2) === 0) {
      const principal = first(entry, 'userPrincipalName')
      const user = graph.users?.find(each => same(each.userPrincipalName, principal))
      const person = user === undefined ? undefined : personOf(user, addressesOf(documents))
      const needs = [...granted(documents, at)].some(way => {
        const [who, name = ''] = way.split(' ')
        const app = appNamed(name)
        return who === person && app !== undefined && kindOfApp(app) === 'kerberos'
      })
      note(!needs, `enabled account ${entry.dn} (${principal})`)
    }
    for (const text of entry.attributes.extensionName ?? []) {
      const [, served = '', sid = ''] = /^guestlist\.resource-delegation\.([^:]+):(.*)$/.exec(text) ?? []
      if (served !== '' && !isProtected(entry)) {
        const app = appNamed(served)
        const kerberos = app?.signOn?.kerberos
        const connector = directory.find(each => first(each, 'objectSid') === sid)
        const isConnector =
          app !== undefined &&
          connector !== undefined &&
          connectorsOf(app, documents).some(name => same(first(connector, 'sAMAccountName'), `${name}$`))
        const isHolder = holdersOf(directory, kerberos?.servicePrincipalName ?? '').includes(entry)
        note(!(isConnector && isHolder && kerberos?.delegation === 'resource-based'), `${text} on ${entry.dn}`)
      }
      const [, name = '', service = ''] = /^guestlist\.delegation\.([^:]+):(.*)$/.exec(text) ?? []
      if (name === '' || isProtected(entry)) continue
      const app = appNamed(name)
      const kerberos = app === undefined ? undefined : app.signOn?.kerberos
      const computer = first(entry, 'sAMAccountName').replace(/\$$/, '').toUpperCase()
      const wanted =
        app !== undefined &&
        kerberos !== undefined &&
        (kerberos.delegation ?? 'constrained') === 'constrained' &&
        same(kerberos.servicePrincipalName, service) &&
        connectorsOf(app, documents).includes(computer)
      // Another service of an app whose application is not there: the correction waits for a person.
      const waits = app !== undefined && connectorsOf(app, documents).includes(computer) && !hasApplication(app, graph)
      note(!wanted && !waits, `${text} on ${computer}`)
    }
  }
  const managed = texts(graph.groups?.find(group => group.uniqueName === 'guestlist.guests')?.members)
  const held = inForce(documents, at)
  for (const user of graph.users ?? []) {
    if (!managed.includes(String(user.id)) || user.userType !== 'Guest' || user.accountEnabled === false) continue
    note(!held.has(personOf(user, addressesOf(documents))), `guest ${user.userPrincipalName} can sign in`)
  }
  return found
}
