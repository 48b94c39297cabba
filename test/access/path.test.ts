// Each cell of the contract's path table, link by link, and that a path is open exactly where reach says so.

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { explain } from '../../src/access/explain.ts'
import { reach } from '../../src/access/reach.ts'
import type { LinkName, Path } from '../../src/model/explanation.ts'
import { type Id, ids } from '../../src/model/id.ts'
import type { PlannedChange } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { allLinks, appNames, type How, lee, linksOf, maeve, matrix, observed, situation } from './matrix.ts'

let managed: ResolvedPolicy
let preAssigned: ResolvedPolicy

beforeAll(async () => {
  managed = await matrix()
  preAssigned = await matrix('pre-assigned')
})

const guest: readonly LinkName[] = ['trust', 'guest', 'application', 'member', 'assigned']
const own: readonly LinkName[] = ['account', 'synced', 'application', 'member', 'assigned']
const cells: readonly (readonly [string, string, readonly LinkName[]])[] = [
  [lee, 'cloud', [...guest, 'conditions']],
  [lee, 'saml', [...guest, 'published', 'sign-on']],
  [lee, 'header', [...guest, 'published', 'sign-on']],
  [lee, 'none', [...guest, 'published']],
  [lee, 'kerberos', [...guest, 'conditions', 'published', 'sign-on', 'shadow-account', 'ad-member', 'delegation']],
  [lee, 'resource-based', [...guest, 'published', 'sign-on', 'shadow-account', 'ad-member', 'delegation']],
  [lee, 'unmanaged', [...guest, 'published', 'sign-on', 'shadow-account', 'ad-member', 'delegation']],
  [maeve, 'cloud', [...own, 'conditions']],
  [maeve, 'saml', [...own, 'published', 'sign-on']],
  [maeve, 'header', [...own, 'published', 'sign-on']],
  [maeve, 'none', [...own, 'published']],
  [maeve, 'kerberos', [...own, 'conditions', 'published', 'sign-on', 'ad-member', 'delegation']],
  [maeve, 'resource-based', [...own, 'published', 'sign-on', 'ad-member', 'delegation']],
  [maeve, 'unmanaged', [...own, 'published', 'sign-on', 'ad-member', 'delegation']],
]

/** The one path that the policy gives, where only `ids` are there. */
function pathWith(policy: ResolvedPolicy, person: string, app: string, there: ReadonlyMap<Id, How>): Path {
  const links = linksOf([...there.keys()], id => there.get(id) ?? 'absent')
  const { paths } = explain(person, app, reach(links, policy).values(), situation(policy, links))
  const [path] = paths
  if (path === undefined || paths.length > 1) throw new Error(`${paths.length} paths`)
  return path
}

/** Every link of the path, made by following it until nothing is missing. */
function whole(policy: ResolvedPolicy, person: string, app: string): Map<Id, How> {
  const there = new Map<Id, How>()
  for (const link of pathWith(policy, person, app, there).links) for (const id of link.ids) there.set(id, 'working')
  const delegation =
    app === 'resource-based' ? ids.resourceDelegation(app, 'CONNECTOR01') : ids.kerberosDelegation(app, 'CONNECTOR01')
  if (app === 'kerberos' || app === 'resource-based') there.set(delegation, 'working')
  return there
}

describe.each(cells)('%s and %s', (person, app, expected) => {
  test('the links are those of the table, and all of them together are enough', () => {
    const there = whole(managed, person, app)
    const path = pathWith(managed, person, app, there)
    expect(path.links.map(({ name }) => name)).toEqual(expected)
    expect(path).toMatchObject({ role: 'user', standing: 'in force', reaches: true, also: [] })
    expect(path.links.filter(({ state }) => state !== 'present')).toEqual([])
  })

  test('without any one of them the path is broken there, and nowhere else', () => {
    for (const name of expected) {
      const there = whole(managed, person, app)
      const link = pathWith(managed, person, app, there).links.find(each => each.name === name)
      // What somebody else sees to cannot be missing.
      if (link === undefined || link.ids.length === 0) continue
      for (const id of link.ids) there.delete(id)
      const path = pathWith(managed, person, app, there)
      const broken = path.links.filter(({ state }) => state !== 'present').map(each => each.name)
      // Publishing and sign-on are two sides of one thing, except for SAML.
      const isOne = name === 'published' || name === 'sign-on'
      expect(broken, name).toEqual(
        isOne && link.ids.includes(ids.appProxy(app)) ? expect.arrayContaining([name]) : [name],
      )
      // As reach sees it: whoever is in the group without being invited needs no invitation.
      expect(path.reaches, name).toBe(['conditions', 'trust', 'guest'].includes(name))
      expect(path.links.find(each => each.name === name)?.state).toBe('missing')
    }
  })

  test('what is there and does not work is broken, not missing', () => {
    for (const name of ['guest', 'account', 'synced', 'sign-on', 'shadow-account', 'delegation', 'trust'] as const) {
      const there = whole(managed, person, app)
      const link = pathWith(managed, person, app, there).links.find(each => each.name === name)
      if (link === undefined || link.ids.length === 0) continue
      for (const id of link.ids) there.set(id, 'present')
      const path = pathWith(managed, person, app, there)
      expect(path.reaches, name).toBe(false)
      expect(path.links.filter(({ passes }) => !passes).map(each => [each.name, each.state])).toEqual([
        [name, 'broken'],
      ])
    }
  })
})

test('pre-assigned: a group of the role, assigned by a person, takes the place of the partner group', () => {
  const names = pathWith(preAssigned, lee, 'kerberos', new Map()).links.map(({ name }) => name)
  expect(names.slice(0, 5)).toEqual(['trust', 'guest', 'application', 'role-assigned', 'role-member'])
  expect(pathWith(preAssigned, lee, 'cloud', whole(preAssigned, lee, 'cloud')).reaches).toBe(true)
})

test('one connector is enough, and the others are told', () => {
  const there = whole(managed, lee, 'kerberos')
  there.set(ids.kerberosDelegation('kerberos', 'CONNECTOR02'), 'present')
  const link = pathWith(managed, lee, 'kerberos', there).links.at(-1)
  expect(link).toMatchObject({ name: 'delegation', state: 'present' })
  expect(link?.holding).toEqual([ids.kerberosDelegation('kerberos', 'CONNECTOR01')])
})

test('conditions that a plan would correct for this app are not as the policy says, and keep nobody out', () => {
  const there = whole(managed, lee, 'cloud')
  const links = linksOf([...there.keys()], () => 'working')
  const id = ids.conditionalAccessPolicy('mfa')
  const states = (apps: readonly string[], after: PlannedChange['after']) => {
    const there = new Map([observed(id, { apps: [...apps] })])
    const change = { id, plane: 'entra', kind: '', action: 'update', risk: 'neutral', before: {}, after } as const
    const changes = new Map([[id, { ...change, target: { objects: {}, named: {} }, dependsOn: [], because: [] }]])
    const state = situation(managed, links, { observed: there, changes })
    const [path] = explain(lee, 'cloud', reach(links, managed).values(), state).paths
    const link = path?.links.at(-1)
    return [link?.name, link?.state, path?.reaches]
  }
  expect(states(['cloud'], { state: 'enabled' })).toEqual(['conditions', 'broken', true])
  expect(states(['other'], { apps: ['cloud', 'other'] })).toEqual(['conditions', 'broken', true])
  expect(states(['cloud', 'gone'], { apps: ['cloud'] })).toEqual(['conditions', 'present', true])
})

test('what waits for something that waits, waits for the root', () => {
  const [member, guestId] = [ids.groupMember('fabrikam', 'engineers', lee), ids.guest(lee)]
  const links = linksOf([], () => 'absent')
  const waiting = new Map([
    [guestId, { id: guestId, for: 'person', message: 'somebody must do it' }],
    [member, { id: member, for: guestId, message: `cannot be before ${guestId}` }],
  ])
  const { paths } = explain(lee, 'cloud', [], situation(managed, links, { waiting }))
  const states = Object.fromEntries(
    paths[0]?.links.map(({ name, state, waiting }) => [name, [state, waiting?.for]]) ?? [],
  )
  expect(states).toMatchObject({
    guest: ['waiting', 'person'],
    member: ['waiting', 'person'],
    assigned: ['missing', undefined],
  })
})

describe('ways', () => {
  test('that no policy names have a path of their own beside the one of the policy', () => {
    const there = whole(managed, lee, 'cloud')
    there.delete(ids.groupMember('fabrikam', 'engineers', lee))
    there.set(ids.unmanagedAccess('cloud', 'default-access', lee, 'direct'), 'working')
    const links = linksOf([...there.keys()], () => 'working')
    const { paths } = explain(lee, 'cloud', reach(links, managed).values(), situation(managed, links))
    expect(paths.map(({ standing, reaches, way }) => [standing, reaches, way?.by])).toEqual([
      ['in force', false, 'group'],
      ['unnamed', true, 'hand'],
    ])
  })

  test('through a group that the policy does not name are unnamed', () => {
    const there = whole(managed, lee, 'cloud')
    there.set(ids.groupMember('fabrikam', 'others', lee), 'working')
    there.set(ids.appRoleAssignment('cloud', 'default-access', 'fabrikam', 'others'), 'working')
    const links = linksOf([...there.keys()], () => 'working')
    const { paths } = explain(lee, 'cloud', reach(links, managed).values(), situation(managed, links))
    expect(paths.map(({ standing, way }) => [standing, way?.by === 'group' ? way.group : ''])).toEqual([
      ['in force', 'engineers'],
      ['unnamed', 'others'],
    ])
  })

  test('of an app that has left the policy are told by its access alone', () => {
    const left = { ...managed, apps: new Map([...managed.apps].filter(([name]) => name !== 'cloud')) }
    const links = linksOf([...whole(managed, lee, 'cloud').keys()], () => 'working')
    const { paths } = explain(lee, 'cloud', reach(links, left).values(), situation(left, links))
    expect(paths).toMatchObject([{ role: 'user', reaches: true, standing: 'unnamed', links: [] }])
  })
})

describe('what is not in force', () => {
  const dated = (dates: string): string =>
    `apiVersion: guestlist/v1\nkind: Access\nname: dated\npartner: fabrikam\ngroups: [others]\napp: kerberos\nrole: approver\n${dates}`

  test.for([
    ['from: 2027-01-11\nuntil: 2027-04-30', 'later'],
    ['until: 2026-11-30', 'ended'],
  ] as const)('%s is %s', async ([dates, standing]) => {
    const policy = await matrix('managed', [dated(dates)])
    const links = linksOf([], () => 'absent')
    const { paths } = explain(lee, 'kerberos', [], situation(policy, links))
    expect(paths.find(({ role }) => role === 'approver')).toMatchObject({ standing, reaches: false })
  })
})

test('an observed link carries what was observed, what works first', () => {
  const [first, second] = [ids.kerberosDelegation('kerberos', 'A'), ids.kerberosDelegation('kerberos', 'B')]
  const links = linksOf([first, second], id => (id === second ? 'working' : 'present'))
  const there = new Map([observed(first), observed(second)])
  const { paths } = explain(lee, 'kerberos', [], situation(managed, links, { observed: there }))
  expect(paths[0]?.links.at(-1)?.there.map(({ id }) => id)).toEqual([second, first])
})

describe('agrees with reach', () => {
  const all = allLinks()
  const worlds = fc
    .array(
      fc.constantFrom<How>('absent', 'present', 'working', 'working', 'working', 'working', 'working', 'working'),
      {
        minLength: all.length,
        maxLength: all.length,
      },
    )
    .map(hows => linksOf(all, id => hows[all.indexOf(id)] ?? 'absent'))

  test.each(['managed', 'pre-assigned'])('in every state of the links (%s)', assignments => {
    const policy = assignments === 'managed' ? managed : preAssigned
    let open = 0
    fc.assert(
      fc.property(worlds, links => {
        const accesses = [...reach(links, policy).values()]
        for (const person of [lee, maeve]) {
          for (const app of appNames) {
            const { paths } = explain(person, app, accesses, situation(policy, links))
            const told = new Set(paths.filter(({ reaches }) => reaches).map(({ role }) => role))
            const real = accesses
              .filter(access => access.person === person && access.app === app)
              .map(({ role }) => role)
            expect([...told].sort()).toEqual(real.sort())
            open += real.length
          }
        }
      }),
      { numRuns: 300 },
    )
    expect(open).toBeGreaterThan(300)
  })
})
