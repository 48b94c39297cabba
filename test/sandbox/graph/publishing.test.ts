import { describe, expect, test } from 'vitest'
import { dump, errorOf, reference, type Served, serve, unknownId } from './served.ts'

const publishing = {
  externalAuthenticationType: 'aadPreAuthentication',
  internalUrl: 'https://orders.corp.example/',
  externalUrl: 'https://orders-acme.msappproxy.net/',
}
const kerberos = {
  singleSignOnMode: 'onPremisesKerberos',
  kerberosSignOnSettings: {
    kerberosServicePrincipalName: 'http/orders.corp.example',
    kerberosSignOnMappingAttributeType: 'userPrincipalName',
  },
}
const seed = {
  applications: [{ displayName: 'Orders' }, { displayName: 'Other' }],
  connectorGroups: [{ name: 'Default', isDefault: true }, { name: 'Headquarters' }],
  connectors: [{ machineName: 'CONNECTOR01', memberOf: ['Headquarters'] }],
}
const groups = '/beta/onPremisesPublishingProfiles/applicationProxy/connectorGroups'

function pathOf(graph: Served, name = 'Orders'): string {
  return `/beta/applications/${graph.id('applications', name)}`
}

async function publish(graph: Served, change: object = {}, name = 'Orders') {
  return graph.patch(pathOf(graph, name), { onPremisesPublishing: { ...publishing, ...change } })
}

test('a published application has what was said, and defaults for the rest', async () => {
  const graph = await serve(seed)
  expect((await publish(graph, { singleSignOnSettings: kerberos })).status).toBe(204)
  const { body } = await graph.get(`${pathOf(graph)}?$select=onPremisesPublishing`)
  expect(body.onPremisesPublishing).toMatchObject({
    ...publishing,
    singleSignOnSettings: kerberos,
    applicationServerTimeout: 'default',
    isTranslateHostHeaderEnabled: true,
    isTranslateLinksInBodyEnabled: false,
    isSecureCookieEnabled: true,
    isHttpOnlyCookieEnabled: false,
    isPersistentCookieEnabled: false,
    isBackendCertificateValidationEnabled: true,
  })
})

test('it must be selected, in beta', async () => {
  const graph = await serve(seed)
  await publish(graph)
  expect((await graph.get(pathOf(graph))).body).not.toHaveProperty('onPremisesPublishing')
  expect((await graph.get(`${pathOf(graph).replace('beta', 'v1.0')}?$select=onPremisesPublishing`)).status).toBe(400)
  const { body } = await graph.get('/beta/applications?$select=displayName,onPremisesPublishing')
  expect(body.value[1]).toEqual({ displayName: 'Other', onPremisesPublishing: null })
})

test('it is written in beta, alone, on an application that exists', async () => {
  const graph = await serve(seed)
  const body = { onPremisesPublishing: publishing }
  expect(errorOf(await graph.patch(pathOf(graph).replace('beta', 'v1.0'), body))[2]).toBe(
    "Invalid property 'onPremisesPublishing'.",
  )
  expect((await graph.patch(pathOf(graph), { ...body, displayName: 'x' })).status).toBe(400)
  expect((await graph.post('/beta/applications', { ...body, displayName: 'New' })).status).toBe(400)
  expect((await graph.patch(`/beta/applications/${unknownId}`, body)).status).toBe(404)
  expect((await graph.get(`${pathOf(graph)}?$select=displayName,onPremisesPublishing`)).body).toMatchObject({
    displayName: 'Orders',
    onPremisesPublishing: null,
  })
})

test('a later change leaves what it does not name; sign-on is replaced whole', async () => {
  const graph = await serve(seed)
  await publish(graph, { singleSignOnSettings: kerberos, isHttpOnlyCookieEnabled: true })
  const change = { singleSignOnSettings: { singleSignOnMode: 'none', kerberosSignOnSettings: null } }
  expect((await graph.patch(pathOf(graph), { onPremisesPublishing: change })).status).toBe(204)
  expect((await graph.get(`${pathOf(graph)}/onPremisesPublishing`)).body).toMatchObject({
    ...publishing,
    ...change,
    isHttpOnlyCookieEnabled: true,
  })
})

test('what a web application firewall sends is told by addresses and headers of any name', async () => {
  const firewall = {
    wafProvider: 'Akamai',
    wafIpRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '203.0.113.0/24' }],
    wafAllowedHeaders: { 'X-Edge': 'orders' },
  }
  const graph = await serve(seed)
  expect((await publish(graph, firewall)).status).toBe(204)
  expect((await graph.get(`${pathOf(graph)}/onPremisesPublishing`)).body).toMatchObject(firewall)
  const again = await serve(dump(graph))
  expect((await again.get(`${pathOf(again)}/onPremisesPublishing`)).body).toMatchObject(firewall)
})

test('null removes it', async () => {
  const graph = await serve(seed)
  await publish(graph)
  expect((await graph.patch(pathOf(graph), { onPremisesPublishing: null })).status).toBe(204)
  expect((await graph.get(`${pathOf(graph)}?$select=onPremisesPublishing`)).body.onPremisesPublishing).toBeNull()
  expect((await graph.get(`${pathOf(graph)}/onPremisesPublishing`)).status).toBe(404)
})

test.each([
  [{ internalUrl: undefined }],
  [{ externalUrl: null }],
  [{ externalUrl: 'orders-acme.msappproxy.net' }],
  [{ internalUrl: 'https://orders.corp.example' }],
  [{ externalAuthenticationType: 'entra' }],
  [{ externalAuthenticationType: undefined }],
  [{ applicationServerTimeout: 'forever' }],
  [{ isOnPremPublishingEnabled: true }],
  [{ applicationType: 'nonwebapp' }],
  [{ isTranslateHostHeaderInRequestEnabled: true }],
  [{ '@odata.type': '#microsoft.graph.onPremisesPublishing' }],
  [{ trafficRoutingMethod: null }],
  [{ trafficRoutingMethod: 'fastest' }],
  [{ wafIpRanges: [{ cidrAddress: '203.0.113.0/24' }] }],
  [{ wafIpRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange' }] }],
  [{ wafAllowedHeaders: { 'X-Edge': 1 } }],
  [{ wafAllowedHeaders: ['X-Edge'] }],
  [{ singleSignOnSettings: { singleSignOnMode: 'onPremisesKerberos' } }],
  [
    {
      singleSignOnSettings: {
        singleSignOnMode: 'onPremisesKerberos',
        kerberosSignOnSettings: { kerberosServicePrincipalName: 'http/x' },
      },
    },
  ],
  [{ singleSignOnSettings: { ...kerberos, singleSignOnMode: 'kerberos' } }],
  [{ singleSignOnSettings: kerberos, externalAuthenticationType: 'passthru' }],
])('%o is refused', async change => {
  const graph = await serve(seed)
  expect((await publish(graph, change)).status).toBe(400)
  expect((await graph.get(`${pathOf(graph)}?$select=onPremisesPublishing`)).body.onPremisesPublishing).toBeNull()
})

test('two applications cannot have one external address', async () => {
  const graph = await serve(seed)
  await publish(graph)
  expect((await publish(graph, {}, 'Other')).status).toBe(400)
  expect((await publish(graph, { externalUrl: 'https://other-acme.msappproxy.net/' }, 'Other')).status).toBe(204)
  expect((await publish(graph)).status).toBe(204)
})

describe('the connector group', () => {
  test('cannot be read or set before publishing', async () => {
    const graph = await serve(seed)
    const path = `${pathOf(graph)}/connectorGroup`
    for (const reply of [
      await graph.get(path),
      await graph.put(`${path}/$ref`, reference(graph.id('connectorGroups', 'Headquarters'))),
    ]) {
      expect(errorOf(reply)).toEqual([
        404,
        'Application_NotFound',
        expect.stringMatching(/not found or OnPremisesPublishing is not enabled/),
      ])
    }
  })

  test('is the default one until another is set, and after it is removed', async () => {
    const graph = await serve(seed)
    await publish(graph)
    const path = `${pathOf(graph)}/connectorGroup`
    const nameNow = async () => (await graph.get(path)).body.name
    expect(await nameNow()).toBe('Default')
    const id = (await graph.get(groups)).body.value[1].id
    expect((await graph.put(`${path}/$ref`, { '@odata.id': `${graph.url}${groups}/${id}` })).status).toBe(204)
    expect(await nameNow()).toBe('Headquarters')
    expect((await graph.put(`${path}/$ref`, reference(unknownId))).status).toBe(404)
    expect((await graph.delete(`${path}/$ref`)).status).toBe(204)
    expect(await nameNow()).toBe('Default')
  })

  test('is none of v1.0', async () => {
    const graph = await serve(seed)
    await publish(graph)
    expect((await graph.get(`${pathOf(graph).replace('beta', 'v1.0')}/connectorGroup`)).status).toBe(400)
  })

  test('is out of reach for an application where the tenant says so', async () => {
    const graph = await serve(seed, { connectorGroupAssignment: 'delegated-only' })
    expect((await publish(graph)).status).toBe(204)
    const path = `${pathOf(graph)}/connectorGroup`
    const replies = [
      await graph.get(path),
      await graph.put(`${path}/$ref`, reference(unknownId)),
      await graph.get(groups),
    ]
    expect(replies.map(reply => errorOf(reply).slice(0, 2))).toEqual(
      replies.map(() => [403, 'NotAdminRoleNoEnoughCustomPermission_UnauthorizedAccess']),
    )
  })
})

test('connector groups and connectors are listed, in beta', async () => {
  const graph = await serve(seed)
  const listed = await graph.get(groups)
  expect(listed.body.value).toMatchObject([
    { name: 'Default', isDefault: true, connectorGroupType: 'applicationProxy' },
    { name: 'Headquarters', isDefault: false },
  ])
  const members = await graph.get(`${groups}/${listed.body.value[1].id}/members`)
  expect(members.body.value).toMatchObject([{ machineName: 'CONNECTOR01', status: 'active' }])
  expect((await graph.get(groups.replace('Groups', 's'))).body.value).toHaveLength(1)
  expect((await graph.get(groups.replace('beta', 'v1.0'))).status).toBe(400)
})

test('a connector group that is made is answered with 200, and is never the default', async () => {
  const graph = await serve(seed)
  const { status, body } = await graph.post(groups, { name: 'New', region: 'nam', isDefault: true })
  expect([status, body]).toEqual([200, expect.objectContaining({ name: 'New', region: 'nam', isDefault: false })])
  expect((await graph.post(groups, { name: 'New', region: 'moon' })).status).toBe(400)
  expect((await graph.post(groups, {})).status).toBe(400)
})
