// Plans made of answers that somebody spoiled: what Microsoft Graph would say of a tenant, with the answer to one request changed
// each time it is asked. A plan is made, or fails in words; what could not be read never counts as absent, and nothing outside the
// service is ever asked.

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import type { Planned } from '../../src/engine/plan.ts'
import { planFrom } from '../laws/tenant.ts'
import { type Contoso, morning, openContoso } from '../stories/contoso-tenant.ts'
import {
  editJson,
  editText,
  type JsonEdit,
  jsonEdits,
  jsonText,
  kindAt,
  kindOf,
  type TextEdit,
  textEdits,
} from './edits.ts'
import { fuzz, wrongWords } from './harness.ts'
import { patience } from './runs.ts'

const root = 'http://127.0.0.1:9'

/** Answers as they were given once, by request. A plan that is all done: whatever it would make is taken for missing. */
const answers = new Map<string, string>()
let tenant: Contoso

beforeAll(async () => {
  tenant = await openContoso()
  await tenant.apply(await tenant.plan(tenant.policy))
  const recording: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const text = await response.clone().text()
    const served = new URL(String(input)).origin
    answers.set(keyOf(String(input), init), JSON.stringify([response.status, text.replaceAll(served, root)]))
    return response
  }
  expect((await tenant.plan(tenant.policy, { fetch: recording })).plan.changes).toEqual([])
})
afterAll(() => tenant.close())

function keyOf(url: string, init: RequestInit | undefined): string {
  return `${init?.method ?? 'GET'} ${url.replace(/^https?:\/\/[^/]+/, '')} ${String(init?.body ?? '')}`
}

/** What may become of an answer: `unreadable` must never make a plan. */
const unreadable = [
  ...[
    'cut',
    'empty',
    'html',
    'text',
    'null',
    'list',
    'no value',
    'value null',
    'value object',
    'value text',
    'value number',
  ],
  ...[
    'item null',
    'item text',
    'item number',
    'item list',
    'foreign link',
    'link number',
    'link object',
    'link loop',
    'file link',
  ],
  ...[
    'status 500',
    'status 503',
    'status 403',
    'status 404 of a proxy',
    'status 302',
    'nested',
    'item without id',
    'item id null',
  ],
  ...[
    'id number',
    'no responses',
    'a response gone',
    'a response twice',
    'response status text',
    'response body cut',
    'response id other',
  ],
] as const

type Spoiling =
  | { readonly how: 'unreadable'; readonly what: (typeof unreadable)[number]; readonly item: number }
  | { readonly how: 'json'; readonly edits: readonly JsonEdit[] }
  | { readonly how: 'type'; readonly node: number; readonly with: string }
  | { readonly how: 'text'; readonly edits: readonly TextEdit[] }
  | { readonly how: 'answer'; readonly status: number; readonly headers: Readonly<Record<string, string>> }

interface Input {
  readonly request: number
  readonly spoiling: Spoiling
}

const words = [
  '"',
  ',',
  '{',
  '}',
  '[',
  ']',
  'null',
  '"value":[],',
  '"@odata.nextLink":"https://evil.example/",',
  '"id":"x",',
  '"__proto__":{"polluted":1},',
]
const headers = fc.constantFrom<Readonly<Record<string, string>>>(
  ...[
    {},
    { 'content-type': 'text/html' },
    { 'retry-after': '-1' },
    { 'retry-after': '999999999999' },
    { 'retry-after': 'x' },
  ],
  ...[
    { location: 'https://evil.example/' },
    { 'content-encoding': 'x' },
    { 'request-id': '\u00e9'.repeat(500) },
    { date: 'x' },
  ],
)
const spoiling: fc.Arbitrary<Spoiling> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      how: fc.constant('unreadable' as const),
      what: fc.constantFrom(...unreadable),
      item: fc.nat(50),
    }),
  },
  { weight: 4, arbitrary: fc.record({ how: fc.constant('json' as const), edits: jsonEdits(2) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      how: fc.constant('type' as const),
      node: fc.nat(1_000_000),
      with: fc.constantFrom('7', 'true', '{}', '[]', '[null]', '{"a":1}', '{"length":1}', '[[]]', '"x"'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ how: fc.constant('text' as const), edits: textEdits(words) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      how: fc.constant('answer' as const),
      status: fc.constantFrom(
        200,
        201,
        202,
        204,
        206,
        299,
        301,
        304,
        400,
        401,
        403,
        404,
        409,
        410,
        418,
        423,
        429,
        500,
        599,
      ),
      headers,
    }),
  },
)
const inputs: fc.Arbitrary<Input> = fc.record({ request: fc.nat(1000), spoiling })

interface Given {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

type Body = Record<string, unknown> & { value?: unknown; responses?: unknown[] }

/** Undefined: there is nothing in this answer that could be so. */
function spoilt(answer: Given, spoiling: Spoiling): Given | undefined {
  const body = JSON.parse(answer.text) as Body
  switch (spoiling.how) {
    case 'text':
      return { ...answer, text: editText(answer.text, spoiling.edits) }
    case 'json':
      return { ...answer, text: jsonText(editJson(body, spoiling.edits)) }
    case 'answer':
      return { ...answer, ...spoiling }
    case 'type': {
      // What the service always gives as one kind of value, given as another.
      const { node, with: text } = spoiling
      if (kindAt(body, node) === kindOf(JSON.parse(text))) return undefined
      return { ...answer, text: jsonText(editJson(body, [{ node, does: 'replace', with: text, other: 0 }])) }
    }
    case 'unreadable':
      return unread(answer, body, spoiling.what, spoiling.item)
  }
}

function unread(answer: Given, body: Body, what: (typeof unreadable)[number], item: number): Given | undefined {
  const text = (value: unknown): Given => ({ ...answer, text: JSON.stringify(value) ?? '' })
  const { value, responses } = body
  const list = Array.isArray(value) && value.length > 0 ? value : undefined
  const withItem = (change: (old: unknown) => unknown): Given | undefined =>
    list === undefined
      ? undefined
      : text({ ...body, value: list.with(item % list.length, change(list[item % list.length])) })
  const withResponse = (change: (old: object) => readonly unknown[]): Given | undefined => {
    if (responses === undefined || responses.length === 0) return undefined
    const index = item % responses.length
    return text({ responses: responses.toSpliced(index, 1, ...change(responses[index] as object)) })
  }
  const withLink = (link: unknown): Given | undefined =>
    Array.isArray(value) ? text({ ...body, '@odata.nextLink': link }) : undefined
  const ifList = (changed: object): Given | undefined => (Array.isArray(value) ? text(changed) : undefined)
  const { value: _value, ...without } = body
  switch (what) {
    case 'cut':
      return { ...answer, text: answer.text.slice(0, Math.floor((answer.text.length * (item % 10)) / 10)) }
    case 'empty':
      return { ...answer, text: '' }
    case 'html':
      return { ...answer, text: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } }
    case 'text':
      return text('a text')
    case 'null':
      return text(null)
    case 'list':
      return text([])
    case 'no value':
      return ifList(without)
    case 'value null':
      return ifList({ ...body, value: null })
    case 'value object':
      return ifList({ ...body, value: { ...list } })
    case 'value text':
      return ifList({ ...body, value: 'x' })
    case 'value number':
      return ifList({ ...body, value: 0 })
    case 'item null':
      return withItem(() => null)
    case 'item text':
      return withItem(() => 'x')
    case 'item number':
      return withItem(() => 7)
    case 'item list':
      return withItem(() => [])
    case 'item without id':
      return withItem(old => Object.fromEntries(Object.entries(old as object).filter(([key]) => key !== 'id')))
    case 'item id null':
      return withItem(old => ({ ...(old as object), id: null }))
    case 'id number':
      return withItem(old => ({ ...(old as object), id: 7 }))
    case 'foreign link':
      return withLink('https://evil.example/v1.0/users')
    case 'file link':
      return withLink('file:///etc/passwd')
    case 'link number':
      return withLink(7)
    case 'link object':
      return withLink({})
    case 'link loop':
      return withLink(`${root}/v1.0/users?$skiptoken=x`)
    case 'status 500':
      return { ...answer, status: 500 }
    case 'status 503':
      return { ...answer, status: 503, text: '' }
    case 'status 403':
      return { status: 403, text: '{"error":{"code":"Authorization_RequestDenied","message":"no"}}' }
    case 'status 404 of a proxy':
      return { status: 404, text: '<html>', headers: { 'content-type': 'text/html' } }
    case 'status 302':
      return { status: 302, text: '', headers: { location: 'https://evil.example/' } }
    case 'nested':
      return { ...answer, text: `${'['.repeat(100_000)}${']'.repeat(100_000)}` }
    case 'no responses':
      return responses === undefined ? undefined : text({})
    case 'a response gone':
      return withResponse(() => [])
    case 'a response twice':
      return withResponse(old => [old, old])
    case 'response status text':
      return withResponse(old => [{ ...old, status: 'x' }])
    case 'response body cut':
      return withResponse(old => [{ ...old, body: 'e30' }])
    case 'response id other':
      return withResponse(old => [{ ...old, id: '99' }])
  }
}

function shown({ request, spoiling: how }: Input): string {
  return `${JSON.stringify(how)}\nof ${[...answers.keys()][request % answers.size]}`
}

/** Graph lets an application see no connector groups, and few see all settings: a refusal there is an answer. */
const mayBeRefused = /\/connectorGroups?\b/

async function read({ request, spoiling: how }: Input): Promise<readonly string[]> {
  const keys = [...answers.keys()]
  const spoiltKey = keys[request % keys.length] ?? ''
  const [status, text] = JSON.parse(answers.get(spoiltKey) ?? '[200,"{}"]') as [number, string]
  const spoiltAnswer = spoilt({ status, text }, how)
  if (spoiltAnswer === undefined || (spoiltAnswer.text === text && spoiltAnswer.status === status)) return []
  const elsewhere: string[] = []
  let asked = 0
  const answering: typeof fetch = async (input, init) => {
    asked += 1
    if (asked > 3000) throw new Error('asks without end')
    const url = String(input)
    if (!url.startsWith(`${root}/`)) elsewhere.push(`asks ${url}`)
    const key = keyOf(url, init)
    const [givenStatus, given] = JSON.parse(answers.get(key) ?? unknown) as [number, string]
    return key === spoiltKey ? responseOf(spoiltAnswer) : responseOf({ status: givenStatus, text: given })
  }
  const connection = connectGraph({
    root,
    getToken: async () => 'token',
    clock: { now: () => morning, random: () => 0, sleep: async () => undefined },
    fetch: answering,
    paced: false,
  })
  const from = { entra: connection.reader(), activeDirectory: tenant.directory }
  const planned = await planFrom(tenant.policy, from).catch((error: unknown) => {
    if (elsewhere.length > 0) return undefined
    throw error
  })
  return [...elsewhere, ...(planned === undefined ? [] : wrongIn(planned, how, spoiltKey))]
}

const unknown = JSON.stringify([404, '{"error":{"code":"Request_ResourceNotFound","message":"not there"}}'])

function responseOf({ status, text, headers: own = {} }: Given): Response {
  const bare = [204, 205, 304].includes(status)
  return new Response(bare ? null : text, { status, headers: { 'content-type': 'application/json', ...latin1(own) } })
}

function latin1(values: Readonly<Record<string, string>>): Record<string, string> {
  return { ...values }
}

function wrongIn({ plan }: Planned, how: Spoiling, key: string): readonly string[] {
  const told = [...plan.findings.map(({ message }) => message), ...plan.waiting.map(({ message }) => message)]
  const made = plan.changes
    .filter(({ action }) => action === 'create')
    .map(({ id }) => `would make ${id}, which is there`)
  const isSilent = how.how === 'unreadable' && !mayBeRefused.test(key)
  return [
    ...told.flatMap(wrongWords),
    ...(isSilent ? [`an unreadable answer made a plan with ${plan.changes.length} changes`] : []),
    ...(how.how === 'type' ? made.slice(0, 3) : []),
  ]
}

describe('Microsoft Graph', () => {
  test('answers', () => fuzz({ share: 400, inputs, shown, read }), patience)
})
