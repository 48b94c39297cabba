// The descriptor that resource-based delegation writes, beside the bytes of Windows' and Samba's own form.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allowedSids, withAllowed, withoutAllowed } from '../../src/resources/active-directory/security-descriptor.ts'

const connector = 'S-1-5-21-1004336348-1177238915-682003330-1105'

// O:BAD:(A;;0xf01ff;;;S-1-5-21-1004336348-1177238915-682003330-1105), self-relative, put together by hand from [MS-DTYP].
const known = [
  '0100 0480 14000000 00000000 00000000 24000000',
  '0102 000000000005 20000000 20020000',
  '0200 2c00 0100 0000',
  '0000 2400 ff010f00 0105 000000000005 15000000 dcf4dc3b 833d2b46 828ba628 51040000',
]
  .join('')
  .replaceAll(' ', '')

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

test('a new descriptor has the bytes of the standard form', () => {
  expect(hex(withAllowed(undefined, connector))).toBe(known)
  expect(allowedSids(Buffer.from(known, 'hex'))).toEqual([connector])
})

const sids = fc
  .array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 8 })
  .map(parts => `S-1-5-${parts.join('-')}`)

test('what is added is there, what is taken out is gone, and all else keeps its bytes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(sids, { minLength: 1, maxLength: 6 }), sids, (others, own) => {
      fc.pre(!others.includes(own))
      const before = others.reduce<Uint8Array | undefined>(withAllowed, undefined)
      const after = withAllowed(before, own)
      expect(allowedSids(after)).toEqual([...others, own])
      expect(hex(withoutAllowed(after, own))).toBe(hex(before))
    }),
  )
})

test('a denying entry of somebody is kept, and is no permission', () => {
  const denied = Buffer.from(known, 'hex')
  denied[44] = 0x01
  expect(allowedSids(denied)).toEqual([])
  const other = 'S-1-5-21-1-2-3-4'
  const both = withAllowed(denied, other)
  expect(hex(both)).toContain(hex(denied.subarray(44)))
  expect(hex(withoutAllowed(both, other))).toBe(hex(denied))
})

test('nothing is left when the last entry goes', () => {
  expect(withoutAllowed(Buffer.from(known, 'hex'), connector)).toBeUndefined()
})

test('a descriptor that cannot be kept whole is refused, never cut', () => {
  const good = Buffer.from(known, 'hex')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      try {
        withAllowed(bytes, connector)
      } catch (error) {
        expect(error).toMatchObject({ code: 'unreadable-descriptor' })
      }
    }),
  )
  for (let length = 0; length < good.length; length += 1) {
    expect(() => withAllowed(good.subarray(0, length), connector)).toThrow(/without loss/)
  }
})
