// Linked values: kept by the identity of both ends, so that renaming and moving keep them and deleting drops them.

import type { AttributeValue, Modification } from '../../model/directories.ts'
import type { Database, Entry } from './database.ts'
import { isPrimary, requireNesting } from './group.ts'
import { refusal } from './refusal.ts'
import type { Attribute } from './schema.ts'
import { storedValue } from './values.ts'
import { targetOf } from './view.ts'

/** True if a link came or went. */
export function changeLinks(
  database: Database,
  entry: Entry,
  operation: Modification['operation'],
  attribute: Attribute,
  values: readonly AttributeValue[],
): boolean {
  const targets = values.map(value => targetOf(database, storedValue(attribute, value)))
  if (operation === 'add') addLinks(database, entry, attribute, targets)
  else if (operation === 'replace') return replaceLinks(database, entry, attribute, targets)
  else if (targets.length > 0) deleteLinks(database, entry, attribute, targets)
  else if (!replaceLinks(database, entry, attribute, [])) throw absent(attribute)
  return true
}

function addLinks(database: Database, entry: Entry, attribute: Attribute, targets: readonly Entry[]): void {
  for (const target of targets) {
    if (database.targets(attribute.key, entry.id).has(target.id)) throw present(attribute)
    if (attribute.single && database.targets(attribute.key, entry.id).size > 0) {
      throw refusal(20, `0000200D: AtrErr: ${attribute.name} holds one value`)
    }
    if (attribute.key === 'member') {
      requireNesting(entry, target)
      if (isPrimary(entry, target)) throw present(attribute)
    }
    database.link(attribute.key, entry.id, target.id)
  }
}

function deleteLinks(database: Database, entry: Entry, attribute: Attribute, targets: readonly Entry[]): void {
  for (const target of targets) {
    if (!database.targets(attribute.key, entry.id).has(target.id)) throw absent(attribute)
    database.unlink(attribute.key, entry.id, target.id)
  }
}

function replaceLinks(database: Database, entry: Entry, attribute: Attribute, targets: readonly Entry[]): boolean {
  const wanted = new Set(targets.map(target => target.id))
  if (wanted.size < targets.length) throw present(attribute)
  const current = new Set(database.targets(attribute.key, entry.id))
  for (const id of current) if (!wanted.has(id)) database.unlink(attribute.key, entry.id, id)
  const fresh = targets.filter(target => !current.has(target.id))
  addLinks(database, entry, attribute, fresh)
  return fresh.length > 0 || current.size > wanted.size
}

function present(attribute: Attribute): Error {
  return attribute.key === 'member'
    ? refusal(68, '00000562: UpdErr: the object is a member of the group already')
    : refusal(20, `0000200D: AtrErr: ${attribute.name} has this value already`)
}

function absent(attribute: Attribute): Error {
  return attribute.key === 'member'
    ? refusal(53, '00000561: SvcErr: the object is no member of the group')
    : refusal(16, `00002085: AtrErr: ${attribute.name} has no such value`)
}
