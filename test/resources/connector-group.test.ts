// The connectors that serve an app: chosen where the tenant lets an application do so, else a step for a person, said in every
// plan until the policy leaves it to people. Nothing waits for it.

import { expect, test } from 'vitest'
import type { Item } from '../laws/tenant.ts'
import { access, app, openCloud, organization, partner, told } from './cloud.ts'

const headquarters = '3e6f4c35-a04b-4d03-b98a-66fff89b72e6'
const plant = '7c1b9d52-5f80-4e3a-9a6d-21f0c4b7e895'
const connectorGroups = [
  { name: 'Default', isDefault: true },
  { id: headquarters, name: 'Headquarters' },
  { id: plant, name: 'Plant' },
]
const groups = [
  { name: 'Headquarters', id: headquarters.toUpperCase() },
  { name: 'Plant', id: plant },
]

function policy(connectorGroup: string | undefined, named: readonly object[] = groups): readonly object[] {
  const proxy = { internalUrl: 'http://wiki.corp.contoso.com/', externalUrl: 'https://wiki-contoso.msappproxy.net/' }
  const wiki = {
    ...app('wiki', { hosting: 'on-premises', signOn: { header: {} }, displayName: 'Wiki' }),
    entra: undefined,
    proxy: { ...proxy, connectorGroup },
  }
  const own = { ...organization(), applicationProxy: { connectorGroups: named } }
  return [own, partner(['lee@fabrikam.com']), wiki, access('wiki')]
}

async function cloud(connectorGroupAssignment?: string) {
  const tenant = { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' }
  const opened = await openCloud({ tenant: { ...tenant, connectorGroupAssignment }, connectorGroups })
  const wiki = (): Item => opened.tenant.snapshot().graph.applications?.find(each => each.displayName === 'Wiki') ?? {}
  return { ...opened, wiki }
}

test('is chosen after publishing, by the name that the policy gives it', async () => {
  const { apply, wiki } = await cloud()
  const { plan } = await apply(policy('Headquarters'))
  const change = plan.changes.find(({ kind }) => kind === 'connector-group')
  expect(change).toMatchObject({
    action: 'create',
    after: { connectorGroup: 'Headquarters' },
    dependsOn: ['entra/app-proxy/wiki'],
  })
  expect(wiki().connectorGroup).toBe(headquarters)
})

test('follows the policy, and is put back when somebody changed it', async () => {
  const { apply, plan, tenant, wiki } = await cloud()
  await apply(policy('Headquarters'))
  const moved = await apply(policy('Plant'))
  expect(told(moved.plan.changes)).toEqual(['update connector-group/wiki'])
  tenant.store.collection('applicationConnectorGroups').delete(String(wiki().id))
  const { changes } = (await plan(policy('Plant'))).plan
  expect(changes).toMatchObject([
    { before: { connectorGroup: expect.stringMatching(/^Default \(/) }, after: { connectorGroup: 'Plant' } },
  ])
  await apply(policy('Plant'))
  expect(wiki().connectorGroup).toBe(plant)
})

test('is left as it is when the policy names none any more, or not its id, or the app leaves', async () => {
  const { apply, wiki } = await cloud()
  await apply(policy('Headquarters'))
  expect((await apply(policy(undefined))).plan.changes).toEqual([])
  expect((await apply(policy('Headquarters', [{ name: 'Headquarters' }]))).plan.changes).toEqual([])
  expect(wiki().connectorGroup).toBe(headquarters)
  const gone = await apply(policy('Headquarters').slice(0, 2))
  expect(told(gone.plan.changes).filter(text => text.includes('connector'))).toEqual([])
})

test('is a step for a person where the tenant says so, in every plan, and nothing waits for it', async () => {
  const { apply, plan } = await cloud('delegated-only')
  const { plan: first } = await apply(policy('Headquarters'))
  expect(first.effects).toMatchObject([{ effect: 'gain', person: 'lee@fabrikam.com' }])
  for (const { waiting } of [first, (await plan(policy('Headquarters'))).plan]) {
    expect(waiting).toEqual([
      {
        id: 'entra/connector-group/wiki',
        for: 'person',
        message: expect.stringMatching(
          /Enterprise applications, Wiki, Application proxy, Connector Group: Headquarters.*leave out the group's `id`/,
        ),
      },
    ])
  }
  expect((await plan(policy('Headquarters', [{ name: 'Headquarters' }]))).plan.waiting).toEqual([])
})

test('without an id is the group of that name, or a step that is told when the app is published', async () => {
  const seen = await cloud()
  await seen.apply(policy('Plant', [{ name: 'Plant' }]))
  expect(seen.wiki().connectorGroup).toBe(plant)
  const unseen = await cloud('delegated-only')
  const { plan: first } = await unseen.apply(policy('Plant', [{ name: 'Plant' }]))
  expect(first.findings).toContainEqual(
    expect.objectContaining({
      code: 'connector-group-by-hand',
      hint: expect.stringContaining('Application proxy, Connector Group: Plant'),
    }),
  )
  const { changes, findings, waiting } = (await unseen.plan(policy('Plant', [{ name: 'Plant' }]))).plan
  expect([changes, findings, waiting]).toEqual([[], [], []])
})

test('that may be read and not written fails by itself, and says the step', async () => {
  const { plan, perform } = await cloud()
  const refusing: typeof fetch = async (input, init) => {
    const method = input instanceof Request ? input.method : init?.method
    if (method !== 'PUT') return fetch(input, init)
    const error = { code: 'NotAdminRoleNoEnoughCustomPermission_UnauthorizedAccess', message: 'no' }
    return new Response(JSON.stringify({ error }), { status: 403, headers: { 'content-type': 'application/json' } })
  }
  const outcomes = await perform(await plan(policy('Headquarters')), refusing)
  expect(outcomes.filter(({ status }) => status !== 'done')).toMatchObject([
    {
      status: 'failed',
      change: { id: 'entra/connector-group/wiki' },
      trouble: { code: 'connector-group-refused', hint: expect.stringMatching(/Connector Group: Headquarters/) },
    },
  ])
})

test('that the tenant does not have waits for a correction', async () => {
  const { plan } = await cloud()
  const wrong = [{ name: 'Headquarters', id: '00000000-0000-4000-8000-000000000000' }]
  expect((await plan(policy('Headquarters', wrong))).plan.waiting).toMatchObject([
    {
      id: 'entra/connector-group/wiki',
      for: 'person',
      message: expect.stringMatching(/correct the `id` of Headquarters/),
    },
  ])
})
