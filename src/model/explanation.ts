// What `explain` and `access` tell: paths link by link, the policy's grounds for them, and who reaches what. Plain data.

import type { Id } from './id.ts'
import type { Waiting } from './plan.ts'
import type { Address, Grant, Member, ResolvedGroup, ResolvedPartner } from './policy.ts'
import type { Origin } from './problem.ts'
import type { Observed } from './resource.ts'

/** Why the policy gives a person an app: one Access for one group, and the person's membership in it. */
export interface Ground {
  readonly grant: Grant
  /** As reach counts it. */
  readonly role: string
  readonly member: Member
  readonly standing: 'in force' | 'later' | 'ended'
  /** The earlier end of the two. */
  readonly until?: string
}

/** How a person comes to an app role: in a partner group, in the role's own group, or by a way that no policy names. */
export type Way = { readonly appRole: string } & (
  | { readonly by: 'group'; readonly partner: string; readonly group: string }
  | { readonly by: 'role-group' }
  | { readonly by: 'hand'; readonly via: string }
)

export type LinkName =
  | 'trust'
  | 'guest'
  | 'account'
  | 'synced'
  | 'application'
  | 'member'
  | 'assigned'
  | 'role-member'
  | 'role-assigned'
  | 'by-hand'
  | 'conditions'
  | 'published'
  | 'connector-group'
  | 'sign-on'
  | 'shadow-account'
  | 'ad-member'
  | 'delegation'

export interface Link {
  readonly name: LinkName
  readonly ids: readonly Id[]
  /** `broken`: it is there, but access does not pass through it (or, for conditions, it is not as the policy says). */
  readonly state: 'present' | 'missing' | 'broken' | 'waiting'
  /** Whether access passes, in this state. */
  readonly passes: boolean
  /** Those of its ids that are as they should be. */
  readonly holding: readonly Id[]
  /** What is there of it; of several that are each enough, what works comes first. */
  readonly there: readonly Observed[]
  /** The lines that ask for it. */
  readonly because: readonly Origin[]
  /** What it waits for, at the root. */
  readonly waiting?: Waiting
}

/** One role of one app, for one person. */
export interface Path {
  readonly role: string
  readonly reaches: boolean
  /** `unnamed`: no line of the policy gives it, not any more or not at all. */
  readonly standing: Ground['standing'] | 'unnamed'
  /** When the policy ends it, or ended it; null: by itself never. */
  readonly until: string | null
  /** The lines of the policy about this role, whatever their standing. */
  readonly grounds: readonly Ground[]
  /** Absent for an app that has left the policy. */
  readonly way?: Way
  /** Other ways by which the person has the same. */
  readonly also: readonly Way[]
  readonly links: readonly Link[]
}

export interface Explanation {
  readonly person: Address
  readonly app: string
  /** One for each role that the policy gives, and one for each that the person has besides. */
  readonly paths: readonly Path[]
  /** Where there is nothing to explain. */
  readonly advice?: Advice
}

/** What a policy would have to say. */
export type Advice =
  /** No partner has the domain; `isOurs`: it is a domain of our own people. */
  | { readonly who: 'nobody'; readonly domain: string; readonly isOurs: boolean }
  /** Of a partner's domain, and in none of its groups. */
  | { readonly who: 'stranger'; readonly partner: ResolvedPartner; readonly open: readonly Open[] }
  /** In groups that do not reach the app; `groups` are those that hold the person now. */
  | {
      readonly who: 'known'
      readonly partner: ResolvedPartner
      readonly groups: readonly ResolvedGroup[]
      readonly open: readonly Open[]
    }

/** A group that reaches the app, and the Access that says so. */
export interface Open {
  readonly group: ResolvedGroup
  readonly grant: Grant
}

/** One access, with what stands behind it. */
export interface Listed {
  readonly person: Address
  readonly displayName?: string
  readonly partner: string
  readonly app: string
  readonly role: string
  /** Partner groups by which the person has it, as `partner/group`. */
  readonly groups: readonly string[]
  /** Ways that no policy names, as a person would say them: `direct assignment`, `group "Turbine Programme"`. */
  readonly unmanaged: readonly string[]
  /** `ended`: the policy gave it, and it is not taken away yet; `none`: no line of the policy gives it. */
  readonly basis: 'policy' | 'ended' | 'none'
  /** When it ends, or ended, by the policy; null: by itself never. */
  readonly until: string | null
  /** What gives it; of an ended access, what gave it. */
  readonly because: readonly Ground[]
}
