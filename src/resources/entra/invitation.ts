// The invitation itself: of somebody new, or of an account of our own, which keeps its id, its groups and its access and from
// whose acceptance on the person signs in at home. It cannot be undone, and what it answers is believed.

import type { GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { Address } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'

interface Wanted {
  readonly address: Address
  readonly displayName?: string
  readonly invitation?: { readonly redirectUrl: string; readonly sendMessage: boolean }
}

interface Invited {
  readonly id: string
  readonly userPrincipalName?: string
}

/** `account`: the one that becomes a guest; without it, the service makes one. */
export async function sendInvitation(entra: GraphWriter, wanted: Wanted, account?: string): Promise<Invited> {
  const { status, invitedUser } = await entra.post<{ status?: string; invitedUser?: Partial<Invited> }>(
    '/invitations',
    {
      invitedUserEmailAddress: wanted.address,
      ...(wanted.displayName === undefined ? {} : { invitedUserDisplayName: wanted.displayName }),
      inviteRedirectUrl: wanted.invitation?.redirectUrl,
      sendInvitationMessage: wanted.invitation?.sendMessage ?? false,
      ...(account === undefined ? {} : { invitedUser: { id: account } }),
    },
  )
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

/** Repeating it after a crash changes nothing: an account that was invited is no account of our own any more. */
export async function convert(entra: GraphWriter, { objectId, spec }: Account, wanted: Wanted): Promise<void> {
  // The service invites no other address than the account's mail, and nobody whose sign-in is off.
  const body = {
    ...(spec.mail?.toLowerCase() === wanted.address ? {} : { mail: wanted.address }),
    ...(spec.signIn ? {} : { accountEnabled: true }),
  }
  if (Object.keys(body).length > 0) await entra.patch(graphPath`/users/${objectId}`, body)
  await sendInvitation(entra, wanted, objectId)
}
