// What an audit finds in the journal: a record for each thing that an apply does, and the links of the chain around it.
// Lines are JSON; `hash` is the last of a line's properties and is of all the line before it.

import type { Id } from './id.ts'
import type { Override } from './override.ts'
import type { AccessOf, Line, PlannedChange, PlanScope } from './plan.ts'

/** As whom the directories know us. */
export interface Identity {
  /** Of the application, as its token says; null where it says nothing, as the sandbox's. */
  readonly entra: {
    readonly tenantId: string | null
    readonly appId: string | null
    readonly objectId: string | null
  } | null
  /** The name that signs in to Active Directory. */
  readonly activeDirectory: string | null
}

/** On whose behalf: the pipeline's word for it, or the operating system's; null where neither says. */
export interface Actor {
  readonly name: string | null
  readonly via: 'github' | 'azure-pipelines' | 'terminal'
  /** Where the pipeline's run can be looked at. */
  readonly run: string | null
  /** The machine, or the pipeline's runner. */
  readonly machine: string | null
}

/** What an apply is about, whether it begins or is refused. */
export interface ApplyOf {
  readonly guestlist: string
  readonly actor: Actor
  readonly identity: Identity
  readonly organization: string
  readonly tenantId: string
  readonly domain: string | null
  readonly sandbox: boolean
  readonly commit: string | null
  readonly policyDigest: string
  /** The plan that is applied now. */
  readonly plan: string
  /** The plan that was reviewed; null without one. */
  readonly reviewed: string | null
  readonly scope: PlanScope
}

export type AuditRecord =
  | ({
      readonly record: 'apply-begun'
      /** As of when the policies are applied. */
      readonly at: string
      /** How many changes follow, and how many accesses they give and take. */
      readonly changes: number
      readonly effects: number
      /** The reviewed lines that set a guardrail aside, of that day. */
      readonly overrides: readonly Override[]
    } & ApplyOf)
  /** Nothing was changed. */
  | ({
      readonly record: 'apply-refused'
      readonly reasons: readonly { readonly code: string; readonly message: string }[]
      readonly exitCode: number
    } & ApplyOf)
  /** Who gains or loses what once every change is done. */
  | ({
      readonly record: 'effect'
      readonly effect: 'gain' | 'lose'
      readonly until: string | null
      readonly through: readonly string[]
      readonly because: readonly Line[]
    } & AccessOf)
  /** Written before anything of the change is sent: one without an end may have happened. */
  | ({ readonly record: 'change-begun' } & Pick<
      PlannedChange,
      'id' | 'plane' | 'kind' | 'action' | 'risk' | 'before' | 'after' | 'because'
    >)
  | ({ readonly record: 'change-ended'; readonly id: Id } & ChangeEnd)
  | {
      readonly record: 'apply-ended'
      readonly done: number
      readonly failed: number
      readonly notAttempted: number
      readonly exitCode: number
    }

export type ChangeEnd =
  | ({ readonly status: 'done' } & Sent)
  | ({ readonly status: 'failed'; readonly code: string; readonly message: string } & Sent)
  | { readonly status: 'not-attempted'; readonly because: string }

interface Sent {
  readonly ms: number
  /** The ids by which the service knows the requests; Active Directory has none. */
  readonly requestIds: readonly string[]
  /** Of a change in Active Directory: the domain controller. */
  readonly server?: string
}

/** What stands around every record. */
export interface JournalLink {
  /** 1, 2, 3, … */
  readonly seq: number
  readonly time: string
  /** The `hash` of the line before; null in the first. */
  readonly previous: string | null
  /** What a crash left of a line, between the line before and this one. */
  readonly torn?: Torn
}

export interface Torn {
  readonly bytes: number
  readonly hash: string
}

/** What a check of a journal found. */
export interface Verdict {
  readonly lines: number
  readonly applies: number
  readonly refused: number
  readonly changes: { readonly done: number; readonly failed: number }
  /** When the first and the last line were written. */
  readonly first: string | null
  readonly last: string | null
  /** The hash of the last line. */
  readonly head: string | null
  /** The line that has the hash that was asked for. */
  readonly headAt?: number
  /** What is not as it was written. */
  readonly troubles: readonly Remark[]
  /** What a crash explains. */
  readonly remarks: readonly Remark[]
}

export interface Remark {
  readonly line: number
  readonly code: string
  readonly message: string
}
