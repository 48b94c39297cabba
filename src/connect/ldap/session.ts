// One connection to one server, from its socket to its end. Once it is lost it stays lost: nothing sent on it is sent
// again here, and nothing new is accepted. A request that gets no answer in time never takes the others with it silently.

import type { Duplex } from 'node:stream'
import { AbandonRequest, BerWriter, type Message, UnbindRequest } from 'ldapts'
import { Failure } from '../../model/problem.ts'
import { type Answer, type RawEntry, type Result, readAnswer, tags } from './answers.ts'
import { createFramer, Garbled } from './frames.ts'
import { realTimer, type Timer } from './timer.ts'

/** No answer came. */
export class Lost extends Error {
  readonly code: 'connection-lost' | 'timeout' | 'bad-answer'
  /** False: the request never left, so it cannot have been carried out. */
  readonly sent: boolean

  constructor(code: Lost['code'], message: string, sent: boolean) {
    super(message)
    this.code = code
    this.sent = sent
  }
}

export interface Reply {
  readonly result: Result
  readonly entries: readonly RawEntry[]
  readonly bytes: number
}

interface Pending {
  readonly answer: number
  readonly entries: RawEntry[]
  bytes: number
  /** How many messages had come when this was sent. */
  readonly heard: number
  readonly stopTimer: () => void
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Lost) => void
}

/** RFC 4511, 4.4.1. Some servers leave the name out. */
const disconnection = '1.3.6.1.4.1.1466.20036'

/** All that one request may bring. */
const mostBytes = 512 * 1024 * 1024

export class Session {
  readonly server: string
  readonly #socket: Duplex
  readonly #timer: Timer
  readonly #framer = createFramer()
  readonly #pending = new Map<number, Pending>()
  readonly #abandoned = new Set<number>()
  readonly #stop: () => void
  #ids = 0
  #heard = 0
  #ended: Lost | undefined

  constructor(socket: Duplex, server: string, timer: Timer = realTimer) {
    this.server = server
    this.#socket = socket
    this.#timer = timer
    const read = (chunk: Buffer): void => this.#read(chunk)
    const failed = (error: Error): void => this.#end('connection-lost', error.message)
    const closed = (): void => this.#end('connection-lost', 'the server closed the connection')
    socket.on('data', read).on('error', failed).on('end', closed).on('close', closed)
    this.#stop = () => socket.off('data', read).off('error', failed).off('end', closed).off('close', closed)
    if (socket.destroyed) closed()
  }

  get isAlive(): boolean {
    return this.#ended === undefined
  }

  /** Sends one request. Rejects with Lost; an answer that refuses is an answer. */
  async request(build: (messageId: number) => Message, answer: number, timeout: number): Promise<Reply> {
    if (this.#ended !== undefined) throw new Lost(this.#ended.code, this.#ended.message, false)
    const id = this.#nextId()
    const bytes = encode(build(id))
    return await new Promise((resolve, reject) => {
      const stopTimer = this.#timer(timeout, () => this.#expire(id, timeout))
      this.#pending.set(id, { answer, entries: [], bytes: 0, heard: this.#heard, stopTimer, resolve, reject })
      this.#socket.write(bytes)
    })
  }

  /** The bare socket, for TLS to take over. Nothing may have come that was not encrypted. */
  release(): Duplex {
    if (this.#ended !== undefined) throw this.#ended
    this.#stop()
    if (!this.#framer.isIdle() || this.#pending.size > 0) throw new Garbled('the server spoke before it was asked')
    this.#ended = new Lost('connection-lost', 'the connection is another one now', false)
    return this.#socket
  }

  /** Takes its leave; what is under way is lost. */
  close(): void {
    if (this.#ended === undefined) this.#socket.write(encode(new UnbindRequest({ messageId: this.#nextId() })))
    this.#end('connection-lost', 'the connection was closed')
  }

  #nextId(): number {
    this.#ids = this.#ids >= 0x7fffffff ? 1 : this.#ids + 1
    return this.#ids
  }

  #read(chunk: Buffer): void {
    try {
      for (const message of this.#framer.push(chunk)) {
        this.#heard += 1
        this.#take(readAnswer(message), message.length)
        if (this.#ended !== undefined) return
      }
    } catch (error) {
      if (!(error instanceof Garbled)) throw error
      this.#end('bad-answer', error.message)
    }
  }

  #take(answer: Answer, size: number): void {
    if (answer.id === 0) {
      // Of the other notices that nobody asked for none is about us (RFC 4511, 4.4).
      if ('result' in answer && !['', disconnection].includes(answer.result.name)) return
      const said = 'result' in answer ? answer.result.diagnostic : ''
      this.#end('connection-lost', `the server ended the connection${said === '' ? '' : `: ${said}`}`)
      return
    }
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) {
      if (!this.#abandoned.has(answer.id)) throw new Garbled('an answer to no question came')
      return
    }
    pending.bytes += size
    if (pending.bytes > mostBytes) throw new Garbled('an answer without end came')
    if (answer.tag === pending.answer && 'result' in answer) {
      this.#pending.delete(answer.id)
      pending.stopTimer()
      pending.resolve({ result: answer.result, entries: pending.entries, bytes: pending.bytes })
    } else if (pending.answer === tags.searchDone && 'entry' in answer) {
      pending.entries.push(answer.entry)
    } else if (pending.answer !== tags.searchDone || answer.tag !== tags.reference) {
      // References name other naming contexts, which hold none of the objects that were asked for.
      throw new Garbled('an answer to another question came')
    }
  }

  #expire(id: number, timeout: number): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    const message = `no answer within ${timeout / 1000} seconds`
    this.#pending.delete(id)
    this.#abandoned.add(id)
    pending.reject(new Lost('timeout', message, true))
    // Silence since then: the connection is dead, and what else is under way may still be carried out by a server that is only
    // slow. Otherwise this one request is slow, and the others go on.
    if (this.#heard === pending.heard) this.#end('timeout', 'the server no longer answers')
    else this.#socket.write(encode(new AbandonRequest({ messageId: this.#nextId(), abandonId: id })))
  }

  #end(code: Lost['code'], message: string): void {
    if (this.#ended !== undefined) return
    this.#ended = new Lost(code, message, true)
    this.#stop()
    this.#socket.on('error', () => {})
    this.#socket.end(() => this.#socket.destroy())
    // A server that keeps its side open must not keep ours.
    const cut = setTimeout(() => this.#socket.destroy(), 1000).unref()
    this.#socket.once('close', () => clearTimeout(cut))
    for (const pending of this.#pending.values()) {
      pending.stopTimer()
      pending.reject(this.#ended)
    }
    this.#pending.clear()
  }
}

/** The library's writer loses the last byte of a message that just fills its buffer; then there is room the second time. */
function encode(message: Message): Buffer {
  for (let size = 4096; ; size *= 8) {
    const bytes = write(message, size)
    if (bytes.length < size) return bytes
  }
}

function write(message: Message, size: number): Buffer {
  try {
    const writer = new BerWriter({ size })
    writer.startSequence()
    writer.writeInt(message.messageId)
    writer.startSequence(message.protocolOperation)
    // Public on every request, protected on their base.
    ;(message as unknown as { writeMessage(writer: BerWriter): void }).writeMessage(writer)
    writer.endSequence()
    if (message.controls !== undefined && message.controls.length > 0) {
      writer.startSequence(0xa0)
      for (const control of message.controls) control.write(writer)
      writer.endSequence()
    }
    writer.endSequence()
    return writer.buffer
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Failure('request-too-large', `a request to Active Directory cannot be sent: ${reason}`)
  }
}
