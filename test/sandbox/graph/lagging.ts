// A small tenant behind replicas, whose lag passes when a test says so.

import { expect } from 'vitest'
import type { Lag } from '../../../src/sandbox/graph/replication/lag.ts'
import { type Replication, replicate } from '../../../src/sandbox/graph/replication/replicate.ts'
import type { Layer } from '../../../src/sandbox/graph/server.ts'
import { createIfMissing, people, type Served, serve } from './served.ts'

export interface Lagging extends Served {
  readonly replication: Replication
  /** Lets this many milliseconds of lag pass. */
  pass(ms: number): void
}

export const hour = 3_600_000

export async function lagging(
  seed: string,
  content: object = people,
  lag: Lag = 2000,
  replicas = 3,
  before: readonly Layer[] = [],
): Promise<Lagging> {
  let elapsed = 0
  let replication: Replication | undefined
  const served = await serve(content, {}, (store, clock) => {
    replication = replicate({ store, clock, elapsed: () => elapsed, seed, lag, replicas })
    return { layers: [...before, replication.layer] }
  })
  return {
    ...served,
    replication: replication as Replication,
    pass: ms => {
      elapsed += ms
    },
  }
}

export const group = (name: string) => ({
  displayName: name,
  mailEnabled: false,
  mailNickname: name,
  securityEnabled: true,
})

export async function create(graph: Served, name: string): Promise<string> {
  const reply = await graph.patch(`/groups(uniqueName='${name}')`, group(name), createIfMissing)
  expect(reply.status).toBe(201)
  return reply.body.id
}

/** The refusal of what is not there, or not yet. */
export function notThere(id: string) {
  const message = `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`
  return [404, 'Request_ResourceNotFound', message]
}
