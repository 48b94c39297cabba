// Which plan a merged commit stands for: the one that the plan workflow made, in this repository, for the last commit of the
// pull request that was merged. Found by asking GitHub, never by what a file says of itself. Merged, squashed or rebased: GitHub
// knows the commit that a pull request's merge has left on the branch.

import { Failure } from '../../model/problem.ts'
import { type Artifact, fileOf } from './artifact.ts'
import type { GitHub } from './client.ts'

export interface Merged {
  readonly pullRequest: number
  /** The last commit of the pull request. */
  readonly head: string
}

export interface ReviewedPlan {
  readonly text: string
  /** The page of the run that made it. */
  readonly run: string
}

/** What to do where there is no reviewed plan. */
export const byHand =
  'to apply what the branch says now, run the apply workflow by hand: it plans, and waits for approval'

/** The pull request whose merge is `commit` of `branch`. */
export async function mergedBy(gitHub: GitHub, commit: string, branch: string): Promise<Merged> {
  const { rest, paginate, repository, asked } = gitHub
  const all = await asked(`find the pull request of ${short(commit)}`, () =>
    paginate(rest.repos.listPullRequestsAssociatedWithCommit, { ...repository, commit_sha: commit, per_page: 100 }),
  )
  const merged = all.filter(
    pull =>
      pull.merged_at !== null &&
      pull.merge_commit_sha === commit &&
      pull.base.ref === branch &&
      isThis(gitHub, pull.base.repo.full_name),
  )
  const [pull] = merged
  if (pull === undefined || merged.length > 1) {
    const count = merged.length === 0 ? 'no merged pull request' : 'more than one pull request'
    const message = `${short(commit)} came to ${branch} by ${count}, so nobody has reviewed a plan for it`
    throw new Failure('not-reviewed', message, byHand)
  }
  return { pullRequest: pull.number, head: pull.head.sha }
}

export interface PlanSource {
  /** The file of the workflow that plans: `plan.yml`. */
  readonly workflow: string
  /** The name of the artifact; it names the pull request, because one commit may be the head of two. */
  readonly artifact: string
}

export async function reviewedPlan(
  gitHub: GitHub,
  { pullRequest, head }: Merged,
  { workflow, artifact: name }: PlanSource,
): Promise<ReviewedPlan> {
  const { rest, paginate, repository, asked } = gitHub
  const path = `.github/workflows/${workflow}`
  const runs = await asked(`find the plan of #${pullRequest}`, () =>
    paginate(rest.actions.listWorkflowRuns, {
      ...repository,
      workflow_id: workflow,
      event: 'pull_request',
      head_sha: head,
      status: 'success',
      per_page: 100,
    }),
  )
  // What was asked for is checked again: who may apply hangs on it, and a filter that GitHub ignores must not matter.
  const own = runs.filter(
    run =>
      (run.path === path || run.path.startsWith(`${path}@`)) &&
      run.event === 'pull_request' &&
      run.conclusion === 'success' &&
      run.head_sha === head &&
      isThis(gitHub, run.head_repository?.full_name),
  )
  const made: { readonly artifact: Artifact; readonly isGone: boolean; readonly page: string }[] = []
  for (const run of own) {
    const artifacts = await asked(`find the artifacts of run ${run.id}`, () =>
      paginate(rest.actions.listWorkflowRunArtifacts, { ...repository, run_id: run.id, name, per_page: 100 }),
    )
    for (const artifact of artifacts)
      if (artifact.name === name) made.push({ artifact, isGone: artifact.expired, page: run.html_url })
  }
  // The one that was made last, be it by an old run that was repeated: of that the comment tells.
  const [newest] = made.sort((a, b) => b.artifact.id - a.artifact.id)
  if (newest?.isGone === false) return { text: await fileOf(gitHub, newest.artifact, 'plan.json'), run: newest.page }
  const why =
    newest === undefined
      ? `was never made: no run of ${workflow} has succeeded for ${short(head)} in this repository`
      : 'is too old: GitHub has deleted it'
  throw new Failure('no-reviewed-plan', `the plan of #${pullRequest} ${why}`, byHand)
}

/** A fork has another name; names of repositories know no case. */
function isThis({ repository: { owner, repo } }: GitHub, fullName: string | undefined): boolean {
  return fullName?.toLowerCase() === `${owner}/${repo}`.toLowerCase()
}

function short(commit: string): string {
  return commit.slice(0, 7)
}
