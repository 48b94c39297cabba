// What a text in a policy may look like, by the name of its format in schemas/. Rosters are held to the same checks.
// A check returns what is wrong, in words for the author; nothing here knows where the text stands.

import { parseDn } from '../model/escape.ts'
import { endOf } from '../model/time.ts'
import type { Fault } from './source.ts'

type TextCheck = (text: string) => Fault | undefined

const error = (code: string, message: string, hint?: string): Fault => ({
  severity: 'error',
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
})

const characterNames: Readonly<Record<number, string>> = {
  0: 'a null character',
  8: 'a backspace',
  9: 'a tab',
  10: 'a line break',
  13: 'a carriage return',
  27: 'an escape',
  160: 'a no-break space',
  173: 'a soft hyphen',
  8203: 'a zero-width space',
  8204: 'a zero-width non-joiner',
  8205: 'a zero-width joiner',
  8206: 'a left-to-right mark',
  8207: 'a right-to-left mark',
  8238: 'a right-to-left override',
  8288: 'a word joiner',
  65279: 'a byte order mark',
}

/** `U+0430`, with a word for it where the character itself cannot be seen. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const label = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  const name = characterNames[code]
  if (name !== undefined) return `${label}, ${name}`
  return /\p{C}|\p{Z}/u.test(character) ? label : `\`${character}\` (${label})`
}

const bidi = '\u061c\u202a-\u202e\u2066-\u2069'
const inText = new RegExp(`[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f${bidi}]|\\r(?!\\n)`)
const inName = new RegExp(
  `[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u180e\\u200b\\u200e\\u200f\\u2028\\u2029\\u2060-\\u2064\\ufeff${bidi}]`,
)

/** Where a text, line breaks allowed, holds control or bidi characters: one place a line, and not without end. */
export function hiddenInText(text: string): readonly { readonly index: number; readonly fault: Fault }[] {
  const found = []
  for (let at = text.search(inText); at !== -1 && found.length < 100; ) {
    const message = `${nameOf(text[at] ?? '')}, is hidden here`
    found.push({
      index: at,
      fault: error('hidden-character', message, 'remove it: what people review must be what counts'),
    })
    const nextLine = text.indexOf('\n', at)
    const rest = nextLine === -1 ? -1 : text.slice(nextLine).search(inText)
    at = rest === -1 ? -1 : nextLine + rest
  }
  return found
}

function hiddenInName(text: string): Fault | undefined {
  const match = inName.exec(text) ?? /(?<![^\u0000-\u007f])[\u200c\u200d]|[\u200c\u200d](?![^\u0000-\u007f])/.exec(text)
  return match === null
    ? undefined
    : error('hidden-character', `${nameOf(match[0])}, is hidden in this text`, 'remove it')
}

/** The hint for a text that should have been ASCII and is not, perhaps on purpose. */
export function lookAlikeHint(text: string): string | undefined {
  const match = /[^\u0000-\u007f]/u.exec(text)
  return match === null ? undefined : `${nameOf(match[0])} is not an ASCII character`
}

function ascii(text: string): Fault | undefined {
  const hidden = hiddenInName(text)
  if (hidden !== undefined) return hidden
  const hint = lookAlikeHint(text)
  return hint === undefined
    ? undefined
    : error('look-alike', `\`${text}\` holds a character that only looks familiar`, hint)
}

const domainPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$/
const localPattern = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

export const checkDomain: TextCheck = text => {
  if (text.length <= 253 && domainPattern.test(text)) return undefined
  return ascii(text) ?? error('bad-domain', `\`${text}\` is not a domain`, 'write it like fabrikam.com')
}

export const checkAddress: TextCheck = text => {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  const domain = text.slice(at + 1)
  if (at > 0 && local.length <= 64 && text.length <= 254 && localPattern.test(local) && domainPattern.test(domain))
    return undefined
  const wrong = ascii(text)
  if (wrong !== undefined) return wrong
  const hint =
    local.length > 64 || text.length > 254
      ? 'an address has at most 64 characters before the @ and 254 in all'
      : 'write it like lee@fabrikam.com'
  return error('bad-address', `\`${text}\` is not an address`, hint)
}

/** What Microsoft's invitation API refuses, although it is a mail address. */
export const checkInvitable: TextCheck = address => {
  const local = address.slice(0, address.lastIndexOf('@'))
  const refused = /[~!#$%^&*()+=[\]{}\\/|;:"<>?,`]/.exec(local)?.[0]
  if (refused !== undefined) {
    const hint =
      refused === '+' ? 'write the address without the + and what follows it' : 'ask the partner for another address'
    return error(
      'not-invitable',
      `Entra cannot invite \`${address}\`: \`${refused}\` is not allowed in an invited address`,
      hint,
    )
  }
  if (!/^[.-]|[.-]$/.test(local)) return undefined
  const message = `Entra cannot invite \`${address}\`: an invited address neither begins nor ends with a period or hyphen`
  return error('not-invitable', message, 'ask the partner for another address')
}

const scripts = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
] as const

export const checkDisplayName: TextCheck = text => {
  if (/^[ -~]+$/.test(text)) return text.trim() === '' ? error('empty-text', 'a name cannot be blank') : undefined
  const hidden = hiddenInName(text)
  if (hidden !== undefined) return hidden
  for (const word of text.split(/[\s\p{P}]+/u)) {
    const used = scripts.filter(([, script]) => script.test(word))
    if (used.length < 2) continue
    const odd = [...word].find(character => !/\p{Script=Latin}/u.test(character)) ?? ''
    const message = `\`${word}\` mixes ${used.map(([name]) => name).join(' and ')} letters`
    return {
      severity: 'warning',
      code: 'mixed-scripts',
      message,
      hint: `${nameOf(odd)}: somebody may pose as somebody else`,
    }
  }
  return undefined
}

export const checkDate: TextCheck = text =>
  endOf(text) === undefined
    ? error('bad-date', `\`${text}\` is not a date`, 'write it like 2026-12-31, or 2026-12-31T18:00:00Z')
    : undefined

const checkDn: TextCheck = text => {
  const hidden = hiddenInName(text)
  if (hidden !== undefined) return hidden
  const attributes = parseDn(text)?.map(part => part.attribute)
  if (attributes !== undefined && attributes.length > 1 && attributes.at(-1) === 'dc') return undefined
  const hint = 'write it like OU=Partners,DC=corp,DC=contoso,DC=com'
  return error('bad-distinguished-name', `\`${text}\` is not the distinguished name of something in a domain`, hint)
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const checkProtectedGroup: TextCheck = text => {
  if (guid.test(text)) return undefined
  const fault = checkDn(text)
  if (fault?.code !== 'bad-distinguished-name') return fault
  const message = `\`${text}\` is neither a distinguished name nor an object id`
  return error(
    'bad-group',
    message,
    'write it like CN=Admins,OU=Groups,DC=corp,DC=contoso,DC=com, or as the id in Entra',
  )
}

function url(schemes: readonly string[], endsWithSlash: boolean): TextCheck {
  const words = schemes.map(scheme => `${scheme}://`).join(' or ')
  return text => {
    const wrong = ascii(text)
    if (wrong !== undefined) return wrong
    const fault = (what: string) => error('bad-url', `\`${text}\` ${what}`)
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    if (parsed === undefined || /[\s\\]/.test(text)) return fault('is not a URL')
    if (!schemes.includes(parsed.protocol.slice(0, -1))) return fault(`must begin with ${words}`)
    if (parsed.username !== '' || parsed.password !== '')
      return error('bad-url', 'a URL in a policy holds no user name or password')
    if (!endsWithSlash) return undefined
    if (parsed.search !== '' || parsed.hash !== '')
      return fault('must have neither `?` nor `#`: Application Proxy publishes a path')
    return text.endsWith('/') ? undefined : error('bad-url', `\`${text}\` must end with a slash`, `write ${text}/`)
  }
}

const checkIdentifier: TextCheck = text => {
  const wrong = ascii(text)
  if (wrong !== undefined) return wrong
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(text)) return error('bad-url', `\`${text}\` is not a URI`)
  if (!text.endsWith('/')) return undefined
  return error('bad-url', `\`${text}\` must not end with a slash: Entra takes no such identifier`)
}

/** A network in CIDR notation, of either version of IP. */
const checkNetwork: TextCheck = text => {
  const [address = '', length = '', ...rest] = text.split('/')
  const isFour = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(address)
  const isSix = /^[0-9A-Fa-f:.]{2,45}$/.test(address) && URL.canParse(`http://[${address}]/`)
  const bits = isFour ? 32 : isSix ? 128 : -1
  const isNetwork = rest.length === 0 && /^(?:0|[1-9][0-9]{0,2})$/.test(length) && Number(length) <= bits
  return isNetwork ? undefined : error('bad-network', `\`${text}\` is not a network`, 'write it like 203.0.113.0/24')
}

const checkServicePrincipalName: TextCheck = text => {
  const wrong = ascii(text)
  if (wrong !== undefined) return wrong
  if (/^[A-Za-z][A-Za-z0-9_-]*\/[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._/-]+)?$/.test(text))
    return undefined
  return error(
    'bad-service-principal-name',
    `\`${text}\` is not a service principal name`,
    'write it like HTTP/payroll.corp.contoso.com',
  )
}

const checkPath: TextCheck = text => {
  const hint = 'write a path relative to this file, with forward slashes'
  const bad =
    text === '' || text.length > 1024 || /^(?:\/|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)|[\\\u0000-\u001f]/.test(text)
  return bad ? error('bad-path', `\`${text}\` is not a path inside the policies folder`, hint) : undefined
}

/** The checks behind `format` in schemas/. */
export const formats: Readonly<Record<string, TextCheck>> = {
  address: checkAddress,
  domain: checkDomain,
  'display-name': checkDisplayName,
  'date-or-instant': checkDate,
  'distinguished-name': checkDn,
  'protected-group': checkProtectedGroup,
  'https-url': url(['https'], false),
  'proxy-internal-url': url(['http', 'https'], true),
  'proxy-external-url': url(['https'], true),
  'identifier-uri': checkIdentifier,
  network: checkNetwork,
  'service-principal-name': checkServicePrincipalName,
  'relative-path': checkPath,
}
