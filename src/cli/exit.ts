// The exit codes that the contract promises.

export const exit = {
  done: 0,
  /** Nothing was changed. */
  error: 1,
  /** Changes are pending; with --detailed-exitcode only. */
  pending: 2,
  /** By a guardrail or a rule. */
  refused: 3,
  /** The reviewed plan is not what would happen now. Nothing was changed. */
  stale: 4,
  partly: 5,
  interrupted: 130,
} as const

export type ExitCode = (typeof exit)[keyof typeof exit]
