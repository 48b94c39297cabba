// What is told besides plans: problems of policies, what became of changes, who reaches what, what doctor found, and why a
// command ended. Whatever words of somebody's are in it, they come out as text.

import { parse } from 'csv-parse/sync'
import type { Log } from 'sarif'
import { describe, expect, test } from 'vitest'
import { lineOf } from '../../src/cli/journal-line.ts'
import { progressOn } from '../../src/cli/progress.ts'
import { timeLeft } from '../../src/cli/time-left.ts'
import type { Checkup } from '../../src/model/checkup.ts'
import type { Ground, Listed } from '../../src/model/explanation.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { Failure, type Problem } from '../../src/model/problem.ts'
import { accessesAsCsv, accessesAsJson, renderAccesses } from '../../src/render/access.ts'
import { renderAnnotations } from '../../src/render/annotations.ts'
import { renderVerdict } from '../../src/render/audit.ts'
import { renderChanges } from '../../src/render/changes.ts'
import { renderCheckup } from '../../src/render/checkup.ts'
import { renderOutcomes } from '../../src/render/outcomes.ts'
import { coloured, type Paint, plain } from '../../src/render/paint.ts'
import { renderProblems } from '../../src/render/problem.ts'
import { reportsOfProblems } from '../../src/render/report.ts'
import { safeText } from '../../src/render/safe-text.ts'
import { renderSarif } from '../../src/render/sarif.ts'
import { renderStale } from '../../src/render/stale.ts'
import { command, sink } from '../cli/fake-host.ts'
import { aGain, aPlan } from '../render/a-plan.ts'
import { commandsIn } from './build-agent.ts'
import { corpus, everything } from './corpus.ts'
import { expectInertText } from './inert.ts'
import { everyChange, samplePlan, substituted } from './sample-plan.ts'

/** The same text with colour and without. */
function expectInertPainted(render: (paint: Paint) => string): void {
  expectInertText(render(plain))
  expectInertText(render(coloured), { colour: true })
}

describe.each(corpus)('$name', ({ value }) => {
  test('in a problem of the policies', () => {
    const at = { file: `${value}.yaml`, line: 7, column: 3 }
    const problem: Problem = {
      severity: 'error',
      code: value,
      message: value,
      hint: value,
      see: at,
      at,
      excerpt: value,
      length: 5,
    }
    const problems: readonly Problem[] = [problem, { severity: 'warning', code: value, message: value }]
    expectInertText(renderProblems(problems, { prefix: value, color: false }))
    expectInertText(renderProblems(problems, { prefix: value, color: true }), { colour: true })
    const reports = reportsOfProblems(problems, `${value}/`, file => file)
    const annotations = renderAnnotations(reports)
    expect(commandsIn(annotations).map(({ name }) => name)).toEqual(['error', 'warning'])
    expect(annotations.split('\n')).toHaveLength(3)
    const sarif = renderSarif(reports, { command: 'validate', version: '0.1.0', folder: value })
    expectInertText(sarif)
    for (const { locations } of (JSON.parse(sarif) as Log).runs[0]?.results ?? []) {
      const uri = locations?.[0]?.physicalLocation?.artifactLocation?.uri ?? ''
      // Relative, and nothing in it that a reader would take for more than a path.
      expect(uri).toMatch(/^[\w.!~*'()%/-]*$/)
    }
  })

  test('in what became of a change, in progress, journal and a stale plan', () => {
    const { changes } = substituted({ ...samplePlan(), changes: everyChange.slice(0, 3) }, () => value)
    const [one, two, three] = changes
    if (one === undefined || two === undefined || three === undefined) throw new Error('three changes')
    const trouble = { code: value, message: value, hint: value, requestId: value }
    const outcomes: readonly Outcome[] = [
      { change: one, status: 'failed', trouble, ms: 1, requestIds: [value] },
      { change: two, status: 'not-attempted', because: one.id },
      { change: three, status: 'done', ms: 1, requestIds: [value] },
    ]
    expectInertPainted(paint => renderOutcomes(outcomes, aPlan({ changes }), paint))
    const heard = sink()
    const time = { elapsed: () => 0, unseen: () => ({ objects: 0, most: 0 }) }
    const left = timeLeft({ writes: new Map(), estimate: undefined, ...time })
    const sleep = () => new Promise<void>(() => undefined)
    const progress = progressOn(heard, { total: outcomes.length, left, sleep, ...time })
    for (const outcome of outcomes) progress.tell(outcome)
    progress.end()
    expectInertText(heard.heard())
    const effect = aGain(value, { app: value, role: value })
    expectInertPainted(paint =>
      renderStale(
        {
          effectsCame: [effect],
          effectsWent: [effect],
          came: [one],
          went: [{ change: two, why: 'no longer wanted' }],
          found: [{ severity: 'warning', code: value, message: value }],
          differ: [{ reviewed: one, now: { ...one, after: { displayName: value } } }],
          isReordered: true,
        },
        paint,
      ),
    )
    // One record is one line, whatever a service answers.
    const record = { record: 'apply-refused', reasons: [{ code: value, message: value }] } as never
    expect(lineOf({ seq: 1, time: '2026-12-01T00:00:00.000Z', previous: null }, record).text).not.toMatch(/[\r\n]/)
  })

  test('in the list of who reaches what', () => {
    const origin = { file: `${value}.yaml`, line: 7, column: 1 }
    const grant = {
      access: value,
      partner: value,
      group: value,
      app: value,
      role: value,
      inForce: true,
      reason: value,
      origin,
    }
    const ground: Ground = {
      grant,
      role: value,
      member: { address: value, inForce: true, origin },
      standing: 'in force',
    }
    const row: Listed = {
      person: value,
      displayName: value,
      partner: value,
      app: value,
      role: value,
      groups: [value],
      unmanaged: [value],
      basis: 'policy',
      until: null,
      because: [ground],
    }
    const rows = [row, { ...row, basis: 'none' as const }]
    const policy = {
      organization: { spec: { name: 'contoso', displayName: value } },
      apps: new Map([[value, { spec: { displayName: value } }]]),
    } as unknown as ResolvedPolicy
    const view = { policy, folder: `${value}/`, when: 'now' }
    expectInertPainted(paint => renderAccesses(rows, { ...view, paint }))
    expectInertText(renderAccesses(rows, { ...view, paint: plain, width: 60 }))

    const json = accessesAsJson(rows, 'policies/')
    expectInertText(json)
    expect((JSON.parse(json) as { reason: string; displayName: string }[])[0]?.displayName).toBe(value)

    const csv = accessesAsCsv(rows, 'policies/')
    expectInertText(csv.replaceAll('\r\n', '\n'))
    const cells = (parse(csv) as string[][]).slice(1)
    expect(cells.map(cell => cell.length)).toEqual([12, 12])
    for (const cell of cells.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/)
    expect([safeText(value), `'${safeText(value)}`]).toContain(cells[0]?.[1])
  })

  test('in what doctor found', () => {
    const results = (['well', 'wrong', 'warning', 'untold'] as const).map(status => ({
      status,
      code: value,
      message: value,
      hint: value,
    }))
    const checkup: Checkup = { title: value, results }
    expectInertPainted(paint => renderCheckup(checkup, paint))
  })

  test('in what an audit found in a journal that anybody may have written', () => {
    const remark = { line: 3, code: 'changed', message: value }
    const verdict = {
      lines: 3,
      applies: 1,
      refused: 1,
      changes: { done: 1, failed: 1 },
      first: value,
      last: value,
      head: 'a'.repeat(64),
      headAt: 3,
    }
    expectInertPainted(paint => renderVerdict({ ...verdict, troubles: [remark], remarks: [remark] }, value, paint))
    expectInertPainted(paint => renderVerdict({ ...verdict, troubles: [], remarks: [remark] }, value, paint))
  })

  test('in why a command ended', async () => {
    const failures = [new Failure(value, value, value), new Error(value)]
    for (const failure of failures) {
      const now = () => {
        throw failure
      }
      const { code, stderr } = await command(['validate'], { cwd: '/', now })
      expect(code).toBe(1)
      expectInertText(stderr)
    }
    const name = await command(['validate', '--policies', `/none/${value.replaceAll('\u0000', '')}`], { cwd: '/' })
    expectInertText(name.stdout)
  })
})

test('every change in words', () => {
  const { changes } = substituted({ ...samplePlan(), changes: everyChange }, () => everything)
  expect(changes.length).toBeGreaterThan(100)
  expectInertPainted(paint => `${renderChanges(changes, paint).join('\n')}\n`)
})
