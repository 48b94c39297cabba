// Between guestlist and the directories: what was asked is done, and the answer never comes.

import { type DirectoryWriter, RequestFailure } from '../../src/model/directories.ts'
import type { Seams, Tenant } from '../laws/tenant.ts'

/** `isLost`: by the number of a write, from 1. `look` is called when one is lost. */
export function answersLost(
  tenant: Tenant,
  isLost: (written: number) => boolean,
  look: () => void,
): Seams<DirectoryWriter> {
  let written = 0
  let lost = 0
  tenant.onWrite = () => {
    written += 1
    if (isLost(written)) lost += 1
  }
  /** Whether a write whose answer is lost happened within. */
  const during = async <Result>(work: () => Promise<Result>): Promise<readonly [Result, boolean]> => {
    const before = lost
    const result = await work()
    const isGone = lost > before
    if (isGone) look()
    return [result, isGone]
  }
  const { directory } = tenant
  const carriedOut = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const [result, isGone] = await during(work)
    if (isGone) throw new RequestFailure(0, 'connection-lost', 'the connection was lost by the test')
    return result
  }
  return {
    fetch: async (input, init) => {
      const [response, isGone] = await during(() => fetch(input, init))
      if (!isGone) return response
      await response.body?.cancel()
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })
    },
    activeDirectory: {
      search: request => directory.search(request),
      add: (dn, attributes) => carriedOut(() => directory.add(dn, attributes)),
      modify: (target, changes) => carriedOut(() => directory.modify(target, changes)),
      move: (target, newRdn, newParent) => carriedOut(() => directory.move(target, newRdn, newParent)),
      remove: target => carriedOut(() => directory.remove(target)),
    },
  }
}
