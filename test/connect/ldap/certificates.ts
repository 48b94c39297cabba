// Certificates made on the spot, right or wrong in the one way that a test is about.

import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

export interface Identity {
  /** PEM. */
  readonly cert: string
  readonly key: string
}

export interface Authority extends Identity {
  issue(options?: { readonly names?: readonly string[]; readonly validTo?: Date }): Identity
}

export function createAuthority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const self = { name, key: keys.privateKey }
  const cert = certificate({ subject: name, publicKey: keys.publicKey, issuer: self, isAuthority: true })
  return {
    cert,
    key: pem(keys.privateKey),
    issue: ({ names = ['IP:127.0.0.1', 'localhost'], validTo } = {}) => {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const subject = { subject: 'server', publicKey: own.publicKey, issuer: self, names }
      return { cert: certificate(validTo === undefined ? subject : { ...subject, validTo }), key: pem(own.privateKey) }
    },
  }
}

interface Contents {
  readonly subject: string
  readonly publicKey: KeyObject
  readonly issuer: { readonly name: string; readonly key: KeyObject }
  readonly isAuthority?: boolean
  readonly names?: readonly string[]
  readonly validTo?: Date
}

const ecdsaWithSha256 = '300a06082a8648ce3d040302'

function certificate({ subject, publicKey, issuer, isAuthority = false, names = [], validTo }: Contents): string {
  const extensions = [
    sequence(hex('0603551d13'), hex('0101ff'), octets(isAuthority ? hex('30030101ff') : hex('3000'))),
    ...(names.length === 0 ? [] : [sequence(hex('0603551d11'), octets(sequence(...names.map(alternativeName))))]),
  ]
  const body = sequence(
    tagged(0xa0, hex('020102')),
    tagged(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    hex(ecdsaWithSha256),
    distinguishedName(issuer.name),
    sequence(time(new Date('2020-01-01T00:00:00Z')), time(validTo ?? new Date('2049-01-01T00:00:00Z'))),
    distinguishedName(subject),
    publicKey.export({ format: 'der', type: 'spki' }),
    tagged(0xa3, sequence(...extensions)),
  )
  const signature = createSign('sha256').update(body).sign(issuer.key)
  const whole = sequence(body, hex(ecdsaWithSha256), tagged(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

function alternativeName(name: string): Buffer {
  if (!name.startsWith('IP:')) return tagged(0x82, Buffer.from(name))
  return tagged(0x87, Buffer.from(name.slice(3).split('.').map(Number)))
}

function distinguishedName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(hex('0603550403'), tagged(0x0c, Buffer.from(name)))))
}

function time(date: Date): Buffer {
  return tagged(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`))
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content)
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...head), content])
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}
