// What has changed in the directory since any moment of a log: which objects, which of their properties, and which members
// of groups. Sources: Microsoft Graph's pages on delta queries (delta-query-overview, delta-query-groups).

import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { deletedType } from './deletion.ts'
import type { Item } from './match.ts'
import { collectionOf, type DirectoryType, type Entity, type Tenant } from './tenant.ts'

export interface DeltaLog {
  /** Tells its moments from those of another log. */
  readonly id: string
  /** The moment that it is. */
  readonly now: number
  /** Objects of a type that came, went or changed; of changes, only those of `properties`, if there are any. */
  changed(type: DirectoryType, since: number, properties: readonly string[] | undefined): readonly string[]
  /** Whether the object came, or went, or both. */
  cameOrWent(id: string, since: number): boolean
  changedProperties(id: string, since: number): readonly string[]
  /** Groups whose members changed. */
  changedGroups(since: number): readonly string[]
  /** Those who joined or left the group, or came or went themselves. */
  changedMembers(group: string, since: number): readonly string[]
}

interface Changes {
  readonly type: DirectoryType
  /** When it last came or went. */
  presence: number
  /** When each property last changed. */
  readonly properties: Map<string, number>
}

const typeOf = new Map(Object.entries(collectionOf).map(([type, name]) => [name, type as DirectoryType]))

export function openDeltaLog(tenant: Tenant): DeltaLog {
  const objects = new Map<string, Changes>()
  const members = new Map<string, Map<string, number>>()
  let now = 0

  function changesOf(id: string, type: DirectoryType): Changes {
    const changes = objects.get(id) ?? { type, presence: 0, properties: new Map() }
    objects.set(id, changes)
    return changes
  }

  function noteMember(group: string, member: string): void {
    const changed = members.get(group) ?? new Map()
    members.set(group, changed.set(member, now))
  }

  tenant.store.watch(({ collection, id, before, after }) => {
    now += 1
    if (collection === 'members') {
      const [group = '', member = ''] = id.split('/')
      noteMember(group, member)
      return
    }
    // Gone for good, which it was not before.
    if (collection === 'deletedItems' && after === undefined)
      changesOf(id, deletedType(before as Entity)).presence = now
    const type = typeOf.get(collection)
    if (type === undefined) return
    const changes = changesOf(id, type)
    if (before === undefined || after === undefined) {
      changes.presence = now
      for (const group of tenant.members.to(id)) noteMember(group, id)
    } else {
      for (const name of differences(before as Item, after as Item)) changes.properties.set(name, now)
    }
  })

  const after = (moments: ReadonlyMap<string, number> | undefined, since: number) =>
    [...(moments ?? [])].filter(([, moment]) => moment > since).map(([name]) => name)

  return {
    id: randomUUID(),
    get now() {
      return now
    },
    changed: (wanted, since, properties) => {
      const isChanged = ({ presence, properties: changed }: Changes) =>
        presence > since || after(changed, since).some(name => properties?.includes(name) ?? true)
      return [...objects].filter(([, changes]) => changes.type === wanted && isChanged(changes)).map(([id]) => id)
    },
    cameOrWent: (id, since) => (objects.get(id)?.presence ?? 0) > since,
    changedProperties: (id, since) => after(objects.get(id)?.properties, since),
    changedGroups: since => [...members].filter(([, changed]) => after(changed, since).length > 0).map(([id]) => id),
    changedMembers: (group, since) => after(members.get(group), since),
  }
}

/** Kept outside of the directory's own store: changes of these go unnoticed. */
const untracked = new Set(['onPremisesPublishing', 'signInActivity'])

function differences(before: Item, after: Item): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter(name => !untracked.has(name) && !isDeepStrictEqual(before[name], after[name]))
}
