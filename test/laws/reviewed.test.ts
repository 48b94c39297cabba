// Law 8: what is applied is what was reviewed. Whatever was done of a plan, and by whom, the rest of it is performed or
// nothing is.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partOf } from '../../src/engine/part.ts'
import type { Planned } from '../../src/engine/plan.ts'
import { differenceFrom } from '../../src/engine/reviewed.ts'
import type { Plan, PlannedChange } from '../../src/model/plan.ts'
import { kinds } from '../../src/resources/registry.ts'
import { asPlanned, chance, openingFirst, pass, shuffledBy, slips, type Way } from './interleaving.ts'
import { type Facts, watchFor } from './moment.ts'
import { type Documents, documents, firstDay } from './policies.ts'
import { saved, told } from './review.ts'
import { patience, runs } from './runs.ts'
import { likeness } from './sameness.ts'
import { type Arrival, arrival } from './story.ts'
import { type Tampering, tamper, tampering } from './tampering.ts'
import { openTenant, resolve, type Tenant } from './tenant.ts'

interface Review {
  readonly tenant: Tenant
  readonly planned: Planned
  readonly reviewed: Plan
  readonly again: () => Promise<Planned>
  /** Both directories as they were when the plan was reviewed. */
  readonly recall: () => void
  readonly facts: () => Facts
}

/** After a first policy and people's hands, the plan of a second policy is reviewed. */
async function reviewOf({ start, first, tampering: byHand, second }: Arrival): Promise<Review> {
  const tenant = await openTenant(start, firstDay)
  await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
  await tamper(tenant, byHand)
  const last = keepingAssignments(first, second)
  const policy = await resolve(last, firstDay)
  const planned = await tenant.plan(policy)
  const watch = watchFor(tenant, [first, last])
  // By object id alone: names change by hand.
  const facts = (): Facts => new Set([...watch()].map(fact => fact.replace(/^\S+\|(?=[-0-9a-f]{36} )/, '')))
  const again = (): Promise<Planned> => tenant.plan(policy)
  return { tenant, planned, reviewed: saved(planned), again, recall: tenant.remember(), facts }
}

/** As in law 3: giving up the right to assign is not held to it. */
function keepingAssignments(first: Documents, second: Documents): Documents {
  const { assignments } = first.organization.entra
  const { assignments: _given, ...own } = second.organization.entra
  const entra = assignments === undefined ? own : { ...own, assignments }
  return { ...second, organization: { ...second.organization, entra } }
}

/**
 * What no policy names is known by its object id, or by a mail that somebody wrote, as soon as what told its name is gone; of
 * two groups of ours with one mark, since somebody copied it, what is left is known otherwise when one is done with; a guest
 * whose day of leaving somebody had set is without one until all is done; and who comes back from the recycle bin comes with
 * the groups and sponsors of then. Nobody has reviewed that, and nothing more is done than to say so.
 */
function isKnown(text: string, reviewed: Plan, byHand: Tampering): boolean {
  const isMarkTwice = byHand.some(({ what }) => what === 'copyGroupMark')
  const back = reviewed.changes.filter(({ kind, action }) => kind === 'guest' && action === 'restore')
  const people = back.map(({ id }) => id.slice('entra/guest/'.length))
  return (
    /^came: .*[/( ][-0-9a-f]{36}|^came: .*\/by\.hand@contoso\.com$|update entra\/guest\/.* is now update {"left":true}$/.test(
      text,
    ) ||
    (isMarkTwice && /delete active-directory\/group(-member)?\//.test(text)) ||
    people.some(person => text.startsWith('came: delete entra/group-member/') && text.endsWith(`/${person}`)) ||
    people.some(person => text.startsWith(`restore entra/guest/${person} is now update`) && text.includes('"sponsors"'))
  )
}

const whole: Way = { name: 'whole', preference: asPlanned, concurrency: 1 }

function cutBy(seed: number, writes: number, number: number): Way {
  const cutAfter = 1 + ((seed + number * 7) % writes)
  const preference = [openingFirst, shuffledBy(seed), asPlanned][number % 3] ?? asPlanned
  const together = number % 2 === 0 ? { concurrency: 1 } : { concurrency: 6, seed: seed + number }
  return { name: `cut after ${cutAfter}`, preference, cutAfter, ...together }
}

test(
  'law 8: cut after any write, in whatever order, the rest is what was reviewed, and comes to the same state',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.nat({ max: 1_000_000 }), async (parts, seed) => {
        const { tenant, planned, reviewed, again, recall } = await reviewOf(parts)
        try {
          const { writes, outcomes } = await pass(tenant, planned, whole, () => undefined)
          if (writes === 0 || outcomes === 'cut' || outcomes.some(({ status }) => status !== 'done')) return
          const after = new Set(likeness(tenant.snapshot()))
          for (let number = 0; number < 4; number += 1) {
            recall()
            const way = cutBy(seed, writes, number)
            await pass(tenant, planned, way, () => undefined)
            const rest = await again()
            const difference = told(differenceFrom(reviewed, rest, kinds))
            if (difference.some(text => isKnown(text, reviewed, parts.tampering))) continue
            expect({ way: way.name, wrong: difference }).toEqual({ way: way.name, wrong: [] })
            await tenant.apply(rest)
            const end = likeness(tenant.snapshot())
            expect({ way: way.name, wrong: end.filter(line => !after.has(line)) }).toEqual({ way: way.name, wrong: [] })
          }
        } finally {
          await tenant.close()
        }
      }),
      runs(8),
    )
  },
  patience,
)

/** A change that is performed and was not reviewed, or is about other values. */
function unreviewed(reviewed: Plan, now: Planned): string[] {
  const known = new Map(reviewed.changes.map(change => [change.id, change]))
  return now.plan.changes.flatMap(change => {
    const before = known.get(change.id)
    if (before === undefined) return [`not reviewed: ${change.action} ${change.id}`]
    if ((change.after === null) !== (before.after === null))
      return [`${before.action} became ${change.action} ${change.id}`]
    return othersIn(before, change).map(
      key =>
        `${change.id} ${key}: ${JSON.stringify(before.after?.[key])} was reviewed, not ${JSON.stringify(change.after?.[key])}`,
    )
  })
}

function othersIn({ action, after }: PlannedChange, now: PlannedChange): readonly string[] {
  return Object.entries(now.after ?? {}).flatMap(([key, value]) => {
    const meant = after?.[key]
    // A name that was not known yet is written as the directory then has it.
    const isLate = JSON.stringify(meant)?.includes('known after') === true || key === 'userPrincipalName'
    // Of what is taken over, what was right already was not spoken of.
    const isUntold = (action === 'adopt' || action === 'restore') && after !== null && !(key in after)
    return JSON.stringify(meant) === JSON.stringify(value) || isLate || isUntold ? [] : [key]
  })
}

/** The ways in, whoever takes them; where demands go unmet, whatever the demand. */
function doorsOf(fact: string): readonly string[] {
  const door = fact.slice(fact.search(/(?:signs in to|reaches|gets into|is signed on to) /))
  const app = /^(?:signs in to|gets into) (.*?\|[-0-9a-f]{36}|\S+)(?: as | without )/.exec(door)?.[1]
  if (door.startsWith('gets into ')) return app === undefined ? [] : [`into ${app}`]
  return app === undefined ? [door] : [door, `into ${app}`]
}

function only(these: Facts, ...those: readonly Facts[]): readonly string[] {
  return [...these].filter(fact => !those.some(others => others.has(fact)))
}

interface Foreign {
  readonly review: Review
  /** Undefined: nothing of the plan is done before. */
  readonly cut: Way | undefined
  readonly byHand: Tampering
  /** What is open once the plan is performed as it was reviewed. */
  readonly meant: Facts
}

/** Nobody's hands make anything happen that was not reviewed. Undefined: it is not applied. */
async function wrongAfter({ review, cut, byHand, meant }: Foreign): Promise<readonly string[] | undefined> {
  const { tenant, planned, reviewed, again, recall, facts } = review
  recall()
  if (cut !== undefined) await pass(tenant, planned, cut, () => undefined)
  const before = facts()
  await tamper(tenant, byHand)
  const found = facts()
  const now = await again()
  if (differenceFrom(reviewed, now, kinds) !== undefined) return undefined
  const wrong = unreviewed(reviewed, now)
  const between = new Set<string>()
  const { outcomes } = await pass(tenant, now, whole, () => {
    for (const fact of slips(facts(), found, meant)) between.add(fact)
  })
  const end = facts()
  const handed = assignedByHand(tenant)
  // A door that was opened or closed by hand, and that nothing of the policy's turns back, is so for whoever can sign in.
  const [doorsBefore, doorsFound, doorsLeft] = [before, found, end].map(open => new Set([...open].flatMap(doorsOf)))
  const isByHand = (fact: string): boolean => {
    if (handed(fact)) return true
    const [door = ''] = doorsOf(fact)
    const isTurned = doorsBefore?.has(door) !== doorsFound?.has(door)
    return isTurned && doorsLeft?.has(door) === doorsFound?.has(door)
  }
  wrong.push(...[...between].filter(fact => !isByHand(fact)).map(fact => `in between: ${fact}`))
  if (outcomes === 'cut' || outcomes.some(({ status }) => status !== 'done')) return wrong
  const opened = only(end, meant).filter(fact => (before.has(fact) || !found.has(fact)) && !isByHand(fact))
  const closed = only(meant, end).filter(fact => (!before.has(fact) || found.has(fact)) && !isByHand(fact))
  return [...wrong, ...opened.map(fact => `opened: ${fact}`), ...closed.map(fact => `closed: ${fact}`)]
}

interface Assignment {
  readonly id: string
  readonly principalId: string
  readonly resourceId: string
}

/**
 * Ways in of accounts that are no guests, to whom people assigned an app by hand: nobody looks at these. They show only when
 * an app that was open to everybody is closed.
 */
function assignedByHand({ store }: Tenant): (fact: string) => boolean {
  const users = store.collection<{ readonly userType?: string }>('users')
  const assignments = store.collection<Assignment>('appRoleAssignments')
  const handed = [...assignments.values()].filter(({ id, principalId }) => {
    const user = users.get(principalId)
    return id.startsWith('by-hand-') && user !== undefined && user.userType !== 'Guest'
  })
  return fact =>
    handed.some(({ principalId, resourceId }) => fact.startsWith(`${principalId} `) && fact.includes(`|${resourceId} `))
}

test(
  'law 8: whatever people do by hand meanwhile, what was reviewed happens or nothing',
  async () => {
    let [applied, refused] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        arrival,
        fc.array(
          tampering.map(list => list.slice(0, 2)),
          { minLength: 10, maxLength: 10 },
        ),
        fc.nat({ max: 1_000_000 }),
        async (parts, hands, seed) => {
          const review = await reviewOf(parts)
          try {
            const { writes, outcomes } = await pass(review.tenant, review.planned, whole, () => undefined)
            if (outcomes === 'cut' || outcomes.some(({ status }) => status !== 'done')) return
            const meant = review.facts()
            for (const [index, byHand] of hands.entries()) {
              const cut = index % 2 === 0 || writes === 0 ? undefined : cutBy(seed, writes, index)
              const wrong = await wrongAfter({ review, cut, byHand, meant })
              if (wrong === undefined) refused += 1
              else applied += 1
              const when = `cut after ${cut?.cutAfter ?? 0}, by hand ${byHand.map(step => `${step.what} (${step.one}, ${step.other})`).join(', ')}`
              expect({ when, wrong: wrong?.slice(0, 6) ?? [] }).toEqual({ when, wrong: [] })
            }
          } finally {
            await review.tenant.close()
          }
        },
      ),
      runs(8),
    )
    expect([applied, refused].every(number => number > 0)).toBe(true)
  },
  patience,
)

/** To whom it does what. What goes may look otherwise by another policy. */
function doneBy({ changes, effects }: Plan): readonly string[] {
  return [
    ...changes.map(({ id, action, after }) => `${action} ${id} ${JSON.stringify(Object.entries(after ?? {}).sort())}`),
    ...effects.map(({ effect, person, app, role, until }) => [effect, person, app, role, until].join(' ')),
  ].sort()
}

test(
  'law 8: another policy, and nothing done yet: the plan is the same one or it is not applied',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        arrival,
        documents,
        fc.array(edit, { minLength: 12, maxLength: 12 }),
        async (parts, other, made) => {
          const { tenant, reviewed } = await reviewOf(parts)
          const last = keepingAssignments(parts.first, parts.second)
          try {
            const changed = made.map(({ what, one, other }) => edits[what](one, other)(last))
            for (const [index, policy] of [...changed, other].entries()) {
              const now = await tenant.plan(await resolve(policy, firstDay))
              if (differenceFrom(reviewed, now, kinds) !== undefined) continue
              expect({ edit: made[index], does: doneBy(now.plan) }).toEqual({
                edit: made[index],
                does: doneBy(reviewed),
              })
            }
          } finally {
            await tenant.close()
          }
        },
      ),
      runs(8),
    )
  },
  patience,
)

type Edit = (documents: Documents) => Documents

/** One thing of a policy, changed as in a pull request. */
const edit = fc.record({
  what: fc.constantFrom(
    'person leaves',
    'person ends',
    'access goes',
    'access ends',
    'access begins later',
    'app demands',
    'app is called',
    'partner is called',
    'strangers are removed',
  ),
  one: fc.nat({ max: 40 }),
  other: fc.nat({ max: 40 }),
})

function nth<Item>(list: readonly Item[], number: number, change: (item: Item) => readonly Item[]): readonly Item[] {
  return list.flatMap((item, index) => (index === number % list.length ? change(item) : [item]))
}

function ofPerson(change: (member: { readonly address: string }) => readonly { readonly address: string }[]) {
  return (one: number, other: number): Edit =>
    documents => ({
      ...documents,
      partners: nth(documents.partners, one, partner => {
        const names = Object.keys(partner.groups)
        const chosen = names[other % names.length]
        const groups = Object.entries(partner.groups).map(([name, group]) => {
          const isMeant = name === chosen && 'members' in group
          return [name, isMeant ? { members: nth(group.members, one + other, change) } : group] as const
        })
        return [{ ...partner, groups: Object.fromEntries(groups) }]
      }),
    })
}

function ofAccess(change: (access: Documents['accesses'][number]) => Documents['accesses']) {
  return (one: number): Edit =>
    documents => ({ ...documents, accesses: nth(documents.accesses, one, change) })
}

function ofApp(change: (app: Documents['apps'][number]) => Documents['apps'][number]) {
  return (one: number): Edit =>
    documents => ({ ...documents, apps: nth(documents.apps, one, app => [change(app)]) })
}

const edits = {
  'person leaves': ofPerson(() => []),
  'person ends': ofPerson(member => [{ ...member, until: '2027-02-11' }]),
  'access goes': ofAccess(() => []),
  'access ends': ofAccess(access => [{ ...access, until: '2027-02-11' }]),
  'access begins later': ofAccess(access => [{ ...access, from: '2026-12-02' }]),
  'app demands': ofApp(app => ({ ...app, requires: app.requires === undefined ? ['mfa'] : [] })),
  'app is called': ofApp(app => ({ ...app, displayName: `${app.displayName} again` })),
  'partner is called':
    (one: number): Edit =>
    documents => ({
      ...documents,
      partners: nth(documents.partners, one, partner => [{ ...partner, displayName: `${partner.displayName} again` }]),
    }),
  'strangers are removed': ofApp(app => ({
    ...app,
    unmanagedGuests: app.unmanagedGuests === 'remove' ? 'report' : 'remove',
  })),
} as const satisfies Record<string, (one: number, other: number) => Edit>

test(
  'law 8: in jobs for one directory each, whoever comes when, a reviewed plan ends, and nobody slips in',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.nat({ max: 1_000_000 }), async (parts, seed) => {
        const { tenant, planned, reviewed, again, recall, facts } = await reviewOf(parts)
        try {
          const before = facts()
          const { outcomes } = await pass(tenant, planned, whole, () => undefined)
          if (outcomes === 'cut' || outcomes.some(({ status }) => status !== 'done')) return
          const after = facts()
          recall()
          const next = chance(seed)
          const done = new Set<string>()
          let idle = 0
          for (let job = 0; ; job += 1) {
            const now = await again()
            if (now.steps.length === 0) break
            const difference = told(differenceFrom(reviewed, now, kinds))
            if (difference.some(text => isKnown(text, reviewed, parts.tampering))) return
            expect({ job, difference }).toEqual({ job, difference: [] })
            const turn = next(2)
            const plane = (idle === 0 ? turn : job % 2) === 0 ? 'entra' : 'active-directory'
            const { planned: part } = partOf(now, plane, kinds)
            // Of two directories one can go on.
            idle = part.steps.length === 0 ? idle + 1 : 0
            expect(idle).toBeLessThan(4)
            const left = new Set<string>(now.plan.changes.map(({ id }) => id))
            for (const { planned: change } of part.steps) done.add(change.id)
            for (const { planned: change } of part.steps)
              expect(change.dependsOn.filter(id => left.has(id) && !done.has(id))).toEqual([])
            const wrong: string[] = []
            const way = { name: plane, preference: shuffledBy(seed + job), concurrency: 6, seed: seed + job }
            await pass(tenant, part, way, () => {
              for (const fact of slips(facts(), before, after)) wrong.push(`job ${job}, ${plane}: ${fact}`)
            })
            expect(wrong).toEqual([])
          }
          expect([...only(facts(), after), ...only(after, facts())]).toEqual([])
        } finally {
          await tenant.close()
        }
      }),
      runs(10),
    )
  },
  patience,
)
