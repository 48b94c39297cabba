// Making a shadow account: one Add does everything, so that there is never half an account.

import { type DirectoryWriter, RequestFailure } from '../../model/directories.ts'
import { childDn } from '../../model/escape.ts'
import { Failure } from '../../model/problem.ts'
import type { Assigned } from '../../model/resource.ts'
import { anchorOf, shadowAccountMark } from '../mark.ts'
import { accountNameOf, accountNames } from './accounts.ts'
import { accountControl, type Domain, unitIn } from './domain.ts'

export interface NewAccount {
  readonly guestObjectId: string
  readonly userPrincipalName: string
  readonly displayName: string
  readonly mail: string
}

export async function addAccount(
  { guestObjectId, userPrincipalName, displayName, mail }: NewAccount,
  directory: DirectoryWriter,
  domain: Domain,
  randomBytes: (count: number) => Uint8Array,
): Promise<Assigned> {
  const { normal, passwordNeverExpires, smartCardRequired } = accountControl
  for (let attempt = 0; attempt < accountNames; attempt += 1) {
    const accountName = accountNameOf(guestObjectId, attempt)
    const dn = childDn('CN', accountName, unitIn(domain, 'shadowAccounts'))
    try {
      const objectId = await directory.add(dn, {
        objectClass: ['top', 'person', 'organizationalPerson', 'user'],
        sAMAccountName: [accountName],
        userPrincipalName: [userPrincipalName],
        displayName: [displayName],
        mail: [mail],
        [domain.anchorAttribute]: [anchorOf(guestObjectId)],
        adminDescription: [shadowAccountMark],
        userAccountControl: [String(normal | passwordNeverExpires | smartCardRequired)],
        unicodePwd: [passwordFor([accountName, displayName], randomBytes)],
      })
      return { objectId, name: dn }
    } catch (error) {
      // 68: the account name is taken by somebody else's object. The next one is as good.
      if (!(error instanceof RequestFailure) || error.status !== 68) throw error
    }
  }
  throw new Failure(
    'no-free-name',
    `no free account name was found for ${mail}`,
    `${accountNames} names derived from the guest are taken: look for copies in the domain`,
  )
}

/**
 * Quoted UTF-16LE, as `unicodePwd` wants it; the suffix satisfies the rule of three kinds of characters. Windows refuses a
 * password that holds a part of the account's names ([MS-SAMR] 3.1.1.7.2), and by chance a random one does.
 */
export function passwordFor(names: readonly string[], randomBytes: (count: number) => Uint8Array): Uint8Array {
  const parts = names.flatMap(name => name.toLowerCase().split(/[\s,.\-_#]+/)).filter(part => part.length >= 3)
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const password = `${Buffer.from(randomBytes(32)).toString('base64url')}aA1!`
    if (!parts.some(part => password.toLowerCase().includes(part))) return Buffer.from(`"${password}"`, 'utf16le')
  }
  throw new Error('the source of randomness repeats itself')
}
