// Whose guest is whose: the address of a person must never lead to somebody else.

import { expect, test } from 'vitest'
import { addressBook, type User } from '../../src/resources/entra/tenant.ts'
import { contoso, fabrikamWith } from '../policy/documents.ts'
import { load } from '../policy/folder.ts'
import { access, app, appIds, guest, openCloud, organization, partner, seededApp } from './cloud.ts'

const invited = (id: string, more: Partial<User>): User => ({
  id,
  userPrincipalName: `${id}#EXT#@contoso.onmicrosoft.com`,
  userType: 'Guest',
  creationType: 'Invitation',
  externalUserState: 'Accepted',
  ...more,
})
const lee = invited('z', {
  userPrincipalName: 'lee_fabrikam.com#EXT#@contoso.onmicrosoft.com',
  mail: 'lee@fabrikam.com',
})

async function nameOf(...guests: readonly User[]): Promise<Readonly<Record<string, string>>> {
  const { policy } = await load({ 'all.yaml': `${contoso}---\n${fabrikamWith()}` })
  if (policy === undefined) throw new Error('the policy is whole')
  return Object.fromEntries(addressBook(guests, policy))
}

test('of two guests with one mail, the one with the principal name of the address is meant', async () => {
  const copy = invited('a', { mail: 'Lee@Fabrikam.com' })
  expect(await nameOf(copy, lee)).toEqual({ z: 'lee@fabrikam.com', a: 'a#ext#@contoso.onmicrosoft.com' })
})

test('who is taken over by another mail, or switched on again, is told before it happens', async () => {
  const tenant = await openCloud({
    applications: [{ displayName: 'wiki', appId: appIds.wiki }],
    servicePrincipals: [seededApp('wiki', [])],
    users: [
      { ...guest('someone@elsewhere.example'), otherMails: ['lee@fabrikam.com'] },
      { ...guest('kim@fabrikam.com'), accountEnabled: false },
    ],
  })
  const documents = [organization(), partner(['lee@fabrikam.com', 'kim@fabrikam.com']), app('wiki'), access('wiki')]
  const { findings } = (await tenant.plan(documents)).plan
  expect(findings.map(({ code, message }) => [code, message])).toEqual([
    ['known-by-other-mail', expect.stringContaining('someone@elsewhere.example) is taken for lee@fabrikam.com')],
    ['switched-on-again', expect.stringContaining('kim@fabrikam.com')],
  ])
  await tenant.apply(documents)
  expect((await tenant.plan(documents)).plan.findings).toEqual([])
})
