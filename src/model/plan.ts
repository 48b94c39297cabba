// The plan as the contract gives it (section 4): plain data that survives JSON.

import type { Id, Plane } from './id.ts'
import type { Origin, Severity } from './problem.ts'
import type { Action, Json, Risk } from './resource.ts'

export interface Line {
  readonly file: string
  readonly line: number
}

export interface Effect {
  readonly effect: 'gain' | 'lose'
  readonly person: string
  readonly partner: string
  readonly app: string
  readonly role: string
  /** The day the access ends, as the policy writes it; null without an end. */
  readonly until: string | null
  readonly because: readonly Line[]
}

export interface PlannedChange {
  readonly id: Id
  readonly plane: Plane
  readonly kind: string
  readonly action: Action
  readonly risk: Risk
  /** Only the properties that change; the whole of what is made or goes. */
  readonly before: { readonly [key: string]: Json } | null
  readonly after: { readonly [key: string]: Json } | null
  readonly dependsOn: readonly Id[]
  readonly because: readonly Line[]
}

export interface Waiting {
  readonly id: Id
  /** Whom or what it waits for: `entra-connect`, `person`, another id. */
  readonly for: string
  readonly message: string
}

export interface Finding {
  readonly severity: Severity
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly at?: Line
}

export interface Summary {
  readonly gains: number
  readonly losses: number
  readonly create: number
  readonly update: number
  readonly delete: number
  readonly restore: number
  readonly adopt: number
}

export interface Plan {
  readonly formatVersion: '1'
  readonly guestlist: string
  readonly createdAt: string
  readonly at: string
  readonly policyDigest: string
  readonly digest: string
  readonly summary: Summary
  readonly effects: readonly Effect[]
  /** In the order in which they happen when one happens at a time. */
  readonly changes: readonly PlannedChange[]
  readonly waiting: readonly Waiting[]
  readonly findings: readonly Finding[]
}

/** A finding whose place is still relative to the policies folder. */
export interface FindingAt extends Omit<Finding, 'at'> {
  readonly at?: Origin
}
