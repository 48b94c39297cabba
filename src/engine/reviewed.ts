// Whether what would happen now is what was reviewed: the same plan, or what is left of it because the rest is done. A pure
// comparison of a plan from a file with one that was made just now; what is performed is always the one made now.
//
// What is left: each change now is one of the reviewed ones, or the remainder of one that was cut short. Each reviewed
// change that is missing now is done: what it makes is there as the policy wants it, what it takes away is gone. Nobody
// gains or loses anything else than was reviewed, except who had an access when the plan was reviewed, lacks it because
// some of the plan is done, and gets it back by the rest.

import { accessKey, reach } from '../access/reach.ts'
import { type Id, kindOf } from '../model/id.ts'
import type { AccessOf, Effect, Finding, Plan, PlannedChange } from '../model/plan.ts'
import type { Action, Json, Risk, Spec } from '../model/resource.ts'
import type { Difference, Gone } from '../model/stale.ts'
import type { AnyKind } from '../resources/kind.ts'
import { canonical, isSame } from './canonical.ts'
import { isLate, settle } from './compare.ts'
import { worksBy } from './links.ts'
import type { Planned } from './plan.ts'
import { shownValue } from './shown.ts'
import { isSameTarget, lastingIdOf } from './target.ts'

type Reviewed = Pick<Plan, 'createdAt' | 'digest' | 'effects' | 'changes' | 'findings'>
type Properties = NonNullable<PlannedChange['after']>

/** Undefined: it may run. `now` was made with the scope of the reviewed plan, its changes included. */
export function differenceFrom(reviewed: Reviewed, now: Planned, kinds: readonly AnyKind[]): Difference | undefined {
  const found = foundSince(reviewed, now.plan)
  if (now.plan.digest === reviewed.digest && found.length === 0) return undefined
  const look = lookAt(reviewed, now, kinds)
  const planned = new Map(now.plan.changes.map(change => [change.id, change]))
  const known = new Map(reviewed.changes.map(change => [change.id, change]))
  const came = now.plan.changes.filter(change => !known.has(change.id))
  const missing = reviewed.changes.filter(change => !planned.has(change.id))
  const went = missing.flatMap((change): readonly Gone[] => {
    const why = look.whyNotDone(change)
    return why === undefined ? [] : [{ change, why }]
  })
  const differ = now.plan.changes.flatMap(change => {
    const before = known.get(change.id)
    return before === undefined || look.isRest(before, change) ? [] : [{ reviewed: before, now: change }]
  })

  const effectsKnown = new Map(reviewed.effects.map(effect => [keyOf(effect), effect]))
  const effectsNow = new Set(now.plan.effects.map(keyOf))
  const effectsCame = now.plan.effects.filter(effect => {
    const before = effectsKnown.get(keyOf(effect))
    return before === undefined ? !look.isPassing(effect) : before.until !== effect.until
  })
  const effectsWent = reviewed.effects.filter(effect => !effectsNow.has(keyOf(effect)) && !look.hasCome(effect))

  const isSound = [came, went, differ, effectsCame, effectsWent, found].every(list => list.length === 0)
  const nothingIsDone =
    missing.length === 0 && now.plan.changes.every(change => isSameContent(known.get(change.id), change))
  if (isSound && !nothingIsDone) return undefined
  return { came, went, differ, effectsCame, effectsWent, found, isReordered: isSound }
}

/** Warnings about what would be changed that the reviewer could not know. */
function foundSince(reviewed: Reviewed, now: Plan): readonly Finding[] {
  const changed = new Set(now.changes.map(({ id }) => id))
  const known = new Set(reviewed.findings.flatMap(namesOf))
  // Half brought back looks as if somebody had switched it off; that it is the same object is checked besides.
  const isBroughtBack = new Set(reviewed.changes.filter(({ action }) => action === 'restore').map(({ id }) => id))
  return now.findings.filter(({ code, about = [] }) =>
    about.some(id => changed.has(id) && !known.has(nameOf(code, id)) && !isBroughtBack.has(id)),
  )
}

function namesOf({ code, about = [] }: Finding): readonly string[] {
  return about.map(id => nameOf(code, id))
}

function nameOf(code: string, id: Id): string {
  return `${code} ${id}`
}

function keyOf({ effect, person, app, role }: Effect): string {
  return JSON.stringify([effect, person, app, role])
}

function isSameContent(one: PlannedChange | undefined, other: PlannedChange): boolean {
  const isAlike = one?.action === other.action && isSame(one.before, other.before) && isSame(one.after, other.after)
  return isAlike && isSame(one.target, other.target)
}

interface Wanted {
  readonly spec: Spec
  /** The same, without what only other resources could tell by now. */
  readonly late: Spec
}

interface Look {
  /** Undefined: what the change makes is there, or what it takes away is gone. */
  whyNotDone(change: PlannedChange): Gone['why'] | undefined
  isRest(reviewed: PlannedChange, now: PlannedChange): boolean
  hasCome(effect: Effect): boolean
  /** Of a plan that is done in part: it comes of that, and not of what anybody else did. */
  isPassing(effect: Effect): boolean
}

function lookAt(reviewed: Reviewed, now: Planned, kinds: readonly AnyKind[]): Look {
  const { desired, observed, policy, links } = now
  const kindNamed = new Map(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind]))
  const waiting = new Set(now.plan.waiting.map(({ id }) => id))
  const created = new Set(reviewed.changes.filter(({ action }) => action === 'create').map(({ id }) => id))

  // Where some is done, what is under way may pass through values that are on neither side.
  const planned = new Set(now.plan.changes.map(({ id }) => id))
  const begun = new Set(reviewed.changes.flatMap(change => (planned.has(change.id) ? [] : [change.plane])))

  const since = Date.parse(reviewed.createdAt)
  function isOurMaking({ id, plane, kind }: PlannedChange): boolean | undefined {
    const there = observed.get(id)
    return there && kindNamed.get(`${plane}/${kind}`)?.isOurMaking?.(there, policy, since)
  }

  function isTargetReviewed(before: PlannedChange, { target }: PlannedChange): boolean {
    return isSameTarget(before.target, target, id => created.has(id))
  }

  /** Of what is done: what it touched is still what was reviewed, or is gone by now. */
  function isTargetThere({ id: own, after, target }: PlannedChange): boolean {
    return Object.entries(target.objects).every(([id, { objectId }]) => {
      const there = observed.get(id as Id)
      return there === undefined || lastingIdOf(there) === objectId || (id === own && after === null)
    })
  }

  /** What the policy wants of it; where it wants nothing, what it makes of one of ours that stays. */
  function wantedOf(change: PlannedChange): Wanted | undefined {
    const kind = kindNamed.get(`${change.plane}/${change.kind}`)
    const there = observed.get(change.id)
    const left = there === undefined ? undefined : kind?.retire?.(there, policy)
    const spec = desired.get(change.id)?.spec ?? (left === 'delete' ? undefined : left)
    if (kind === undefined || spec === undefined) return undefined
    return { spec: kind.normalize(settle(spec, observed)) as Spec, late: kind.normalize(spec) as Spec }
  }

  /** A name or an id that was not known before another reviewed change made it is the one that is known now. */
  function isLateValue(key: string, value: Json | undefined, { late }: Wanted): boolean {
    const wanted = late[key]
    return isLate(wanted) && created.has(wanted.$of) && isSame(value, shownValue(wanted))
  }

  function areWanted(properties: Properties, wanted: Wanted): boolean {
    return Object.entries(properties).every(
      ([key, value]) => isSame(value, shownValue(wanted.spec[key])) || isLateValue(key, value, wanted),
    )
  }

  /** What has given up its name is the same object under another one. */
  function isPutAway({ id, plane, kind, after, target }: PlannedChange): boolean {
    const objectId = target.objects[id]?.objectId
    const there = observed.values().find(each => each.objectId === objectId && kindOf(each.id) === `${plane}/${kind}`)
    const left = there === undefined ? undefined : kindNamed.get(`${plane}/${kind}`)?.retire?.(there, policy)
    if (there === undefined || planned.has(there.id) || left === undefined || left === 'delete') return false
    return Object.entries(after ?? {}).every(([key, value]) => isSame(value, shownValue(left[key])))
  }

  function whyNotDone(change: PlannedChange): Gone['why'] | undefined {
    const { id, action, after } = change
    if (waiting.has(id)) return 'has to wait now'
    if (!isTargetThere(change)) return 'came about in another way'
    const wanted = desired.get(id)
    const there = observed.get(id)
    if (after === null) {
      if (wanted !== undefined) return 'no longer wanted'
      // Another one that has its name by now, and that nothing is done to, is not what was to go.
      const isOther = there !== undefined && lastingIdOf(there) !== change.target.objects[id]?.objectId
      return there === undefined || isOther ? undefined : 'came about in another way'
    }
    const makes = wantedOf(change)
    const isMade = makes !== undefined && areWanted(after, makes)
    if (wanted === undefined) {
      if (action !== 'update') return 'no longer wanted'
      // What is let go is not read any more. What was to be put away is: gone from sight, it is not done.
      const isLetGo = (there === undefined || !there.owned) && (after.managed === false || after.marked === false)
      return isLetGo || isMade || isPutAway(change) ? undefined : 'no longer wanted'
    }
    const isWhole = action !== 'create' || namedKeys(makes?.spec ?? {}).every(key => key in after)
    if (!isMade || !isWhole || wanted.reference === true) return 'no longer wanted'
    const isOurs = there?.owned === true && there.retired !== true
    const isTheirs = action === 'create' && isOurMaking(change) === false
    return isOurs && !isTheirs ? undefined : 'came about in another way'
  }

  function isRest(before: PlannedChange, change: PlannedChange): boolean {
    if (!isTargetReviewed(before, change)) return false
    // What goes may be gone in part; that somebody gave it another name since shows.
    if (before.after === null && change.after === null)
      return isSame(before.before?.displayName, change.before?.displayName)
    const isBegun = begun.has(change.plane)
    const { after } = before
    // The risk of what is under way is that of a value that is on neither side.
    const isUnderWay = isBegun && before.action === change.action && isSame(after, change.after)
    if (rank[change.risk] > rank[before.risk] && !isUnderWay) return false
    if (isSameContent(before, change)) return true
    const wanted = wantedOf(change)
    if (after === null || change.after === null || wanted === undefined) return false
    // What was there to be taken over may have been undone together with something else that goes.
    if (isBegun && before.action === 'adopt' && areAsReviewed(after, change.after)) return true
    if (rests[before.action]?.includes(change.action) !== true) return false
    // What was to be made and is there already is ours only if it looks so: a stranger's is not taken over unseen.
    if (before.action === 'create' && change.action !== 'create' && isOurMaking(change) === false) return false
    if (before.action === 'create' && change.action === 'adopt' && isOurMaking(change) !== true) return false
    return Object.entries(change.after).every(([key, value]) => {
      if (!(key in after) || !(isSame(value, after[key]) || isLateValue(key, after[key], wanted))) return false
      const was = change.before?.[key]
      // Of what was to be made, what is there already is ours, or is empty there: nobody's own is overwritten unseen.
      if (before.action === 'create') return change.action !== 'adopt' || isEmpty(was)
      return isOnTheWay(was, before.before?.[key], after[key]) || (isBegun && key !== 'displayName' && hasMore(was))
    })
  }

  const accesses = { whole: now.before, inAnyWay: reach(links, policy, { asItIs: true }) }
  function hasCome(effect: Effect): boolean {
    return effect.effect === 'lose' ? !hasAccess(accesses.inAnyWay, effect) : hasAccess(accesses.whole, effect)
  }

  const losing = new Set(reviewed.effects.filter(({ effect }) => effect === 'lose').map(keyOfApp))
  let then: ReturnType<typeof reach> | undefined
  function isPassing(effect: Effect): boolean {
    if (begun.size === 0) return false
    then ??= reach(linksThen(reviewed, now, kinds), policy, { asItIs: true })
    // Who had it when the plan was reviewed gets it back.
    if (effect.effect === 'gain') return hasAccess(then, effect)
    // Half of an access passes for another role; an app that is getting another sign-on, or is on its way out, for open.
    const app = keyOfApp(effect)
    const isOpen = !policy.apps.has(effect.app) || !hasAccess(accesses.whole, effect)
    return isOpen || losing.has(app) || then.values().some(each => keyOfApp(each) === app)
  }

  return { whyNotDone, isRest, hasCome, isPassing }
}

function keyOfApp({ person, app }: AccessOf): string {
  return JSON.stringify([person, app])
}

function hasAccess(accesses: ReturnType<typeof reach>, { person, app, role }: Effect): boolean {
  return accesses.has(accessKey(person, app, role))
}

/** What was cut short goes on as one of these. */
const rests: Readonly<Partial<Record<Action, readonly Action[]>>> = {
  create: ['create', 'update', 'adopt'],
  adopt: ['adopt', 'update'],
  restore: ['restore', 'adopt', 'update'],
  update: ['update'],
}

/** What is left of a change deserves no closer look than the whole did. */
const rank: Readonly<Record<Risk, number>> = { neutral: 0, revoke: 0, grant: 1, privileged: 2 }

/** As it was, or a list of which some is done: all that stays, and nothing that is on neither side. */
function isOnTheWay(now: Json | undefined, before: Json | undefined, after: Json | undefined): boolean {
  if (isSame(now, before)) return true
  if (!Array.isArray(now) || !Array.isArray(before) || !Array.isArray(after)) return false
  const [here, from, to] = [now, before, after].map(list => new Set(list.map(item => canonical(item))))
  if (here === undefined || from === undefined || to === undefined) return false
  return (
    [...here].every(item => from.has(item) || to.has(item)) && [...from].every(item => !to.has(item) || here.has(item))
  )
}

/** What is on or off is on neither side of a change by nobody's run of ours. */
function hasMore(value: Json | undefined): boolean {
  return typeof value !== 'boolean'
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** As far as the review speaks of them. */
function areAsReviewed(reviewed: Properties, now: Properties): boolean {
  return Object.entries(now).every(([key, value]) => !(key in reviewed) || isSame(value, reviewed[key]))
}

function namedKeys(spec: Spec): readonly string[] {
  return Object.keys(spec).filter(key => spec[key] !== undefined)
}

/** The links of the moment of review, as far as the plan tells: what is done of it, taken back in thought. */
function linksThen({ changes }: Reviewed, { links, desired, observed, plan }: Planned, kinds: readonly AnyKind[]) {
  const works = worksBy(kinds, desired)
  const whole = new Set(plan.changes.filter(({ action }) => action === 'create').map(({ id }) => id))
  const left = new Map(plan.changes.map(change => [change.id, change.before]))
  const present = new Set(links.present)
  const working = new Set(links.working)
  const otherwise = new Set(links.otherwise)
  const put = (id: Id, spec: Spec): void => {
    present.add(id)
    if (works(id, spec)) working.add(id)
    else if (works(id, spec, true)) otherwise.add(id)
  }
  for (const { id, action, before } of changes) {
    if (whole.has(id)) continue
    for (const links of [present, working, otherwise]) links.delete(id)
    if (action === 'create') continue
    // Of what is still to be done, what is there is believed, and the file only of values that may be under way.
    const underWay = Object.entries(left.get(id) ?? {}).flatMap(([key, value]) =>
      before !== null && key in before && hasMore(value) ? [[key, before[key]] as const] : [],
    )
    put(id, { ...observed.get(id)?.spec, ...(left.has(id) ? Object.fromEntries(underWay) : before) })
  }
  return { present, working, otherwise }
}
