// What a refused operation means, in plain words with what to do. The server's own code and text always come first; the
// Windows error behind it (eight hexadecimal digits) often says more than LDAP's code. Values never appear.

import { RequestFailure } from '../../model/directories.ts'
import { canonicalDn, parseDn } from '../../model/escape.ts'
import type { Result } from './answers.ts'

const names: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  3: 'timeLimitExceeded',
  4: 'sizeLimitExceeded',
  7: 'authMethodNotSupported',
  8: 'strongerAuthRequired',
  10: 'referral',
  11: 'adminLimitExceeded',
  12: 'unavailableCriticalExtension',
  13: 'confidentialityRequired',
  16: 'noSuchAttribute',
  17: 'undefinedAttributeType',
  18: 'inappropriateMatching',
  19: 'constraintViolation',
  20: 'attributeOrValueExists',
  21: 'invalidAttributeSyntax',
  32: 'noSuchObject',
  34: 'invalidDNSyntax',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
  54: 'loopDetect',
  64: 'namingViolation',
  65: 'objectClassViolation',
  66: 'notAllowedOnNonLeaf',
  67: 'notAllowedOnRDN',
  68: 'entryAlreadyExists',
  69: 'objectClassModsProhibited',
  71: 'affectsMultipleDSAs',
  80: 'other',
}

export function resultName(code: number): string {
  return names[code] ?? `ldap${code}`
}

/** `unwillingToPerform (LDAP 53): 0000052D: SvcErr: …`, on one line. */
export function told(code: number, diagnostic: string): string {
  const text = diagnostic.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').trim()
  return `${resultName(code)} (LDAP ${code})${text === '' ? '' : `: ${text.slice(0, 1000)}`}`
}

export interface Asked {
  readonly operation: 'search' | 'add' | 'modify' | 'move' | 'remove'
  readonly target: string
  /** Names only. */
  readonly attributes?: readonly string[]
  readonly newParent?: string
}

const verbs: Readonly<Record<Asked['operation'], string>> = {
  search: 'search',
  add: 'create',
  modify: 'change',
  move: 'move',
  remove: 'delete',
}

export function describe({ operation, target }: Asked): string {
  return `${verbs[operation]} ${target === '' ? 'the root of the directory' : target}`
}

export function refusalOf(asked: Asked, { code, diagnostic, referrals }: Result): RequestFailure {
  const advice = adviceFor(asked, code, windowsError(diagnostic), referrals)
  const text = `Active Directory refused to ${describe(asked)}: ${told(code, diagnostic)}`
  return new RequestFailure(code, resultName(code), advice === undefined ? text : `${text}. ${advice}`)
}

function windowsError(diagnostic: string): string {
  return /^\s*([0-9A-F]{8})\b/i.exec(diagnostic)?.[1]?.toUpperCase() ?? ''
}

const windowsErrors: Readonly<Record<string, string>> = {
  '0000001F': 'Windows sets passwords over an encrypted connection only',
  '0000052D': "The password does not meet the domain's rules (length, complexity, age), or an enabled account had none",
  '00000524': 'An account of this sAMAccountName exists',
  '00000561': 'The object is no member of this group',
  '00000562': 'The object is a member of this group already',
  '000021C7': 'Another object has this servicePrincipalName: it must be unique in the forest',
  '000021C8': 'Another object has this userPrincipalName: it must be unique in the forest',
  '00002144': "A global group cannot hold a domain-local one: change the groups' scopes",
  '00002145': "A global group cannot hold a universal one: change the groups' scopes",
  '00002146': "A universal group cannot hold a domain-local one: change the groups' scopes",
  '00002147': "A global group cannot hold members of another domain: change the group's scope",
}

function adviceFor(asked: Asked, code: number, windows: string, referrals: readonly string[]): string | undefined {
  if (code === 50) return missingRight(asked)
  const known = windowsErrors[windows]
  if (known !== undefined) return known
  switch (code) {
    case 3:
    case 11:
      return 'The search is too much work for the server: search a smaller unit'
    case 4:
      return 'The server cut the answer off, so it is not whole: nothing was concluded from it'
    case 10:
      return `${referralAdvice(referrals)}; guestlist follows no referrals`
    case 12:
      return 'The server lacks an LDAP control that guestlist needs'
    case 16:
      return asked.operation === 'modify' ? 'It is not as it was when it was read: plan again' : undefined
    case 19:
      return 'A value breaks a rule of the domain, or must be unique and is taken'
    case 20:
      return 'A value is there already: it is not as it was when it was read; plan again'
    case 32:
      return asked.operation === 'add' || asked.operation === 'move'
        ? `The unit ${asked.newParent ?? parentOf(asked.target)}, or an object that is named, is not there`
        : 'It is not there, or the account that guestlist signs in with may not see it'
    case 51:
    case 52:
      return 'The server is overloaded or going down, also after waiting: run again later'
    case 65:
      return 'The schema of this domain does not allow these attributes here'
    case 66:
      return 'It is not empty, and guestlist never deletes what is below an object'
    case 68:
      return 'A name is taken: its DN, or its sAMAccountName'
    default:
      return undefined
  }
}

function referralAdvice(referrals: readonly string[]): string {
  const to = referrals.length === 0 ? '' : ` (${referrals.join(', ').slice(0, 300)})`
  return `The name is not in the domain of this server${to}: name a unit of activeDirectory.domain`
}

function missingRight({ operation, target, attributes = [], newParent }: Asked): string {
  const lacks = 'The account that guestlist signs in with lacks the right to'
  const see = 'docs/active-directory.md has the commands that grant it'
  const names = attributes.length === 0 ? '' : ` (${attributes.join(', ')})`
  switch (operation) {
    case 'add':
      return `${lacks} create objects in ${parentOf(target)}, or to write one of the attributes${names}; ${see}`
    case 'modify':
      return `${lacks} write${attributes.length === 1 ? ` ${attributes[0]}` : ` all of these attributes${names}`} there; ${see}`
    case 'move':
      return `${lacks} create objects in ${newParent ?? 'the new unit'}, to delete it where it is, or to write name and cn; ${see}`
    case 'remove':
      return `${lacks} delete it; ${see}`
    case 'search':
      return `${lacks} read there; ${see}`
  }
}

/** The unit that holds the object. */
export function parentOf(dn: string): string {
  const depth = parseDn(dn)?.length
  if (depth === undefined) return 'its unit'
  for (let at = dn.indexOf(','); at !== -1; at = dn.indexOf(',', at + 1)) {
    const rest = dn.slice(at + 1).trimStart()
    if (parseDn(rest)?.length === depth - 1) return rest
  }
  return canonicalDn(dn)
}
