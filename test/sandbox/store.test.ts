import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Change, openStore, type Writer } from '../../src/sandbox/store.ts'

interface Thing {
  readonly name: string
}

const writer: Writer = { pid: 100, isAlive: pid => pid === 100 }

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'guestlist-store-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function things(at: string | undefined, options = {}) {
  const store = openStore(at, 'graph', at === undefined ? {} : { writer, ...options })
  return { store, things: store.collection<Thing>('things') }
}

function read(at: string): readonly string[] {
  return [...openStore(at, 'graph', { readOnly: true }).collection<Thing>('things').values()].map(thing => thing.name)
}

test('in memory it holds what is put, in order, until it is deleted', () => {
  const { things: held } = things(undefined)
  held.put('b', { name: 'B' })
  held.put('a', { name: 'A' })
  held.put('b', { name: 'Bee' })
  expect([...held.values()]).toEqual([{ name: 'Bee' }, { name: 'A' }])
  expect([held.delete('b'), held.delete('b'), held.get('b'), held.has('a'), held.size]).toEqual([
    true,
    false,
    undefined,
    true,
    1,
  ])
})

test('a killed process loses nothing that was written', () => {
  const at = folder()
  const { things: held } = things(at)
  held.put('a', { name: 'A' })
  held.put('b', { name: 'B' })
  held.delete('a')
  expect(read(at)).toEqual(['B'])
})

test('a clean end leaves a snapshot and nothing else', () => {
  const at = folder()
  const { store, things: held } = things(at)
  held.put('a', { name: 'A' })
  store.close()
  expect(readdirSync(at)).toEqual(['graph.snapshot.jsonl'])
  expect(read(at)).toEqual(['A'])
})

test('what follows a snapshot is read on top of it', () => {
  const at = folder()
  const first = things(at)
  first.things.put('a', { name: 'A' })
  first.store.close()
  const second = things(at)
  second.things.put('b', { name: 'B' })
  second.things.delete('a')
  expect(read(at)).toEqual(['B'])
  second.store.close()
  expect(read(at)).toEqual(['B'])
})

test('a line that a crash cut short is forgotten, and writing goes on after it', () => {
  const at = folder()
  things(at).things.put('a', { name: 'A' })
  appendFileSync(join(at, 'graph.journal.jsonl'), '[["things","b",{"na')
  expect(read(at)).toEqual(['A'])
  const { store, things: held } = things(at)
  held.put('c', { name: 'C' })
  expect(read(at)).toEqual(['A', 'C'])
  store.close()
  expect(read(at)).toEqual(['A', 'C'])
})

test('a crash between the new snapshot and the end of its journal changes nothing', () => {
  const at = folder()
  const { store, things: held } = things(at)
  held.put('a', { name: 'A' })
  held.put('a', { name: 'Newer' })
  const journal = readFileSync(join(at, 'graph.journal.jsonl'))
  store.close()
  writeFileSync(join(at, 'graph.journal.jsonl'), journal)
  const again = things(at)
  again.things.put('a', { name: 'Newest' })
  expect(read(at)).toEqual(['Newest'])
})

test.each([
  ['a cut snapshot', 'graph.snapshot.jsonl', (text: string) => text.slice(0, -3)],
  [
    'a snapshot without a line',
    'graph.snapshot.jsonl',
    (text: string) => text.split('\n').slice(0, -2).join('\n').concat('\n'),
  ],
  ['a snapshot of something else', 'graph.snapshot.jsonl', () => '{"users":[]}\n'],
  ['an empty snapshot', 'graph.snapshot.jsonl', () => ''],
  ['a broken line amid the journal', 'graph.journal.jsonl', (text: string) => text.replace('["things"', '[things')],
  ['a journal without a head', 'graph.journal.jsonl', (text: string) => text.split('\n').slice(1).join('\n')],
])('%s is said to be damaged, with the way out', (_what, file, damage) => {
  const at = folder()
  const first = things(at)
  first.things.put('a', { name: 'A' })
  first.store.close()
  things(at).things.put('b', { name: 'B' })
  writeFileSync(join(at, file), damage(readFileSync(join(at, file), 'utf8')))
  expect(() => read(at)).toThrow(
    expect.objectContaining({ code: 'sandbox-corrupt', hint: expect.stringContaining('guestlist sandbox reset') }),
  )
  const { things: held } = things(at, { fresh: true })
  expect(held.size).toBe(0)
})

test('read-only writes nothing: changes stay in memory', () => {
  const at = folder()
  things(at).store.close()
  const before = readdirSync(at)
  const store = openStore(at, 'graph', { readOnly: true })
  store.collection<Thing>('things').put('a', { name: 'A' })
  store.clear()
  store.close()
  expect(readdirSync(at)).toEqual(before)
})

test('read-only makes no folder', () => {
  const at = join(folder(), 'missing')
  openStore(at, 'graph', { readOnly: true }).close()
  expect(existsSync(at)).toBe(false)
})

test('opening and closing without a change writes no snapshot', () => {
  const at = folder()
  const first = things(at)
  first.things.put('a', { name: 'A' })
  first.store.close()
  const before = statSync(join(at, 'graph.snapshot.jsonl')).mtimeMs
  things(at).store.close()
  expect(statSync(join(at, 'graph.snapshot.jsonl')).mtimeMs).toBe(before)
})

test('a living process keeps others out, and frees the folder when it closes', () => {
  const at = folder()
  const { store } = things(at)
  const other: Writer = { pid: 200, isAlive: pid => pid === 100 || pid === 200 }
  expect(() => openStore(at, 'graph', { writer: other })).toThrow(
    expect.objectContaining({ code: 'sandbox-in-use', message: expect.stringContaining('in use by process 100') }),
  )
  store.close()
  openStore(at, 'graph', { writer: other }).close()
})

test('the lock of a dead process is taken over', () => {
  const at = folder()
  things(at).things.put('a', { name: 'A' })
  const next: Writer = { pid: 200, isAlive: pid => pid === 200 }
  const store = openStore(at, 'graph', { writer: next })
  expect(store.collection('things').size).toBe(1)
  expect(readFileSync(join(at, 'graph.lock'), 'utf8')).toBe('200')
})

test('readers are not kept out', () => {
  const at = folder()
  things(at).things.put('a', { name: 'A' })
  expect(read(at)).toEqual(['A'])
})

test('a store that cannot be opened leaves no lock', () => {
  const at = folder()
  writeFileSync(join(at, 'graph.snapshot.jsonl'), 'x')
  expect(() => things(at)).toThrow('damaged')
  expect(readdirSync(at)).toEqual(['graph.snapshot.jsonl'])
})

test('changes made together are one line of the journal', () => {
  const at = folder()
  const { store, things: held } = things(at)
  store.atomically(() => {
    held.put('a', { name: 'A' })
    store.atomically(() => held.put('b', { name: 'B' }))
  })
  expect(readFileSync(join(at, 'graph.journal.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(2)
  expect(read(at)).toEqual(['A', 'B'])
})

test('changes made together are undone together', () => {
  const at = folder()
  const { store, things: held } = things(at)
  held.put('a', { name: 'A' })
  const attempt = () =>
    store.atomically(() => {
      held.put('a', { name: 'changed' })
      held.put('b', { name: 'B' })
      held.delete('a')
      throw new Error('no')
    })
  expect(attempt).toThrow('no')
  expect([...held.values()]).toEqual([{ name: 'A' }])
  expect(read(at)).toEqual(['A'])
})

test('watchers are told of every change, of undone ones too', () => {
  const { store, things: held } = things(undefined)
  const seen: Change[] = []
  store.watch(change => seen.push(change))
  held.put('a', { name: 'A' })
  expect(() =>
    store.atomically(() => {
      held.delete('a')
      throw new Error('no')
    }),
  ).toThrow()
  const [before, after] = [undefined, { name: 'A' }]
  expect(seen).toEqual([
    { collection: 'things', id: 'a', before, after },
    { collection: 'things', id: 'a', before: after, after: before },
    { collection: 'things', id: 'a', before, after },
  ])
})

test('cleared, it is empty in memory and in the folder', () => {
  const at = folder()
  const { store, things: held } = things(at)
  held.put('a', { name: 'A' })
  store.clear()
  expect([held.size, store.names(), read(at)]).toEqual([0, [], []])
  held.put('b', { name: 'B' })
  expect(read(at)).toEqual(['B'])
})

test('two stores of one folder do not meet', () => {
  const at = folder()
  const [graph, directory] = [openStore(at, 'graph', { writer }), openStore(at, 'directory', { writer })]
  graph.collection<Thing>('things').put('a', { name: 'A' })
  expect(directory.collection('things').size).toBe(0)
})
