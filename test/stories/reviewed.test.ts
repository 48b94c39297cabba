// What was reviewed is applied, or what is left of it, or nothing: ways of tampering with a saved plan or outdating it, each
// refused with both directories as they were; and one plan that two jobs apply.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Host } from '../../src/cli/host.ts'
import { openSandbox, type SandboxState } from '../../src/cli/sandbox-state.ts'
import { checksumOf, digestOfContent } from '../../src/engine/plan.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import type { Id, Plane } from '../../src/model/id.ts'
import type { Effect, Plan, PlannedChange } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { byHand } from './by-hand.ts'
import { editFile } from './edit.ts'
import { emptyFolder, guestlist, repository } from './guestlist.ts'

const morning = Date.parse('2026-12-01T09:00:00Z')
const [ada, callum, dana] = ['ada.byron@fabrikam.com', 'callum.reid@fabrikam.com', 'dana@fabrikam.com']
const engineers = 'guestlist.partner-group.fabrikam.engineers'

/** Contoso as it is after a first apply, with Ada coming and Callum leaving: the plan under review. */
let reviewed = ''

const run = (cwd: string, ...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd })
const dump = async (cwd: string): Promise<string> =>
  (await command(['sandbox', 'dump', '--format', 'json'], { cwd })).stdout
const planIn = (cwd: string): Plan => JSON.parse(readFileSync(join(cwd, 'plan.json'), 'utf8')) as Plan

function edit(cwd: string, file: string, change: (text: string) => string): void {
  editFile(join(cwd, file), change)
}

function write(cwd: string, plan: object): void {
  writeFileSync(join(cwd, 'plan.json'), JSON.stringify(plan))
}

/** As somebody would who knows how the two are made. */
function sealed(plan: Plan): Plan {
  const whole = { ...plan, digest: digestOfContent(plan) }
  return { ...whole, checksum: checksumOf(whole) }
}

/** A copy of its own, to spoil. */
function copy(): string {
  const cwd = emptyFolder()
  cpSync(reviewed, cwd, { recursive: true })
  return cwd
}

beforeAll(async () => {
  reviewed = emptyFolder()
  cpSync(join(repository, 'policies'), join(reviewed, 'policies'), { recursive: true })
  expect(await run(reviewed, 'apply')).toMatchObject({ code: 0 })
  edit(reviewed, 'policies/partners/fabrikam.yaml', text =>
    text.replace(/ +- \{address: callum.*\n/, `      - {address: ${ada}, displayName: Ada Byron}\n`),
  )
  expect(await run(reviewed, 'plan', '--out', 'plan.json')).toMatchObject({ code: 0 })
  const { changes, effects } = planIn(reviewed)
  expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(['create', 'update', 'delete']))
  expect(new Set(effects.map(({ effect, person }) => `${effect} ${person}`))).toEqual(
    new Set([`gain ${ada}`, `lose ${callum}`]),
  )
})

const aGain: Effect = {
  ...{ effect: 'gain', person: 'eve@fabrikam.com', partner: 'fabrikam', app: 'payroll', role: 'user' },
  ...{ until: null, through: ['engineers'], given: true, because: [] },
}
const aChange: PlannedChange = {
  ...{ id: 'entra/group-member/fabrikam/engineers/eve@fabrikam.com', plane: 'entra', kind: 'group-member' },
  ...{ action: 'create', risk: 'grant', before: null, after: {}, dependsOn: [], because: [] },
  target: { objects: {}, named: {} },
}
const without = <Item>(list: readonly Item[], which: (item: Item) => boolean): readonly Item[] =>
  list.filter(item => !which(item))
const isOfAda = (change: PlannedChange): boolean => change.id.endsWith(ada)

type Spoilt = (plan: Plan) => object

describe('a saved plan that somebody tampered with is refused, and nothing is changed', () => {
  const edited: readonly (readonly [string, Spoilt])[] = [
    ['an effect is missing', plan => ({ ...plan, effects: plan.effects.slice(1) })],
    ['a change is missing', plan => ({ ...plan, changes: plan.changes.slice(1) })],
    ['two changes have changed places', plan => ({ ...plan, changes: plan.changes.toReversed() })],
    [
      'a change says something else',
      plan => ({ ...plan, changes: plan.changes.map(change => (isOfAda(change) ? { ...change, after: {} } : change)) }),
    ],
    [
      'a dependency is missing',
      plan => ({ ...plan, changes: plan.changes.map(change => ({ ...change, dependsOn: [] })) }),
    ],
    ['the digest is another', plan => ({ ...plan, digest: `sha256:${'0'.repeat(64)}` })],
    ['the checksum is another', plan => ({ ...plan, checksum: `sha256:${'0'.repeat(64)}` })],
    ['it was made later than it was', plan => ({ ...plan, createdAt: '2026-12-01T09:00:01.000Z' })],
    ['its scope is another', plan => ({ ...plan, scope: { ...plan.scope, partners: ['fabrikam'] } })],
    ['its findings are gone', plan => ({ ...plan, findings: [] })],
    ['its map says something else', plan => ({ ...plan, map: [] })],
    ['it names another commit', plan => ({ ...plan, commit: '0'.repeat(40) })],
  ]

  test.each(edited)('%s', async (_what, spoil) => {
    const cwd = copy()
    const before = await dump(cwd)
    write(cwd, spoil(planIn(cwd)))
    const { code, stdout, stderr } = await run(cwd, 'apply', 'plan.json')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('error[edited-plan]: plan.json was changed after it was made')
    expect(await dump(cwd)).toBe(before)
  })

  const forged: readonly (readonly [string, Spoilt, string])[] = [
    [
      'an effect is missing',
      plan => ({ ...plan, effects: without(plan.effects, each => each.person === ada) }),
      `+ ${ada} gains`,
    ],
    [
      'an effect is added',
      plan => ({ ...plan, effects: [...plan.effects, aGain] }),
      '- eve@fabrikam.com gains payroll',
    ],
    [
      'an end is later',
      plan => ({ ...plan, effects: plan.effects.map(each => ({ ...each, until: '2099-01-01' })) }),
      `+ ${ada} gains`,
    ],
    ['a change is missing', plan => ({ ...plan, changes: without(plan.changes, isOfAda) }), `+ invite ${ada}`],
    [
      'a change is added',
      plan => ({ ...plan, changes: [...plan.changes, aChange] }),
      '- put eve@fabrikam.com into fabrikam/engineers (no longer wanted)',
    ],
    [
      'a change says something else',
      plan => ({
        ...plan,
        changes: plan.changes.map(change =>
          change.kind === 'guest' && change.after?.displayName === 'Ada Byron'
            ? { ...change, after: { ...change.after, displayName: 'Ada Lovelace' } }
            : change,
        ),
      }),
      'to displayName: "Ada Lovelace" → "Ada Byron"',
    ],
    [
      'a change deserves less of a look',
      plan => ({ ...plan, changes: plan.changes.map(change => ({ ...change, risk: 'neutral' })) }),
      `~ invite ${ada}`,
    ],
    [
      'a dependency is missing',
      plan => ({ ...plan, changes: plan.changes.map(change => ({ ...change, dependsOn: [] })) }),
      'in another order',
    ],
    [
      'its scope is another',
      plan => ({ ...plan, scope: { ...plan.scope, only: 'entra' } }),
      `- create shadow account for ${ada}`,
    ],
  ]

  test.each(forged)('%s, and digest and checksum fit', async (_what, spoil, told) => {
    const cwd = copy()
    const before = await dump(cwd)
    write(cwd, sealed(spoil(planIn(cwd)) as Plan))
    const { code, stdout, stderr } = await run(cwd, 'apply', 'plan.json')
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toContain('error[stale-plan]: plan.json is plan ')
    expect(stderr).toContain(told)
    expect(await dump(cwd)).toBe(before)
  })

  test('a refusal is missing, and the checksum fits', async () => {
    const cwd = copy()
    edit(cwd, 'policies/organization.yaml', text =>
      text.replace('percent: 10\n', 'percent: 0\n').replace('atLeast: 5\n', 'atLeast: 1\n'),
    )
    await run(cwd, 'plan', '--out', 'plan.json')
    const plan = planIn(cwd)
    expect(plan.findings).toContainEqual(expect.objectContaining({ severity: 'error', code: 'guardrail/removals' }))
    const before = await dump(cwd)
    const asItIs = await run(cwd, 'apply', 'plan.json')
    write(cwd, sealed({ ...plan, findings: without(plan.findings, ({ severity }) => severity === 'error') }))
    for (const { code, stdout, stderr } of [asItIs, await run(cwd, 'apply', 'plan.json')]) {
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toContain('refused[guardrail/removals]')
    }
    expect(await dump(cwd)).toBe(before)
  })
})

describe('a plan that is not about this is refused, and nothing is changed', () => {
  const others: readonly (readonly [string, Spoilt, number, string])[] = [
    [
      'another tenant',
      plan => ({ ...plan, organization: { ...plan.organization, tenantId: '11111111-2222-4333-8444-555555555555' } }),
      1,
      'error[other-organization]: plan.json is a plan for the tenant 11111111-2222-4333-8444-555555555555',
    ],
    [
      'another domain',
      plan => ({ ...plan, organization: { ...plan.organization, domain: 'corp.fabrikam.com' } }),
      1,
      'error[other-organization]: plan.json is a plan for the domain corp.fabrikam.com; the policies are about corp.contoso.com',
    ],
    [
      'another organization',
      plan => ({ ...plan, organization: { ...plan.organization, name: 'fabrikam' } }),
      1,
      'error[other-organization]: plan.json is a plan for the organization fabrikam',
    ],
    [
      'another version',
      plan => ({ ...plan, guestlist: '99.0.0' }),
      1,
      'error[other-version]: plan.json was made by guestlist "99.0.0"',
    ],
    [
      'another format',
      plan => ({ ...plan, formatVersion: '2' }),
      1,
      'error[other-plan-format]: plan.json has the plan format "2"',
    ],
    [
      'made too long ago',
      plan => ({ ...plan, createdAt: '2026-11-24T08:59:59.000Z' }),
      4,
      'error[old-plan]: plan.json was made at 2026-11-24T08:59:59.000Z',
    ],
    [
      'made in the future',
      plan => ({ ...plan, createdAt: '2026-12-02T09:00:00.000Z' }),
      1,
      'error[future-plan]: plan.json was made at 2026-12-02',
    ],
  ]

  test.each(others)('%s', async (_what, spoil, code, told) => {
    const cwd = copy()
    const before = await dump(cwd)
    write(cwd, sealed(spoil(planIn(cwd)) as Plan))
    const heard = await run(cwd, 'apply', 'plan.json')
    expect(heard).toMatchObject({ code, stdout: '' })
    expect(heard.stderr).toContain(told)
    expect(await dump(cwd)).toBe(before)
  })

  test('the organization says how old a plan may be', async () => {
    const cwd = copy()
    edit(cwd, 'policies/organization.yaml', text => text.replace('oldestPlan: 7d', 'oldestPlan: 2h'))
    await run(cwd, 'plan', '--out', 'plan.json')
    const later = await run(cwd, 'apply', 'plan.json', '--at', '2026-12-01T11:00:01Z')
    expect(later).toMatchObject({ code: 4, stdout: '' })
    expect(later.stderr).toContain('longer ago than 2h: nothing was changed')
    expect(await run(cwd, 'apply', 'plan.json', '--at', '2026-12-01T11:00:00Z')).toMatchObject({ code: 0 })
  })
})

type Item = Readonly<Record<string, unknown>> & { readonly id: string }

function find({ graph }: SandboxState, collection: string, key: string, value: string): Item {
  const found = [...graph.collection<Item>(collection).values()].find(item => item[key] === value)
  if (found === undefined) throw new Error(`no ${value}`)
  return found
}

describe('a plan that is out of date is refused, and nothing is changed', () => {
  const since: readonly (readonly [string, (cwd: string) => void | Promise<void>, readonly string[]])[] = [
    [
      'the policy gives somebody more',
      cwd =>
        edit(cwd, 'policies/partners/fabrikam.yaml', text => text.replace(`${ada},`, `${ada}, until: 2027-01-31,`)),
      ['The policies are not those that were reviewed.', `+ ${ada} gains`, 'until 2027-01-31'],
    ],
    [
      'the policy does not want it any more',
      cwd => edit(cwd, 'policies/partners/fabrikam.yaml', text => text.replace(/ +- \{address: ada.*\n/, '')),
      ['The policies are not those that were reviewed.', `- ${ada} gains`, `- invite ${ada} (no longer wanted)`],
    ],
    [
      'somebody was put into a group',
      cwd =>
        byHand(cwd, state => {
          const [group, guest] = [
            find(state, 'groups', 'uniqueName', engineers),
            find(state, 'users', 'mail', 'intern@adatum.com'),
          ]
          state.graph.collection('members').put(`${group.id}/${guest.id}`, {})
        }),
      ['The policies are the same', '+ intern@adatum.com loses', '+ take intern@adatum.com out of fabrikam/engineers'],
    ],
    [
      'somebody was taken out of a group',
      cwd =>
        byHand(cwd, state => {
          const [group, guest] = [find(state, 'groups', 'uniqueName', engineers), find(state, 'users', 'mail', dana)]
          state.graph.collection('members').delete(`${group.id}/${guest.id}`)
        }),
      [`+ ${dana} gains`, `+ put ${dana} into fabrikam/engineers`],
    ],
    [
      'a group has another name',
      cwd =>
        byHand(cwd, state => {
          const group = find(state, 'groups', 'uniqueName', engineers)
          state.graph.collection<Item>('groups').put(group.id, { ...group, displayName: 'Everybody' })
        }),
      ['Would be done, and was not reviewed', '+ correct group fabrikam/engineers'],
    ],
    [
      'an app was closed to a group',
      cwd =>
        byHand(cwd, state => {
          const group = find(state, 'groups', 'uniqueName', engineers)
          const assignments = state.graph.collection<Item>('appRoleAssignments')
          const own = [...assignments.values()].filter(item => item.principalId === group.id)
          expect(own.length).toBeGreaterThan(0)
          for (const { id } of own.slice(0, 1)) assignments.delete(id)
        }),
      ['Would happen to people, and was not reviewed', ' to fabrikam/engineers'],
    ],
    [
      'an account on premises was disabled',
      cwd =>
        byHand(cwd, async ({ directory }) => {
          const [account] = directory.dump().filter(({ attributes }) => attributes.mail?.[0] === dana)
          const change = { operation: 'replace', attribute: 'userAccountControl', values: ['262658'] } as const
          await directory.modify(account?.dn ?? '', [change])
        }),
      [`+ ${dana} gains`, `+ enable shadow account of ${dana} again`],
    ],
  ]

  test.each(since)('%s', async (_what, happens, told) => {
    const cwd = copy()
    await happens(cwd)
    const before = await dump(cwd)
    const { code, stdout, stderr } = await run(cwd, 'apply', 'plan.json')
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    for (const text of told) expect(stderr).toContain(text)
    expect(stderr).toContain(
      'plan again, and review that: guestlist plan --sandbox --out plan.json'.replace(' --sandbox --out plan.json', ''),
    )
    expect(await dump(cwd)).toBe(before)
  })
})

describe('a forged plan that says nothing of people', () => {
  test('is refused, whatever of it looks done or under way', async () => {
    const cwd = copy()
    expect(await run(cwd, 'apply', 'plan.json')).toMatchObject({ code: 0 })
    await byHand(cwd, async ({ directory }) => {
      const [account] = directory.dump().filter(({ attributes }) => attributes.mail?.[0] === dana)
      const change = { operation: 'replace', attribute: 'userAccountControl', values: ['262658'] } as const
      await directory.modify(account?.dn ?? '', [change])
    })
    expect(await run(cwd, 'plan', '--out', 'plan.json')).toMatchObject({ code: 0 })
    const { effects, changes, ...plan } = planIn(cwd)
    expect(effects.map(({ person }) => person)).toContain(dana)
    expect(changes.map(({ id }) => id)).toEqual([`active-directory/shadow-account/${dana}`])
    // The plane has begun, it says, by something that is so anyway.
    const done: PlannedChange = {
      ...aChange,
      ...{ id: `active-directory/group-member/payroll/user/${ada}`, plane: 'active-directory' },
    }
    const state = await dump(cwd)
    for (const enabled of [true, 'yes', null]) {
      const was = changes.map(change => ({ ...change, before: { ...change.before, enabled, named: true } }))
      write(cwd, sealed({ ...plan, effects: [], changes: [...was, done] }))
      const { code, stderr } = await run(cwd, 'apply', 'plan.json')
      expect({ enabled, code }).toEqual({ enabled, code: 4 })
      expect(stderr).toContain(`+ ${dana} gains`)
    }
    expect(await dump(cwd)).toBe(state)
  })
})

describe('a reviewed plan', () => {
  test('is applied, and once more there is nothing to do', async () => {
    const cwd = copy()
    const first = await run(cwd, 'apply', 'plan.json')
    expect(first).toMatchObject({ code: 0 })
    const before = await dump(cwd)
    const again = await run(cwd, 'apply', 'plan.json')
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing to do: all of plan.json is done.\n' })
    expect(await dump(cwd)).toBe(before)
    expect(await run(cwd, 'plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  })

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'goes on after %s, with a change for each that was not done',
    async signal => {
      const cwd = emptyFolder()
      cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
      const made = await guestlist(['plan', '--sandbox', '--out', 'plan.json'], { cwd })
      expect(made.code).toBe(0)
      const cut = await guestlist(['apply', 'plan.json', '--sandbox', '--concurrency', '1'], {
        cwd,
        during: child => {
          child.stderr?.on('data', (chunk: Buffer) => {
            if (/\[ *[2-4]\d\/\d+\]/.test(chunk.toString())) child.kill(signal)
          })
        },
      })
      expect(cut.code).toBe(signal === 'SIGINT' ? 130 : null)
      const rest = await guestlist(['apply', 'plan.json', '--sandbox'], { cwd })
      expect(rest.code).toBe(0)
      const [, done] = /^Applied (\d+) changes\./m.exec(rest.stdout) ?? []
      expect(Number(done)).toBeGreaterThan(0)
      expect(Number(done)).toBeLessThan(planIn(cwd).changes.length)
      expect((await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })).code).toBe(0)
    },
  )

  test('goes on after a change that failed', async () => {
    const cwd = copy()
    const refused = new RequestFailure(50, 'insufficientAccessRights', 'refused by the test')
    let failed: Heard | undefined
    const host = { cwd, writer: { pid: process.pid, isAlive: () => true } } as unknown as Host
    const state = openSandbox(host, {}, { use: 'read', clock: () => morning })
    try {
      const domain = { ...state.directory, add: () => Promise.reject(refused), modify: () => Promise.reject(refused) }
      failed = await command(['apply', 'plan.json', '--sandbox'], { cwd, domain })
    } finally {
      state.close()
    }
    expect(failed.code).toBe(5)
    expect(failed.stdout).toContain('refused by the test')
    expect(await run(cwd, 'apply', 'plan.json')).toMatchObject({ code: 0 })
    expect(await run(cwd, 'plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  })

  test('knows what it is about', async () => {
    const cwd = copy()
    const other = await run(cwd, 'apply', 'plan.json', '--partner', 'adatum')
    expect(other).toMatchObject({ code: 1, stdout: '' })
    expect(other.stderr).toContain('plan.json was made with no --partner; --partner adatum is something else')
    await run(cwd, 'plan', '--out', 'part.json', '--partner', 'fabrikam', '--only', 'entra')
    const narrower = await run(cwd, 'apply', 'part.json', '--only', 'active-directory')
    expect(narrower).toMatchObject({ code: 1, stdout: '' })
    expect(narrower.stderr).toContain('part.json was made with --only entra; --only active-directory is something else')
    expect(await run(cwd, 'apply', 'part.json', '--partner', 'fabrikam')).toMatchObject({ code: 0 })
    expect(await run(cwd, 'apply', 'part.json')).toMatchObject({
      code: 0,
      stdout: 'Nothing to do: all of part.json is done.\n',
    })
  })
})

describe('one reviewed plan over two jobs', () => {
  const both: readonly Plane[] = ['entra', 'active-directory']

  /** As above, and an app of both directories gets another way to sign people on. */
  let crossing = ''
  beforeAll(async () => {
    crossing = copy()
    edit(crossing, 'policies/apps/timesheets.yaml', text =>
      text.replace(/ {2}kerberos:\n( {4}.*\n)+/, '  header: {}\n'),
    )
    expect(await run(crossing, 'plan', '--out', 'plan.json')).toMatchObject({ code: 0 })
  })

  function copyOfCrossing(): string {
    const cwd = emptyFolder()
    cpSync(crossing, cwd, { recursive: true })
    return cwd
  }

  /** What a job did, in the order of the plan. */
  async function job(cwd: string, only: Plane): Promise<Heard & { readonly done: ReadonlySet<Id> }> {
    const left = async (): Promise<readonly Id[]> => {
      const { stdout } = await run(cwd, 'plan', '--format', 'json')
      return (JSON.parse(stdout) as Plan).changes.map(({ id }) => id)
    }
    const before = await left()
    const heard = await run(cwd, 'apply', 'plan.json', '--only', only)
    const after = new Set(await left())
    return { ...heard, done: new Set(before.filter(id => !after.has(id))) }
  }

  test('depends in both directions', () => {
    const { changes } = planIn(crossing)
    const planes = new Map(changes.map(({ id, plane }) => [id, plane]))
    const waiting = changes.flatMap(({ plane, dependsOn }) =>
      dependsOn.filter(id => planes.get(id) !== plane).map(() => plane),
    )
    expect(new Set(waiting)).toEqual(new Set(both))
  })

  test.each([
    [['entra', 'active-directory', 'entra', 'active-directory']],
    [['active-directory', 'entra', 'active-directory', 'entra']],
    [['entra', 'entra', 'active-directory', 'active-directory', 'entra']],
    [['active-directory', 'active-directory', 'entra', 'entra', 'active-directory', 'entra']],
  ] satisfies (readonly [Plane[]])[])('%j: nothing before what it depends on, and all in the end', async order => {
    const cwd = copyOfCrossing()
    const { changes } = planIn(cwd)
    const done = new Set<Id>()
    for (const only of order) {
      const { code, done: now } = await job(cwd, only)
      expect(code).toBe(0)
      for (const id of now) done.add(id)
      const performed = changes.filter(({ id }) => now.has(id))
      expect(new Set(performed.map(({ plane }) => plane))).toEqual(now.size === 0 ? new Set() : new Set([only]))
      for (const { dependsOn } of performed) expect(dependsOn.filter(id => !done.has(id))).toEqual([])
    }
    expect(done).toEqual(new Set(changes.map(({ id }) => id)))
    expect(await run(cwd, 'apply', 'plan.json')).toMatchObject({
      code: 0,
      stdout: 'Nothing to do: all of plan.json is done.\n',
    })
  })

  test('says what is left for the other job, and stops at what came in between', async () => {
    const cwd = copyOfCrossing()
    const { stdout } = await run(cwd, 'apply', 'plan.json', '--only', 'entra')
    expect(stdout).toMatch(
      /changes? of Active Directory (is|are) left.*: guestlist apply plan\.json --only active-directory --sandbox\n/,
    )
    await byHand(cwd, state => {
      const [group, guest] = [
        find(state, 'groups', 'uniqueName', engineers),
        find(state, 'users', 'mail', 'intern@adatum.com'),
      ]
      state.graph.collection('members').put(`${group.id}/${guest.id}`, {})
    })
    const before = await dump(cwd)
    expect(await run(cwd, 'apply', 'plan.json', '--only', 'active-directory')).toMatchObject({ code: 4, stdout: '' })
    expect(await dump(cwd)).toBe(before)
  })
})
