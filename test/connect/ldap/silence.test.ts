// A domain that takes connections and says nothing: a few minutes, however much is asked; what is not sent says so, and what was
// sent and not answered says that nobody knows. Once it answers again, that is noticed. On a clock that waiting costs nothing.

import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import type { DirectoryWriter } from '../../../src/model/directories.ts'
import { childDn } from '../../../src/model/escape.ts'
import type { Controllers } from '../../../src/sandbox/directory/controllers.ts'
import type { FaultRule } from '../../../src/sandbox/directory/faults.ts'
import { accountOf, anything, type Started, startControllers, unit } from '../../sandbox/directory/controllers.ts'

const minute = 60_000
const count = 100
const names = Array.from({ length: count }, (_, index) => `g-${index}`)
const dnOf = (name: string): string => childDn('CN', name, unit)

async function start(rules: readonly FaultRule[], secondServer?: { readonly lag: number }): Promise<Started> {
  const started = await startControllers({ rules, ...(secondServer === undefined ? {} : { secondServer }) })
  for (const name of names) await started.directory.add(dnOf(name), accountOf(name))
  await started.clock.sleep(100 * minute)
  return started
}

/** As an apply does: eight at once. How each ended, and what the servers were asked. */
async function removeAll({ clock }: Started, writer: DirectoryWriter) {
  const began = clock.now()
  const left = [...names]
  const ended: string[] = []
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      ended.push(
        await writer.remove(dnOf(name)).then(
          () => 'done',
          (error: { code: string; message: string }) => error.code,
        ),
      )
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  const tally = Object.fromEntries([...Map.groupBy(ended, code => code)].map(([code, all]) => [code, all.length]))
  return { tally, minutes: (clock.now() - began) / minute }
}

/** How often each kind of request arrived. */
function counting(started: Started): { readonly servers: Controllers['servers']; readonly opened: () => number } {
  let opened = 0
  const servers = started.servers.map(({ url, open }) => ({
    url,
    open: () => {
      opened += 1
      return open()
    },
  }))
  return { servers, opened: () => opened }
}

const whole = { base: unit, scope: 'sub', filter: anything, attributes: ['cn'] } as const
const ever = { times: 100_000 } as const

const silences: Readonly<Record<string, readonly FaultRule[]>> = {
  'to any request': [
    { fault: 'silence', operation: 'write', ...ever },
    { fault: 'silence', operation: 'search', from: 2, ...ever },
  ],
  'to any request, and to the sign-in': [
    { fault: 'silence', operation: 'write', ...ever },
    { fault: 'silence', operation: 'search', from: 2, ...ever },
    { fault: 'silence', operation: 'bind', from: 2, ...ever },
  ],
  'to changes': [{ fault: 'silence', operation: 'write', ...ever }],
  'to changes, which it makes': [{ fault: 'silence-after', operation: 'delete', ...ever }],
  'and cannot be reached any more': [
    { fault: 'disconnect', operation: 'write', ...ever },
    { fault: 'disconnect', operation: 'connect', from: 2, ...ever },
  ],
}

test.each(Object.keys(silences))('a domain that is silent %s costs a few minutes', async name => {
  for (const second of [undefined, { lag: 1000 }]) {
    const started = await start(silences[name] ?? [], second)
    const { servers, opened } = counting(started)
    const writer = started.connect(servers).writer()
    await writer.search(whole)
    const { tally, minutes } = await removeAll(started, writer)
    const there = started.directory.dump().filter(({ dn }) => dn.startsWith('CN=g-')).length
    expect(minutes).toBeLessThan(6)
    expect(opened()).toBeLessThan(30)
    const { done = 0, 'outcome-unknown': unknown = 0, ...unsent } = tally
    // What was done was seen to be done, and what was not sent was not done.
    expect(there).toBeLessThanOrEqual(count - done)
    expect(there).toBeGreaterThanOrEqual(count - done - unknown)
    expect(Object.values(unsent).reduce((sum, each) => sum + each, 0)).toBe(count - done - unknown)
    if (name === 'to changes, which it makes')
      expect(done).toBe(count - Object.values(unsent).reduce((a, b) => a + b, 0))
    else expect(unknown).toBeLessThan(30)
  }
})

test('what is not sent says so', async () => {
  const started = await start(silences['to any request'] ?? [])
  const writer = started.connect().writer()
  await writer.search(whole)
  await removeAll(started, writer)
  const unsent = {
    status: 0,
    code: 'no-answer',
    message: expect.stringMatching(/is silent: the request to delete CN=g-0,.* was not sent/),
  }
  await expect(writer.remove(dnOf('g-0'))).rejects.toMatchObject(unsent)
  const gone = await start(silences['and cannot be reached any more'] ?? [])
  const other = gone.connect().writer()
  await other.search(whole)
  await removeAll(gone, other)
  await expect(other.remove(dnOf('g-1'))).rejects.toMatchObject({
    code: 'connection-lost',
    message: expect.stringContaining('a moment ago'),
  })
})

test.each(Object.keys(silences))('silence %s that ends is noticed within a minute', async name => {
  const well = await start([])
  const silent = await start(silences[name] ?? [])
  let isSilent = false
  const streams: Duplex[] = []
  const servers = well.servers.map((server, index) => ({
    url: server.url,
    open: () => {
      const stream = (isSilent ? (silent.servers[index] as typeof server) : server).open()
      streams.push(stream)
      return stream
    },
  }))
  const turn = async (isNowSilent: boolean): Promise<void> => {
    isSilent = isNowSilent
    for (const stream of streams.splice(0)) stream.destroy()
    await well.clock.sleep(minute)
  }
  const writer = well.connect(servers).writer()
  await writer.search(whole)
  await turn(true)
  await writer.search(whole).catch(() => undefined)
  const { tally } = await removeAll(well, writer)
  expect(tally['no-answer'] ?? tally['connection-lost'] ?? tally.timeout).toBeGreaterThan(count / 2)
  await turn(false)
  await writer.remove(dnOf('g-99'))
  expect(well.directory.dump().some(({ dn }) => dn === dnOf('g-99'))).toBe(false)
})

test('a second server that answers is asked, and what the first one did not answer stays unknown', async () => {
  const rules: readonly FaultRule[] = [
    { fault: 'silence', operation: 'write', server: 1, ...ever },
    { fault: 'silence', operation: 'search', server: 1, from: 2, ...ever },
  ]
  const started = await start(rules, { lag: 1000 })
  const writer = started.connect().writer()
  await writer.search(whole)
  const { tally, minutes } = await removeAll(started, writer)
  expect(tally).toEqual({ 'outcome-unknown': 8, done: count - 8 })
  expect(minutes).toBeLessThan(4)
})

test('a change under way when the server fell silent is not sent again: it may still come about', async () => {
  const started = await start([{ fault: 'silence', operation: 'delete', times: 2 }])
  const writer = started.connect().writer()
  const first = expect(writer.remove(dnOf('g-1'))).rejects.toMatchObject({ code: 'outcome-unknown' })
  await started.clock.sleep(minute / 2)
  // Its own minute would end later.
  const second = expect(writer.remove(dnOf('g-2'))).rejects.toMatchObject({ code: 'outcome-unknown' })
  await Promise.all([first, second])
})

test('one slow change among others that are answered holds up nothing', async () => {
  const rules: readonly FaultRule[] = [{ fault: 'silence', operation: 'delete', dn: 'CN=g-7,', ...ever }]
  const started = await start(rules)
  const { tally } = await removeAll(started, started.connect().writer())
  expect(tally).toEqual({ done: count - 1, 'outcome-unknown': 1 })
})

test.each(['to any request', 'to any request, and to the sign-in'])(
  'Ctrl-C, silence %s: what was not sent is given up at once, what was lost is looked up for ten seconds',
  async name => {
    const started = await start(silences[name] ?? [])
    const interrupt = new AbortController()
    const connection = started.connect()
    const writer = connection.writer({ rank: 0, begin: () => {}, tell: () => {}, signal: interrupt.signal })
    await writer.search(whole)
    const began = started.clock.now()
    const sent = expect(writer.remove(dnOf('g-1'))).rejects.toMatchObject({
      code: 'outcome-unknown',
      message: expect.stringContaining('interrupted'),
    })
    await started.clock.sleep(minute / 2)
    interrupt.abort()
    await sent
    // Half a minute more for its answer, and then the ten seconds.
    expect(started.clock.now() - began).toBeLessThanOrEqual(1.2 * minute)
    const other = connection.writer({ rank: 0, begin: () => {}, tell: () => {}, signal: interrupt.signal })
    const before = started.clock.now()
    await expect(other.search(whole)).rejects.toMatchObject({ code: 'interrupted' })
    expect(started.clock.now()).toBe(before)
  },
)
