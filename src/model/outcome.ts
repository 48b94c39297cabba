// What became of each change of a plan.

import type { Id } from './id.ts'
import type { PlannedChange } from './plan.ts'

export interface Trouble {
  readonly code: string
  readonly message: string
  readonly hint?: string
  /** The service's own id of the request, for its support. */
  readonly requestId?: string
}

export interface Attempted {
  readonly ms: number
  /** The service's own ids of the requests that the change sent to write, those of refused attempts among them. */
  readonly requestIds: readonly string[]
}

export type Outcome = { readonly change: PlannedChange } & (
  | ({ readonly status: 'done' } & Attempted)
  /** `mayHaveWritten`: not all of its requests were refused, or nobody knows. */
  | ({ readonly status: 'failed'; readonly trouble: Trouble; readonly mayHaveWritten?: boolean } & Attempted)
  /** `because`: the change it depended on; or the run was interrupted, or a row of others of its sort was refused. */
  | { readonly status: 'not-attempted'; readonly because: Id | 'interrupted' | 'refused' }
)
