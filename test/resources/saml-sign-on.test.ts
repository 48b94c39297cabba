// Sign-on by SAML: with Application Proxy and without, on apps that we make and on those that are there. What publishing and
// SAML write into one application never gets lost, whatever came before; the key that signs is nobody's to see.

import { describe, expect, test } from 'vitest'
import { wordsOf } from '../../src/render/words.ts'
import { samlSignOn } from '../../src/resources/entra/saml-sign-on.ts'
import type { Item } from '../laws/tenant.ts'
import { access, app, appIds, openCloud, organization, partner, seededApp, told, wikiBefore } from './cloud.ts'

const saml = { identifier: 'https://wiki.corp.contoso.com', replyUrl: 'https://wiki.corp.contoso.com/acs' }
const proxy = { internalUrl: 'http://wiki.corp.contoso.com/', externalUrl: 'https://wiki-contoso.msappproxy.net/' }
const elsewhere = { ...proxy, externalUrl: 'https://wiki2-contoso.msappproxy.net/' }
const people = [organization(), partner(['lee@fabrikam.com'])]
const policy = (...apps: readonly object[]) => [...people, ...apps, access('wiki')]
const cloudApp = app('wiki', { signOn: { saml } })
const published = (signOn: object = { saml }, more: object = proxy) =>
  app('wiki', { hosting: 'on-premises', proxy: more, signOn })
const made = { ...published(), entra: undefined, displayName: 'made by us' }

const day = 86_400_000
const thumbprint = '8C2E6B0F4D917A3350E1D86F2B79C4A01E5D3F68'
const certificate = (expires: number, customKeyIdentifier = 'jC5rD02RejNQ4dhvK3nEoB5dP2g=') => ({
  customKeyIdentifier,
  usage: 'Verify',
  type: 'AsymmetricX509Cert',
  displayName: 'CN=SSO',
  endDateTime: new Date(Date.parse('2026-12-01T09:00:00Z') + expires * day).toISOString(),
})

async function cloud(more: object = {}, principal: object = {}, others: readonly object[] = []) {
  const opened = await openCloud({
    applications: [{ ...wikiBefore, ...more }, ...others],
    servicePrincipals: [seededApp('wiki', [], principal)],
  })
  const find = (collection: string, name: string): Item =>
    opened.tenant.snapshot().graph[collection]?.find(each => each.displayName === name) ?? {}
  return {
    ...opened,
    application: (name = 'wiki') => find('applications', name),
    principal: (name = 'wiki') => find('servicePrincipals', name),
  }
}

describe('a cloud app', () => {
  test('gets identifier, reply URL and mode besides what it has, and loses them when it leaves', async () => {
    const { apply, application, principal } = await cloud()
    const original = application()
    const { plan } = await apply(policy(cloudApp))
    expect(plan.effects).toMatchObject([{ effect: 'gain', person: 'lee@fabrikam.com' }])
    expect(application()).toMatchObject({
      identifierUris: ['api://wiki', saml.identifier],
      web: { ...wikiBefore.web, redirectUris: ['https://wiki.contoso.com/', saml.replyUrl] },
    })
    expect(principal().preferredSingleSignOnMode).toBe('saml')
    // It may sign with the tenant's key, which the app trusts.
    expect(principal().keyCredentials).toBeUndefined()
    const gone = await apply(people)
    expect(told(gone.plan.changes)).toContain('delete saml-sign-on/wiki')
    expect(application()).toEqual(original)
    expect(principal().preferredSingleSignOnMode ?? null).toBeNull()
  })

  test('that has SAML already is adopted, and keeps what was not ours when it leaves', async () => {
    const there = { ...wikiBefore, identifierUris: [saml.identifier, 'api://wiki'] }
    const { apply, application, principal } = await cloud(there, { preferredSingleSignOnMode: 'saml' })
    const original = application()
    const { plan } = await apply(policy(cloudApp))
    const change = plan.changes.find(({ kind }) => kind === 'saml-sign-on')
    expect(change).toMatchObject({
      action: 'adopt',
      before: { replyUrl: 'https://wiki.contoso.com/' },
      after: { replyUrl: saml.replyUrl },
    })
    expect(change === undefined ? '' : wordsOf(change)).toBe('take over sign-on by SAML of wiki')
    await apply(people)
    expect(application()).toEqual(original)
    expect(principal().preferredSingleSignOnMode).toBe('saml')
  })

  test('without `signOn` any more keeps nothing of ours, and stays in the policy', async () => {
    const { apply, application } = await cloud()
    await apply(policy(cloudApp))
    const { plan } = await apply(policy(app('wiki')))
    expect(told(plan.changes)).toEqual(['delete saml-sign-on/wiki'])
    expect(application()).toMatchObject({ identifierUris: ['api://wiki'], tags: ['kept-by-hand'] })
  })

  test('whose reply URL or mode somebody changed lets nobody in until it is put right', async () => {
    for (const change of ['reply', 'mode']) {
      const { apply, plan, tenant, application, principal } = await cloud()
      await apply(policy(cloudApp))
      if (change === 'reply') {
        const there = application()
        tenant.store.collection('applications').put(String(there.id), { ...there, web: wikiBefore.web })
      } else {
        const there = principal()
        tenant.store
          .collection('servicePrincipals')
          .put(String(there.id), { ...there, preferredSingleSignOnMode: 'oidc' })
      }
      const { plan: next } = await plan(policy(cloudApp))
      expect(told(next.changes)).toEqual(['update saml-sign-on/wiki'])
      expect(next.effects).toMatchObject([{ effect: 'gain', person: 'lee@fabrikam.com' }])
      await apply(policy(cloudApp))
    }
  })
})

describe('an app that we make', () => {
  test('gets a certificate, by which the service signs, and of which nobody sees the key', async () => {
    const { apply, plan, application, principal } = await cloud()
    await apply(policy(made))
    const { keyCredentials, preferredTokenSigningKeyThumbprint, preferredSingleSignOnMode } = principal('made by us')
    const [signing, verifying] = keyCredentials as readonly Item[]
    expect([signing?.usage, verifying?.usage, preferredSingleSignOnMode]).toEqual(['Sign', 'Verify', 'saml'])
    expect(verifying).toMatchObject({ displayName: 'CN=wiki', endDateTime: '2029-11-30T09:00:00.000Z' })
    expect(application('made by us')).toMatchObject({
      identifierUris: [saml.identifier, 'https://wiki-contoso.msappproxy.net'],
      web: { redirectUris: [saml.replyUrl, proxy.externalUrl] },
    })
    const observed = (await plan(policy(made))).observed.get('entra/saml-sign-on/wiki')
    expect(observed?.spec).toMatchObject({
      certificate: true,
      thumbprint: preferredTokenSigningKeyThumbprint,
      expires: '2029-11-30T09:00:00.000Z',
    })
    expect(Object.keys(observed?.spec ?? {}).some(key => /key|secret|password/i.test(key))).toBe(false)
  })

  test('in a cloud whose Graph makes no certificates waits for a person to make it, and says so', async () => {
    const { apply, plan, principal } = await cloud()
    const [own, ...others] = policy(made)
    const entra = { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' }
    const documents = [{ ...own, entra: { ...entra, cloud: 'us-government' } }, ...others]
    await apply(documents)
    expect(principal('made by us').keyCredentials).toBeUndefined()
    expect((await plan(documents)).plan.findings).toMatchObject([
      { code: 'signing-certificate', message: expect.stringMatching(/made by us has no certificate of its own/) },
    ])
  })

  test('whose certificate was made and not chosen gets no second one', async () => {
    const { apply, tenant, principal } = await cloud()
    await apply(policy(made))
    const { preferredTokenSigningKeyThumbprint: chosen, ...there } = principal('made by us')
    tenant.store.collection('servicePrincipals').put(String(there.id), there)
    await apply(policy(made))
    expect(principal('made by us')).toMatchObject({ preferredTokenSigningKeyThumbprint: chosen })
    expect(principal('made by us').keyCredentials).toHaveLength(2)
  })
})

describe('the certificate', () => {
  const findings = async (keyCredentials: readonly object[], chosen?: string) => {
    const signing = { preferredSingleSignOnMode: 'saml', keyCredentials }
    const { plan } = await cloud(
      {},
      chosen === undefined ? signing : { ...signing, preferredTokenSigningKeyThumbprint: chosen },
    )
    return (await plan(policy(cloudApp))).plan.findings.filter(({ code }) => code === 'signing-certificate')
  }

  test('is a finding from sixty days before its end', async () => {
    expect(await findings([certificate(61)], thumbprint)).toEqual([])
    expect(await findings([certificate(59.5)], thumbprint)).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/expires in 59 days \(2027-01-29, thumbprint 8C2E/) },
    ])
    expect(await findings([certificate(1.5)])).toMatchObject([{ message: expect.stringMatching(/in 1 day /) }])
    expect(await findings([certificate(-1)])).toMatchObject([{ message: expect.stringMatching(/has expired/) }])
  })

  test('that counts is the chosen one, or else the one that lasts longest', async () => {
    const lasting = certificate(900, Buffer.from('another one, of 20 b').toString('base64'))
    expect(await findings([certificate(30), lasting], thumbprint)).toHaveLength(1)
    expect(await findings([certificate(30), lasting])).toEqual([])
    expect(await findings([])).toEqual([])
  })
})

test('works with the mode, identifier and reply URL of the policy, and of an app that left with the mode', () => {
  const spec = { mode: 'saml', ...saml }
  expect(samlSignOn.works?.(spec, spec)).toBe(true)
  expect(samlSignOn.works?.(spec, { ...spec, replyUrl: 'https://other.example/' })).toBe(false)
  expect(samlSignOn.works?.({ ...spec, identifier: 'other:one' }, spec)).toBe(false)
  expect(samlSignOn.works?.({ ...spec, mode: 'none' }, spec)).toBe(false)
  expect(samlSignOn.works?.({ ...spec, replyUrl: 'https://other.example/' }, undefined)).toBe(true)
})

test('an identifier goes from one application to another in one run', async () => {
  const other = { displayName: 'payments', appId: appIds.payments }
  const { apply, application, tenant } = await cloud({}, {}, [other])
  tenant.store.collection('servicePrincipals').put('11111111-1111-4111-8111-111111111111', {
    id: '11111111-1111-4111-8111-111111111111',
    ...seededApp('payments'),
    appRoleAssignedTo: undefined,
  })
  await apply(policy(cloudApp, app('payments')))
  const moved = [app('wiki'), app('payments', { signOn: { saml } })]
  const { plan } = await apply([...people, ...moved])
  expect(told(plan.changes)).toContain('delete saml-sign-on/wiki')
  expect(application().identifierUris).toEqual(['api://wiki'])
  expect(application('payments').identifierUris).toEqual([saml.identifier])

  const proxied = { hosting: 'on-premises', proxy, signOn: { saml } }
  await apply([...people, app('wiki', proxied), app('payments')])
  await apply([...people, app('wiki'), app('payments', proxied)])
  expect(application('payments').identifierUris).toEqual([saml.identifier, 'https://wiki-contoso.msappproxy.net'])
})

test('from any way of signing on to any other, the end is as if the app had always been so', async () => {
  const ways: Readonly<Record<string, readonly object[]>> = {
    'out of the policy': people,
    cloud: policy(app('wiki')),
    'cloud, SAML': policy(cloudApp),
    'cloud, other SAML': policy(app('wiki', { signOn: { saml: { ...saml, identifier: 'https://w.contoso.com' } } })),
    header: policy(published({ header: {} })),
    'published, SAML': policy(published()),
    'published elsewhere, other SAML': policy(
      published({ saml: { ...saml, replyUrl: 'https://x.example/' } }, elsewhere),
    ),
    'SAML at the address of publishing': policy(
      published({ saml: { identifier: 'https://wiki-contoso.msappproxy.net', replyUrl: proxy.externalUrl } }),
    ),
  }
  const end = ({ application, principal }: Awaited<ReturnType<typeof cloud>>) => {
    const { id: _id, createdDateTime: _created, ...rest } = application()
    const own = (rest.tags as readonly string[]).toSorted()
    return {
      ...rest,
      identifierUris: (rest.identifierUris as readonly string[]).toSorted(),
      web: { ...(rest.web as Item), redirectUris: (rest.web as { redirectUris: string[] }).redirectUris.toSorted() },
      onPremisesPublishing: rest.onPremisesPublishing ?? null,
      tags: own,
      mode: principal().preferredSingleSignOnMode ?? null,
    }
  }
  const fresh = new Map<string, object>()
  for (const [name, documents] of Object.entries(ways)) {
    const tenant = await cloud()
    await tenant.apply(documents)
    fresh.set(name, end(tenant))
  }
  const tenant = await cloud()
  const names = Object.keys(ways)
  for (const from of names) {
    for (const to of names) {
      await tenant.apply(ways[from] ?? [])
      await tenant.apply(ways[to] ?? [])
      expect([from, to, end(tenant)]).toEqual([from, to, fresh.get(to)])
    }
  }
})
