// A guest's account: invited once, an account of our own turned into one where that can be done, and everything in the way of
// an invitation said in words that tell what to do.

import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/model/outcome.ts'
import { type Cloud, guest, openCloud, organization, partner, principalName, told } from './cloud.ts'

const [lee, dana] = ['lee@fabrikam.com', 'dana@fabrikam.com']
/** An account of our own that is a guest. */
const internal = {
  userType: 'Guest',
  userPrincipalName: 'lee@partners.contoso.com',
  displayName: 'Lee',
  creationType: null,
  externalUserState: null,
  externalUserStateChangeDateTime: null,
  otherMails: null,
}
const synced = { onPremisesSyncEnabled: true, onPremisesUserPrincipalName: 'lee@partners.contoso.com' }
const policy = (...members: readonly (string | object)[]): readonly object[] => [organization(), partner(members)]

const waitingFor = async (tenant: Cloud, documents: readonly object[], person: string) =>
  (await tenant.plan(documents)).plan.waiting.find(({ id }) => id === `entra/guest/${person}`)

/** The real fetch, but for answers to some requests. */
function answering(answer: (method: string, url: string, body: string) => Response | undefined): typeof fetch {
  return async (input, init) =>
    answer(init?.method ?? 'GET', String(input instanceof Request ? input.url : input), String(init?.body ?? '')) ??
    fetch(input, init)
}

const json = (status: number, body: object): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

const troubles = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(each => (each.status === 'failed' ? [each.trouble] : []))

describe('how an invitation stands', () => {
  test('is known of every guest, and is no reason to change anything', async () => {
    const tenant = await openCloud({
      users: [
        guest(lee, { externalUserState: 'PendingAcceptance', externalUserStateChangeDateTime: '2026-10-19T13:30:00Z' }),
        guest(dana),
      ],
    })
    await tenant.apply(policy(lee, dana))
    const { observed } = await tenant.plan(policy(lee, dana))
    expect(observed.get(`entra/guest/${lee}`)?.spec).toMatchObject({
      account: 'invited',
      externalUserState: 'PendingAcceptance',
      externalUserStateChangeDateTime: '2026-10-19T13:30:00Z',
      createdDateTime: '2026-01-01T00:00:00Z',
    })
    expect(observed.get(`entra/guest/${dana}`)?.spec).toMatchObject({ externalUserState: 'Accepted' })
    expect(tenant.invitations()).toBe(0)
  })

  test('does not matter for a guest who is there, signed off or pending: taken over, not invited', async () => {
    const tenant = await openCloud({
      users: [guest(lee, { accountEnabled: false }), guest(dana, { externalUserState: 'PendingAcceptance' })],
    })
    const { plan } = await tenant.apply(policy(lee, dana))
    expect(told(plan.changes)).toEqual(expect.arrayContaining([`adopt guest/${lee}`, `adopt guest/${dana}`]))
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: true })
    expect(tenant.invitations()).toBe(0)
  })

  test('is undone by deletion: a deleted guest is brought back, not invited', async () => {
    const gone = { ...guest(lee), '@odata.type': '#microsoft.graph.user', deletedDateTime: '2026-11-25T00:00:00Z' }
    const tenant = await openCloud({ deletedItems: [{ ...gone, userPrincipalName: principalName(lee) }] })
    const { plan } = await tenant.apply(policy(lee))
    expect(told(plan.changes)).toContain(`restore guest/${lee}`)
    // What comes back with the guest, nobody can see before.
    const returning = { code: 'returning-guest', message: expect.stringContaining(lee) }
    expect(plan.findings).toEqual([expect.objectContaining(returning)])
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: true })
    expect(tenant.invitations()).toBe(0)
    expect((await tenant.plan(policy(lee))).plan.findings).toEqual([])
  })
})

describe('an invitation that fails', () => {
  test('with status Error is a failure that says what to do', async () => {
    const tenant = await openCloud({})
    const broken = answering((method, url) =>
      method === 'POST' && url.endsWith('/invitations') ? json(201, { id: 'x', status: 'Error' }) : undefined,
    )
    const [trouble] = troubles(await tenant.perform(await tenant.plan(policy(lee)), broken))
    expect(trouble).toMatchObject({ code: 'invitation-failed', message: expect.stringContaining(lee) })
    expect(trouble?.hint).toContain('External collaboration settings')
    await tenant.apply(policy(lee))
    expect(tenant.invitations()).toBe(1)
  })

  test.each([
    [403, 'Guest invitations not allowed for your company. Contact your company administrator.', /allowInvitesFrom/],
    [400, 'This invitation is blocked by cross-tenant access settings.', /allow B2B collaboration/],
    [400, 'The domain fabrikam.com is not allowed by your organization.', /External collaboration settings/],
    [400, "Non-external user already exists with the given mail address and can't be invited.", /own tenant/],
  ])('with %s %s says what to do', async (status, message, advice) => {
    const tenant = await openCloud({})
    const refusing = answering((_, url) =>
      url.endsWith('/invitations') ? json(status, { error: { code: 'BadRequest', message } }) : undefined,
    )
    const [trouble] = troubles(await tenant.perform(await tenant.plan(policy(lee)), refusing))
    expect(trouble?.message).toMatch(advice)
  })

  test('because nobody may invite is told by the tenant itself', async () => {
    const tenant = await openCloud({ authorizationPolicy: { allowInvitesFrom: 'none' } })
    const [trouble] = troubles(await tenant.perform(await tenant.plan(policy(lee))))
    expect(trouble?.message).toContain('allowInvitesFrom')
  })
})

describe('an account of our own', () => {
  test('with the address of a person whom the policy invites becomes a guest: the same object, invited once', async () => {
    const tenant = await openCloud({ users: [{ ...internal, mail: lee }] })
    const before = tenant.user(lee)
    const { plan } = await tenant.apply(policy(lee))
    expect(plan.changes.find(({ id }) => id === `entra/guest/${lee}`)).toMatchObject({
      action: 'adopt',
      before: { account: 'internal' },
      after: { account: 'invited' },
    })
    expect(tenant.user(lee)).toMatchObject({
      id: before?.id,
      userPrincipalName: 'lee@partners.contoso.com',
      externalUserState: 'PendingAcceptance',
    })
    expect(tenant.invitations()).toBe(1)
    expect(tenant.membersOf('guestlist.guests')).toEqual(['lee@partners.contoso.com'])
  })

  test.each([
    ['another mail', { mail: 'old@contoso.com', otherMails: [lee] }],
    ['no mail, and sign-in off', { mail: null, otherMails: [lee], accountEnabled: false }],
  ])('with %s gets the address as its mail first', async (_, properties) => {
    const tenant = await openCloud({ users: [{ ...internal, ...properties }] })
    await tenant.apply(policy(lee))
    expect(tenant.user('lee@partners.contoso.com')).toMatchObject({
      mail: lee,
      externalUserState: 'PendingAcceptance',
      accountEnabled: true,
    })
  })

  test('is found among the members of our groups, even where it is no guest yet', async () => {
    const member = { ...internal, userType: 'Member', mail: lee }
    const engineers = { displayName: 'E', uniqueName: 'guestlist.partner-group.fabrikam.engineers' }
    const tenant = await openCloud({
      users: [member],
      groups: [{ ...engineers, members: ['lee@partners.contoso.com'] }],
    })
    const { plan } = await tenant.apply(policy(lee))
    expect(told(plan.changes).filter(text => text.includes('group-member'))).toEqual([])
    expect(tenant.user(lee)).toMatchObject({ userType: 'Guest', externalUserState: 'PendingAcceptance' })
    expect(tenant.membersOf('guestlist.partner-group.fabrikam.engineers')).toEqual(['lee@partners.contoso.com'])
  })

  test.each([
    ['synced', synced],
    ['with an on-premises principal name left from then', { onPremisesUserPrincipalName: 'lee@partners.contoso.com' }],
  ])('%s waits for a person, and nothing of it changes', async (_, properties) => {
    const tenant = await openCloud({ users: [{ ...internal, ...properties, mail: lee }] })
    const before = tenant.user(lee)
    const wait = await waitingFor(tenant, policy(lee), lee)
    expect(wait).toMatchObject({ for: 'person' })
    expect(wait?.message).toContain("takes it out of Entra Connect's scope and restores it from the deleted users")
    await tenant.apply(policy(lee))
    expect(tenant.user(lee)).toEqual(before)
    expect(tenant.invitations()).toBe(0)
  })

  test('whose principal name the policy gives waits: nobody is invited to a domain of the tenant', async () => {
    const other = 'new@partners.contoso.com'
    const tenant = await openCloud({ users: [{ ...internal, mail: null }] })
    const documents = [
      organization(),
      partner(['lee@partners.contoso.com', other], { domains: ['partners.contoso.com'] }),
    ]
    expect((await waitingFor(tenant, documents, 'lee@partners.contoso.com'))?.message).toContain('address at home')
    // The other is not there: that the domain is the tenant's own, the first account tells.
    expect((await waitingFor(tenant, documents, other))?.message).toContain('address at home')
    const { plan } = await tenant.apply(documents)
    expect(plan.findings).toEqual([
      expect.objectContaining({ code: 'own-address', message: expect.stringContaining(other) }),
    ])
    expect(tenant.invitations()).toBe(0)
  })

  test('that is no guest and has the address waits: the service would refuse it; one question for all domains tells', async () => {
    const employee = { userPrincipalName: 'lee@contoso.com', mail: 'Lee@fabrikam.com', displayName: 'Lee' }
    const tenant = await openCloud({ users: [employee] })
    expect((await waitingFor(tenant, policy(lee, dana), lee))?.message).toContain('the mail of lee@contoso.com')
    const { plan } = await tenant.apply(policy(lee, dana))
    expect(plan.findings).toEqual([
      expect.objectContaining({ code: 'own-address', message: expect.stringContaining(lee) }),
    ])
    expect(tenant.user('lee@contoso.com')).not.toHaveProperty('externalUserState')
    expect(tenant.invitations()).toBe(1)
    const asking = (requests: readonly string[]) => requests.filter(text => text.includes('endsWith(mail'))
    expect(asking(await tenant.asked(policy(lee, dana)))).toHaveLength(1)
    // Everybody is there: nobody needs to be asked about.
    expect(asking(await tenant.asked(policy(dana)))).toEqual([])
  })

  test('that was deleted waits: it is not brought back as a guest, and nobody is invited beside it', async () => {
    const gone = { ...internal, mail: lee, '@odata.type': '#microsoft.graph.user' }
    const tenant = await openCloud({ deletedItems: [{ ...gone, deletedDateTime: '2026-11-25T00:00:00Z' }] })
    expect((await waitingFor(tenant, policy(lee), lee))?.message).toContain('a deleted account of your own tenant')
    await tenant.apply(policy(lee))
    expect(tenant.user(lee)).toBeUndefined()
  })

  test('gives way to a guest who has the address, too', async () => {
    const tenant = await openCloud({ users: [{ ...internal, mail: null, otherMails: [lee], ...synced }, guest(lee)] })
    await tenant.apply(policy(lee))
    expect(tenant.membersOf('guestlist.guests')).toEqual([principalName(lee)])
    expect(tenant.invitations()).toBe(0)
  })

  test('is never signed off or deleted, whoever put it among the guests that we look after', async () => {
    const tenant = await openCloud({ users: [{ ...internal, mail: lee }] })
    await tenant.apply(policy(dana))
    const all = tenant.tenant.snapshot().graph.groups?.find(each => each.uniqueName === 'guestlist.guests')
    await tenant.tenant
      .connection()
      .writer()
      .addMember(String(all?.id), String(tenant.user(lee)?.id))
    const before = tenant.user(lee)
    const { plan } = await tenant.apply(policy(dana))
    expect(plan.changes).toEqual([])
    expect(tenant.user(lee)).toEqual(before)
  })

  test('is invited once, wherever a run ends', async () => {
    for (const end of ['/invitations', '/members/$ref', '/users/']) {
      const tenant = await openCloud({ users: [{ ...internal, mail: null, otherMails: [lee] }] })
      let hits = 0
      const cut = answering((method, url) => {
        if (method === 'GET' || !url.includes(end)) return undefined
        hits += 1
        return json(400, { error: { code: 'Request_BadRequest', message: 'cut' } })
      })
      expect(troubles(await tenant.perform(await tenant.plan(policy(lee)), cut)), end).not.toEqual([])
      expect(hits, end).toBeGreaterThan(0)
      await tenant.apply(policy(lee))
      expect(tenant.invitations(), end).toBe(1)
    }
  })
})
