// Writing: once, or not at all, or a failure that says that nobody knows. The fake keeps objects, and loses answers: before
// it did what was asked, or after.

import { expect, test } from 'vitest'
import type { DirectoryWriter } from '../../../src/model/directories.ts'
import { type Asked, connectTo, entry, type Fake, type Script, startFake, unit } from './fake-ldap.ts'

interface Object {
  dn: string
  readonly guid: Buffer
  attributes: Record<string, string[]>
}

type Domain = Map<string, Object>

const archive = 'OU=Archive,DC=corp,DC=contoso,DC=com'
const lee = `CN=g-lee,${unit}`
const leeId = '01010101-0101-0101-0101-010101010101'
const account = { sAMAccountName: ['g-lee'], userPrincipalName: ['lee@contoso.com'], unicodePwd: [Buffer.of(1, 2, 3)] }

const newDomain = (...objects: readonly Object[]): Domain => new Map(objects.map(each => [each.dn.toLowerCase(), each]))

const leeAs = (attributes: Record<string, string[]>): Object => ({ dn: lee, guid: Buffer.alloc(16, 1), attributes })

function lookUp(domain: Domain, dn: string): Object | undefined {
  if (dn.toLowerCase() === `<guid=${leeId}>`) return [...domain.values()].find(each => each.guid[0] === 1)
  return domain.get(dn.toLowerCase())
}

/** Does what is asked; the code of LDAP's answer. `change` is what a modify does here. */
function perform(domain: Domain, asked: Asked, change: (object: Object) => number): number {
  const there = lookUp(domain, asked.dn)
  switch (asked.operation) {
    case 'add':
      if (there !== undefined) return 68
      domain.set(asked.dn.toLowerCase(), { dn: asked.dn, guid: Buffer.alloc(16, 1), attributes: { ...text(account) } })
      return 0
    case 'modify':
      return there === undefined ? 32 : change(there)
    case 'move': {
      if (there === undefined) return 32
      domain.delete(there.dn.toLowerCase())
      there.dn = `${asked.move?.newRdn},${asked.move?.newSuperior}`
      domain.set(there.dn.toLowerCase(), there)
      return 0
    }
    case 'remove':
      if (there === undefined) return 32
      domain.delete(there.dn.toLowerCase())
      return 0
    default:
      return 0
  }
}

function text(attributes: Record<string, readonly (string | Buffer)[]>): Record<string, string[]> {
  const list = Object.entries(attributes).map(([name, values]) => [name.toLowerCase(), values.map(String)])
  const { unicodepwd: _, ...readable } = Object.fromEntries(list)
  return readable
}

type Lose = 'before' | 'after' | 'never'

/** Serves the domain. `lose` says when the answer to a write is lost, given how many came before. */
function serving(domain: Domain, lose: (write: number) => Lose, change: (object: Object) => number = () => 0): Script {
  let writes = 0
  return asked => {
    if (asked.operation === 'search') {
      const there = lookUp(domain, asked.dn)
      if (there === undefined) return asked.answer(32, { diagnostic: '0000208D: NameErr' })
      return asked.answer(0, {
        entries: [entry(asked.id, there.dn, { objectGUID: [there.guid], ...there.attributes })],
      })
    }
    if (!['add', 'modify', 'move', 'remove'].includes(asked.operation)) return
    const when = lose(writes)
    writes += 1
    if (when === 'before') return asked.cut()
    const code = perform(domain, asked, change)
    return when === 'after' ? asked.cut() : asked.answer(code)
  }
}

const firstIsLost =
  (when: Lose) =>
  (write: number): Lose =>
    write === 0 ? when : 'never'

const setTitle = (object: Object): number => {
  if (object.attributes.title?.[0] !== 'old') return 16
  object.attributes.title = ['new']
  return 0
}

const changeTitle = [
  { operation: 'delete', attribute: 'title', values: ['old'] },
  { operation: 'add', attribute: 'title', values: ['new'] },
] as const

interface Case {
  readonly name: string
  readonly domain: () => Domain
  readonly act: (writer: DirectoryWriter) => Promise<unknown>
  readonly change?: (object: Object) => number
  /** What the domain holds afterwards. */
  readonly after: Domain
}

const cases: readonly Case[] = [
  {
    name: 'an account is created once',
    domain: () => newDomain(),
    act: async writer => expect(await writer.add(lee, account)).toBe(leeId),
    after: newDomain(leeAs(text(account))),
  },
  {
    name: 'a value is changed once',
    domain: () => newDomain(leeAs({ title: ['old'] })),
    act: writer => writer.modify(`<GUID=${leeId}>`, changeTitle),
    change: setTitle,
    after: newDomain(leeAs({ title: ['new'] })),
  },
  {
    name: 'an account is moved once',
    domain: () => newDomain(leeAs({})),
    act: writer => writer.move(`<GUID=${leeId}>`, 'CN=g-lee', archive),
    after: newDomain({ ...leeAs({}), dn: `CN=g-lee,${archive}` }),
  },
  {
    name: 'an account is moved once, by its name',
    domain: () => newDomain(leeAs({})),
    act: writer => writer.move(lee, 'CN=g-lee', archive),
    after: newDomain({ ...leeAs({}), dn: `CN=g-lee,${archive}` }),
  },
  {
    name: 'an account is deleted once',
    domain: () => newDomain(leeAs({})),
    act: writer => writer.remove(`<GUID=${leeId}>`),
    after: newDomain(),
  },
]

const writesOf = (fake: Fake): readonly Asked[] =>
  fake.asked.filter(asked => ['add', 'modify', 'move', 'remove'].includes(asked.operation))

for (const { name, domain: make, act, change, after } of cases) {
  test(name, async () => {
    const domain = make()
    const fake = await startFake(serving(domain, () => 'never', change))
    await act(connectTo([fake.url]).writer())
    expect(domain).toEqual(after)
    expect(writesOf(fake)).toHaveLength(1)
  })

  test(`${name}, also if its answer is lost`, async () => {
    const domain = make()
    const fake = await startFake(serving(domain, firstIsLost('after'), change))
    await act(connectTo([fake.url]).writer())
    expect(domain).toEqual(after)
    expect(writesOf(fake)).toHaveLength(1)
  })

  test(`${name}, also if it is lost on the way`, async () => {
    const domain = make()
    const fake = await startFake(serving(domain, firstIsLost('before'), change))
    await act(connectTo([fake.url]).writer())
    expect(domain).toEqual(after)
    expect(writesOf(fake)).toHaveLength(2)
  })

  test(`${name}, also if the lost request arrives after all`, async () => {
    // The server had it in its hands while we looked.
    const domain = make()
    let late: (() => void) | undefined
    const serve = serving(domain, () => 'never', change)
    const fake = await startFake(asked => {
      const isWrite = writesOf(fake).at(-1)?.id === asked.id && asked.operation === writesOf(fake).at(-1)?.operation
      if (!isWrite) return serve(asked)
      if (late !== undefined) {
        late()
        return serve(asked)
      }
      late = () => void perform(domain, asked, change ?? (() => 0))
      return asked.cut()
    })
    await act(connectTo([fake.url]).writer())
    expect(domain).toEqual(after)
  })

  test(`${name}, or nobody knows`, async () => {
    const domain = make()
    const slow = await startFake(asked => {
      if (asked.operation === 'search') serving(domain, () => 'never')(asked)
    })
    const unknown = { status: 0, code: 'outcome-unknown', message: expect.stringContaining('Run again') }
    await expect(act(connectTo([slow.url], { timeout: 300 }).writer())).rejects.toMatchObject(unknown)
    expect(writesOf(slow)).toHaveLength(1)
  })

  test(`${name}, and never at a second server`, async () => {
    const first: Fake = await startFake(asked => {
      if (!['add', 'modify', 'move', 'remove'].includes(asked.operation)) return
      asked.cut()
      void first.stop()
    })
    // It may not know yet what the first one did.
    const second = await startFake(serving(make(), () => 'never', change))
    const unknown = { status: 0, code: 'outcome-unknown' }
    await expect(act(connectTo([first.url, second.url]).writer())).rejects.toMatchObject(unknown)
    expect(writesOf(second)).toEqual([])
  })

  test(`${name}, and what a second server shows as done proves nothing`, async () => {
    // It may show what was before: an old account of the name, a membership that has gone, an object that has yet to come.
    const first: Fake = await startFake(asked => {
      if (!['add', 'modify', 'move', 'remove'].includes(asked.operation)) return
      asked.cut()
      void first.stop()
    })
    const second = await startFake(serving(new Map(after), () => 'never', change))
    const unknown = { status: 0, code: 'outcome-unknown', message: expect.stringContaining('may not know yet') }
    await expect(act(connectTo([first.url, second.url]).writer())).rejects.toMatchObject(unknown)
    expect(writesOf(second)).toEqual([])
  })
}

test('an object of the same name with other values is not taken for ours', async () => {
  const domain = newDomain()
  const fake = await startFake(asked => {
    if (asked.operation !== 'add') return serving(domain, () => 'never')(asked)
    domain.set(lee.toLowerCase(), leeAs({ samaccountname: ['g-dana'] }))
    return asked.cut()
  })
  const unknown = { code: 'outcome-unknown', message: expect.stringContaining('sAMAccountName') }
  await expect(connectTo([fake.url]).writer().add(lee, account)).rejects.toMatchObject(unknown)
  expect(fake.of('add')).toHaveLength(1)
})

test('a name that was taken before is still refused after a loss', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'search') return asked.answer(32)
    if (asked.operation !== 'add') return
    return asked.before === 0 ? asked.cut() : asked.answer(68, { diagnostic: '00000524: UpdErr: DSID-031A11FA' })
  })
  const taken = { status: 68, code: 'entryAlreadyExists' }
  await expect(connectTo([fake.url]).writer().add(lee, account)).rejects.toMatchObject(taken)
})

test('a modify whose values cannot be read is not taken for done', async () => {
  const fake = await startFake(serving(newDomain(leeAs({})), () => 'after'))
  const password = [{ operation: 'replace', attribute: 'unicodePwd', values: [Buffer.of(1)] }] as const
  await expect(connectTo([fake.url]).writer().modify(lee, password)).rejects.toMatchObject({ code: 'outcome-unknown' })
})

const modified = [
  ['replaced by what is there', [{ operation: 'replace', attribute: 'title', values: ['a'] }], true],
  ['replaced by less', [{ operation: 'replace', attribute: 'otherTelephone', values: ['1'] }], false],
  ['replaced by nothing', [{ operation: 'replace', attribute: 'mail', values: [] }], true],
  ['deleted, and gone', [{ operation: 'delete', attribute: 'mail', values: [] }], true],
  ['deleted, and there', [{ operation: 'delete', attribute: 'title', values: ['a'] }], false],
  ['added, and there', [{ operation: 'add', attribute: 'otherTelephone', values: ['2'] }], true],
  ['added, and not there', [{ operation: 'add', attribute: 'otherTelephone', values: ['3'] }], false],
  ['a name in another spelling', [{ operation: 'add', attribute: 'member', values: [`cn=G-LEE, ${unit}`] }], true],
  ['a name by its identity', [{ operation: 'add', attribute: 'member', values: [`<GUID=${leeId}>`] }], true],
  ['another case', [{ operation: 'replace', attribute: 'title', values: ['A'] }], false],
] as const

test.each(modified)('what holds after a loss is done: %s', async (_, modifications, holds) => {
  const attributes = { title: ['a'], otherTelephone: ['1', '2'], member: [lee] }
  let performed = 0
  const change = (): number => {
    performed += 1
    return 0
  }
  const fake = await startFake(serving(newDomain(leeAs(attributes)), firstIsLost('before'), change))
  await connectTo([fake.url]).writer().modify(lee, modifications)
  expect(performed).toBe(holds ? 0 : 1)
})

test('the identity of what was created is read, also if the connection is lost in between', async () => {
  const domain = newDomain()
  let cut = false
  const fake = await startFake(asked => {
    if (asked.operation !== 'search' || cut) return serving(domain, () => 'never')(asked)
    cut = true
    return asked.cut()
  })
  expect(await connectTo([fake.url]).writer().add(lee, account)).toBe(leeId)
  expect(fake.of('add')).toHaveLength(1)
})

test('what was created and cannot be read is not a success', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'add') asked.answer()
    if (asked.operation === 'search') asked.answer(0)
  })
  const unread = { code: 'outcome-unknown', message: expect.stringContaining('was created, but not read back') }
  await expect(connectTo([fake.url]).writer().add(lee, account)).rejects.toMatchObject(unread)
})

test.each([51, 52])('a server that says %i has done nothing, and is asked again', async code => {
  const fake = await startFake(asked => {
    if (asked.operation === 'modify') asked.answer(asked.before < 2 ? code : 0)
  })
  const connection = connectTo([fake.url])
  await connection.writer().modify(lee, changeTitle)
  expect(connection.slept).toEqual([500, 1000])
  expect(fake.of('modify')).toHaveLength(3)
})

test('a write that was never sent is sent on the next connection', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'modify') asked.answer()
    if (asked.operation === 'search') asked.answer()
  })
  const writer = connectTo([fake.url]).writer()
  await writer.modify(lee, changeTitle)
  fake.drop()
  await writer.modify(lee, changeTitle)
  expect(fake.of('modify').length).toBeGreaterThanOrEqual(2)
})

test('an interrupt lets a write end, and sends no other', async () => {
  const interrupt = new AbortController()
  const fake = await startFake(asked => {
    if (asked.operation !== 'modify') return
    interrupt.abort()
    setTimeout(() => asked.answer(), 50)
  })
  const writer = connectTo([fake.url], { signal: interrupt.signal }).writer()
  await writer.modify(lee, changeTitle)
  await expect(writer.modify(lee, changeTitle)).rejects.toMatchObject({ code: 'interrupted' })
  expect(fake.of('modify')).toHaveLength(1)
})

test('the same value twice is not sent', async () => {
  const fake = await startFake(() => {})
  const writer = connectTo([fake.url]).writer()
  const twice = { status: 20, code: 'attributeOrValueExists' }
  const member = [lee, lee.toUpperCase().replaceAll(',', ', ')]
  await expect(writer.add(`CN=g,${unit}`, { member })).rejects.toMatchObject(twice)
  await expect(writer.modify(lee, [{ operation: 'add', attribute: 'member', values: member }])).rejects.toMatchObject(
    twice,
  )
  expect(fake.asked).toEqual([])
})

test('text goes as UTF-8 and bytes as they are', async () => {
  const fake = await startFake(asked => asked.operation === 'modify' && asked.answer())
  const values = ['Müller', new Uint8Array([0, 0xff, 0x80]).subarray(1)]
  await connectTo([fake.url])
    .writer()
    .modify(lee, [{ operation: 'replace', attribute: 'description', values }])
  const sent = Buffer.concat([Buffer.of(4, 7), Buffer.from('Müller'), Buffer.of(4, 2, 0xff, 0x80)]).toString('latin1')
  expect(fake.of('modify')[0]?.wire).toContain(sent)
  const broken = [{ operation: 'replace', attribute: 'description', values: ['\ud800'] }] as const
  await expect(connectTo([fake.url]).writer().modify(lee, broken)).rejects.toMatchObject({ code: 'bad-value' })
})

const refusals = [
  [
    50,
    '00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS)',
    'lacks the right to create objects in OU=Shadow,DC=corp',
  ],
  [53, '0000052D: SvcErr: DSID-031A124C, problem 5003 (WILL_NOT_PERFORM)', "does not meet the domain's rules"],
  [68, '00000524: UpdErr: DSID-031A11FA, problem 6005 (ENTRY_EXISTS)', 'this sAMAccountName exists'],
  [68, '00002071: UpdErr: DSID-0305038D', 'A name is taken'],
  [19, '000021C8: AtrErr: DSID-03200EB5', 'this userPrincipalName'],
  [32, '0000208D: NameErr: DSID-03100288', 'The unit OU=Shadow,DC=corp,DC=contoso,DC=com'],
  [65, '0000207D: UpdErr', 'schema of this domain'],
  [99, '', 'ldap99 (LDAP 99)'],
] as const

test.each(refusals)('a refusal with %i (%s) says what to do', async (code, diagnostic, advice) => {
  const fake = await startFake(
    asked => asked.operation === 'add' && asked.answer(code, { diagnostic: `${diagnostic}\0` }),
  )
  const failure = await connectTo([fake.url])
    .writer()
    .add(lee, { ...account, unicodePwd: [Buffer.from('"Secret-4711"', 'utf16le')] })
    .catch((error: Error) => error)
  expect(failure).toMatchObject({ status: code, message: expect.stringContaining(advice) })
  expect(String(failure)).toContain(lee)
  expect(String(failure)).toContain(diagnostic)
  for (const secret of ['Secret', '4711', '\0']) expect(JSON.stringify(failure) + String(failure)).not.toContain(secret)
})

test('a missing right is named where it is missing', async () => {
  const fake = await startFake(asked => asked.operation !== 'bind' && asked.answer(50))
  const writer = connectTo([fake.url]).writer()
  await expect(writer.modify(lee, changeTitle)).rejects.toThrow(/lacks the right to write title there/)
  await expect(writer.move(lee, 'CN=g-lee', archive)).rejects.toThrow(/create objects in OU=Archive/)
  await expect(writer.remove(lee)).rejects.toThrow(/lacks the right to delete it/)
})
