// Reading a seed: its objects with their place in the file, and their properties checked against Graph's types.

import type { Failure } from '../../model/problem.ts'
import type { Store } from '../store.ts'
import { checkedBody } from './body.ts'
import { GraphError } from './errors.ts'
import type { Item } from './match.ts'
import type { DirectoryType, TenantSettings } from './tenant.ts'

export interface Seeding {
  readonly store: Store
  readonly settings: TenantSettings
  readonly types: Map<string, DirectoryType>
  /** Ids by every name that a reference may use, in lower case. */
  readonly names: Map<string, Set<string>>
  fail(path: string, what: string, hint?: string): Failure
}

export function checkProperties({ fail }: Seeding, item: Item, type: string, path: string): void {
  for (const [name, value] of Object.entries(item)) {
    if (value === null) continue
    try {
      checkedBody({ [name]: value }, { title: type, type, readOnly: new Set() })
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      throw fail(
        `${path}.${name}`,
        `is refused: ${error.message}`,
        `properties and types are those of microsoft.graph.${type}`,
      )
    }
  }
}

export function withoutNulls(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null && value !== undefined))
}

export function itemsAt(
  root: Item,
  name: string,
  fail: Seeding['fail'],
): readonly (readonly [item: Item, path: string])[] {
  const value = root[name]
  if (value === undefined) return []
  if (!Array.isArray(value)) throw fail(name, 'must be an array')
  return value.map((item, index) => [objectAt(item, `${name}[${index}]`, fail), `${name}[${index}]`])
}

export function objectAt(value: unknown, path: string, fail: Seeding['fail']): Item {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Item
  throw fail(path, value === undefined ? 'is missing' : 'must be an object')
}

/** What stands where a name belongs; anything else may be of any depth. */
export function nameShown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : 'something that is no text'
}
