// Which requests read, which replicas they read from, and how the pages of a list stay with one of them.

import type { Answer, GraphRequest } from '../request.ts'

export function isRead({ method, path }: GraphRequest): boolean {
  return method === 'GET' || path.toLowerCase() === '/directoryobjects/getbyids'
}

const ofOneObject = [
  // With what an object has one of.
  /^\/(users|groups|applications|serviceprincipals|directoryobjects)(\/(?!delta$|\$count$)[^/]+|\([^/]*\))(\/(manager|onpremisespublishing|connectorgroup))?$/,
  /^\/directoryobjects\/getbyids$/,
  /^\/(organization|domains)\/[^/]+$/,
  /^\/identity\/conditionalaccess\/policies\/[^/]+$/,
  /^\/policies\/(authorizationpolicy|crosstenantaccesspolicy\/(default|partners\/[^/]+))$/,
]

/** By id or alternate key; everything else is a list, and answered by slower replicas. */
export function isOfOneObject({ path }: GraphRequest): boolean {
  return ofOneObject.some(pattern => pattern.test(path.toLowerCase()))
}

const tokens = ['$skiptoken', '$deltatoken']

/** The rest of a list comes from the replica that gave its beginning: its links bear a mark. */
export function withoutMark(request: GraphRequest): { readonly number?: number; readonly asGiven: GraphRequest } {
  for (const name of tokens) {
    const [, number, token] = /^r(\d+)\.(.*)$/.exec(request.options.get(name) ?? '') ?? []
    if (token === undefined) continue
    return { number: Number(number), asGiven: { ...request, options: new Map([...request.options, [name, token]]) } }
  }
  return { asGiven: request }
}

export function marked(answer: Answer, number: number): Answer {
  const { body } = answer
  if (typeof body !== 'object' || body === null) return answer
  const mark = (link: unknown) => String(link).replace(/([?&]\$(?:skip|delta)token=)/, `$1r${number}.`)
  const links = Object.entries(body).filter(([name]) => name === '@odata.nextLink' || name === '@odata.deltaLink')
  if (links.length === 0) return answer
  return { ...answer, body: { ...body, ...Object.fromEntries(links.map(([name, link]) => [name, mark(link)])) } }
}
