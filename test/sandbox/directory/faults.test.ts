// Which request meets which fault, and what a second controller that lags knows when.

import { expect, test } from 'vitest'
import { canonicalDn, childDn, rdn } from '../../../src/model/escape.ts'
import { type Asked, createFaults, type FaultRule, faultNames } from '../../../src/sandbox/directory/faults.ts'
import { accountOf, anything, startControllers, unit } from './controllers.ts'

const asked = (operation: Asked['operation'], dn = 'CN=Lee,DC=x', server: 1 | 2 = 1): Asked => ({
  server,
  operation,
  dn,
})

function hits(rule: FaultRule, requests: readonly Asked[]): readonly number[] {
  const faultFor = createFaults({ rules: [rule] })
  return requests.flatMap((each, index) => (faultFor(each) === undefined ? [] : [index]))
}

test('a rule hits what it names, as often as it says', () => {
  const requests = [asked('bind'), asked('search'), asked('add'), asked('modify'), asked('add', 'CN=Dana,DC=x')]
  expect(hits({ fault: 'busy' }, requests)).toEqual([0])
  expect(hits({ fault: 'busy', times: 9 }, requests)).toEqual([0, 1, 2, 3, 4])
  expect(hits({ fault: 'busy', operation: 'write', from: 2, times: 2 }, requests)).toEqual([3, 4])
  expect(hits({ fault: 'busy', dn: 'cn=dana' }, requests)).toEqual([4])
  expect(hits({ fault: 'busy', server: 2 }, requests)).toEqual([])
  expect(hits({ fault: 'cut-search', times: 9 }, requests)).toEqual([1])
  expect(hits({ fault: 'disconnect', operation: 'connect' }, [asked('connect'), asked('bind')])).toEqual([0])
})

test('with a seed, the order in which requests come decides nothing', () => {
  const requests = Array.from({ length: 400 }, (_, index) => asked('modify', `CN=${index % 40},DC=x`))
  const met = (list: readonly Asked[], seed: number): readonly string[] => {
    const faultFor = createFaults({ seed, share: 0.2 })
    return list.flatMap(each => {
      const fault = faultFor(each)
      return fault === undefined ? [] : [`${each.dn} ${fault.name}`]
    })
  }
  const straight = met(requests, 7)
  expect(straight.length).toBeGreaterThan(40)
  expect(straight.length).toBeLessThan(120)
  expect(met(requests.toReversed(), 7).toSorted()).toEqual(straight.toSorted())
  expect(met(requests, 8)).not.toEqual(straight)
})

test('with a seed, every fault comes about, and only where it can', () => {
  const faultFor = createFaults({ seed: 1, share: 1 })
  const met = Array.from({ length: 300 }, (_, index) => faultFor(asked('search', `CN=${index},DC=x`))?.name)
  expect(new Set(met)).toEqual(new Set(faultNames.filter(name => name !== 'strong-auth')))
  expect(faultFor(asked('connect'))).toBeUndefined()
})

const lag = 60_000
const two = { secondServer: { lag }, seed: 3 }

async function startTwo() {
  const started = await startControllers(two)
  const [first, second] = started.servers.map(server => started.connect([server]).writer())
  if (first === undefined || second === undefined) throw new Error('there are two servers')
  const read = async (from: typeof first, target: string, ...attributes: readonly string[]) => {
    const found = await from
      .search({ base: target, scope: 'base', filter: anything, attributes })
      .catch((error: { status: number }) => error.status)
    return typeof found === 'number' ? found : found[0]?.attributes
  }
  const pass = (): Promise<void> => started.clock.sleep(2 * lag)
  return { ...started, first, second, read, pass }
}

const lee = childDn('CN', 'g-lee', unit)
const group = childDn('CN', 'payroll', unit)

test('the second server has what was there before, and hears later of what is done', async () => {
  const { first, second, read, pass } = await startTwo()
  expect(await read(second, unit, 'ou')).toEqual({ ou: ['Shadow'] })
  const id = await first.add(lee, accountOf('g-lee'))
  expect(await read(second, lee, 'cn')).toBe(32)
  await pass()
  expect(await read(second, lee, 'objectGUID')).toEqual({ objectguid: [id] })
  await first.modify(lee, [{ operation: 'replace', attribute: 'displayName', values: ['Lee'] }])
  expect(await read(second, lee, 'displayName')).toEqual({ displayname: ['g-lee'] })
  await pass()
  expect(await read(second, lee, 'displayName')).toEqual({ displayname: ['Lee'] })
  await first.remove(lee)
  expect(await read(second, lee, 'displayName')).toEqual({ displayname: ['Lee'] })
  await pass()
  expect(await read(second, lee, 'displayName')).toBe(32)
})

test('what is done at the second server comes to the first one, and attributes of both stay', async () => {
  const { first, second, read, pass, directory } = await startTwo()
  await first.add(lee, accountOf('g-lee'))
  await pass()
  await first.modify(lee, [{ operation: 'replace', attribute: 'displayName', values: ['Lee'] }])
  await second.modify(lee, [{ operation: 'add', attribute: 'mail', values: ['lee@fabrikam.com'] }])
  expect(await read(first, lee, 'mail')).toEqual({})
  await pass()
  const both = { displayname: ['Lee'], mail: ['lee@fabrikam.com'] }
  expect([await read(first, lee, 'mail', 'displayName'), await read(second, lee, 'mail', 'displayName')]).toEqual([
    both,
    both,
  ])
  expect(await directory.search({ base: lee, scope: 'base', filter: anything, attributes: ['mail'] })).toHaveLength(1)
})

test('a membership comes after the account and the group, also if all are new', async () => {
  const { first, second, read, pass, clock } = await startTwo()
  await first.add(group, { objectClass: ['group'], sAMAccountName: ['payroll'] })
  await first.add(lee, accountOf('g-lee'))
  await first.modify(group, [{ operation: 'add', attribute: 'member', values: [lee] }])
  const orders: string[] = []
  for (let minute = 0; minute < 24; minute += 1) {
    await clock.sleep(5000)
    const [there, members] = [await read(second, lee, 'cn'), await read(second, group, 'member')]
    orders.push(`${there === 32 ? '-' : 'account'} ${typeof members === 'object' && members?.member ? 'member' : '-'}`)
  }
  expect(orders).not.toContain('- member')
  expect(orders.at(-1)).toBe('account member')
  await first.move(lee, rdn('CN', 'g-lee'), 'CN=Users,DC=corp,DC=contoso,DC=com')
  await pass()
  const [moved] = ((await read(second, group, 'member')) as Record<string, readonly string[]>).member ?? []
  expect(canonicalDn(moved ?? '')).toBe('cn=g-lee,cn=users,dc=corp,dc=contoso,dc=com')
})

test('one name given at both servers: both objects stay, and the two servers agree on them', async () => {
  const { first, second, pass, directory } = await startTwo()
  const ids: string[] = []
  // Whichever of the two hears of the other first.
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(letter => `g-${letter}`)) {
    const dn = childDn('CN', name, unit)
    ids.push(await first.add(dn, accountOf(name)), await second.add(dn, accountOf(name)))
  }
  expect(new Set(ids).size).toBe(16)
  await pass()
  await pass()
  const names = async (from: typeof first) =>
    (await from.search({ base: unit, scope: 'one', filter: anything, attributes: ['objectGUID'] }))
      .map(({ dn, attributes }) => `${attributes.objectguid?.[0]} ${dn.includes('CNF:')}`)
      .toSorted()
  const there = await names(first)
  expect(there.map(each => each.split(' ')[0])).toEqual(ids.toSorted())
  expect(there.filter(each => each.endsWith('true'))).toHaveLength(8)
  expect(await names(second)).toEqual(there)
  expect(directory.dump().filter(({ dn }) => dn.startsWith('CN=g-'))).toHaveLength(16)
})

test('at the end all has arrived', async () => {
  const { second, close, directory } = await startTwo()
  await second.add(lee, accountOf('g-lee'))
  expect(directory.dump().some(({ dn }) => dn.includes('g-lee'))).toBe(false)
  close()
  expect(directory.dump().some(({ dn }) => dn.includes('g-lee'))).toBe(true)
})
