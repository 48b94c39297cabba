// Apps published through Application Proxy with every sign-on and every setting: what was published before us stays, what we
// published goes, and at no request is an app open to more people than before or after.

import { describe, expect, test } from 'vitest'
import { appProxy } from '../../src/resources/entra/app-proxy.ts'
import { leftOut, ownProperties, settings } from '../../src/resources/entra/publishing-settings.ts'
import type { Item, Snapshot } from '../laws/tenant.ts'
import { access, app, appIds, openCloud, organization, partner, seededApp, told, wikiBefore } from './cloud.ts'

/** Of the ComplexType `onPremisesPublishing` in the metadata of Microsoft Graph beta, August 2026. */
const official = `
  alternateUrl applicationServerTimeout applicationType externalAuthenticationType externalUrl internalUrl
  isAccessibleViaZTNAClient isBackendCertificateValidationEnabled isContinuousAccessEvaluationEnabled
  isDnsResolutionEnabled isHttpOnlyCookieEnabled isOnPremPublishingEnabled isPersistentCookieEnabled
  isSecureCookieEnabled isStateSessionEnabled isTranslateHostHeaderEnabled isTranslateLinksInBodyEnabled
  onPremisesApplicationSegments segmentsConfiguration singleSignOnSettings trafficRoutingMethod
  useAlternateUrlForTranslationAndRedirect verifiedCustomDomainCertificatesMetadata verifiedCustomDomainKeyCredential
  verifiedCustomDomainPasswordCredential wafAllowedHeaders wafIpRanges wafProvider
`

const url = 'https://wiki-contoso.msappproxy.net/'
const identifier = 'https://wiki-contoso.msappproxy.net'
const proxy = { internalUrl: 'http://wiki.corp.contoso.com/', externalUrl: url }
const people = [organization(), partner(['lee@fabrikam.com'])]
const onPremises = { hosting: 'on-premises', proxy, signOn: { header: {} } }
/** One that we make, and one that is there. */
const made = (more: object = {}) => ({
  ...app('wiki', { ...onPremises, displayName: 'made by us', ...more }),
  entra: undefined,
})
const adopted = (more: object = {}) => app('wiki', { ...onPremises, ...more })
const policy = (wiki: object) => [...people, wiki, access('wiki')]
const saml = { identifier: 'https://wiki.corp.contoso.com', replyUrl: 'https://wiki.corp.contoso.com/acs' }
const byHand = {
  internalUrl: 'http://wiki.corp.contoso.com/',
  externalUrl: url,
  externalAuthenticationType: 'aadPreAuthentication',
}

async function cloud(more: object = {}, principal: object = {}) {
  const applications = [{ ...wikiBefore, ...more }]
  const opened = await openCloud({ applications, servicePrincipals: [seededApp('wiki', [], principal)] })
  const find = (collection: string, name: string): Item =>
    opened.tenant.snapshot().graph[collection]?.find(each => each.displayName === name) ?? {}
  return {
    ...opened,
    application: () => find('applications', 'wiki'),
    principal: () => find('servicePrincipals', 'wiki'),
    publishing: () => find('applications', 'wiki').onPremisesPublishing as Item | null | undefined,
  }
}

test('every property of the official metadata is a setting, written by itself, or left out with a reason', () => {
  const accounted = [...Object.values(settings), ...ownProperties, ...Object.keys(leftOut)]
  expect(accounted.toSorted()).toEqual(official.trim().split(/\s+/).toSorted())
  expect(Object.values(leftOut).every(reason => reason !== '')).toBe(true)
})

test('every setting reaches Graph under its own name, and is read back as the policy wrote it', async () => {
  const all = {
    backendTimeout: 'long',
    httpOnlyCookie: true,
    secureCookie: false,
    persistentCookie: true,
    translateHostHeader: false,
    translateLinksInBody: true,
    validateBackendCertificate: false,
    stateSession: false,
    continuousAccessEvaluation: false,
    alternateUrl: 'https://wiki.contoso.com/',
    useAlternateUrlForTranslationAndRedirect: true,
    dnsResolution: true,
    privateAccessClient: true,
    trafficRouting: 'sessionPersistence',
    firewallProvider: 'Akamai',
    firewallAddresses: ['203.0.113.0/24', '2001:DB8::/32'],
    firewallHeaders: { 'X-Edge': 'wiki' },
  }
  expect(Object.keys(all)).toEqual(Object.keys(settings))
  const { apply, publishing } = await cloud()
  await apply(policy(adopted({ proxy: { ...proxy, ...all } })))
  expect(publishing()).toMatchObject({
    applicationServerTimeout: 'long',
    isHttpOnlyCookieEnabled: true,
    isSecureCookieEnabled: false,
    isPersistentCookieEnabled: true,
    isTranslateHostHeaderEnabled: false,
    isTranslateLinksInBodyEnabled: true,
    isBackendCertificateValidationEnabled: false,
    isStateSessionEnabled: false,
    isContinuousAccessEvaluationEnabled: false,
    alternateUrl: 'https://wiki.contoso.com/',
    useAlternateUrlForTranslationAndRedirect: true,
    isDnsResolutionEnabled: true,
    isAccessibleViaZTNAClient: true,
    trafficRoutingMethod: 'sessionPersistence',
    wafProvider: 'Akamai',
    wafIpRanges: [
      { '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '203.0.113.0/24' },
      { '@odata.type': '#microsoft.graph.iPv6CidrRange', cidrAddress: '2001:DB8::/32' },
    ],
    wafAllowedHeaders: { 'X-Edge': 'wiki' },
  })
})

test('a setting that the policy does not name is left alone', async () => {
  const { apply, publishing } = await cloud({ onPremisesPublishing: { ...byHand, isHttpOnlyCookieEnabled: true } })
  await apply(policy(adopted({ proxy: { ...proxy, backendTimeout: 'long' } })))
  expect(publishing()).toMatchObject({ isHttpOnlyCookieEnabled: true, applicationServerTimeout: 'long' })
})

describe('the sign-on', () => {
  test.each([
    ['header', { header: {} }, 'aadHeaderBased'],
    ['none', { none: {} }, 'none'],
    ['saml', { saml }, 'saml'],
  ] as const)('by %s is published whole', async (_name, signOn, mode) => {
    const { apply, publishing } = await cloud()
    const { plan } = await apply(policy(adopted({ signOn })))
    expect(publishing()?.singleSignOnSettings).toEqual({ singleSignOnMode: mode, kerberosSignOnSettings: null })
    expect(plan.effects).toMatchObject([{ effect: 'gain', person: 'lee@fabrikam.com', app: 'wiki', role: 'user' }])
  })

  test('changes from each to each, and leaves nothing of the former behind', async () => {
    const { apply, publishing, principal } = await cloud()
    const ways = [{ header: {} }, { saml }, { none: {} }, { header: {} }, { none: {} }, { saml }, { header: {} }]
    for (const signOn of ways) {
      await apply(policy(adopted({ signOn })))
      expect(principal().preferredSingleSignOnMode ?? null).toBe('saml' in signOn ? 'saml' : null)
    }
    expect(publishing()?.singleSignOnSettings).toMatchObject({ singleSignOnMode: 'aadHeaderBased' })
  })

  test('that somebody changed by hand lets nobody in, and is put right', async () => {
    const { apply, plan, tenant, application } = await cloud()
    const documents = policy(adopted())
    await apply(documents)
    const there = application()
    const changed = { singleSignOnMode: 'pingHeaderBased', kerberosSignOnSettings: null }
    tenant.store.collection('applications').put(String(there.id), {
      ...there,
      onPremisesPublishing: { ...(there.onPremisesPublishing as Item), singleSignOnSettings: changed },
    })
    const { plan: next } = await plan(documents)
    expect(next.changes).toMatchObject([
      { action: 'update', before: { signOn: { pingHeaderBased: {} } }, after: { signOn: { header: {} } } },
    ])
    expect(next.effects).toMatchObject([{ effect: 'gain', person: 'lee@fabrikam.com' }])
    await apply(documents)
  })

  test('that is published as none counts as SAML where the service principal says so', async () => {
    const { apply, tenant, application, plan } = await cloud()
    await apply(policy(adopted({ signOn: { saml } })))
    const there = application()
    const normalized = { singleSignOnMode: 'none', kerberosSignOnSettings: null }
    tenant.store.collection('applications').put(String(there.id), {
      ...there,
      onPremisesPublishing: { ...(there.onPremisesPublishing as Item), singleSignOnSettings: normalized },
    })
    expect((await plan(policy(adopted({ signOn: { saml } })))).plan.changes).toEqual([])
    expect(told((await plan(policy(adopted({ signOn: { none: {} } })))).plan.changes)).toEqual([
      'delete saml-sign-on/wiki',
    ])
  })

  test('works as the policy wants it; of an app that left, as it is', () => {
    const spec = { ...proxy, preauthentication: 'entra', registered: true, signOn: { header: {} } }
    const kerberos = { servicePrincipalName: 'HTTP/wiki', loginIdentity: 'userPrincipalName' }
    expect(appProxy.works?.(spec, spec)).toBe(true)
    expect(appProxy.works?.(spec, { ...spec, signOn: { kerberos } })).toBe(false)
    expect(appProxy.works?.({ ...spec, signOn: { pingHeaderBased: {} } }, undefined)).toBe(true)
    expect(appProxy.works?.({ ...spec, externalUrl: '' }, undefined)).toBe(false)
  })
})

describe('an app that is there already', () => {
  test('keeps the addresses it has, and loses ours when it leaves; it stays closed', async () => {
    const { apply, application, principal } = await cloud({}, { appRoleAssignmentRequired: false })
    const [original] = [application()]
    const { plan } = await apply(policy(adopted()))
    expect(told(plan.changes)).toContain('create app-proxy/wiki')
    expect(application()).toMatchObject({
      identifierUris: ['api://wiki', identifier],
      web: {
        redirectUris: ['https://wiki.contoso.com/', url],
        homePageUrl: 'https://wiki.contoso.com/',
        implicitGrantSettings: { enableIdTokenIssuance: true },
      },
      tags: expect.arrayContaining(['kept-by-hand', 'guestlist.published.wiki']),
    })
    const gone = await apply(people)
    expect(told(gone.plan.changes)).toContain('delete app-proxy/wiki')
    expect(application()).toEqual(original)
    expect(principal()).toMatchObject({ appRoleAssignmentRequired: true, tags: ['kept-by-hand'] })
  })

  test('has its own tags alone, on the service principal too', async () => {
    const { apply, principal } = await cloud()
    await apply(policy(adopted()))
    await apply(policy(adopted({ displayName: 'Wiki of the plant', proxy: { ...proxy, httpOnlyCookie: true } })))
    expect((principal().tags as string[]).filter(tag => tag.startsWith('guestlist.'))).toEqual(['guestlist.app.wiki'])
  })

  test('published by somebody else stays published when it leaves', async () => {
    const { apply, publishing, application } = await cloud({ onPremisesPublishing: byHand })
    const adoption = await apply(policy(adopted()))
    expect(told(adoption.plan.changes)).toContain('adopt app-proxy/wiki')
    expect((application().tags as string[]).some(tag => tag.startsWith('guestlist.published.'))).toBe(false)
    const gone = await apply(people)
    expect(told(gone.plan.changes).some(text => text.includes('app-proxy'))).toBe(false)
    expect(publishing()).toMatchObject({ externalUrl: url })
  })

  test('becoming a cloud app is published no more, if it was we who published it', async () => {
    const { apply, publishing, application } = await cloud()
    await apply(policy(adopted()))
    const { plan } = await apply(policy(app('wiki')))
    expect(told(plan.changes)).toEqual(['delete app-proxy/wiki'])
    expect(publishing() ?? null).toBeNull()
    expect(application()).toMatchObject({ identifierUris: ['api://wiki'], tags: ['kept-by-hand'] })

    const other = await cloud({ onPremisesPublishing: byHand })
    await other.apply(policy(adopted()))
    expect((await other.apply(policy(app('wiki')))).plan.changes).toEqual([])
    expect(other.publishing()).toMatchObject({ externalUrl: url })
  })

  test('gives its address to the application that takes its place', async () => {
    const { apply, application, tenant } = await cloud()
    const id = '11111111-1111-4111-8111-111111111111'
    const put = (collection: string, more: object) =>
      tenant.store.collection(collection).put(id, { id, displayName: 'next', appId: appIds.payments, ...more })
    put('applications', { identifierUris: [], tags: [], web: {} })
    put('servicePrincipals', { appRoleAssignmentRequired: true, tags: [] })
    await apply(policy(adopted()))
    const { plan } = await apply(policy(adopted({ entra: { appId: appIds.payments } })))
    expect(told(plan.changes)).toContain('create app-proxy/wiki')
    expect(application()).toMatchObject({ identifierUris: ['api://wiki'], tags: ['kept-by-hand'] })
    expect(application().onPremisesPublishing ?? null).toBeNull()
    expect(tenant.snapshot().graph.applications?.find(each => each.id === id)).toMatchObject({
      identifierUris: [identifier],
      onPremisesPublishing: { externalUrl: url },
    })
  })

  test('and is registered in another tenant waits for a person', async () => {
    const { plan } = await openCloud({ servicePrincipals: [seededApp('wiki')] })
    const { waiting } = (await plan(policy(adopted({ signOn: { saml } })))).plan
    expect(waiting).toContainEqual({
      id: 'entra/app-proxy/wiki',
      for: 'person',
      message: expect.stringMatching(/registered in another tenant/),
    })
  })
})

test('an address that somebody took out of the application is put back', async () => {
  const { apply, plan, tenant, application } = await cloud()
  const documents = policy(adopted())
  await apply(documents)
  const there = application()
  tenant.store.collection('applications').put(String(there.id), { ...there, web: wikiBefore.web })
  expect((await plan(documents)).plan.changes).toMatchObject([
    { action: 'update', before: { registered: false }, after: { registered: true } },
  ])
  await apply(documents)
  expect(application().web).toMatchObject({ redirectUris: ['https://wiki.contoso.com/', url] })
})

test('an alternate address stays an address of the app when the policy leaves it alone', async () => {
  const { apply, application } = await cloud()
  const alternateUrl = 'https://wiki2.contoso.com/'
  await apply(policy(adopted({ proxy: { ...proxy, alternateUrl } })))
  await apply(policy(adopted({ proxy: { ...proxy, httpOnlyCookie: true } })))
  expect(application().web).toMatchObject({ redirectUris: ['https://wiki.contoso.com/', url, alternateUrl] })
  await apply(people)
  expect(application().web).toMatchObject({ redirectUris: ['https://wiki.contoso.com/'] })
})

test('passthrough is a finding of every plan, and looked at twice when it is made', async () => {
  const { apply, plan } = await cloud()
  const documents = policy(adopted({ signOn: { none: {} }, proxy: { ...proxy, preauthentication: 'passthrough' } }))
  const { plan: first } = await apply(documents)
  expect(first.changes.find(({ kind }) => kind === 'app-proxy')?.risk).toBe('privileged')
  expect((await plan(documents)).plan.findings).toMatchObject([
    { severity: 'warning', code: 'passthrough', message: expect.stringMatching(/nobody to sign in/) },
  ])
})

test('at every request an app that is published by us is closed to the unassigned', async () => {
  for (const documents of [policy(adopted({ signOn: { saml } })), policy(made())]) {
    const { tenant, plan, perform } = await cloud({}, { appRoleAssignmentRequired: false })
    const moments: boolean[] = []
    tenant.onWrite = () => {
      const { graph } = tenant.snapshot()
      for (const each of graph.applications ?? []) {
        if (!each.onPremisesPublishing) continue
        const principal = graph.servicePrincipals?.find(({ appId }) => appId === each.appId)
        moments.push(principal?.appRoleAssignmentRequired === true)
      }
    }
    await perform(await plan(documents))
    expect(moments).not.toEqual([])
    expect(moments.every(Boolean)).toBe(true)
  }
})

describe('cut off after any request', () => {
  const ways: readonly (readonly [string, readonly object[], readonly object[]])[] = [
    ['publishing', people, policy(adopted({ signOn: { saml } }))],
    ['leaving', policy(adopted({ signOn: { saml } })), people],
    ['leaving what is our own', policy(made({ signOn: { saml } })), people],
    [
      'leaving publishing for SAML alone',
      policy(adopted({ signOn: { saml } })),
      policy(app('wiki', { signOn: { saml } })),
    ],
    ['leaving SAML for header', policy(adopted({ signOn: { saml } })), policy(adopted())],
    ['SAML of our own', people, policy(made({ signOn: { saml } }))],
  ]

  test.each(ways)('%s comes to the same end', async (_name, from, to) => {
    const whole = await cloud()
    await whole.apply(from)
    await whole.apply(to)
    const end = endOf(whole.tenant.snapshot())
    for (let cut = 1; ; cut += 1) {
      const { plan, perform, apply, tenant } = await cloud()
      await apply(from)
      let writes = 0
      const failing: typeof fetch = async (input, init) => {
        const method = input instanceof Request ? input.method : (init?.method ?? 'GET')
        if (method === 'GET' || String(input).endsWith('$batch')) return fetch(input, init)
        if (writes >= cut)
          return new Response(JSON.stringify({ error: { code: 'Cut', message: 'cut' } }), { status: 400 })
        writes += 1
        return fetch(input, init)
      }
      const outcomes = await perform(await plan(to), failing)
      await apply(to)
      expect(endOf(tenant.snapshot())).toEqual(end)
      if (outcomes.every(({ status }) => status === 'done')) break
    }
  })

  /** All that is written of applications and service principals, without what is new each time. */
  function endOf({ graph }: Snapshot): object {
    const applications = (graph.applications ?? []).map(
      ({ displayName, uniqueName, identifierUris, web, tags, onPremisesPublishing = null }) => ({
        ...{ displayName, uniqueName, identifierUris, web, tags, onPremisesPublishing },
      }),
    )
    const principals = (graph.servicePrincipals ?? []).map(
      ({ displayName, preferredSingleSignOnMode, tags, preferredTokenSigningKeyThumbprint, keyCredentials = [] }) => ({
        ...{ displayName, preferredSingleSignOnMode, tags, signs: preferredTokenSigningKeyThumbprint !== undefined },
        keys: (keyCredentials as readonly Item[]).length,
      }),
    )
    return { applications, principals }
  }
})

test('a role that somebody adds to our application meanwhile is not taken away', async () => {
  const { tenant, apply, plan, perform } = await cloud()
  await apply(policy(made()))
  const planned = await plan(policy(made({ roles: { user: {}, auditor: { appRole: 'Auditor' } } })))
  const applications = tenant.store.collection<Item & { readonly id: string }>('applications')
  const ours = [...applications.values()].find(each => each.displayName === 'made by us')
  if (ours === undefined) throw new Error('it was not made')
  const theirs = { id: '7a35244a-e671-4aa9-8775-06a7c9e43745', value: 'Theirs', displayName: 'Theirs', isEnabled: true }
  const appRoles = [...((ours.appRoles ?? []) as readonly Item[]), { ...theirs, allowedMemberTypes: ['User'] }]
  applications.put(ours.id, { ...ours, appRoles })
  const outcomes = await perform(planned)
  expect(outcomes).toContainEqual(
    expect.objectContaining({ status: 'failed', trouble: expect.objectContaining({ code: 'stale' }) }),
  )
  expect(applications.get(ours.id)?.appRoles).toEqual(appRoles)
})
