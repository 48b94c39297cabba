// What must hold of each kind by itself, for every kind that is registered: a new one is covered without being told, and one
// that never occurs in the generated worlds fails here until they make it occur.

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import type { Change, Desired, Spec } from '../../src/model/resource.ts'
import type { AnyKind } from '../../src/resources/kind.ts'
import { kinds } from '../../src/resources/registry.ts'
import { patience, runs } from './runs.ts'
import { live, story } from './story.ts'

const risks = ['grant', 'revoke', 'privileged', 'neutral']

/** What no policy names: only ever taken away. */
const onlyGoing: ReadonlySet<string> = new Set(['unmanaged-access'])
/** Settings of things that go by themselves, or never: only ever set. */
const onlySet: ReadonlySet<string> = new Set(['guest-settings', 'connector-group'])

interface Harvest {
  readonly policies: ResolvedPolicy[]
  readonly desired: Desired[]
  readonly specs: Spec[]
  readonly changes: Change[]
}

const harvests = new Map(kinds.map(kind => [kind, { policies: [], desired: [], specs: [], changes: [] } as Harvest]))

function harvestOf(kind: AnyKind): Harvest {
  const harvest = harvests.get(kind)
  if (harvest === undefined) throw new Error(`${kind.name} is not registered`)
  return harvest
}

beforeAll(async () => {
  const { seed, numRuns } = runs(50)
  for (const each of fc.sample(story, { seed, numRuns })) {
    await live(each, {
      planned({ policy, steps, observed }) {
        for (const kind of kinds) {
          const { policies, desired, specs, changes } = harvestOf(kind)
          const prefix = `${kind.plane}/${kind.name}/`
          policies.push(policy)
          const wanted = [...(kind.desire(policy) as Iterable<Desired>)]
          desired.push(...wanted)
          specs.push(...wanted.map(({ spec }) => spec))
          specs.push(...[...observed.values()].filter(({ id }) => id.startsWith(prefix)).map(({ spec }) => spec))
          changes.push(...steps.map(({ change }) => change).filter(({ id }) => id.startsWith(prefix)))
        }
      },
    })
  }
}, patience)

function frozen<Value>(value: Value): Value {
  if (value instanceof Map) {
    for (const inner of value.values()) frozen(inner)
    return value
  }
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

describe.each(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind] as const))('%s', (_name, kind) => {
  test('occurs in the generated worlds', () => {
    const { desired, changes } = harvestOf(kind)
    if (onlyGoing.has(kind.name))
      return expect(new Set(changes.map(change => change.action))).toEqual(new Set(['delete']))
    expect(desired.length).toBeGreaterThan(0)
    // What is only looked at is never changed; what others make is only corrected; everything else comes and goes.
    if (desired.every(({ reference }) => reference === true)) return expect(changes).toEqual([])
    expect(changes).not.toEqual([])
    if (onlySet.has(kind.name)) return
    if (desired.every(({ awaited }) => awaited !== undefined)) return
    expect(new Set(changes.map(change => change.action))).toContain('create')
    expect(changes.some(change => change.action === 'delete' || change.retires)).toBe(true)
  })

  test('wants the same of the same policy, and leaves the policy alone', () => {
    for (const policy of harvestOf(kind).policies.slice(0, 40)) {
      const before = JSON.stringify([...policy.people])
      const once = [...(kind.desire(frozen(policy)) as Iterable<Desired>)]
      expect([...(kind.desire(policy) as Iterable<Desired>)]).toEqual(once)
      expect(JSON.stringify([...policy.people])).toBe(before)
    }
  })

  test('names its things as its own', () => {
    for (const { id } of harvestOf(kind).desired) expect(id.startsWith(`${kind.plane}/${kind.name}/`)).toBe(true)
  })

  test('has one canonical form of every spec', () => {
    for (const spec of harvestOf(kind).specs) {
      const once = kind.normalize(frozen(structuredClone(spec)))
      expect(kind.normalize(frozen(structuredClone(once)))).toEqual(once)
    }
  })

  test('knows the risk of every change, and what works what is claimed and what is shielded', () => {
    for (const change of harvestOf(kind).changes) expect(risks).toContain(kind.risk(frozen(change)))
    for (const spec of harvestOf(kind).specs) {
      expect(typeof (kind.works?.(frozen(spec), undefined) ?? true)).toBe('boolean')
      expect(Array.isArray(kind.claims?.(spec) ?? [])).toBe(true)
      expect(Array.isArray(kind.shields?.(spec) ?? [])).toBe(true)
    }
  })
})
