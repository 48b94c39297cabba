// The part of Active Directory's schema (2016, with Exchange's extension attributes) that guestlist and its seeds use:
// syntax, number and length of values, who may write them, and what each class may hold.

export type Syntax =
  | 'string'
  | 'integer'
  | 'largeInteger'
  | 'boolean'
  | 'octets'
  | 'time'
  | 'name'
  | 'guid'
  | 'sid'
  | 'class'
  | 'password'

export interface Attribute {
  /** As the schema spells it; everywhere else attributes go by `key`. */
  readonly name: string
  readonly key: string
  readonly syntax: Syntax
  readonly single: boolean
  readonly max: number
  /** Written by the domain controller only. */
  readonly system: boolean
  /** Made up on reading, never stored. */
  readonly computed: boolean
  readonly indexed: boolean
  /** The key of the forward link of which this is the front or the back. */
  readonly link: { readonly forward: string; readonly isBack: boolean } | undefined
}

interface Traits {
  readonly multi?: true
  readonly max?: number
  readonly system?: true
  readonly computed?: true
  readonly indexed?: true
}

function attribute(name: string, syntax: Syntax, traits: Traits = {}, link: Attribute['link'] = undefined): Attribute {
  return {
    name,
    key: name.toLowerCase(),
    syntax,
    single: traits.multi !== true,
    max: traits.max ?? Number.POSITIVE_INFINITY,
    system: traits.system === true || traits.computed === true,
    computed: traits.computed === true,
    indexed: traits.indexed === true,
    link,
  }
}

function linkPair(forward: string, back: string, traits: Traits): Attribute[] {
  const key = forward.toLowerCase()
  return [
    attribute(forward, 'name', traits, { forward: key, isBack: false }),
    attribute(back, 'name', { multi: true, computed: true }, { forward: key, isBack: true }),
  ]
}

function numbered(prefix: string, count: number, traits: Traits): Attribute[] {
  return Array.from({ length: count }, (_, index) => attribute(`${prefix}${index + 1}`, 'string', traits))
}

function strings(max: number, ...names: readonly string[]): Attribute[] {
  return names.map(name => attribute(name, 'string', { max }))
}

const stored: readonly Attribute[] = [
  attribute('objectClass', 'class', { multi: true, system: true }),
  attribute('objectSid', 'sid', { system: true, indexed: true }),
  attribute('whenCreated', 'time', { system: true }),
  attribute('whenChanged', 'time', { system: true }),
  attribute('uSNCreated', 'largeInteger', { system: true }),
  attribute('uSNChanged', 'largeInteger', { system: true }),
  attribute('isCriticalSystemObject', 'boolean', { system: true }),
  attribute('systemFlags', 'integer', { system: true }),
  attribute('showInAdvancedViewOnly', 'boolean'),
  attribute('adminCount', 'integer'),

  attribute('sAMAccountName', 'string', { max: 256, indexed: true }),
  attribute('userPrincipalName', 'string', { max: 1024, indexed: true }),
  attribute('servicePrincipalName', 'string', { multi: true, indexed: true }),
  attribute('userAccountControl', 'integer'),
  attribute('accountExpires', 'largeInteger'),
  attribute('pwdLastSet', 'largeInteger'),
  attribute('lockoutTime', 'largeInteger'),
  attribute('lastLogonTimestamp', 'largeInteger', { system: true }),
  attribute('unicodePwd', 'password'),
  attribute('primaryGroupID', 'integer'),
  attribute('groupType', 'integer'),
  attribute('msDS-AllowedToDelegateTo', 'string', { multi: true }),
  attribute('msDS-AllowedToActOnBehalfOfOtherIdentity', 'octets'),
  attribute('msDS-SupportedEncryptionTypes', 'integer'),
  attribute('msDS-ManagedPasswordInterval', 'integer'),
  attribute('altSecurityIdentities', 'string', { multi: true, indexed: true }),
  attribute('dNSHostName', 'string', { max: 2048 }),
  attribute('operatingSystem', 'string'),
  attribute('operatingSystemVersion', 'string'),

  attribute('msDS-ExternalDirectoryObjectId', 'string', { max: 256, indexed: true }),
  attribute('mS-DS-ConsistencyGuid', 'octets'),
  attribute('msDS-ObjectSoa', 'string', { max: 256 }),
  ...numbered('msDS-cloudExtensionAttribute', 20, { indexed: true }),
  ...numbered('extensionAttribute', 15, { max: 1024, indexed: true }),
  attribute('extensionName', 'string', { multi: true, max: 255 }),

  attribute('description', 'string', { multi: true, max: 1024 }),
  attribute('mail', 'string', { max: 256, indexed: true }),
  attribute('proxyAddresses', 'string', { multi: true, max: 1123, indexed: true }),
  attribute('otherMailbox', 'string', { multi: true }),
  attribute('otherTelephone', 'string', { multi: true, max: 64 }),
  attribute('url', 'string', { multi: true }),
  attribute('uid', 'string', { multi: true }),
  attribute('o', 'string', { multi: true, max: 64 }),
  attribute('gPLink', 'string'),
  attribute('comment', 'string'),
  attribute('scriptPath', 'string'),
  attribute('homeDirectory', 'string'),
  attribute('homeDrive', 'string'),
  attribute('profilePath', 'string'),
  attribute('preferredLanguage', 'string'),
  attribute('countryCode', 'integer', { max: 65535 }),
  attribute('thumbnailPhoto', 'octets', { max: 102400 }),
  attribute('userCertificate', 'octets', { multi: true, max: 32768 }),
  ...strings(3, 'c'),
  ...strings(6, 'initials'),
  ...strings(16, 'employeeID'),
  ...strings(40, 'postalCode'),
  ...strings(64, 'givenName', 'sn', 'department', 'company', 'telephoneNumber', 'mobile', 'homePhone', 'ipPhone'),
  ...strings(64, 'pager', 'facsimileTelephoneNumber'),
  ...strings(128, 'title', 'physicalDeliveryOfficeName', 'l', 'st', 'co'),
  ...strings(256, 'displayName', 'adminDisplayName', 'employeeType', 'division'),
  ...strings(512, 'employeeNumber'),
  ...strings(1024, 'adminDescription', 'info', 'street', 'streetAddress', 'userWorkstations', 'location'),
  ...strings(2048, 'wWWHomePage'),
]

const links: readonly Attribute[] = [
  ...linkPair('member', 'memberOf', { multi: true }),
  ...linkPair('manager', 'directReports', {}),
  ...linkPair('managedBy', 'managedObjects', {}),
]

const computed: readonly Attribute[] = [
  attribute('objectGUID', 'guid', { computed: true, indexed: true }),
  attribute('distinguishedName', 'name', { computed: true, indexed: true }),
  attribute('name', 'string', { computed: true, max: 255 }),
  attribute('cn', 'string', { computed: true, max: 64 }),
  attribute('ou', 'string', { computed: true, max: 64 }),
  attribute('dc', 'string', { computed: true, max: 255 }),
  attribute('objectCategory', 'name', { computed: true }),
  attribute('instanceType', 'integer', { computed: true }),
  attribute('sAMAccountType', 'integer', { computed: true }),
]

const attributes: ReadonlyMap<string, Attribute> = new Map(
  [...stored, ...links, ...computed].map(each => [each.key, each]),
)

export function attributeOf(name: string): Attribute | undefined {
  return attributes.get(name.toLowerCase())
}

export const indexedAttributes: readonly Attribute[] = stored.filter(each => each.indexed)
export const forwardLinks: readonly string[] = links.flatMap(each => (each.link?.isBack === false ? [each.key] : []))
export const computedAttributes: readonly Attribute[] = [
  ...computed,
  ...links.filter(each => each.link?.isBack === true),
]

export interface ObjectClass {
  readonly name: string
  /** From `top` down to the class itself. */
  readonly chain: readonly string[]
  readonly rdn: 'CN' | 'OU' | 'DC'
  /** The common name of the class that objectCategory points at. */
  readonly category: string
  /** The classes of objects under which it may be created. */
  readonly superiors: readonly string[]
  readonly may: ReadonlySet<string>
}

const ofAll = `objectClass objectGUID distinguishedName name instanceType objectCategory whenCreated whenChanged
  uSNCreated uSNChanged description displayName adminDescription adminDisplayName memberOf directReports managedObjects
  isCriticalSystemObject systemFlags showInAdvancedViewOnly mS-DS-ConsistencyGuid msDS-ObjectSoa proxyAddresses extensionName url
  wWWHomePage`
const ofPrincipals = 'objectSid sAMAccountName sAMAccountType altSecurityIdentities adminCount'
const ofRecipients = `mail telephoneNumber info userCertificate msDS-ExternalDirectoryObjectId
  ${numbered('extensionAttribute', 15, {})
    .map(each => each.name)
    .join(' ')}`
const ofPeople = `cn givenName sn initials title department company division physicalDeliveryOfficeName mobile homePhone
  ipPhone pager facsimileTelephoneNumber streetAddress street l st postalCode c co countryCode employeeID manager
  otherTelephone otherMailbox comment o thumbnailPhoto msDS-AllowedToDelegateTo
  msDS-AllowedToActOnBehalfOfOtherIdentity`
const ofUsers = `userPrincipalName userAccountControl accountExpires pwdLastSet lockoutTime lastLogonTimestamp unicodePwd
  primaryGroupID servicePrincipalName msDS-SupportedEncryptionTypes employeeNumber employeeType uid userWorkstations
  scriptPath homeDirectory homeDrive profilePath preferredLanguage
  ${numbered('msDS-cloudExtensionAttribute', 20, {})
    .map(each => each.name)
    .join(' ')}`
const ofComputers = 'managedBy dNSHostName operatingSystem operatingSystemVersion location'

const people = ['organizationalUnit', 'container', 'domainDNS', 'builtinDomain']

function objectClass(
  name: string,
  above: string,
  shape: Pick<ObjectClass, 'rdn' | 'category' | 'superiors'>,
  ...may: readonly string[]
): ObjectClass {
  const keys = [ofAll, ...may].flatMap(list => list.toLowerCase().split(/\s+/))
  return { name, chain: [...above.split(' '), name], may: new Set(keys), ...shape }
}

const person = 'top person organizationalPerson'
const userShape = { rdn: 'CN', category: 'Person', superiors: people } as const
const user = [ofPrincipals, ofRecipients, ofPeople, ofUsers]

const classes: ReadonlyMap<string, ObjectClass> = new Map(
  [
    objectClass('user', person, userShape, ...user),
    objectClass('inetOrgPerson', `${person} user`, userShape, ...user),
    objectClass('computer', `${person} user`, { ...userShape, category: 'Computer' }, ...user, ofComputers),
    objectClass(
      'msDS-GroupManagedServiceAccount',
      `${person} user computer`,
      { ...userShape, category: 'ms-DS-Group-Managed-Service-Account' },
      ...user,
      ofComputers,
      'msDS-ManagedPasswordInterval',
    ),
    objectClass('contact', person, { ...userShape, superiors: people.slice(0, 3) }, ofRecipients, ofPeople),
    objectClass(
      'group',
      'top',
      { rdn: 'CN', category: 'Group', superiors: people },
      ofPrincipals,
      ofRecipients,
      'cn member managedBy groupType',
    ),
    objectClass(
      'organizationalUnit',
      'top',
      { rdn: 'OU', category: 'Organizational-Unit', superiors: ['organizationalUnit', 'domainDNS'] },
      'ou managedBy gPLink telephoneNumber facsimileTelephoneNumber street l st postalCode c co countryCode',
    ),
    objectClass(
      'container',
      'top',
      { rdn: 'CN', category: 'Container', superiors: ['container', 'organizationalUnit', 'domainDNS'] },
      'cn',
    ),
    objectClass(
      'foreignSecurityPrincipal',
      'top',
      { rdn: 'CN', category: 'Foreign-Security-Principal', superiors: ['container'] },
      'cn objectSid',
    ),
    objectClass(
      'builtinDomain',
      'top',
      { rdn: 'CN', category: 'Builtin-Domain', superiors: ['domainDNS'] },
      'cn objectSid',
    ),
    objectClass(
      'domainDNS',
      'top domain',
      { rdn: 'DC', category: 'Domain-DNS', superiors: [] },
      'dc objectSid managedBy gPLink',
    ),
  ].map(each => [each.name.toLowerCase(), each]),
)

const abstractClasses = new Set([...classes.values()].flatMap(each => each.chain.map(name => name.toLowerCase())))

export function classOf(name: string): ObjectClass | undefined {
  return classes.get(name.toLowerCase())
}

export function isClassName(name: string): boolean {
  return abstractClasses.has(name.toLowerCase())
}
