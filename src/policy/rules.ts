// Rules: each `deny` is read and typed before it is asked, so that a word that does not exist is an error where it
// stands. A denial is a problem at the thing denied; it refuses the plan and leaves the policy readable.

import { TypeError as CelTypeError, Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Problem } from '../model/problem.ts'
import type { ResolvedAccess } from './accesses.ts'
import type { Checked } from './check.ts'
import { originAt } from './document.ts'
import { type Each, type Subject, subjectsOf, vocabulary } from './facts.ts'
import { limits, tooCostly } from './rule-cost.ts'
import { celFault } from './rule-fault.ts'
import { rangeInScalar } from './scalar.ts'
import { type Fault, problemAt, type Range, type Source } from './source.ts'

interface Ready {
  readonly rule: Checked<'Rule'>
  readonly each: Each
  readonly deny: string
  readonly ask: ParseResult
}

/** The rules that can be asked; what is wrong with the others is reported. */
export function readRules(rules: Iterable<Checked<'Rule'>>, report: (problem: Problem) => void): readonly Ready[] {
  return [...rules].flatMap(rule => {
    const { each, deny } = rule.spec
    if (each === undefined || deny === undefined) return []
    const fail = (range: Range, fault: Fault) =>
      report(problemAt(rule.document.source, rangeInScalar(rule.document, '/deny', deny, range), fault))
    const environment = new Environment({ limits }).registerVariable({ name: each, schema: vocabulary[each] })
    const { valid, type, error } = environment.check(deny)
    if (!valid) {
      fail(
        error?.range ?? { start: 0, end: deny.length },
        celFault(error?.code ?? '', error?.summary ?? '', each, deny, error?.range?.start ?? 0),
      )
      return []
    }
    const ask = environment.parse(deny)
    const costly = tooCostly(ask.ast)
    if (type !== 'bool')
      fail({ start: 0, end: deny.length }, bad(`\`deny\` must be true or false, but this is ${type}`))
    else if (costly !== undefined) fail(costly.range, bad(costly.message))
    else return [{ rule, each, deny, ask }]
    return []
  })
}

const bad = (message: string): Fault => ({ severity: 'error', code: 'bad-expression', message })

interface World {
  readonly policy: ResolvedPolicy
  readonly accesses: readonly ResolvedAccess[]
  /** Documents with errors, as `<kind>/<name>`: rules are not asked about them. */
  readonly unsound: ReadonlySet<string>
  readonly sources: ReadonlyMap<string, Source>
}

export function askRules(rules: readonly Ready[], { policy, accesses, unsound, sources }: World): readonly Problem[] {
  const subjects = subjectsOf(policy, accesses)
  const asked = new Map<Each, readonly Subject[]>()
  return rules.flatMap(({ rule, each, deny, ask }) => {
    // A denial goes by the rule's name, which may be what is wrong with it.
    if (!rule.sound) return []
    const problems: Problem[] = []
    let failed = false
    const about = asked.get(each) ?? [...subjects[each]()]
    asked.set(each, about)
    for (const subject of about) {
      if (subject.from.some(document => unsound.has(document))) continue
      try {
        if (ask({ [each]: subject.facts }) === true) problems.push(denial(rule, subject, sources))
      } catch (error) {
        if (!failed) problems.push(failure(rule, deny, subject, error))
        failed = true
      }
    }
    return problems
  })
}

function denial(
  { name, spec, document }: Checked<'Rule'>,
  { name: denied, origin, unwritten }: Subject,
  sources: ReadonlyMap<string, Source>,
): Problem {
  const fault: Fault = {
    severity: spec.severity ?? 'error',
    code: `rule/${name}`,
    message: unwritten === true ? `${denied}: ${spec.message ?? ''}` : (spec.message ?? ''),
    hint: 'the rule is here:',
    see: originAt(document, '/name'),
  }
  const source = sources.get(origin.file)
  if (source === undefined) return { ...fault, at: origin }
  const start = (source.lineStarts[origin.line - 1] ?? 0) + origin.column - 1
  return problemAt(source, { start, end: start + (unwritten === true ? 1 : denied.length) }, fault)
}

function failure({ document }: Checked<'Rule'>, deny: string, { name, origin }: Subject, error: unknown): Problem {
  const told = error instanceof EvaluationError || error instanceof CelTypeError ? error : undefined
  const range = rangeInScalar(document, '/deny', deny, told?.range ?? { start: 0, end: deny.length })
  const summary = told?.summary ?? 'it is too much to evaluate'
  const message = `this cannot be answered: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`
  const fault: Fault = { severity: 'error', code: 'rule-failed', message, hint: `asked about ${name}:`, see: origin }
  return problemAt(document.source, range, fault)
}
