// How a domain controller says no: an LDAP result, and a text that begins with the Windows error behind it.

import { RequestFailure } from '../../model/directories.ts'

const names = {
  10: 'referral',
  16: 'noSuchAttribute',
  19: 'constraintViolation',
  20: 'attributeOrValueExists',
  21: 'invalidAttributeSyntax',
  32: 'noSuchObject',
  34: 'invalidDNSyntax',
  53: 'unwillingToPerform',
  64: 'namingViolation',
  65: 'objectClassViolation',
  66: 'notAllowedOnNonLeaf',
  67: 'notAllowedOnRDN',
  68: 'entryAlreadyExists',
  80: 'other',
} as const

/** `detail` begins with the Windows error code in eight hexadecimal digits, as a domain controller's text does. */
export function refusal(status: keyof typeof names, detail: string): RequestFailure {
  return new RequestFailure(status, names[status], detail)
}
