// Texts of ours at GitHub, each kept in one place: the comment on a pull request that every push updates, the issue about
// drift. Ours is what begins with our mark *and* was written by us: anybody may quote the mark, and the token of a job may
// edit what others wrote.

import type { GitHub } from './client.ts'

export interface OwnText {
  /** Which of our texts it is: `plan`, `apply`. */
  readonly name: string
  /** The login that the token writes as. */
  readonly author: string
  readonly body: string
}

/** What GitHub takes for a comment or an issue. */
export const longestBody = 65_536

export type Kept = 'made' | 'updated' | 'unchanged'

interface Written {
  readonly body?: string | null | undefined
  readonly user: { readonly login: string } | null
}

/** The one comment of this name on a pull request. Two runs at once may have made two: the first one stays. */
export async function keepComment(gitHub: GitHub, pullRequest: number, text: OwnText): Promise<Kept> {
  const { rest, paginate, repository, asked } = gitHub
  const of = { ...repository, issue_number: pullRequest, per_page: 100 }
  const body = marked(text)
  const all = await asked('read the comments', () => paginate(rest.issues.listComments, of))
  const [first, ...doubles] = all.filter(comment => isOurs(comment, text))
  for (const { id } of doubles) {
    await asked('delete a second comment of ours', () => rest.issues.deleteComment({ ...repository, comment_id: id }))
  }
  if (first === undefined) {
    await asked('comment on the pull request', () =>
      rest.issues.createComment({ ...repository, issue_number: pullRequest, body }),
    )
    return 'made'
  }
  if (first.body === body) return 'unchanged'
  await asked('update the comment', () => rest.issues.updateComment({ ...repository, comment_id: first.id, body }))
  return 'updated'
}

/** The one open issue of this name. */
export async function keepIssue(gitHub: GitHub, title: string, text: OwnText): Promise<Kept> {
  const { rest, repository, asked } = gitHub
  const body = marked(text)
  const [first] = await openIssues(gitHub, text)
  if (first === undefined) {
    await asked('open an issue', () => rest.issues.create({ ...repository, title, body }))
    return 'made'
  }
  if (first.body === body) return 'unchanged'
  await asked('update the issue', () => rest.issues.update({ ...repository, issue_number: first.number, title, body }))
  return 'updated'
}

/** Closes what is open of this name, with the body as the last word. How many those were. */
export async function closeIssues(gitHub: GitHub, text: OwnText): Promise<number> {
  const { rest, repository, asked } = gitHub
  const open = await openIssues(gitHub, text)
  for (const { number } of open) {
    await asked('comment on the issue', () =>
      rest.issues.createComment({ ...repository, issue_number: number, body: text.body }),
    )
    await asked('close the issue', () =>
      rest.issues.update({ ...repository, issue_number: number, state: 'closed', state_reason: 'completed' }),
    )
  }
  return open.length
}

async function openIssues({ rest, paginate, repository, asked }: GitHub, text: OwnText) {
  const of = { ...repository, state: 'open', creator: text.author, per_page: 100 } as const
  const all = await asked('read the issues', () => paginate(rest.issues.listForRepo, of))
  return all.filter(issue => isOurs(issue, text)).sort((a, b) => a.number - b.number)
}

function isOurs({ body, user }: Written, { name, author }: OwnText): boolean {
  return user?.login === author && body?.startsWith(markOf(name)) === true
}

function markOf(name: string): string {
  return `<!-- guestlist: ${name} -->\n`
}

function marked({ name, body }: OwnText): string {
  return `${markOf(name)}${body}`
}
