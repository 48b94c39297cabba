// What the validator found, in words for the author: which node, what is wrong with it, what was probably meant.
// Undefined for findings that only repeat another one.

import type { ErrorObject } from 'ajv/dist/2020.js'
import { type Part, step } from './document.ts'
import { nearest } from './hint.ts'
import type { Fault } from './source.ts'
import { formats, lookAlikeHint } from './text.ts'

export interface Mistake {
  /** The mapping or value that was being looked at. */
  readonly inside: string
  /** The node that is wrong. */
  readonly pointer: string
  readonly part: Part
  readonly fault: Fault
  /** The key that is not there. */
  readonly missing?: string
  /** The key that an unknown one was probably meant to be. */
  readonly meant?: string
}

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>
  readonly errorMessage?: string
  readonly examples?: readonly unknown[]
}

const quote = (word: unknown) => `\`${word}\``

export function explain(error: ErrorObject, kind: string): Mistake | undefined {
  const { keyword, params, instancePath: inside, data, propertyName } = error
  const schema = (error.parentSchema ?? {}) as Schema
  const name = nameOf(inside)
  const mistake = (
    fault: { code: string; message: string; hint?: string | undefined },
    part: Part = 'value',
    pointer = inside,
  ): Mistake => {
    const { hint, ...rest } = fault
    return { inside, pointer, part, fault: { severity: 'error', ...rest, ...(hint === undefined ? {} : { hint }) } }
  }
  // Either only repeats what another finding says; a value that is not there was refused already.
  if ((propertyName !== undefined && keyword !== 'propertyNames') || data === undefined) return undefined
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty)
      const known = Object.keys(schema.properties ?? {})
      const meant = nearest(key, known)
      const owner = inside === '' ? kind : name
      const hint = meant === undefined ? knownKeys(known) : `did you mean ${quote(meant)}?`
      const found = mistake(
        { code: 'unknown-key', message: `${owner} has no key ${quote(key)}`, hint },
        'key',
        inside + step(key),
      )
      return meant === undefined ? found : { ...found, meant }
    }
    case 'required': {
      if (error.schemaPath.includes('/oneOf/')) return undefined
      const missing = String(params.missingProperty)
      const hint = schema.errorMessage ?? schema.properties?.[missing]?.description
      const message = `${quote(missing)} is missing${inside === '' ? '' : ` in ${name}`}`
      return { ...mistake({ code: 'missing-key', message, hint }, inside === '' ? 'value' : 'key'), missing }
    }
    case 'type': {
      if (data === null)
        return mistake(
          { code: 'wrong-type', message: `${name} has no value`, hint: `it is ${typeWords([params.type].flat())}` },
          'key',
        )
      const hint = schema.errorMessage?.includes('for instance') ? `it ${schema.errorMessage}` : undefined
      return mistake({
        code: 'wrong-type',
        message: `${name} must be ${typeWords([params.type].flat())}, not ${typeWord(data)}`,
        hint,
      })
    }
    case 'enum': {
      const allowed = (params.allowedValues as readonly unknown[]).map(String)
      const meant = nearest(String(data), allowed)
      const hint = meant === undefined ? undefined : `did you mean ${quote(meant)}?`
      return mistake({ code: 'unknown-value', message: `${name} must be ${listed(allowed)}, not ${quote(data)}`, hint })
    }
    case 'const':
      return mistake({ code: 'unknown-value', message: `${name} must be ${quote(params.allowedValue)}` })
    case 'pattern': {
      const text = String(data)
      const meant = nearest(text, (schema.examples ?? []).map(String))
      const hint = lookAlikeHint(text) ?? (meant === undefined ? undefined : `did you mean ${quote(meant)}?`)
      return mistake({
        code: badCode(error.schemaPath),
        message: `${name} ${schema.errorMessage ?? 'is not written as it should be'}`,
        hint,
      })
    }
    case 'propertyNames': {
      const key = String(params.propertyName)
      const hint =
        lookAlikeHint(key) ??
        'a name is lower-case letters, digits and hyphens, at most 63, beginning with a letter or digit'
      return mistake({ code: 'bad-name', message: `${quote(key)} cannot be a name`, hint }, 'key', inside + step(key))
    }
    case 'format': {
      const fault = formats[String(params.format)]?.(String(data))
      return fault === undefined ? undefined : { inside, pointer: inside, part: 'value', fault }
    }
    case 'minLength':
      return mistake({ code: 'empty-text', message: `${name} is empty` })
    case 'maxLength':
      return mistake({ code: 'too-long', message: `${name} is too long: ${params.limit} characters are the most` })
    case 'minItems':
      return mistake({ code: 'empty-list', message: `${name} is empty`, hint: 'name at least one' })
    case 'maxItems':
    case 'maxProperties':
    case 'minProperties':
    case 'oneOf':
      return schema.errorMessage === undefined
        ? mistake({ code: 'too-many', message: `${name} holds too many: ${params.limit} are the most` }, 'key')
        : mistake({ code: 'needs-one', message: `${name} ${schema.errorMessage}` }, 'key')
    case 'uniqueItems':
      return mistake(
        { code: 'listed-twice', message: `this is in ${name} twice`, hint: 'keep one' },
        'value',
        inside + step(Math.max(Number(params.i), Number(params.j))),
      )
    case 'minimum':
    case 'maximum':
      return mistake({
        code: 'out-of-range',
        message: `${name} must be ${keyword === 'minimum' ? 'at least' : 'at most'} ${params.limit}`,
      })
    case 'not':
      return mistake(
        { code: 'misplaced-key', message: `${name} ${schema.errorMessage ?? 'does not belong here'}` },
        'key',
      )
    default:
      return undefined
  }
}

/** The last key of a pointer; an item goes by the name of its list. */
function nameOf(pointer: string): string {
  const keys = pointer.split('/').slice(1)
  const key = keys.findLast(each => !/^\d+$/.test(each)) ?? ''
  const item = /^\d+$/.test(keys.at(-1) ?? '')
  return key === ''
    ? 'the document'
    : `${item ? 'an item of ' : ''}${quote(key.replaceAll('~1', '/').replaceAll('~0', '~'))}`
}

function badCode(schemaPath: string): string {
  const definition = /\/\$defs\/(\w+)\/pattern$/.exec(schemaPath)?.[1]
  return definition === undefined ? 'bad-value' : `bad-${definition.toLowerCase()}`
}

const listed = (words: readonly string[]) =>
  words
    .map(quote)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' or ')

const knownKeys = (known: readonly string[]) =>
  known.length === 0 ? 'it has none' : `its keys are ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}`

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  integer: 'a whole number',
}

const typeWords = (types: readonly string[]) => types.map(type => typeNames[type] ?? type).join(' or ')

const typeWord = (data: unknown) =>
  Array.isArray(data) ? 'a list' : typeof data === 'boolean' ? `${data}` : (typeNames[typeof data] ?? 'nothing')
