// The validators, made from schemas/ once. `format` is answered by text.ts; `errorMessage` is the sentence that a
// person reads in place of a pattern, here and in editors.

import { createRequire } from 'node:module'
import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Access, App, Organization, Partner, Rule } from '../model/policy.generated.ts'
import { formats } from './text.ts'

export interface SpecOf {
  readonly Organization: Organization
  readonly Partner: Partner
  readonly App: App
  readonly Access: Access
  readonly Rule: Rule
}

export type Kind = keyof SpecOf

export const kinds: readonly Kind[] = ['Organization', 'Partner', 'App', 'Access', 'Rule']

const load = createRequire(import.meta.url)

const ajv = new Ajv2020({ allErrors: true, verbose: true, strictTypes: false, strictRequired: false })
ajv.addVocabulary(['errorMessage', 'tsType'])
for (const [name, check] of Object.entries(formats)) ajv.addFormat(name, text => check(text) === undefined)

/** Of policies; and the sandbox's faults, which are written by hand as well. */
type Written = Kind | 'Faults'

const validators = new Map<Written, ValidateFunction>()

export function validatorOf(kind: Written): ValidateFunction {
  const known = validators.get(kind)
  if (known !== undefined) return known
  const schema: AnySchemaObject = load(`../../schemas/${kind.toLowerCase()}.schema.json`)
  const made = ajv.compile(schema)
  validators.set(kind, made)
  return made
}
