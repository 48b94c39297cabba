// A story: a starting state, and policies one after the other, each on a later day, with people's hands in between.

import fc from 'fast-check'
import type { Planned } from '../../src/engine/plan.ts'
import { isRefusal } from '../../src/model/problem.ts'
import { gathered } from './gathering.ts'
import { leftovers, wrongAccess, wrongOutcomes } from './judgement.ts'
import {
  addressesOf,
  isOpenOtherwise,
  personOf,
  signsOnOtherwise,
  standIn,
  type Way,
  wayOf,
  working,
} from './oracle.ts'
import { type AppDoc, type Documents, documents, firstDay, laterDay } from './policies.ts'
import { type Tampering, tamper, tampering } from './tampering.ts'
import { told } from './telling.ts'
import { type Item, openTenant, resolve, type Snapshot, type Tenant } from './tenant.ts'
import { type Start, start } from './world.ts'

export interface Chapter {
  readonly documents: Documents
  /** Done by hand before the policy is applied. */
  readonly tampering: Tampering
  /** Milliseconds since the last chapter. */
  readonly later: number
}

export interface Story {
  readonly start: Start
  readonly chapters: readonly Chapter[]
}

const chapter: fc.Arbitrary<Chapter> = fc.record({ documents, tampering, later: laterDay })

export const story: fc.Arbitrary<Story> = fc
  .record({
    start,
    chapters: fc.array(chapter, { minLength: 1, maxLength: 3, size: 'max' }),
    preAssigned: fc.constantFrom(false, false, false, false, false, false, true),
  })
  .map(({ preAssigned, ...each }) =>
    preAssigned ? { ...each, chapters: each.chapters.flatMap(preAssignedTwice) } : each,
  )
  .map(each => told(each, each))

/** Without the right to assign: once the groups are there, a person assigns them, and the policy is applied again. */
function preAssignedTwice({ documents: { organization, ...rest }, ...chapter }: Chapter): readonly Chapter[] {
  const entra = { ...organization.entra, assignments: 'pre-assigned' as const }
  const policy = { ...rest, organization: { ...organization, entra } }
  const assign: Tampering = [{ what: 'assignRoleGroups', one: 0, other: 0 }]
  return [
    { ...chapter, documents: policy },
    { documents: policy, tampering: assign, later: 0 },
  ]
}

/** A tenant that a first policy and people's hands have been at, and a policy that comes to it. */
export interface Arrival {
  readonly start: Start
  readonly first: Documents
  readonly tampering: Tampering
  readonly second: Documents
}

export const arrival: fc.Arbitrary<Arrival> = fc
  .record({ start, first: documents, tampering, second: documents })
  .map(parts => {
    const chapters = [
      { documents: parts.first, tampering: [], later: 0 },
      { documents: parts.second, tampering: parts.tampering, later: 0 },
    ]
    return told(parts, { start: parts.start, chapters })
  })

/** Where another law looks on. */
export interface Witness {
  readonly planned?: (planned: Planned) => void
  readonly applied?: (before: Snapshot, after: Snapshot, documents: Documents, at: number) => void
}

/** All that is wrong with how it goes, in words. */
export async function live({ start: from, chapters }: Story, witness: Witness = {}): Promise<readonly string[]> {
  const tenant = await openTenant(from, firstDay)
  try {
    const former = new Map<string, AppDoc>()
    for (const [index, each] of chapters.entries()) {
      tenant.now += each.later
      await tamper(tenant, each.tampering)
      const wrong = await applyOnce(tenant, each.documents, former, witness)
      for (const app of each.documents.apps) former.set(app.name, app)
      if (wrong.length > 0) return wrong.map(text => `policy ${index + 1}: ${text}`)
    }
    return []
  } finally {
    await tenant.close()
  }
}

async function applyOnce(
  tenant: Tenant,
  written: Documents,
  former: ReadonlyMap<string, AppDoc>,
  witness: Witness,
): Promise<readonly string[]> {
  const policy = await resolve(written, tenant.now)
  const before = tenant.snapshot()
  const policyDocuments = gathered(written, before)
  const planned = await tenant.plan(policy)
  witness.planned?.(planned)
  if (planned.plan.findings.some(isRefusal)) return []
  const outcomes = await tenant.apply(planned)
  const after = tenant.snapshot()
  witness.applied?.(before, after, policyDocuments, tenant.now)
  const again = await tenant.plan(policy)

  const isDone = outcomes.every(outcome => outcome.status === 'done')
  const failed = new Set(outcomes.filter(outcome => outcome.status !== 'done').map(outcome => outcome.change.id))
  return [
    ...wrongOutcomes(outcomes, before, policyDocuments),
    ...again.plan.changes
      .filter(change => !failed.has(change.id))
      .map(
        change =>
          `planned again: ${change.action} ${change.id} ${JSON.stringify(change.before)} -> ${JSON.stringify(change.after)}`,
      ),
    ...(failed.size === 0
      ? again.plan.effects.map(effect => `effect again: ${effect.effect} ${effect.person} ${effect.app}`)
      : []),
    ...wrongAccess(before, after, policyDocuments, tenant.now),
    ...(isDone ? leftovers(after, policyDocuments, tenant.now).map(text => `left over: ${text}`) : []),
    ...(isDone ? wrongEffects(planned, { before, after, former }, policyDocuments, tenant.now) : []),
  ]
}

interface Passage {
  readonly before: Snapshot
  readonly after: Snapshot
  /** Apps as the last policy that had them describes them. */
  readonly former: ReadonlyMap<string, AppDoc>
}

/**
 * Effects are what the directories show: ways that work after and not before, and the reverse. Of an app whose doors the
 * policy describes in another way than before, nobody can tell from it what they were; of one that it does not describe any
 * more, no loss may go untold.
 */
function wrongEffects(planned: Planned, passage: Passage, policyDocuments: Documents, at: number): readonly string[] {
  const { before, after, former } = passage
  const was = working(before, policyDocuments, at, { former, unmanaged: true })
  const is = working(after, policyDocuments, at, { unmanaged: true })
  const told = toldBy(planned, passage, policyDocuments)
  const kept = policyDocuments.apps
    .filter(app => isAsBefore(app, passage) && !isOpenOtherwise(app, before))
    .map(app => app.name)
  const known = (ways: ReadonlySet<Way>): readonly Way[] => [...ways].filter(way => kept.includes(appOf(way)))
  const current = new Set(policyDocuments.apps.map(app => app.name))
  const gone = [...was].filter(
    way => !is.has(way) && !current.has(appOf(way)) && former.has(appOf(way)) && isPlain(appOf(way), before),
  )
  // Who comes back from the recycle bin comes with the groups of then, which nobody can read before.
  const back = peopleIn(before.graph.deletedItems ?? [], policyDocuments)
  const gained = new Set([...onlyIn(is, was)].filter(way => told.gain.has(way) || !back.has(way.split(' ')[0] ?? '')))
  return [
    ...differences('gain', gained, told.gain, known, policyDocuments),
    ...differences('lose', onlyIn(was, is), told.lose, known, policyDocuments),
    ...gone.filter(way => !told.lose.has(way)).map(way => `untold lose: ${way}`),
  ]
}

function peopleIn(items: readonly Item[], documents: Documents): ReadonlySet<string> {
  const addresses = addressesOf(documents)
  return new Set(
    items.map(item => {
      const prefix = String(item.id).replaceAll('-', '')
      return personOf({ ...item, userPrincipalName: String(item.userPrincipalName).replace(prefix, '') }, addresses)
    }),
  )
}

/** One application carries the app's mark, and no other mark: nobody copied it. */
function isPlain(app: string, { graph }: Snapshot): boolean {
  const marksOf = (principal: Item): readonly string[] => {
    const made = graph.applications?.find(each => each.appId === principal.appId)?.uniqueName
    const tags = Array.isArray(principal.tags) ? principal.tags.map(String) : []
    return [...new Set([...tags, String(made)])].filter(tag => tag.startsWith('guestlist.app.'))
  }
  const all = (graph.servicePrincipals ?? []).map(marksOf)
  const own = all.filter(marks => marks.includes(`guestlist.app.${app}`))
  return own.length === 1 && own[0]?.length === 1
}

function appOf(way: Way): string {
  return way.split(' ')[1] ?? ''
}

function onlyIn(these: ReadonlySet<Way>, those: ReadonlySet<Way>): ReadonlySet<Way> {
  return new Set([...these].filter(way => !those.has(way)))
}

function differences(
  effect: 'gain' | 'lose',
  real: ReadonlySet<Way>,
  told: ReadonlySet<Way>,
  known: (ways: ReadonlySet<Way>) => readonly Way[],
  policyDocuments: Documents,
): readonly string[] {
  // Where roles share a group, a person may have more of them than were granted.
  const shared = groupsSharedIn(policyDocuments)
  const compared = (ways: ReadonlySet<Way>): readonly Way[] => known(ways).filter(way => !shared.has(appOf(way)))
  return [
    ...compared(real)
      .filter(way => !told.has(way))
      .map(way => `untold ${effect}: ${way}`),
    ...compared(told)
      .filter(way => !real.has(way))
      .map(way => `false ${effect}: ${way}`),
  ]
}

function groupsSharedIn({ apps }: Documents): ReadonlySet<string> {
  const named = apps.flatMap(app => Object.values(app.roles ?? {}).flatMap(role => role.adGroup ?? []))
  const twice = named.filter((group, index) => named.indexOf(group) !== index)
  const sharing = apps.filter(app => Object.values(app.roles ?? {}).some(({ adGroup = '' }) => twice.includes(adGroup)))
  return new Set(sharing.map(app => app.name))
}

/** New, or with the same doors as in the policy before, and the same application behind them. */
function isAsBefore(app: AppDoc, { before, former }: Passage): boolean {
  const doors = ({ entra, signOn, roles, hosting, proxy }: AppDoc): string =>
    JSON.stringify([entra, signOn, roles, hosting, proxy?.connectorGroup])
  const old = former.get(app.name)
  const id = JSON.stringify(app.entra ?? '').toLowerCase()
  const wasAnother = [...former.values()].some(
    other =>
      other.name !== app.name && app.entra !== undefined && JSON.stringify(other.entra ?? '').toLowerCase() === id,
  )
  const isTampered = (before.graph.applications ?? []).some(each => JSON.stringify(each).includes('by-hand.corp'))
  const isOther = signsOnOtherwise(app, before)
  return (old === undefined || doors(old) === doors(app)) && !wasAnother && !isTampered && !isOther
}

/** What the plan says, in the oracle's words. */
function toldBy(
  planned: Planned,
  { before, after }: Passage,
  policyDocuments: Documents,
): Readonly<Record<'gain' | 'lose', ReadonlySet<Way>>> {
  const addresses = addressesOf(policyDocuments)
  const users = [...(before.graph.users ?? []), ...(after.graph.users ?? [])]
  const personNamed = (person: string): string => {
    const user = users.find(each => String(each.userPrincipalName).toLowerCase() === person)
    return user === undefined ? person : personOf(user, addresses)
  }
  const ways = (effect: 'gain' | 'lose'): ReadonlySet<Way> =>
    new Set(
      planned.plan.effects
        .filter(each => each.effect === effect)
        .map(({ person, app: name, role }) => {
          const app = policyDocuments.apps.find(each => each.name === name)
          return wayOf(personNamed(person), name, app === undefined ? '*' : standIn(app, role))
        }),
    )
  return { gain: ways('gain'), lose: ways('lose') }
}
