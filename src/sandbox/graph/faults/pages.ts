// Lists that come in odd pages: the same link again, items that were on the page before, a page with nothing but a link.
// A page that was not there otherwise has a token with a mark of its own, which never reaches the tenant.

import { linkTo } from '../page.ts'
import type { Answer, GraphRequest } from '../request.ts'
import type { PageFault } from './kinds.ts'

const mark = 'again~'

/** What a marked token stands for; undefined: it is not marked. */
export function withoutMark(request: GraphRequest): GraphRequest | undefined {
  const token = request.options.get('$skiptoken')
  if (token === undefined || !token.startsWith(mark)) return undefined
  const rest = token.slice(mark.length)
  const options = new Map(request.options)
  if (rest === '') options.delete('$skiptoken')
  else options.set('$skiptoken', rest)
  return { ...request, options }
}

export function isList({ method }: GraphRequest, answer: Answer): boolean {
  return (
    method === 'GET' && answer.status === 200 && Array.isArray((answer.body as { value?: unknown } | undefined)?.value)
  )
}

export function oddPage(fault: PageFault, request: GraphRequest, answer: Answer): Answer {
  const body = answer.body as Readonly<Record<string, unknown>>
  const token = request.options.get('$skiptoken')
  const again = linkTo(request, `${mark}${token ?? ''}`)
  switch (fault) {
    case 'repeated-link':
      return { ...answer, body: { ...body, '@odata.nextLink': linkTo(request, token) } }
    case 'repeated-items':
      return { ...answer, body: { ...body, '@odata.nextLink': again } }
    case 'empty-page':
      return { ...answer, body: { ...body, '@odata.nextLink': again, value: [] } }
  }
}
