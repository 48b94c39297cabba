// Law 9: a base only tells apart. What a plan does is the same with one and without; what the base would do as well is drift,
// all else is intended; what comes later is what a calendar of the documents says, day by day; and the map counts people.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Planned } from '../../src/engine/plan.ts'
import type { Coming, Effect, Moved, Plan, PlannedChange, Waiting } from '../../src/model/plan.ts'
import { gathered } from './gathering.ts'
import { kindOfApp, standIn } from './oracle.ts'
import { type Documents, firstDay, laterDay } from './policies.ts'
import { planAgainst } from './review.ts'
import { patience, runs } from './runs.ts'
import { type Arrival, arrival } from './story.ts'
import { type Tampering, tamper } from './tampering.ts'
import { openTenant, resolve, type Tenant } from './tenant.ts'

interface Compared {
  readonly tenant: Tenant
  /** With the base, without it, and what the base itself would do. */
  readonly against: Planned
  readonly alone: Plan
  readonly base: Plan
}

/** The first policy is applied, days pass, people's hands come; then the second is planned against the first. */
async function compared(
  { start, first, second }: Pick<Arrival, 'start' | 'first' | 'second'>,
  byHand: Tampering,
  later: number,
): Promise<Compared> {
  const tenant = await openTenant(start, firstDay)
  await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
  tenant.now += later
  await tamper(tenant, byHand)
  const [own, former] = [await resolve(second, tenant.now), await resolve(first, tenant.now)]
  const { plan: base } = await tenant.plan(former)
  const { plan: alone } = await tenant.plan(own)
  return { tenant, against: await planAgainst(tenant, own, former), alone, base }
}

function effectName({ effect, person, app, role }: Effect): string {
  return `${effect} ${person} ${app} ${role}`
}

function changeName({ id, action, before, after, target }: PlannedChange): string {
  const sorted = (side: object | null): unknown =>
    side === null ? null : Object.entries(side).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([id, action, sorted(before), sorted(after), sorted(target.objects), sorted(target.named)])
}

function waitName({ id, for: whom, message }: Waiting): string {
  return `${id} ${whom} ${message}`
}

function bare<Item extends { readonly cause?: unknown; readonly because: unknown }>(items: readonly Item[]): unknown {
  return items.map(({ cause: _cause, because: _because, ...item }) => item)
}

test(
  'law 9: a base changes nothing of a plan, and what it would do as well is drift',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, laterDay, async (parts, later) => {
        const { tenant, against, alone, base } = await compared(parts, parts.tampering, later)
        try {
          const { plan } = against
          expect(plan.digest).toBe(alone.digest)
          expect(plan.policyDigest).toBe(alone.policyDigest)
          expect(bare(plan.effects)).toEqual(bare(alone.effects))
          expect(bare(plan.changes)).toEqual(bare(alone.changes))
          expect([plan.summary, plan.map]).toEqual([alone.summary, alone.map])
          expect(plan.waiting.map(waitName)).toEqual(alone.waiting.map(waitName))
          if (plan.findings.some(({ code }) => code === 'base-unreadable')) return
          const [effects, changes] = [new Set(base.effects.map(effectName)), new Set(base.changes.map(changeName))]
          for (const effect of plan.effects)
            expect({ effect, cause: effect.cause }).toEqual({
              effect,
              cause: effects.has(effectName(effect)) ? 'drift' : 'intended',
            })
          for (const change of plan.changes)
            expect({ change, cause: change.cause }).toEqual({
              change,
              cause: changes.has(changeName(change)) ? 'drift' : 'intended',
            })
        } finally {
          await tenant.close()
        }
      }),
      runs(25),
    )
  },
  patience,
)

test(
  'law 9: of a policy that does not change nothing is intended, and where the base is applied nothing drifts',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, laterDay, async ({ start, first, tampering: byHand, second }, later) => {
        const same = await compared({ start, first, second: first }, byHand, later)
        try {
          const { plan } = same.against
          expect([...plan.effects, ...plan.changes].filter(({ cause }) => cause !== 'drift')).toEqual([])
          expect(plan.moved).toEqual([])
          expect(plan.coming.filter(({ cause }) => cause !== undefined)).toEqual([])
        } finally {
          await same.tenant.close()
        }
        const applied = await compared({ start, first, second }, [], 0)
        try {
          const { plan } = applied.against
          // What the services refuse, or a person must do, is still to be done.
          if (applied.base.changes.length > 0) return
          expect([...plan.effects, ...plan.changes].filter(({ cause }) => cause !== 'intended')).toEqual([])
        } finally {
          await applied.tenant.close()
        }
      }),
      runs(20),
    )
  },
  patience,
)

const dayMs = 86_400_000
/** Beyond every date of the generated policies: what is given here has no end. */
const horizon = Date.UTC(2027, 5, 1)

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

type Holder = string

/** Who is given what on a day, read from the documents. */
function givenOn({ accesses, partners, apps }: Documents, day: string): ReadonlySet<Holder> {
  const given = new Set<Holder>()
  for (const { partner, groups, app: name, role, from = '', until = '9' } of accesses) {
    const app = apps.find(each => each.name === name)
    if (app === undefined || day < from || day > until) continue
    for (const group of groups) {
      const held = partners.find(each => each.name === partner)?.groups[group]
      for (const member of held !== undefined && 'members' in held ? held.members : []) {
        if (day > (member.until ?? '9')) continue
        const counted = kindOfApp(app) === 'kerberos' ? role : standIn(app, role)
        given.add(JSON.stringify([member.address.toLowerCase(), partner, name, counted]))
      }
    }
  }
  return given
}

interface Run {
  readonly first: string
  readonly last: string | null
}

/** Of each holder, the days in a row, from today on. */
function runsOf(documents: Documents, today: number): ReadonlyMap<Holder, readonly Run[]> {
  const found = new Map<Holder, Run[]>()
  let yesterday: ReadonlySet<Holder> = new Set()
  for (let at = today; at <= horizon; at += dayMs) {
    const day = dayOf(at)
    const given = givenOn(documents, day)
    for (const holder of given) {
      const list = found.get(holder) ?? []
      const open = list.at(-1)
      if (open !== undefined && yesterday.has(holder)) list[list.length - 1] = { ...open, last: day }
      else list.push({ first: day, last: day })
      found.set(holder, list)
    }
    yesterday = given
  }
  const end = dayOf(today + Math.floor((horizon - today) / dayMs) * dayMs)
  return new Map(
    [...found].map(([holder, list]) => [
      holder,
      list.map(run => (run.last !== null && run.last >= end ? { ...run, last: null } : run)),
    ]),
  )
}

function eventsOf({ first, last }: Run, today: number): readonly string[] {
  return [
    ...(first > dayOf(today) ? [`gain ${first}`] : []),
    ...(last !== null && last <= dayOf(today + 30 * dayMs) ? [`lose ${last}`] : []),
  ]
}

function holderOf({ person, partner, app, role }: Coming | Moved): Holder {
  return JSON.stringify([person, partner, app, role])
}

test(
  'law 9: what comes and what moves is what a calendar of the documents says',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, laterDay, fc.boolean(), async (parts, later, isSmall) => {
        // The same people and apps with other days, or another policy altogether.
        const second = isSmall ? { ...parts.first, accesses: otherDays(parts.first, later) } : parts.second
        const { tenant, against } = await compared({ ...parts, second }, [], later)
        try {
          const snapshot = tenant.snapshot()
          const [own, former] = [second, parts.first].map(each => runsOf(gathered(each, snapshot), tenant.now))
          if (own === undefined || former === undefined) throw new Error('two calendars')
          const { plan } = against
          // Who lacks a link has nothing to lose.
          const has = (holder: Holder): boolean => {
            const [person, , app, role] = JSON.parse(holder) as readonly string[]
            return against.after.values().some(each => each.person === person && each.app === app && each.role === role)
          }
          const coming = [...own].flatMap(([holder, list]) => {
            const before = new Set((former.get(holder) ?? []).flatMap(run => eventsOf(run, tenant.now)))
            const events = list
              .flatMap(run => eventsOf(run, tenant.now))
              .filter(event => event.startsWith('gain') || has(holder))
            return events.map(event => `${event} ${holder} ${before.has(event) ? 'anyway' : 'intended'}`)
          })
          expect(
            plan.coming.map(each => `${each.effect} ${each.on} ${holderOf(each)} ${each.cause ?? 'anyway'}`).sort(),
          ).toEqual(coming.sort())
          const moved = [...own].flatMap(([holder, list]) =>
            list.flatMap(({ first, last }) => {
              const was = former.get(holder)?.find(run => run.first === first)
              return was === undefined || was.last === last ? [] : [`${holder} ${was.last} ${last}`]
            }),
          )
          expect(plan.moved.map(each => `${holderOf(each)} ${each.was} ${each.until}`).sort()).toEqual(moved.sort())
          const calledOff = [...former].filter(([holder, list]) =>
            list.some(
              ({ first }) =>
                first > dayOf(tenant.now) &&
                !(own.get(holder) ?? []).some(({ last }) => last === null || last >= first),
            ),
          ).length
          const [finding] = plan.findings.filter(({ code }) => code === 'called-off')
          expect(Number(/^\d+/.exec(finding?.message ?? '0')?.[0])).toBe(calledOff)
        } finally {
          await tenant.close()
        }
      }),
      runs(25),
    )
  },
  patience,
)

/** Every second access begins or ends on another day. */
function otherDays({ accesses }: Documents, later: number): Documents['accesses'] {
  return accesses.map(({ from, until, ...access }, index) => {
    const turn = (index + later / dayMs) % 5
    if (turn === 0) return { ...access, ...(until === undefined ? { until: '2026-12-20' } : {}) }
    if (turn === 1) return { ...access, from: '2026-12-24', ...(until === undefined ? {} : { until }) }
    return { ...access, ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) }
  })
}

interface Numbers {
  before: number
  after: number
  gains: number
  losses: number
}

test(
  'law 9: the map counts who has an app by which group, before and after, and who gains and loses it',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, laterDay, async (parts, later) => {
        const { tenant, against } = await compared(parts, parts.tampering, later)
        try {
          const { plan, before, after } = against
          const numbers = new Map<string, Numbers>()
          const count = (what: keyof Numbers, path: string, app: string, role: string): void => {
            const key = `${path} ${app} ${role}`
            const cell = numbers.get(key) ?? { before: 0, after: 0, gains: 0, losses: 0 }
            cell[what] += 1
            numbers.set(key, cell)
          }
          for (const [what, accesses] of [
            ['before', before],
            ['after', after],
          ] as const)
            for (const { partner, groups, app, role } of accesses.values())
              for (const path of groups.length === 0 ? [`${partner}/`] : groups) count(what, path, app, role)
          for (const { effect, partner, app, role, through } of plan.effects)
            for (const group of through.length === 0 ? [''] : through)
              count(effect === 'gain' ? 'gains' : 'losses', `${partner}/${group}`, app, role)
          const shown = plan.map.map(({ partner, group, app, role, from: _from, until: _until, ...cell }) => ({
            name: `${partner}/${group} ${app} ${role}`,
            cell,
          }))
          expect(new Set(shown.map(({ name }) => name)).size).toBe(shown.length)
          const none = { before: 0, after: 0, gains: 0, losses: 0 }
          for (const { name, cell } of shown) expect({ name, cell }).toEqual({ name, cell: numbers.get(name) ?? none })
          expect([...numbers.keys()].filter(name => !shown.some(each => each.name === name))).toEqual([])
          // By people, whatever their groups: who has it afterwards is who has it now, more who gains, less who loses.
          for (const key of new Set([...before.keys(), ...after.keys()])) {
            const { person, app, role } = before.get(key) ?? after.get(key) ?? {}
            const own = plan.effects.filter(each => each.person === person && each.app === app && each.role === role)
            const gains = own.filter(({ effect }) => effect === 'gain').length
            if (!before.has(key)) expect({ key, gains }).toEqual({ key, gains: 1 })
            else if (after.has(key)) expect({ key, own }).toEqual({ key, own: [] })
          }
        } finally {
          await tenant.close()
        }
      }),
      runs(25),
    )
  },
  patience,
)
