// The throwaway domain controller itself: alone, two at once, where the ports are taken, and when its runner dies.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from './command.ts'
import { type DomainController, startDomainController } from './domain-controller.ts'
import { ownNetwork } from './place.ts'
import { describeOnSamba } from './required.ts'

/** `ldapsearch` as the administrator. */
function search(dc: DomainController, ...query: readonly string[]): Promise<string> {
  const login = ['-x', '-H', dc.url, '-D', dc.adminDn, '-w', dc.adminPassword, '-LLL', '-o', 'ldif-wrap=no']
  return run('ldapsearch', [...login, ...query], { env: { LDAPTLS_CACERT: dc.caFile } })
}

const containerLdif = (dc: DomainController, name: string): string =>
  `dn: OU=${name},${dc.domainDn}\nchangetype: add\nobjectClass: organizationalUnit\n`

describeOnSamba('a throwaway domain controller', () => {
  test('answers as itself, and leaves nothing behind', async () => {
    const dc = await startDomainController()
    try {
      expect(await search(dc, '-b', '', '-s', 'base', 'dnsHostName')).toContain('dnsHostName: dc1.corp.contoso.com')
      const schema = ['-b', `CN=Schema,CN=Configuration,${dc.domainDn}`]
      for (const attribute of ['msDS-ExternalDirectoryObjectId', 'extensionAttribute1', 'extensionAttribute15']) {
        expect(await search(dc, ...schema, `(lDAPDisplayName=${attribute})`, 'searchFlags')).toContain('searchFlags')
      }
    } finally {
      await dc.stop()
    }
    expect(existsSync(dc.folder)).toBe(false)
  })

  test('two at once are two domains', async () => {
    const both = await Promise.all([startDomainController(), startDomainController({ realm: 'OTHER.EXAMPLE' })])
    try {
      for (const dc of both) await dc.write(containerLdif(dc, `Only-${dc.domain}`))
      for (const dc of both) {
        const units = await search(dc, '-b', dc.domainDn, '(objectClass=organizationalUnit)', 'ou')
        expect(units.match(/^ou: Only.*$/gm)).toEqual([`ou: Only-${dc.domain}`])
      }
    } finally {
      for (const dc of both) await dc.stop()
    }
  })

  test('where the ports are taken it has a network of its own', async () => {
    const dc = await startDomainController({ place: ownNetwork })
    try {
      expect(await search(dc, '-b', '', '-s', 'base', 'defaultNamingContext')).toContain(dc.domainDn)
      const environment = { KRB5_CONFIG: dc.krb5Conf, KRB5CCNAME: `FILE:${join(dc.folder, 'cache.krb5')}` }
      await run('kinit', [`Administrator@${dc.realm}`], { input: `${dc.adminPassword}\n`, env: environment })
    } finally {
      await dc.stop()
    }
  })

  test('dies with its runner, whose folder the next run removes', async () => {
    const script = `
      import { startDomainController } from '${join(import.meta.dirname, 'domain-controller.ts')}'
      const dc = await startDomainController()
      process.stdout.write(dc.url + ' ' + dc.folder)
    `
    const runner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [url = '', folder = ''] = await new Promise<string[]>(done => {
      runner.stdout.once('data', (chunk: Buffer) => done(chunk.toString().split(' ')))
    })
    runner.kill('SIGKILL')
    await expect.poll(() => isListening(url), { timeout: 5000 }).toBe(false)
    expect(existsSync(folder)).toBe(true)
    await (await startDomainController()).stop()
    expect(existsSync(folder)).toBe(false)
  })
})

async function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const { connect } = await import('node:net')
  return new Promise(done => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
