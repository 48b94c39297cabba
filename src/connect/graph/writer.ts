// Writing. What may be done twice is repeated until it is done; what may not is looked for first. What a write would overwrite
// is compared with what the plan saw. What a write answers is believed and remembered.

import {
  type GraphReader,
  type GraphVersion,
  type GraphWriter,
  type Making,
  RequestFailure,
  type Turn,
  type Upserted,
} from '../../model/directories.ts'
import { takeAway } from './absence.ts'
import { agreed } from './agreed.ts'
import type { Dispatch } from './dispatch.ts'
import { field } from './explain-failure.ts'
import type { Lag } from './lag.ts'
import { make } from './making.ts'
import { isMissing } from './many.ts'
import type { References } from './references.ts'
import type { Seen } from './seen.ts'
import type { Unchanged, Write } from './unchanged.ts'
import { type Answer, type Request, unreadable, type Wire } from './wire.ts'

export interface WriterParts {
  readonly wire: Wire
  readonly dispatch: Dispatch
  readonly reader: GraphReader
  /** A reader without a memory, whose reads share batches with others. */
  readonly look: () => GraphReader
  readonly seen: Seen
  readonly unchanged: Unchanged
  readonly lag: Lag
  readonly references: References
  /** Called after each write, done or failed. */
  readonly wrote: () => void
  readonly turn: Turn
}

/** What was looked for right before it was to be made, and is there. */
class Found {
  readonly content: unknown

  constructor(content: unknown) {
    this.content = content
  }
}

/** Looking for it failed: a lost answer of that is none of the request's own. */
class Unsent {
  readonly reason: unknown

  constructor(reason: unknown) {
    this.reason = reason
  }
}

export function createWriter(parts: WriterParts): GraphWriter {
  const { wire, dispatch, reader, look, seen, unchanged, lag, references, wrote, turn } = parts

  const writing = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work
    } finally {
      wrote()
    }
  }

  const leave = (request: Request): Promise<Answer> => dispatch.send(request, turn)

  const post = async <Result>(path: string, body: object, how?: Making<Result> | 'freely'): Promise<Result> => {
    const making = how === 'freely' ? undefined : how
    const find = making?.first === true ? making.find : undefined
    const before = async (): Promise<void> => {
      const content = await find?.(look()).catch((error: unknown) => {
        throw new Unsent(error)
      })
      if (content !== undefined) throw new Found(content)
    }
    const request: Request = {
      method: 'POST',
      version: 'v1.0',
      path,
      body,
      repeat: how === 'freely' ? 'freely' : 'if-refused',
      ...(find === undefined ? {} : { before }),
    }
    const send = async (): Promise<Result> => {
      const answer = await leave(request)
      if (answer.body === undefined && answer.status !== 204)
        throw unreadable(request, answer, 'no-object', 'got an answer without an object')
      return answer.body as Result
    }
    const made = async (): Promise<Result> => {
      try {
        return await (making === undefined ? send() : make(path, send, making, { wire, reader: look }))
      } catch (error) {
        if (error instanceof Found) return error.content as Result
        throw error instanceof Unsent ? error.reason : error
      }
    }
    const object = await made()
    lag.note(path, object)
    return object
  }

  /** Sent only if nothing of somebody else's is in the way. */
  const careful = (request: Request, write: Write): Promise<Answer> => {
    const before = async (): Promise<void> => {
      await unchanged.check(write)
      unchanged.writes(write)
    }
    return leave({ ...request, before })
  }

  const patch = async (path: string, body: object, version: GraphVersion = 'v1.0'): Promise<void> => {
    const write = { path, version, body: body as Readonly<Record<string, unknown>> }
    await careful({ method: 'PATCH', version, path, body, repeat: 'freely' }, write)
  }

  const setReference = async (path: string, target: string, version: GraphVersion = 'v1.0'): Promise<void> => {
    const write = { path, version, body: { id: target.slice(target.lastIndexOf('/') + 1) } }
    const body = { '@odata.id': `${wire.root}/${version}${target}` }
    await careful({ method: 'PUT', version, path: `${path}/$ref`, body, repeat: 'freely' }, write)
  }

  const remove = (path: string, version: GraphVersion = 'v1.0'): Promise<void> => {
    const request = { method: 'DELETE', version, path, repeat: 'freely' } as const
    const isGone = (error: unknown): boolean => error instanceof RequestFailure && isMissing(error)
    return takeAway(wire, () => careful(request, { path, version, body: undefined }), isGone)
  }

  const upsert = async (path: string, body: object): Promise<Upserted> => {
    const headers = { Prefer: 'create-if-missing' }
    const request = { method: 'PATCH', version: 'v1.0', path, body, headers, repeat: 'freely' } as const
    const answer = await leave(request)
    // It was there and has been changed; or the first answer was lost, and it appears in a moment.
    const object = answer.status === 204 ? await existing(path) : answer.body
    const id = field(object, 'id')
    if (typeof id !== 'string') throw unreadable(request, answer, 'no-object', 'got an answer without an id')
    lag.note(path, object)
    return { ...(object as object), id, created: answer.status !== 204 }
  }

  const existing = (path: string): Promise<object> => agreed(wire, look, from => from.get<object>(path))

  return {
    ...reader,
    post: (path, body, making) => writing(post(path, body, making)),
    patch: (path, body, version) => writing(patch(path, body, version)),
    setReference: (path, target, version) => writing(setReference(path, target, version)),
    delete: (path, version) => writing(remove(path, version)),
    upsert: (path, body) => writing(upsert(path, body)),
    addMember: (groupId, objectId) => writing(references.addMember(groupId, objectId, turn)),
    removeMember: (groupId, objectId) => writing(references.removeMember(groupId, objectId, turn)),
    addReference: (path, objectId) => writing(references.add(path, objectId, turn)),
    agreed: read => agreed(wire, look, read),
    saw: path => seen.at(path, 'v1.0') !== undefined,
  }
}
