// A reviewed plan and what would happen now: after every single write of it, what is planned is what is left of it; and a
// change that only looks like the rest of a reviewed one is none.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { partOf } from '../../src/engine/part.ts'
import { makePlan, type Planned } from '../../src/engine/plan.ts'
import { differenceFrom } from '../../src/engine/reviewed.ts'
import { everything } from '../../src/engine/scope.ts'
import type { Plan, PlannedChange } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { gatherMembers } from '../../src/resources/membership-sources.ts'
import { kinds } from '../../src/resources/registry.ts'
import { asPlanned, pass } from '../laws/interleaving.ts'
import { firstDay } from '../laws/policies.ts'
import { saved, told } from '../laws/review.ts'
import { patience, runs } from '../laws/runs.ts'
import { arrival } from '../laws/story.ts'
import { tamper } from '../laws/tampering.ts'
import { openSeeded, openTenant, resolve, type Tenant } from '../laws/tenant.ts'

const repository = join(import.meta.dirname, '../..')
const morning = Date.parse('2026-12-01T09:00:00Z')
const folder = mkdtempSync(join(tmpdir(), 'guestlist-reviewed-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Edits = Readonly<Record<string, (text: string) => string>>

async function contosoPolicy(edits: Edits = {}, at = morning): Promise<ResolvedPolicy> {
  cpSync(join(repository, 'policies'), folder, { recursive: true })
  for (const [file, change] of Object.entries(edits)) {
    const text = readFileSync(join(folder, file), 'utf8')
    expect(change(text)).not.toBe(text)
    writeFileSync(join(folder, file), change(text))
  }
  const { policy, problems } = await loadPolicy(folder, at)
  if (policy === undefined) throw new Error(JSON.stringify(problems.slice(0, 3)))
  return policy
}

function contoso(): Promise<Tenant> {
  const read = (file: string): string => readFileSync(join(repository, 'src/sandbox/contoso', file), 'utf8')
  return openSeeded({ graph: JSON.parse(read('graph.json')) as object, directory: read('directory.ldif') }, morning)
}

/** Performs the plan, and looks after each write what would be left to do. */
async function cutEverywhere(
  tenant: Tenant,
  policy: ResolvedPolicy,
  plan: (reviewed?: Plan) => Promise<Planned> = () => tenant.plan(policy),
): Promise<readonly string[]> {
  const planned = await plan()
  const reviewed = saved(planned)
  const states: (() => void)[] = []
  const whole = { name: 'whole', preference: asPlanned, concurrency: 1 }
  await pass(tenant, planned, whole, () => states.push(tenant.remember()))
  const wrong: string[] = []
  for (const [index, recall] of states.entries()) {
    recall()
    const difference = differenceFrom(reviewed, await plan(reviewed), kinds)
    wrong.push(...told(difference).map(text => `after write ${index + 1} of ${states.length}: ${text}`))
  }
  return wrong
}

/** People leave, two apps change, and a partner has another name. */
const changes: Edits = {
  'partners/fabrikam.yaml': text =>
    text
      .replace(/ +- \{address: (callum|nia|zofia).*\n/g, '')
      .replace('displayName: Fabrikam, Inc.', 'displayName: Fabrikam'),
  'access/woodgrove.yaml': text => text.slice(0, text.indexOf('\n---\n') + 1),
  'apps/timesheets.yaml': text => text.replace(/ {2}kerberos:\n( {4}.*\n)+/, '  header: {}\n'),
}

describe('cut after any single write, what would happen is what is left', () => {
  test(
    'of the Contoso example from its beginning',
    async () => {
      const tenant = await contoso()
      try {
        expect(await cutEverywhere(tenant, await contosoPolicy())).toEqual([])
      } finally {
        await tenant.close()
      }
    },
    patience,
  )

  test(
    'of a plan in which people leave, apps change, and a colleague has been at work by hand',
    async () => {
      const tenant = await contoso()
      try {
        await tenant.apply(await tenant.plan(await contosoPolicy()))
        await tamper(tenant, [
          { what: 'removeMember', one: 3, other: 0 },
          { what: 'addMember', one: 5, other: 7 },
          { what: 'disableGuest', one: 9, other: 0 },
          { what: 'renameGroup', one: 8, other: 0 },
          { what: 'unpublish', one: 2, other: 0 },
          { what: 'switchAccount', one: 4, other: 0 },
          { what: 'leaveGroup', one: 2, other: 1 },
        ])
        const changed = await contosoPolicy(changes)
        expect(await cutEverywhere(tenant, changed)).toEqual([])
      } finally {
        await tenant.close()
      }
    },
    patience,
  )

  const withoutTimesheets: Edits = {
    'apps/timesheets.yaml': () => '',
    'access/adatum.yaml': text => text.replace(/---\n(?:(?!---)[^\n]*\n)*app: timesheets\n(?:(?!---)[^\n]*\n)*/, ''),
    'access/proseware.yaml': text => text.replace(/---\n(?:(?!---)[^\n]*\n)*app: timesheets\n(?:(?!---)[^\n]*\n)*/, ''),
  }

  test.each([
    [{ partners: ['fabrikam'] }, changes],
    [{ apps: ['timesheets'] }, changes],
    // What only its accesses bring into the part stays in it when they are gone.
    [{ partners: ['adatum'] }, withoutTimesheets],
  ])('of a part of such a plan: %j', async (part, changes) => {
    const tenant = await contoso()
    try {
      await tenant.apply(await tenant.plan(await contosoPolicy()))
      const written = await contosoPolicy(changes)
      const plan = async (reviewed?: Plan): Promise<Planned> => {
        const from = { entra: tenant.connection().reader(), activeDirectory: tenant.directory }
        const { policy } = await gatherMembers(written, from)
        const also = new Set(reviewed?.changes.map(({ id }) => id))
        const scope = { ...everything, ...part, ...(reviewed === undefined ? {} : { also }) }
        return makePlan({ kinds, policy, from, scope, folder: '', version: '0.0.0', createdAt: 0 })
      }
      expect((await plan()).steps.length).toBeGreaterThan(5)
      expect(await cutEverywhere(tenant, written, plan)).toEqual([])
    } finally {
      await tenant.close()
    }
  })

  test(
    'of any plan',
    async () => {
      await fc.assert(
        fc.asyncProperty(arrival, async ({ start, first, tampering, second }) => {
          const tenant = await openTenant(start, firstDay)
          try {
            await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
            await tamper(tenant, tampering)
            const wrong = await cutEverywhere(tenant, await resolve(second, firstDay))
            // An app that no policy names is known by the object id of what is left of it. And a guest whose day of leaving
            // somebody had set is without one until all is done: nobody has reviewed that.
            const known =
              /came: delete entra\/application\/.* \([-0-9a-f]{36}\)$|update entra\/guest\/.* is now update {"left":true}$/
            expect(wrong.filter(text => !known.test(text))).toEqual([])
          } finally {
            await tenant.close()
          }
        }),
        runs(6),
      )
    },
    patience,
  )
})

test(
  'two jobs, each for one directory, come to the end of any plan, whoever begins',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.boolean(), async ({ start, first, tampering, second }, isEntraFirst) => {
        const tenant = await openTenant(start, firstDay)
        try {
          await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
          await tamper(tenant, tampering)
          const policy = await resolve(second, firstDay)
          const reviewed = saved(await tenant.plan(policy))
          const order = isEntraFirst
            ? (['entra', 'active-directory'] as const)
            : (['active-directory', 'entra'] as const)
          for (let round = 0; ; round += 1) {
            const now = await tenant.plan(policy)
            if (now.steps.length === 0) break
            // Every job after the first does something, or the other one does.
            expect(round).toBeLessThan(12)
            expect(told(differenceFrom(reviewed, now, kinds))).toEqual([])
            const only = order[round % 2] ?? 'entra'
            const { planned, waiting, others } = partOf(now, only, kinds)
            expect(planned.steps.length + waiting + others).toBe(now.steps.length)
            expect(planned.steps.every(step => step.planned.plane === only)).toBe(true)
            const outcomes = await tenant.apply(planned)
            // What the services refuse is another story.
            if (outcomes.some(({ status }) => status !== 'done')) return
          }
        } finally {
          await tenant.close()
        }
      }),
      runs(15),
    )
  },
  patience,
)

describe('what only looks like the rest', () => {
  /** The whole of Contoso is reviewed; then `happens`, and somebody looks again. */
  async function since(
    happens: (tenant: Tenant) => void | Promise<void>,
    {
      spoil = (plan: Plan): Plan => plan,
      edits,
    }: { readonly spoil?: (plan: Plan) => Plan; readonly edits?: Edits } = {},
  ): Promise<readonly string[]> {
    const tenant = await contoso()
    try {
      const reviewed = saved(await tenant.plan(await contosoPolicy()))
      await happens(tenant)
      return told(differenceFrom(spoil(reviewed), await tenant.plan(await contosoPolicy(edits)), kinds))
    } finally {
      await tenant.close()
    }
  }
  const byHand =
    (what: string, one: number, other = 0) =>
    (tenant: Tenant) =>
      tamper(tenant, [{ what, one, other } as Parameters<typeof tamper>[1][number]])
  const spoilt = (which: (change: PlannedChange) => boolean, spoil: (change: PlannedChange) => PlannedChange) => ({
    spoil: (plan: Plan): Plan => ({
      ...plan,
      digest: 'sha256:other',
      changes: plan.changes.map(change => (which(change) ? spoil(change) : change)),
    }),
  })
  const lee = 'entra/guest/lee@fabrikam.com'

  test('nothing has happened', async () => {
    expect(await since(() => undefined)).toEqual([])
  })

  test('a guest whom somebody has switched off since', async () => {
    expect(await since(byHand('disableGuest', 0))).not.toEqual([])
  })

  test('a value that somebody has changed by hand, of a change that writes it', async () => {
    const guests = await since(tenant => {
      const users = tenant.store.collection<{ readonly id: string; readonly mail?: string }>('users')
      const dana = [...users.values()].find(user => user.mail === 'dana@fabrikam.com')
      if (dana !== undefined) users.put(dana.id, { ...dana, ...{ companyName: 'By hand' } })
    })
    expect(guests).toEqual([expect.stringContaining('adopt entra/guest/dana@fabrikam.com is now adopt')])
  })

  test('another value, made by the policy', async () => {
    const edits = { 'apps/payroll.yaml': (text: string) => text.replace(/displayName: .*/, 'displayName: Other') }
    expect(await since(() => undefined, { edits })).toEqual(
      expect.arrayContaining([expect.stringContaining('entra/application/payroll')]),
    )
  })

  test('more than was reviewed', async () => {
    const spoil = spoilt(
      ({ id }) => id === lee,
      change => ({ ...change, after: { address: 'lee@fabrikam.com' } }),
    )
    expect(await since(() => undefined, spoil)).toEqual([expect.stringContaining(`create ${lee} is now create`)])
  })

  test('a change that deserves a closer look than was given', async () => {
    const spoil = spoilt(
      ({ id }) => id === lee,
      change => ({ ...change, risk: 'neutral' }),
    )
    expect(await since(() => undefined, spoil)).toEqual([expect.stringContaining(`create ${lee} is now create`)])
  })

  test('the same in another order', async () => {
    const spoil = spoilt(
      ({ id }) => id === lee,
      change => ({ ...change, dependsOn: [] }),
    )
    expect(await since(() => undefined, spoil)).toEqual(['reordered'])
  })
})
