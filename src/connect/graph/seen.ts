// What the plan was made from: the properties of each object that may be written, as the readers answered them last. Nothing
// is sorted before somebody asks, so that planning does not pay for it.

import type { GraphQuery, GraphVersion } from '../../model/directories.ts'
import { field } from './explain-failure.ts'

export interface SeenObject {
  /** As Graph named them; without annotations and what was expanded. */
  readonly properties: ReadonlyMap<string, unknown>
  /** What to ask for to see the same again; undefined: everything. */
  readonly select: readonly string[] | undefined
}

export interface Seen {
  readonly remember: (path: string, query: GraphQuery, content: unknown) => void
  readonly at: (path: string, version: GraphVersion) => SeenObject | undefined
}

/** Collections whose objects are written with what they should be, not only added to. */
const collections =
  /^\/(users|groups|applications|servicePrincipals|identity\/conditionalAccess\/policies|policies\/crossTenantAccessPolicy\/partners)$/
const objects =
  /^\/((users|groups|applications|servicePrincipals)\/[^/]+|applications\/[^/]+\/connectorGroup|policies\/authorizationPolicy)$/

interface Answered {
  readonly path: string
  readonly query: GraphQuery
  readonly content: unknown
}

export function createSeen(): Seen {
  // In the order of asking: what was read last counts.
  const answers = new Map<string, Answered>()
  let index: Map<string, { properties: Map<string, unknown>; select: Set<string> | undefined }> | undefined

  const remember: Seen['remember'] = (path, query, content) => {
    if (!(Array.isArray(content) ? collections : objects).test(path)) return
    const key = JSON.stringify([path, query])
    answers.delete(key)
    answers.set(key, { path, query, content })
    index = undefined
  }

  const sorted = (): NonNullable<typeof index> => {
    const all: NonNullable<typeof index> = new Map()
    for (const { path, query, content } of answers.values()) {
      for (const [where, item] of Array.isArray(content)
        ? content.map(each => [pathOf(path, each), each])
        : [[path, content]]) {
        const key = keyOf(where, query.version ?? 'v1.0')
        const known = all.get(key) ?? { properties: new Map<string, unknown>(), select: new Set<string>() }
        all.set(key, known)
        for (const name of query.select ?? namesOf(item, query)) known.properties.set(name, field(item, name) ?? null)
        if (query.select === undefined) known.select = undefined
        else for (const name of query.select) known.select?.add(name)
      }
    }
    return all
  }

  const at: Seen['at'] = (path, version) => {
    index ??= sorted()
    const found = index.get(keyOf(path, version))
    return found === undefined
      ? undefined
      : { properties: found.properties, select: found.select === undefined ? undefined : [...found.select] }
  }

  return { remember, at }
}

function keyOf(path: string, version: GraphVersion): string {
  return `${version} ${path.toLowerCase()}`
}

/** Partners' settings are known by their tenant. */
function pathOf(collection: string, item: unknown): string {
  return `${collection}/${encodeURIComponent([field(item, 'id'), field(item, 'tenantId')].find(isText) ?? '')}`
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}

function namesOf(item: unknown, { expand }: GraphQuery): readonly string[] {
  const names = Object.keys(typeof item === 'object' && item !== null ? item : {})
  return names.filter(name => !name.includes('@') && name !== expand?.split('(', 1)[0])
}
