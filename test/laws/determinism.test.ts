// Law 6: same policy, same state, same day: the same bytes of plan, the same digest. The order in which files are read, people
// are listed and services answer is no part of any of them.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dumpGraph } from '../../src/sandbox/graph/dump.ts'
import { type Documents, filesOf, firstDay } from './policies.ts'
import { patience, runs } from './runs.ts'
import { type Arrival, arrival } from './story.ts'
import { tamper } from './tampering.ts'
import { openSeeded, openTenant, resolve, resolveFiles, type Seeds, type Tenant } from './tenant.ts'

/** A tenant that has been worked with: what it holds now, as seeds. */
async function seedsOf(tenant: Tenant): Promise<Seeds> {
  const ldif = tenant.directory.dumpLdif()
  return { graph: dumpGraph(tenant.store), directory: ldif }
}

async function grow({
  start: from,
  first,
  tampering: steps,
}: Pick<Arrival, 'start' | 'first' | 'tampering'>): Promise<Seeds> {
  const tenant = await openTenant(from, firstDay)
  try {
    await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
    await tamper(tenant, steps)
    return await seedsOf(tenant)
  } finally {
    await tenant.close()
  }
}

async function planOf(seeds: Seeds, files: ReadonlyMap<string, string>) {
  const tenant = await openSeeded(seeds, firstDay)
  try {
    return (await tenant.plan(await resolveFiles(files, firstDay))).plan
  } finally {
    await tenant.close()
  }
}

test(
  'law 6: the same bytes',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, async parts => {
        const seeds = await grow(parts)
        const files = filesOf(parts.second)
        expect(JSON.stringify(await planOf(seeds, files))).toBe(JSON.stringify(await planOf(seeds, files)))
      }),
      runs(20),
    )
  },
  patience,
)

/** A list in another order, the same for the same number. */
function shuffled<Value>(list: readonly Value[], number: number): readonly Value[] {
  const keyed = list.map((value, index) => ({ value, key: Math.imul(index + 1, 2_654_435_761 + number) ^ number }))
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value)
}

/** Arrays of objects in another order, wherever they are: collections, members, assignments. */
function shuffledDeep(value: unknown, number: number): unknown {
  if (Array.isArray(value))
    return shuffled(
      value.map(each => shuffledDeep(each, number)),
      number,
    )
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    shuffled(Object.entries(value), number).map(([name, inner]) => [name, shuffledDeep(inner, number)]),
  )
}

function shuffledSeeds(seeds: Seeds, number: number): Seeds {
  const [version = '', ...records] = seeds.directory.trimEnd().split(/\n{2,}/)
  return {
    graph: shuffledDeep(seeds.graph, number) as object,
    directory: `${[version, ...shuffled(records, number)].join('\n\n')}\n`,
  }
}

/** The same policy in other files, with everything that is a list in another order. */
function shuffledFiles(
  { organization, partners, apps, accesses }: Documents,
  number: number,
): ReadonlyMap<string, string> {
  const mixed: Documents = {
    organization,
    partners: partners.map(partner => ({
      ...partner,
      groups: Object.fromEntries(
        shuffled(Object.entries(partner.groups), number).map(([name, group]) => [
          name,
          'members' in group ? { members: shuffled(group.members, number) } : group,
        ]),
      ),
    })),
    apps: apps.map(app =>
      app.roles === undefined
        ? app
        : { ...app, roles: Object.fromEntries(shuffled(Object.entries(app.roles), number)) },
    ),
    accesses,
  }
  const files = shuffled([...filesOf(mixed)], number)
  const [first = [], second = []] = [files.slice(0, 2), files.slice(2)]
  const together = (list: readonly (readonly [string, string])[]): string =>
    list.map(([, text]) => text).join('\n---\n')
  return new Map([
    [`z-${number}.yaml`, together(first)],
    [`a-${number}.yaml`, together(second)],
  ])
}

test(
  'law 6: the same digest, whatever the order of files, lists and answers',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.nat({ max: 1_000_000 }), async (parts, number) => {
        const seeds = await grow(parts)
        const plan = await planOf(seeds, filesOf(parts.second))
        const other = await planOf(shuffledSeeds(seeds, number), shuffledFiles(parts.second, number))
        const content = ({ effects, changes, waiting }: typeof plan): unknown =>
          JSON.parse(
            JSON.stringify({ effects, changes, waiting }, (key, value) => (key === 'because' ? undefined : value)),
          )
        expect(content(other)).toEqual(content(plan))
        expect(other.digest).toBe(plan.digest)
        expect(other.policyDigest).toBe(plan.policyDigest)
      }),
      runs(30),
    )
  },
  patience,
)

test(
  'law 6: another state that needs other changes has another digest',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, async parts => {
        const files = filesOf(parts.first)
        const [settled, changed] = [await grow({ ...parts, tampering: [] }), await grow(parts)]
        const [one, other] = [await planOf(settled, files), await planOf(changed, files)]
        const isSame = JSON.stringify([one.changes, one.effects]) === JSON.stringify([other.changes, other.effects])
        expect(one.digest === other.digest).toBe(isSame)
      }),
      runs(15),
    )
  },
  patience,
)
