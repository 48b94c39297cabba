import { expect, test } from 'vitest'
import { errorOf, eventual, type Reply, type Served, serve } from './served.ts'

function guests(count: number): object {
  return { users: Array.from({ length: count }, (_, index) => ({ mail: `p${index}@x.example`, userType: 'Guest' })) }
}

async function follow(graph: Served, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply[]> {
  const pages = [await graph.get(path, headers)]
  for (let next = pages[0]?.body['@odata.nextLink']; next !== undefined; next = pages.at(-1)?.body['@odata.nextLink']) {
    expect(next.startsWith(`${graph.url}/v1.0/`)).toBe(true)
    pages.push(await graph.get(next.slice(graph.url.length), headers))
  }
  return pages
}

function idsIn(pages: readonly Reply[]): string[] {
  return pages.flatMap(page => page.body.value.map((item: { id: string }) => item.id))
}

test('a page holds 100 items unless another size is asked, up to 999', async () => {
  const graph = await serve(guests(1100))
  const sizes = async (path: string) => (await follow(graph, path)).map(page => page.body.value.length)
  expect(await sizes('/users')).toEqual(Array.from({ length: 11 }, () => 100))
  expect(await sizes('/users?$top=999')).toEqual([999, 101])
})

test('a page that is just full has no next', async () => {
  const graph = await serve(guests(100))
  expect((await graph.get('/users')).body).not.toHaveProperty(['@odata.nextLink'])
})

test('pages hold every item once, and carry filter and selection on', async () => {
  const graph = await serve(guests(25))
  const pages = await follow(graph, "/users?$filter=startsWith(mail,'p1')&$select=id,mail&$top=4")
  expect(idsIn(pages)).toHaveLength(11)
  expect(new Set(idsIn(pages)).size).toBe(11)
  expect(Object.keys(pages[2]?.body.value[0])).toEqual(['id', 'mail'])
})

test('sorted pages are in order', async () => {
  const graph = await serve(guests(25))
  const pages = await follow(graph, '/users?$orderby=displayName desc&$select=displayName,id&$top=10')
  const names = pages.flatMap(page => page.body.value.map((user: { displayName: string }) => user.displayName))
  expect(names).toEqual([...names].sort().reverse())
  expect(names).toHaveLength(25)
})

test('the count is on the first page only', async () => {
  const graph = await serve(guests(25))
  const pages = await follow(graph, '/users?$count=true&$top=10', eventual)
  expect(pages.map(page => page.body['@odata.count'])).toEqual([25, undefined, undefined])
})

test('objects that are deleted between two pages make no other vanish', async () => {
  const graph = await serve(guests(20))
  const first = await graph.get('/users?$top=10&$select=id')
  for (const index of [3, 9]) await graph.delete(`/users/${first.body.value[index].id}`)
  const rest = await follow(graph, first.body['@odata.nextLink'].slice(graph.url.length))
  const after = new Set(idsIn(rest))
  expect(
    Array.from({ length: 10 }, (_, index) => after.has(graph.id('users', `p${index + 10}@x.example`))),
  ).not.toContain(false)
})

test('a list whose next page is nowhere any more is not cut short', async () => {
  const graph = await serve(guests(20))
  const first = await graph.get('/users?$top=10&$select=id')
  await graph.delete(`/users/${first.body.value[9].id}`)
  await graph.delete(`/users/${graph.id('users', 'p10@x.example')}`)
  expect(errorOf(await graph.get(first.body['@odata.nextLink'].slice(graph.url.length)))[1]).toBe(
    'Directory_ExpiredPageToken',
  )
})

test('a token that nobody gave is refused', async () => {
  const graph = await serve(guests(2))
  expect(errorOf(await graph.get('/users?$skiptoken=abc'))[1]).toBe('Directory_ExpiredPageToken')
})

test('members come in pages as well', async () => {
  const all = guests(120) as { users: { mail: string }[] }
  const graph = await serve({ ...all, groups: [{ displayName: 'All', members: all.users.map(user => user.mail) }] })
  const pages = await follow(graph, `/groups/${graph.id('groups', 'All')}/members?$select=id`)
  expect(pages.map(page => page.body.value.length)).toEqual([100, 20])
})
