// Files that look like plans, and what is said of them. None of them may hurt whoever reads it.

import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { version } from '../../src/cli/installed.ts'
import { checkMeant, Outdated, readPlanFile } from '../../src/cli/plan-file.ts'
import { checksumOf, digestOfContent } from '../../src/engine/plan.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { Failure } from '../../src/model/problem.ts'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

const now = Date.parse('2026-12-01T09:00:00Z')
const cwd = emptyFolder()
const path = join(cwd, 'plan.json')
let plan: Plan

beforeAll(async () => {
  mkdirSync(join(cwd, 'seed'))
  const policies = join(repository, 'policies')
  const made = await command(['plan', '--sandbox', '--policies', policies, '--out', 'plan.json'], { cwd })
  expect(made.code).toBe(0)
  plan = JSON.parse(readFileSync(path, 'utf8')) as Plan
})

function failure(action: () => unknown): Failure {
  try {
    action()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it was taken')
}

function refused(text: string | object): string {
  writeFileSync(path, typeof text === 'string' ? text : JSON.stringify(text))
  const { code, message } = failure(() => readPlanFile(path, 'plan.json'))
  return `${code}: ${message}`
}

function sealed(spoilt: object): Plan {
  const whole = { ...spoilt, digest: digestOfContent(spoilt) }
  return { ...whole, checksum: checksumOf(whole) } as Plan
}

test('a plan is saved on one line, and shown on many', async () => {
  const args = ['plan', '--sandbox', '--policies', join(repository, 'policies'), '--out', 'saved.json']
  const { stdout } = await command([...args, '--format', 'json'], { cwd })
  const saved = readFileSync(join(cwd, 'saved.json'), 'utf8')
  expect(saved.indexOf('\n')).toBe(saved.length - 1)
  expect(stdout.length).toBeGreaterThan(saved.length * 1.3)
  expect(JSON.parse(stdout)).toEqual(JSON.parse(saved))
})

test('a plan is read as it was written', () => {
  writeFileSync(path, JSON.stringify(plan, null, 2))
  expect(readPlanFile(path, 'plan.json')).toEqual(plan)
})

describe('what is no plan', () => {
  const [first] = [{ id: 'entra/guest/a', plane: 'entra', kind: 'guest' }]
  const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`

  test.each([
    ['empty', '', 'not-a-plan: plan.json is not a plan: it is not JSON'],
    ['YAML', 'kind: Organization\n', 'not-a-plan: plan.json is not a plan: it is not JSON'],
    ['half', '{\n  "formatVersion": "1",\n  "guest', /line 3, column \d+ is not JSON|it is not JSON/],
    ['null', 'null', 'it has no `formatVersion`'],
    ['a list', '[]', 'it has no `formatVersion`'],
    ['a text', '"plan"', 'it has no `formatVersion`'],
    ['something else', '{"version": 3}', 'it has no `formatVersion`'],
    [
      'another format',
      '{"formatVersion": 2}',
      'other-plan-format: plan.json has the plan format 2; this guestlist reads format "1"',
    ],
    [
      'another version',
      '{"formatVersion": "1", "guestlist": "9.9.9"}',
      `other-version: plan.json was made by guestlist "9.9.9"; this is guestlist ${version()}`,
    ],
    [
      'a version without end',
      { formatVersion: '1', guestlist: 'x'.repeat(1_000_000) },
      /made by guestlist "x{59}…; this/,
    ],
    ['deep', deep(100_000), 'it is nested more than 64 levels deep'],
    ['a prototype', '{"formatVersion": "1", "__proto__": {"guestlist": "0"}}', 'it has a property `__proto__`'],
    [
      'a prototype further down',
      `{"a": [{"b": {"constructor": {"prototype": 1}}}]}`,
      'it has a property `constructor`',
    ],
  ] as const)('%s', (_what, text, message) => {
    const said = refused(text)
    if (typeof message === 'string') expect(said).toContain(message)
    else expect(said).toMatch(message)
  })

  test.each([
    ['without an app’s list', (): object => ({ ...plan, map: undefined }), 'it has no `map`'],
    [
      'with one thing more',
      () => ({ ...plan, comment: 'looks good' }),
      'it has a property `comment`, which no plan has',
    ],
    [
      'an unknown action',
      () => ({ ...plan, changes: [{ ...plan.changes[0], action: 'destroy' }] }),
      '/changes/0/action must be one of create, update, delete, restore, adopt',
    ],
    [
      'an id of no plane',
      () => ({ ...plan, changes: [{ ...plan.changes[0], id: '../../etc' }] }),
      '/changes/0/id must be the id of a resource',
    ],
    [
      'a change with one thing more',
      () => ({ ...plan, changes: [{ ...plan.changes[0], force: true }] }),
      '/changes/0 has a property `force`, which no plan has',
    ],
    ['a day that is none', () => ({ ...plan, createdAt: 'yesterday' }), '/createdAt must be a time'],
    [
      'a digest that is none',
      () => ({ ...plan, digest: 'sha256:' }),
      '/digest must be `sha256:` and 64 hexadecimal digits',
    ],
    [
      'two changes of one id',
      () => sealed({ ...plan, changes: [plan.changes[0], plan.changes[0]] }),
      'it has two changes of entra/',
    ],
    [
      'two effects on one access',
      () => sealed({ ...plan, effects: [plan.effects[0], plan.effects[0]] }),
      'it has two effects gain [',
    ],
    [
      'an id of another kind',
      () => sealed({ ...plan, changes: [{ ...plan.changes[0], ...first, kind: 'group' }] }),
      'the id entra/guest/a is not of its plane and kind',
    ],
    [
      'edited',
      () => ({ ...plan, commit: 'f'.repeat(40) }),
      'edited-plan: plan.json was changed after it was made: its checksum',
    ],
    [
      'with other changes',
      () => ({ ...plan, changes: [] }),
      'edited-plan: plan.json was changed after it was made: its digest',
    ],
  ])('a plan, but %s', (_what, spoil, message) => {
    expect(refused(spoil())).toContain(message)
  })

  test('more than 256 MiB are not read', () => {
    writeFileSync(path, '')
    truncateSync(path, 256 * 2 ** 20 + 1)
    const { message } = failure(() => readPlanFile(path, 'plan.json'))
    expect(message).toContain('it has more than 256 MiB')
  })

  test('what never ends is read no further than that', () => {
    expect(failure(() => readPlanFile('/dev/zero', 'zero')).message).toBe(
      'zero is not a plan: it has more than 256 MiB',
    )
  })

  test('symbolic links that go in a circle', () => {
    symlinkSync('loop.json', join(cwd, 'loop.json'))
    expect(failure(() => readPlanFile(join(cwd, 'loop.json'), 'loop.json')).message).toContain('go in a circle')
  })

  test('a file that is not there', () => {
    expect(failure(() => readPlanFile(join(cwd, 'no.json'), 'no.json')).message).toContain('there is no such file')
  })

  test('of all of them nothing of the file reaches the terminal as a command', async () => {
    writeFileSync(path, JSON.stringify({ formatVersion: '\u001b[2J\u202e' }))
    const { code, stderr } = await command(['apply', 'plan.json', '--sandbox'], { cwd })
    expect(code).toBe(1)
    expect(stderr).not.toMatch(/\u001b|\u202e/)
  })
})

describe('on real directories', () => {
  const policyOf = (guardrails: object = {}): ResolvedPolicy => {
    const { name, tenantId, domain } = plan.organization
    const spec = { name, entra: { tenantId }, activeDirectory: { domain }, guardrails }
    return { organization: { spec } } as unknown as ResolvedPolicy
  }
  const check = (over: Partial<Plan>, guardrails?: object) => () =>
    checkMeant({ ...plan, ...over }, 'plan.json', policyOf(guardrails), now, false)

  test('a plan of now is taken, also from a clock that is a little ahead', () => {
    expect(check({})).not.toThrow()
    expect(check({ createdAt: '2026-12-01T09:04:00.000Z', at: '2026-12-01T09:04:00.000Z' })).not.toThrow()
  })

  test.each([
    ['2026-11-24T09:00:00.000Z', undefined, false],
    ['2026-11-24T08:59:59.999Z', undefined, true],
    ['2026-11-30T09:00:00.000Z', '1d', false],
    ['2026-11-30T08:59:59.999Z', '1d', true],
  ])('made at %s, with oldestPlan %s: too old is %s', (createdAt, oldestPlan, isOld) => {
    const made = check({ createdAt }, oldestPlan === undefined ? {} : { oldestPlan })
    if (isOld) expect(failure(made)).toBeInstanceOf(Outdated)
    else expect(made).not.toThrow()
  })

  test('a plan as of a day long ago is old, whenever it was made', () => {
    const made = failure(check({ at: '2026-11-01T09:00:00.000Z' }))
    expect(made).toBeInstanceOf(Outdated)
    expect(made.message).toContain('was made as of 2026-11-01T09:00:00.000Z, which is longer ago than 7d')
  })

  test('a plan of the sandbox is none of the real directories, and the other way round', async () => {
    const { sandbox, ...real } = plan
    expect(sandbox).toBe(true)
    for (const [file, ...more] of [[plan], [sealed(real), '--sandbox']] as const) {
      writeFileSync(path, JSON.stringify(file))
      const { code, stdout, stderr } = await command(['apply', 'plan.json', ...more], { cwd })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^error\[other-place\]: plan\.json (was made in the sandbox|is a plan for the real)/)
    }
  })

  test('a preview waits for its day, and a plan from tomorrow is none', () => {
    expect(failure(check({ at: '2026-12-02T00:00:00.000Z' })).message).toContain('is a preview of 2026-12-02')
    expect(failure(check({ createdAt: '2026-12-02T00:00:00.000Z' })).message).toContain('still to come')
  })
})

test('`schema plan` prints the schema that plans are held to', async () => {
  const { code, stdout } = await command(['schema', 'plan'], { cwd })
  expect(code).toBe(0)
  const schema = JSON.parse(stdout) as object
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const validate = ajv.compile(schema)
  expect(validate(plan) ? [] : validate.errors).toEqual([])
  expect(validate({ ...plan, changes: [{}] })).toBe(false)
})
