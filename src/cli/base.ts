// The policies as of another revision, for `plan --base`: what the change under review starts from. Where they cannot be
// planned there is a plan all the same, which says so.

import type { GitPlace } from '../connect/git.ts'
import { type PoliciesAt, withPoliciesAt } from '../connect/git-files.ts'
import { type BasePolicy, unreadable } from '../engine/base.ts'
import type { Directories } from '../model/directories.ts'
import type { FindingAt } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import type { Instant } from '../model/time.ts'
import { type LoadedPolicy, loadPolicy } from '../policy/load.ts'
import { count } from '../render/layout.ts'
import { gatherMembers } from '../resources/membership-sources.ts'
import { findingsOf, isMistake } from './policies.ts'

export interface ReadBase {
  readonly base: BasePolicy
  readonly findings: readonly FindingAt[]
}

/** As of the same moment as the policies under review. */
export function readBase(place: GitPlace, revision: string, at: Instant): Promise<ReadBase> {
  return withPoliciesAt(place, revision, async there => {
    const { commit, ahead, folder } = there
    const findings = ahead === 0 ? [] : [aheadOf(revision, ahead)]
    if (folder === undefined) return { base: { revision, commit }, findings: [...findings, absent(revision, there)] }
    const loaded = await loadPolicy(folder, at)
    const mistakes = loaded.problems.filter(isMistake)
    if (loaded.policy !== undefined && mistakes.length === 0)
      return { base: { revision, commit, policy: loaded.policy, findings: findingsOf(loaded.problems, '') }, findings }
    return { base: { revision, commit }, findings: [...findings, unreadable({ revision }, told(mistakes))] }
  })
}

/** With the people of groups that others keep. */
export async function gatherBase({ base, findings }: ReadBase, from: Directories): Promise<ReadBase> {
  const { policy, ...of } = base
  if (policy === undefined) return { base, findings }
  try {
    const gathered = await gatherMembers(policy, from)
    const known = [...(base.findings ?? []), ...gathered.findings]
    return { base: { ...of, policy: gathered.policy, findings: known }, findings }
  } catch (error) {
    if (error instanceof Failure) return { base: of, findings: [...findings, unreadable(base, error.message)] }
    throw error
  }
}

function told(mistakes: LoadedPolicy['problems']): string {
  const [first] = mistakes
  const where = first?.at === undefined ? '' : `${first.at.file}:${first.at.line}: `
  return `its policies have ${count(mistakes.length, 'mistake')}, the first: ${where}${first?.message}`
}

function absent(revision: string, { fault }: PoliciesAt): FindingAt {
  if (fault !== undefined) return unreadable({ revision }, fault)
  return {
    severity: 'warning',
    code: 'base-empty',
    message: `${revision} has no policies yet: everything is intended by this change, and nothing is drift`,
  }
}

function aheadOf(revision: string, ahead: number): FindingAt {
  const commits = count(ahead, 'commit')
  return {
    severity: 'warning',
    code: 'base-ahead',
    message: `${revision} has ${commits} to the policies that HEAD lacks: this plan also takes back what they changed`,
    hint: `merge ${revision} first`,
  }
}
