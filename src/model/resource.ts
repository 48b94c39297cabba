// What is wanted and what is there, in one shape, and what lies between them. All of it is plain data.

import type { Id, ObjectId, Plane } from './id.ts'
import type { Origin } from './problem.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }
/** A resource's properties. A key that a wanted spec leaves out is left alone. */
export type Spec = Readonly<Record<string, Json | undefined>>

/**
 * A value that only another resource can tell: its object id, or the name that its service gave it. Comparing puts in
 * what was observed; until there is anything to observe, a plan shows `expected`.
 */
export interface Late {
  readonly $of: Id
  readonly $value: 'objectId' | 'name'
  readonly expected: string | null
}

/** What a resource has to do with, for `--partner` and `--app`. */
export interface About {
  readonly partner?: string
  readonly app?: string
}

/** Why a thing is not to be touched. */
export interface Refusal {
  readonly code: string
  readonly message: string
  /** What is in it may still go out; it is an error only where something would go in. */
  readonly onlyIn?: boolean
}

interface Resource<S extends Spec> extends About {
  readonly id: Id
  readonly spec: S
  /** What must be there first, and must not go before this is gone. */
  readonly needs: readonly Id[]
  /**
   * The container that joins what is on its one side (people) with what is on its other (apps). Through one container,
   * whatever closes goes before whatever opens, so that nobody passes in between.
   */
  readonly through?: Id
}

export interface Desired<S extends Spec = Spec> extends Resource<S> {
  readonly because: readonly Origin[]
  /** Not ours to make: while it is not there, it and what needs it wait. */
  readonly awaited?: { readonly for: string; readonly message: string }
  /** Only looked at, never changed: a group of somebody else's that ours go into. */
  readonly reference?: boolean
}

export interface Observed<S extends Spec = Spec> extends Resource<S> {
  readonly objectId: ObjectId
  /** What stays of it until all of it is gone, where its parts go one by one; without it, the object id. */
  readonly lasting?: ObjectId
  /** The name that the service gave it: a guest's user principal name, an entry's distinguished name. */
  readonly name?: string
  /** Object ids that belong to it: an app's application object, its roles. */
  readonly related?: Readonly<Record<string, ObjectId>>
  /** Carries our mark. What does not is never changed, unless the policy wants it: then it is adopted. */
  readonly owned: boolean
  /** Switched off, archived or deleted but recoverable: wanting it again restores it. */
  readonly retired?: boolean
  /** Why it is never touched, whatever the policy says: protected, or another system's. */
  readonly refused?: Refusal
}

export type Action = 'create' | 'update' | 'delete' | 'restore' | 'adopt'
export type Risk = 'grant' | 'revoke' | 'privileged' | 'neutral'

export interface Change<S extends Spec = Spec> extends About {
  readonly id: Id
  readonly plane: Plane
  readonly kind: string
  readonly action: Action
  /** An update by which something that the policy no longer wants is switched off or archived. */
  readonly retires: boolean
  /** Absent for create. */
  readonly before?: Observed<S>
  /** Absent for delete. Late values that could be observed are settled. */
  readonly after?: Desired<S>
  /** The keys in which before and after differ. */
  readonly differs: readonly string[]
  readonly needs: readonly Id[]
  readonly through?: Id
  readonly because: readonly Origin[]
}

/** What a service assigned: known from reading, or as soon as the change that makes it is done. */
export interface Assigned {
  readonly objectId: ObjectId
  readonly name?: string
  readonly related?: Readonly<Record<string, ObjectId>>
}
