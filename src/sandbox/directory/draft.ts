// An object while it is being written: its values change one part after the other, and are stored when all went well.

import type { AttributeValue, Modification } from '../../model/directories.ts'
import { passwordIn } from './account.ts'
import type { Entry } from './database.ts'
import { refusal } from './refusal.ts'
import { type Attribute, attributeOf } from './schema.ts'
import { comparable, storedValue } from './values.ts'
import { is } from './view.ts'

export interface Draft {
  readonly entry: Entry
  attributes: Record<string, readonly string[]>
  password: string | undefined
  hasNewLinks: boolean
}

export function draftOf(entry: Entry): Draft {
  return { entry, attributes: { ...entry.attributes }, password: undefined, hasNewLinks: false }
}

export function known(name: string): Attribute {
  const attribute = attributeOf(name)
  if (attribute === undefined) throw refusal(16, `00000057: LdapErr: attribute ${name} is not in the schema`)
  return attribute
}

export function nonEmpty(attribute: Attribute, values: readonly AttributeValue[]): readonly AttributeValue[] {
  if (values.length === 0) throw refusal(21, `0000200B: ${attribute.name} has no value`)
  return values
}

export function changeValues(
  draft: Draft,
  operation: Modification['operation'],
  attribute: Attribute,
  values: readonly AttributeValue[],
): void {
  if (attribute.syntax === 'password') setPassword(draft, operation, values)
  else if (operation === 'add') addValues(draft, attribute, values)
  else if (operation === 'delete') deleteValues(draft, attribute, values)
  else replaceValues(draft, attribute, values)
}

function addValues(draft: Draft, attribute: Attribute, values: readonly AttributeValue[]): void {
  setValues(draft, attribute, [
    ...(draft.attributes[attribute.key] ?? []),
    ...values.map(value => storedValue(attribute, value)),
  ])
}

function replaceValues(draft: Draft, attribute: Attribute, values: readonly AttributeValue[]): void {
  if (values.length === 0) delete draft.attributes[attribute.key]
  else
    setValues(
      draft,
      attribute,
      values.map(value => storedValue(attribute, value)),
    )
}

function setValues(draft: Draft, attribute: Attribute, values: readonly string[]): void {
  // SAM allows accounts one description only, though the schema allows more.
  const isSingle =
    attribute.single || (attribute.key === 'description' && (is(draft.entry, 'user') || is(draft.entry, 'group')))
  if (isSingle && values.length > 1) throw refusal(20, `0000200D: AtrErr: ${attribute.name} holds one value`)
  if (new Set(values.map(value => comparable(attribute, value))).size < values.length) {
    throw refusal(20, `0000200D: AtrErr: ${attribute.name} has this value already`)
  }
  draft.attributes[attribute.key] = values
}

function deleteValues(draft: Draft, attribute: Attribute, values: readonly AttributeValue[]): void {
  const current = draft.attributes[attribute.key]
  if (current === undefined) throw refusal(16, `00002085: AtrErr: ${attribute.name} has no value`)
  const gone = new Set(values.map(value => comparable(attribute, storedValue(attribute, value))))
  const left = current.filter(value => !gone.has(comparable(attribute, value)))
  if (current.length - left.length < gone.size)
    throw refusal(16, `00002085: AtrErr: ${attribute.name} has no such value`)
  if (left.length === 0 || values.length === 0) delete draft.attributes[attribute.key]
  else draft.attributes[attribute.key] = left
}

function setPassword(draft: Draft, operation: Modification['operation'], values: readonly AttributeValue[]): void {
  const [value, ...more] = values
  const isNew = draft.entry.attributes.pwdlastset === undefined
  if (operation !== (isNew ? 'add' : 'replace') || value === undefined || more.length > 0) {
    throw refusal(53, '0000001F: SvcErr: unicodePwd can be set as a whole only: the sandbox knows no old password')
  }
  draft.password = passwordIn(value)
}
