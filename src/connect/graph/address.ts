// Where a request goes: paths as the contract gives them, query options encoded once. The path that would delete a group's
// member itself instead of its membership cannot be sent.

import type { GraphQuery, GraphVersion } from '../../model/directories.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

export const pageSize = 999

// Behind these an object is only referred to, and would be deleted itself.
const references =
  /\/(members|transitiveMembers|owners|sponsors|memberOf|transitiveMemberOf|registeredOwners|registeredUsers)\//i

/** Throws for a path that is none (a programming error), and for one that deletes an object where a reference is meant. */
export function checkPath(method: Method, path: string): void {
  if (!/^(\/[^/?#\s]+)+$/.test(path) || /\/\.{1,2}(\/|$)/.test(path)) {
    throw new TypeError(`${JSON.stringify(path)} is no Graph path: build it with graphPath, without version and query`)
  }
  if (
    method === 'DELETE' &&
    references.test(path) &&
    !/[^/]\/[^/]+\/\$ref$/.test(path.slice(path.search(references)))
  ) {
    throw new TypeError(`DELETE ${path} would delete the object itself: end the path in /$ref to remove the reference`)
  }
}

/** Values are percent-encoded: the SDK sends them as they are. */
export function queryOptions(query: GraphQuery, top?: number): Readonly<Record<string, string>> {
  return {
    ...(query.select === undefined ? {} : { $select: query.select.map(encodeURIComponent).join(',') }),
    ...(query.filter === undefined ? {} : { $filter: encodeURIComponent(query.filter) }),
    ...(query.expand === undefined ? {} : { $expand: encodeURIComponent(query.expand) }),
    ...(top === undefined ? {} : { $top: String(top) }),
    ...(query.advanced ? { $count: 'true' } : {}),
  }
}

export function queryHeaders(query: GraphQuery): Readonly<Record<string, string>> {
  return query.advanced ? { ConsistencyLevel: 'eventual' } : {}
}

/** A path with its options, relative to the version: what an item of a $batch is addressed with. */
export function relativeUrl(path: string, options: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(options).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

/** A next link as an item of a $batch; undefined if it does not lead to the same version of the same service. */
export function relativeLink(link: string, root: string, version: GraphVersion): string | undefined {
  const prefix = `${root}/${version}/`
  return link.startsWith(prefix) ? link.slice(prefix.length - 1) : undefined
}
