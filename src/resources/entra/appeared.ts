// What somebody else made between the plan and its apply: it is left as it is.

import { Failure } from '../../model/problem.ts'

export function appeared(what: string): Failure {
  return new Failure(
    'stale',
    `${what} has appeared since the plan was made; nothing was done about it`,
    'plan again, which shows what would be done about it now',
  )
}
