// Documents -> checked documents: apiVersion and kind, then the kind's schema. One problem per mistake, each at the
// node that is wrong. What is wrong is taken out of the document, so that the rest can still be resolved in the same
// run.

import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import type { Problem } from '../model/problem.ts'
import { faultAt, type Part, type SourceDocument, step } from './document.ts'
import { nearest } from './hint.ts'
import { explain } from './mistake.ts'
import type { ParsedDocument } from './parse.ts'
import { type Kind, kinds, type SpecOf, validatorOf } from './schemas.ts'
import type { Fault } from './source.ts'

/** A value that passed its checks in what is still there, but need not be complete. */
export type Draft<Spec> = Spec extends readonly (infer Item)[]
  ? readonly (Draft<Item> | undefined)[]
  : Spec extends object
    ? { readonly [Key in keyof Spec]?: Draft<Spec[Key]> | undefined }
    : Spec

export interface Checked<K extends Kind = Kind> {
  readonly kind: K
  /** Empty if the document has none that could be used. */
  readonly name: string
  readonly spec: Draft<SpecOf[K]>
  readonly document: SourceDocument
  /** False if anything in it was an error: what is gone from it must not be missed again. */
  readonly sound: boolean
  /** True if its YAML or its kind could not be read: then `spec` is empty, and it may hold any name. */
  readonly broken: boolean
}

export type CheckedDocuments = { readonly [K in Kind]: readonly Checked<K>[] }

export interface Checks {
  readonly documents: CheckedDocuments
  readonly problems: readonly Problem[]
}

export function checkDocuments(documents: Iterable<ParsedDocument>): Checks {
  const checked: { [K in Kind]: Checked<K>[] } = { Organization: [], Partner: [], App: [], Access: [], Rule: [] }
  const problems: Problem[] = []
  for (const document of documents) {
    const { value, state } = document
    const report = (pointer: string, part: Part, fault: Fault) => {
      if (state !== 'broken') problems.push(faultAt(document, pointer, part, fault))
    }
    if (!isMapping(value)) {
      report('', 'value', {
        severity: 'error',
        code: 'wrong-type',
        message: 'a policy document is a mapping with `apiVersion`, `kind` and `name`',
      })
      continue
    }
    const before = problems.length
    const { kind, isKnown } = kindOf(value, report)
    if (kind === undefined) continue
    const written = document.places.get('/name')?.letters ?? value.name
    const name = typeof written === 'string' ? written : ''
    const broken = state === 'broken' || !isKnown
    if (!broken) validate(document, validatorOf(kind), kind, report)
    const sound = state === 'whole' && problems.slice(before).every(problem => problem.severity === 'warning')
    const spec = (broken ? {} : value) as Draft<SpecOf[typeof kind]>
    add(checked, { kind, name, spec, document, sound, broken })
  }
  return { documents: checked, problems }
}

function add<K extends Kind>(checked: { [Key in K]: Checked<Key>[] }, document: Checked<K>): void {
  checked[document.kind].push(document)
}

type Report = (pointer: string, part: Part, fault: Fault) => void
type Mapping = Record<string, unknown>

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The kind, or the one that was probably meant. */
function kindOf(value: Mapping, report: Report): { readonly kind: Kind | undefined; readonly isKnown: boolean } {
  const { apiVersion, kind } = value
  if (apiVersion !== undefined && apiVersion !== 'guestlist/v1') {
    const message = '`apiVersion` must be `guestlist/v1`'
    report('/apiVersion', 'value', {
      severity: 'error',
      code: 'unknown-version',
      message,
      hint: 'is this file a policy?',
    })
    return { kind: undefined, isKnown: false }
  }
  const known = kinds.find(each => each === kind)
  const meant = nearest(String(kind), kinds)
  const choice = `it is one of ${kinds.join(', ')}`
  if (kind === undefined) {
    const [message, hint] =
      apiVersion === undefined
        ? ['`apiVersion` and `kind` are missing', 'is this file a policy?']
        : ['`kind` is missing', choice]
    report('', 'value', { severity: 'error', code: 'missing-key', message, hint })
  } else if (known === undefined) {
    const written = typeof kind === 'object' ? 'like this' : `\`${kind}\``
    const hint = meant === undefined ? choice : `did you mean \`${meant}\`?`
    report('/kind', 'value', { severity: 'error', code: 'unknown-kind', message: `there is no kind ${written}`, hint })
  }
  return { kind: known ?? kinds.find(each => each === meant), isKnown: known !== undefined }
}

/** Reports every mistake, and takes it out of the document; `owner` goes by that name in messages. */
export function validate(document: SourceDocument, validator: ValidateFunction, owner: string, report: Report): void {
  if (validator(document.value)) return
  const coerced = (validator.errors ?? []).filter(error => coerce(document, error))
  if (coerced.length > 0 && validator(document.value)) return

  const mistakes = (validator.errors ?? []).map(error => explain(error, owner)).filter(mistake => mistake !== undefined)
  const misspelt = new Set(mistakes.flatMap(({ inside, meant }) => (meant === undefined ? [] : [inside + step(meant)])))
  const withUnknown = new Set(mistakes.flatMap(({ inside, fault }) => (fault.code === 'unknown-key' ? [inside] : [])))
  const reported = new Set<string>()
  for (const { inside, pointer, part, fault, missing } of mistakes) {
    if (missing !== undefined && (misspelt.has(inside + step(missing)) || document.places.has(inside + step(missing))))
      continue
    if (fault.code === 'needs-one' && withUnknown.has(inside)) continue
    const node = `${missing ?? ''} ${pointer}`
    if (reported.has(node)) continue
    reported.add(node)
    report(pointer, part, fault)
    if (missing === undefined && fault.severity === 'error') edit(document.value, pointer, undefined)
  }
}

/** Where text is wanted and an unquoted number or boolean stands, its letters are the text. */
function coerce(document: SourceDocument, { keyword, params, instancePath }: ErrorObject): boolean {
  const letters = document.places.get(instancePath)?.letters
  if (keyword !== 'type' || letters === undefined || ![params.type].flat().includes('string')) return false
  edit(document.value, instancePath, letters)
  return true
}

/** Puts a value in the place of another, or takes it out: a list keeps its length, so that pointers stay true. */
function edit(root: unknown, pointer: string, replacement: unknown): void {
  const keys = pointer
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop()
  let holder = root as Mapping | undefined
  for (const key of keys) holder = holder?.[key] as Mapping | undefined
  if (last === undefined || typeof holder !== 'object' || holder === null) return
  if (replacement === undefined && !Array.isArray(holder)) delete holder[last]
  else holder[last] = replacement
}
