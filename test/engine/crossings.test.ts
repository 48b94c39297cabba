// Accesses that would work between two changes only: what opens them waits for what closes them.

import { expect, test } from 'vitest'
import type { Links } from '../../src/access/links.ts'
import { crossings } from '../../src/engine/crossings.ts'
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
