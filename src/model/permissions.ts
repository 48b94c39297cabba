// The one table of Graph's application permissions: which feature needs which to plan and to apply, and what is lost
// without. docs/permissions.md is written from it, doctor checks by it, and a story proves that it is enough and no more.

export type Phase = 'plan' | 'apply'

/** As the page names them, in its order. */
export const features = {
  guests: 'guests: invited and kept in step',
  sponsors: 'sponsors of guests',
  leaving: 'leaving and coming back',
  groups: 'groups of partners',
  'apps-made': 'apps that guestlist makes',
  'apps-adopted': 'apps that are there already',
  assignments: 'app roles, `assignments: managed`',
  'pre-assigned': 'app roles, `assignments: pre-assigned`',
  publishing: 'publishing through Application Proxy',
  'connector-group': 'connector group of an app',
  saml: 'SAML sign-on',
  'cross-tenant': 'cross-tenant access settings (`tenantId`, `trust`)',
  'guest-settings': 'what a guest may be (`entra.guests`)',
  'conditional-access': 'conditional access (`requires`)',
  'own-accounts': 'accounts of our own Active Directory, in the cloud',
  sources: 'members kept in an Entra group (`membersFrom`)',
  'unnamed-ways': 'ways in that no policy names',
  doctor: '`guestlist doctor`',
} as const

export type Feature = keyof typeof features

export interface Need {
  readonly feature: Feature
  readonly phase: Phase
  readonly permission: string
  /** What does as well for this. */
  readonly or: readonly string[]
  /** Read in every plan, so that what left the policy is found. */
  readonly always: boolean
  readonly lost: string
}

type Row = readonly [feature: Feature, permission: string, or: readonly string[], lost: string]

const readGuests = ['User.ReadWrite.All']
const readUsers = ['User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All']
const readGroups = ['Group.Read.All', 'Group.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All']
const readApps = [
  ...['Application.ReadWrite.OwnedBy', 'Application.ReadWrite.All'],
  ...['Directory.Read.All', 'Directory.ReadWrite.All'],
]
const readAssignments = ['AppRoleAssignment.ReadWrite.All', 'Directory.ReadWrite.All']
const writeUsers = ['Directory.ReadWrite.All']
const writeApps = ['Application.ReadWrite.All']
const stops = 'every plan stops'

const inEveryPlan: readonly Row[] = [
  ['guests', 'User.Read.All', readGuests, `${stops}: guests, also deleted ones, cannot be read`],
  [
    'leaving',
    'User-LifeCycleInfo.Read.All',
    ['User-LifeCycleInfo.ReadWrite.All'],
    `${stops}: the day on which a guest left cannot be read`,
  ],
  ['groups', 'GroupMember.Read.All', readGroups, stops],
  ['apps-made', 'Application.Read.All', readApps, stops],
  ['apps-adopted', 'Application.Read.All', readApps, stops],
  ['unnamed-ways', 'Application.Read.All', readApps, stops],
  ['unnamed-ways', 'GroupMember.Read.All', readGroups, stops],
  ['conditional-access', 'Policy.Read.All', [], stops],
  [
    'doctor',
    'User.Read.All',
    ['Directory.Read.All', 'Directory.ReadWrite.All'],
    'the tenant and its initial domain are not checked',
  ],
]

const toPlan: readonly Row[] = [
  ['sponsors', 'User.Read.All', readGuests, stops],
  [
    'assignments',
    'Directory.Read.All',
    readAssignments,
    `${stops}: what a group is assigned to, Graph tells nobody with less`,
  ],
  [
    'pre-assigned',
    'Directory.Read.All',
    readAssignments,
    `${stops}: whether a person has assigned the group cannot be read`,
  ],
  ['publishing', 'Application.Read.All', readApps, stops],
  ['saml', 'Application.Read.All', readApps, stops],
  ['cross-tenant', 'Policy.Read.All', ['Policy.ReadWrite.CrossTenantAccess'], stops],
  ['guest-settings', 'Policy.Read.All', ['Policy.ReadWrite.Authorization'], stops],
  ['own-accounts', 'User.Read.All', readUsers, stops],
  ['sources', 'GroupMember.Read.All', readGroups, `${stops}: a group that cannot be read is never taken for empty`],
  ['sources', 'User.Read.All', readUsers, `${stops}: members come without an address`],
]

const toApply: readonly Row[] = [
  [
    'guests',
    'User.Invite.All',
    [],
    'nobody is invited (`User.ReadWrite.All` does it too, but only where everyone may invite)',
  ],
  ['guests', 'User.ReadWrite.All', writeUsers, 'a guest is invited, and its company and display name are not set'],
  [
    'guests',
    'Group.ReadWrite.All',
    [],
    'nobody is invited, or is invited and not marked as ours: the next plan adopts who was',
  ],
  ['sponsors', 'User.ReadWrite.All', writeUsers, 'no sponsor is set or taken away'],
  [
    'leaving',
    'User-LifeCycleInfo.ReadWrite.All',
    [],
    '**who leaves can still sign in** to the tenant: the day of leaving is one write with signing off',
  ],
  [
    'leaving',
    'User.ReadWrite.All',
    [],
    '**who leaves can still sign in** to the tenant; nobody is deleted or restored',
  ],
  [
    'leaving',
    'Directory.Read.All',
    ['Directory.ReadWrite.All'],
    'who comes back from the recycle bin is restored, but keeps the groups of then until the next plan',
  ],
  ['groups', 'Group.ReadWrite.All', [], 'no access is given, and **none is taken away**'],
  ['apps-made', 'Application.ReadWrite.OwnedBy', writeApps, 'no app is made, changed or removed'],
  [
    'apps-adopted',
    'Application.ReadWrite.OwnedBy',
    writeApps,
    'the app is not closed to the unassigned, so nobody is assigned to it; the same if guestlist does not own it',
  ],
  [
    'assignments',
    'AppRoleAssignment.ReadWrite.All',
    [],
    'no app is opened to a group, and **none is closed** to it (who leaves the group loses the app all the same)',
  ],
  ['assignments', 'Application.Read.All', ['Directory.Read.All'], 'the same'],
  ['pre-assigned', 'Group.ReadWrite.All', [], 'no access is given, and **none is taken away**'],
  [
    'publishing',
    'Application.ReadWrite.OwnedBy',
    writeApps,
    'nothing is published, and **what is published stays** published',
  ],
  ['saml', 'Application.ReadWrite.OwnedBy', writeApps, 'SAML is not set up'],
  [
    'cross-tenant',
    'Policy.ReadWrite.CrossTenantAccess',
    [],
    'who is blocked by the default settings stays blocked; trust in MFA and devices stays as it is',
  ],
  ['cross-tenant', 'Group.ReadWrite.All', [], 'an entry has nowhere to be marked as ours, so none is made or removed'],
  ['guest-settings', 'Policy.ReadWrite.Authorization', [], 'what guests may see, and who may invite, stays as it is'],
  [
    'conditional-access',
    'Policy.ReadWrite.ConditionalAccess',
    [],
    'guests are asked for nothing new, and what would open an app to them waits',
  ],
  ['conditional-access', 'Policy.Read.All', [], 'the same'],
  ['conditional-access', 'Application.Read.All', [], 'the same'],
  ['own-accounts', 'Group.ReadWrite.All', [], 'the accounts are put in no group, and **taken out of none**'],
  [
    'unnamed-ways',
    'AppRoleAssignment.ReadWrite.All',
    [],
    'with `unmanagedGuests: remove`: guests who are assigned directly are told, and stay',
  ],
  ['unnamed-ways', 'Group.ReadWrite.All', [], 'the same of guests in other groups'],
]

export const needs: readonly Need[] = [
  ...needsIn(inEveryPlan, 'plan', true),
  ...needsIn(toPlan, 'plan', false),
  ...needsIn(toApply, 'apply', false),
]

function needsIn(rows: readonly Row[], phase: Phase, always: boolean): readonly Need[] {
  return rows.map(([feature, permission, or, lost]) => ({ feature, phase, permission, or, always, lost }))
}

export interface Permission {
  readonly tier: 'tier-0' | 'high' | 'medium' | 'low'
  /** What somebody could do who holds it, in one line. */
  readonly reach: string
}

/** Permissions that guestlist can use, and those that it should not have. */
export const permissions: Readonly<Record<string, Permission>> = {
  'User.Read.All': { tier: 'low', reach: 'read every user of the tenant' },
  'User-LifeCycleInfo.Read.All': { tier: 'low', reach: 'read the day on which a user leaves' },
  'Directory.Read.All': { tier: 'low', reach: 'read the whole directory: users, groups, apps, roles and who has them' },
  'GroupMember.Read.All': { tier: 'low', reach: 'read groups and who is in them' },
  'Application.Read.All': { tier: 'low', reach: 'read apps and what they may do' },
  'Policy.Read.All': { tier: 'low', reach: "read the tenant's policies, with the gaps in them" },
  'User.Invite.All': { tier: 'medium', reach: 'invite anybody as a guest' },
  'User-LifeCycleInfo.ReadWrite.All': {
    tier: 'medium',
    reach: 'write the day on which a user leaves: workflows that go by it may disable or delete people',
  },
  'User.ReadWrite.All': {
    tier: 'high',
    reach: 'change, disable and delete every user without an administrator role, and create users',
  },
  'Group.ReadWrite.All': {
    tier: 'high',
    reach:
      'change and delete every group that holds no directory role: with it whatever groups give, such as access to apps and data',
  },
  'Application.ReadWrite.OwnedBy': {
    tier: 'medium',
    reach:
      'create apps, and change and add credentials to those that it owns: give it no app with strong rights to own',
  },
  'Policy.ReadWrite.CrossTenantAccess': {
    tier: 'high',
    reach: 'let other tenants in, or block them, and trust their MFA and devices',
  },
  'Policy.ReadWrite.Authorization': {
    tier: 'high',
    reach: 'change what users and guests may do by default, and who may invite',
  },
  'Policy.ReadWrite.ConditionalAccess': {
    tier: 'high',
    reach: 'switch off any conditional access policy, or lock everybody out',
  },
  'AppRoleAssignment.ReadWrite.All': {
    tier: 'tier-0',
    reach: 'grant itself every permission of Graph, and so own the tenant',
  },
  'Application.ReadWrite.All': {
    tier: 'tier-0',
    reach: 'add a credential to any app and act as it, and so own the tenant',
  },
  'RoleManagement.ReadWrite.Directory': { tier: 'tier-0', reach: 'make itself Global Administrator' },
  'Directory.ReadWrite.All': {
    tier: 'high',
    reach: 'change nearly everything in the directory: users, groups, their members and owners',
  },
  'PrivilegedAccess.ReadWrite.AzureAD': { tier: 'tier-0', reach: 'make itself Global Administrator' },
  'RoleAssignmentSchedule.ReadWrite.Directory': { tier: 'tier-0', reach: 'make itself Global Administrator' },
  'RoleEligibilitySchedule.ReadWrite.Directory': { tier: 'tier-0', reach: 'make itself Global Administrator' },
  'Policy.ReadWrite.PermissionGrant': { tier: 'tier-0', reach: 'let itself consent to every permission' },
  'UserAuthenticationMethod.ReadWrite.All': { tier: 'tier-0', reach: 'add a way to sign in as any user' },
  'User-PasswordProfile.ReadWrite.All': { tier: 'high', reach: 'set passwords of users' },
  'Domain.ReadWrite.All': { tier: 'tier-0', reach: 'federate a domain, and sign in as anybody in it' },
  'Organization.ReadWrite.All': { tier: 'tier-0', reach: 'trust a certificate authority, and sign in as anybody' },
}

/** What these need at the least: of two permissions where one does for both, the one. */
export function leastOf(wanted: readonly Need[]): readonly string[] {
  let least = [...new Set(wanted.map(need => need.permission))]
  for (const permission of [...least].reverse()) {
    const others = least.filter(other => other !== permission)
    if (wanted.every(need => isMet(need, new Set(others)))) least = others
  }
  return least
}

export function isMet({ permission, or }: Need, roles: ReadonlySet<string>): boolean {
  return roles.has(permission) || or.some(other => roles.has(other))
}

/** The lists of the page: whatever a policy may ask. */
export const identities = {
  plan: leastOf(needs.filter(({ phase }) => phase === 'plan')),
  apply: leastOf(needs.filter(({ feature }) => feature !== 'pre-assigned')),
  'apply, pre-assigned': leastOf(
    needs.filter(({ feature, phase }) => feature !== 'assignments' && (feature !== 'unnamed-ways' || phase === 'plan')),
  ),
} as const
