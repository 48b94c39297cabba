// A write that names what the primary has and the replica that checks it has not: refused, as the service does, with
// errors that look as if they were for good. What the primary does not have either is left to the primary's own refusal.

import { badRequest, forbidden, type GraphError, notFound } from '../errors.ts'
import type { Item } from '../match.ts'
import { idOf, mayCreate } from '../objects.ts'
import { type GraphRequest, isGuid, type Key, referencedId } from '../request.ts'
import { tokensOf } from '../router.ts'
import { collectionOf, type DirectoryType, listOf, type Tenant } from '../tenant.ts'

export interface Checked {
  readonly request: GraphRequest
  readonly primary: Tenant
  readonly replica: Tenant
  /** How often the same was asked before: where the service has two refusals for one cause, they take turns. */
  readonly turn: number
}

/** What ids in paths and references name. */
const holders = [
  ...Object.values(collectionOf),
  'deletedItems',
  'appRoleAssignments',
  'conditionalAccessPolicies',
  'crossTenantAccessPartners',
  'connectorGroups',
]

const types: Readonly<Record<string, DirectoryType>> = Object.fromEntries(
  Object.entries(collectionOf).map(([type, collection]) => [collection.toLowerCase(), type as DirectoryType]),
)

/** The refusal of a write that has to wait for the replica. */
export function refusalBy(checked: Checked): GraphError | undefined {
  const { request, turn } = checked
  const missing =
    missingInPath(checked) ??
    missingLink(checked) ??
    referencesIn(request.body).find(id => lacks(checked, id.toLowerCase()))
  if (missing === undefined) return undefined
  const other = turn % 2 === 1 ? otherRefusal(request) : undefined
  return other === undefined ? notFound(missing) : badRequest(other)
}

/** What the service says instead of 404, by turns. Source: what terraform-provider-azuread takes for lag and repeats. */
function otherRefusal({ method, path }: GraphRequest): string | undefined {
  if (method === 'POST' && /\/appRoleAssign(edTo|ments)$/i.test(path)) return 'Not a valid reference update.'
  if (method === 'PATCH' && /^\/users\/[^/]+$/i.test(path)) return 'One or more property values specified are invalid.'
  return undefined
}

/** What comes of an application that is too new to get its service principal; the same source. */
export function tooNew(appId: string, turn: number): GraphError {
  return turn % 2 === 0
    ? badRequest(`The appId '${appId}' of the service principal does not reference a valid application object.`)
    : forbidden(
        'Authorization_RequestDenied',
        'When using this permission, the backing application of the service principal being created must in the local tenant',
      )
}

/** The `appId` of the application whose service principal the write makes. */
export function appIdToBe({ method, path, body }: GraphRequest, primary: Tenant): string | undefined {
  const [collection, key, ...rest] = tokensOf(path)
  if (String(collection).toLowerCase() !== 'serviceprincipals' || rest.length > 0) return undefined
  const named = typeof key === 'object' && key.name === 'appId' ? key.value : undefined
  const appId = method === 'POST' && key === undefined ? (body as Item | undefined)?.appId : named
  if (typeof appId !== 'string' || (method !== 'POST' && method !== 'PATCH')) return undefined
  return primary.servicePrincipalsByAppId.first(appId) === undefined ? appId.toLowerCase() : undefined
}

function missingInPath(checked: Checked): string | undefined {
  const { request, primary, replica } = checked
  const [collection, token, ...rest] = tokensOf(request.path)
  const type = types[String(collection).toLowerCase()]
  if (type !== undefined && token !== undefined) {
    const key: Key = typeof token === 'string' ? { value: token } : token
    // What may create what it does not find is for the primary to decide.
    const isUpsert = request.method === 'PATCH' && key.name !== undefined && mayCreate(request)
    const isKey = key.name !== undefined || isGuid(key.value) || type === 'user'
    const id = isUpsert || !isKey ? undefined : idOf(primary, type, key)
    if (id !== undefined && (lacks(checked, id) || idOf(replica, type, key) !== id)) return key.value
  }
  const further = (type === undefined ? [token, ...rest] : rest).filter(part => typeof part === 'string')
  return further.find(part => lacks(checked, isGuid(part) ? part.toLowerCase() : part))
}

/** The member, owner or sponsor to be taken out that the replica does not hold yet. */
function missingLink({ request, primary, replica }: Checked): string | undefined {
  const [, from, relation, to] = tokensOf(request.path).map(token => String(token).toLowerCase())
  if (request.method !== 'DELETE' || from === undefined || to === undefined) return undefined
  if (relation !== 'members' && relation !== 'owners' && relation !== 'sponsors') return undefined
  return primary[relation].has(from, to) && !replica[relation].has(from, to) ? to : undefined
}

function lacks({ primary, replica }: Checked, id: string): boolean {
  return holders.some(name => primary.store.collection(name).has(id) && !replica.store.collection(name).has(id))
}

/** The ids to which a body refers. */
function referencesIn(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null) return []
  const links = Object.entries(body)
    .filter(([name]) => name === '@odata.id' || name.endsWith('@odata.bind'))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter(link => typeof link === 'string')
    .map(referencedId)
  const item = body as Item
  const users = partOf(partOf(item, 'conditions'), 'users')
  const ids = [
    item.principalId,
    item.resourceId,
    partOf(item, 'invitedUser')?.id,
    ...listOf(users?.includeGroups),
    ...listOf(users?.excludeGroups),
  ]
  return [...links, ...ids.filter(id => typeof id === 'string')]
}

function partOf(item: Item | undefined, name: string): Item | undefined {
  const part = item?.[name]
  return typeof part === 'object' && part !== null ? (part as Item) : undefined
}
