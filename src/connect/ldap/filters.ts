// Filters as the library's objects. A value is never text of a filter, so nothing in it can mean anything there; and the
// library's reader of filter text, which reads an escaped byte as a character of Latin-1, is never asked.

import {
  AndFilter,
  BerWriter,
  EqualityFilter,
  ExtensibleFilter,
  type Filter as LdapFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  SubstringFilter,
} from 'ldapts'
import type { Filter } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import { bytesOf } from './entries.ts'

const inChainRule = '1.2.840.113556.1.4.1941'

/** Samba closes the connection at a request of 256 000 bytes. */
const mostBytes = 200_000

export function filterOf(filter: Filter): LdapFilter {
  const whole = partOf(filter)
  const writer = new BerWriter()
  whole.write(writer)
  if (writer.buffer.length > mostBytes) {
    throw new Failure('filter-too-large', `a filter of ${writer.buffer.length} bytes: ask in parts`)
  }
  return whole
}

function partOf(filter: Filter): LdapFilter {
  // An empty list is valid in LDAP, but not to every server.
  if ('and' in filter) return filter.and.length === 0 ? anything() : new AndFilter({ filters: filter.and.map(partOf) })
  if ('or' in filter) {
    return filter.or.length === 0
      ? new NotFilter({ filter: anything() })
      : new OrFilter({ filters: filter.or.map(partOf) })
  }
  if ('not' in filter) return new NotFilter({ filter: partOf(filter.not) })
  if ('present' in filter) return new PresenceFilter({ attribute: attributeName(filter.present) })
  if ('equals' in filter) {
    const [attribute, value] = filter.equals
    return new EqualityFilter({ attribute: attributeName(attribute), value: bytesOf(attribute, value) ?? value })
  }
  if ('startsWith' in filter) {
    const [name, initial] = filter.startsWith
    const attribute = attributeName(name)
    return initial === '' ? new PresenceFilter({ attribute }) : new SubstringFilter({ attribute, initial })
  }
  const [attribute, value] = filter.inChain
  return new ExtensibleFilter({ matchType: attributeName(attribute), rule: inChainRule, value })
}

function anything(): LdapFilter {
  return new PresenceFilter({ attribute: 'objectClass' })
}

/** Names come from policies as well: they are never anything but a name. */
export function attributeName(name: string): string {
  if (!/^([A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+)(;[A-Za-z0-9=*-]+)*$/.test(name)) {
    throw new Failure('bad-attribute', `${JSON.stringify(name)} is no name of an attribute`)
  }
  return name
}
