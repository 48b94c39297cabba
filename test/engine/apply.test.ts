// How changes are begun: how many at once in which directory, what is held back once a row of its sort was refused, and what
// an interruption leaves.

import { describe, expect, test } from 'vitest'
import { type ApplyRequest, applyPlan, mostAtOnce } from '../../src/engine/apply.ts'
import type { Step } from '../../src/engine/plan.ts'
import { type DirectoryWriters, RequestFailure, type Turn } from '../../src/model/directories.ts'
import { type Id, ids } from '../../src/model/id.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { Failure } from '../../src/model/problem.ts'
import type { Change } from '../../src/model/resource.ts'
import type { AnyKind } from '../../src/resources/kind.ts'
import { aChange } from '../render/a-plan.ts'

const person = (index: number): string => `p${index}@fabrikam.com`
const invitation = (index: number, over: Partial<Step['planned']> = {}): Step => stepOf(ids.guest(person(index)), over)
const shadow = (index: number): Step => stepOf(ids.shadowAccount(person(index)))
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

function stepOf(id: Id, over: Partial<Step['planned']> = {}): Step {
  const planned = aChange({ id, ...over })
  const { plane, kind, action } = planned
  return { planned, change: { id, plane, kind, action, retires: false, differs: [], needs: [], because: [] } }
}

/** Each change is one request, with a wait on either side of its turn. */
type Send = (change: Change) => Promise<void>

function kindsOf(send: Send): readonly AnyKind[] {
  const names = [
    ['entra', 'guest'],
    ['entra', 'group-member'],
    ['active-directory', 'shadow-account'],
  ] as const
  return names.map(
    ([plane, name]) =>
      ({
        plane,
        name,
        writes: () => (name === 'guest' ? { invitations: 1, directory: 1 } : {}),
        perform: async (change: Change, { entra, activeDirectory }: DirectoryWriters) => {
          await (plane === 'entra' ? entra.patch('/', {}) : activeDirectory?.modify('', []))
          await send(change)
          return { objectId: change.id }
        },
      }) as unknown as AnyKind,
  )
}

/** `gate`: what a request waits for before its turn begins. */
async function apply(
  steps: readonly Step[],
  send: Send,
  { gate, ...over }: Partial<ApplyRequest> & { readonly gate?: () => Promise<void> } = {},
): Promise<readonly Outcome[]> {
  const writers = {
    entra: {},
    activeDirectory: { modify: async () => undefined },
    forChange: (turn: Turn) => ({
      ...writers,
      entra: {
        patch: async () => {
          await gate?.()
          if (turn.signal?.aborted) throw new RequestFailure(0, 'interrupted', 'interrupted')
          turn.begin()
        },
      },
    }),
  } as unknown as DirectoryWriters
  const planned = { plan: {}, policy: {}, steps, observed: new Map() } as unknown as ApplyRequest['planned']
  return applyPlan({ kinds: kindsOf(send), planned, to: writers, concurrency: mostAtOnce, elapsed: () => 0, ...over })
}

const refused = (): never => {
  throw new RequestFailure(403, 'Directory_QuotaExceeded', 'no room')
}
const moment = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function tally(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const names = outcomes.map(outcome => (outcome.status === 'not-attempted' ? 'left' : outcome.status))
  return Object.fromEntries([...Map.groupBy(names, name => name)].map(([name, all]) => [name, all.length]))
}

describe('how many at once', () => {
  async function most(steps: readonly Step[], concurrency: number): Promise<Readonly<Record<string, number>>> {
    const now = { all: 0, entra: 0, 'active-directory': 0 }
    const highest = { ...now }
    const send = async ({ plane }: Change): Promise<void> => {
      for (const key of ['all', plane] as const) highest[key] = Math.max(highest[key], ++now[key])
      await moment()
      for (const key of ['all', plane] as const) now[key]--
    }
    const outcomes = await apply(steps, send, { concurrency })
    expect(tally(outcomes)).toEqual({ done: steps.length })
    return highest
  }
  const both = [...upTo(3000).map(index => invitation(index)), ...upTo(50).map(shadow)]

  test('one means one, over both directories', async () => {
    expect(await most([...both.slice(0, 20), ...both.slice(-20)], 1)).toMatchObject({ all: 1 })
  })

  test('thousands in Entra ID, eight in Active Directory, and neither waits for the other', async () => {
    expect(await most(both, mostAtOnce)).toEqual({ all: mostAtOnce, entra: mostAtOnce - 8, 'active-directory': 8 })
  })
})

describe('a row of refusals', () => {
  test('of one sort: few of the others are asked for, none of them is a failure, and other sorts go on', async () => {
    const steps = [
      ...upTo(5000).map(index => invitation(index)),
      ...upTo(5000).map(index =>
        stepOf(ids.groupMember('fabrikam', 'all', person(index)), { dependsOn: [ids.guest(person(index))] }),
      ),
      ...upTo(100).map(shadow),
    ]
    let asked = 0
    const outcomes = await apply(
      steps,
      async ({ plane }) => {
        await moment()
        if (plane !== 'entra') return
        asked += 1
        refused()
      },
      { gate: turnstile(8) },
    )
    expect(asked).toBeGreaterThan(20)
    expect(asked).toBeLessThan(160)
    expect(tally(outcomes)).toEqual({ failed: asked, left: 10_000 - asked, done: 100 })
    const byId = new Map(outcomes.map(outcome => [outcome.change.id, outcome]))
    expect(byId.get(ids.guest(person(2500)))).toMatchObject({ status: 'not-attempted', because: 'refused' })
    // Whoever needs what was held back is told so.
    const because = ids.guest(person(2500))
    expect(byId.get(ids.groupMember('fabrikam', 'all', person(2500)))).toMatchObject({ because })
  })

  test('about the first ones alone: one that gets through lets all others follow', async () => {
    const steps = upTo(3000).map(index => invitation(index))
    const send: Send = async ({ id }) => {
      await moment()
      if (Number(/\d+/.exec(id)?.[0]) < 400) refused()
    }
    const outcomes = await apply(steps, send, { gate: turnstile(8) })
    expect(tally(outcomes)).toEqual({ failed: 400, done: 2600 })
  })

  test('of all but the last: it is tried before the others are given up', async () => {
    const steps = upTo(40).map(index => invitation(index))
    const send: Send = async ({ id }) => {
      if (id !== ids.guest(person(39))) refused()
    }
    expect(tally(await apply(steps, send, { concurrency: 1 }))).toEqual({ failed: 39, done: 1 })
  })

  test('of what follows when a change has begun: few begin before one of their sort is done, or all are held back', async () => {
    const begun: Id[] = []
    const send: Send = async () => {
      await moment()
      refused()
    }
    const steps = upTo(1000).map(index => invitation(index))
    const outcomes = await apply(steps, send, { onBegin: ({ id }) => begun.push(id) })
    expect(begun.length).toBeLessThan(100)
    expect(tally(outcomes)).toEqual({ failed: begun.length, left: 1000 - begun.length })
  })

  test('is none where the first fail each for itself: the others get their turn', async () => {
    const steps = upTo(300).map(index => invitation(index))
    const send: Send = async ({ id }) => {
      await moment()
      if (Number(/\d+/.exec(id)?.[0]) < 250) throw new RequestFailure(400, 'Request_BadRequest', 'not so')
    }
    expect(tally(await apply(steps, send))).toEqual({ failed: 250, done: 50 })
  })

  test.each([
    ['cannot be reached', new Failure('unreachable', 'cannot connect to Active Directory')],
    ['is silent', new RequestFailure(0, 'outcome-unknown', 'Nobody can say whether it was carried out')],
  ])('counts a domain controller that %s', async (_, silence) => {
    const send: Send = async ({ plane }) => {
      await moment()
      if (plane === 'active-directory') throw silence
    }
    const steps = [...upTo(1000).map(shadow), ...upTo(30).map(index => invitation(index))]
    const { failed = 0, ...rest } = tally(await apply(steps, send))
    expect(failed).toBeLessThan(60)
    expect(rest).toEqual({ left: 1000 - failed, done: 30 })
  })

  test('in the middle, when there is no more room', async () => {
    const steps = upTo(6000).map(index => invitation(index))
    let room = 1500
    let asked = 0
    const outcomes = await apply(
      steps,
      async () => {
        await moment()
        asked += 1
        if (room-- <= 0) refused()
      },
      { gate: turnstile(8) },
    )
    expect(tally(outcomes).done).toBe(1500)
    expect(asked).toBeLessThan(1700)
  })

  test('never keeps a revocation from being tried', async () => {
    const steps = upTo(200).map(index => invitation(index, { risk: 'revoke' }))
    const send: Send = async () => refused()
    expect(tally(await apply(steps, send, { gate: turnstile(8) }))).toEqual({ failed: 200 })
  })

  test('is one of refusals: what is wrong with each object by itself holds nothing back', async () => {
    const steps = upTo(200).map(index => invitation(index))
    const send: Send = async () => {
      throw new RequestFailure(400, 'Request_BadRequest', 'not so')
    }
    expect(tally(await apply(steps, send, { gate: turnstile(8) }))).toEqual({ failed: 200 })
  })
})

test('an interruption: what has begun gets its answer, what waits for its turn does not begin', async () => {
  const interruption = new AbortController()
  const begun: Id[] = []
  const outcomes = await apply(
    upTo(100).map(index => invitation(index)),
    async () => {
      await moment()
      interruption.abort()
    },
    { gate: turnstile(4), signal: interruption.signal, onBegin: ({ id }) => begun.push(id) },
  )
  expect(begun).toHaveLength(4)
  expect(tally(outcomes)).toEqual({ done: 4, left: 96 })
  const left = outcomes.filter(outcome => outcome.status === 'not-attempted')
  expect(new Set(left.map(({ because }) => because))).toEqual(new Set(['interrupted']))
})

test('an interruption between two requests of a change cuts it short', async () => {
  const interruption = new AbortController()
  const cut: Send = async () => {
    interruption.abort()
    throw new RequestFailure(0, 'interrupted', 'interrupted before it was sent')
  }
  const [outcome] = await apply([invitation(1)], cut, { signal: interruption.signal })
  expect(outcome).toMatchObject({ status: 'failed', trouble: { code: 'interrupted' } })
})

/** Lets so many through in one turn of the event loop: as a service answers before the next ones leave. */
function turnstile(width: number): () => Promise<void> {
  const waiting: (() => void)[] = []
  let isOpen = false
  const open = async (): Promise<void> => {
    isOpen = true
    await moment()
    while (waiting.length > 0) {
      for (const pass of waiting.splice(0, width)) pass()
      for (let hop = 0; hop < 3; hop += 1) await moment()
    }
    isOpen = false
  }
  return () =>
    new Promise(resolve => {
      waiting.push(resolve)
      if (!isOpen) void open()
    })
}
