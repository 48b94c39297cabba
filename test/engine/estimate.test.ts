// What a plan says that it costs, held against what an apply really sends; and how long that takes by the services' limits.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mostAtOnce } from '../../src/engine/apply.ts'
import type { Planned } from '../../src/engine/plan.ts'
import type { DirectoryWriter } from '../../src/model/directories.ts'
import {
  appearingTime,
  lanes,
  noWrites,
  type OwnWrites,
  secondsFor,
  shared,
  sumOf,
  type Writes,
} from '../../src/model/estimate.ts'
import { type Id, ids } from '../../src/model/id.ts'
import { startOf } from '../../src/model/time.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { durationWords, paceOf } from '../../src/render/pace.ts'
import { firstDay } from '../laws/policies.ts'
import { patience, runs } from '../laws/runs.ts'
import { arrival } from '../laws/story.ts'
import { tamper } from '../laws/tampering.ts'
import { openSeeded, openTenant, resolve, type Tenant } from '../laws/tenant.ts'
import { repository } from '../stories/guestlist.ts'

interface Sent {
  readonly method: string
  readonly url: string
}

/** Applies a plan and counts the requests that write, as the services get them. */
async function sentBy(tenant: Tenant, planned: Planned): Promise<Writes> {
  const sent = { ...noWrites }
  const count = ({ method, url }: Sent): void => {
    if (method === 'GET') return
    const isInvitation = /\/invitations$/.test(url)
    sent[
      isInvitation ? 'invitations' : url.includes('/identity/conditionalAccess') ? 'conditionalAccess' : 'directory'
    ]++
  }
  const fetching: typeof fetch = (input, init) => {
    const url = String(input)
    const items = (): readonly Sent[] => JSON.parse(String(init?.body)).requests
    for (const each of url.endsWith('/$batch') ? items() : [{ method: init?.method ?? 'GET', url }]) count(each)
    return fetch(input, init)
  }
  const { directory } = tenant
  const counted = <Result>(work: Promise<Result>): Promise<Result> => {
    sent.activeDirectory += 1
    return work
  }
  const activeDirectory: DirectoryWriter = {
    search: request => directory.search(request),
    add: (dn, attributes) => counted(directory.add(dn, attributes)),
    modify: (target, modifications) => counted(directory.modify(target, modifications)),
    move: (target, newRdn, newParent) => counted(directory.move(target, newRdn, newParent)),
    remove: target => counted(directory.remove(target)),
  }
  const outcomes = await tenant.apply(planned, mostAtOnce, { fetch: fetching, activeDirectory })
  // What failed is not part of what was foreseen.
  return outcomes.every(({ status }) => status === 'done') ? sent : noWrites
}

/** How far off, as a part of what was sent. */
function off(told: Writes, sent: Writes): Readonly<Record<string, number>> {
  return Object.fromEntries(lanes.map(lane => [lane, Math.abs(told[lane] - sent[lane]) / Math.max(sent[lane], 1)]))
}

const close = Object.fromEntries(lanes.map(lane => [lane, expect.toSatisfy((part: number) => part <= 0.05)]))

describe('what a plan says that it costs is what an apply sends, within 5 %', () => {
  test('for the Contoso example', async () => {
    const at = startOf('2026-12-01') ?? Number.NaN
    const folder = join(repository, 'src/sandbox/contoso')
    const seeds = {
      graph: JSON.parse(readFileSync(join(folder, 'graph.json'), 'utf8')) as object,
      directory: readFileSync(join(folder, 'directory.ldif'), 'utf8'),
    }
    const { policy } = await loadPolicy(join(repository, 'policies'), at)
    if (policy === undefined) throw new Error('the example cannot be resolved')
    const tenant = await openSeeded(seeds, at)
    try {
      const planned = await tenant.plan(policy)
      const { estimate } = planned.plan
      const sent = await sentBy(tenant, planned)
      expect({ sent, off: off(estimate?.writes ?? noWrites, sent) }).toEqual({ sent, off: close })
      const left = await tenant.plan(policy)
      expect([left.plan.changes.length, left.plan.estimate]).toEqual([0, undefined])
    } finally {
      await tenant.close()
    }
  })

  test(
    'for generated worlds, all in all',
    async () => {
      const told: Writes[] = []
      const sent: Writes[] = []
      const perform = async (tenant: Tenant, planned: Planned): Promise<void> => {
        const counted = await sentBy(tenant, planned)
        if (counted === noWrites) return
        sent.push(counted)
        told.push(planned.plan.estimate?.writes ?? noWrites)
      }
      await fc.assert(
        fc.asyncProperty(arrival, async ({ start, first, tampering, second }) => {
          const tenant = await openTenant(start, firstDay)
          try {
            await perform(tenant, await tenant.plan(await resolve(first, firstDay)))
            await tamper(tenant, tampering)
            await perform(tenant, await tenant.plan(await resolve(second, firstDay)))
          } finally {
            await tenant.close()
          }
        }),
        runs(30),
      )
      const all = sumOf(sent)
      expect({ all, off: off(sumOf(told), all) }).toEqual({ all, off: close })
    },
    patience,
  )
})

test('who is put into one group shares its requests, twenty in one', () => {
  const [one, other] = [ids.group('fabrikam', 'all'), ids.group('adatum', 'all')]
  const joining = (group: Id, count: number) =>
    Array.from({ length: count }, (_, index) => [`${group} ${index}`, { joins: [group] }] as const)
  const all: readonly (readonly [string, OwnWrites])[] = [
    ...joining(one, 41),
    ...joining(other, 1),
    ['more', { directory: 2 }],
  ]
  const parts = shared(new Map(all))
  expect(sumOf(parts.values()).directory).toBeCloseTo(3 + 1 + 2)
  expect(parts.get(`${one} 0`)?.directory).toBeCloseTo(3 / 41)
})

describe('how long it takes', () => {
  // Microsoft Learn, "Microsoft Graph service-specific throttling limits": 3 000 writes in 150 seconds.
  test.for([
    [{}, 0],
    [{ directory: 20 }, 1],
    [{ directory: 3000 }, 23],
    [{ directory: 33_000 }, 1501],
    [{ directory: 23_000, invitations: 10_000 }, 1501],
    [{ invitations: 10_000 }, 351],
    [{ conditionalAccess: 40 }, 60],
    [{ activeDirectory: 5000 }, 50],
    [{ directory: 20, conditionalAccess: 20, activeDirectory: 5000 }, 50],
  ] as const)('%o', ([writes, seconds]) => {
    expect(Math.ceil(secondsFor({ ...noWrites, ...writes }))).toBe(seconds)
  })

  test.for([
    [0, '5 s'],
    [17, '20 s'],
    [55, '55 s'],
    [56, '1 min'],
    [61, '2 min'],
    [1501, '26 min'],
    [3540, '59 min'],
    [3541, '1 h'],
    [4000, '1 h 10 min'],
    [86_000, '24 h'],
  ] as const)('%i seconds are %s', ([seconds, words]) => {
    expect(durationWords(seconds)).toBe(words)
    expect(paceOf({ estimate: { seconds, writes: noWrites } })).toBe(`about ${words} to apply at this tenant's quota`)
  })

  test.for([
    [0, 0],
    [1, 60],
    [10, 60],
    [100, 120],
    [10_000, 240],
  ] as const)('the last of %i new objects appears within %i seconds, as a rule', ([made, seconds]) => {
    expect(appearingTime(made)).toBe(seconds)
  })

  test('what is written to Entra is waited for until it shows', () => {
    expect(paceOf({ estimate: { seconds: 400, replication: 302, writes: noWrites } })).toBe(
      "about 7 min to apply at this tenant's quota, then usually up to 6 min until Entra shows it all",
    )
  })

  test('an old plan, or one with nothing to do, says nothing', () => {
    expect(paceOf({})).toBe('')
  })
})
