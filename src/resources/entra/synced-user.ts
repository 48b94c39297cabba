// The cloud user that Entra Connect makes of a partner's account: awaited, never made, never changed. Access passes through
// it as a guest only; one that arrived as a member is a finding, and what needs it waits.

import { type Id, ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { Address, Member, ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { kerberosOf } from '../../model/sign-on.ts'
import { dateOf, dayMs } from '../../model/time.ts'
import { accountControl, value } from '../active-directory/domain.ts'
import { keptPeople, type PartnerAccount, partnerUnitOf, userTypeOf } from '../active-directory/partner-accounts.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { type KeptUsers, readKeptUsers } from './synced-users.ts'
import type { User } from './tenant.ts'

type SyncedUserSpec = {
  readonly userType?: string
  readonly enabled?: boolean
}

export const syncedUser: ResourceKind<SyncedUserSpec> = {
  plane: 'entra',
  name: 'synced-user',
  desire,

  async observe(from, policy) {
    const wanted = keptPeople(policy)
    const users = await readKeptUsers(from, policy)
    const judgements = [...wanted].map(([person, memberships]) => judge(person, memberships, users, policy))
    return {
      // A member whom the policy wants as a guest counts as not there yet.
      resources: [...users.synced].flatMap(([person, user]) =>
        wanted.has(person) && user.userType !== 'Guest' ? [] : [observed(person, user, policy)],
      ),
      findings: judgements.flatMap(({ findings = [] }) => findings),
      blocked: judgements.flatMap(({ blocked = [] }) => blocked),
    }
  },

  normalize: spec => spec,
  risk: () => 'neutral',
  works: ({ userType, enabled }) => userType === 'Guest' && enabled !== false,

  async perform({ id }) {
    throw new Error(`${id} is for Entra Connect to make`)
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<SyncedUserSpec>> {
  if (partnerUnitOf(policy) === undefined) return
  for (const [person, memberships] of keptPeople(policy)) {
    yield {
      ...common(person, policy),
      because: memberships.map(member => member.origin),
      spec: { userType: 'Guest' },
      reference: true,
      awaited: { for: 'entra-connect', message: 'Entra Connect has not brought the account to the cloud yet' },
    }
  }
}

function observed(person: Address, user: User, policy: ResolvedPolicy): Observed<SyncedUserSpec> {
  return {
    ...common(person, policy),
    objectId: user.id,
    name: user.userPrincipalName,
    owned: false,
    spec: { ...(user.userType ? { userType: user.userType } : {}), enabled: user.accountEnabled !== false },
  }
}

function common(person: Address, policy: ResolvedPolicy): Pick<Observed, 'id' | 'partner' | 'needs'> {
  const partner = policy.people.get(person)?.partner
  return {
    id: ids.syncedUser(person),
    ...(partner === undefined ? {} : { partner }),
    needs: [ids.partnerAccount(person)],
  }
}

type Judgement = Pick<Observation<SyncedUserSpec>, 'findings' | 'blocked'>

function judge(
  person: Address,
  [membership]: readonly Member[],
  { accounts, synced, strangers }: KeptUsers,
  policy: ResolvedPolicy,
): Judgement {
  const id = ids.syncedUser(person)
  const account = accounts.get(person)
  const at = membership === undefined ? {} : { at: membership.origin }
  const user = synced.get(person)
  if (user?.userType === 'Guest')
    return { findings: faultsOf(person, user, account, policy).map(fault => ({ ...fault, ...at })) }
  if (user !== undefined) return asMember(id, person, user, isStamped(account, policy), at)
  const stranger = strangers.get(person)
  if (stranger !== undefined) return notSynced(id, person, at)
  if (account === undefined) {
    const missing = ids.partnerAccount(person)
    return { blocked: [{ id, for: missing, message: `cannot be before ${missing}` }] }
  }
  return { blocked: [{ id, for: 'entra-connect', message: waitingFor(account, policy) }] }
}

/** What keeps a guest from getting in that guestlist has no business to mend, and that the account does not tell. */
function faultsOf(
  person: Address,
  user: User,
  account: PartnerAccount | undefined,
  policy: ResolvedPolicy,
): readonly FindingAt[] {
  const faults: FindingAt[] = []
  if (user.accountEnabled === false && account !== undefined && !isSwitchedOff(account)) {
    const message = `the cloud user of ${person} is disabled, though the account is not`
    const hint = 'Entra Connect enables it again with the account: start a sync, or ask who disabled it'
    faults.push({ severity: 'warning', code: 'cloud-user-disabled', message, hint })
  }
  const apps = user.userPrincipalName.toLowerCase() === person ? [] : appsByCloudName(person, policy)
  if (apps.length > 0) {
    const message = `${person} is ${user.userPrincipalName} in the cloud, and by that name ${apps.join(', ')} finds no account`
    const hint =
      'verify the domain of the principal name in the tenant, or let the app sign in by `loginIdentity: onPremisesUserPrincipalName`'
    faults.push({ severity: 'warning', code: 'other-cloud-name', message, hint })
  }
  return faults
}

function isSwitchedOff({ entry }: PartnerAccount): boolean {
  return (Number(value(entry, 'userAccountControl') ?? 0) & accountControl.disabled) !== 0
}

/** Apps that the person may use and that look for the account by the principal name in the cloud. */
function appsByCloudName(person: Address, policy: ResolvedPolicy): readonly string[] {
  const { partner, groups = [] } = policy.people.get(person) ?? {}
  const grants = policy.grants.filter(
    grant => grant.inForce && grant.partner === partner && groups.includes(grant.group),
  )
  const apps = [...new Set(grants.map(({ app }) => app))].sort()
  return apps.filter(name => {
    const app = policy.apps.get(name)
    const kerberos = app === undefined ? undefined : kerberosOf(app)
    return kerberos !== undefined && (kerberos.loginIdentity ?? 'userPrincipalName') === 'userPrincipalName'
  })
}

function asMember(id: Id, person: Address, user: User, stamped: boolean, at: Pick<FindingAt, 'at'>): Judgement {
  const since = user.createdDateTime ? ` on ${user.createdDateTime.slice(0, 10)}` : ''
  const what = `Entra Connect brought ${person} to the cloud${since} as a member, not as a guest`
  const hint = stamped
    ? 'the account is stamped: check that the rule is there which makes guests of such accounts, `guestlist connect-rule` prints it'
    : 'the account is stamped first; the next sync then makes a guest of it, by the rule that `guestlist connect-rule` prints'
  const message =
    'came to the cloud as a member: waits until Entra Connect makes a guest of it (guestlist connect-rule)'
  return {
    findings: [{ severity: 'warning', code: 'synced-as-member', message: what, hint, ...at }],
    blocked: [{ id, for: 'entra-connect', message }],
  }
}

function notSynced(id: Id, person: Address, at: Pick<FindingAt, 'at'>): Judgement {
  const message = `the tenant has a user ${person} who does not come from our own Active Directory`
  const hint = 'Entra Connect takes such a user over if it may join by name; else a person renames or deletes the user'
  return {
    findings: [{ severity: 'warning', code: 'not-synced', message, hint, ...at }],
    blocked: [{ id, for: 'person', message: 'a user of the cloud alone has the name: see what was found' }],
  }
}

function isStamped(account: PartnerAccount | undefined, policy: ResolvedPolicy): boolean {
  const { attribute, value: stamp } = userTypeOf(policy)
  return account !== undefined && value(account.entry, attribute) === stamp
}

function waitingFor(account: PartnerAccount, policy: ResolvedPolicy): string {
  if (!isStamped(account, policy))
    return 'the account is stamped as a guest first, then Entra Connect brings it to the cloud'
  if (value(account.entry, 'adminDescription')?.toLowerCase().startsWith('user_') === true)
    return 'stamped, and left out by Entra Connect: its default rules skip an account whose adminDescription begins with User_'
  const checks = 'check that Entra Connect takes in its unit, and its rule for guests (guestlist connect-rule)'
  return `stamped ${sinceWhen(account, policy)}; ${checks}`
}

/** When the account was last changed: it was stamped then, or before. */
function sinceWhen({ entry }: PartnerAccount, { at }: ResolvedPolicy): string {
  const changed = instantOf(value(entry, 'whenChanged'))
  if (changed === undefined) return 'some time ago'
  const days = Math.floor((at - changed) / dayMs)
  const ago = days < 1 ? 'less than a day ago' : days === 1 ? 'a day ago' : `${days} days ago`
  return `since ${dateOf(changed)}, ${ago}`
}

/** The instant of a GeneralizedTime as Active Directory writes it: `20261128091500.0Z`. */
function instantOf(text: string | undefined): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text ?? '') ?? []
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(instant) ? undefined : instant
}
