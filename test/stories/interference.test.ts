// An administrator works in the tenant while an apply is under way, after each of its writes.

import { expect, test } from 'vitest'
import { minute, openPlace, type Place } from '../cli/two-machines.ts'

type Act = (place: Place) => Promise<void>

type Item = Readonly<Record<string, unknown>> & { readonly id: string }

const find = (place: Place, collection: string, has: (item: Item) => boolean): Item | undefined =>
  [...place.store.collection<Item>(collection).values()].find(has)
const ourGroup = (place: Place) =>
  find(place, 'groups', each => each.uniqueName === 'guestlist.partner-group.fabrikam.engineers')
const lee = (place: Place) => find(place, 'users', each => each.mail === 'lee@fabrikam.com')
const expenses = (place: Place) => find(place, 'servicePrincipals', each => each.displayName === 'Expenses')

const patching =
  (found: (place: Place) => Item | undefined, collection: string, change: object): Act =>
  async place => {
    const item = found(place)
    if (item !== undefined) await place.writer().patch(`/${collection}/${item.id}`, change)
  }
const deleting =
  (found: (place: Place) => Item | undefined, collection: string): Act =>
  async place => {
    const item = found(place)
    if (item !== undefined) await place.writer().delete(`/${collection}/${item.id}`)
  }

const acts: readonly (readonly [string, Act])[] = [
  ['renames our group', patching(ourGroup, 'groups', { displayName: 'By hand' })],
  ['deletes our group', deleting(ourGroup, 'groups')],
  [
    'takes out a member that was just added',
    async place => {
      const [group, user] = [ourGroup(place), lee(place)]
      if (group !== undefined && user !== undefined) await place.writer().removeMember(group.id, user.id)
    },
  ],
  ['disables a guest', patching(lee, 'users', { accountEnabled: false })],
  ['deletes a guest', deleting(lee, 'users')],
  ['opens the app to everybody', patching(expenses, 'servicePrincipals', { appRoleAssignmentRequired: false })],
  [
    'invites the guest that we are about to invite',
    async place => {
      if (lee(place) !== undefined) return
      const body = { invitedUserEmailAddress: 'lee@fabrikam.com', inviteRedirectUrl: 'https://contoso.com' }
      await place.writer().post('/invitations', body)
    },
  ],
]

test.each(acts)(
  'who %s is not overwritten, and the next apply comes to what the policy says',
  async (_, act) => {
    let acted = 0
    for (let last = 1, more = true; more && last < 20; last += 3) {
      const place = await openPlace()
      const machine = place.machine('anna@one')
      let writes = 0
      place.meanwhile = (method, path) => {
        const isWrite = method !== 'GET' && (path !== '/$batch' || writes > 0)
        if (!isWrite || writes === last) return undefined
        writes += 1
        if (writes < last) return undefined
        acted += 1
        return act(place)
      }
      const { code } = await machine.apply()
      more = writes === last
      place.meanwhile = undefined
      expect([0, 1, 5]).toContain(code)
      await place.time.sleep(30 * minute)
      // Some of it is only seen once the first is made good: two runs at the most.
      await machine.apply()
      await machine.apply()
      const end = await machine.apply()
      expect({ last, ...end }).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
      expect(expenses(place)).toMatchObject({ appRoleAssignmentRequired: true })
      expect(lee(place)).toMatchObject({ userType: 'Guest' })
    }
    expect(acted).toBeGreaterThan(2)
  },
  120_000,
)
