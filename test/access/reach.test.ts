// Who reaches what, from links made by hand.

import { expect, test } from 'vitest'
import { reach } from '../../src/access/reach.ts'
import { ids } from '../../src/model/id.ts'
import { lee, linksOf, matrix } from './matrix.ts'

test('a role that has left the policy of a Kerberos app is access as long as its groups are there', async () => {
  const policy = await matrix()
  const path = [
    ids.guest(lee),
    ids.application('kerberos'),
    ids.appProxy('kerberos'),
    ids.kerberosDelegation('kerberos', 'CONNECTOR01'),
    ids.shadowAccount(lee),
    ids.groupMember('fabrikam', 'engineers', lee),
    ids.appRoleAssignment('kerberos', 'Former.Role', 'fabrikam', 'engineers'),
  ]
  const roles = (more: readonly (typeof path)[number][]): readonly string[] =>
    [
      ...reach(
        linksOf([...path, ...more], () => 'working'),
        policy,
      ).values(),
    ].map(({ role }) => role)
  const member = ids.adGroupMember('kerberos', 'former', lee)
  expect(roles([])).toEqual([])
  expect(roles([member])).toEqual(['former'])
  // By the group alone, nobody is let in to the app.
  expect([
    ...reach(
      linksOf([...path.slice(0, -1), member], () => 'working'),
      policy,
    ).values(),
  ]).toEqual([])
})
