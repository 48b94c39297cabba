// Reports as SARIF 2.1.0, the format in which tools hand what they found to code scanning and to editors.

import { createHash } from 'node:crypto'
import type { Log, Notification, PhysicalLocation, ReportingDescriptor, Result, Run } from 'sarif'
import { safeJson } from './json.ts'
import { count } from './layout.ts'
import { gravestFirst, type Place, type Report } from './report.ts'
import { safeText } from './safe-text.ts'

export interface SarifOf {
  /** What was run: code scanning keeps the results of each command apart. */
  readonly command: 'validate' | 'plan'
  readonly version: string
  /** Code scanning takes no result without a file: the policies folder stands for those that have none. */
  readonly folder: string
}

/** Code scanning keeps the first 5000 results of a run and refuses a file with more than 25 000. */
const most = 5000
const root = '%SRCROOT%'

export function renderSarif(reports: readonly Report[], { command, version, folder }: SarifOf): string {
  const results = gravestFirst(reports).slice(0, most)
  const left = reports.length - results.length
  const codes = [...new Set(results.map(({ code }) => code))]
  const occurrences = new Map<string, number>()
  const nowhere: Place = { file: folder, line: 1 }
  const run: Run = {
    tool: { driver: { name: 'guestlist', semanticVersion: version, rules: codes.map(ruleOf) } },
    automationDetails: { id: `guestlist/${command}/` },
    originalUriBaseIds: { [root]: { description: { text: 'The root of the checkout.' } } },
    columnKind: 'utf16CodeUnits',
    invocations: [{ executionSuccessful: true, toolExecutionNotifications: left === 0 ? [] : [leftOut(left)] }],
    results: results.map(report => resultOf(report, codes.indexOf(report.code), nowhere, occurrences)),
  }
  const log: Log = { version: '2.1.0', $schema: 'https://json.schemastore.org/sarif-2.1.0.json', runs: [run] }
  return safeJson(log)
}

/** `unknown-group` → `Unknown group`, `rule/restricted-apps` → `Rule restricted-apps`. */
function ruleOf(code: string): ReportingDescriptor {
  const [first = '', ...rest] = code.split('/')
  const words = [first.replaceAll('-', ' '), ...rest].join(' ')
  return { id: safeText(code), shortDescription: text(`${words.slice(0, 1).toUpperCase()}${words.slice(1)}`) }
}

function resultOf(report: Report, ruleIndex: number, nowhere: Place, occurrences: Map<string, number>): Result {
  const { severity, code, message, hint = '', at = nowhere, see } = report
  // Code scanning shows a related place only where the message links to it.
  const link = see === undefined ? '' : `([${literal(`${see.file}:${see.line}`)}](1))`
  const advice = [literal(hint), link].filter(part => part !== '').join(' ')
  return {
    ruleId: safeText(code),
    ruleIndex,
    level: severity,
    message: { text: advice === '' ? literal(message) : `${literal(message)}\n${advice}` },
    locations: [{ physicalLocation: locationOf(at) }],
    ...(see === undefined ? {} : { relatedLocations: [{ id: 1, physicalLocation: locationOf(see) }] }),
    partialFingerprints: { 'guestlist/v1': fingerprintOf(report, occurrences) },
  }
}

function locationOf({ file, line, column, endColumn }: Place): PhysicalLocation {
  return {
    artifactLocation: { uri: uriOf(file), uriBaseId: root },
    region: {
      startLine: line,
      ...(column === undefined ? {} : { startColumn: column }),
      ...(endColumn === undefined ? {} : { endColumn }),
    },
  }
}

function uriOf(file: string): string {
  return file
    .split('/')
    .map(name => encodeURIComponent(name.toWellFormed()))
    .join('/')
}

/**
 * The same for the same problem of the same file, wherever its line has moved to. A name of our own: GitHub's upload works
 * out `primaryLocationLineHash` itself, and warns of every other.
 */
function fingerprintOf({ code, message, at, excerpt }: Report, occurrences: Map<string, number>): string {
  const parts = [code, at?.file ?? '', excerpt?.trim() ?? message]
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
  const occurrence = (occurrences.get(hash) ?? 0) + 1
  occurrences.set(hash, occurrence)
  return `${hash}:${occurrence}`
}

function leftOut(left: number): Notification {
  return { level: 'warning', message: text(`${count(left, 'result')} more left out: ${most} are the most.`) }
}

function text(value: string): { readonly text: string } {
  return { text: literal(value) }
}

/** In SARIF's messages `[a](b)` is a link and `{0}` a placeholder: a value is neither. */
function literal(value: string): string {
  const safe = safeText(value)
  const unlinked = /\]\(/.test(safe) ? safe.replace(/[[\]\\]/g, '\\$&') : safe
  return unlinked.replace(/\{(\d+)\}/g, '{{$1}}')
}
