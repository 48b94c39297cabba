// Nothing of others' is overwritten. Graph has no ETags on directory objects, so that whatever a write would overwrite is read
// once more, right before: it must be as the plan saw it, as this run wrote it, or as it is wanted. What somebody changes
// between that reading and the write, or less than the service's lag before, is not noticed.

import type { GraphReader, GraphVersion } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import { field } from './explain-failure.ts'
import { changing, leastLooks } from './rules.ts'
import type { Seen, SeenObject } from './seen.ts'
import { deepSame, holds } from './values.ts'
import type { Wire } from './wire.ts'

export interface Unchanged {
  /** Throws `stale` if it would overwrite, or delete, what somebody changed since the plan was made. */
  readonly check: (write: Write) => Promise<void>
  /** To be called before a write is sent: from then on its values may be read. */
  readonly writes: (write: Write) => void
}

export interface Write {
  readonly path: string
  readonly version: GraphVersion
  /** The properties that are written; undefined: the object is deleted. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** By property, every value that this run wrote. */
type Written = Map<string, unknown[]>

export function createUnchanged(wire: Wire, seen: Seen, reader: () => GraphReader): Unchanged {
  const written = new Map<string, Written>()
  /** By application id, what this run wrote to the application and what was there: its service principal shows it, too. */
  const applications = new Map<unknown, Written>()

  const check: Unchanged['check'] = async write => {
    const { path, version, body } = write
    const then = seen.at(path, version)
    if (then === undefined) return
    const names = [...then.properties.keys()].filter(name => body === undefined || name in body)
    if (names.length === 0) return
    const select = then.select === undefined ? undefined : names
    const read = (): Promise<unknown> => reader().get(path, { version, ...(select === undefined ? {} : { select }) })
    const changeNow = async (): Promise<Change | undefined> => {
      const now = await read()
      // Gone, or not visible: the write itself will tell.
      return now === undefined ? undefined : changesIn(write, then, names, now)[0]
    }

    let change = await changeNow()
    if (change === undefined) return
    // A replica that lags behind shows what was before the plan: what counts is what they agree on in the end.
    for (const [looks, wait] of changing.entries()) {
      await wire.pause(wait)
      const before = change
      change = await changeNow()
      if (looks + 1 >= leastLooks && (before === undefined) === (change === undefined)) break
    }
    if (change !== undefined) throw staleFailure(write, then, change)
  }

  const changesIn = (
    { path, version, body }: Write,
    then: SeenObject,
    names: readonly string[],
    now: unknown,
  ): readonly Change[] => {
    const own = written.get(`${version} ${path}`)
    const shown = path.startsWith('/servicePrincipals/') ? applications.get(then.properties.get('appId')) : undefined
    return names.flatMap((name): Change[] => {
      const [before, after] = [then.properties.get(name), field(now, name)]
      const isOurs =
        deepSame(before, after) ||
        (body !== undefined && holds(after, body[name])) ||
        own?.get(name)?.some(value => holds(after, value)) === true ||
        isShown(shown?.get(name), name, [before, ...(own?.get(name) ?? [])], after)
      return isOurs ? [] : [{ name, before, after }]
    })
  }

  const writes: Unchanged['writes'] = ({ path, version, body }) => {
    if (body === undefined) return
    const key = `${version} ${path}`
    const own: Written = written.get(key) ?? new Map()
    written.set(key, own)
    for (const [name, value] of Object.entries(body)) own.set(name, [...(own.get(name) ?? []), value])
    const application = path.startsWith('/applications/') ? seen.at(path, 'v1.0') : undefined
    if (application === undefined) return
    const { properties } = application
    const both = new Map([...own].map(([name, values]) => [name, [properties.get(name), ...values]]))
    applications.set(properties.get('appId'), both)
  }

  return { check, writes }
}

interface Change {
  readonly name: string
  readonly before: unknown
  readonly after: unknown
}

/**
 * A service principal shows its application's display name, roles and tags, the tags besides its own (Microsoft Graph
 * reference, resource type servicePrincipal). `values`: the application's before and since.
 */
function isShown(
  values: readonly unknown[] | undefined,
  name: string,
  before: readonly unknown[],
  after: unknown,
): boolean {
  if (values === undefined) return false
  if (name !== 'tags') return values.some(value => holds(after, value))
  const movable = new Set(values.flatMap(list))
  return before.some(known => {
    const [one, other] = [new Set(list(known)), new Set(list(after))]
    const moved = [...[...one].filter(tag => !other.has(tag)), ...[...other].filter(tag => !one.has(tag))]
    return moved.every(tag => movable.has(tag))
  })
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function staleFailure({ path, body }: Write, { properties }: SeenObject, { name, before, after }: Change): Failure {
  const called = properties.get('displayName') ?? properties.get('userPrincipalName')
  const what = typeof called === 'string' ? `"${called}" (${path})` : path
  const kept = body === undefined ? 'it was not deleted' : 'nothing was overwritten'
  return new Failure(
    'stale',
    `${what} was changed by somebody since the plan was made: ${name} was ${shown(before)} and is ${shown(after)} now; ${kept}`,
    'plan again, which shows what would be done about it now',
  )
}

function shown(value: unknown): string {
  const text = JSON.stringify(value ?? null)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
