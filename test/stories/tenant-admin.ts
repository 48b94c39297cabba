// A person who works in the sandbox's tenant between two commands, as in the admin center.

import { join } from 'node:path'
import { serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'

export type Ask = <Answer>(method: string, path: string, body?: object) => Promise<Answer>

/** `path` with its version: `/v1.0/groups`. An answer that is no success throws. */
export async function asAdmin<Result>(folder: string, work: (ask: Ask) => Promise<Result>): Promise<Result> {
  const store = openStore(join(folder, '.guestlist/sandbox'), 'graph', {
    writer: { pid: process.pid, isAlive: () => true },
  })
  const server = await serveGraph({ store, clock: () => Date.parse('2026-12-01T09:00:00Z') })
  try {
    return await work(async (method, path, body) => {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: 'Bearer person', 'content-type': 'application/json', consistencylevel: 'eventual' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as never
    })
  } finally {
    await server.close()
    store.close()
  }
}
