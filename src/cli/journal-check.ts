// Checks a whole journal: that every line is as it was written, in its place, and that none is missing; and tells what a
// crash has left. That nothing was cut from the end shows only against a hash that was noted elsewhere.

import type { AuditRecord, Remark, Verdict } from '../model/journal.ts'
import { linesIn } from './journal.ts'
import { checkApplies } from './journal-applies.ts'
import { isTornLine, type JournalLine, readLine, sha256 } from './journal-line.ts'

export function checkJournal(bytes: Buffer, head: string | undefined): Verdict {
  const chain = checkChain()
  const applies = checkApplies()
  const numbers = { applies: 0, refused: 0, done: 0, failed: 0 }
  const times: string[] = []
  let headAt: number | undefined
  let last: { readonly number: number; readonly hash: string } | undefined
  for (const [index, content] of linesIn(bytes).entries()) {
    const number = index + 1
    const line = readLine(content)
    chain.take(number, content, line)
    if (line === undefined) continue
    applies.take(number, line.record)
    count(numbers, line.record)
    times.push(line.link.time)
    last = { number, hash: line.hash }
    if (line.hash === head && line.isIntact) headAt = number
  }
  const chained = chain.end()
  const told = applies.end()
  const lost: readonly Remark[] =
    head === undefined || headAt !== undefined
      ? []
      : [
          {
            line: last?.number ?? 1,
            code: 'no-such-line',
            message: `no line has the hash ${head}: lines were cut from the end, or all was written anew`,
          },
        ]
  const after: readonly Remark[] =
    headAt === undefined || last === undefined || headAt === last.number
      ? []
      : [{ line: headAt + 1, code: 'after-head', message: beyond(headAt, last.number) }]
  return {
    lines: times.length,
    applies: numbers.applies,
    refused: numbers.refused,
    changes: { done: numbers.done, failed: numbers.failed },
    first: times.at(0) ?? null,
    last: times.at(-1) ?? null,
    head: last?.hash ?? null,
    ...(headAt === undefined ? {} : { headAt }),
    // Where the chain is broken, that says already why numbers do not agree.
    troubles: [...(chained.troubles.length > 0 ? chained.troubles : told.troubles), ...lost].sort(byLine),
    remarks: [...chained.remarks, ...told.remarks, ...after].sort(byLine),
  }
}

function byLine(one: Remark, other: Remark): number {
  return one.line - other.line
}

/** Whoever can write the file can write a chain anew: only what a noted hash covers is beyond that. */
function beyond(headAt: number, last: number): string {
  const lines = headAt + 1 === last ? `line ${last} comes` : `lines ${headAt + 1} to ${last} come`
  return `the hash is that of line ${headAt}: ${lines} after it, and it says nothing of them`
}

interface Numbers {
  applies: number
  refused: number
  done: number
  failed: number
}

function count(numbers: Numbers, record: AuditRecord): void {
  if (record.record === 'apply-begun') numbers.applies += 1
  if (record.record === 'apply-refused') numbers.refused += 1
  // A status of no sort is told where its apply is counted.
  if (record.record === 'change-ended' && (record.status === 'done' || record.status === 'failed'))
    numbers[record.status] += 1
}

/** Each line has its own hash and that of the line before. */
function checkChain() {
  const troubles: Remark[] = []
  const remarks: Remark[] = []
  let before: { readonly seq: number; readonly hash: string | null } = { seq: 0, hash: null }
  /** Lines that are none, since the last that is one. */
  let strange: { readonly line: number; readonly content: Buffer }[] = []

  const place = ({ link: { seq, previous } }: JournalLine): Omit<Remark, 'line'> | undefined => {
    const expected = before.seq + 1
    if (seq > expected) {
      const missing = seq - expected === 1 ? `line ${expected} is` : `lines ${expected} to ${seq - 1} are`
      return { code: 'missing', message: `this is line ${seq} of the journal: ${missing} missing before it` }
    }
    if (seq < expected) {
      const message = `this is line ${seq} of the journal, but it comes after line ${before.seq}: moved, copied or put in`
      return { code: 'misplaced', message }
    }
    if (previous === before.hash) return undefined
    return { code: 'replaced', message: 'this does not follow from the line before it: that one was replaced' }
  }

  const strangeBefore = (number: number, { link: { torn } }: JournalLine): void => {
    const remains = Buffer.concat(strange.flatMap(({ content }) => [content, Buffer.from('\n')])).subarray(0, -1)
    const isOurs = strange.every(({ content }) => isTornLine(before.seq + 1, content))
    const isTold = isOurs && torn !== undefined && torn.bytes === remains.length && torn.hash === sha256(remains)
    const [first] = strange
    if (isTold && first !== undefined) {
      const message = `${remains.length} bytes that a crash left of a line; line ${number} tells of them`
      remarks.push({ line: first.line, code: 'torn', message })
    } else {
      for (const { line } of strange) troubles.push({ line, ...noLine })
      if (torn !== undefined) {
        const message = `what a crash left before this line is not there as it says (${torn.bytes} bytes)`
        troubles.push({ line: number, code: 'missing', message })
      }
    }
    strange = []
  }

  return {
    take(number: number, content: Buffer, line: JournalLine | undefined): void {
      if (line === undefined) {
        strange.push({ line: number, content })
        return
      }
      if (strange.length > 0 || line.link.torn !== undefined) strangeBefore(number, line)
      if (!line.isIntact) {
        const message = 'this line was changed after it was written: its hash is not that of what it says'
        troubles.push({ line: number, code: 'changed', message })
      }
      const trouble = place(line)
      if (trouble !== undefined) troubles.push({ line: number, ...trouble })
      // After a line from elsewhere, what follows is still measured by what came before.
      if (trouble?.code !== 'misplaced') before = { seq: line.link.seq, hash: line.hash }
    },
    end(): { readonly troubles: readonly Remark[]; readonly remarks: readonly Remark[] } {
      // After the last line break there is nothing, or what a crash left.
      if (strange.at(-1)?.content.length === 0) strange.pop()
      for (const { line, content } of strange) {
        if (!isTornLine(before.seq + 1, content)) {
          troubles.push({ line, ...noLine })
          continue
        }
        const message = `${content.length} bytes of a line that was not written to its end: a crash, or the file was cut`
        remarks.push({ line, code: 'torn', message })
      }
      return { troubles, remarks }
    },
  }
}

const noLine = { code: 'no-line', message: 'this is no line of a journal: changed, or put in' } as const
