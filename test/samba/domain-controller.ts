// A throwaway Active Directory domain controller with its own KDC: a copy of a provisioned domain, on a loopback address of
// its own, or in a network of its own where the ports are taken. It dies with the test runner.

import type { ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { domainDn } from '../../src/model/escape.ts'
import { writeCertificates } from './certificates.ts'
import { run } from './command.ts'
import { kerberosConf, smbConf } from './configuration.ts'
import { type Endpoint, findPlace, type Place, ports } from './place.ts'
import { adminPassword, copyDomain, sambaVersion } from './template.ts'

export interface DomainController {
  /** `corp.contoso.com` */
  readonly domain: string
  /** `CORP.CONTOSO.COM` */
  readonly realm: string
  readonly domainDn: string
  /** LDAPS; the certificate stands for the address in it. */
  readonly url: string
  /** LDAP, in the clear until StartTLS. */
  readonly plainUrl: string
  /** Where LDAPS answers, for a relay in front of it. */
  readonly endpoint: Endpoint
  /** PEM, and the file that holds it. */
  readonly ca: string
  readonly caFile: string
  readonly adminDn: string
  readonly adminPassword: string
  /** For the environment variable KRB5_CONFIG. */
  readonly krb5Conf: string
  /** Gone after the run. */
  readonly folder: string
  readonly samba: string
  /** LDIF with `changetype`, written as the system itself: no access list stands in its way. */
  write(ldif: string, database?: 'sam' | 'privilege'): Promise<void>
  /** LDIF of what the system itself sees. */
  read(base: string, filter: string, ...attributes: readonly string[]): Promise<string>
  /** `samba-tool` on the domain's database. */
  tool(...args: readonly string[]): Promise<string>
  stop(): Promise<void>
}

export interface DomainControllerOptions {
  readonly realm?: string
  /** Instead of the first one that fits. */
  readonly place?: (folder: string) => Promise<Place>
}

export async function startDomainController(options: DomainControllerOptions = {}): Promise<DomainController> {
  const { realm = 'CORP.CONTOSO.COM', place: placeIn = findPlace } = options
  const version = await sambaVersion()
  const folder = await copyDomain(realm, version)
  const domain = realm.toLowerCase()
  const place = await placeIn(folder)
  const cleanUp = async (): Promise<void> => {
    await place.close()
    rmSync(folder, { recursive: true, force: true })
  }

  const file = (name: string): string => join(folder, name)
  for (const name of ['run', 'ncalrpc', 'winbindd', 'cache', 'private/tls']) mkdirSync(file(name), { recursive: true })
  mkdirSync(file('ntp_signd'), { recursive: true, mode: 0o750 })
  const host = `dc1.${domain}`
  const ca = await writeCertificates(file('private/tls'), host, place.address)
  writeFileSync(file('etc/smb.conf'), smbConf({ folder, realm, address: place.address, recent: version.recent }))
  writeFileSync(file('krb5.conf'), kerberosConf(realm, urlPart(place.of(ports.kdc))))

  const output = openSync(file('samba.out'), 'w')
  const samba = place.spawn(
    '/usr/sbin/samba',
    ['-i', '-M', 'single', '--no-process-group', '-s', file('etc/smb.conf')],
    output,
  )
  closeSync(output)
  const exited = new Promise<void>(done => samba.once('exit', () => done()))
  const endpoint = place.of(ports.ldaps)
  try {
    await answering(samba, endpoint, ca)
  } catch (error) {
    samba.kill('SIGKILL')
    const said = readFileSync(file('samba.out'), 'utf8').slice(-2000)
    await cleanUp()
    throw new Error(`Samba does not start: ${said}`, { cause: error })
  }

  const root = domainDn(domain)
  const database = file('private/sam.ldb')
  // Without its configuration ldbmodify salts keys with no realm, and their tickets could not be opened.
  const env = { SMB_CONF_PATH: file('etc/smb.conf') }
  return {
    domain,
    realm,
    domainDn: root,
    url: `ldaps://${urlPart(endpoint)}`,
    plainUrl: `ldap://${urlPart(place.of(ports.ldap))}`,
    endpoint,
    ca,
    caFile: file('private/tls/ca.pem'),
    adminDn: `CN=Administrator,CN=Users,${root}`,
    adminPassword,
    krb5Conf: file('krb5.conf'),
    folder,
    samba: version.text,
    write: async (ldif, name = 'sam') => {
      await run('ldbmodify', ['-H', file(`private/${name}.ldb`)], { input: ldif, env })
    },
    read: (base, filter, ...attributes) =>
      run('ldbsearch', ['-H', database, '-b', base, filter, ...attributes], { env }),
    tool: (...args) => run('samba-tool', [...args, '-H', database, '-s', file('etc/smb.conf')]),
    stop: async () => {
      samba.kill('SIGTERM')
      await exited
      await cleanUp()
    },
  }
}

function urlPart({ host, port }: Endpoint): string {
  return `${host}:${port}`
}

/** Waits until our own server answers: only its certificate is from this run's authority. */
async function answering(samba: ChildProcess, endpoint: Endpoint, ca: string): Promise<void> {
  const giveUp = performance.now() + 30_000
  for (;;) {
    const ended = samba.exitCode ?? samba.signalCode
    if (ended !== null) throw new Error(`it ended: ${ended}`)
    try {
      await greet(endpoint, ca)
      return
    } catch (error) {
      if (performance.now() > giveUp) throw error
      await new Promise(done => setTimeout(done, 20))
    }
  }
}

function greet(endpoint: Endpoint, ca: string): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connectTls({ ...endpoint, ca, timeout: 2000 }, () => {
      socket.destroy()
      done()
    })
    socket.once('error', fail)
    socket.once('close', () => fail(new Error('no answer')))
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')))
  })
}
