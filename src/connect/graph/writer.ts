// Writing. What may be done twice is repeated until it is done; what may not is sent once. What a write answers is
// believed and remembered, so that the lag behind it is told from a refusal.

import {
  type GraphReader,
  type GraphVersion,
  type GraphWriter,
  RequestFailure,
  type Turn,
} from '../../model/directories.ts'
import type { Method } from './address.ts'
import type { Dispatch } from './dispatch.ts'
import { field } from './explain-failure.ts'
import type { Lag } from './lag.ts'
import { isMissing } from './many.ts'
import type { References, Serially } from './references.ts'
import { type Answer, unreadable, type Wire } from './wire.ts'

export interface WriterParts {
  readonly wire: Wire
  readonly dispatch: Dispatch
  readonly reader: GraphReader
  readonly lag: Lag
  readonly references: References
  readonly serially: Serially
  /** Called after each write, done or failed. */
  readonly wrote: () => void
  readonly turn: Turn
}

export function createWriter({
  wire,
  dispatch,
  reader,
  lag,
  references,
  serially,
  wrote,
  turn,
}: WriterParts): GraphWriter {
  const writing = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work
    } finally {
      wrote()
    }
  }

  const send = (method: Method, path: string, body: object | undefined, version: GraphVersion): Promise<Answer> => {
    const repeat = method === 'POST' ? 'if-refused' : 'freely'
    const mentions = path + JSON.stringify(body ?? null)
    const once = (): Promise<Answer> =>
      dispatch.send({ method, version, path, repeat, ...(body === undefined ? {} : { body }) }, turn)
    return serially(oneWriterFor(path), () => lag.outlast(mentions, once))
  }

  const post = async <Result>(path: string, body: object, version: GraphVersion = 'v1.0'): Promise<Result> => {
    const answer = await send('POST', path, body, version)
    if (answer.body === undefined && answer.status !== 204) {
      throw unreadable({ method: 'POST', path, version }, answer, 'no-object', 'got an answer without an object')
    }
    lag.note(answer.body)
    return answer.body as Result
  }

  const change = async (method: 'PATCH' | 'PUT', path: string, body: object, version: GraphVersion = 'v1.0') => {
    await send(method, path, body, version)
  }

  const remove = async (path: string, version: GraphVersion = 'v1.0'): Promise<void> => {
    try {
      await serially(oneWriterFor(path), () =>
        dispatch.send({ method: 'DELETE', version, path, repeat: 'freely' }, turn),
      )
    } catch (error) {
      if (!(error instanceof RequestFailure && isMissing(error))) throw error
    }
  }

  const upsert = async (path: string, body: object): Promise<{ readonly id: string } & Record<string, unknown>> => {
    const request = { method: 'PATCH', version: 'v1.0', path } as const
    const mentions = path + JSON.stringify(body)
    const answer = await serially(path, () =>
      lag.outlast(mentions, () =>
        dispatch.send({ ...request, body, headers: { Prefer: 'create-if-missing' }, repeat: 'freely' }, turn),
      ),
    )
    const object = answer.status === 204 ? await existing(path) : answer.body
    const id = field(object, 'id')
    if (typeof id !== 'string') throw unreadable(request, answer, 'no-object', 'got an answer without an id')
    lag.note(object)
    return { ...(object as object), id }
  }

  /** It was there and has been changed, so it can be read; or the first answer was lost, and it appears in a moment. */
  const existing = async (path: string): Promise<unknown> => {
    lag.note({ id: path })
    const read = (): Promise<Answer> => wire.send({ method: 'GET', version: 'v1.0', path, repeat: 'freely' })
    return (await lag.outlast(path, read)).body
  }

  return {
    ...reader,
    post: (path, body, version) => writing(post(path, body, version)),
    patch: (path, body, version) => writing(change('PATCH', path, body, version)),
    setReference: (path, target, version = 'v1.0') =>
      writing(change('PUT', `${path}/$ref`, { '@odata.id': `${wire.root}/${version}${target}` }, version)),
    delete: (path, version) => writing(remove(path, version)),
    upsert: (path, body) => writing(upsert(path, body)),
    addMember: (groupId, objectId) => writing(references.addMember(groupId, objectId, turn)),
    removeMember: (groupId, objectId) => writing(references.removeMember(groupId, objectId, turn)),
    addReference: (path, objectId) => writing(references.add(path, objectId, turn)),
  }
}

/** Groups and applications take one write at a time; Graph answers others with 409. Elsewhere nobody waits. */
function oneWriterFor(path: string): string | undefined {
  return /^\/(groups|applications)\/[^/]+/.exec(path)?.[0]
}
