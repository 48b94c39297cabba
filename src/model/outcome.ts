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

export type Outcome = { readonly change: PlannedChange } & (
  | { readonly status: 'done'; readonly ms: number }
  | { readonly status: 'failed'; readonly trouble: Trouble }
  /** `because`: the change it depended on, or the run was interrupted. */
  | { readonly status: 'not-attempted'; readonly because: Id | 'interrupted' }
)
