// What is wrong with an input, as a value: collected, sorted and shown at the end, never thrown.

/** A place in a policy file. `file` is relative to the policies folder, with forward slashes; line and column count from 1. */
export interface Origin {
  readonly file: string
  readonly line: number
  readonly column: number
}

export type Severity = 'error' | 'warning'

export interface Problem {
  readonly severity: Severity
  /** Stable, kebab-case; what a pipeline filters on. */
  readonly code: string
  readonly message: string
  readonly hint?: string
  /** Another place that the hint speaks of; shown after it. */
  readonly see?: Origin
  readonly at?: Origin
  /** How many characters of the line are meant; 1 if left out. */
  readonly length?: number
  /** The text of the line, so that it can be shown without reading the file again. */
  readonly excerpt?: string
}

/** What a rule or guardrail denies: the policy can be read and planned, and must not be applied. */
export function isRefusal({ severity, code }: Pick<Problem, 'severity' | 'code'>): boolean {
  return severity === 'error' && /^(rule|guardrail)\//.test(code)
}

/** An error of the user's making, or of a service: shown as its message and hint, without a stack trace. */
export class Failure extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
    this.code = code
    this.hint = hint
  }
}
