// A domain controller: LDAP over streams inside this process, in front of a directory. Pages and ranges are as Active
// Directory's are, and so are the ways in which it does not answer (faults.ts).

import { type Duplex, duplexPair } from 'node:stream'
import { type DirectoryEntry, type DirectoryWriter, RequestFailure } from '../../model/directories.ts'
import { Malformed } from './ber.ts'
import type { Asked, Fault, FaultName } from './faults.ts'
import {
  answers,
  createReader,
  entryMessage,
  noticeOfDisconnection,
  type Request,
  readRequest,
  resultMessage,
} from './protocol.ts'
import { refusal } from './refusal.ts'
import { attributeOf } from './schema.ts'
import { filterIn, sentBytes } from './wire-values.ts'

export interface ControllerOptions {
  readonly url: string
  readonly number: 1 | 2
  readonly directory: DirectoryWriter
  readonly faultFor: (asked: Asked) => Fault | undefined
  readonly sleep: (ms: number) => Promise<void>
  /** Called before each request: what other servers sent arrives. */
  readonly refresh: () => void
  /** MaxPageSize and MaxValRange of Active Directory's LDAP policy, 1000 and 1500. */
  readonly pageSize: number
  readonly valueRange: number
}

export interface Controller {
  readonly url: string
  /** A connection: the client's end of it. */
  readonly open: () => Duplex
}

type Question = Extract<Request, { readonly page: unknown }>

interface Answer {
  readonly entries: readonly Buffer[]
  readonly result: Buffer
}

export function createController(options: ControllerOptions): Controller {
  const open = (): Duplex => {
    const [near, far] = duplexPair()
    const isRefused = options.faultFor({ server: options.number, operation: 'connect', dn: '' }) !== undefined
    if (isRefused) far.end()
    else serve(far, options)
    return near
  }
  return { url: options.url, open }
}

const refusals: Partial<Record<FaultName, readonly [code: number, text: string]>> = {
  busy: [51, '0000200E: SvcErr: DSID-031A1254, problem 5001 (BUSY)'],
  unavailable: [52, '0000200F: SvcErr: DSID-031A1254, problem 5002 (UNAVAILABLE)'],
  unwilling: [53, '00002035: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM)'],
  'admin-limit': [11, '00002024: SvcErr: DSID-031A1254, problem 5008 (ADMIN_LIMIT_EXCEEDED)'],
  'strong-auth': [8, '00002028: LdapErr: DSID-0C090256, the server requires binds to turn on integrity checking'],
}

function serve(stream: Duplex, options: ControllerOptions): void {
  const { directory, faultFor, sleep, refresh, number: server } = options
  const read = createReader()
  const searches = createSearches(options)
  const abandoned = new Set<number>()
  let isSignedIn = false
  let isOver = false

  const end = (last: Buffer = Buffer.alloc(0)): void => {
    if (!isOver) stream.end(last)
    isOver = true
  }
  const send = (id: number, bytes: Buffer): void => {
    if (!isOver && !abandoned.has(id)) stream.write(bytes)
  }

  const perform = async (asked: Question): Promise<Answer> => {
    const plain = (code = 0, text = ''): Answer => ({
      entries: [],
      result: resultMessage(asked.id, answers[asked.name], code, text),
    })
    try {
      refresh()
      if (asked.unknownControl !== undefined) return plain(12, `00000057: LdapErr: control ${asked.unknownControl}`)
      if (asked.name === 'bind') {
        isSignedIn = asked.dn !== '' && asked.password !== ''
        return isSignedIn ? plain() : plain(49, '8009030C: LdapErr: DSID-0C090579, data 52e')
      }
      if (!isSignedIn) return plain(1, '000004DC: LdapErr: a successful bind must be completed on the connection')
      if (asked.name === 'search') return await searches(asked)
      if (asked.name === 'add') await directory.add(asked.dn, asked.attributes)
      else if (asked.name === 'modify') await directory.modify(asked.dn, asked.modifications)
      else if (asked.name === 'move') await directory.move(asked.dn, asked.newRdn, asked.newParent)
      else await directory.remove(asked.dn)
      return plain()
    } catch (error) {
      if (error instanceof RequestFailure) return plain(error.status === 0 ? 80 : error.status, error.message)
      return plain(80, `00000057: the sandbox: ${String(error)}`)
    }
  }

  const answer = async (asked: Question, { name, delay }: Partial<Fault>): Promise<void> => {
    if (name === 'disconnect') return end()
    if (name === 'notice') return end(noticeOfDisconnection(52, '00000000: the server is going down'))
    if (name === 'silence') return
    const refused = name === undefined ? undefined : refusals[name]
    if (refused !== undefined) return send(asked.id, resultMessage(asked.id, answers[asked.name], ...refused))
    // Carried out also if nobody waits for it any more.
    if (name === 'slow') await sleep(delay ?? 0)
    const { entries, result } = await perform(asked)
    const half = entries.slice(0, Math.floor(entries.length / 2))
    if (name === 'silence-after') return
    if (name === 'disconnect-after') return end()
    if (name === 'cut-search') return end(Buffer.concat(half))
    if (name === 'cut-entry') {
      const all = Buffer.concat([...entries, result])
      return end(all.subarray(0, Math.floor(all.length / 2)))
    }
    const limited = resultMessage(asked.id, answers[asked.name], 4, '00002023: SvcErr: size limit exceeded')
    send(asked.id, name === 'size-limit' ? Buffer.concat([...half, limited]) : Buffer.concat([...entries, result]))
  }

  const take = async (message: Buffer): Promise<void> => {
    const asked = readRequest(message)
    if (asked.name === 'abandon') abandoned.add(asked.abandoned)
    else if (asked.name === 'unbind') end()
    else if (asked.name === 'unknown') end(noticeOfDisconnection(2, '00000057: LdapErr: unknown request'))
    else await answer(asked, faultFor({ server, operation: asked.name, dn: asked.dn }) ?? {})
  }

  const garbled = (error: unknown): void => {
    if (!(error instanceof Malformed)) throw error
    end(noticeOfDisconnection(2, `00000057: LdapErr: ${error.message}`))
  }

  stream.on('error', () => end())
  stream.on('close', () => {
    isOver = true
  })
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const message of read(chunk)) if (!isOver) take(message).catch(garbled)
    } catch (error) {
      garbled(error)
    }
  })
}

/** Searches on one connection, with the pages that are still to come. */
function createSearches({ directory, pageSize, valueRange, url }: ControllerOptions) {
  const cursors = new Map<string, readonly DirectoryEntry[]>()
  let count = 0

  const found = async (asked: Question & { readonly name: 'search' }): Promise<readonly DirectoryEntry[]> => {
    const { dn, scope, attributes, page } = asked
    if (dn === '' && scope === 'base') return [{ dn, attributes: { dnshostname: [new URL(url).hostname] } }]
    if (page === undefined || page.cookie === '') {
      const names = attributes.map(name => rangeIn(name)?.name ?? name)
      return await directory.search({ base: dn, scope, filter: filterIn(asked.filter), attributes: names })
    }
    const rest = cursors.get(page.cookie)
    if (rest === undefined) throw refusal(53, '00000057: SvcErr: the cookie is of no search on this connection')
    cursors.delete(page.cookie)
    return rest
  }

  return async (asked: Question & { readonly name: 'search' }): Promise<Answer> => {
    const all = await found(asked)
    const size = Math.min(pageSize, asked.page?.size ?? pageSize)
    const rest = all.slice(size)
    const entries = all.slice(0, size).map(({ dn, attributes }) => {
      return entryMessage(asked.id, dn, wireAttributes(attributes, asked.attributes, valueRange))
    })
    if (asked.page === undefined) {
      const [code, text] = rest.length === 0 ? [0, ''] : [4, '00002023: SvcErr: size limit exceeded']
      return { entries, result: resultMessage(asked.id, answers.search, code, text) }
    }
    count += 1
    const cookie = rest.length === 0 ? '' : String(count)
    if (cookie !== '') cursors.set(cookie, rest)
    return { entries, result: resultMessage(asked.id, answers.search, 0, '', cookie) }
  }
}

/** Under the names that the schema gives them; of many values a part, unless all are asked for in parts. */
function wireAttributes(
  attributes: DirectoryEntry['attributes'],
  wanted: readonly string[],
  most: number,
): readonly (readonly [name: string, values: readonly Buffer[]])[] {
  const ranges = new Map(wanted.flatMap(name => rangeIn(name) ?? []).map(range => [range.name.toLowerCase(), range]))
  return Object.entries(attributes).map(([key, values]) => {
    const name = attributeOf(key)?.name ?? key
    const range = ranges.get(key)
    if (range === undefined && values.length <= most) return [name, values.map(value => sentBytes(key, value))]
    const first = range?.first ?? 0
    const part = values.slice(first, Math.min(first + most, (range?.last ?? Number.POSITIVE_INFINITY) + 1))
    const last = first + part.length >= values.length ? '*' : first + part.length - 1
    return [`${name};range=${first}-${last}`, part.map(value => sentBytes(key, value))]
  })
}

function rangeIn(name: string): { readonly name: string; readonly first: number; readonly last: number } | undefined {
  const [, plain, first, last] = /^(.+);range=(\d+)-(\d+|\*)$/i.exec(name) ?? []
  if (plain === undefined) return undefined
  return { name: plain, first: Number(first), last: last === '*' ? Number.POSITIVE_INFINITY : Number(last) }
}
