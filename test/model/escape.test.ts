import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalDn,
  childDn,
  domainDn,
  graphPath,
  isWithin,
  odataString,
  parseDn,
  rdn,
} from '../../src/model/escape.ts'

const shadow = 'OU=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com'

/** Names as AD takes them: any text without control characters. */
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    fc.string({
      unit: fc.constantFrom(' ', '\\', ',', '"', '#', '+', '=', ';', '<', '>', '/', 'a', 'É', '日', '😀', '\u00a0'),
    }),
  )
  .filter(text => text !== '' && !/[\u0000-\u001f\u007f]/.test(text) && text.isWellFormed())
const names = fc.array(name, { minLength: 1, maxLength: 5 })

function dnOf(parts: readonly string[]): string {
  return parts.reduceRight((parent, part) => childDn('OU', part, parent), 'DC=com')
}

describe('escaping a name', () => {
  test('every special character becomes hex', () => {
    expect(rdn('CN', 'Smith, Lee')).toBe('CN=Smith\\2C Lee')
    expect(rdn('CN', '#a\\b+"c"<d>;e=f/g')).toBe('CN=\\23a\\5Cb\\2B\\22c\\22\\3Cd\\3E\\3Be\\3Df\\2Fg')
    expect(rdn('CN', '  a b ')).toBe('CN=\\20 a b\\20')
    expect(rdn('CN', ' ')).toBe('CN=\\20')
    expect(rdn('CN', 'Zoë 日本 😀')).toBe('CN=Zoë 日本 😀')
  })

  test.each(['', 'a\u0000b', 'a\nb', '\t', '\u007f', 'a\ud800b'])('%j is refused', value => {
    expect(() => rdn('CN', value)).toThrow('cannot be a name')
  })

  test('a domain becomes its components', () => {
    expect(domainDn('corp.contoso.com')).toBe('DC=corp,DC=contoso,DC=com')
  })

  test('what is escaped is read back, whatever it is', () => {
    fc.assert(
      fc.property(names, parts => {
        expect(parseDn(dnOf(parts))?.map(part => part.value)).toEqual([...parts, 'com'])
      }),
    )
  })

  test('a name never brings a level of its own', () => {
    fc.assert(
      fc.property(name, value => {
        const dn = childDn('CN', value, shadow)
        expect(parseDn(dn)).toHaveLength(6)
        expect(isWithin(dn, shadow)).toBe(true)
      }),
    )
    expect(parseDn(childDn('CN', 'x,OU=Sub', shadow))?.[0]).toEqual({ attribute: 'cn', value: 'x,OU=Sub' })
  })
})

describe('parsing a distinguished name', () => {
  test.each([
    ['CN=a,DC=b', ['a', 'b']],
    ['cn = a , dc = b', ['a', 'b']],
    ['CN=a b  ,DC=c', ['a b', 'c']],
    ['CN=a\\ ,DC=b', ['a ', 'b']],
    ['CN=a\\20 ,DC=b', ['a ', 'b']],
    ['CN=a\\\\ ,DC=b', ['a\\', 'b']],
    ['CN=\\ a,DC=b', [' a', 'b']],
    ['CN=\\#a\\,b\\+\\"c\\"\\;\\<\\>\\=,DC=d', ['#a,b+"c";<>=', 'd']],
    ['CN=a=b#c,DC=d', ['a=b#c', 'd']],
    ['CN=\\c3\\a9t\\C3\\A9,DC=b', ['été', 'b']],
    ['CN=\\E6\\97\\A5本,DC=b', ['日本', 'b']],
    ['CN=\\F0\\9F\\98\\80,DC=b', ['😀', 'b']],
    ['CN=a\\2CDC\\3Dx,DC=b', ['a,DC=x', 'b']],
    ['CN=x\\0ADEL:1,DC=b', ['x\nDEL:1', 'b']],
    ['CN=\u00a0a\u00a0,DC=b', ['\u00a0a\u00a0', 'b']],
    ['2.5.4.3=a,0.9=b', ['a', 'b']],
  ])('%j', (dn, values) => {
    expect(parseDn(dn)?.map(part => part.value)).toEqual(values)
  })

  test.each([
    ['', 'nothing'],
    ['a', 'no attribute'],
    ['CN=', 'no value'],
    ['CN=  ,DC=b', 'a value of spaces'],
    ['CN=a,', 'a comma at the end'],
    [',CN=a', 'a comma in front'],
    ['CN=a,,DC=b', 'two commas'],
    ['CN=a+OU=b,DC=c', 'two attributes in one part'],
    ['CN="a,b",DC=c', 'quotes, as of old'],
    ['CN=a;DC=b', 'a semicolon, as of old'],
    ['CN=#0401FF,DC=b', 'a value in BER'],
    ['CN=a\\', 'a backslash at the end'],
    ['CN=a\\x,DC=b', 'an escape of nothing special'],
    ['CN=a\\4,DC=b', 'half an escape'],
    ['CN=\\E6\\97,DC=b', 'half a character'],
    ['CN=\\FF,DC=b', 'bytes that are no UTF-8'],
    ['CN=a\u0000b,DC=c', 'NUL'],
    ['<GUID=3e6f4c35-a04b-4d03-b98a-66fff89b72e6>', 'an identity'],
    ['1CN=a', 'an attribute that is none'],
  ])('%j is none: %s', dn => {
    expect(parseDn(dn)).toBeUndefined()
  })

  test('is fast on hostile input', () => {
    const begin = performance.now()
    for (const text of [`CN=a${' '.repeat(50_000)}+`, `CN=${'a'.repeat(100_000)}\\`, `CN=${'\\20'.repeat(50_000)};`]) {
      expect(parseDn(text)).toBeUndefined()
    }
    expect(performance.now() - begin).toBeLessThan(1000)
  })
})

describe('one form for every spelling', () => {
  const spellings = [
    'CN=Smith\\2C Lee,OU=Shadow,DC=com',
    'cn=smith\\2c lee,ou=SHADOW,dc=COM',
    'CN=Smith\\, Lee, OU=Shadow ,DC = com',
    'CN=\\53mith\\2C\\20Lee,OU=Shadow,DC=com',
  ]

  test('case, spaces and escapes make no difference', () => {
    expect(new Set(spellings.map(canonicalDn)).size).toBe(1)
  })

  test('different names stay different', () => {
    const dns = [
      'CN=a,DC=b',
      'OU=a,DC=b',
      'CN=a ,CN=x,DC=b',
      'CN=a\\ ,DC=b',
      'CN=a\\2CDC\\3Db',
      'CN=a\\2C,DC=b',
      'CN=a  b,DC=c',
    ]
    expect(new Set(dns.map(canonicalDn)).size).toBe(dns.length)
  })

  test('it is a distinguished name, and its own canonical form', () => {
    fc.assert(
      fc.property(names, parts => {
        const form = canonicalDn(dnOf(parts))
        expect(parseDn(form)?.map(part => part.value)).toEqual([...parts.map(part => part.toLowerCase()), 'com'])
        expect(canonicalDn(form)).toBe(form)
      }),
    )
  })

  test('what is no name has a form as well, equal to nothing that is one', () => {
    expect(canonicalDn('CN="A",DC=b')).toBe('cn="a",dc=b')
  })
})

describe('lying within', () => {
  test.each([
    [shadow, true],
    [`CN=a,${shadow}`, true],
    [`CN=a,OU=b,${shadow}`, true],
    [`cn=a, ou = SHADOW,ou=partners,dc=CORP,dc=contoso,dc=com`, true],
    [`CN=a,${shadow.replace('OU=Shadow', 'OU=\\53hadow')}`, true],
    ['CN=a,OU=NotShadow,OU=Partners,DC=corp,DC=contoso,DC=com', false],
    ['CN=a\\2COU=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com', false],
    ['CN=a,CN=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com', false],
    ['OU=Partners,DC=corp,DC=contoso,DC=com', false],
    [`CN=a,${shadow},DC=org`, false],
    ['', false],
  ])('%j: %s', (dn, expected) => {
    expect(isWithin(dn, shadow)).toBe(expected)
  })

  test('nothing that is no name lies anywhere', () => {
    expect(isWithin(`CN="a,${shadow}`, shadow)).toBe(false)
    expect(isWithin(`CN=a+CN=b,${shadow}`, shadow)).toBe(false)
    expect(isWithin(`CN=a,${shadow}`, '')).toBe(false)
    expect(isWithin('a', 'a')).toBe(false)
  })

  test('is exactly having the ancestor as its last parts', () => {
    fc.assert(
      fc.property(names, names, (inner, outer) => {
        const ancestor = dnOf(outer)
        expect(isWithin(dnOf([...inner, ...outer]), ancestor)).toBe(true)
        expect(isWithin(ancestor, dnOf([...inner, ...outer]))).toBe(false)
        const folded = (parts: readonly string[]) => parts.map(part => part.toLowerCase())
        const isSuffix = folded(inner).slice(-outer.length).join('\0') === folded(outer).join('\0')
        expect(isWithin(dnOf(inner), ancestor)).toBe(isSuffix)
      }),
    )
  })
})

describe('Graph', () => {
  test('paths keep every value in its segment', () => {
    expect(graphPath`/users/${"o'neil#EXT#@a/b?c"}/sponsors`).toBe('/users/o%27neil%23EXT%23%40a%2Fb%3Fc/sponsors')
  })

  test.each(['', '.', '..', 'a\ud800'])('%j names no object', value => {
    expect(() => graphPath`/users/${value}`).toThrow('cannot name an object')
  })

  test('strings double their quotes', () => {
    expect(odataString("O'Brien's")).toBe("'O''Brien''s'")
  })
})
