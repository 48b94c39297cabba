// What GitHub's refusals mean, and what to do about them. Nothing of the request is shown: it carries the token.

import { Failure } from '../../model/problem.ts'

interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers: Readonly<Record<string, string | number | undefined>>
}

/** Anything that is no answer of GitHub's stays what it is. */
export function gitHubFailure(error: unknown, what: string, token: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error
  const { status, response } = error as { status?: unknown; response?: { headers?: Refusal['headers'] } }
  if (error instanceof TypeError && error.message === 'terminated') {
    return new Failure('no-connection', `cannot ${what}: GitHub did not answer to the end`, 'run the job again')
  }
  if (typeof status !== 'number') return error
  const message = (error.message.split(/\r?\n/, 1)[0] ?? '').replaceAll(token, '[redacted]').slice(0, 300)
  if (response === undefined) {
    return new Failure('no-connection', `cannot ${what}: GitHub did not answer: ${message}`, 'run the job again')
  }
  return explained({ status, message, headers: response.headers ?? {} }, what)
}

function explained({ status, message, headers }: Refusal, what: string): Failure {
  const refused = (code: string, hint: string): Failure =>
    new Failure(code, `cannot ${what}: GitHub refused (${status}): ${message}`, hint)
  const wait = headers['retry-after']
  if (status === 429 || (status === 403 && (wait !== undefined || headers['x-ratelimit-remaining'] === '0'))) {
    return refused('rate-limit', `too many requests: run the job again ${whenOf(wait, headers['x-ratelimit-reset'])}`)
  }
  if (status === 401)
    return refused('bad-token', 'GITHUB_TOKEN is wrong or has expired; a job has its own for as long as it runs')
  if (status === 403) return refused('no-permission', permissionHint(headers['x-accepted-github-permissions']))
  if (status === 404) {
    return refused('not-found', 'compare GITHUB_REPOSITORY; GitHub also says so of what the token may not see')
  }
  if (status >= 500) return refused('github-error', 'run the job again; https://www.githubstatus.com tells of outages')
  return refused('github-refused', 'this is not expected; run with GUESTLIST_DEBUG=1 and report it')
}

/** `issues=write; pull_requests=write`: one of these would do. */
function permissionHint(accepted: string | number | undefined): string {
  const ways = String(accepted ?? '')
    .split(';')
    .map(way => way.trim().replaceAll('_', '-').replaceAll('=', ': '))
    .filter(way => /^[a-z-]+: [a-z]+(,\s*[a-z-]+: [a-z]+)*$/.test(way))
  const named = ways.length === 0 ? 'the permission' : ways.map(way => `\`${way}\``).join(' or ')
  return `give the job ${named} under \`permissions:\`; pull requests from forks and from Dependabot never get it`
}

function whenOf(seconds: string | number | undefined, reset: string | number | undefined): string {
  if (Number(seconds) > 0) return `in ${seconds} seconds`
  const at = Number(reset) * 1000
  return at > 0 ? `after ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'later'
}
