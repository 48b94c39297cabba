// The plan as the contract gives it: plain data that survives JSON.

import type { Estimate } from './estimate.ts'
import type { Id, Plane } from './id.ts'
import type { Origin, Severity } from './problem.ts'
import type { Action, Json, Risk } from './resource.ts'

export interface Line {
  readonly file: string
  readonly line: number
  /** It is a line of the base, which the change of policy takes out. */
  readonly removed?: true
}

/** Of a plan with a base: what the change of policy asks for, or what the directories have become without it. */
export type Cause = 'intended' | 'drift'

/** A person's access as plans speak of it. */
export interface AccessOf {
  readonly person: string
  readonly partner: string
  readonly app: string
  readonly role: string
}

export interface Effect extends AccessOf {
  readonly effect: 'gain' | 'lose'
  /** The day the access ends, as the policy writes it; null without an end. */
  readonly until: string | null
  /** The partner's groups by which the person has it, or had it; empty where no group tells. */
  readonly through: readonly string[]
  /** Whether the policy gives it as of now: then a loss has something in its way. */
  readonly given: boolean
  readonly cause?: Cause
  /** The access's line, then the person's own. */
  readonly because: readonly Line[]
}

/** What the policy will bring by itself, on its day. */
export interface Coming extends AccessOf {
  readonly effect: 'gain' | 'lose'
  /** The first day with it, or the last day of it. */
  readonly on: string
  /** When it ends, as the policy writes it; null: without an end. */
  readonly until: string | null
  /** With a base: `intended`. Absent where the base brings it on that day as well. */
  readonly cause?: Cause
  readonly because: readonly Line[]
}

/** An end that the change of policy moves; null: without an end. */
export interface Moved extends AccessOf {
  readonly was: string | null
  readonly until: string | null
  readonly because: readonly Line[]
}

/** What the change of policy says besides who reaches what. Much of it changes no directory today. */
export interface Setting {
  /** An access: one whose group fills without a review, or has nobody yet. */
  readonly kind: 'organization' | 'partner' | 'app' | 'access' | 'rule'
  /** Empty for the organization. */
  readonly name: string
  readonly action: 'create' | 'update' | 'delete'
  /** Of an update only what differs. */
  readonly before: { readonly [key: string]: Json } | null
  readonly after: { readonly [key: string]: Json } | null
  readonly because: readonly Line[]
}

/** One partner group and one role of an app: a cell of the map. People are counted once per cell. */
export interface Cell {
  readonly partner: string
  readonly group: string
  readonly app: string
  readonly role: string
  /** Of the policy's accesses together; null: from ever, without an end. */
  readonly from: string | null
  readonly until: string | null
  /** How many have it by this group now, and how many once the plan is applied. */
  readonly before: number
  readonly after: number
  readonly gains: number
  readonly losses: number
}

export interface TargetObject {
  readonly objectId: string
  /** By which people know it, where it is somebody else's: a distinguished name, an application's id. */
  readonly name?: string
}

/** What a change really touches, where its id and its properties do not say it. */
export interface Target {
  /** What is there by now of it and of what it needs. */
  readonly objects: { readonly [id: Id]: TargetObject }
  /** What the policy names besides the properties: the page that an invitation leads to, an organizational unit. */
  readonly named: { readonly [key: string]: Json }
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
  readonly target: Target
  readonly dependsOn: readonly Id[]
  readonly cause?: Cause
  readonly because: readonly Line[]
}

export interface Waiting {
  readonly id: Id
  /** Whom or what it waits for: `entra-connect`, `person`, another id. */
  readonly for: string
  readonly message: string
  readonly cause?: Cause
}

export interface Finding {
  readonly severity: Severity
  readonly code: string
  readonly message: string
  readonly hint?: string
  /** The resources of which it warns: one that comes after the review outdates their changes. */
  readonly about?: readonly Id[]
  readonly cause?: Cause
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

/** What a plan was asked about. */
export interface PlanScope {
  readonly partners: readonly string[]
  readonly apps: readonly string[]
  readonly only: Plane | null
  /** Only what ends by itself, on the day that a reviewed line sets. */
  readonly ended?: true
}

/** Whose directories a plan is about: a plan of one tenant is nothing to another. */
export interface PlanOf {
  readonly name: string
  readonly displayName: string
  readonly tenantId: string
  /** Null: the policy names no Active Directory. */
  readonly domain: string | null
}

export interface Base {
  /** As it was asked for: `origin/main`. */
  readonly revision: string
  readonly commit: string
}

export interface Plan {
  readonly formatVersion: '1'
  readonly guestlist: string
  readonly createdAt: string
  readonly at: string
  readonly organization: PlanOf
  readonly scope: PlanScope
  /** It is about the sandbox, and nothing to the real directories. */
  readonly sandbox?: true
  /** The commit of the policies; null outside of Git, or when files are not as committed. */
  readonly commit: string | null
  readonly base?: Base
  readonly policyDigest: string
  /** Of effects and changes: the same plan has the same digest, whatever the machine and the day. */
  readonly digest: string
  /** Of all the rest of this file: one that was changed by hand shows. */
  readonly checksum: string
  readonly summary: Summary
  /** What applying it costs. Absent where there is nothing to do. */
  readonly estimate?: Estimate
  /** How much the policy speaks of, and what its apps are called. */
  readonly counts: { readonly partners: number; readonly people: number; readonly apps: number }
  readonly apps: {
    readonly [name: string]: { readonly displayName: string; readonly hosting: 'cloud' | 'on-premises' }
  }
  readonly effects: readonly Effect[]
  /** In the order in which they happen when one happens at a time. */
  readonly changes: readonly PlannedChange[]
  readonly waiting: readonly Waiting[]
  readonly findings: readonly Finding[]
  /** All accesses that begin later, and those that end in the next 30 days. */
  readonly coming: readonly Coming[]
  /** With a base: ends that the change of policy moves. */
  readonly moved: readonly Moved[]
  /** With a base. */
  readonly settings: readonly Setting[]
  readonly map: readonly Cell[]
}

/** A finding whose place is still relative to the policies folder. */
export interface FindingAt extends Omit<Finding, 'at'> {
  readonly at?: Origin
}
