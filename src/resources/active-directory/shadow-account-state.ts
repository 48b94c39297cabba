// A shadow account as plans know one: the state of its entry in Active Directory, in the policy's words.

import type { DirectoryEntry } from '../../model/directories.ts'
import type { Json } from '../../model/resource.ts'
import { isoOf } from '../../model/time.ts'
import { readAnchor } from '../mark.ts'
import { accountControl, type Domain, instantOfFileTime, liesIn, value } from './domain.ts'

export type ShadowAccountSpec = {
  readonly userPrincipalName?: Json
  /** Object id of the guest. */
  readonly guest?: Json
  readonly displayName?: string
  readonly mail?: string
  readonly enabled: boolean
  /** Nobody can log on with it: a smart card that nobody has is required, and a password too. */
  readonly locked?: boolean
  readonly unit: 'shadow' | 'archive' | 'elsewhere'
  /** Whether the account's end is set. */
  readonly left: boolean
  /** Whether it has the guest's principal name, by which connectors sign in; never compared, the name itself is. */
  readonly named?: boolean
  /** ISO; never compared: the day is written when the change is performed. */
  readonly leftAt?: string
  /** As they are in the directory, for conditional writes; never compared. */
  readonly raw?: { readonly [attribute: string]: string | undefined }
}

export function stateOf(
  entry: DirectoryEntry,
  named: boolean,
  domain: Domain,
): { spec: ShadowAccountSpec; retired: boolean } {
  const control = Number(value(entry, 'userAccountControl') ?? 0)
  const leftAt = instantOfFileTime(value(entry, 'accountExpires'))
  const enabled = (control & accountControl.disabled) === 0
  const unit = liesIn(entry.dn, domain.archive)
    ? 'archive'
    : liesIn(entry.dn, domain.shadowAccounts)
      ? 'shadow'
      : 'elsewhere'
  const text = (attribute: string, key: string): Record<string, string> => {
    const there = value(entry, attribute)
    return there === undefined ? {} : { [key]: there }
  }
  const anchor = readAnchor(value(entry, domain.anchorAttribute))
  return {
    retired: !enabled && unit === 'archive',
    spec: {
      ...text('userPrincipalName', 'userPrincipalName'),
      ...(anchor === undefined ? {} : { guest: anchor }),
      ...text('displayName', 'displayName'),
      ...text('mail', 'mail'),
      enabled,
      locked:
        (control & accountControl.smartCardRequired) !== 0 && (control & accountControl.passwordNotRequired) === 0,
      unit,
      left: leftAt !== undefined,
      named,
      ...(leftAt === undefined ? {} : { leftAt: isoOf(leftAt) }),
      raw: {
        sAMAccountName: value(entry, 'sAMAccountName'),
        userPrincipalName: value(entry, 'userPrincipalName'),
        displayName: value(entry, 'displayName'),
        mail: value(entry, 'mail'),
        userAccountControl: value(entry, 'userAccountControl'),
        accountExpires: value(entry, 'accountExpires'),
        adminDescription: value(entry, 'adminDescription'),
        [domain.anchorAttribute]: value(entry, domain.anchorAttribute),
      },
    },
  }
}
