// Between a plan that was reviewed and what would happen now: what nobody has looked at.

import type { Effect, Finding, PlannedChange } from './plan.ts'

/** A reviewed change that is not done, and would not be done now. */
export interface Gone {
  readonly change: PlannedChange
  readonly why: 'no longer wanted' | 'has to wait now' | 'came about in another way'
}

export interface Difference {
  /** Who would gain or lose what, and was not reviewed. */
  readonly effectsCame: readonly Effect[]
  /** What was reviewed, has not come about, and would not now. */
  readonly effectsWent: readonly Effect[]
  readonly came: readonly PlannedChange[]
  readonly went: readonly Gone[]
  /** What was found since about something that would be changed. */
  readonly found: readonly Finding[]
  readonly differ: readonly { readonly reviewed: PlannedChange; readonly now: PlannedChange }[]
  /** Nothing of the above: the same changes, of another risk or in another order. */
  readonly isReordered: boolean
}
