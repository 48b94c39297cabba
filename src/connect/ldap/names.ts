// Names that are sent as they are given: they must be names, since a server may take a part of what is none for a name.

import { RequestFailure } from '../../model/directories.ts'
import { parseDn } from '../../model/escape.ts'

/** A distinguished name, or one of Active Directory's other ways to name an object. */
export function checkTarget(target: string): void {
  if (/^<(GUID|SID|WKGUID)=[^<>\u0000]+>$/i.test(target)) return
  const parts = parseDn(target)
  if (parts === undefined || parts.some(part => part.value.includes('\0'))) {
    throw new RequestFailure(34, 'invalidDNSyntax', `${JSON.stringify(target)} is no distinguished name`)
  }
}

export function checkRdn(rdn: string): void {
  checkTarget(rdn)
  if (parseDn(rdn)?.length !== 1) {
    throw new RequestFailure(34, 'invalidDNSyntax', `${JSON.stringify(rdn)} is no relative distinguished name`)
  }
}
