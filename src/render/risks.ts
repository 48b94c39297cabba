// What deserves a second look: refusals, ways in that get easier, privileged changes, big removals, apps closed to employees,
// things taken over, ends to come. Plain text, not escaped for anything.

import { keyOf, kindOf } from '../model/id.ts'
import type { Cause, Line, Plan, PlannedChange } from '../model/plan.ts'
import { isRefusal } from '../model/problem.ts'
import { dateOf, dayMs } from '../model/time.ts'
import { titleOf } from './app-title.ts'
import { count } from './layout.ts'
import { countOf } from './nouns.ts'
import { bigRemovals } from './removals.ts'
import { settingNotes } from './settings.ts'
import { weakenedBy } from './weakened.ts'
import { wordsOf, wordsOfAll } from './words.ts'

export interface Risk {
  readonly title:
    | 'refused'
    | 'weakened'
    | 'privileged'
    | 'sets'
    | 'big removal'
    | 'closes'
    | 'not ours yet'
    | 'ends soon'
  readonly text: string
  /** Listed under it. */
  readonly names: readonly string[]
  /** Of a plan with a base, where it is known. */
  readonly cause?: Cause
  readonly at?: Line
}

/** The gravest first. */
export function risksOf(plan: Plan): readonly Risk[] {
  return [
    ...refused(plan),
    ...weakened(plan),
    ...unprotected(plan),
    ...privileged(plan),
    ...settingNotes(plan).map(({ text, at }) => risk('sets', text, [], { cause: 'intended', at })),
    ...removed(plan),
    ...closed(plan),
    ...adopted(plan),
    ...ending(plan),
  ]
}

interface Of {
  readonly cause?: Cause | undefined
  readonly at?: Line | undefined
}

function risk(title: Risk['title'], text: string, names: readonly string[] = [], { cause, at }: Of = {}): Risk {
  return { title, text, names, ...(cause === undefined ? {} : { cause }), ...(at === undefined ? {} : { at }) }
}

/** What several have in common: a place that all of them have, and the cause that deserves more attention. */
function ofAll(items: readonly { readonly cause?: Cause; readonly because: readonly Line[] }[]): Of {
  const cause = items.find(item => item.cause === 'intended')?.cause ?? items[0]?.cause
  const places = new Set(items.map(({ because: [line] }) => JSON.stringify(line)))
  return { cause, at: places.size === 1 ? items[0]?.because[0] : undefined }
}

function refused({ findings }: Plan): readonly Risk[] {
  return findings.filter(isRefusal).map(({ message, at }) => risk('refused', message, [], { at }))
}

/** A guardrail that names a group which is not there protects nothing, and looks as if it did. */
function unprotected({ findings }: Plan): readonly Risk[] {
  return findings
    .filter(({ code }) => code === 'protected-group-missing')
    .map(({ message, cause, at }) => risk('weakened', message, [], { ...(cause === undefined ? {} : { cause }), at }))
}

function weakened(plan: Plan): readonly Risk[] {
  return plan.changes.flatMap(change =>
    weakenedBy(change, plan).map(({ text, at }) => risk('weakened', text, [], { cause: change.cause, at })),
  )
}

/** Changes that are the same but for one word, in one line: `allow CONNECTOR01, CONNECTOR02 to …`. */
function privileged(plan: Plan): readonly Risk[] {
  const risky = plan.changes.filter(change => change.risk === 'privileged' && weakenedBy(change, plan).length === 0)
  const key = (change: PlannedChange): string =>
    JSON.stringify([change.action, change.kind, keyOf(change.id)[0], change.cause, change.because])
  return [...Map.groupBy(risky, key).values()].map(alike => risk('privileged', wordsOfAll(alike), [], ofAll(alike)))
}

function removed(plan: Plan): readonly Risk[] {
  return bigRemovals(plan).map(({ text, cause, at }) => risk('big removal', text, [], { cause, at }))
}

/** Apps that everybody in the tenant could open so far: closing them touches employees, too. */
function closed({ changes }: Plan): readonly Risk[] {
  const closing = changes.filter(
    ({ before, after }) => before?.assignmentRequired === false && after?.assignmentRequired === true,
  )
  if (closing.length === 0) return []
  const apps = closing.map(change => keyOf(change.id).join('/')).join(', ')
  const text = `${apps}: open to everybody in the tenant so far, then only to who is assigned, employees too`
  return [risk('closes', text, [], ofAll(closing))]
}

/** What was there before guestlist, and is looked after from now on. */
function adopted({ changes }: Plan): readonly Risk[] {
  // What is privileged besides is told there.
  const taken = changes.filter(({ action, risk }) => action === 'adopt' && risk !== 'privileged')
  return [...Map.groupBy(taken, change => kindOf(change.id)).values()].flatMap(alike => {
    const [first] = alike
    if (first === undefined) return []
    if (alike.length === 1) return [risk('not ours yet', wordsOf(first), [], ofAll(alike))]
    const text = `${countOf(first.id, alike.length)}, there already, looked after from now on:`
    return [
      risk(
        'not ours yet',
        text,
        alike.map(change => keyOf(change.id).join('/')),
        ofAll(alike),
      ),
    ]
  })
}

/** As far as a plan looks ahead. */
const soon = 30 * dayMs

/** Somebody who leaves is one line, whatever goes with it. */
function ending(plan: Plan): readonly Risk[] {
  const ends = plan.coming.filter(({ effect }) => effect === 'lose')
  if (ends.length === 0) return []
  const text = `${count(ends.length, 'access ends', 'accesses end')} by ${dateOf(Date.parse(plan.at) + soon)}: \`guestlist access --expiring 30d\``
  const alike = Map.groupBy(ends, ({ person, on }) => JSON.stringify([person, on]))
  const names = [...alike.values()].flatMap(same => {
    const apps = same.map(({ app }) => titleOf(app, plan)).sort()
    return same.slice(0, 1).map(({ person, on }) => `${person} in ${apps.join(', ')} on ${on}`)
  })
  return [risk('ends soon', text, names, { at: ofAll(ends).at })]
}
