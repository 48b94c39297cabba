// Progress: one live line for a person, lines for a log, and few of them for very many changes.

import { expect, test } from 'vitest'
import { progressOn } from '../../src/cli/progress.ts'
import { ids } from '../../src/model/id.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { sink } from './fake-host.ts'

function outcome(person: string, failed = false): Outcome {
  const id = ids.guest(person)
  const change = {
    id,
    plane: 'entra',
    kind: 'guest',
    action: 'create',
    risk: 'grant',
    before: null,
    after: {},
    target: { objects: {}, named: {} },
    dependsOn: [],
    because: [],
  } as const
  return failed
    ? { change, status: 'failed', trouble: { code: 'Forbidden', message: 'no' }, ms: 1, requestIds: [] }
    : { change, status: 'done', ms: 1, requestIds: [] }
}

test('a log gets a line for each change', () => {
  const log = sink()
  const progress = progressOn(log, 12)
  progress.tell(outcome('lee@fabrikam.com'))
  progress.tell(outcome('kim@fabrikam.com', true))
  progress.end()
  expect(log.heard()).toBe(
    '[ 1/12] invite lee@fabrikam.com\n[ 2/12] failed: invite kim@fabrikam.com\n        no [Forbidden]\n',
  )
})

test('what never began does not count', () => {
  const log = sink()
  const progress = progressOn(log, 3)
  progress.tell(outcome('lee@fabrikam.com'))
  progress.tell({ ...outcome('kim@fabrikam.com'), status: 'not-attempted', because: 'interrupted' } as Outcome)
  progress.tell({ ...outcome('dana@fabrikam.com'), status: 'not-attempted', because: 'interrupted' } as Outcome)
  progress.end()
  expect(log.heard()).toBe('[1/3] invite lee@fabrikam.com\n')
})

test('a log of very many changes gets a line for each tenth, and every failure', () => {
  const log = sink()
  const progress = progressOn(log, 1005)
  for (let index = 1; index <= 1005; index++) progress.tell(outcome(`p${index}@fabrikam.com`, index === 500))
  progress.end()
  const lines = log.heard().trimEnd().split('\n')
  expect(lines.filter(line => /^\[ *\d+\/1005\]$/.test(line))).toHaveLength(10)
  expect(lines.filter(line => line.includes('failed: invite p500@'))).toHaveLength(1)
  expect(lines.at(-1)).toBe('[1005/1005]')
})

test('a terminal gets one line that is overwritten, never longer than it is wide, and gone at the end', () => {
  const terminal = sink({ live: true, columns: 24 })
  const progress = progressOn(terminal, 3)
  progress.tell(outcome('a.very.long.name@fabrikam.com'))
  progress.end()
  expect(terminal.heard()).toBe('\r\u001b[2K[1/3] invite a.very.lon\r\u001b[2K')
})
