// Law 7: plan holds no writer, by type and in deed.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makePlan } from '../../src/engine/plan.ts'
import type { Directories, DirectoryReader } from '../../src/model/directories.ts'
import type { AnyKind, Observation } from '../../src/resources/kind.ts'
import { firstDay } from './policies.ts'
import { patience, runs } from './runs.ts'
import { arrival } from './story.ts'
import { tamper } from './tampering.ts'
import { openTenant, resolve } from './tenant.ts'

// Checked by the compiler: an error that does not come is an error.
export async function byType(from: Directories, kind: AnyKind): Promise<readonly Observation<never>[]> {
  // @ts-expect-error a reader of Graph cannot create
  await from.entra.post('/users', {})
  // @ts-expect-error nor change
  await from.entra.patch('/users/1', {})
  // @ts-expect-error nor delete
  await from.entra.delete('/users/1')
  // @ts-expect-error nor put anybody into a group
  await from.entra.addMember('group', 'user')
  // @ts-expect-error a reader of the domain cannot add
  await from.activeDirectory?.add('CN=x', {})
  // @ts-expect-error nor change
  await from.activeDirectory?.modify('CN=x', [])
  // @ts-expect-error nor move
  await from.activeDirectory?.move('CN=x', 'CN=y', 'OU=z')
  // @ts-expect-error nor delete
  await from.activeDirectory?.remove('CN=x')
  // @ts-expect-error what performs changes wants writers
  await kind.perform({}, from, () => ({ objectId: '' }), {})
  // @ts-expect-error and a plan is made without any
  await makePlan({ to: from })
  return []
}

test(
  'law 7: a plan asks, and changes nothing',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, async ({ start, first, tampering, second }) => {
        const tenant = await openTenant(start, firstDay)
        await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
        await tamper(tenant, tampering)
        const policy = await resolve(second, firstDay)
        const before = JSON.stringify(tenant.snapshot())
        const asked: string[] = []
        const listening: typeof fetch = (input, init) => {
          asked.push(...methodsOf(String(input), init))
          return fetch(input, init)
        }
        await tenant.plan(policy, { fetch: listening, activeDirectory: readerOnly(tenant.directory) })
        expect(asked.length).toBeGreaterThan(0)
        expect([...new Set(asked)]).toEqual(['GET'])
        expect(JSON.stringify(tenant.snapshot())).toBe(before)
        await tenant.close()
      }),
      runs(25),
    )
  },
  patience,
)

/** Of a $batch, what it holds. */
function methodsOf(url: string, init: RequestInit | undefined): readonly string[] {
  const method = init?.method ?? 'GET'
  if (method !== 'POST' || !url.endsWith('/$batch')) return [method]
  const { requests } = JSON.parse(String(init?.body)) as { readonly requests: readonly { readonly method: string }[] }
  return requests.map(request => request.method)
}

/** Nothing but searching, also for who looks behind the type. */
function readerOnly(reader: DirectoryReader): DirectoryReader {
  return { search: request => reader.search(request) }
}
