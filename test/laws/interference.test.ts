// Somebody else writes while an apply is under way: nothing of theirs is overwritten, the run ends, and the next one comes to
// what the policy says, or tells why not.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outcome } from '../../src/model/outcome.ts'
import { isRefusal } from '../../src/model/problem.ts'
import { gathered } from './gathering.ts'
import { wrongAccess } from './judgement.ts'
import { firstDay } from './policies.ts'
import { patience, runs } from './runs.ts'
import { type Arrival, arrival } from './story.ts'
import { type Tampering, tamper, tampering } from './tampering.ts'
import { type Item, openTenant, resolve, type Snapshot } from './tenant.ts'

/** A value that somebody wrote, by where it is. */
type Theirs = ReadonlyMap<string, string>

/** What is a value of one object; who is in a group, or assigned, is no such thing: it is added and taken away. */
function valuesOf({ graph, directory }: Snapshot): Theirs {
  const links = ['members', 'owners', 'sponsors', 'appRoleAssignedTo', 'appRoleAssignments']
  const values = new Map<string, string>()
  for (const [collection, items] of Object.entries(graph)) {
    if (!Array.isArray(items) || collection === 'deletedItems') continue
    for (const item of items as readonly Item[]) {
      for (const [name, value] of Object.entries(item))
        if (!links.includes(name))
          values.set(`${collection} ${item.id ?? item.tenantId} ${name}`, JSON.stringify(value))
    }
  }
  for (const { attributes } of directory) {
    for (const [name, list] of Object.entries(attributes))
      if (!/^(member|memberOf|whenChanged|uSNChanged)$/i.test(name) && !isTransition(name, attributes))
        values.set(`${attributes.objectGUID?.[0]} ${name}`, JSON.stringify(list.toSorted()))
  }
  return values
}

/**
 * A connector's protocol transition: while they act, this run may itself switch it off with the last delegation that goes, and
 * on again with the first that comes, which looks like theirs. test/resources/resource-delegation.test.ts holds it to the law.
 */
function isTransition(name: string, attributes: Readonly<Record<string, readonly string[]>>): boolean {
  return name === 'userAccountControl' && attributes.objectClass?.includes('computer') === true
}

interface Written {
  readonly where: string
  readonly before: unknown
  readonly after: unknown
}

/** What of two states is different in the second. */
function written(then: Snapshot, now: Snapshot): readonly Written[] {
  const before = valuesOf(then)
  return [...valuesOf(now)].flatMap(([where, value]) => {
    const old = before.get(where)
    return old === undefined || old === value ? [] : [{ where, before: JSON.parse(old), after: JSON.parse(value) }]
  })
}

/** Of a list, what they added is to stay, and what they took away is not to come back. */
function isKept({ before, after }: Written, end: unknown): boolean {
  if (![before, after, end].every(value => Array.isArray(value))) return JSON.stringify(after) === JSON.stringify(end)
  const [old = [], theirs = [], now = []] = [before, after, end].map(list =>
    (list as unknown[]).map(each => JSON.stringify(each)),
  )
  const isAdded = (each: string): boolean => !old.includes(each)
  const isGone = (each: string): boolean => !theirs.includes(each)
  return (
    theirs.filter(isAdded).every(each => now.includes(each)) && !old.filter(isGone).some(each => now.includes(each))
  )
}

const understood = /^(?!internal$)/

function badOutcomes(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(outcome =>
    outcome.status === 'failed' && !understood.test(outcome.trouble.code)
      ? [`${outcome.change.id}: ${outcome.trouble.code} ${outcome.trouble.message}`]
      : [],
  )
}

async function interfered(
  { start, first, tampering: before, second }: Arrival,
  hands: Tampering,
  seed: number,
): Promise<readonly string[]> {
  const tenant = await openTenant(start, firstDay)
  try {
    await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
    await tamper(tenant, before)
    const policy = await resolve(second, firstDay)
    const planned = await tenant.plan(policy)
    if (planned.steps.length === 0 || planned.plan.findings.some(isRefusal)) return []
    const moment = seed % planned.steps.length
    let writes = 0
    let theirs: readonly Written[] = []
    let acting: Promise<void> = Promise.resolve()
    const act = async (): Promise<void> => {
      const then = tenant.snapshot()
      await tamper(tenant, hands)
      theirs = written(then, tenant.snapshot())
    }
    if (moment === 0) await act()
    else
      tenant.onWrite = () => {
        writes += 1
        if (writes !== moment) return
        tenant.onWrite = undefined
        acting = act()
      }
    const outcomes = await tenant.apply(planned, 1)
    tenant.onWrite = undefined
    await acting
    const end = valuesOf(tenant.snapshot())
    const wrong = [
      ...badOutcomes(outcomes),
      ...theirs.flatMap(each => {
        const value = end.get(each.where)
        return value === undefined || isKept(each, JSON.parse(value))
          ? []
          : [`overwritten: ${each.where} ${JSON.stringify(each.after)} -> ${value}`]
      }),
    ]
    if (wrong.length > 0) return wrong.map(text => `after write ${moment}: ${text}`)

    const past = tenant.snapshot()
    const next = await tenant.plan(policy)
    if (next.plan.findings.some(isRefusal)) return []
    const then = await tenant.apply(next)
    const failed = new Set(then.filter(({ status }) => status !== 'done').map(({ change }) => change.id))
    const last = await tenant.plan(policy)
    const now = tenant.snapshot()
    return [
      ...badOutcomes(then),
      ...last.plan.changes
        .filter(({ id }) => !failed.has(id))
        .map(({ action, id }) => `after write ${moment}, again after the next run: ${action} ${id}`),
      ...(failed.size === 0 ? wrongAccess(past, now, gathered(second, past), firstDay) : []),
    ]
  } finally {
    await tenant.close()
  }
}

test(
  'somebody who writes during an apply loses nothing, and the next one comes to what the policy says',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, tampering, fc.nat({ max: 1_000_000 }), async (parts, hands, seed) => {
        expect((await interfered(parts, hands, seed)).slice(0, 5)).toEqual([])
      }),
      runs(40),
    )
  },
  patience,
)
