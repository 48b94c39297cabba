// Whether a run still speaks of what is there now. GitHub lets anybody who may write repeat an old run, on its old commit:
// what it has to say about a pull request is out of date, and what it would apply was overtaken by later merges.

import { Failure } from '../../model/problem.ts'
import type { GitHub } from './client.ts'
import { byHand } from './reviewed-plan.ts'

export interface PullRequest {
  readonly number: number
  /** The last commit of its branch. */
  readonly head: string
  /** The branch that it is to be merged into. */
  readonly base: string
}

/** Nothing was pushed to it since, and it is to be merged into the same branch. */
export async function isAsNow(gitHub: GitHub, { number, head, base }: PullRequest): Promise<boolean> {
  const { rest, repository, asked } = gitHub
  const { data } = await asked(`read #${number}`, () => rest.pulls.get({ ...repository, pull_number: number }))
  return data.head.sha === head && data.base.ref === base
}

/** Why a run of `commit` may apply nothing any more, if `branch` has gone on from there. */
export async function overtaken(gitHub: GitHub, commit: string, branch: string): Promise<Failure | undefined> {
  const { rest, repository, asked } = gitHub
  const { data } = await asked(`read the branch ${branch}`, () => rest.repos.getBranch({ ...repository, branch }))
  const { sha } = data.commit
  if (sha === commit) return undefined
  const message = `this run is repeated, and ${branch} has moved on since, from ${commit.slice(0, 7)} to ${sha.slice(0, 7)}`
  return new Failure('moved-on', message, byHand)
}
