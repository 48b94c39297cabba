// Accesses that would work between two changes only: what opens them waits for what closes them.

import { expect, test } from 'vitest'
import type { Links } from '../../src/access/links.ts'
import { crossings, turns } from '../../src/engine/crossings.ts'
import { type Id, ids } from '../../src/model/id.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'

const origin = { file: 'p.yaml', line: 1, column: 1 }
const organization = { spec: { entra: {} }, origin } as unknown as ResolvedPolicy['organization']

function cloudApp(name: string) {
  const spec = { hosting: 'cloud', entra: { appId: name } }
  return [name, { name, spec, origin, roles: new Map([['user', { name: 'user', origin }]]) }] as const
}

const policy = {
  at: 0,
  organization,
  partners: new Map(),
  people: new Map(),
  apps: new Map([cloudApp('wiki'), cloudApp('pay')]),
  grants: [],
} as unknown as ResolvedPolicy

function links(...working: readonly Id[]): Links {
  const always = [ids.application('wiki'), ids.application('pay'), ids.guest('lee'), ids.guest('kim')]
  const all = new Set([...always, ...working])
  return { present: all, working: all }
}

test('who comes into a group waits until the group is out of an app that it leaves', () => {
  const [assigned, kim] = [
    ids.appRoleAssignment('wiki', 'default-access', 'fabrikam', 'ops'),
    ids.groupMember('fabrikam', 'ops', 'kim'),
  ]
  const lee = ids.groupMember('fabrikam', 'ops', 'lee')
  expect(crossings(links(assigned, lee), links(lee, kim), policy)).toEqual([[kim, assigned]])
})

test('nothing waits where nobody could slip in', () => {
  const [wiki, pay] = ['wiki', 'pay'].map(app => ids.appRoleAssignment(app, 'default-access', 'fabrikam', 'ops'))
  const lee = ids.groupMember('fabrikam', 'ops', 'lee')
  if (wiki === undefined || pay === undefined) throw new Error('both are there')
  expect(crossings(links(wiki, lee), links(pay, lee), policy)).toEqual([])
})

const [ops, eng] = ['ops', 'eng'].map(group => ids.appRoleAssignment('wiki', 'default-access', 'fabrikam', group)) as [
  Id,
  Id,
]
const inOps = (person: string): Id => ids.groupMember('fabrikam', 'ops', person)
const inEng = (person: string): Id => ids.groupMember('fabrikam', 'eng', person)

/** Also there, and out of order. */
function broken(links: Links, ...present: readonly Id[]): Links {
  return { ...links, present: new Set([...links.present, ...present]) }
}

test('what was there and begins to work opens, and what stays and works no more closes', () => {
  const [kim, lee] = [inOps('kim'), inOps('lee')]
  expect(crossings(broken(links(ops, lee), kim), links(lee, kim), policy)).toEqual([[kim, ops]])
  expect(crossings(links(ops, lee), broken(links(lee, kim), ops), policy)).toEqual([[kim, ops]])
})

test('who has the same access before or after by another way does not wait', () => {
  const [was, is] = [inOps('lee'), inEng('lee')]
  expect(crossings(links(ops, eng, was), links(ops, eng, is), policy)).toEqual([])
  expect(crossings(links(ops, eng, was), links(is), policy)).toEqual([])
  expect(crossings(links(was), links(ops, eng, is), policy)).toEqual([])
})

test('a sign-in ends also where it is not known to work, and begins where it did not', () => {
  const [kim, lee] = [inOps('kim'), inOps('lee')]
  const nowhere = links()
  const asleep = { present: links(ops, lee).present, working: new Set([ops, lee]) }
  const has = (found: readonly (readonly Id[])[], id: Id): boolean => found.some(each => each.includes(id))
  const ended = turns(asleep, nowhere, policy)
  expect([has(ended.ending, lee), ended.beginning]).toEqual([true, []])
  const begun = turns(links(ops, lee), links(ops, lee, kim), policy)
  expect([begun.ending, has(begun.beginning, kim), has(begun.beginning, lee)]).toEqual([[], true, false])
})
