// `--quota`, `--replication-lag` and `--faults`: a sandbox as unkind as the service, and every mistake in what asks for it.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Host } from '../../src/cli/host.ts'
import { faultNames } from '../../src/sandbox/directory/faults.ts'
import { graphFaults } from '../../src/sandbox/graph/faults/kinds.ts'
import { weathers } from '../../src/sandbox/graph/faults/weather.ts'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command, type Heard, sink } from './fake-host.ts'

/** The Contoso example. */
function contoso(files: Readonly<Record<string, string>> = {}): string {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return cwd
}

function apply(cwd: string, ...options: readonly string[]): Promise<Heard> {
  return command(['apply', '--sandbox', ...options], { cwd })
}

async function dumped(cwd: string): Promise<unknown> {
  return JSON.parse((await command(['sandbox', 'dump'], { cwd })).stdout)
}

const simulated = /^Simulated: (.*)\.$/m

test('without them nothing is simulated', async () => {
  const { code, stderr } = await apply(contoso())
  expect(code).toBe(0)
  expect(stderr).not.toMatch(simulated)
})

test('an apply at the medium quota, on a clock of its own', async () => {
  const cwd = contoso()
  const { code, stdout, stderr } = await apply(cwd, '--quota', 'medium')
  expect(stdout).toMatch(/^Applied 347 changes/m)
  expect(code).toBe(0)
  expect(stderr).toMatch(simulated)
  expect((await apply(cwd)).stdout).toBe('Nothing to do.\n')
})

test('what is slow takes no time of ours, and is told', async () => {
  const cwd = contoso({ 'slow.yaml': 'graph: [{fault: slow, ms: 90000, on: GET /groups}]' })
  const { code, stderr } = await command(['plan', '--sandbox', '--faults', 'slow.yaml'], { cwd })
  expect(code).toBe(0)
  const [, told = ''] = simulated.exec(stderr) ?? []
  expect(told).toMatch(/^\d+ min \d+ s, \d+ faults? \(\d+ × slow\)$/)
})

test('the same file has the same things happen', async () => {
  const faults = '{seed: 5, graph: [{fault: 503, chance: 0.3}]}'
  const told = async (): Promise<string | undefined> => {
    const cwd = contoso({ 'faults.yaml': faults })
    return simulated.exec((await command(['plan', '--sandbox', '--faults', 'faults.yaml'], { cwd })).stderr)?.[1]
  }
  const first = await told()
  expect(first).toMatch(/× 503/)
  expect(await told()).toBe(first)
})

test('the next apply meets other faults, and the same ones again in a sandbox that starts over', async () => {
  const cwd = contoso({ 'faults.yaml': '{seed: 5, graph: [{fault: 503, chance: 0.3}]}' })
  const told = async (): Promise<string | undefined> => {
    const { stdout, stderr } = await apply(cwd, '--faults', 'faults.yaml')
    expect(stdout).toBe('Nothing to do.\n')
    return simulated.exec(stderr)?.[1]
  }
  await apply(cwd)
  const both = [await told(), await told()]
  expect(both[0]).toMatch(/× 503/)
  expect(both[1]).not.toBe(both[0])
  await command(['sandbox', 'reset'], { cwd })
  await apply(cwd)
  expect([await told(), await told()]).toEqual(both)
})

test('faults of the domain controllers reach the client over LDAP', async () => {
  const cwd = contoso({ 'faults.yaml': 'directory: {rules: [{fault: strong-auth, operation: bind, times: 1000}]}' })
  const { code, stderr } = await command(['plan', '--sandbox', '--faults', 'faults.yaml'], { cwd })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error\[.*strong/im)
})

test('what goes wrong changes answers, never what is kept', async () => {
  const kind = contoso()
  await apply(kind)
  const unkind = contoso({
    'faults.yaml': 'graph: [{fault: 429, every: 4, retryAfter: 1}, {fault: repeated-items}, {fault: slow, every: 7}]',
  })
  expect((await apply(unkind, '--faults', 'faults.yaml', '--concurrency', '1')).code).toBe(0)
  const names = (state: unknown): readonly string[] =>
    (state as { graph: { groups: { displayName: string }[] } }).graph.groups
      .map(({ displayName }) => displayName)
      .sort()
  expect(names(await dumped(unkind))).toEqual(names(await dumped(kind)))
  expect((await apply(unkind)).stdout).toBe('Nothing to do.\n')
})

test('the command that comes next is told with them', async () => {
  const cwd = contoso({ 'faults.yaml': 'weather: calm' })
  const { stdout } = await command(
    ['plan', '--sandbox', '--quota', 'small', '--replication-lag', '5', '--faults', 'faults.yaml'],
    { cwd },
  )
  expect(stdout).toMatch(/guestlist apply --sandbox --quota small --replication-lag 5 --faults faults\.yaml$/m)
})

test.each([
  [['plan', '--quota', 'small'], '--quota is for the sandbox'],
  [['plan', '--replication-lag', '5'], '--replication-lag is for the sandbox'],
  [['apply', '--faults', 'x.yaml'], '--faults is for the sandbox'],
  [['validate', '--replication-lag', '5'], '--replication-lag means nothing to `guestlist validate`'],
  [['sandbox', 'reset', '--quota', 'small'], '--quota means nothing to `guestlist sandbox reset`'],
  [['sandbox', 'dump', '--faults', 'x.yaml'], '--faults means nothing to `guestlist sandbox dump`'],
  [['sandbox', 'sync', '--replication-lag', '5'], '--replication-lag means nothing to `guestlist sandbox sync`'],
  [['plan', '--sandbox', '--quota', 'tiny'], "argument 'tiny' is invalid"],
  [['plan', '--sandbox', '--replication-lag', 'long'], 'It is a whole number from 0 to 3600000.'],
  [['plan', '--sandbox', '--faults', 'none.yaml'], 'there is no file none.yaml'],
])('%j is a mistake', async (args, message) => {
  const { code, stdout, stderr } = await command(args, { cwd: contoso() })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(message)
})

test.each([
  ['seed: -1', '1:7: error[out-of-range]: `seed` must be at least 0'],
  ['seed: 4\nwether: storm', '2:1: error[unknown-key]: the file has no key `wether`'],
  ['weather: fog', '1:10: error[unknown-value]: `weather` must be `calm`, `unsettled` or `storm`, not `fog`'],
  ['quota: huge', '1:8: error[unknown-value]: `quota` must be `small`, `medium` or `large`, not `huge`'],
  ['quota: {batchStatus: 424}', '1:1: error[missing-key]: `size` is missing in `quota`'],
  ['replication: {lag: slowly}', '1:20: error[bad-value]: `lag` must be milliseconds, or `incident`'],
  ['replication: {lag: -5}', '1:20: error[out-of-range]: `lag` must be at least 0'],
  ['graph: [{on: GET}]', '1:9: error[missing-key]: `fault` is missing in an item of `graph`'],
  ['graph: [{fault: 503, on: FETCH /users}]', '1:26: error[bad-value]: `on` must be a method, a path or both'],
  ['graph: [{fault: 503, on: GET|POST users}]', '1:26: error[bad-value]: `on` must be a method, a path or both'],
  ['graph: [{fault: 503, nth: 1, chance: 1}]', '1:30: error[misplaced-key]: only one of `nth`, `every` and `chance`'],
  ['graph: [{fault: 503, on: POST /groups**}]', '1:26: error[bad-pattern]: `*` is one whole part of a path'],
  ['graph: [{fault: 503, on: /groups/**/members}]', '1:26: error[bad-pattern]: `*` is one whole part of a path'],
  ['directory: {share: 1}', '1:13: error[misplaced-key]: `share` is of the faults in `among`'],
  ['graph: [{fault: 503, ms: 1}]', '1:22: error[misplaced-key]: `ms` is for the fault `slow`'],
  ['graph: [{fault: slow, retryAfter: 1}]', '1:23: error[misplaced-key]: `retryAfter` is for'],
  ['graph: [{fault: 429, carriedOut: true}]', '1:22: error[misplaced-key]: with the fault `429` there is no choice'],
  ['directory: {rules: [{fault: bussy}]}', '1:29: error[unknown-value]: `fault` must be `busy`'],
  ['graph: [', '1:9: error[yaml-syntax]'],
  ['', '1:1: error[empty-file]: this file says nothing'],
  ['{}', '1:1: error[needs-one]: the document names nothing that goes wrong'],
  ['- seed', '1:1: error[wrong-type]: the document must be a mapping, not a list'],
  ['seed: 1\n---\nseed: 2', '3:1: error[too-many]: this file has one document'],
  ['{"seed": "1"}', '1:10: error[wrong-type]: `seed` must be a whole number, not text'],
])('%j is told with its place', async (text, message) => {
  const { code, stderr } = await command(['plan', '--sandbox', '--faults', 'f/faults.yaml'], { cwd: withFaults(text) })
  expect(code).toBe(1)
  expect(`\n${stderr}`).toContain(`\nf/faults.yaml:${message}`)
  expect(stderr).not.toMatch(/internal error/)
})

function withFaults(text: string): string {
  const cwd = contoso()
  cpSync(join(cwd, 'policies'), join(cwd, 'f'), { recursive: true })
  writeFileSync(join(cwd, 'f/faults.yaml'), text)
  return cwd
}

test('the example in the help is a file that can be used', async () => {
  const { stdout } = await command(['sandbox', 'serve', '--help'], { cwd: emptyFolder() })
  const [, example = ''] = /^What goes wrong .*\n((?: {2}.*\n)+)/m.exec(stdout) ?? []
  expect(example).toMatch(/seed: 7/)
  const { code, stderr } = await command(['plan', '--sandbox', '--faults', 'f/faults.yaml'], {
    cwd: withFaults(example),
  })
  expect(stderr).toMatch(simulated)
  expect(code).toBe(0)
})

test('the schema knows the faults that there are', () => {
  const schema = JSON.parse(readFileSync(join(repository, 'schemas/faults.schema.json'), 'utf8'))
  const { weather, graph } = schema.properties
  expect(graph.items.properties.fault.enum).toEqual(graphFaults)
  expect(weather.enum).toEqual(weathers)
  expect(schema.$defs.directoryFault.enum).toEqual(faultNames)
})

test('sandbox serve is unkind in real time, and tells at its end what went wrong', async () => {
  const cwd = contoso({ 'faults.yaml': 'graph: [{fault: 503, nth: 2, retryAfter: 7}]' })
  const [stdout, stderr] = [sink(), sink()]
  const interrupts: (() => void)[] = []
  const onInterrupt: Host['onInterrupt'] = handler => {
    interrupts.push(handler)
    return () => {}
  }
  const address = Promise.withResolvers<string>()
  const served = command(['sandbox', 'serve', '--quota', 'small', '--faults', 'faults.yaml'], {
    cwd,
    onInterrupt,
    stdout: { ...stdout, write: text => address.resolve(text.trim()) },
    stderr,
  })
  const ask = async (): Promise<Response> =>
    await fetch(`${await address.promise}/v1.0/groups`, { headers: { authorization: 'Bearer any' } })
  const [first, second] = [await ask(), await ask()]
  expect([first.status, first.headers.get('x-ms-resource-unit')]).toEqual([200, '1'])
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '7'])
  for (const interrupt of interrupts) interrupt()
  expect((await served).code).toBe(0)
  expect(stderr.heard()).toBe('In all: 1 fault (1 × 503).\n')
})
