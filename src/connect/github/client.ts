// GitHub's API for one repository, through GitHub's own client. What it refuses becomes a failure that says what to do; the
// token travels to this one origin, over an encrypted connection, and reaches no message.

import type { Octokit } from '@octokit/rest'
import { Failure } from '../../model/problem.ts'
import { gitHubFailure } from './explain-failure.ts'

export interface GitHubOptions {
  /** `https://api.github.com`, or that of a GitHub Enterprise Server; plain http only to this machine. */
  readonly apiUrl: string
  /** `owner/name` */
  readonly repository: string
  readonly token: string
  readonly fetch?: typeof fetch
}

export interface Repository {
  readonly owner: string
  readonly repo: string
}

export interface GitHub {
  readonly rest: Octokit['rest']
  readonly paginate: Octokit['paginate']
  readonly repository: Repository
  /** Does `work`; what GitHub refuses of it is a failure to do `what`. */
  readonly asked: <T>(what: string, work: () => Promise<T>) => Promise<T>
}

/** Asks for nothing yet. The library is loaded here: most commands never need it. */
export async function connectGitHub({ apiUrl, repository, token, fetch }: GitHubOptions): Promise<GitHub> {
  const [owner = '', repo = '', ...rest] = repository.split('/')
  if (owner === '' || repo === '' || rest.length > 0) {
    throw new Failure('bad-repository', `${repository} is no repository`, 'GITHUB_REPOSITORY is owner/name')
  }
  const baseUrl = baseOf(apiUrl)
  const { Octokit } = await import('@octokit/rest')
  const octokit = new Octokit({
    auth: token,
    baseUrl,
    userAgent: 'guestlist',
    log: silent,
    request: { log: silent, ...(fetch === undefined ? {} : { fetch }) },
  })
  return {
    rest: octokit.rest,
    paginate: octokit.paginate,
    repository: { owner, repo },
    asked: async (what, work) => {
      try {
        return await work()
      } catch (error) {
        throw gitHubFailure(error, what, token)
      }
    },
  }
}

function baseOf(apiUrl: string): string {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined
  const isLocal = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url === undefined || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal))) {
    const message = `${apiUrl} is no address of GitHub's API, or not an encrypted one`
    throw new Failure('bad-github-url', message, 'GITHUB_API_URL is https://api.github.com, or that of your server')
  }
  return url.href.replace(/\/$/, '')
}

/** The client would write to the console. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
