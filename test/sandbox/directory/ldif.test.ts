import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/model/problem.ts'
import { parseLdif, writeLdif } from '../../../src/sandbox/directory/ldif.ts'

describe('reading', () => {
  test('version, comments, folded lines, base64, CRLF and several records', () => {
    const text = [
      '\ufeffversion: 1',
      '# a comment',
      ' that goes on',
      '',
      'dn: CN=Lee,DC=com',
      'objectClass: user',
      'description:: TWFzY2hpbmVuZsO8aHJlcg==',
      '# in between',
      'info: one and',
      '   two',
      'title:no space',
      'company:   many spaces ',
      'thumbnailPhoto:: AP8=',
      'city: Köln',
      '',
      '',
      '',
      'dn:: Q049WsO8cmljaCxEQz1jb20=',
      'mail:',
    ].join('\r\n')
    expect(parseLdif(text, 'a.ldif')).toEqual([
      {
        dn: 'CN=Lee,DC=com',
        line: 5,
        values: [
          { name: 'objectClass', value: 'user', line: 6 },
          { name: 'description', value: 'Maschinenführer', line: 7 },
          { name: 'info', value: 'one and  two', line: 9 },
          { name: 'title', value: 'no space', line: 11 },
          { name: 'company', value: 'many spaces ', line: 12 },
          { name: 'thumbnailPhoto', value: Buffer.from([0, 255]), line: 13 },
          { name: 'city', value: 'Köln', line: 14 },
        ],
      },
      { dn: 'CN=Zürich,DC=com', line: 18, values: [{ name: 'mail', value: '', line: 19 }] },
    ])
  })

  test('nothing is no record', () => {
    expect(parseLdif('', 'a.ldif')).toEqual([])
    expect(parseLdif('version: 1\n# nothing\n', 'a.ldif')).toEqual([])
  })

  test.each([
    ['dn: DC=com\ncn', 2, 'expected `attribute: value`'],
    ['dn: DC=com\n: x', 2, 'expected `attribute: value`'],
    ['dn: DC=com\nmy name: x', 2, 'expected `attribute: value`'],
    ['cn: x', 1, 'a record begins with dn:'],
    ['dn: DC=com\ncn: x\n\nversion: 1', 4, 'a record begins with dn:'],
    ['version: 2', 1, 'only version: 1'],
    ['dn: DC=com\n\n\ncn: x', 4, 'a record begins with dn:'],
    ['dn: DC=com\ndn: DC=org', 2, 'without an empty line'],
    ['dn: DC=com\nchangetype: add', 2, 'change records'],
    ['dn: DC=com\nphoto:< file:///etc/passwd', 2, 'a URL'],
    ['dn: DC=com\n\n folded', 3, 'continues no other'],
    [' folded', 1, 'continues no other'],
    ['dn: DC=com\ncn:: ?', 2, 'base64'],
    ['dn: DC=com\ncn:: YQ', 2, 'base64'],
    ['dn:: /w==', 1, 'UTF-8'],
  ])('%j is a mistake in line %i', (text, line, message) => {
    expect(() => parseLdif(text, 'seed/directory.ldif')).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(new RegExp(`^seed/directory.ldif:${line}: .*${message}`)),
      }),
    )
    expect(() => parseLdif(text, 'seed/directory.ldif')).toThrow(Failure)
  })
})

describe('writing', () => {
  test('is plain where it can be, and folded', () => {
    const values = [
      { name: 'a', value: 'plain: text # < fine' },
      { name: 'b', value: ' leading' },
      { name: 'c', value: 'trailing ' },
      { name: 'd', value: ':colon' },
      { name: 'e', value: '<url' },
      { name: 'f', value: 'line\nbreak' },
      { name: 'g', value: 'ü' },
      { name: 'h', value: Buffer.from([0, 255]) },
      { name: 'i', value: 'x'.repeat(200) },
    ]
    const text = writeLdif([{ dn: 'CN=ü,DC=com', values }])
    expect(text.split('\n').slice(0, 12)).toEqual([
      'version: 1',
      '',
      'dn:: Q0498bwsREM9Y29t'.replace('Q0498bws', 'Q049w7ws'),
      'a: plain: text # < fine',
      'b:: IGxlYWRpbmc=',
      'c:: dHJhaWxpbmcg',
      'd:: OmNvbG9u',
      'e:: PHVybA==',
      'f:: bGluZQpicmVhaw==',
      'g:: w7w=',
      'h:: AP8=',
      `i: ${'x'.repeat(73)}`,
    ])
    expect(Math.max(...text.split('\n').map(line => line.length))).toBe(76)
  })

  test('is read back, whatever it is', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom(' ', ':', '<', '#', '\n', '\r', 'é', 'a') }),
    )
    const value = fc.record({
      name: fc.constantFrom('cn', 'description', 'msDS-x'),
      value: text.filter(each => each.isWellFormed()),
    })
    const entry = fc.record({ dn: text.filter(each => each !== '' && each.isWellFormed()), values: fc.array(value) })
    fc.assert(
      fc.property(fc.array(entry), entries => {
        const read = parseLdif(writeLdif(entries), 'a.ldif')
        const plain = read.map(({ dn, values }) => ({ dn, values: values.map(({ name, value }) => ({ name, value })) }))
        expect(plain).toEqual(entries)
      }),
    )
  })

  test('bytes are read back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), bytes => {
        const [record] = parseLdif(writeLdif([{ dn: 'DC=com', values: [{ name: 'photo', value: bytes }] }]), 'a.ldif')
        expect(Buffer.from(record?.values[0]?.value ?? '')).toEqual(Buffer.from(bytes))
      }),
    )
  })
})
