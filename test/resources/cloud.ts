// A tenant of the sandbox for one test: seeded, with policies as documents, planned and applied as the program does, with
// every request counted. Its clock can be turned.

import { expect, onTestFinished } from 'vitest'
import type { Planned } from '../../src/engine/plan.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { PlannedChange } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { gatherMembers } from '../../src/resources/membership-sources.ts'
import { type Item, openSeeded, resolveFiles, type Tenant } from '../laws/tenant.ts'

export const tenantId = '7918d4b5-0442-4a97-be2d-36f9f9962ece'
export const day = Date.parse('2026-12-01T09:00:00Z')

export interface Cloud {
  now: number
  readonly tenant: Tenant
  readonly resolve: (documents: readonly object[]) => Promise<ResolvedPolicy>
  readonly plan: (documents: readonly object[]) => Promise<Planned>
  readonly perform: (planned: Planned, fetchWith?: typeof fetch) => Promise<readonly Outcome[]>
  /** Plans and applies: all is done, and a second plan is empty. */
  readonly apply: (documents: readonly object[]) => Promise<Planned>
  readonly users: () => readonly Item[]
  /** The user with that mail or principal name, deleted or not. */
  readonly user: (name: string) => Item | undefined
  readonly deleted: (mail: string) => Item | undefined
  readonly membersOf: (group: string) => readonly string[]
  /** How often the service was asked to invite. */
  readonly invitations: () => number
  /** `GET /users?…` of the plan, a batch as the requests within. */
  readonly asked: (documents: readonly object[]) => Promise<readonly string[]>
}

export async function openCloud(graph: object, directory = ''): Promise<Cloud> {
  const seed = { tenant: { tenantId, initialDomain: 'contoso.onmicrosoft.com' }, ...graph }
  const tenant = await openSeeded({ graph: seed, directory: `version: 1\n\n${directory}` }, day)
  onTestFinished(() => tenant.close())
  const resolve = (documents: readonly object[]): Promise<ResolvedPolicy> => {
    const text = documents.map(document => JSON.stringify(document, undefined, 1)).join('\n---\n')
    return resolveFiles(new Map([['all.yaml', text]]), tenant.now)
  }
  const plan = async (documents: readonly object[]): Promise<Planned> => {
    const from = { entra: tenant.connection().reader(), activeDirectory: tenant.directory }
    return tenant.plan((await gatherMembers(await resolve(documents), from)).policy)
  }
  const perform = (planned: Planned, fetchWith?: typeof fetch): Promise<readonly Outcome[]> =>
    tenant.apply(planned, 4, fetchWith === undefined ? {} : { fetch: fetchWith })
  const collection = (name: string): readonly Item[] => tenant.snapshot().graph[name] ?? []
  const named = (items: readonly Item[], name: string): Item | undefined =>
    items.find(item => [item.mail, item.userPrincipalName].includes(name))
  return {
    get now() {
      return tenant.now
    },
    set now(value: number) {
      tenant.now = value
    },
    tenant,
    resolve,
    plan,
    perform,
    async apply(documents) {
      const planned = await plan(documents)
      const outcomes = await perform(planned)
      expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
      expect((await plan(documents)).plan.changes).toEqual([])
      return planned
    },
    users: () => collection('users'),
    user: name => named(collection('users'), name),
    deleted: mail => named(collection('deletedItems'), mail),
    membersOf(name) {
      const group = collection('groups').find(each => each.displayName === name || each.uniqueName === name)
      const members = Array.isArray(group?.members) ? group.members.map(String) : []
      return members.map(id => String(collection('users').find(user => user.id === id)?.userPrincipalName ?? id)).sort()
    },
    invitations: () => [...tenant.store.collection('invitations').keys()].length,
    async asked(documents) {
      const requests: string[] = []
      const listening: typeof fetch = async (input, init) => {
        const { pathname, search } = new URL(String(input instanceof Request ? input.url : input))
        const body = typeof init?.body === 'string' && pathname.endsWith('/$batch') ? JSON.parse(init.body) : undefined
        const urls = body === undefined ? [] : (body as { requests: { url: string }[] }).requests.map(({ url }) => url)
        requests.push(decodeURIComponent(body === undefined ? pathname + search : `$batch ${urls.join(' ')}`))
        return fetch(input, init)
      }
      await tenant.plan(await resolve(documents), { fetch: listening })
      return requests
    },
  }
}

const apiVersion = 'guestlist/v1'

export function organization(more: object = {}): object {
  return {
    ...{ apiVersion, kind: 'Organization', name: 'contoso', displayName: 'Contoso' },
    entra: { tenantId, initialDomain: 'contoso.onmicrosoft.com', offboarding: { deleteAfter: '30d' }, ...more },
  }
}

export function partner(members: readonly (string | object)[], more: object = {}): object {
  return {
    ...{ apiVersion, kind: 'Partner', name: 'fabrikam', displayName: 'Fabrikam', accounts: 'entra-b2b' },
    ...{ domains: ['fabrikam.com'], groups: { engineers: { members } } },
    ...more,
  }
}

export function app(name: string, more: object = {}): object {
  return { apiVersion, kind: 'App', name, displayName: name, hosting: 'cloud', entra: { appId: appIds[name] }, ...more }
}

export function access(name: string): object {
  return { apiVersion, kind: 'Access', name: `to-${name}`, partner: 'fabrikam', groups: ['engineers'], app: name }
}

export const appIds: Readonly<Record<string, string>> = {
  expenses: '2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6',
  payments: '9b3c71f8-e2d5-4069-8c4f-5a60d7e1b928',
  wiki: 'e84d05b9-7a16-4c32-bf9e-20c6a8f5d173',
}

/** A registration that somebody made before us. */
export const wikiBefore = {
  displayName: 'wiki',
  appId: appIds.wiki,
  identifierUris: ['api://wiki'],
  web: {
    redirectUris: ['https://wiki.contoso.com/'],
    homePageUrl: 'https://wiki.contoso.com/',
    implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
  },
  tags: ['kept-by-hand'],
}

/** An app that is there already; `opened` to these users or groups. */
export function seededApp(name: string, opened: readonly (string | object)[] = [], more: object = {}): object {
  return {
    displayName: name,
    appId: appIds[name],
    appRoleAssignmentRequired: true,
    appRoleAssignedTo: opened.map(one => (typeof one === 'string' ? { principal: one } : one)),
    ...more,
  }
}

export function guest(mail: string, more: object = {}): object {
  return { mail, displayName: mail, userType: 'Guest', ...more }
}

export const principalName = (address: string): string => `${address.replace('@', '_')}#EXT#@contoso.onmicrosoft.com`

/** `delete unmanaged-access/…` */
export function told(changes: readonly Pick<PlannedChange, 'action' | 'id'>[]): readonly string[] {
  return changes.map(({ action, id }) => `${action} ${id.replace(/^[^/]+\//, '')}`)
}
