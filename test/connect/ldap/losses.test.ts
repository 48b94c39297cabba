// A real domain controller behind a connection that is cut: at the answer to any write, or whenever it pleases. Every write
// ends as done, and is done once.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep } from '../../../src/connect/graph/clock.ts'
import { connectDirectory, type DirectoryConnection } from '../../../src/connect/ldap/connection.ts'
import type { DirectoryWriter } from '../../../src/model/directories.ts'
import { canonicalDn, childDn, rdn } from '../../../src/model/escape.ts'
import { type DomainController, startDomainController } from '../../samba/domain-controller.ts'
import { type Relay, startRelay } from '../../samba/relay.ts'
import { describeOnSamba } from '../../samba/required.ts'
import { anything } from './fake-ldap.ts'

describeOnSamba('a connection that is cut', () => {
  let dc: DomainController
  let relay: Relay
  let connection: DirectoryConnection
  let writer: DirectoryWriter
  let shadow: string
  let archive: string

  beforeAll(async () => {
    dc = await startDomainController()
    relay = await startRelay(dc.endpoint)
    const bind = { dn: dc.adminDn, password: dc.adminPassword }
    const servers = [`ldaps://127.0.0.1:${relay.port}`]
    connection = connectDirectory({ servers, ca: dc.ca, bind, clock: { sleep, random: () => 0 }, timeout: 20_000 })
    writer = connection.writer()
    shadow = `OU=Shadow,${dc.domainDn}`
    archive = `OU=Archive,${dc.domainDn}`
    for (const unit of [shadow, archive]) await writer.add(unit, { objectClass: ['organizationalUnit'] })
  })

  afterAll(async () => {
    await connection?.close()
    await relay?.close()
    await dc?.stop()
  })

  /** A life of one account and its group, in six writes. */
  async function live(name: string, before: () => void = () => {}): Promise<void> {
    const step = async <Result>(write: () => Promise<Result>): Promise<Result> => {
      before()
      return await write()
    }
    const target = `<GUID=${await step(() => writer.add(childDn('CN', name, shadow), accountOf(name)))}>`
    const group = childDn('CN', `group-${name}`, shadow)
    await step(() => writer.add(group, { objectClass: ['group'], sAMAccountName: [`group-${name}`] }))
    await step(() => writer.modify(group, [{ operation: 'add', attribute: 'member', values: [target] }]))
    await step(() =>
      writer.modify(target, [
        { operation: 'delete', attribute: 'displayName', values: [name] },
        { operation: 'add', attribute: 'displayName', values: [`${name}, archived`] },
      ]),
    )
    await step(() => writer.move(target, rdn('CN', name), archive))
    await step(() => writer.remove(group))
  }

  function accountOf(name: string): Record<string, readonly (string | Uint8Array)[]> {
    return {
      objectClass: ['top', 'person', 'organizationalPerson', 'user'],
      sAMAccountName: [name],
      userPrincipalName: [`${name}@contoso.com`],
      displayName: [name],
      userAccountControl: ['328192'],
      unicodePwd: [Buffer.from(`"${name}-aA1!-4711"`, 'utf16le')],
    }
  }

  async function accounts(unit: string): Promise<readonly (string | undefined)[]> {
    const attributes = ['sAMAccountName', 'displayName', 'memberOf']
    const found = await writer.search({ base: unit, scope: 'one', filter: anything, attributes })
    for (const { dn, attributes: values } of found) {
      const name = values.samaccountname?.[0] ?? ''
      expect([canonicalDn(dn), values]).toEqual([
        canonicalDn(childDn('CN', name, unit)),
        { samaccountname: [name], displayname: [`${name}, archived`] },
      ])
    }
    return found.map(entry => entry.attributes.samaccountname?.[0]).toSorted()
  }

  test('at the answer to every write', async () => {
    let cuts = 0
    const arm = (): void => {
      cuts += 1
      relay.cutAtAnswer()
    }
    await live('lee', arm)
    expect(cuts).toBe(6)
    expect(await accounts(archive)).toEqual(['lee'])
    expect(await accounts(shadow)).toEqual([])
  })

  test('at any moment, with many writes under way', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `g-${String(index).padStart(2, '0')}`)
    let writes = 0
    const cut = (): void => {
      writes += 1
      if (writes % 7 === 0) setTimeout(relay.cut, (writes * 13) % 40)
    }
    await Promise.all(names.map(name => live(name, cut)))
    expect(writes).toBe(150)
    expect(await accounts(archive)).toEqual([...names, 'lee'].toSorted())
    expect(await accounts(shadow)).toEqual([])
  })

  test('at the first sign-ins', async () => {
    relay.refuse(3)
    const slept: number[] = []
    const clock = { random: () => 0, sleep: async (ms: number) => void slept.push(ms) }
    const bind = { dn: dc.adminDn, password: dc.adminPassword }
    const fresh = connectDirectory({ servers: [`ldaps://127.0.0.1:${relay.port}`], ca: dc.ca, bind, clock })
    const root = { base: '', scope: 'base', filter: anything, attributes: ['dnsHostName'] } as const
    expect(await fresh.reader().search(root)).toHaveLength(1)
    expect(slept).toEqual([1000, 3000, 9000])
    await fresh.close()
  })

  test('and one on which the server is no longer heard: nobody knows, nothing else is sent, and it was done', async () => {
    const target = childDn('CN', 'g-silence', shadow)
    await writer.add(target, accountOf('g-silence'))
    const mute = await startRelay(dc.endpoint)
    // Deadlines come when the test says so.
    const timers = new Set<AbortController>()
    const timeout = () => {
      const timer = new AbortController()
      timers.add(timer)
      return { signal: timer.signal, end: () => void timers.delete(timer) }
    }
    const servers = [`ldaps://127.0.0.1:${mute.port}`]
    const bind = { dn: dc.adminDn, password: dc.adminPassword }
    const clock = { random: () => 0, sleep: async () => {}, timeout }
    const deaf = connectDirectory({ servers, ca: dc.ca, bind, clock })
    const to = deaf.writer()
    expect(await to.search({ base: target, scope: 'base', filter: anything, attributes: ['cn'] })).toHaveLength(1)
    mute.mute()
    let isOver = false
    const removed = to.remove(target).finally(() => {
      isOver = true
    })
    const unknown = expect(removed).rejects.toMatchObject({ code: 'outcome-unknown' })
    while (mute.lost() === 0) await sleep(5)
    while (!isOver) {
      for (const timer of [...timers]) timer.abort()
      await sleep(5)
    }
    await unknown
    const unsent = { name: 'Failure', message: expect.stringContaining('a moment ago') }
    await expect(to.remove(archive)).rejects.toMatchObject(unsent)
    await deaf.close()
    await mute.close()
    expect(await accounts(shadow)).toEqual([])
  })
})
