// The resolved policy: people, groups, apps and grants as of one instant, every noun with the lines that ask for it.
// Plain data; maps and arrays are in a canonical order (by name), so that the same policy is the same value.

import type { App, Organization, Partner, Rule } from './policy.generated.ts'
import type { Origin } from './problem.ts'
import type { Instant } from './time.ts'

/** A person's mail address or user principal name, in lower case: the key by which policies know people. */
export type Address = string

export interface ResolvedPolicy {
  readonly at: Instant
  readonly organization: Sourced<Organization>
  readonly partners: ReadonlyMap<string, ResolvedPartner>
  readonly people: ReadonlyMap<Address, Person>
  readonly apps: ReadonlyMap<string, ResolvedApp>
  /** Every Access × group of the policy, also those not in force at `at`: a loss names the line that ended it. */
  readonly grants: readonly Grant[]
  readonly rules: ReadonlyMap<string, Sourced<Rule>>
}

/** A document with the line of its `name`. */
export interface Sourced<Spec> {
  readonly spec: Spec
  readonly origin: Origin
}

export interface ResolvedPartner extends Sourced<Partner> {
  readonly name: string
  readonly groups: ReadonlyMap<string, ResolvedGroup>
}

export interface ResolvedGroup {
  readonly partner: string
  readonly name: string
  readonly description?: string
  readonly origin: Origin
  /** Kept elsewhere: then `members` is empty here, and the directory that keeps them is read. */
  readonly source?: { readonly entraGroup: string } | { readonly adGroup: string }
  readonly members: readonly Member[]
}

export interface Member {
  readonly address: Address
  readonly until?: string
  readonly inForce: boolean
  readonly origin: Origin
}

export interface Person {
  readonly address: Address
  readonly displayName?: string
  readonly partner: string
  /** The groups that hold the person now, by name; empty when every membership has ended. */
  readonly groups: readonly string[]
  readonly origins: readonly Origin[]
}

export interface ResolvedApp extends Sourced<App> {
  readonly name: string
  /** Never empty: `user` is there if the document names none. */
  readonly roles: ReadonlyMap<string, ResolvedRole>
  /** Lines of the parts of an app that changes point at; the document's own line where the part is left out. */
  readonly origins: {
    readonly proxy: Origin
    readonly signOn: Origin
    readonly requires: Origin
    readonly entra: Origin
  }
}

export interface ResolvedRole {
  readonly name: string
  /** The value of the app role in Entra; without it the app's default access. */
  readonly appRole?: string
  /** Distinguished name of a group that is there already. */
  readonly adGroup?: string
  readonly origin: Origin
}

export interface Grant {
  /** Name of the Access document. */
  readonly access: string
  readonly partner: string
  readonly group: string
  readonly app: string
  readonly role: string
  readonly from?: string
  readonly until?: string
  readonly reason?: string
  readonly inForce: boolean
  readonly origin: Origin
}
