// Entries as the rest of the program knows them: names in lower case, every value text. What is binary goes by the name
// of its attribute, never by a look at its bytes: a GUID whose bytes happen to be text is a GUID all the same.

import { isUtf8 } from 'node:buffer'
import type { DirectoryEntry } from '../../model/directories.ts'
import type { RawEntry } from './answers.ts'

/** The attributes of accounts, groups, computers, units and domains that the schema of 2019 calls octet strings. */
const binaryAttributes: ReadonlySet<string> = new Set(
  `attributeSecurityGUID audio auditingPolicy cACertificate controlAccessRights crossCertificatePair currentLocation
  dBCSPwd dSASignature groupMembershipSAM invocationId jpegPhoto lmPwdHistory logonHours logonWorkstation
  mS-DS-ConsistencyGuid mS-DS-CreatorSID msDS-AllowedToActOnBehalfOfOtherIdentity msDS-AzObjectGuid
  msDS-Cached-Membership msDS-CloudAnchor msDS-ComputerAllowedToAuthenticateTo msDS-ExecuteScriptPassword
  msDS-GenerationId msDS-GroupMSAMembership msDS-ManagedPassword msDS-ManagedPasswordId msDS-ManagedPasswordPreviousId
  msDS-QuotaTrustee msDS-ServiceAllowedToAuthenticateFrom msDS-ServiceAllowedToAuthenticateTo msDS-Site-Affinity
  msDS-TrustForestTrustInfo msDS-UserAllowedToAuthenticateFrom msDS-UserAllowedToAuthenticateTo netbootGUID
  nTGroupMembers ntPwdHistory nTSecurityDescriptor objectGUID objectSid parentGUID photo privateKey registeredAddress
  replPropertyMetaData replUpToDateVector repsFrom repsTo schemaIDGUID securityIdentifier sIDHistory siteGUID
  supplementalCredentials teletexTerminalIdentifier telexNumber terminalServer thumbnailLogo thumbnailPhoto tokenGroups
  tokenGroupsGlobalAndUniversal tokenGroupsNoGCAcceptable unicodePwd unixUserPassword userCert userCertificate
  userPassword userPKCS12 userSMIMECertificate x500uniqueIdentifier`
    .toLowerCase()
    .split(/\s+/),
)

export function isBinary(attribute: string): boolean {
  const name = attribute.toLowerCase()
  return binaryAttributes.has(name) || name.endsWith(';binary')
}

export interface ReadEntry extends DirectoryEntry {
  /** Attributes of which the server gave a part only, and which are not among `attributes`. */
  readonly ranged: readonly string[]
}

export function readEntry({ dn, attributes }: RawEntry): ReadEntry {
  const whole: [string, readonly string[]][] = []
  const ranged: string[] = []
  for (const { type, values } of attributes) {
    const name = type.toLowerCase()
    const range = rangeIn(name)
    if (range !== undefined) ranged.push(range.attribute)
    else if (values.length > 0) whole.push([name, values.map(value => textOf(name, value))])
  }
  return { dn, attributes: Object.fromEntries(whole), ranged }
}

export interface Range {
  readonly attribute: string
  readonly first: number
  /** Undefined: to the end. */
  readonly last: number | undefined
}

/** What `member;range=0-1499` says. */
export function rangeIn(type: string): Range | undefined {
  const match = /^(.+);range=(\d+)-(\d+|\*)$/i.exec(type)
  if (match === null) return undefined
  const [, attribute = '', first, last] = match
  return { attribute: attribute.toLowerCase(), first: Number(first), last: last === '*' ? undefined : Number(last) }
}

export function textOf(attribute: string, value: Buffer): string {
  if (attribute === 'objectguid' && value.length === 16) return guidOf(value)
  if (attribute === 'objectsid' && isSid(value)) return sidOf(value)
  return isBinary(attribute) || !isUtf8(value) ? value.toString('base64') : value.toString('utf8')
}

/** The bytes behind what `textOf` made; undefined if it made no such text. */
export function bytesOf(attribute: string, text: string): Buffer | undefined {
  const name = attribute.toLowerCase()
  if (name === 'objectguid') return guidBytes(text)
  if (name === 'objectsid') return sidBytes(text)
  return isBinary(name) && /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}

// The first three parts are numbers, lowest byte first.
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

function guidOf(value: Buffer): string {
  const hex = Buffer.from(guidOrder.map(at => value[at] ?? 0)).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function guidBytes(text: string): Buffer | undefined {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return undefined
  const straight = Buffer.from(text.replaceAll('-', ''), 'hex')
  return Buffer.from(guidOrder.map(at => straight[at] ?? 0))
}

function isSid(value: Buffer): boolean {
  return value.length >= 8 && value.length === 8 + 4 * (value[1] ?? 0)
}

function sidOf(value: Buffer): string {
  const parts = Array.from({ length: value[1] ?? 0 }, (_, index) => value.readUInt32LE(8 + 4 * index))
  return ['S', value[0], value.readUIntBE(2, 6), ...parts].join('-')
}

function sidBytes(text: string): Buffer | undefined {
  const match = /^S-(\d{1,3})-(\d{1,15})((?:-\d{1,10}){0,15})$/i.exec(text)
  if (match === null) return undefined
  const [, revision = '', authority = '', rest = ''] = match
  const parts = rest.split('-').slice(1).map(Number)
  if (Number(revision) > 255 || Number(authority) >= 2 ** 48 || parts.some(part => part >= 2 ** 32)) return undefined
  const bytes = Buffer.alloc(8 + 4 * parts.length)
  bytes.writeUInt8(Number(revision), 0)
  bytes.writeUInt8(parts.length, 1)
  bytes.writeUIntBE(Number(authority), 2, 6)
  for (const [index, part] of parts.entries()) bytes.writeUInt32LE(part, 8 + 4 * index)
  return bytes
}
