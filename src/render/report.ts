// A problem of a policy or a finding of a plan on its way to another program: one shape for both, with files named from
// the root of the checkout. Not escaped for anything.

import type { Finding } from '../model/plan.ts'
import type { Origin, Problem, Severity } from '../model/problem.ts'
import { shortened } from './problem.ts'

export interface Place {
  readonly file: string
  readonly line: number
  /** UTF-16 units, from 1. */
  readonly column?: number
  /** The first that is no longer meant. */
  readonly endColumn?: number
}

export interface Report {
  readonly severity: Severity
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly at?: Place
  /** Another place that the hint speaks of, where it does not name it itself. */
  readonly see?: Place
  /** What stays the same when lines move: the text of the line, where it is known. */
  readonly excerpt?: string
}

/** How a file that the user named, or that lies in a folder that the user named, is called from the root. */
export type FromRoot = (file: string) => string

/** `folder` is the policies folder as the user named it, with a `/`. */
export function reportsOfProblems(problems: readonly Problem[], folder: string, fromRoot: FromRoot): readonly Report[] {
  const place = ({ file, line, column }: Origin): Place => ({ file: fromRoot(`${folder}${file}`), line, column })
  return problems.map(problem => {
    const { severity, code, message, hint, at, see, length = 1, excerpt } = problem
    return {
      severity,
      code,
      message: shortened(message),
      ...(hint === undefined ? {} : { hint }),
      ...(at === undefined ? {} : { at: { ...place(at), endColumn: at.column + length } }),
      ...(see === undefined ? {} : { see: place(see) }),
      ...(excerpt === undefined ? {} : { excerpt }),
    }
  })
}

export function reportsOfFindings(findings: readonly Finding[], fromRoot: FromRoot): readonly Report[] {
  return findings.map(({ severity, code, message, hint, at }) => ({
    severity,
    code,
    message: shortened(message),
    ...(hint === undefined ? {} : { hint }),
    ...(at === undefined ? {} : { at: { file: fromRoot(at.file), line: at.line } }),
  }))
}

/** Errors first, each sort in the order in which it came: whoever shows only the first shows the gravest. */
export function gravestFirst(reports: readonly Report[]): readonly Report[] {
  return [...reports.filter(isError), ...reports.filter(report => !isError(report))]
}

function isError({ severity }: Report): boolean {
  return severity === 'error'
}
