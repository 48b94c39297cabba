// Writing. A change is sent once. If its answer is lost, what became of it is found out by reading from the server that it
// was sent to: what another one shows may be older than the change, and proves neither that it happened nor that it did
// not. Only what is seen not to have happened is sent again, to that server; but a new member, who can be added only once,
// to whichever server answers. What cannot be found out fails as `outcome-unknown`.

import { AddRequest, Attribute, Change, DeleteRequest, type Message, ModifyDNRequest, ModifyRequest } from 'ldapts'
import {
  type AttributeValue,
  type DirectoryWriter,
  type Modification,
  RequestFailure,
  type Turn,
} from '../../model/directories.ts'
import { canonicalDn } from '../../model/escape.ts'
import { Failure } from '../../model/problem.ts'
import { tags } from './answers.ts'
import { attributeName } from './filters.ts'
import { checkRdn, checkTarget } from './names.ts'
import { createdAs, isModifiedAs, isMovedTo, movedDn, readObject } from './outcome.ts'
import { type Asked, describe } from './results.ts'
import type { Search } from './search.ts'
import { Lost, type Session } from './session.ts'
import { isBusy, type Wire } from './wire.ts'

/** `turn`: of one change; what is sent again asks it once more. */
export function createWriter(wire: Wire, search: Search, turn?: Pick<Turn, 'begin' | 'signal'>): DirectoryWriter {
  const { waiting, lookingUp } = wire.heeding(turn?.signal)
  let hasBegun = false
  /** `holds` says what the change would have answered if it has happened, and undefined if it has not. */
  const writing = async <Result>(
    asked: Asked,
    send: (session: Session) => Promise<Result>,
    holds: () => Promise<Result | undefined>,
  ): Promise<Result> => {
    const recover = wire.recovery()
    /** The request whose answer was lost: what it would have said is not certain. */
    let open: { readonly server: string; readonly lost: Lost } | undefined
    const unlessEnded = async <Waited>(work: Promise<Waited>): Promise<Waited> => {
      try {
        return await waiting(work)
      } catch (error) {
        throw open === undefined ? error : unknownOutcome(asked, `${open.lost.message}; ${messageOf(error)}`)
      }
    }
    for (let attempt = 1; ; attempt += 1) {
      const session =
        open === undefined ? await unlessEnded(wire.session()) : await sessionAt(asked, open.server, open.lost)
      if (attempt > 1) turn?.begin()
      hasBegun = true
      try {
        return await send(session)
      } catch (error) {
        if (error instanceof Lost) {
          if (error.sent) {
            open = { server: session.server, lost: error }
            const happened = await found(asked, open.server, error, holds)
            if (happened !== undefined) return happened
            // Too late is not never.
            if (error.code === 'timeout') throw unknownOutcome(asked, error.message)
          }
          if (!(await unlessEnded(recover(error)))) throw unknownOutcome(asked, error.message)
          continue
        }
        // After a lost answer a refusal may only say that the lost one was a yes.
        if (open !== undefined && error instanceof RequestFailure && !isBusy(error)) {
          const happened = await found(asked, open.server, error, holds)
          if (happened !== undefined) return happened
        }
        if (!isBusy(error)) {
          if (!wire.hasMoved() || !isAboutWhatIsThere(error)) throw error
          if (!(await unlessEnded(wire.catchUp()))) throw doubted(asked, error, session)
          continue
        }
        if (error.status === 52) wire.leave(session)
        if (!(await unlessEnded(wire.pause(attempt)))) throw error
      }
    }
  }

  /** A session with the server that may have carried it out, or nobody can say. */
  const sessionAt = async (asked: Asked, server: string, lost: Error): Promise<Session> => {
    let session: Session
    try {
      session = await lookingUp(wire.session())
    } catch (error) {
      throw unknownOutcome(asked, `${lost.message}; ${messageOf(error)}`)
    }
    if (session.server === server) return session
    const why = `${session.server} answers now, and may not know yet what ${server} did`
    throw unknownOutcome(asked, `${lost.message}; ${why}`)
  }

  const found = async <Result>(
    asked: Asked,
    server: string,
    lost: Error,
    holds: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> => {
    for (let tries = 1; tries <= mostReadings; tries += 1) {
      const session = await sessionAt(asked, server, lost)
      let happened: Result | undefined
      try {
        happened = await lookingUp(holds())
      } catch (error) {
        throw unknownOutcome(asked, `${lost.message}; it cannot be looked up either: ${messageOf(error)}`)
      }
      // The same session before and after: nobody else has answered in between.
      if ((await sessionAt(asked, server, lost)) === session) return happened
    }
    throw unknownOutcome(asked, `${lost.message}; the connection was lost again each time it was looked up`)
  }

  const add: DirectoryWriter['add'] = async (dn, attributes) => {
    checkTarget(dn)
    const list = Object.entries(attributes).map(([name, values]) => attributeOf(name, values))
    const asked: Asked = { operation: 'add', target: dn, attributes: Object.keys(attributes) }
    let server: string | undefined
    const send = async (session: Session): Promise<string | undefined> => {
      await wire.ask(session, asked, messageId => new AddRequest({ messageId, dn, attributes: list }), tags.addResponse)
      server = session.server
      return undefined
    }
    const id = await writing(asked, send, () => createdAs(search, dn, attributes))
    return id ?? (await identityOf(asked, dn, server))
  }

  /** From the server that has just made it: under this name another one may still show another object. */
  const identityOf = async (asked: Asked, dn: string, server: string | undefined): Promise<string> => {
    let why = 'it cannot be read by the account that guestlist signs in with, or another server answers by now'
    try {
      const id = (await lookingUp(readObject(search, dn, ['objectGUID'])))?.attributes.objectguid?.[0]
      if (id !== undefined && wire.server() === server) return id
    } catch (error) {
      why = messageOf(error)
    }
    throw new RequestFailure(
      0,
      'outcome-unknown',
      `${asked.target} was created, but not read back: ${why}. ${runAgain}`,
    )
  }

  const change = async (
    asked: Asked,
    build: (messageId: number) => Message,
    answer: number,
    holds: () => Promise<boolean>,
    isDone: (error: unknown) => boolean = () => false,
  ): Promise<void> => {
    const send = async (session: Session): Promise<true> => {
      await wire.ask(session, asked, build, answer).catch(error => {
        if (!isDone(error)) throw error
      })
      return true
    }
    await writing(asked, send, async () => (await holds()) || undefined)
  }

  const modify: DirectoryWriter['modify'] = async (target, modifications) => {
    checkTarget(target)
    const changes = modifications.map(({ operation, attribute, values }) => {
      return new Change({ operation, modification: attributeOf(attribute, values) })
    })
    const attributes = [...new Set(modifications.map(({ attribute }) => attribute))]
    const build = (messageId: number): Message => new ModifyRequest({ messageId, dn: target, changes })
    const modifying = (isDone?: (error: unknown) => boolean): Promise<void> => {
      const holds = (): Promise<boolean> => isModifiedAs(search, target, modifications)
      return change({ operation: 'modify', target, attributes }, build, tags.modifyResponse, holds, isDone)
    }
    try {
      await modifying()
    } catch (error) {
      if (!isUnknown(error) || !isNewMember(modifications)) throw error
      try {
        turn?.begin()
        await modifying(isThereAlready)
      } catch {
        throw error
      }
    }
  }

  const move: DirectoryWriter['move'] = async (target, newRdn, newParent) => {
    checkTarget(target)
    checkRdn(newRdn)
    checkTarget(newParent)
    const build = (messageId: number): Message =>
      new ModifyDNRequest({ messageId, dn: target, newRdn, newSuperior: newParent })
    await change({ operation: 'move', target, newParent }, build, tags.modifyDnResponse, () =>
      isMovedTo(search, target, movedDn(newRdn, newParent)),
    )
  }

  const remove: DirectoryWriter['remove'] = async target => {
    checkTarget(target)
    const build = (messageId: number): Message => new DeleteRequest({ messageId, dn: target })
    await change({ operation: 'remove', target }, build, tags.deleteResponse, async () => {
      return (await readObject(search, target, ['objectGUID'])) === undefined
    })
  }

  const read: Search = request => (hasBegun ? lookingUp(search(request)) : waiting(search(request)))
  return { search: read, add, modify, move, remove }
}

/** How often a lost connection is taken up again to look what became of one change. */
const mostReadings = 5

const runAgain = 'Run again: the next run looks at what is there first'

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function unknownOutcome(asked: Asked, why: string): RequestFailure {
  const message = `Nobody can say whether the request to ${describe(asked)} was carried out: ${why}. ${runAgain}`
  return new RequestFailure(0, 'outcome-unknown', message)
}

/** Refusals that say what is there, or is not. */
const aboutWhatIsThere: readonly number[] = [16, 20, 32, 53, 68]

function isAboutWhatIsThere(error: unknown): error is RequestFailure {
  return error instanceof RequestFailure && aboutWhatIsThere.includes(error.status)
}

/** After one server took over from another: what it says is there may be older than what was read from the other one. */
function doubted(asked: Asked, { status, code, message }: RequestFailure, { server }: Session): RequestFailure {
  // Not with the usual advice, which is about rights.
  const said = status === 32 ? `Active Directory refused to ${describe(asked)}: ${code} (LDAP ${status})` : message
  const why = `${server} took over and may not know yet what was read from another server, or done there`
  return new RequestFailure(
    0,
    'server-behind',
    `${said}. ${why}, so that nothing is concluded. Run again when the servers are alike`,
  )
}

function isUnknown(error: unknown): boolean {
  return error instanceof RequestFailure && error.code === 'outcome-unknown'
}

/** Samba's and Windows' words for a value that is there already. */
function isThereAlready(error: unknown): boolean {
  return error instanceof RequestFailure && (error.status === 20 || error.status === 68)
}

function isNewMember(modifications: readonly Modification[]): boolean {
  const [only] = modifications
  return (
    modifications.length === 1 &&
    only?.operation === 'add' &&
    only.attribute.toLowerCase() === 'member' &&
    only.values.length === 1
  )
}

function attributeOf(name: string, values: readonly AttributeValue[]): Attribute {
  const bytes = values.map(value => bytesToSend(name, value))
  if (new Set(values.map(comparable)).size < values.length) {
    // Samba would keep both, and then neither can be deleted.
    throw new RequestFailure(20, 'attributeOrValueExists', `${name} is given the same value twice`)
  }
  return new Attribute({ type: attributeName(name), values: bytes })
}

function comparable(value: AttributeValue): string {
  return typeof value === 'string' ? canonicalDn(value) : Buffer.from(value).toString('base64')
}

function bytesToSend(name: string, value: AttributeValue): Buffer {
  if (typeof value !== 'string') return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (!value.isWellFormed()) throw new Failure('bad-value', `a value of ${name} is no Unicode text`)
  return Buffer.from(value, 'utf8')
}
