// The journal of an apply, and its check: whatever is done to a line shows, and nothing is changed that is not written down.

import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { actorOf } from '../../src/cli/actor.ts'
import type { Host } from '../../src/cli/host.ts'
import { openJournal } from '../../src/cli/journal.ts'
import { checkJournal } from '../../src/cli/journal-check.ts'
import { lineOf } from '../../src/cli/journal-line.ts'
import type { AuditRecord } from '../../src/model/journal.ts'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command, sink } from './fake-host.ts'

const journal = '.guestlist/sandbox/journal.jsonl'
/** A record that may stand anywhere. */
const alone = { record: 'apply-refused', reasons: [], exitCode: 3 } as unknown as AuditRecord

function contoso(): string {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  return cwd
}

function linesOf(cwd: string, file = journal): string[] {
  return readFileSync(join(cwd, file), 'utf8').trimEnd().split('\n')
}

function recordsOf(cwd: string, file = journal): (AuditRecord & Record<string, unknown>)[] {
  return linesOf(cwd, file).map(line => JSON.parse(line))
}

const check = (lines: readonly string[], head?: string) => checkJournal(Buffer.from(`${lines.join('\n')}\n`), head)
const codes = (lines: readonly string[], head?: string) => check(lines, head).troubles.map(({ code }) => code)

const jwt = ['{}', JSON.stringify({ tid: 'T-1', appid: 'A-2', oid: 'O-3' }), ''].map(part =>
  Buffer.from(part).toString('base64url'),
)

let cwd: string
let lines: string[]
let head: string

beforeAll(async () => {
  cwd = contoso()
  const host = { cwd, graphToken: jwt.join('.'), user: { name: 'anna', machine: 'desk' } }
  expect((await command(['apply', '--sandbox'], host)).code).toBe(0)
  lines = linesOf(cwd)
  head = JSON.parse(lines.at(-1) ?? '').hash
})

describe('what is written', () => {
  test('who, as whom, which plan and policies, under which overrides', () => {
    expect(recordsOf(cwd)[0]).toMatchObject({
      seq: 1,
      previous: null,
      record: 'apply-begun',
      actor: { name: 'anna', via: 'terminal', run: null, machine: 'desk' },
      identity: { entra: { tenantId: 't-1', appId: 'a-2', objectId: 'o-3' }, activeDirectory: null },
      sandbox: true,
      organization: 'contoso',
      plan: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      policyDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      overrides: [{ by: 'anna@contoso.com', guardrail: 'longestAccess' }],
    })
  })

  test('each change before it begins and when it has ended, with the ids of its requests', () => {
    const records = recordsOf(cwd)
    const begun = records.filter(({ record }) => record === 'change-begun')
    const done = records.filter(({ record, status }) => record === 'change-ended' && status === 'done')
    expect(done.length).toBe(records[0]?.changes)
    expect(new Set(done.map(({ id }) => id))).toEqual(new Set(begun.map(({ id }) => id)))
    for (const [index, { id }] of records.entries().filter(([, { record }]) => record === 'change-ended')) {
      expect(records.findIndex(other => other.record === 'change-begun' && other.id === id)).toBeLessThan(index)
    }
    const silent = done.filter(({ id, requestIds }) => /^entra/.test(String(id)) && (requestIds as []).length === 0)
    expect(silent).toEqual([])
    expect(records.filter(({ record }) => record === 'effect').length).toBe(records[0]?.effects)
    expect(records.at(-1)).toMatchObject({ record: 'apply-ended', done: done.length, failed: 0, exitCode: 0 })
  })

  test('as its schema says', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false })
    ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const isValid = ajv.compile(JSON.parse(readFileSync(join(repository, 'schemas/journal.schema.json'), 'utf8')))
    for (const line of recordsOf(cwd)) expect(isValid(line), JSON.stringify(isValid.errors)).toBe(true)
    expect(isValid({ ...recordsOf(cwd)[0], record: 'other' })).toBe(false)
  })

  test('for its owner only, and no secret', () => {
    expect(statSync(join(cwd, journal)).mode & 0o777).toBe(0o600)
    expect(lines.join('\n')).not.toMatch(/redeem|unicodePwd|Bearer/i)
    expect(lines.join('\n')).not.toContain(jwt[1])
  })

  test('also what fails before it could change anything', async () => {
    const place = contoso()
    // Before a guest is invited, the person is looked for.
    const looked = 'GET /users/lee_fabrikam.com%23EXT%23%40contoso.onmicrosoft.com'
    writeFileSync(join(place, 'faults.yaml'), `graph: [{fault: missing, on: '${looked}', in: batch}]\n`)
    expect((await command(['apply', '--sandbox', '--faults', 'faults.yaml'], { cwd: place })).code).toBe(5)
    const failed = recordsOf(place).filter(({ record, status }) => record === 'change-ended' && status === 'failed')
    expect(failed).toContainEqual(expect.objectContaining({ code: 'incomplete-batch', requestIds: [] }))
    expect(await command(['audit', 'verify', journal], { cwd: place })).toMatchObject({ code: 0, stderr: '' })
  })

  test('an apply that finds nothing to do says so; a refused one, why', async () => {
    const place = contoso()
    await command(['apply', '--sandbox'], { cwd: place })
    const before = linesOf(place).length
    await command(['apply', '--sandbox'], { cwd: place })
    expect(recordsOf(place).slice(before)).toMatchObject([
      { record: 'apply-begun', changes: 0, effects: 0 },
      { record: 'apply-ended', done: 0 },
    ])
    writeFileSync(join(place, 'policies/access/fabrikam.yaml'), '')
    const { code } = await command(['apply', '--sandbox'], { cwd: place })
    expect(code).toBe(3)
    const refused = recordsOf(place).slice(before + 2)
    expect(refused).toMatchObject([{ record: 'apply-refused', exitCode: 3 }])
    expect(refused[0]?.reasons).toContainEqual({
      code: 'guardrail/removals',
      message: expect.stringMatching(/^takes away/),
    })
    const verified = await command(['audit', 'verify', journal], { cwd: place })
    expect(verified.code).toBe(0)
    expect(verified.stdout).toContain('2 applies, 1 refused')
    await command(['sandbox', 'reset'], { cwd: place })
    expect(existsSync(join(place, journal))).toBe(false)
  })

  test('the name of a pipeline and its run', () => {
    const gitHub = {
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: 'maria',
      GITHUB_REPOSITORY: 'contoso/partners',
      GITHUB_RUN_ID: '77',
      GITHUB_RUN_ATTEMPT: '2',
    }
    expect(actorOf({ env: gitHub })).toEqual({
      name: 'maria',
      via: 'github',
      run: 'https://github.com/contoso/partners/actions/runs/77/attempts/2',
      machine: null,
    })
    const azure = {
      TF_BUILD: 'True',
      BUILD_REQUESTEDFOR: 'Maria Example',
      SYSTEM_COLLECTIONURI: 'https://dev.azure.com/contoso/',
      SYSTEM_TEAMPROJECT: 'Partner Access',
      BUILD_BUILDID: '9',
      AGENT_MACHINENAME: 'agent-1',
    }
    expect(actorOf({ env: azure })).toEqual({
      name: 'Maria Example',
      via: 'azure-pipelines',
      run: 'https://dev.azure.com/contoso/Partner%20Access/_build/results?buildId=9',
      machine: 'agent-1',
    })
    expect(actorOf({ env: {} })).toEqual({ name: null, via: 'terminal', run: null, machine: null })
  })
})

describe('the check', () => {
  test('of a journal as it was written', async () => {
    expect(check(lines, head)).toMatchObject({ applies: 1, troubles: [], remarks: [], head, headAt: lines.length })
    const { code, stdout } = await command(['audit', 'verify', journal, '--head', head], { cwd })
    expect(code).toBe(0)
    expect(stdout).toContain(`It ends in ${head}, as it should.`)
  })

  const any = (from = 0, spare = 0) => fc.nat().map(n => from + (n % (lines.length - from - spare)))
  const holds = (from: number, spare: number, property: (index: number) => void) =>
    fc.assert(fc.property(any(from, spare), property), { numRuns: 60 })

  test('a line that is removed', () => {
    holds(0, 1, index => {
      const troubles = check(lines.toSpliced(index, 1)).troubles
      expect(troubles).toMatchObject([{ line: index + 1, code: 'missing' }])
    })
  })

  test('lines that are cut from the end: with a hash that was noted', () => {
    holds(1, 0, index => {
      expect(codes(lines.slice(0, index))).toEqual([])
      expect(codes(lines.slice(0, index), head)).toEqual(['no-such-line'])
    })
  })

  test('any character that is changed, up to the last line', () => {
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (n, by) => {
        const changed = Buffer.from(bytes)
        const index = n % (bytes.length - 1)
        changed[index] = ((changed[index] ?? 0) + by) % 256
        expect(checkJournal(changed, undefined).troubles).not.toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('a line that is changed and hashed anew', () => {
    holds(0, 1, index => {
      const { hash: _, ...told } = JSON.parse(lines[index] ?? '')
      const forged = lineOf(told, { ...told, time: '2020-01-01T00:00:00.000Z' }).text
      expect(check(lines.toSpliced(index, 1, forged)).troubles).toMatchObject([{ line: index + 2, code: 'replaced' }])
    })
  })

  test('a line that is put in, also one with fitting hashes, or twice', () => {
    holds(1, 1, index => {
      const before = JSON.parse(lines[index - 1] ?? '')
      const link = { seq: before.seq + 1, time: before.time, previous: before.hash }
      expect(codes(lines.toSpliced(index, 0, lineOf(link, alone).text))).not.toEqual([])
      expect(codes(lines.toSpliced(index, 0, lines[index] ?? ''))).toEqual(['misplaced'])
      expect(codes(lines.toSpliced(index, 0, 'x'))).toEqual(['no-line'])
    })
  })

  test('lines that have changed places', () => {
    holds(0, 1, index => {
      const [one = '', other = ''] = [lines[index], lines[index + 1]]
      expect(codes(lines.toSpliced(index, 2, other, one))).not.toEqual([])
    })
  })

  test('what is put in after the last line break, unless a crash can have left it', () => {
    const rest = (text: string) => {
      const { troubles, remarks } = checkJournal(Buffer.from(`${lines.join('\n')}\n${text}`), head)
      return [...troubles, ...remarks].map(({ line, code }) => `${code} ${line - lines.length}`)
    }
    const next = lines.length + 1
    for (const foreign of [
      'hello',
      ' ',
      '\0'.repeat(9),
      `{"seq":${next},"time":"2\0`,
      `{"seq":${next + 1}`,
      '{"seq":1',
    ])
      expect(rest(foreign), foreign).toEqual(['no-line 1'])
    expect(rest('\n')).toEqual(['no-line 1'])
    for (const ours of ['{', `{"seq":${next},"ti`, `{"seq":${next},"time":"2026-12-01T09:00:00.000Z","prev`])
      expect(rest(ours), ours).toEqual(['torn 1'])
    expect(rest(`{"seq":${next}\n{"seq"`)).toEqual(['torn 1', 'torn 2'])
  })

  /** The chain made anew over what somebody left of the lines. */
  const chainedAnew = (kept: readonly string[]): string[] => {
    let previous: string | null = null
    return kept.map((line, index) => {
      const { seq: _seq, time, previous: _previous, hash: _hash, ...record } = JSON.parse(line)
      const { text, hash } = lineOf({ seq: index + 1, time, previous }, record)
      previous = hash
      return text
    })
  }

  test('lines that are taken out, with the rest chained anew: an apply counts its changes', () => {
    expect(codes(chainedAnew(lines))).toEqual([])
    const recordOf = (line: string) => JSON.parse(line).record as string
    const { id } = JSON.parse(lines.find(line => recordOf(line) === 'change-begun') ?? '')
    const without = (gone: (record: string, line: string) => boolean) =>
      new Set(codes(chainedAnew(lines.filter(line => !gone(recordOf(line), line)))))
    const isOfChange = (line: string): boolean => JSON.parse(line).id === id
    const miscounted = new Set(['miscounted'])
    expect(without((_record, line) => isOfChange(line))).toEqual(miscounted)
    expect(without((record, line) => record === 'change-begun' && isOfChange(line))).toEqual(miscounted)
    expect(without((record, line) => record === 'change-ended' && isOfChange(line))).toEqual(miscounted)
    expect(without(record => record === 'effect')).toEqual(miscounted)
    const [begun = '', last = ''] = [lines[0], lines.at(-1)]
    const nothing = last.replace(/"done":\d+/, '"done":0')
    expect(codes(chainedAnew([begun, nothing]))).toContain('miscounted')
    const evil = begun.replace(/"changes":\d+/, '"changes":{"toString":1}')
    expect(codes(chainedAnew([evil, ...lines.slice(1)]))).toEqual(['miscounted'])
    const odd = lines.map(line => line.replace('"status":"done"', '"status":{"toString":1}'))
    expect(new Set(codes(chainedAnew(odd)))).toEqual(miscounted)
  })

  test('with the hash of an earlier line: what comes after it is not covered, and is told', async () => {
    const { hash } = JSON.parse(lines[7] ?? '')
    const forged = chainedAnew(lines).slice(0, 8)
    expect(check(forged, hash)).toMatchObject({ troubles: [], remarks: [{ code: 'unfinished' }] })
    expect(check(lines, hash)).toMatchObject({ troubles: [], remarks: [{ line: 9, code: 'after-head' }] })
    const { code, stdout } = await command(['audit', 'verify', journal, '--head', hash], { cwd })
    expect(code).toBe(0)
    expect(stdout).toContain(
      `${journal}:9: warning[after-head]: the hash is that of line 8: lines 9 to ${lines.length} come after it, and it says nothing of them`,
    )
    expect(stdout).not.toContain('as it should')
    expect(stdout).toContain(`${journal}: as it was written up to line 8; ${lines.length} lines`)
    expect(stdout).toContain(`It ends in ${head}: note that hash, where nobody changes it.`)
  })

  test('line breaks of another system, and a file that is no journal', async () => {
    expect(codes(lines.map(line => `${line}\r`)).length).toBe(lines.length)
    writeFileSync(join(cwd, 'other'), '{"a":1}\n')
    expect(await command(['audit', 'verify', 'other'], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error[no-journal]: other is no journal'),
    })
  })

  test('says what is wrong and where; nothing in a journal reaches the terminal as it is', async () => {
    const begun = { record: 'change-begun', id: '\u001b[2J\u202eevil' } as unknown as AuditRecord
    const first = lineOf({ seq: 1, time: '\u001b[31m', previous: null }, JSON.parse(lines[0] ?? ''))
    const second = lineOf({ seq: 2, time: '\u001b[31m', previous: first.hash }, begun)
    const forged = lineOf({ seq: 9, time: '\u001b[31m', previous: second.hash }, begun)
    writeFileSync(join(cwd, 'evil'), `${[first, second, forged].map(({ text }) => text).join('\n')}\n`)
    const { code, stdout } = await command(['audit', 'verify', 'evil'], { cwd })
    expect(code).toBe(1)
    expect(stdout).not.toMatch(/[\u001b\u202e]/)
    expect(stdout).toContain(
      'evil:3: error[missing]: this is line 9 of the journal: lines 3 to 8 are missing before it',
    )
  })
})

const host: Pick<Host, 'writer' | 'now'> = { writer: { pid: 1, isAlive: () => true }, now: () => 0 }
const open = (path: string, pid = 1) => openJournal({ ...(host as Host), writer: { ...host.writer, pid } }, path, false)

describe('the file', () => {
  test('what a crash left of a line is told by the next one, at any length', () => {
    const place = emptyFolder()
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (first, second) => {
        const path = join(place, 'torn')
        const whole = Buffer.from(`${lines.slice(0, 3).join('\n')}\n`)
        writeFileSync(path, whole.subarray(0, 1 + (first % (whole.length - 1))))
        const write = (): void => {
          const opened = open(path)
          opened.write(alone)
          opened.close()
        }
        write()
        const once = readFileSync(path)
        expect(checkJournal(once, undefined).troubles).toEqual([])
        // And a crash while that line was being written.
        writeFileSync(path, once.subarray(0, once.length - 1 - (second % 200)))
        write()
        expect(checkJournal(readFileSync(path), undefined).troubles).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('one apply at a time', () => {
    const path = join(emptyFolder(), 'j')
    const mine = open(path)
    expect(() => open(path, 2)).toThrow('is being written by process 1')
    mine.write(alone)
    appendFileSync(path, 'x')
    expect(() => mine.write(alone)).toThrow('somebody else writes to the journal')
    mine.close()
    expect(readdirSync(join(path, '..'))).toEqual(['j'])
  })

  test('nothing is added to a journal whose last line was changed, nor to another file', () => {
    const place = emptyFolder()
    const changed = `${lines[0]}\n${lines[1]?.replace('"gain"', '"lose"')}\n`
    const endingIn = (rest: string): string => `${lines[0]}\n${rest}`
    for (const content of [
      changed,
      '# Notes\n',
      'x',
      endingIn('hello'),
      endingIn('  '),
      endingIn('{"seq":2,"time":"\0'),
      endingIn('\n'),
    ]) {
      writeFileSync(join(place, 'j'), content)
      expect(() => open(join(place, 'j'))).toThrow('not as it was written')
      expect(readFileSync(join(place, 'j'), 'utf8')).toBe(content)
    }
    expect(readdirSync(place)).toEqual(['j'])
  })
})

describe('a journal that cannot be written', () => {
  test('before anything is changed: nothing is', async () => {
    const place = contoso()
    mkdirSync(join(place, 'folder'))
    for (const file of ['folder', 'not/there', '/dev/null']) {
      const { code, stdout, stderr } = await command(['apply', '--sandbox', '--journal', file], { cwd: place })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/error\[(journal|file)\]: .*journal/)
    }
    expect((await command(['plan', '--sandbox', '--detailed-exitcode'], { cwd: place })).code).toBe(2)
    expect((await command(['apply', '--sandbox', '--journal', 'mine'], { cwd: place })).stderr).toMatch(
      /^Journal: mine, \d+ lines, ends in [0-9a-f]{64}$/m,
    )
    expect((await command(['audit', 'verify', 'mine'], { cwd: place })).code).toBe(0)
  })

  test('in the middle: what is under way ends, nothing new begins', async () => {
    const place = contoso()
    const stderr = sink()
    const write = (text: string): void => {
      stderr.write(text)
      if (text.startsWith('[ 69/') || text.startsWith('[ 70/')) appendFileSync(join(place, journal), 'x')
    }
    const { code, stdout } = await command(['apply', '--sandbox'], { cwd: place, stderr: { ...stderr, write } })
    expect(code).toBe(5)
    expect(stderr.heard()).toContain('error[journal]: somebody else writes to the journal')
    const [, done, all] = /^Applied (\d+) of (\d+) changes/m.exec(stdout) ?? []
    expect(Number(done)).toBeGreaterThanOrEqual(69)
    expect(Number(done)).toBeLessThan(90)
    expect(Number(all)).toBeGreaterThan(300)
    const written = linesOf(place).filter(line => line.includes('"record":"change-begun"'))
    expect(written.length).toBeGreaterThanOrEqual(Number(done))
  })
})
