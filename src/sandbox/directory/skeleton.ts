// What is in a domain before anybody adds to it, as records of a seed: containers, built-in accounts and groups with
// their well-known identifiers, and one domain controller.

import { childDn, domainDn } from '../../model/escape.ts'
import type { LdifRecord } from './ldif.ts'
import { domainSid } from './values.ts'

type Values = Readonly<Record<string, string | readonly string[]>>

// DISALLOW_DELETE, _RENAME and _MOVE.
const fixed = { systemFlags: '-1946157056' }
const critical = { isCriticalSystemObject: 'TRUE' }
const guarded = { ...critical, adminCount: '1' }

const groupTypes = { global: '-2147483646', local: '-2147483644', universal: '-2147483640' } as const

/** Guarded ones are protected by AdminSDHolder. */
const domainGroups: readonly (readonly [rid: number, name: string, type: keyof typeof groupTypes, traits: Values])[] = [
  [498, 'Enterprise Read-only Domain Controllers', 'universal', critical],
  [512, 'Domain Admins', 'global', guarded],
  [513, 'Domain Users', 'global', critical],
  [514, 'Domain Guests', 'global', critical],
  [515, 'Domain Computers', 'global', critical],
  [516, 'Domain Controllers', 'global', guarded],
  [517, 'Cert Publishers', 'local', critical],
  [518, 'Schema Admins', 'universal', guarded],
  [519, 'Enterprise Admins', 'universal', guarded],
  [520, 'Group Policy Creator Owners', 'global', critical],
  [521, 'Read-only Domain Controllers', 'global', guarded],
  [522, 'Cloneable Domain Controllers', 'global', critical],
  [525, 'Protected Users', 'global', critical],
  [526, 'Key Admins', 'global', guarded],
  [527, 'Enterprise Key Admins', 'universal', guarded],
  [553, 'RAS and IAS Servers', 'local', critical],
  [571, 'Allowed RODC Password Replication Group', 'local', critical],
  [572, 'Denied RODC Password Replication Group', 'local', critical],
  [1101, 'DnsAdmins', 'local', {}],
  [1102, 'DnsUpdateProxy', 'global', {}],
]

const builtinGroups: readonly (readonly [rid: number, name: string, traits: Values])[] = [
  [544, 'Administrators', guarded],
  [545, 'Users', critical],
  [546, 'Guests', critical],
  [548, 'Account Operators', guarded],
  [549, 'Server Operators', guarded],
  [550, 'Print Operators', guarded],
  [551, 'Backup Operators', guarded],
  [552, 'Replicator', guarded],
  [554, 'Pre-Windows 2000 Compatible Access', critical],
  [555, 'Remote Desktop Users', critical],
  [556, 'Network Configuration Operators', critical],
  [557, 'Incoming Forest Trust Builders', critical],
  [558, 'Performance Monitor Users', critical],
  [559, 'Performance Log Users', critical],
  [560, 'Windows Authorization Access Group', critical],
  [561, 'Terminal Server License Servers', critical],
  [562, 'Distributed COM Users', critical],
  [568, 'IIS_IUSRS', critical],
  [569, 'Cryptographic Operators', critical],
  [573, 'Event Log Readers', critical],
  [574, 'Certificate Service DCOM Access', critical],
  [580, 'Remote Management Users', critical],
]

const holders: Readonly<Record<string, readonly string[]>> = {
  Administrators: ['Administrator', 'Domain Admins', 'Enterprise Admins'],
  Users: ['Domain Users'],
  Guests: ['Guest', 'Domain Guests'],
  'Domain Admins': ['Administrator'],
  'Schema Admins': ['Administrator'],
  'Enterprise Admins': ['Administrator'],
  'Group Policy Creator Owners': ['Administrator'],
  'Denied RODC Password Replication Group': [
    'krbtgt',
    'Cert Publishers',
    'Domain Admins',
    'Domain Controllers',
    'Enterprise Admins',
    'Group Policy Creator Owners',
    'Read-only Domain Controllers',
    'Schema Admins',
  ],
}

export function skeleton(domain: string): readonly LdifRecord[] {
  const root = domainDn(domain)
  const sid = domainSid(domain)
  const users = childDn('CN', 'Users', root)
  const builtin = childDn('CN', 'Builtin', root)
  const controllers = childDn('OU', 'Domain Controllers', root)
  const host = `dc1.${domain}`
  const membersOf = (name: string): Values => {
    const members = holders[name]
    return members === undefined ? {} : { member: members.map(member => childDn('CN', member, users)) }
  }
  return [
    record(root, 'domainDNS', { objectSid: sid, ...fixed, ...critical }),
    record(users, 'container', { ...fixed, ...critical }),
    record(childDn('CN', 'Computers', root), 'container', { ...fixed, ...critical }),
    record(controllers, 'organizationalUnit', { ...fixed, ...critical }),
    record(builtin, 'builtinDomain', { objectSid: 'S-1-5-32', ...fixed, ...critical }),
    record(childDn('CN', 'ForeignSecurityPrincipals', root), 'container', { ...fixed, ...critical }),
    record(childDn('CN', 'Managed Service Accounts', root), 'container', { ...fixed }),
    record(childDn('CN', 'Administrator', users), 'user', {
      ...guarded,
      sAMAccountName: 'Administrator',
      objectSid: `${sid}-500`,
      userAccountControl: '66048',
    }),
    record(childDn('CN', 'Guest', users), 'user', {
      ...critical,
      sAMAccountName: 'Guest',
      objectSid: `${sid}-501`,
      userAccountControl: '66082',
      primaryGroupID: '514',
    }),
    record(childDn('CN', 'krbtgt', users), 'user', {
      ...guarded,
      sAMAccountName: 'krbtgt',
      objectSid: `${sid}-502`,
      userAccountControl: '514',
      servicePrincipalName: 'kadmin/changepw',
      showInAdvancedViewOnly: 'TRUE',
    }),
    record(childDn('CN', 'DC1', controllers), 'computer', {
      ...critical,
      sAMAccountName: 'DC1$',
      objectSid: `${sid}-1000`,
      userAccountControl: '532480',
      primaryGroupID: '516',
      dNSHostName: host,
      servicePrincipalName: [`HOST/${host}`, 'HOST/DC1', `ldap/${host}`],
    }),
    ...domainGroups.map(([rid, name, type, traits]) =>
      record(childDn('CN', name, users), 'group', {
        ...traits,
        ...membersOf(name),
        sAMAccountName: name,
        objectSid: `${sid}-${rid}`,
        groupType: groupTypes[type],
      }),
    ),
    ...builtinGroups.map(([rid, name, traits]) =>
      record(childDn('CN', name, builtin), 'group', {
        ...fixed,
        ...traits,
        ...membersOf(name),
        sAMAccountName: name,
        objectSid: `S-1-5-32-${rid}`,
        groupType: '-2147483643',
      }),
    ),
  ]
}

function record(dn: string, objectClass: string, values: Values): LdifRecord {
  const all = Object.entries({ objectClass, ...values }).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map(each => ({ name, value: each, line: 0 })),
  )
  return { dn, line: 0, values: all }
}
