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
import { stepOf } from './steps.ts'

const person = (index: number): string => `p${index}@fabrikam.com`
const invitation = (index: number, over: Partial<Step['planned']> = {}): Step => stepOf(ids.guest(person(index)), over)
const shadow = (index: number): Step => stepOf(ids.shadowAccount(person(index)))
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

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
    expect(await most([...both.slice(0, 100), ...both.slice(-20)], 10)).toMatchObject({ all: 10, entra: 8 })
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
    expect(tally(await apply(steps, send))).toMatchObject({ done: 1 })
  })

  test.each([401, 403, 50])('counts %i', async status => {
    const send: Send = async () => {
      throw new RequestFailure(status, 'no', 'no')
    }
    const { failed = 0 } = tally(
      await apply(
        upTo(200).map(index => invitation(index)),
        send,
        { concurrency: 1 },
      ),
    )
    expect(failed).toBeLessThan(40)
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

  test.each([8, mostAtOnce])('before it no more than twenty begin: %i at once', async concurrency => {
    let begun = 0
    let refusals = 0
    let before = 0
    const send: Send = async () => {
      await moment()
      refusals += 1
      if (refusals === 20) before = begun
      refused()
    }
    const onBegin = (): void => {
      begun += 1
    }
    const steps = upTo(300).map(index => invitation(index))
    await apply(steps, send, { concurrency, onBegin })
    expect(before).toBe(20)
  })

  test('is one in a row: with some done in between, all others go on', async () => {
    const steps = upTo(200).map(index => invitation(index))
    const send: Send = async ({ id }) => {
      if (Number(/\d+/.exec(id)?.[0]) % 16 !== 0) refused()
    }
    expect(tally(await apply(steps, send, { concurrency: 1 }))).toEqual({ failed: 187, done: 13 })
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

  test.each([
    ['what is wrong with each object by itself', new RequestFailure(400, 'Request_BadRequest', 'not so')],
    ['a lost answer of Microsoft Graph', new RequestFailure(0, 'outcome-unknown', 'nobody knows')],
  ])('is one of refusals: %s holds nothing back', async (_, failure) => {
    const steps = upTo(200).map(index => invitation(index))
    const send: Send = async () => {
      throw failure
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

describe('what depends on another change', () => {
  const [one, other, last] = [1, 2, 3].map(index => ids.guest(person(index))) as [Id, Id, Id]
  const steps = [stepOf(one), stepOf(other), stepOf(last, { dependsOn: [one, other] })]

  test('begins when all that it needs is done', async () => {
    const order: string[] = []
    const send: Send = async ({ id }) => {
      if (id === other) for (let wait = 0; wait < 5; wait += 1) await moment()
      order.push(id)
    }
    expect(tally(await apply(steps, send))).toEqual({ done: 3 })
    expect(order).toEqual([one, other, last])
  })

  test('does not begin if anything of it failed, and is told of once', async () => {
    const told: Id[] = []
    const begun: Id[] = []
    const send: Send = async ({ id }) => {
      begun.push(id)
      throw new RequestFailure(400, 'Request_BadRequest', 'not so')
    }
    const outcomes = await apply(steps, send, { onOutcome: ({ change }) => told.push(change.id) })
    expect(begun).toEqual([one, other])
    expect(told.toSorted()).toEqual([one, other, last].toSorted())
    expect(outcomes.at(-1)).toMatchObject({ status: 'not-attempted', because: one })
  })
})

describe('the requests of a change', () => {
  type Perform = (writers: DirectoryWriters, policy: object, change: Change) => Promise<void>

  /** Each of `steps` does what `perform` says; `entra.patch` is a request that asks for its turn as Graph's writer does. */
  function performing(steps: readonly Step[], perform: Perform, over: Partial<ApplyRequest> = {}, turns: Turn[] = []) {
    const kind = {
      plane: 'entra',
      name: 'guest',
      writes: () => ({ invitations: 1, directory: 1 }),
      perform: async (change: Change, writers: DirectoryWriters, _: unknown, policy: object) => {
        await perform(writers, policy, change)
        return { objectId: change.id }
      },
    }
    const to = {
      forChange: (turn: Turn) => {
        turns.push(turn)
        const patch = async () => {
          turn.mayBegin?.()
          turn.begin()
        }
        return { entra: { patch } }
      },
    } as unknown as DirectoryWriters
    const planned = { plan: {}, policy: {}, steps, observed: new Map() } as unknown as ApplyRequest['planned']
    const kinds = [kind as unknown as AnyKind]
    return applyPlan({ kinds, planned, to, concurrency: mostAtOnce, elapsed: () => 0, ...over })
  }
  const write: Perform = ({ entra }) => entra.patch('/', {})

  test('go before all others where it takes access away', async () => {
    const turns: Turn[] = []
    const steps = [invitation(0), invitation(1), invitation(2, { risk: 'revoke' })]
    await performing(steps, write, {}, turns)
    expect(turns.map(({ rank }) => rank)).toEqual([0, 1, -1])
  })

  test.each<[string, number, () => Error, boolean]>([
    ['nothing was sent', 0, () => new RequestFailure(503, 'ServiceUnavailable', 'x'), false],
    ['the only one was refused', 1, () => new RequestFailure(403, 'Authorization_RequestDenied', 'x'), false],
    ['the second one was refused', 2, () => new RequestFailure(403, 'Authorization_RequestDenied', 'x'), true],
    ['there was no answer', 1, () => new RequestFailure(0, 'ECONNRESET', 'x'), true],
    ['it took too long', 1, () => new RequestFailure(408, 'RequestTimeout', 'x'), true],
    ['a fault', 1, () => new RequestFailure(503, 'ServiceUnavailable', 'x'), true],
    ["a gateway's word", 1, () => new RequestFailure(404, '', 'x'), true],
    ['nobody knows', 1, () => new RequestFailure(404, 'outcome-unknown', 'x'), true],
    ['a mistake of ours', 1, () => new Error('x'), true],
  ])('tell whether anything may have been written: %s', async (_, sent, failure, mayHaveWritten) => {
    const [outcome] = await performing([invitation(0)], async writers => {
      for (let left = sent; left > 0; left -= 1) await write(writers, {}, {} as Change)
      throw failure()
    })
    expect(outcome).toMatchObject({ status: 'failed', mayHaveWritten })
  })

  test('do not leave, and are no beginning, once the apply may not go on', async () => {
    const begun: Id[] = []
    const mayGoOn = () => {
      throw new Failure('lease-lost', 'another apply may have begun')
    }
    const [outcome] = await performing([invitation(0)], write, { mayGoOn, onBegin: ({ id }) => begun.push(id) })
    expect(outcome).toMatchObject({ status: 'failed', trouble: { code: 'lease-lost' }, mayHaveWritten: false })
    expect(begun).toEqual([])
  })

  test('do not leave if its beginning cannot be told, the second as little as the first', async () => {
    let left = 0
    const twice: Perform = async writers => {
      for (const _ of [1, 2]) {
        await write(writers, {}, {} as Change).then(
          () => {
            left += 1
          },
          () => undefined,
        )
      }
      throw new RequestFailure(503, 'ServiceUnavailable', 'x')
    }
    const onBegin = () => {
      throw new Error('no space left on device')
    }
    await performing([invitation(0)], twice, { onBegin })
    expect(left).toBe(0)
  })

  test('may ask more than once whether it may begin: it is counted once', async () => {
    const steps = upTo(30).map(index => invitation(index))
    const outcomes = await performing(steps, async (...given) => {
      await moment()
      await write(...given)
    })
    expect(tally(outcomes)).toEqual({ done: 30 })
  })

  test('go on to the last one when others of its sort are refused meanwhile', async () => {
    const [first, ...others] = upTo(25).map(index => invitation(index)) as [Step, ...Step[]]
    const told: Outcome[] = []
    const perform: Perform = async (writers, policy, change) => {
      await write(writers, policy, change)
      if (change.id !== first.change.id) refused()
      for (let wait = 0; wait < 50; wait += 1) await moment()
      await write(writers, policy, change)
    }
    await performing([first, ...others], perform, { onOutcome: outcome => told.push(outcome) })
    expect(told.filter(({ change }) => change.id === first.change.id)).toMatchObject([{ status: 'done' }])
  })

  test('are tried now and then after a row of refusals, each with all that it takes', async () => {
    const steps = upTo(300).map(index => invitation(index))
    const outcomes = await performing(steps, (...given) => write(...given).then(refused), { concurrency: 1 })
    // Twenty in a row; then one after each gap of 1, 2, 4, 8, 16, 32, 50, 50, 50, 50; and the last one.
    expect(tally(outcomes)).toEqual({ failed: 20 + 10 + 1, left: 269 })
  })

  test('that needed none begin and end all the same', async () => {
    const begun: Id[] = []
    const outcomes = await performing([invitation(0)], async () => undefined, {
      onBegin: ({ id }) => begun.push(id),
    })
    expect([tally(outcomes), begun]).toEqual([{ done: 1 }, [ids.guest(person(0))]])
  })

  test('share what their kinds remember within one run only', async () => {
    const policies: object[] = []
    const policy = {}
    const planned = { plan: {}, policy, steps: [invitation(0), invitation(1)], observed: new Map() }
    for (const _ of [1, 2]) {
      await performing([], async (_to, given) => void policies.push(given), {
        planned: planned as unknown as ApplyRequest['planned'],
      })
    }
    const [a, b, c, d] = policies
    expect([a === b, c === d, a === c, a === policy]).toEqual([true, true, false, false])
  })
})

test('an interruption lets nothing begin, and says so of all that is left', async () => {
  const interruption = new AbortController()
  let asked = 0
  const send: Send = async () => interruption.abort()
  const gate = async () => {
    asked += 1
  }
  const steps = upTo(10).map(index => invitation(index))
  const outcomes = await apply(steps, send, { concurrency: 1, signal: interruption.signal, gate })
  expect([asked, tally(outcomes)]).toEqual([1, { done: 1, left: 9 }])
  expect(outcomes.at(-1)).toMatchObject({ because: 'interrupted' })
})

test.each<[string, (directory: NonNullable<DirectoryWriters['activeDirectory']>) => Promise<unknown>]>([
  ['add', directory => directory.add('', {} as never)],
  ['modify', directory => directory.modify('', [])],
  ['move', directory => directory.move('', '', '')],
  ['remove', directory => directory.remove('')],
])('a request to the domain (%s) asks before it leaves, and leaves no more after an interruption', async (_, send) => {
  const sent: string[] = []
  const directory = new Proxy({}, { get: (_target, name) => async () => void sent.push(String(name)) })
  const interruption = new AbortController()
  const kind = {
    plane: 'active-directory',
    name: 'shadow-account',
    perform: async (change: Change, { activeDirectory }: DirectoryWriters) => {
      if (activeDirectory === undefined) throw new Error('no domain')
      await send(activeDirectory)
      interruption.abort()
      await send(activeDirectory)
      return { objectId: change.id }
    },
  }
  let asked = 0
  const [outcome] = await applyPlan({
    kinds: [kind as unknown as AnyKind],
    planned: { plan: {}, policy: {}, steps: [shadow(0)], observed: new Map() } as unknown as ApplyRequest['planned'],
    to: { activeDirectory: directory } as unknown as DirectoryWriters,
    concurrency: 1,
    elapsed: () => 0,
    signal: interruption.signal,
    mayGoOn: () => {
      asked += 1
    },
  })
  expect([asked, sent.length]).toEqual([1, 1])
  expect(outcome).toMatchObject({ status: 'failed', trouble: { code: 'interrupted' }, mayHaveWritten: true })
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
