// Reading: all of it or a failure, whatever the server makes of pages, ranges and itself.

import { expect, test } from 'vitest'
import { createSearch } from '../../../src/connect/ldap/search.ts'
import type { Reply } from '../../../src/connect/ldap/session.ts'
import type { Wire } from '../../../src/connect/ldap/wire.ts'
import { type Filter, RequestFailure } from '../../../src/model/directories.ts'
import {
  anything,
  connectTo,
  entry,
  readUnit,
  reference,
  result,
  type Script,
  searchUnit,
  startFake,
  unit,
} from './fake-ldap.ts'

const found = (id: number): Buffer => entry(id, unit, { cn: ['Shadow'] })

test('values come as text, by the names of their attributes', async () => {
  const guid = Buffer.from('b1a9708d4e0c0a4f9a410f2c3d4e5f60', 'hex')
  const sid = Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'hex')
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    const attributes = {
      objectGUID: [guid],
      ObjectSID: [sid],
      displayName: ['Müller 😀'],
      mail: [],
      otherTelephone: ['1', '2'],
      // Bytes that happen to be text stay bytes.
      'mS-DS-ConsistencyGuid': [Buffer.from('sixteen letters!')],
      info: [Buffer.of(0xff, 0xfe)],
      ['__proto__']: ['x'],
    }
    asked.answer(0, { entries: [entry(asked.id, `CN=Müller\\, Lee,${unit}`, attributes)] })
  })
  const [lee] = await connectTo([fake.url])
    .reader()
    .search({ ...readUnit, attributes: [] })
  expect(lee?.dn).toBe(`CN=Müller\\, Lee,${unit}`)
  expect(Object.entries(lee?.attributes ?? {})).toEqual([
    ['objectguid', ['8d70a9b1-0c4e-4f0a-9a41-0f2c3d4e5f60']],
    ['objectsid', ['S-1-5-21-2127521184-1604012920-1887927527-72713']],
    ['displayname', ['Müller 😀']],
    ['othertelephone', ['1', '2']],
    ['ms-ds-consistencyguid', [Buffer.from('sixteen letters!').toString('base64')]],
    ['info', ['//4=']],
    ['__proto__', ['x']],
  ])
})

test('what may be large is read in pages of 1000, and a single object without', async () => {
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    const at = Number(asked.page?.cookie || 0)
    const entries = [entry(asked.id, `CN=${at},${unit}`, { cn: [String(at)] })]
    asked.answer(0, { entries, cookie: asked.page !== undefined && at < 2 ? String(at + 1) : '' })
  })
  const reader = connectTo([fake.url]).reader()
  expect(await reader.search(searchUnit)).toHaveLength(3)
  expect(await reader.search({ ...searchUnit, scope: 'one' })).toHaveLength(3)
  await reader.search(readUnit)
  const pages = fake.of('search').map(asked => asked.page)
  expect(pages).toEqual([...['', '1', '2', '', '1', '2'].map(cookie => ({ size: 1000, cookie })), undefined])
})

test('at most two cursors are open, and eight requests under way', async () => {
  let cursors = 0
  let mostCursors = 0
  let underWay = 0
  let mostUnderWay = 0
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    underWay += 1
    mostUnderWay = Math.max(mostUnderWay, underWay)
    if (asked.page?.cookie === '') cursors += 1
    mostCursors = Math.max(mostCursors, cursors)
    setTimeout(() => {
      underWay -= 1
      if (asked.page !== undefined && asked.page.cookie !== '') cursors -= 1
      asked.answer(0, { entries: [found(asked.id)], cookie: asked.page?.cookie === '' ? 'more' : '' })
    }, 20)
  })
  const reader = connectTo([fake.url]).reader()
  await Promise.all([
    ...Array.from({ length: 10 }, () => reader.search(searchUnit)),
    ...Array.from({ length: 40 }, () => reader.search(readUnit)),
  ])
  expect(mostCursors).toBe(2)
  expect(mostUnderWay).toBe(8)
})

test('an answer that was cut off is no answer', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'search') asked.answer(4, { entries: [found(asked.id)], diagnostic: '00000000' })
  })
  const failure = { status: 4, code: 'sizeLimitExceeded', message: expect.stringContaining('not whole') }
  await expect(connectTo([fake.url]).reader().search(searchUnit)).rejects.toMatchObject(failure)
})

test('a referral is a failure, references to other naming contexts are not', async () => {
  const elsewhere = 'ldap://emea.contoso.com/DC=emea,DC=contoso,DC=com'
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    if (asked.dn === unit) asked.answer(0, { entries: [found(asked.id), reference(asked.id, elsewhere)] })
    else asked.answer(10, { diagnostic: '0000202B: RefErr: DSID-031007F9', referrals: [elsewhere] })
  })
  const reader = connectTo([fake.url]).reader()
  expect(await reader.search(searchUnit)).toHaveLength(1)
  const referral = { status: 10, code: 'referral', message: expect.stringContaining(elsewhere) }
  await expect(reader.search({ ...searchUnit, base: 'DC=emea,DC=contoso,DC=com' })).rejects.toMatchObject(referral)
})

test.each([51, 52])('a server that says %i is asked again later', async code => {
  const fake = await startFake(asked => {
    if (asked.operation === 'search') asked.answer(asked.before < 3 ? code : 0)
  })
  const connection = connectTo([fake.url])
  expect(await connection.reader().search(searchUnit)).toEqual([])
  expect(connection.slept).toEqual([500, 1000, 2000])
})

test('a server that is always busy is given up in the end', async () => {
  const fake = await startFake(asked => asked.operation === 'search' && asked.answer(51))
  const busy = { status: 51, code: 'busy', message: expect.stringContaining('run again later') }
  await expect(connectTo([fake.url]).reader().search(searchUnit)).rejects.toMatchObject(busy)
  expect(fake.of('search')).toHaveLength(5)
})

test('a server that goes down hands over to the next', async () => {
  const down = await startFake(asked => asked.operation === 'search' && asked.answer(52))
  const fake = await startFake(asked => asked.operation === 'search' && asked.answer(0))
  const reader = connectTo([down.url, fake.url]).reader()
  expect(await reader.search(searchUnit)).toEqual([])
  // Also when several requests hear it at once.
  const several = connectTo([down.url, fake.url]).reader()
  expect(await Promise.all([several.search(readUnit), several.search(readUnit)])).toEqual([[], []])
  expect(fake.connections()).toBe(2)
})

test('reading that was interrupted by a loss begins again, and ends whole', async () => {
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    const at = Number(asked.page?.cookie || 0)
    if (asked.connection === 1 && at === 1) return void asked.cut()
    const entries = [entry(asked.id, `CN=${at},${unit}`, { cn: [String(at)] })]
    asked.answer(0, { entries, cookie: at < 2 ? String(at + 1) : '' })
  })
  const entries = await connectTo([fake.url]).reader().search(searchUnit)
  expect(entries.map(each => each.attributes.cn?.[0])).toEqual(['0', '1', '2'])
  expect(fake.of('search').map(asked => asked.page?.cookie)).toEqual(['', '1', '', '1', '2'])
})

test('a connection that is lost again and again fails', async () => {
  const fake = await startFake(asked => asked.operation === 'search' && asked.cut())
  const lost = { status: 0, code: 'connection-lost' }
  const connection = connectTo([fake.url])
  await expect(connection.reader().search(readUnit)).rejects.toMatchObject(lost)
  expect(fake.of('search')).toHaveLength(5)
  expect(connection.slept).toEqual([250, 500, 1000])
})

test('a server that says goodbye is believed', async () => {
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    if (asked.connection > 1) asked.answer(0, { entries: [found(asked.id)] })
    // A notice of disconnection: message 0.
    else asked.send(result(0, 0x78, 52, { diagnostic: 'shutting down' }))
  })
  expect(await connectTo([fake.url]).reader().search(readUnit)).toHaveLength(1)
})

test('silence once is asked again, and what waited behind it as well', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'search' && asked.connection > 1) asked.answer(0, { entries: [found(asked.id)] })
  })
  const reader = connectTo([fake.url], { timeout: 300 }).reader()
  const first = reader.search(readUnit)
  await new Promise(done => setTimeout(done, 150))
  expect((await Promise.all([first, reader.search(readUnit)])).map(({ length }) => length)).toEqual([1, 1])
})

test('a server that stays silent is left for another one, and silence is not waited for without end', async () => {
  const silent = await startFake(() => {})
  const other = await startFake(
    asked => asked.operation === 'search' && asked.answer(0, { entries: [found(asked.id)] }),
  )
  expect(await connectTo([silent.url, other.url], { timeout: 300 }).reader().search(readUnit)).toHaveLength(1)
  expect(silent.of('search')).toHaveLength(2)
  const alone = connectTo([silent.url], { timeout: 300 }).reader().search(readUnit)
  await expect(alone).rejects.toMatchObject({ status: 0, code: 'timeout' })
  expect(silent.of('search')).toHaveLength(4)
})

test('an interrupt ends reading', async () => {
  const interrupt = new AbortController()
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    if (asked.before === 1) interrupt.abort()
    asked.answer(0, { cookie: 'more', entries: [found(asked.id)] })
  })
  const { reader } = connectTo([fake.url], { signal: interrupt.signal })
  await expect(reader().search(searchUnit)).rejects.toMatchObject({ code: 'interrupted' })
  expect(fake.of('search')).toHaveLength(2)
})

test('filters are made of parts, whatever is in them', async () => {
  const fake = await startFake(asked => asked.operation === 'search' && asked.answer())
  const reader = connectTo([fake.url]).reader()
  const sent = async (filter: Filter): Promise<string> => {
    await reader.search({ ...readUnit, filter })
    return fake.of('search').at(-1)?.wire ?? ''
  }
  expect(await sent({ equals: ['mail', '*)(objectClass=*'] })).toContain('\xa3\x18\x04\x04mail\x04\x10*)(objectClass=*')
  expect(await sent({ startsWith: ['title', 'a*b'] })).toContain('\xa4\x0e\x04\x05title0\x05\x80\x03a*b')
  expect(await sent({ startsWith: ['title', ''] })).toContain('\x87\x05title')
  expect(await sent({ and: [] })).toContain('\x87\x0bobjectClass')
  expect(await sent({ or: [] })).toContain('\xa2\x0d\x87\x0bobjectClass')
  expect(await sent({ not: { or: [{ present: 'cn' }, { present: 'ou' }] } })).toContain(
    '\xa2\x0a\xa1\x08\x87\x02cn\x87\x02ou',
  )
  expect(await sent({ inChain: ['member', 'CN=x'] })).toContain(
    '\x81\x171.2.840.113556.1.4.1941\x82\x06member\x83\x04CN=x',
  )
  expect(await sent({ equals: ['objectSid', 'S-1-5-32-544'] })).toContain(
    '\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0',
  )
  expect(await sent({ equals: ['mS-DS-ConsistencyGuid', '//4='] })).toContain('\x04\x02\xff\xfe')
})

test('a name that is none is not sent', async () => {
  const fake = await startFake(asked => asked.operation === 'search' && asked.answer())
  const reader = connectTo([fake.url]).reader()
  for (const attribute of ['', 'mail)(x', 'a b', 'müller', '1']) {
    for (const filter of [{ present: attribute }, { equals: [attribute, 'x'] }] satisfies Filter[]) {
      await expect(reader.search({ ...readUnit, filter })).rejects.toMatchObject({ code: 'bad-attribute' })
    }
    await expect(reader.search({ ...readUnit, attributes: [attribute] })).rejects.toMatchObject({
      code: 'bad-attribute',
    })
  }
  for (const base of ['nonsense', 'CN=x,', 'CN=x\0,DC=y', '<GUID=>', '<GUID=x>,DC=y']) {
    await expect(reader.search({ ...readUnit, base })).rejects.toMatchObject({ status: 34 })
  }
  expect(fake.of('search')).toEqual([])
})

test('a filter that a server would hang up on is not sent', async () => {
  const fake = await startFake(asked => asked.operation === 'search' && asked.answer())
  const reader = connectTo([fake.url]).reader()
  const anyOf = (count: number): Filter => ({
    or: Array.from({ length: count }, (_, index) => ({ equals: ['userPrincipalName', `person-${index}@contoso.com`] })),
  })
  expect(await reader.search({ ...searchUnit, filter: anyOf(500) })).toEqual([])
  const tooLarge = { code: 'filter-too-large' }
  await expect(reader.search({ ...searchUnit, filter: anyOf(5000) })).rejects.toMatchObject(tooLarge)
  expect(fake.of('search')).toHaveLength(1)
})

test('the root of the directory has no name', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'search') asked.answer(0, { entries: [entry(asked.id, '', { dnsHostName: ['dc1'] })] })
  })
  const root = { base: '', scope: 'base', filter: anything, attributes: ['dnsHostName'] } as const
  expect(await connectTo([fake.url]).reader().search(root)).toEqual([{ dn: '', attributes: { dnshostname: ['dc1'] } }])
})

/** A group as Windows gives it: in blocks, under the name of the block. `changes` counts what happens between them. */
function groupOf(
  members: readonly string[],
  block = 1500,
  between: (first: number) => void = () => {},
  usn = () => '7',
) {
  const script: Script = asked => {
    if (asked.operation !== 'search') return
    const range = asked.attributes.map(name => /^member;range=(\d+)-/.exec(name)).find(match => match !== null)
    const first = Number(range?.[1] ?? 0)
    between(first)
    const values = members.slice(first, first + block)
    const last = first + block < members.length ? first + block - 1 : '*'
    const isWhole = range === undefined && members.length <= block
    const member = isWhole ? { member: members } : { member: [], [`Member;Range=${first}-${last}`]: values }
    asked.answer(0, { entries: [entry(asked.id, asked.dn, { ...member, uSNChanged: [usn()], description: ['a'] })] })
  }
  return script
}

const group = `CN=Payroll,${unit}`
const readGroup = { ...readUnit, base: group, attributes: ['member', 'description'] } as const
const membersOf = (count: number) => Array.from({ length: count }, (_, index) => `CN=m${index},${unit}`)

test.each([0, 1, 1499, 1500, 1501, 3000, 4000])('a group of %i members is read whole', async count => {
  const members = membersOf(count)
  const fake = await startFake(groupOf(members))
  const [found] = await connectTo([fake.url]).reader().search(readGroup)
  expect(found?.attributes.member ?? []).toEqual(members)
  expect(found?.attributes.description).toEqual(['a'])
})

test('a server that gives less than was asked for is followed', async () => {
  const fake = await startFake(groupOf(membersOf(50), 7))
  const [found] = await connectTo([fake.url]).reader().search(readGroup)
  expect(found?.attributes.member).toEqual(membersOf(50))
})

test('a group that changes meanwhile is read again, from its first member on', async () => {
  const members = membersOf(3500)
  let usn = 1
  const change = (first: number): void => {
    // Somebody in front leaves while the second block is fetched: the third would miss one.
    if (first === 1500 && usn === 1) {
      members.shift()
      usn += 1
    }
  }
  const fake = await startFake(groupOf(members, 1500, change, () => String(usn)))
  const [found] = await connectTo([fake.url]).reader().search(readGroup)
  expect(found?.attributes.member).toEqual(membersOf(3500).slice(1))

  let always = 0
  const restless = await startFake(
    groupOf(
      members,
      1500,
      () => {},
      () => String(always++),
    ),
  )
  const changed = { status: 0, code: 'changed-while-reading' }
  await expect(connectTo([restless.url]).reader().search(readGroup)).rejects.toMatchObject(changed)
})

test('a range that is not the one asked for is not believed', async () => {
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    asked.answer(0, { entries: [entry(asked.id, asked.dn, { 'member;range=5-6': ['CN=a', 'CN=b'] })] })
  })
  await expect(connectTo([fake.url]).reader().search(readGroup)).rejects.toMatchObject({ code: 'bad-answer' })
})

test('many pages without entries do not go on for ever', async () => {
  const fake = await startFake(asked => asked.operation === 'search' && asked.answer(0, { cookie: 'more' }))
  const failure = await connectTo([fake.url])
    .reader()
    .search(searchUnit)
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(RequestFailure)
  expect(failure).toMatchObject({ code: 'bad-answer' })
})

test('pages that bring the same again and again do not go on for ever', async () => {
  const fake = await startFake(
    asked => asked.operation === 'search' && asked.answer(0, { cookie: 'more', entries: [found(asked.id)] }),
  )
  const reader = connectTo([fake.url]).reader()
  await expect(reader.search(searchUnit)).rejects.toMatchObject({ code: 'bad-answer' })
  expect(fake.of('search').length).toBeLessThan(200)
})

test('what comes on two pages is one entry', async () => {
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    const at = Number(asked.page?.cookie || 0)
    const dn = at === 0 ? unit : unit.toUpperCase()
    asked.answer(0, { entries: [entry(asked.id, dn, { cn: [String(at)] })], cookie: at === 0 ? '1' : '' })
  })
  const entries = await connectTo([fake.url]).reader().search(searchUnit)
  expect(entries.map(({ attributes }) => attributes)).toEqual([{ cn: ['1'] }])
})

/** A group that a page shows with some of its members, and that is otherwise by the time the others are asked for. */
function changing(by: (asked: Parameters<Script>[0], asks: number) => void): Script {
  let asks = 0
  return asked => {
    if (asked.operation !== 'search') return
    if (asked.attributes.some(name => name.startsWith('member;'))) {
      asks += 1
      return by(asked, asks)
    }
    const attributes = { member: [], 'member;range=0-1': ['CN=a', 'CN=b'], cn: ['x'] }
    asked.answer(0, { entries: [entry(asked.id, group, attributes)] })
  }
}

const membersIn =
  (attributes: Readonly<Record<string, readonly string[]>>): Script =>
  asked =>
    asked.answer(0, { entries: [entry(asked.id, group, { ...attributes, uSNChanged: ['8'] })] })

test.each<[string, Script, readonly string[] | undefined]>([
  ['has lost all members', membersIn({}), undefined],
  ['has so few that they come whole', membersIn({ member: ['CN=a'] }), ['CN=a']],
  ['has fewer', membersIn({ 'member;range=0-*': ['CN=a'] }), ['CN=a']],
])('a group that %s meanwhile is read as it is', async (_, by, members) => {
  const fake = await startFake(changing(by))
  const [read] = await connectTo([fake.url]).reader().search(readGroup)
  expect(read).toEqual({ dn: group, attributes: { cn: ['x'], ...(members === undefined ? {} : { member: members }) } })
})

test('that a group has no members any more is believed when it is said twice', async () => {
  const fake = await startFake(
    changing((asked, asks) => membersIn(asks === 1 ? {} : { 'member;range=0-*': ['CN=a', 'CN=b', 'CN=c'] })(asked)),
  )
  const [read] = await connectTo([fake.url]).reader().search(readGroup)
  expect(read?.attributes.member).toHaveLength(3)
})

test('a group that shrinks between two ranges is read again', async () => {
  const fake = await startFake(
    changing((asked, asks) => {
      if (asks === 1) return membersIn({ 'member;range=0-1': ['CN=a', 'CN=b'] })(asked)
      // What was asked for lies behind the last one now.
      membersIn(asks === 2 ? {} : { 'member;range=0-*': ['CN=a'] })(asked)
    }),
  )
  const [read] = await connectTo([fake.url]).reader().search(readGroup)
  expect(read?.attributes.member).toEqual(['CN=a'])
})

test('a group that is gone, or renamed, when its members are asked for is searched again, and not taken for gone', async () => {
  let isThere = false
  const fake = await startFake(
    changing(asked => {
      if (!isThere) asked.answer(32)
      else membersIn({ 'member;range=0-*': ['CN=a', 'CN=b', 'CN=c'] })(asked)
      isThere = true
    }),
  )
  const [read] = await connectTo([fake.url]).reader().search(searchUnit)
  expect(read?.attributes.member).toHaveLength(3)
  const never = await startFake(changing(asked => asked.answer(32)))
  const changed = { status: 0, code: 'changed-while-reading' }
  await expect(connectTo([never.url]).reader().search(searchUnit)).rejects.toMatchObject(changed)
  // What is gone by the second search is gone.
  let searches = 0
  const vanishing = await startFake(asked => {
    if (asked.operation !== 'search') return
    searches += 1
    if (searches === 1) changing(() => {})(asked)
    else if (searches === 2) asked.answer(32)
    else asked.answer()
  })
  expect(await connectTo([vanishing.url]).reader().search(searchUnit)).toEqual([])
})

test('ranges of nothing but one value do not go on for ever', async () => {
  // Without a connection, which would only take its time.
  let next = 0
  const wire = {
    throwIfInterrupted: () => {},
    timeLimit: 1,
    ask: async (_session: unknown, { attributes }: { attributes?: readonly string[] }): Promise<Reply> => {
      const at = attributes === undefined ? 0 : next++
      const result = { code: 0, diagnostic: '', referrals: [], cookie: Buffer.alloc(0), name: '' }
      const part = { type: `member;range=${at}-${at}`, values: [Buffer.from('CN=a')] }
      return { result, entries: [{ dn: group, attributes: [part] }], bytes: 1 }
    },
    reading: (_asked: unknown, work: (session: unknown) => Promise<unknown>) => work(undefined),
  } as unknown as Wire
  const endless = { code: 'bad-answer', message: expect.stringContaining('does not end') }
  await expect(createSearch(wire)({ ...readGroup, attributes: ['member'] })).rejects.toMatchObject(endless)
})

test('a notice that is none of an end ends nothing', async () => {
  const fake = await startFake(asked => {
    if (asked.operation !== 'search') return
    // As of an aborted transaction (RFC 5805), message 0.
    asked.send(Buffer.from('301a02010078150a0100040004008a0c312e332e362e312e312e3231', 'hex'))
    asked.answer(0, { entries: [found(asked.id)] })
  })
  expect(await connectTo([fake.url]).reader().search(readUnit)).toHaveLength(1)
  expect(fake.connections()).toBe(1)
})
