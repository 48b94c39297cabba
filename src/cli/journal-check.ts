// Checks a whole journal: that every line is as it was written, in its place, and that none is missing; and tells what a
// crash has left. That nothing was cut from the end shows only against a hash that was noted elsewhere.

import type { AuditRecord, Remark, Verdict } from '../model/journal.ts'
import { linesIn } from './journal.ts'
import { type JournalLine, readLine, sha256 } from './journal-line.ts'

export function checkJournal(bytes: Buffer, head: string | undefined): Verdict {
  const chain = checkChain()
  const applies = checkApplies()
  const numbers = { applies: 0, refused: 0, done: 0, failed: 0 }
  const times: string[] = []
  let headAt: number | undefined
  let last: string | null = null
  for (const [index, content] of linesIn(bytes).entries()) {
    const number = index + 1
    const line = readLine(content)
    chain.take(number, content, line)
    if (line === undefined) continue
    applies.take(number, line.record)
    count(numbers, line.record)
    times.push(line.link.time)
    last = line.hash
    if (line.hash === head && line.isIntact) headAt = number
  }
  const { troubles, remarks } = chain.end()
  const lost: readonly Remark[] =
    head === undefined || headAt !== undefined
      ? []
      : [
          {
            line: Math.max(times.length, 1),
            code: 'no-such-line',
            message: `no line has the hash ${head}: lines were cut from the end, or all was written anew`,
          },
        ]
  return {
    lines: times.length,
    applies: numbers.applies,
    refused: numbers.refused,
    changes: { done: numbers.done, failed: numbers.failed },
    first: times.at(0) ?? null,
    last: times.at(-1) ?? null,
    head: last,
    ...(headAt === undefined ? {} : { headAt }),
    troubles: [...troubles, ...lost],
    remarks: [...remarks, ...applies.end()].sort((a, b) => a.line - b.line),
  }
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
  if (record.record === 'change-ended' && record.status !== 'not-attempted') numbers[record.status] += 1
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
    const isTold = torn !== undefined && torn.bytes === remains.length && torn.hash === sha256(remains)
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
      const rest = strange.pop()
      for (const { line } of strange) troubles.push({ line, ...noLine })
      if (rest !== undefined && rest.content.length > 0) {
        const message = `${rest.content.length} bytes of a line that was not written to its end: a crash, or the file was cut`
        remarks.push({ line: rest.line, code: 'torn', message })
      }
      return { troubles, remarks }
    },
  }
}

const noLine = { code: 'no-line', message: 'this is no line of a journal: changed, or put in' } as const

/** Whatever has begun has ended, unless it was killed. */
function checkApplies() {
  const remarks: Remark[] = []
  const underWay = new Set<string>()
  let begun: number | undefined

  const close = (): void => {
    if (begun !== undefined) remarks.push({ line: begun, code: 'unfinished', message: unfinished([...underWay]) })
    begun = undefined
    underWay.clear()
  }
  return {
    take(number: number, record: AuditRecord): void {
      switch (record.record) {
        case 'apply-begun':
          close()
          begun = number
          break
        case 'apply-refused':
          close()
          break
        case 'change-begun':
          underWay.add(record.id)
          break
        case 'change-ended':
          underWay.delete(record.id)
          break
        case 'apply-ended':
          begun = undefined
          underWay.clear()
          break
      }
    },
    end(): readonly Remark[] {
      close()
      return remarks
    },
  }
}

const mostNamed = 5

function unfinished(underWay: readonly string[]): string {
  const whole = 'this apply has no end: it was killed, or still runs'
  if (underWay.length === 0) return `${whole}; nothing was under way`
  const named = underWay.slice(0, mostNamed).join(', ')
  const more = underWay.length > mostNamed ? ` and ${underWay.length - mostNamed} more` : ''
  return `${whole}; under way, and perhaps done: ${named}${more}`
}
