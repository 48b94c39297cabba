// SARIF as code scanning takes it. The types of the package `sarif` hold the shape; what they cannot say is held here.

import type { Log, Result, Run } from 'sarif'
import { expect, test } from 'vitest'
import type { Report } from '../../src/render/report.ts'
import { renderSarif } from '../../src/render/sarif.ts'

const of = { command: 'validate', version: '0.1.0', folder: 'policies' } as const

const report: Report = {
  severity: 'error',
  code: 'unknown-group',
  message: 'fabrikam has no group `enginers`',
  hint: 'did you mean `engineers`?',
  at: { file: 'policies/access/fabrikam.yaml', line: 6, column: 11, endColumn: 19 },
  see: { file: 'policies/partners/fabrikam.yaml', line: 10, column: 3 },
  excerpt: 'groups: [enginers, auditors]',
}

function runOf(reports: readonly Report[]): Run {
  const log = JSON.parse(renderSarif(reports, of)) as Log
  expect(log.version).toBe('2.1.0')
  expect(log.runs).toHaveLength(1)
  const [run] = log.runs
  if (run === undefined) throw new Error('no run')
  return run
}

function resultsOf(reports: readonly Report[]): readonly Result[] {
  return runOf(reports).results ?? []
}

function fingerprintOf(...reports: readonly Report[]): string {
  return resultsOf(reports).at(-1)?.partialFingerprints?.['guestlist/v1'] ?? ''
}

test('a report is a result at its place, with the place that its hint speaks of', () => {
  expect(resultsOf([report])).toEqual([
    {
      ruleId: 'unknown-group',
      ruleIndex: 0,
      level: 'error',
      message: {
        text: 'fabrikam has no group `enginers`\ndid you mean `engineers`? ([policies/partners/fabrikam.yaml:10](1))',
      },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'policies/access/fabrikam.yaml', uriBaseId: '%SRCROOT%' },
            region: { startLine: 6, startColumn: 11, endColumn: 19 },
          },
        },
      ],
      relatedLocations: [
        {
          id: 1,
          physicalLocation: {
            artifactLocation: { uri: 'policies/partners/fabrikam.yaml', uriBaseId: '%SRCROOT%' },
            region: { startLine: 10, startColumn: 3 },
          },
        },
      ],
      partialFingerprints: { 'guestlist/v1': expect.stringMatching(/^[0-9a-f]{32}:1$/) },
    },
  ])
})

test('the run says what was run, and counts columns as policies do', () => {
  const run = runOf([report])
  expect(run.tool.driver).toMatchObject({ name: 'guestlist', semanticVersion: '0.1.0' })
  expect(run.automationDetails).toEqual({ id: 'guestlist/validate/' })
  expect(run.columnKind).toBe('utf16CodeUnits')
})

test('each code is one rule, described for the one who reads the alert', () => {
  const codes = ['unknown-group', 'rule/restricted-apps-need-mfa', 'guardrail/removals', 'unknown-group']
  const run = runOf(codes.map(code => ({ ...report, code })))
  expect(run.tool.driver.rules).toEqual([
    { id: 'unknown-group', shortDescription: { text: 'Unknown group' } },
    { id: 'rule/restricted-apps-need-mfa', shortDescription: { text: 'Rule restricted-apps-need-mfa' } },
    { id: 'guardrail/removals', shortDescription: { text: 'Guardrail removals' } },
  ])
  expect(run.results?.map(({ ruleIndex }) => ruleIndex)).toEqual([0, 1, 2, 0])
})

test('no problem is a run without results, which closes the alerts of before', () => {
  expect(resultsOf([])).toEqual([])
  expect(runOf([]).tool.driver.rules).toEqual([])
})

test('code scanning takes no result without a file: the policies folder stands in', () => {
  const [result] = resultsOf([{ severity: 'warning', code: 'x', message: 'm' }])
  expect(result?.locations).toEqual([
    {
      physicalLocation: {
        artifactLocation: { uri: 'policies', uriBaseId: '%SRCROOT%' },
        region: { startLine: 1 },
      },
    },
  ])
})

test('file names are percent-encoded', () => {
  const uriOf = (file: string) =>
    resultsOf([{ ...report, at: { file, line: 1 } }])[0]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri
  expect(uriOf('policies/größe 100%#?.yaml')).toBe('policies/gr%C3%B6%C3%9Fe%20100%25%23%3F.yaml')
  expect(uriOf('javascript:alert(1)')).toBe('javascript%3Aalert(1)')
  expect(uriOf('a\nb\ud800')).toBe('a%0Ab%EF%BF%BD')
})

test('a fingerprint stays when lines move, and tells problems apart', () => {
  const moved = { ...report, at: { file: 'policies/access/fabrikam.yaml', line: 90, column: 13, endColumn: 21 } }
  const indented = { ...moved, excerpt: '  groups: [enginers, auditors]' }
  expect(fingerprintOf(moved)).toBe(fingerprintOf(report))
  expect(fingerprintOf(indented)).toBe(fingerprintOf(report))
  expect(fingerprintOf({ ...report, excerpt: 'groups: [enginers]' })).not.toBe(fingerprintOf(report))
  expect(fingerprintOf({ ...report, code: 'unknown-app' })).not.toBe(fingerprintOf(report))
  expect(fingerprintOf({ ...report, at: { file: 'b.yaml', line: 6 } })).not.toBe(fingerprintOf(report))
  // The same line twice in a file: the second of them.
  expect(fingerprintOf(report, moved)).toBe(fingerprintOf(report).replace(/1$/, '2'))
  // GitHub's upload computes this one itself, and warns of any other value.
  expect(resultsOf([report])[0]?.partialFingerprints).not.toHaveProperty('primaryLocationLineHash')
})

test('the gravest 5000 are kept, and the rest is counted', () => {
  const warnings = Array.from({ length: 5002 }, (): Report => ({ ...report, severity: 'warning' }))
  const { results, invocations } = runOf([...warnings, report])
  expect(results).toHaveLength(5000)
  expect(results?.[0]?.level).toBe('error')
  expect(invocations?.[0]?.toolExecutionNotifications).toEqual([
    { level: 'warning', message: { text: '3 results more left out: 5000 are the most.' } },
  ])
  expect(runOf(warnings.slice(2)).invocations?.[0]?.toolExecutionNotifications).toEqual([])
})

test('a value is neither link nor placeholder', () => {
  const message = 'see [here](https://evil.example) {0} {name}'
  const [result] = resultsOf([{ severity: 'error', code: 'x', message, hint: 'a list [of](1) ids' }])
  expect(result?.message.text).toBe('see \\[here\\](https://evil.example) {{0}} {name}\na list \\[of\\](1) ids')
  // Brackets that link to nothing are left alone.
  expect(resultsOf([{ ...report, message: 'not [a] b' }])[0]?.message.text).toMatch(/^not \[a\] b\n/)
})
