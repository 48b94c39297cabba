import { describe, expect, test } from 'vitest'
import { redeem } from '../../../src/sandbox/graph/invitations.ts'
import { openTenant } from '../../../src/sandbox/graph/tenant.ts'
import { anna, dump, errorOf, lee, people, type Served, serve, tenant, unknownId } from './served.ts'

const redirect = 'https://myapps.microsoft.com/'

function invite(graph: Served, invitedUserEmailAddress: string, more: object = {}) {
  return graph.post('/invitations', { invitedUserEmailAddress, inviteRedirectUrl: redirect, ...more })
}

test('a new guest is pending, with a principal name in the initial domain', async () => {
  const graph = await serve(people, { verifiedDomains: ['acme.example'] })
  const { status, body } = await invite(graph, 'Pat.Lee@Partner.example', { invitedUserDisplayName: 'Pat Lee' })
  expect(status).toBe(201)
  expect(body).toMatchObject({
    '@odata.context': `${graph.url}/v1.0/$metadata#invitations/$entity`,
    status: 'PendingAcceptance',
    invitedUserType: 'Guest',
    sendInvitationMessage: false,
    invitedUser: { userPrincipalName: 'Pat.Lee_Partner.example#EXT#@acme.onmicrosoft.com' },
  })
  expect(body.inviteRedeemUrl).toMatch(/^https:\/\/login\.microsoftonline\.com\/redeem\?rd=/)
  const properties =
    'displayName,mail,otherMails,userType,creationType,externalUserState,accountEnabled,mailNickname,identities,companyName'
  expect((await graph.get(`/users/${body.invitedUser.id}?$select=${properties}`)).body).toMatchObject({
    displayName: 'Pat Lee',
    mail: 'Pat.Lee@Partner.example',
    otherMails: ['Pat.Lee@Partner.example'],
    userType: 'Guest',
    creationType: 'Invitation',
    externalUserState: 'PendingAcceptance',
    accountEnabled: true,
    mailNickname: 'Pat.Lee_Partner.example#EXT#',
    identities: [{ signInType: 'userPrincipalName', issuer: tenant.initialDomain }],
    companyName: null,
  })
})

test('redeemed, the guest has accepted and signs in elsewhere', async () => {
  const graph = await serve()
  const { body } = await invite(graph, 'pat@partner.example')
  redeem(
    openTenant(graph.store, () => graph.clock.now),
    body.invitedUser.id,
  )
  expect((await graph.get(`/users/${body.invitedUser.id}?$select=externalUserState,identities`)).body).toMatchObject({
    externalUserState: 'Accepted',
    identities: [{ issuer: 'ExternalAzureAD' }, { issuer: tenant.initialDomain }],
  })
})

describe('the address', () => {
  test.each([...'~!#$%^&*()+=[]{}\\/|;:"<>?, '])('may not hold %s', async character => {
    const graph = await serve()
    expect(errorOf(await invite(graph, `pat${character}lee@partner.example`)).slice(0, 2)).toEqual([400, 'BadRequest'])
  })

  test.each([
    '.pat@p.example',
    'pat.@p.example',
    '-pat@p.example',
    'pat-@p.example',
    'pat',
    '@p.example',
    'pat@',
    'pat@p',
    'a@b@c.example',
    'pat@.example',
  ])('may not be %s', async address => {
    const graph = await serve()
    expect((await invite(graph, address)).status).toBe(400)
  })

  test.each(['_pat_@p.example', "o'neil@p.example", 'p.a-t@p-q.example', 'pat@sub.p.example'])(
    'may be %s',
    async address => {
      const graph = await serve()
      expect((await invite(graph, address)).status).toBe(201)
    },
  )
})

test('a principal name that is taken gets digits', async () => {
  const graph = await serve({ users: [{ ...lee, userPrincipalName: 'pat_x.example#EXT#@acme.onmicrosoft.com' }] })
  const { status, body } = await invite(graph, 'pat@x.example')
  expect(status).toBe(201)
  expect(body.invitedUser.userPrincipalName).toMatch(/^pat_x\.example\d+#EXT#@acme\.onmicrosoft\.com$/)
})

describe('someone who is known', () => {
  test('as a guest is the same user, with a fresh redeem URL', async () => {
    const graph = await serve()
    const [first, second] = [await invite(graph, 'pat@partner.example'), await invite(graph, 'PAT@partner.example')]
    expect(second.status).toBe(201)
    expect(second.body.invitedUser.id).toBe(first.body.invitedUser.id)
    expect(second.body.inviteRedeemUrl).not.toBe(first.body.inviteRedeemUrl)
    expect((await graph.get('/users')).body.value).toHaveLength(1)
  })

  test('as a guest who accepted keeps that', async () => {
    const graph = await serve(people)
    const { body } = await invite(graph, lee.mail)
    expect(body).toMatchObject({ status: 'Completed', invitedUser: { id: graph.id('users', lee.mail) } })
  })

  test('by another mail is found as well', async () => {
    const graph = await serve({ users: [{ ...lee, otherMails: ['lee@home.example'] }] })
    expect((await invite(graph, 'lee@home.example')).body.invitedUser.id).toBe(graph.id('users', lee.mail))
  })

  test('as a disabled guest is refused', async () => {
    const graph = await serve({ users: [{ ...lee, accountEnabled: false }] })
    expect(errorOf(await invite(graph, lee.mail))[2]).toBe(
      `The invited user already exists in the directory as object ID: ${graph.id('users', lee.mail)}, but the account is blocked from signing in. If the account is unblocked, they can use that account to sign in to shared apps and resources.`,
    )
  })

  test('as one of our own is refused', async () => {
    const graph = await serve(people)
    expect(errorOf(await invite(graph, anna.mail))).toEqual([
      400,
      'BadRequest',
      "Non-external user already exists with the given mail address and can't be invited.",
    ])
  })

  test('as a deleted guest is refused, for as long as a restore is possible', async () => {
    const graph = await serve(people)
    await graph.delete(`/users/${graph.id('users', lee.mail)}`)
    expect(errorOf(await invite(graph, lee.mail))[2]).toMatch(/already exists in the directory/)
    graph.clock.now += 30 * 86_400_000
    expect((await invite(graph, lee.mail)).status).toBe(201)
  })

  test('from a domain of our own is refused', async () => {
    const graph = await serve({}, { verifiedDomains: ['acme.example'] })
    expect((await invite(graph, 'new@acme.example')).status).toBe(400)
    expect((await invite(graph, 'new@sub.acme.example')).status).toBe(201)
  })
})

describe('the policy', () => {
  test.each([
    ['none', 403],
    ['adminsAndGuestInviters', 201],
    ['everyone', 201],
  ])('%s gives %i', async (allowInvitesFrom, status) => {
    const graph = await serve({ authorizationPolicy: { allowInvitesFrom } })
    const reply = await invite(graph, 'pat@partner.example')
    expect(reply.status).toBe(status)
    if (status === 403) expect(errorOf(reply)[2]).toMatch(/^Guest invitations not allowed for your company/)
  })
})

describe('a reset of the redemption', () => {
  test('keeps the guest, who is pending again', async () => {
    const graph = await serve(people)
    const id = graph.id('users', lee.mail)
    const { status, body } = await invite(graph, lee.mail, { invitedUser: { id }, resetRedemption: true })
    expect([status, body.invitedUser.id]).toEqual([201, id])
    expect((await graph.get(`/users/${id}?$select=externalUserState`)).body.externalUserState).toBe('PendingAcceptance')
  })

  test.each([
    [{ resetRedemption: true }, 400],
    [{ resetRedemption: true, invitedUser: { id: unknownId } }, 404],
    [{ resetRedemption: true, invitedUser: { id: 'x' } }, 400],
  ])('%o is refused', async (more, status) => {
    const graph = await serve(people)
    expect((await invite(graph, lee.mail, more)).status).toBe(status)
  })

  test('to an address that is not known yet is refused', async () => {
    const graph = await serve(people)
    const id = graph.id('users', lee.mail)
    const attempt = () => invite(graph, 'lee@new.example', { invitedUser: { id }, resetRedemption: true })
    expect(errorOf(await attempt())[2]).toMatch(/doesn't match any emails on the user object/)
    await graph.patch(`/users/${id}`, { otherMails: ['lee@new.example'] })
    expect((await attempt()).status).toBe(201)
  })
})

test('one of our own is converted to a guest only with the mail that it has, and not if it is synced', async () => {
  const synced = {
    userPrincipalName: 's@acme.onmicrosoft.com',
    mail: 's@p.example',
    onPremisesUserPrincipalName: 's@corp.example',
  }
  const graph = await serve({ users: [{ ...anna, mail: 'anna@p.example' }, synced] })
  const convert = (id: string, mail: string) => invite(graph, mail, { invitedUser: { id } })
  expect((await convert(graph.id('users', 'anna@p.example'), 'other@p.example')).status).toBe(400)
  expect((await convert(graph.id('users', 's@p.example'), 's@p.example')).status).toBe(400)
  expect((await convert(graph.id('users', 'anna@p.example'), 'anna@p.example')).body.status).toBe('PendingAcceptance')
})

test.each([
  [{ invitedUserEmailAddress: 'pat@p.example' }, /inviteRedirectUrl/],
  [{ inviteRedirectUrl: redirect }, /invitedUserEmailAddress/],
  [{ invitedUserEmailAddress: 'pat@p.example', inviteRedirectUrl: 'nowhere' }, /redirect URL is invalid/],
  [
    { invitedUserEmailAddress: 'pat@p.example', inviteRedirectUrl: redirect, companyName: 'P' },
    /Invalid property 'companyName'/,
  ],
  [
    { invitedUserEmailAddress: 'pat@p.example', inviteRedirectUrl: redirect, invitedUserType: 'Visitor' },
    /invitedUserType/,
  ],
  [
    { invitedUserEmailAddress: 'pat@p.example', inviteRedirectUrl: redirect, sendInvitationMessage: 'yes' },
    /Edm.Boolean/,
  ],
  [
    {
      invitedUserEmailAddress: 'pat@p.example',
      inviteRedirectUrl: redirect,
      invitedUserMessageInfo: {
        ccRecipients: [{ emailAddress: { address: 'a@b.c' } }, { emailAddress: { address: 'd@e.f' } }],
      },
    },
    /one cc recipient/,
  ],
])('%o is refused', async (body, message) => {
  const graph = await serve()
  expect(errorOf(await graph.post('/invitations', body))).toEqual([
    400,
    expect.anything(),
    expect.stringMatching(message),
  ])
})

test('every invitation is on record, refused ones are not', async () => {
  const graph = await serve(people)
  await invite(graph, lee.mail)
  await invite(graph, lee.mail)
  await invite(graph, anna.mail)
  expect(dump(graph).invitations).toMatchObject([
    { invitedUserEmailAddress: lee.mail },
    { invitedUserEmailAddress: lee.mail },
  ])
})
