// As much of GitHub's API as guestlist asks, on this machine: pull requests, comments, issues, runs and artifacts of one
// repository. It pages more tightly than GitHub, hands artifacts out from another origin as GitHub does, and lets every token do
// only what its permissions say.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Permissions = Readonly<Record<string, 'read' | 'write'>>

export interface Text {
  readonly id: number
  /** Of the pull request or issue. */
  readonly number: number
  readonly user: { readonly login: string } | null
  body: string
}

export interface Issue {
  readonly number: number
  readonly user: { readonly login: string }
  title: string
  body: string
  state: 'open' | 'closed'
}

export interface Pull {
  readonly number: number
  base: { readonly ref: string; readonly repo: { readonly full_name: string } }
  readonly head: { readonly sha: string; readonly repo: { readonly full_name: string } }
  merged_at: string | null
  merge_commit_sha: string | null
}

export interface Run {
  readonly id: number
  readonly run_number: number
  readonly path: string
  readonly event: string
  readonly head_sha: string
  readonly head_repository: { readonly full_name: string }
  readonly html_url: string
  /** 1, and one more each time that it is repeated. */
  run_attempt: number
  conclusion: string | null
}

export interface Artifact {
  readonly id: number
  readonly run: number
  readonly name: string
  readonly zip: Uint8Array
  expired: boolean
  digest?: string
  size?: number
  breaksOff?: boolean
}

export const repository = 'contoso/partner-access'
export const bot = 'github-actions[bot]'
/** GitHub gives up to 100. */
const mostPerPage = 2

interface Asked {
  readonly url: URL
  readonly path: string
  readonly body: Record<string, unknown>
  readonly user: string
}

interface Route {
  readonly method: string
  readonly path: RegExp
  /** One of these will do. */
  readonly needs: readonly string[]
  readonly answer: (asked: Asked, ...parts: readonly string[]) => Answer
}

interface Answer {
  readonly status?: number
  readonly json?: unknown
  /** A list, given page by page. */
  readonly list?: readonly unknown[]
  /** What the list is called inside its page. */
  readonly under?: string
  readonly location?: string
}

export class GitHubStandIn {
  readonly pulls: Pull[] = []
  /** Commits, and the pull requests that GitHub knows them by. */
  readonly pullsOf = new Map<string, readonly number[]>()
  /** The last commit of a branch. */
  headOf: (branch: string) => string | undefined = () => undefined
  readonly comments: Text[] = []
  readonly issues: Issue[] = []
  readonly runs: Run[] = []
  /** What is asked for is not trusted to be what is answered. */
  ignoresFilters = false
  readonly artifacts: Artifact[] = []
  /** `POST /repos/…` */
  readonly requests: string[] = []
  /** Answers that come before any other. */
  readonly refusals: { status: number; message: string; headers?: Record<string, string> }[] = []
  readonly #tokens = new Map<string, { user: string; permissions: Permissions }>()
  #id = 100
  readonly #api: Server
  readonly #storage: Server

  static async start(): Promise<GitHubStandIn> {
    const standIn = new GitHubStandIn()
    for (const server of [standIn.#api, standIn.#storage])
      await new Promise<void>(done => void server.listen(0, '127.0.0.1', done))
    return standIn
  }

  private constructor() {
    this.#api = createServer((request, response) => void this.#serve(request, response))
    this.#storage = createServer((request, response) => {
      const artifact = this.artifacts.find(({ id }) => request.url === `/${id}?signature=secret`)
      // GitHub's storage refuses a request that has the token of the API.
      const code = request.headers.authorization !== undefined ? 400 : artifact === undefined ? 404 : 200
      response.writeHead(code, { 'content-type': 'application/zip' })
      if (artifact?.breaksOff === true) return void response.write('PK', () => response.destroy())
      response.end(code === 200 ? artifact?.zip : undefined)
    })
  }

  get url(): string {
    return originOf(this.#api)
  }

  token(permissions: Permissions, user = bot): string {
    const token = `ghs_${createHash('sha256').update(String(this.nextId())).digest('hex').slice(0, 36)}`
    this.#tokens.set(token, { user, permissions })
    return token
  }

  nextId(): number {
    return this.#id++
  }

  addComment(number: number, body: string, login: string | null): Text {
    const comment = { id: this.nextId(), number, body, user: login === null ? null : { login } }
    this.comments.push(comment)
    return comment
  }

  addArtifact(run: number, name: string, zip: Uint8Array): Artifact {
    const artifact = { id: this.nextId(), run, name, zip, expired: false }
    this.artifacts.push(artifact)
    return artifact
  }

  async close(): Promise<void> {
    for (const server of [this.#api, this.#storage]) {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '/', this.url)
    this.requests.push(`${request.method} ${url.pathname}`)
    const send = (status: number, json: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
      response.end(JSON.stringify(json))
    }
    const refusal = this.refusals.shift()
    if (refusal !== undefined) return send(refusal.status, { message: refusal.message }, refusal.headers)
    const holder = this.#tokens.get(request.headers.authorization?.replace(/^(token|bearer) /i, '') ?? '')
    if (holder === undefined) return send(401, { message: 'Bad credentials' })
    const path = url.pathname.replace(`/repos/${repository}`, '')
    const route = this.#routes.find(({ method, path: pattern }) => method === request.method && pattern.test(path))
    if (route === undefined) return send(404, { message: 'Not Found' })
    if (!route.needs.some(need => allows(holder.permissions, need))) {
      const accepted = route.needs.map(need => need.replace(': ', '=').replaceAll('-', '_')).join('; ')
      return send(
        403,
        { message: 'Resource not accessible by integration' },
        { 'x-accepted-github-permissions': accepted },
      )
    }
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    const answer = route.answer({ url, path, body, user: holder.user }, ...(route.path.exec(path)?.slice(1) ?? []))
    if (answer.location !== undefined) {
      response.writeHead(302, { location: answer.location })
      response.end()
    } else if (answer.list !== undefined) this.#page(url, answer.list, answer.under, send)
    else if (answer.status === 204) response.writeHead(204).end()
    else send(answer.status ?? 200, answer.json)
  }

  #page(
    url: URL,
    list: readonly unknown[],
    under: string | undefined,
    send: (status: number, json: unknown, headers?: Record<string, string>) => void,
  ): void {
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 30), mostPerPage)
    const page = Number(url.searchParams.get('page') ?? 1)
    const items = list.slice((page - 1) * size, page * size)
    const next = new URL(url)
    next.searchParams.set('page', String(page + 1))
    const link = page * size < list.length ? { link: `<${next}>; rel="next"` } : undefined
    send(200, under === undefined ? items : { total_count: list.length, [under]: items }, link)
  }

  readonly #routes: readonly Route[] = [
    {
      method: 'GET',
      path: /^\/issues\/(\d+)\/comments$/,
      needs: ['issues: read', 'pull-requests: read'],
      answer: (_asked, number) => ({ list: this.comments.filter(comment => comment.number === Number(number)) }),
    },
    {
      method: 'POST',
      path: /^\/issues\/(\d+)\/comments$/,
      needs: ['issues: write', 'pull-requests: write'],
      answer: ({ body, user }, number) => {
        if (String(body.body).length > 65_536) return { status: 422, json: { message: 'Body is too long' } }
        return { status: 201, json: this.addComment(Number(number), String(body.body), user) }
      },
    },
    {
      method: 'PATCH',
      path: /^\/issues\/comments\/(\d+)$/,
      needs: ['issues: write', 'pull-requests: write'],
      answer: ({ body }, id) => {
        const comment = this.comments.find(candidate => candidate.id === Number(id))
        if (comment === undefined) return notFound
        comment.body = String(body.body)
        return { json: comment }
      },
    },
    {
      method: 'DELETE',
      path: /^\/issues\/comments\/(\d+)$/,
      needs: ['issues: write', 'pull-requests: write'],
      answer: (_asked, id) => {
        const index = this.comments.findIndex(comment => comment.id === Number(id))
        if (index < 0) return notFound
        this.comments.splice(index, 1)
        return { status: 204 }
      },
    },
    {
      method: 'GET',
      path: /^\/issues$/,
      needs: ['issues: read'],
      answer: ({ url }) => ({
        list: this.issues.filter(
          ({ state, user }) =>
            state === url.searchParams.get('state') && user.login === url.searchParams.get('creator'),
        ),
      }),
    },
    {
      method: 'POST',
      path: /^\/issues$/,
      needs: ['issues: write'],
      answer: ({ body, user }) => {
        const issue = {
          number: this.nextId(),
          user: { login: user },
          title: String(body.title),
          body: String(body.body),
          state: 'open' as const,
        }
        this.issues.push(issue)
        return { status: 201, json: issue }
      },
    },
    {
      method: 'PATCH',
      path: /^\/issues\/(\d+)$/,
      needs: ['issues: write'],
      answer: ({ body }, number) => {
        const issue = this.issues.find(candidate => candidate.number === Number(number))
        if (issue === undefined) return notFound
        return { json: Object.assign(issue, body) }
      },
    },
    {
      method: 'GET',
      path: /^\/commits\/([0-9a-f]{40})\/pulls$/,
      needs: ['pull-requests: read'],
      answer: (_asked, sha = '') => ({
        list: this.pulls.filter(({ number }) => this.pullsOf.get(sha)?.includes(number)),
      }),
    },
    {
      method: 'GET',
      path: /^\/pulls\/(\d+)$/,
      needs: ['pull-requests: read'],
      answer: (_asked, number) => {
        const pull = this.pulls.find(candidate => candidate.number === Number(number))
        return pull === undefined ? notFound : { json: pull }
      },
    },
    {
      method: 'GET',
      path: /^\/branches\/([^/]+)$/,
      needs: ['contents: read'],
      answer: (_asked, branch = '') => {
        const sha = this.headOf(decodeURIComponent(branch))
        return sha === undefined ? notFound : { json: { name: branch, commit: { sha } } }
      },
    },
    {
      method: 'GET',
      path: /^\/actions\/workflows\/([\w.-]+)\/runs$/,
      needs: ['actions: read'],
      answer: ({ url }, file) => ({
        under: 'workflow_runs',
        list: this.runs.filter(
          run =>
            this.ignoresFilters ||
            (run.path.startsWith(`.github/workflows/${file}`) &&
              run.event === url.searchParams.get('event') &&
              run.head_sha === url.searchParams.get('head_sha') &&
              run.conclusion === url.searchParams.get('status')),
        ),
      }),
    },
    {
      method: 'GET',
      path: /^\/actions\/runs\/(\d+)\/artifacts$/,
      needs: ['actions: read'],
      answer: ({ url }, run) => ({
        under: 'artifacts',
        list: this.artifacts
          .filter(
            ({ run: of, name }) => of === Number(run) && (this.ignoresFilters || name === url.searchParams.get('name')),
          )
          .map(({ zip, size, ...artifact }) => ({
            digest: `sha256:${createHash('sha256').update(zip).digest('hex')}`,
            ...artifact,
            size_in_bytes: size ?? zip.length,
          })),
      }),
    },
    {
      method: 'GET',
      path: /^\/actions\/artifacts\/(\d+)\/zip$/,
      needs: ['actions: read'],
      answer: (_asked, id) => ({ location: `${originOf(this.#storage)}/${id}?signature=secret` }),
    },
  ]
}

const notFound: Answer = { status: 404, json: { message: 'Not Found' } }

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function allows(permissions: Permissions, need: string): boolean {
  const [scope = '', level] = need.split(': ')
  return permissions[scope] === 'write' || permissions[scope] === level
}
