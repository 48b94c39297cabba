// What people do by hand between two runs, to marked and to unmarked objects. A step that the directories refuse, or that
// finds nothing to do it to, is no step.

import fc from 'fast-check'
import { RequestFailure } from '../../src/model/directories.ts'
import { authorizationPolicyDefaults } from '../../src/sandbox/graph/policies.ts'
import { partnerTenants, root } from './policies.ts'
import { type Item, sync, type Tenant } from './tenant.ts'

export interface Step {
  readonly what: keyof typeof actions
  readonly one: number
  readonly other: number
}

export type Tampering = readonly Step[]

/** The same choice of the same things, whatever they are. */
function pick<Value>(list: readonly Value[], number: number): Value {
  const found = list[number % list.length]
  if (found === undefined) throw new NothingToDo()
  return found
}

class NothingToDo extends Error {}

type Action = (tenant: Tenant, one: number, other: number) => Promise<void> | void

type Object = Item & { readonly id: string }

function items(tenant: Tenant, name: string): readonly Object[] {
  return [...tenant.store.collection<Object>(name).values()]
}

function put(tenant: Tenant, name: string, item: Object, change: Item): void {
  const changed = Object.entries({ ...item, ...change }).filter(([, value]) => value !== undefined)
  tenant.store.collection<Object>(name).put(item.id, { id: item.id, ...Object.fromEntries(changed) })
}

const guests = (tenant: Tenant) => items(tenant, 'users').filter(user => user.userType === 'Guest')
const registered = (tenant: Tenant) =>
  items(tenant, 'applications').filter(item => typeof item.onPremisesPublishing === 'object')

function publishing(change: (there: Item) => Item | undefined): Action {
  return (tenant, one) => {
    const found = pick(registered(tenant), one)
    const { onPremisesPublishing, ...rest } = found
    const after = change(onPremisesPublishing as Item)
    tenant.store
      .collection<Object>('applications')
      .put(found.id, after === undefined ? rest : { ...rest, onPremisesPublishing: after })
  }
}

function user(change: (there: Object) => Item): Action {
  return (tenant, one) => {
    const found = pick(guests(tenant), one)
    put(tenant, 'users', found, change(found))
  }
}

interface Entry {
  readonly dn: string
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

const units = [
  'OU=Employees',
  'OU=Archive,OU=Partners',
  'OU=Shadow,OU=Partners',
  'OU=Groups,OU=Partners',
  'OU=Partners',
]

function entries(tenant: Tenant, objectClass: string): readonly Entry[] {
  return tenant.directory
    .dump()
    .filter(({ dn, attributes }) => attributes.objectClass?.at(-1) === objectClass && /,OU=/i.test(dn))
}
const accounts = (tenant: Tenant) => entries(tenant, 'user').filter(({ dn }) => /OU=Partners|OU=Archive/.test(dn))
const groups = (tenant: Tenant) => entries(tenant, 'group')
const services = (tenant: Tenant) =>
  entries(tenant, 'computer').filter(
    ({ dn, attributes }) => attributes.servicePrincipalName !== undefined && !dn.includes('Domain Controllers'),
  )
const computers = (tenant: Tenant) => entries(tenant, 'computer').filter(({ dn }) => !dn.includes('Domain Controllers'))

function replace(
  list: (tenant: Tenant) => readonly Entry[],
  attribute: string,
  values: (there: Entry, other: number) => readonly string[],
): Action {
  return (tenant, one, other) => {
    const found = pick(list(tenant), one)
    return tenant.directory.modify(found.dn, [{ operation: 'replace', attribute, values: values(found, other) }])
  }
}

function move(list: (tenant: Tenant) => readonly Entry[]): Action {
  return (tenant, one, other) => {
    const { dn } = pick(list(tenant), one)
    return tenant.directory.move(dn, dn.split(/(?<!\\),/)[0] ?? '', `${pick(units, other)},${root}`)
  }
}

function rename(list: (tenant: Tenant) => readonly Entry[]): Action {
  return (tenant, one, other) => {
    const { dn } = pick(list(tenant), one)
    const [, ...parents] = dn.split(/(?<!\\),/)
    return tenant.directory.move(dn, `CN=By hand ${other % 3}`, parents.join(','))
  }
}

function first(there: Entry, attribute: string): string {
  return there.attributes[attribute]?.[0] ?? ''
}

const actions = {
  addMember(tenant, one, other) {
    const group = pick(items(tenant, 'groups'), one)
    const member = pick([...items(tenant, 'users'), ...items(tenant, 'groups').slice(0, 1)], other)
    if (group.id !== member.id) tenant.store.collection('members').put(`${group.id}/${member.id}`, {})
  },
  removeMember(tenant, one) {
    const members = tenant.store.collection('members')
    members.delete(pick([...members.keys()], one))
  },
  assign(tenant, one, other) {
    const principals = [...items(tenant, 'groups'), ...items(tenant, 'users')]
    const resource = pick(items(tenant, 'servicePrincipals'), one)
    const application = items(tenant, 'applications').find(item => item.appId === resource.appId)
    const roles = ((application ?? resource).appRoles ?? []) as readonly Object[]
    const appRoleId = roles.length === 0 ? '00000000-0000-0000-0000-000000000000' : pick(roles, other).id
    const principalId = pick(principals, other).id
    const id = `by-hand-${resource.id}-${principalId}-${appRoleId}`
    const twice = items(tenant, 'appRoleAssignments').some(
      item => item.principalId === principalId && item.resourceId === resource.id && item.appRoleId === appRoleId,
    )
    if (twice) throw new NothingToDo()
    tenant.store
      .collection('appRoleAssignments')
      .put(id, { id, principalId, resourceId: resource.id, appRoleId, createdDateTime: '2026-12-01T00:00:00Z' })
  },
  unassign(tenant, one) {
    const assignments = tenant.store.collection('appRoleAssignments')
    assignments.delete(pick([...assignments.keys()], one))
  },

  disableGuest: user(() => ({ accountEnabled: false })),
  enableGuest: user(() => ({ accountEnabled: true })),
  renameGuest: user(({ userPrincipalName }) => ({
    userPrincipalName: `hand.${userPrincipalName}`,
    displayName: 'By hand',
  })),
  recompanyGuest: user(() => ({ companyName: 'By hand' })),
  changeMail: user(({ mail }) => ({
    mail: `new.${mail}`,
    otherMails: [`new.${mail}`],
    proxyAddresses: [`SMTP:new.${mail}`],
  })),
  changeMailOnly: user(({ mail }) => {
    const changed = `new.${mail ?? 'one@elsewhere.example'}`
    return { mail: changed, proxyAddresses: [`SMTP:${changed}`] }
  }),
  makeMember: user(() => ({ userType: 'Member' })),
  upperCaseMail: user(({ mail }) => ({ mail: String(mail).toUpperCase() })),
  setLeaving: user(() => ({ employeeLeaveDateTime: '2026-10-01T00:00:00Z' })),
  clearLeaving: user(() => ({ employeeLeaveDateTime: undefined })),
  deleteGuest: (tenant, one) =>
    tenant
      .connection()
      .writer()
      .delete(`/users/${pick(guests(tenant), one).id}`),
  changeSponsor(tenant, one, other) {
    const sponsors = tenant.store.collection('sponsors')
    const key = `${pick(guests(tenant), one).id}/${pick(items(tenant, 'users'), other).id}`
    if (!sponsors.delete(key)) sponsors.put(key, {})
  },

  /** The person who assigns the groups of app roles, where guestlist has no right to. */
  assignRoleGroups(tenant) {
    for (const group of items(tenant, 'groups')) {
      const [, app = '', appRole = ''] =
        /^guestlist\.app-role-group\.([^.]+)\.(.+)$/.exec(String(group.uniqueName)) ?? []
      const resource = items(tenant, 'servicePrincipals').find(each =>
        ((each.tags ?? []) as readonly string[]).includes(`guestlist.app.${app}`),
      )
      if (resource === undefined) continue
      const application = items(tenant, 'applications').find(item => item.appId === resource.appId)
      const roles = ((application ?? resource).appRoles ?? []) as readonly Object[]
      const found = roles.find(role => (appRole === 'default-access' ? !role.value : role.value === appRole))
      const appRoleId = found?.id ?? '00000000-0000-0000-0000-000000000000'
      const isThere = items(tenant, 'appRoleAssignments').some(
        each => each.principalId === group.id && each.resourceId === resource.id,
      )
      if (isThere || (found === undefined && roles.length > 0)) continue
      const id = `by-hand-${resource.id}-${group.id}-${appRoleId}`
      tenant.store.collection('appRoleAssignments').put(id, {
        id,
        principalId: group.id,
        resourceId: resource.id,
        appRoleId,
        createdDateTime: '2026-12-01T00:00:00Z',
      })
    }
  },
  sync: (tenant, one) => sync(tenant, one % 4 !== 0),
  blockTenant: (tenant, one) => {
    const tenantId = pick(Object.values(partnerTenants), one)
    const there = tenant.store.collection<Object>('crossTenantAccessPartners').get(tenantId) ?? { tenantId }
    const side = (target: string) => ({ accessType: 'blocked', targets: [{ target, targetType: 'user' }] })
    const b2bCollaborationInbound = { usersAndGroups: side('AllUsers'), applications: side('AllApplications') }
    tenant.store.collection('crossTenantAccessPartners').put(tenantId, { ...there, b2bCollaborationInbound })
  },
  forgetTenant(tenant, one) {
    tenant.store.collection('crossTenantAccessPartners').delete(pick(Object.values(partnerTenants), one))
  },
  switchConditions(tenant, one, other) {
    const found = pick(items(tenant, 'conditionalAccessPolicies'), one)
    const state = pick(['enabled', 'disabled', 'enabledForReportingButNotEnforced'], other)
    put(tenant, 'conditionalAccessPolicies', found, { state })
  },
  renameConditions: (tenant, one) =>
    put(tenant, 'conditionalAccessPolicies', pick(items(tenant, 'conditionalAccessPolicies'), one), {
      displayName: 'By hand',
    }),
  loosenConditions(tenant, one) {
    const found = pick(items(tenant, 'conditionalAccessPolicies'), one)
    const conditions = found.conditions as Item
    const applications = { ...(conditions.applications as Item), includeApplications: ['None'] }
    put(tenant, 'conditionalAccessPolicies', found, { conditions: { ...conditions, applications } })
  },
  changeSignOnMode: (tenant, one, other) =>
    put(tenant, 'servicePrincipals', pick(items(tenant, 'servicePrincipals'), one), {
      preferredSingleSignOnMode: pick(['saml', 'password', null], other),
    }),
  changeGuestSettings: (tenant, one) => {
    const there = tenant.store.collection<Object>('policies').get('authorizationPolicy') ?? authorizationPolicyDefaults
    const allowInvitesFrom = pick(['everyone', 'adminsAndGuestInviters'], one)
    tenant.store.collection('policies').put('authorizationPolicy', { ...there, allowInvitesFrom })
  },

  renameGroup: (tenant, one) => put(tenant, 'groups', pick(items(tenant, 'groups'), one), { displayName: 'By hand' }),
  redescribeGroup: (tenant, one) =>
    put(tenant, 'groups', pick(items(tenant, 'groups'), one), { description: 'By hand' }),
  deleteGroup: (tenant, one) =>
    tenant
      .connection()
      .writer()
      .delete(`/groups/${pick(items(tenant, 'groups'), one).id}`),

  openApp: (tenant, one) =>
    put(tenant, 'servicePrincipals', pick(items(tenant, 'servicePrincipals'), one), {
      appRoleAssignmentRequired: false,
    }),
  removeTags: (tenant, one) =>
    put(tenant, 'servicePrincipals', pick(items(tenant, 'servicePrincipals'), one), { tags: [] }),
  copyTags(tenant, one, other) {
    const list = items(tenant, 'servicePrincipals')
    put(tenant, 'servicePrincipals', pick(list, one), { tags: pick(list, other).tags ?? [] })
  },
  renameApp: (tenant, one) =>
    put(tenant, 'applications', pick(items(tenant, 'applications'), one), { displayName: 'By hand' }),
  deleteServicePrincipal: (tenant, one) =>
    tenant
      .connection()
      .writer()
      .delete(`/servicePrincipals/${pick(items(tenant, 'servicePrincipals'), one).id}`),
  deleteApplication: (tenant, one) =>
    tenant
      .connection()
      .writer()
      .delete(`/applications/${pick(items(tenant, 'applications'), one).id}`),
  unpublish: publishing(() => undefined),
  republish: publishing(there => ({
    ...there,
    internalUrl: 'http://by-hand.corp.contoso.com/',
    isHttpOnlyCookieEnabled: true,
  })),
  withoutSignOn: publishing(there => ({
    ...there,
    singleSignOnSettings: { singleSignOnMode: 'none', kerberosSignOnSettings: null },
  })),
  otherService: publishing(there => ({
    ...there,
    singleSignOnSettings: {
      singleSignOnMode: 'onPremisesKerberos',
      kerberosSignOnSettings: {
        kerberosServicePrincipalName: 'HTTP/by-hand.corp.contoso.com',
        kerberosSignOnMappingAttributeType: 'userPrincipalName',
      },
    },
  })),

  switchAccount: replace(accounts, 'userAccountControl', there => [
    String(Number(first(there, 'userAccountControl')) ^ 2),
  ]),
  expireAccount: replace(accounts, 'accountExpires', (_, other) => [other % 2 === 0 ? '133500000000000000' : '0']),
  renameAccount: rename(accounts),
  moveAccount: move(accounts),
  deleteAccount: (tenant, one) => tenant.directory.remove(pick(accounts(tenant), one).dn),
  changeAccountMail: replace(accounts, 'mail', () => ['by.hand@contoso.com']),
  changeAccountName: replace(accounts, 'displayName', () => ['By hand']),
  changeAccountPrincipal: replace(accounts, 'userPrincipalName', (_, other) => [
    `by-hand-${other % 5}@corp.contoso.com`,
  ]),
  clearAnchor: replace(accounts, 'msDS-ExternalDirectoryObjectId', () => []),
  copyAnchor(tenant, one, other) {
    const list = accounts(tenant)
    const anchor = first(pick(list, other), 'msDS-ExternalDirectoryObjectId')
    const { dn } = pick(list, one)
    return tenant.directory.modify(dn, [
      { operation: 'replace', attribute: 'msDS-ExternalDirectoryObjectId', values: anchor === '' ? [] : [anchor] },
    ])
  },
  unmarkAccount: replace(accounts, 'adminDescription', () => []),
  markAccount: replace(accounts, 'adminDescription', () => ['User_guestlist']),
  protectAccount: replace(accounts, 'adminCount', () => ['1']),

  joinGroup(tenant, one, other) {
    const member = pick(entries(tenant, 'user'), other).dn
    return tenant.directory.modify(pick(groups(tenant), one).dn, [
      { operation: 'add', attribute: 'member', values: [member] },
    ])
  },
  joinAdmins: (tenant, one) =>
    tenant.directory.modify(`CN=Domain Admins,CN=Users,${root}`, [
      { operation: 'add', attribute: 'member', values: [pick(accounts(tenant), one).dn] },
    ]),
  leaveGroup(tenant, one, other) {
    const group = pick(
      groups(tenant).filter(({ attributes }) => attributes.member !== undefined),
      one,
    )
    return tenant.directory.modify(group.dn, [
      { operation: 'delete', attribute: 'member', values: [pick(group.attributes.member ?? [], other)] },
    ])
  },
  renameDirectoryGroup: rename(groups),
  moveDirectoryGroup: move(groups),
  redescribeDirectoryGroup: replace(groups, 'description', () => ['By hand']),
  deleteDirectoryGroup: (tenant, one) => tenant.directory.remove(pick(groups(tenant), one).dn),
  unmarkDirectoryGroup: replace(groups, 'adminDescription', () => []),
  copyGroupMark(tenant, one, other) {
    const list = groups(tenant)
    const mark = first(pick(list, other), 'adminDescription')
    if (mark === '') throw new NothingToDo()
    return tenant.directory.modify(pick(list, one).dn, [
      { operation: 'replace', attribute: 'adminDescription', values: [mark] },
    ])
  },

  changeDelegation(tenant, one, other) {
    const { dn, attributes } = pick(computers(tenant), one)
    const service = pick(
      ['HTTP/pay.corp.contoso.com', 'HTTP/wiki.corp.contoso.com', 'HTTP/by-hand.corp.contoso.com'],
      other,
    )
    const list = attributes['msDS-AllowedToDelegateTo'] ?? []
    const same = list.filter(text => text.toLowerCase() === service.toLowerCase())
    const operation = same.length > 0 ? 'delete' : 'add'
    return tenant.directory.modify(dn, [
      { operation, attribute: 'msDS-AllowedToDelegateTo', values: same.length > 0 ? same : [service] },
    ])
  },
  clearDelegation: replace(computers, 'msDS-AllowedToDelegateTo', () => []),
  switchTransition: replace(computers, 'userAccountControl', there => [
    String(Number(first(there, 'userAccountControl')) ^ 0x1000000),
  ]),
  clearDelegationMarks: replace(computers, 'extensionName', () => []),
  copyDelegationMarks(tenant, one, other) {
    const list = computers(tenant)
    const marks = pick(list, other).attributes.extensionName ?? []
    return tenant.directory.modify(pick(list, one).dn, [
      { operation: 'replace', attribute: 'extensionName', values: marks },
    ])
  },
  addDelegationMark(tenant, one, other) {
    const { dn, attributes } = pick(computers(tenant), one)
    const mark = pick(['pay:HTTP/pay.corp.contoso.com', 'pay:HTTP/by-hand.corp.contoso.com', 'gone:HTTP/gone'], other)
    const marks = [...new Set([...(attributes.extensionName ?? []), `guestlist.delegation.${mark}`])]
    return tenant.directory.modify(dn, [{ operation: 'replace', attribute: 'extensionName', values: marks }])
  },
  clearAllowed: replace(services, 'msDS-AllowedToActOnBehalfOfOtherIdentity', () => []),
  clearServiceMarks: replace(services, 'extensionName', () => []),
  protectService: replace(services, 'adminCount', (_, other) => (other % 2 === 0 ? ['1'] : [])),
  async moveService(tenant, one, other) {
    const [from, to] = [pick(services(tenant), one), pick(computers(tenant), other)]
    if (from.dn === to.dn) throw new NothingToDo()
    const values = from.attributes.servicePrincipalName ?? []
    const attribute = 'servicePrincipalName'
    await tenant.directory.modify(from.dn, [{ operation: 'replace', attribute, values: [] }])
    await tenant.directory.modify(to.dn, [{ operation: 'replace', attribute, values }])
  },
  protectComputer: replace(computers, 'adminCount', (_, other) => (other % 2 === 0 ? ['1'] : [])),
} as const satisfies Record<string, Action>

export const tampering: fc.Arbitrary<Tampering> = fc.array(
  fc.record({
    what: fc.constantFrom(...(Object.keys(actions) as (keyof typeof actions)[])),
    one: fc.nat({ max: 40 }),
    other: fc.nat({ max: 40 }),
  }),
  { maxLength: 6 },
)

export async function tamper(tenant: Tenant, steps: Tampering): Promise<void> {
  for (const { what, one, other } of steps) {
    try {
      await (actions[what] as Action)(tenant, one, other)
    } catch (error) {
      if (!(error instanceof RequestFailure || error instanceof NothingToDo)) throw error
    }
  }
}
