// The invitation itself: of somebody new, or of an account of our own, which keeps its id, its groups and its access and from
// whose acceptance on the person signs in at home. It cannot be undone, so it is never sent twice: whoever is there already is
// looked for right before, and whenever the answer is lost.

import type { DirectoryWriters, GraphReader, GraphWriter } from '../../model/directories.ts'
import { graphPath, odataString } from '../../model/escape.ts'
import type { Address } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { appeared } from './appeared.ts'
import { isInvited, type User } from './tenant.ts'

interface Wanted {
  readonly address: Address
  readonly displayName?: string
  readonly invitation?: { readonly redirectUrl: string; readonly sendMessage: boolean }
}

interface Invited {
  readonly id: string
  readonly userPrincipalName?: string
}

interface Answer {
  readonly status?: string
  readonly invitedUser?: Partial<Invited>
}

/** As Graph has it when an invitation was answered. */
const asked = {
  select: [
    'id',
    'userPrincipalName',
    'mail',
    'otherMails',
    'creationType',
    'externalUserState',
    'accountEnabled',
    'createdDateTime',
  ],
} as const

/** How long before, by the service's clock, a run of ours may have invited somebody whom the plan did not see yet. */
const recently = 60 * 60_000

/** Clocks differ. */
const skew = 5 * 60_000

interface Known {
  readonly userPrincipalName: string
  readonly mail?: string | null | undefined
  readonly createdDateTime?: string | null | undefined
}

/** Whether an invited account looks as the invitation of that address leaves it, sent at `since` or later. */
export function isInvitationOf(
  address: Address,
  { userPrincipalName, mail, createdDateTime }: Known,
  since: number,
): boolean {
  return (
    mail?.toLowerCase() === address &&
    // Where the name was taken, the service adds to it.
    userPrincipalName.toLowerCase().startsWith(address.replace('@', '_')) &&
    typeof createdDateTime === 'string' &&
    Date.parse(createdDateTime) >= since - skew
  )
}

/** `expectedName`: the principal name that the invitation gives. */
export function invitePerson(
  { entra, now }: Pick<DirectoryWriters, 'entra' | 'now'>,
  wanted: Wanted,
  expectedName: string,
): Promise<Invited> {
  const { address } = wanted
  const value = odataString(address)
  const find = async (from: GraphReader): Promise<Answer | undefined> => {
    const [named, others] = await Promise.all([
      from.get<User>(graphPath`/users/${expectedName}`, asked),
      from.list<User>('/users', { ...asked, filter: `mail eq ${value} or otherMails/any(m:m eq ${value})` }),
    ])
    // Whom the plan saw it took for somebody else.
    const there = named === undefined ? others : [named, ...others]
    const fresh = there.filter(({ id }) => !entra.saw(graphPath`/users/${id}`))
    const isOurs = (user: User): boolean =>
      isInvited(user) && user.accountEnabled !== false && isInvitationOf(address, user, now - recently)
    const ours = fresh.find(isOurs)
    if (ours !== undefined) return { invitedUser: ours }
    const [stranger] = fresh
    if (stranger !== undefined) throw appeared(`${stranger.userPrincipalName}, an account with the address ${address},`)
    return undefined
  }
  return sendInvitation(entra, wanted, find)
}

/** `account`: the one that becomes a guest; without it, the service makes one. */
async function sendInvitation(
  entra: GraphWriter,
  wanted: Wanted,
  find: (from: GraphReader) => Promise<Answer | undefined>,
  account?: string,
): Promise<Invited> {
  const body = {
    invitedUserEmailAddress: wanted.address,
    ...(wanted.displayName === undefined ? {} : { invitedUserDisplayName: wanted.displayName }),
    inviteRedirectUrl: wanted.invitation?.redirectUrl,
    sendInvitationMessage: wanted.invitation?.sendMessage ?? false,
    ...(account === undefined ? {} : { invitedUser: { id: account } }),
  }
  const { status, invitedUser } = await entra.post('/invitations', body, { find, first: true })
  const { id, userPrincipalName } = invitedUser ?? {}
  if (status === 'Error' || id === undefined) {
    throw new Failure(
      'invitation-failed',
      `Microsoft Graph took the invitation of ${wanted.address} and answered that it failed, without saying why`,
      'see whether the External collaboration settings and the cross-tenant access settings let this domain in, then run ' +
        'again: if the guest is there by then, it is taken over and not invited a second time',
    )
  }
  return { id, ...(userPrincipalName === undefined ? {} : { userPrincipalName }) }
}

interface Account {
  readonly objectId: string
  readonly spec: { readonly mail?: string; readonly signIn: boolean }
}

export async function convert(entra: GraphWriter, { objectId, spec }: Account, wanted: Wanted): Promise<void> {
  // The service invites no other address than the account's mail, and nobody whose sign-in is off.
  const body = {
    ...(spec.mail?.toLowerCase() === wanted.address ? {} : { mail: wanted.address }),
    ...(spec.signIn ? {} : { accountEnabled: true }),
  }
  const user = graphPath`/users/${objectId}`
  if (Object.keys(body).length > 0) await entra.patch(user, body)
  // An account that was invited is no account of our own any more.
  const find = async (from: GraphReader): Promise<Answer | undefined> => {
    const found = await from.get<User>(user, asked)
    return found !== undefined && isInvited(found) ? { invitedUser: found } : undefined
  }
  await sendInvitation(entra, wanted, find, objectId)
}
