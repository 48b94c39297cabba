// The rights of the account that guestlist runs as in Active Directory: these and no others. The tests run as an account
// that has exactly them; docs/active-directory.md shows them as commands, and a test keeps the page in step.

import { childDn } from '../../src/model/escape.ts'
import type { DomainController } from './domain-controller.ts'

/**
 * The unit of shadow accounts, the archive, the unit of groups, that of partners' own accounts; a group that a role names; a connector's computer; the
 * account of a service with resource-based delegation.
 */
export type Place = 'shadowAccounts' | 'archive' | 'groups' | 'partnerAccounts' | 'roleGroup' | 'connector' | 'service'

export interface Right {
  readonly on: readonly Place[]
  /** As dsacls and SDDL write them: CC create a child, SD delete, RP read and WP write a property. */
  readonly rights: 'CC' | 'SD' | 'RP' | 'RPWP'
  /** Of objects of this class below the place; of the place itself if left out. CC: the class of the children. */
  readonly of?: 'user' | 'group'
  /** All of them if left out. */
  readonly attributes?: readonly string[]
}

const units = ['shadowAccounts', 'archive'] as const

/** The attributes that `activeDirectory.anchorAttribute` and `activeDirectory.userType` name. */
export function rightsOf(
  anchor = 'msDS-ExternalDirectoryObjectId',
  userType = 'extensionAttribute1',
): readonly Right[] {
  return [
    { on: units, rights: 'RP', of: 'user' },
    { on: units, rights: 'CC', of: 'user' },
    { on: units, rights: 'SD', of: 'user' },
    { on: units, rights: 'RPWP', of: 'user', attributes: ['name', 'cn'] },
    {
      on: units,
      rights: 'RPWP',
      of: 'user',
      attributes: [
        ...['userPrincipalName', 'displayName', 'mail', 'userAccountControl', 'accountExpires', 'adminDescription'],
        anchor,
      ],
    },
    { on: ['groups'], rights: 'RP', of: 'group' },
    { on: ['groups'], rights: 'CC', of: 'group' },
    { on: ['groups'], rights: 'SD', of: 'group' },
    {
      on: ['groups'],
      rights: 'RPWP',
      of: 'group',
      attributes: ['member', 'description', 'adminDescription', 'name', 'cn'],
    },
    { on: ['partnerAccounts'], rights: 'RP', of: 'user' },
    { on: ['partnerAccounts'], rights: 'RPWP', of: 'user', attributes: [userType, 'accountExpires'] },
    { on: ['roleGroup'], rights: 'RPWP', attributes: ['member'] },
    { on: ['connector'], rights: 'RP' },
    {
      on: ['connector'],
      rights: 'RPWP',
      attributes: ['msDS-AllowedToDelegateTo', 'extensionName', 'userAccountControl'],
    },
    { on: ['service'], rights: 'RP' },
    { on: ['service'], rights: 'RPWP', attributes: ['msDS-AllowedToActOnBehalfOfOtherIdentity', 'extensionName'] },
  ]
}

/** Distinguished names of the places of a domain. */
export type Places = Readonly<Record<Place, readonly string[]>>

export interface ServiceAccount {
  readonly dn: string
  readonly userPrincipalName: string
  readonly password: string
  readonly sid: string
}

/** Creates the account, grants it the rights, and lets it set up delegation. */
export async function createServiceAccount(
  dc: DomainController,
  places: Places,
  rights: readonly Right[] = rightsOf(),
): Promise<ServiceAccount> {
  const dn = childDn('CN', 'svc-guestlist', `CN=Users,${dc.domainDn}`)
  const password = 'Gu3stl!st-tests-only'
  const userPrincipalName = `svc-guestlist@${dc.domain}`
  await dc.write(
    [
      `dn: ${dn}`,
      'changetype: add',
      'objectClass: user',
      'sAMAccountName: svc-guestlist',
      `userPrincipalName: ${userPrincipalName}`,
      'userAccountControl: 66048',
      `unicodePwd:: ${Buffer.from(`"${password}"`, 'utf16le').toString('base64')}`,
      '',
    ].join('\n'),
  )
  const sid = valueIn(await dc.read(dn, '(objectClass=user)', 'objectSid'), 'objectSid')
  await grant(dc, sid, places, rights)
  await dc.write(
    `dn: sid=${sid}\nchangetype: add\nobjectClass: privilege\nobjectSid: ${sid}\nprivilege: SeEnableDelegationPrivilege\n`,
    'privilege',
  )
  return { dn, userPrincipalName, password, sid }
}

async function grant(dc: DomainController, sid: string, places: Places, rights: readonly Right[]): Promise<void> {
  const guids = await schemaGuids(dc, rights)
  for (const [place, dns] of Object.entries(places)) {
    const sddl = rights
      .filter(right => right.on.some(name => name === place))
      .flatMap(right => sddlOf(right, sid, guids))
      .join('')
    for (const dn of dns) await dc.tool('dsacl', 'set', '--action=allow', `--objectdn=${dn}`, `--sddl=${sddl}`)
  }
}

/** Access control entries, [MS-DTYP] 2.5.1: one for each attribute. */
export function sddlOf(right: Right, sid: string, guids: ReadonlyMap<string, string>): readonly string[] {
  const guid = (name: string): string => guids.get(name) ?? ''
  const { rights, of, attributes = [''] } = right
  if (of !== undefined && rights === 'CC') return [`(OA;CI;CC;${guid(of)};;${sid})`]
  const flags = of === undefined ? '' : 'CIIO'
  const below = of === undefined ? '' : guid(of)
  return attributes.map(attribute => {
    const kind = below === '' && attribute === '' ? 'A' : 'OA'
    return `(${kind};${flags};${rights};${guid(attribute)};${below};${sid})`
  })
}

/** `schemaIDGUID` of the classes and attributes that the rights name. */
export async function schemaGuids(
  dc: DomainController,
  rights: readonly Right[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Set(
    rights.flatMap(right => [...(right.attributes ?? []), ...(right.of === undefined ? [] : [right.of])]),
  )
  const filter = `(|${[...names].map(name => `(lDAPDisplayName=${name})`).join('')})`
  const found = await dc.read(`CN=Schema,CN=Configuration,${dc.domainDn}`, filter, 'lDAPDisplayName', 'schemaIDGUID')
  const guids = new Map(
    found
      .split('\n\n')
      .filter(text => /^schemaIDGUID: /m.test(text))
      .map(text => [valueIn(text, 'lDAPDisplayName'), valueIn(text, 'schemaIDGUID')]),
  )
  const lost = [...names].filter(name => !guids.has(name))
  if (lost.length > 0) throw new Error(`the schema does not know ${lost.join(', ')}`)
  return guids
}

function valueIn(ldif: string, attribute: string): string {
  const found = new RegExp(`^${attribute}: (.+)$`, 'm').exec(ldif)?.[1]
  if (found === undefined) throw new Error(`no ${attribute} in ${ldif}`)
  return found
}
