// References between objects: put in and taken out, never the object itself. Wanted at the same time for one group, they
// share a request; each caller still gets the result of its own. One request at a time goes to a group.

import { RequestFailure, type Turn } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { batchSize, sendBatch } from './batch.ts'
import type { Dispatch } from './dispatch.ts'
import { explainFailure, requestIdOf } from './explain-failure.ts'
import type { Lag } from './lag.ts'
import { isMissing } from './many.ts'
import type { Answer, OnAnswer, Wire } from './wire.ts'

export interface References {
  readonly add: (path: string, objectId: string, turn: Turn) => Promise<void>
  readonly addMember: (groupId: string, objectId: string, turn: Turn) => Promise<void>
  readonly removeMember: (groupId: string, objectId: string, turn: Turn) => Promise<void>
}

/** Runs what is given under one key one after the other; what has no key, at once. */
export type Serially = <Result>(key: string | undefined, work: () => Promise<Result>) => Promise<Result>

/** How long a first call waits for others to the same group. */
const tick = 10

interface Wanted {
  readonly operation: 'add' | 'remove'
  readonly objectId: string
  readonly turn: Turn
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

export interface ReferenceParts {
  readonly wire: Wire
  readonly dispatch: Dispatch
  readonly lag: Lag
  readonly serially: Serially
}

export function createReferences({ wire, dispatch, lag, serially }: ReferenceParts): References {
  const queues = new Map<string, Wanted[]>()

  const want = (operation: Wanted['operation'], groupId: string, objectId: string, turn: Turn): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const wanted: Wanted = { operation, objectId, turn, resolve, reject }
    const queue = queues.get(groupId)
    if (queue !== undefined) {
      queue.push(wanted)
    } else {
      const fresh = [wanted]
      queues.set(groupId, fresh)
      void drain(groupId, fresh)
    }
    return promise
  }

  const drain = async (groupId: string, queue: Wanted[]): Promise<void> => {
    let run: readonly Wanted[] = []
    try {
      await wire.pause(tick)
      while (queue.length > 0) {
        run = firstRun(queue)
        const perform = run[0]?.operation === 'add' ? addMembers : removeMembers
        await serially(groupPath(groupId), () => perform(groupId, run))
      }
    } catch (error) {
      for (const wanted of [...run, ...queue]) wanted.reject(error)
    }
    queues.delete(groupId)
  }

  const addMembers = async (groupId: string, run: readonly Wanted[]): Promise<void> => {
    if (run.length > 1 && (await addTogether(groupId, run))) return
    const members = `${groupPath(groupId)}/members`
    const late: Wanted[] = []
    for (const wanted of run) {
      try {
        await add(members, wanted.objectId, wanted.turn)
        wanted.resolve()
      } catch (error) {
        if (lag.explains(error, groupId + wanted.objectId)) late.push(wanted)
        else wanted.reject(error)
      }
    }
    for (const wanted of late) {
      await settle(wanted, () =>
        lag.outlast(groupId + wanted.objectId, () => add(members, wanted.objectId, wanted.turn)),
      )
    }
  }

  /** All or none; false: none, and each must be told why. */
  const addTogether = async (groupId: string, run: readonly Wanted[]): Promise<boolean> => {
    const body = { 'members@odata.bind': run.map(wanted => referenceTo(wire.root, wanted.objectId)) }
    try {
      await dispatch.send(
        { method: 'PATCH', version: 'v1.0', path: groupPath(groupId), body, repeat: 'freely' },
        turnOf(run),
      )
    } catch (error) {
      if (error instanceof RequestFailure && (error.status === 400 || error.status === 404)) return false
      throw error
    }
    for (const wanted of run) wanted.resolve()
    return true
  }

  const add = async (path: string, objectId: string, turn: Turn): Promise<void> => {
    const kind = path.endsWith('/sponsors') ? 'users' : 'directoryObjects'
    const body = { '@odata.id': referenceTo(wire.root, objectId, kind) }
    try {
      await dispatch.send({ method: 'POST', version: 'v1.0', path: `${path}/$ref`, body, repeat: 'freely' }, turn)
    } catch (error) {
      if (!isThere(error)) throw error
    }
  }

  const removeMembers = async (groupId: string, run: readonly Wanted[]): Promise<void> => {
    const paths = run.map(wanted => graphPath`/groups/${groupId}/members/${wanted.objectId}/$ref`)
    const [only] = run
    if (only !== undefined && run.length === 1) return settle(only, () => remove(paths[0] as string, only.turn))
    const items = paths.map((path, index) => {
      const tell: OnAnswer = answer => {
        const id = requestIdOf(answer)
        if (id !== undefined) run[index]?.turn.tell(id)
      }
      return { method: 'DELETE', path, url: path, onAnswer: tell } as const
    })
    turnOf(run).begin()
    const answers = await sendBatch(wire, 'v1.0', items)
    for (const [index, wanted] of run.entries()) {
      const answer = answers[index] as Answer
      const failure = explainFailure({ method: 'DELETE', version: 'v1.0', path: paths[index] as string, ...answer })
      if ((answer.status >= 200 && answer.status < 300) || isGone(failure)) wanted.resolve()
      else wanted.reject(failure)
    }
  }

  const remove = async (path: string, turn: Turn): Promise<void> => {
    try {
      await dispatch.send({ method: 'DELETE', version: 'v1.0', path, repeat: 'freely' }, turn)
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }

  return {
    add: (path, objectId, turn) => lag.outlast(path + objectId, () => add(path, objectId, turn)),
    addMember: (groupId, objectId, turn) => want('add', groupId, objectId, turn),
    removeMember: (groupId, objectId, turn) => want('remove', groupId, objectId, turn),
  }
}

function groupPath(groupId: string): string {
  return graphPath`/groups/${groupId}`
}

function referenceTo(root: string, objectId: string, kind: 'directoryObjects' | 'users' = 'directoryObjects'): string {
  return `${root}/v1.0/${kind}/${encodeURIComponent(objectId)}`
}

/** Of a request that several changes share. */
function turnOf(run: readonly Wanted[]): Turn {
  return {
    rank: Math.min(...run.map(({ turn }) => turn.rank)),
    begin: () => {
      for (const { turn } of run) turn.begin()
    },
    tell: id => {
      for (const { turn } of run) turn.tell(id)
    },
    signal: run[0]?.turn.signal,
  }
}

/** Takes from the front what can go together: one operation, each object once, as many as a request may carry. */
function firstRun(queue: Wanted[]): readonly Wanted[] {
  const objects = new Set<string>()
  const end = queue.findIndex(({ operation, objectId }) => {
    const fits = operation === queue[0]?.operation && objects.size < batchSize && !objects.has(objectId)
    objects.add(objectId)
    return !fits
  })
  return queue.splice(0, end === -1 ? queue.length : end)
}

async function settle(wanted: Wanted, work: () => Promise<void>): Promise<void> {
  try {
    await work()
    wanted.resolve()
  } catch (error) {
    wanted.reject(error)
  }
}

function isThere(error: unknown): boolean {
  return (
    error instanceof RequestFailure &&
    error.status === 400 &&
    /object references already exist|conflicting object with one or more of the specified property values/i.test(
      error.message,
    )
  )
}

function isGone(error: unknown): boolean {
  if (!(error instanceof RequestFailure)) return false
  return isMissing(error) || (error.status === 400 && /removed object references do not exist/i.test(error.message))
}
