// A certificate authority of one run's own, and the domain controller's certificate: who verifies with this authority
// speaks to this domain controller and to no other.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.ts'

/** Writes ca.pem, cert.pem and key.pem into the folder, as Samba wants them; the authority's certificate. */
export async function writeCertificates(folder: string, host: string, address: string): Promise<string> {
  const file = (name: string): string => join(folder, name)
  const names = [`DNS:${host}`, 'DNS:localhost', 'IP:127.0.0.1', ...(address === '127.0.0.1' ? [] : [`IP:${address}`])]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await run('openssl', [
    ...['req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-days', '2'],
    ...['-subj', '/CN=Guestlist test authority', '-addext', 'keyUsage=critical,keyCertSign'],
  ])
  await run('openssl', ['req', ...key, '-keyout', file('key.pem'), '-out', file('request.pem'), '-subj', `/CN=${host}`])
  writeFileSync(file('extensions'), `subjectAltName=${names.join(',')}\nbasicConstraints=critical,CA:FALSE\n`)
  await run('openssl', [
    ...['x509', '-req', '-in', file('request.pem'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-days', '2'],
    ...['-CAcreateserial', '-extfile', file('extensions'), '-out', file('cert.pem')],
  ])
  return readFileSync(file('ca.pem'), 'utf8')
}
