// A report that nobody gets: stdout is a full disk, or a device that takes nothing. What was done stays done, and the exit
// code says so.

import { type ExitCode, exit } from './exit.ts'
import { asFailure } from './files.ts'

export interface Unwritten {
  readonly code: ExitCode
  readonly message: string
}

/** `code`: what the command ended with; `isChanged`: whether it has changed anything. */
export function unwritten(error: Error, code: ExitCode, isChanged: boolean): Unwritten {
  const { message } = asFailure(error, 'the report could not be written') as Error
  const hint = isChanged ? '  what was done is done, and the journal tells of it\n' : ''
  return { code: codeWithout(code, isChanged), message: `error[file]: ${message}\n${hint}` }
}

function codeWithout(code: ExitCode, isChanged: boolean): ExitCode {
  if (code !== exit.done && code !== exit.pending) return code
  return isChanged ? exit.partly : exit.error
}
