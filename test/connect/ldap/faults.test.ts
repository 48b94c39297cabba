// The production client against the sandbox's domain controllers at their worst: for each fault, at each operation, what the
// client says is what is so. Done is done once; a refusal has changed nothing; what nobody knows is said to be unknown.

import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { type DirectoryWriter, type Modification, RequestFailure } from '../../../src/model/directories.ts'
import { childDn, rdn } from '../../../src/model/escape.ts'
import type { Controllers } from '../../../src/sandbox/directory/controllers.ts'
import { type DirectoryFaults, type FaultName, faultNames } from '../../../src/sandbox/directory/faults.ts'
import { accountOf, anything, type Started, startControllers, unit } from '../../sandbox/directory/controllers.ts'

const archive = 'OU=Archive,DC=corp,DC=contoso,DC=com'
const lee = childDn('CN', 'g-lee', unit)
const dana = childDn('CN', 'g-dana', unit)
const renaming = [
  { operation: 'delete', attribute: 'displayName', values: ['g-lee'] },
  { operation: 'add', attribute: 'displayName', values: ['Lee'] },
] as const

/** Each write: what it does, and whether the domain looks as if it had been done. */
const writes = {
  add: [(to: DirectoryWriter) => to.add(dana, accountOf('g-dana')), (names: string[]) => names.includes('g-dana')],
  modify: [(to: DirectoryWriter) => to.modify(lee, renaming), (names: string[]) => names.includes('g-lee as Lee')],
  move: [
    (to: DirectoryWriter) => to.move(lee, rdn('CN', 'g-lee'), archive),
    (names: string[]) => names.includes('g-lee archived'),
  ],
  remove: [(to: DirectoryWriter) => to.remove(lee), (names: string[]) => !names.some(name => name.includes('lee'))],
} as const

const operations = Object.keys(writes) as (keyof typeof writes)[]
const inFaults = { add: 'add', modify: 'modify', move: 'move', remove: 'delete' } as const

async function start(faults: DirectoryFaults): Promise<Started> {
  const started = await startControllers(faults)
  await started.directory.add(archive, { objectClass: ['organizationalUnit'] })
  await started.directory.add(lee, accountOf('g-lee'))
  // The second server has heard of it.
  await started.clock.sleep(10_000_000)
  return started
}

/** Accounts of the domain, in a word each. */
function names({ directory }: Started): string[] {
  return directory.dump().flatMap(({ dn, attributes: { sAMAccountName, displayName } }) => {
    const [name = '', shown = ''] = [sAMAccountName?.[0], displayName?.[0]]
    if (!name.startsWith('g-')) return []
    return [`${name}${shown === name ? '' : ` as ${shown}`}${dn.endsWith(archive) ? ' archived' : ''}`]
  })
}

async function attempt(work: Promise<unknown>): Promise<'done' | RequestFailure> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof RequestFailure) return error
    throw error
  }
}

/** What is said fits what is so. */
async function wrong(started: Started, operation: keyof typeof writes): Promise<string | undefined> {
  const [write, isDone] = writes[operation]
  const said = await attempt(write(started.connect().writer()))
  await started.clock.sleep(200_000)
  started.close()
  const there = names(started)
  const words = `${said === 'done' ? said : said.message}; there are ${there.join(', ')}`
  if (there.length > (operation === 'add' ? 2 : 1)) return `twice: ${words}`
  if (said === 'done') return isDone(there) ? undefined : `not done: ${words}`
  return said.code === 'outcome-unknown' || !isDone(there) ? undefined : `done all the same: ${words}`
}

const atRequests = faultNames.filter(name => !['strong-auth', 'admin-limit', 'size-limit'].includes(name))

test.each(operations)('%s: whatever happens, what is said is so', async operation => {
  const failures: string[] = []
  const endings = new Set<string>()
  for (const fault of atRequests) {
    for (const times of [1, 1000]) {
      for (const delay of [1000, 61_000]) {
        const faults = { rules: [{ fault, operation: inFaults[operation], times, delay }] }
        const found = await wrong(await start(faults), operation)
        if (found !== undefined) failures.push(`${JSON.stringify(faults)}: ${found}`)
        else endings.add(fault)
      }
    }
  }
  expect(failures).toEqual([])
  expect(endings.size).toBe(atRequests.length)
})

const gone = { fault: 'disconnect', operation: 'connect', server: 1 } as const

test.each(operations)('%s: the server goes away, and another one answers that lags behind', async operation => {
  const failures: string[] = []
  for (const fault of [
    'disconnect',
    'disconnect-after',
    'notice',
    'silence',
    'silence-after',
    'unavailable',
  ] as const) {
    for (const connects of [
      { from: 1, times: 1000 },
      { from: 2, times: 1 },
      { from: 2, times: 1000 },
      { from: 3, times: 1000 },
    ]) {
      for (const lag of [0, 3600_000]) {
        const rules = [
          { fault, operation: inFaults[operation], times: 2 } as const,
          { ...gone, ...connects },
          { fault: 'disconnect', operation: 'search', server: 2, from: 2 } as const,
        ]
        const faults = { secondServer: { lag }, rules }
        const found = await wrong(await start(faults), operation)
        if (found !== undefined) failures.push(`${JSON.stringify(faults)}: ${found}`)
      }
    }
  }
  expect(failures).toEqual([])
})

test.each(operations)(
  '%s: the other server shows what was before, and nothing is concluded from it',
  async operation => {
    // What is undone at the first server is still there at the second: it looks as if the lost request had been carried out.
    const faults: DirectoryFaults = {
      secondServer: { lag: 3600_000 },
      rules: [
        { fault: 'disconnect', operation: inFaults[operation], server: 1 },
        { ...gone, from: 2, times: 1000 },
      ],
    }
    const started = await start(faults)
    const { directory, clock } = started
    const [write, isDone] = writes[operation]
    await write(directory)
    await clock.sleep(10_000_000)
    await started
      .connect([started.servers[1] as Controllers['servers'][number]])
      .reader()
      .search(everything)
    if (operation === 'add') await directory.remove(dana)
    if (operation === 'modify')
      await directory.modify(lee, [{ operation: 'replace', attribute: 'displayName', values: ['g-lee'] }])
    if (operation === 'move') await directory.move(childDn('CN', 'g-lee', archive), rdn('CN', 'g-lee'), unit)
    if (operation === 'remove') await directory.add(lee, accountOf('g-lee'))
    const said = await attempt(write(started.connect().writer()))
    expect(said).toMatchObject({ code: 'outcome-unknown', message: expect.stringContaining('may not know yet') })
    expect(isDone(names(started))).toBe(false)
  },
)

const everything = { base: unit, scope: 'sub', filter: anything, attributes: ['cn'] } as const

/** The same servers, whose connections can be ended. */
function droppable(started: Started): { servers: Controllers['servers']; drop: () => void } {
  const streams: Duplex[] = []
  const servers = started.servers.map(({ url, open }) => ({
    url,
    open: () => {
      const stream = open()
      streams.push(stream)
      return stream
    },
  }))
  return { servers, drop: () => streams.forEach(stream => void stream.destroy()) }
}

test('what a server says is not there, after it took over, is doubted', async () => {
  const group = childDn('CN', 'payroll', unit)
  const leaving: Modification[] = [{ operation: 'delete', attribute: 'member', values: [lee] }]
  const doubted = {
    status: 0,
    code: 'server-behind',
    message: expect.stringContaining('dc2.corp.contoso.com took over'),
  }
  const started = await start({ secondServer: { lag: 3600_000 }, rules: [{ ...gone, from: 2, times: 1000 }] })
  await started.directory.add(group, { objectClass: ['group'], sAMAccountName: ['payroll'], member: [lee] })
  const { servers, drop } = droppable(started)
  const writer = started.connect(servers).writer()
  // As a plan does, it has read from the first server.
  expect(await writer.search({ ...everything, base: group, scope: 'base' })).toHaveLength(1)
  drop()
  await started.clock.sleep(1)
  expect(await attempt(writer.modify(group, leaving))).toMatchObject(doubted)
  expect(await attempt(writer.remove(group))).toMatchObject(doubted)
  expect(await attempt(writer.remove(group))).not.toMatchObject({ message: expect.stringContaining('may not see it') })
  // A server that was asked from the first is believed.
  const alone = started.connect([started.servers[1] as Controllers['servers'][number]]).writer()
  expect(await attempt(alone.remove(group))).toMatchObject({ status: 32 })
})

test('what a server that took over does not know yet is asked again, until it does', async () => {
  const group = childDn('CN', 'payroll', unit)
  const adding: Modification[] = [{ operation: 'add', attribute: 'member', values: [dana] }]
  const started = await start({ secondServer: { lag: 15_000 }, rules: [{ ...gone, from: 2, times: 1000 }] })
  const { servers, drop } = droppable(started)
  const writer = started.connect(servers).writer()
  await writer.add(group, { objectClass: ['group'], sAMAccountName: ['payroll'] })
  await writer.add(dana, accountOf('g-dana'))
  drop()
  await started.clock.sleep(1)
  expect(await attempt(writer.modify(group, adding))).toBe('done')
  expect(await attempt(writer.remove(dana))).toBe('done')
})

test('a new member whose answer was lost is asked for again, also at another server', async () => {
  const group = childDn('CN', 'payroll', unit)
  const adding: Modification[] = [{ operation: 'add', attribute: 'member', values: [lee] }]
  for (const fault of ['disconnect', 'disconnect-after'] as const) {
    for (const lag of [0, 3600_000]) {
      const rules = [
        { fault, operation: 'modify', server: 1 },
        { ...gone, from: 2, times: 1000 },
      ] as const
      const started = await start({ secondServer: { lag }, rules })
      await started.directory.add(group, { objectClass: ['group'], sAMAccountName: ['payroll'] })
      await started.clock.sleep(10_000_000)
      expect(await attempt(started.connect().writer().modify(group, adding)), `${fault}, ${lag}`).toBe('done')
      started.close()
      const [there] = started.directory.dump().filter(({ dn }) => dn === group)
      expect(there?.attributes.member).toEqual([lee])
    }
  }
})

test('after a look at the server that it was sent to, it is not sent to another one that takes over then', async () => {
  const started = await start({
    secondServer: { lag: 3600_000 },
    rules: [{ fault: 'disconnect', operation: 'add', server: 1, times: 2 }],
  })
  const [first, second] = started.servers
  if (first === undefined || second === undefined) throw new Error('there are two servers')
  const streams: Duplex[] = []
  let isGone = false
  const fragile = {
    url: first.url,
    open: () => {
      const stream = first.open()
      if (isGone) stream.destroy()
      else streams.push(stream)
      return stream
    },
  }
  // The pause before the third try is when it goes.
  const { sleep } = started.clock
  started.clock.sleep = async (ms, signal) => {
    isGone = true
    for (const stream of streams) stream.destroy()
    await sleep(ms, signal)
  }
  const said = await attempt(started.connect([fragile, second]).writer().add(dana, accountOf('g-dana')))
  expect(said).toMatchObject({ code: 'outcome-unknown' })
  expect(isGone).toBe(true)
  started.close()
  expect(names(started)).toEqual(['g-lee'])
})

const readFaults: readonly FaultName[] = faultNames.filter(name => name !== 'strong-auth')

test.each(readFaults)('a search that meets %s is whole, or fails', async fault => {
  for (const from of [1, 2, 3, 4]) {
    for (const times of [1, 2, 1000]) {
      const rules = [{ fault, operation: 'search', from, times, delay: 1000 }] as const
      const started = await startControllers({ rules }, { pageSize: 2 })
      const all = ['a', 'b', 'c', 'd', 'e', 'f'].map(letter => `g-${letter}`)
      for (const name of all) await started.directory.add(childDn('CN', name, unit), accountOf(name))
      const search = { ...everything, filter: { startsWith: ['cn', 'g-'] } } as const
      const said = await started
        .connect()
        .reader()
        .search(search)
        .catch((error: unknown) => error)
      if (said instanceof RequestFailure) continue
      expect(said, JSON.stringify(rules)).toHaveLength(all.length)
    }
  }
})

test('one fault at the sign-in is overcome where it may pass, and told where it will not', async () => {
  const signIn = (fault: FaultName, times: number) => start({ rules: [{ fault, operation: 'bind', times }] })
  const search = async (fault: FaultName, times: number): Promise<string> => {
    const started = await signIn(fault, times)
    const found = await started
      .connect()
      .reader()
      .search(everything)
      .catch((error: { code: string }) => error.code)
    return typeof found === 'string' ? found : 'found'
  }
  expect(await search('strong-auth', 1000)).toBe('sign-in-refused')
  expect(await search('silence', 1000)).toBe('timeout')
  expect(await search('disconnect', 1000)).toBe('connection-lost')
  expect(await search('slow', 1)).toBe('found')
})
