// What an apply says of itself in its journal, held against its lines: how many changes and effects it announced, how many it
// counted at its end, and that nothing ends which has not begun. Lines that somebody took out, with the chain made anew
// over the rest, show here.

import type { AuditRecord, Remark } from '../model/journal.ts'

type Begun = Extract<AuditRecord, { readonly record: 'apply-begun' }>
type Ended = Extract<AuditRecord, { readonly record: 'apply-ended' }>

const ways: readonly unknown[] = ['done', 'failed', 'not-attempted']

interface Apply {
  readonly line: number
  readonly begun: Begun
  readonly underWay: Set<string>
  readonly ended: { done: number; failed: number; notAttempted: number }
  effects: number
}

/** Whatever has begun has ended, unless it was killed. */
export function checkApplies() {
  const troubles: Remark[] = []
  const remarks: Remark[] = []
  let apply: Apply | undefined

  const close = (): void => {
    if (apply !== undefined)
      remarks.push({ line: apply.line, code: 'unfinished', message: unfinished([...apply.underWay]) })
    apply = undefined
  }
  const miscounted = (line: number, message: string): void => void troubles.push({ line, code: 'miscounted', message })

  return {
    take(line: number, record: AuditRecord): void {
      if (record.record === 'apply-begun') {
        close()
        const ended = { done: 0, failed: 0, notAttempted: 0 }
        apply = { line, begun: record, underWay: new Set(), ended, effects: 0 }
        return
      }
      if (record.record === 'apply-refused') {
        close()
        return
      }
      if (apply === undefined) {
        miscounted(line, 'this belongs to an apply, and none has begun before it')
        return
      }
      switch (record.record) {
        case 'effect':
          apply.effects += 1
          break
        case 'change-begun':
          apply.underWay.add(record.id)
          break
        case 'change-ended':
          if (!apply.underWay.delete(record.id) && record.status !== 'not-attempted')
            miscounted(line, 'this change ended, and no line says that it began')
          if (!ways.includes(record.status)) miscounted(line, 'this change ended in a way that there is not')
          else apply.ended[record.status === 'not-attempted' ? 'notAttempted' : record.status] += 1
          break
        case 'apply-ended':
          for (const message of differences(apply, record)) miscounted(line, message)
          apply = undefined
          break
      }
    },
    end(): { readonly troubles: readonly Remark[]; readonly remarks: readonly Remark[] } {
      close()
      return { troubles, remarks }
    },
  }
}

/** What is the apply's own failure, and no change's, may end it before its changes: exit code 1. */
function differences({ line, begun, ended, effects }: Apply, said: Ended): readonly string[] {
  const all = ended.done + ended.failed + ended.notAttempted
  const compared = [
    ['effects', effects, begun.effects, `the apply in line ${line} began with`],
    ['changes that were done', ended.done, said.done, 'this says'],
    ['changes that failed', ended.failed, said.failed, 'this says'],
    ['changes that were not attempted', ended.notAttempted, said.notAttempted, 'this says'],
    ...(said.exitCode === 1 ? [] : [['changes', all, begun.changes, `the apply in line ${line} began with`] as const]),
  ] as const
  return compared.flatMap(([what, counted, told, by]) =>
    counted === told
      ? []
      : [
          `the lines have ${counted} ${what}, and ${by} ${Number.isSafeInteger(told) ? told : 'none'}: lines were taken out or put in`,
        ],
  )
}

const mostNamed = 5

function unfinished(underWay: readonly string[]): string {
  const whole = 'this apply has no end: it was killed, or still runs'
  if (underWay.length === 0) return `${whole}; nothing was under way`
  const named = underWay.slice(0, mostNamed).join(', ')
  const more = underWay.length > mostNamed ? ` and ${underWay.length - mostNamed} more` : ''
  return `${whole}; under way, and perhaps done: ${named}${more}`
}
