// The one interface. A kind says what the policy wants of it, reads what is there, and performs one change; comparing,
// ordering, guarding, showing and applying are written once and know no kind by name.

import type { Directories, DirectoryWriters } from '../model/directories.ts'
import type { OwnWrites } from '../model/estimate.ts'
import type { Id, Plane } from '../model/id.ts'
import type { FindingAt, Waiting } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Assigned, Change, Desired, Json, Observed, Risk, Spec } from '../model/resource.ts'

export interface Observation<S extends Spec> {
  readonly resources: readonly Observed<S>[]
  readonly findings?: readonly FindingAt[]
  /** What cannot be made as things stand, and whom it waits for. */
  readonly blocked?: readonly Waiting[]
}

export interface ResourceKind<S extends Spec = Spec> {
  readonly plane: Plane
  readonly name: string
  /** Pure. */
  desire(policy: ResolvedPolicy): Iterable<Desired<S>>
  /** All that carries our mark, and all that the policy names; or throws: never "absent" for "unread". */
  observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<S>>
  /** Pure and stable; both sides pass through it before they are compared. */
  normalize(spec: S): S
  /** What becomes of one of ours that the policy does not want any more. Without it: deleted. */
  retire?(orphan: Observed<S>, policy: ResolvedPolicy): S | 'delete'
  risk(change: Change<S>): Risk
  /** Whether access can pass through it in this state; without it, being there is enough. `wanted`: by the policy. */
  works?(spec: S, wanted: S | undefined): boolean
  /** Names that one object at a time can have: who gives one up goes before who takes it. */
  claims?(spec: S): readonly string[]
  /**
   * What it shields: who lets go of one does so after whatever else takes it up, and after all that passes through what was
   * shielded is closed; and what opens it waits until it is shielded.
   */
  shields?(spec: S): readonly Id[]
  /** Whether it lets in whoever can sign in: what closes that goes before anybody new comes. */
  exposes?(spec: S): boolean
  /** What performing the change takes from the policy, and no property tells: it is reviewed as well. */
  named?(change: Change<S>, policy: ResolvedPolicy): Readonly<Record<string, Json>>
  /**
   * Whether what is there looks just as a run of ours leaves it that began at `since` or later. Without it: what is made has
   * our mark from its first moment.
   */
  isOurMaking?(there: Observed<S>, policy: ResolvedPolicy, since: number): boolean
  /** The requests that performing it sends to write, as far as it can be foreseen. Without it: one in its directory. */
  writes?(change: Change<S>): OwnWrites
  /** `assigned` knows every id that the change needs. */
  perform(
    change: Change<S>,
    to: DirectoryWriters,
    assigned: (id: Id) => Assigned,
    policy: ResolvedPolicy,
  ): Promise<Assigned>
}

/** For lists that hold kinds of every spec; a kind only ever meets its own. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where specs of different kinds meet
export type AnyKind = ResourceKind<any>
