// CSV rosters: a header row, then a person a line. Every member keeps its own line, for a roster is edited by people
// too.

import { CsvError, parse } from 'csv-parse/sync'
import type { Problem } from '../model/problem.ts'
import { nearest } from './hint.ts'
import { locate, readSource } from './read.ts'
import { type Fault, problemAt, type Range, type Source } from './source.ts'
import { checkAddress, checkDate, checkDisplayName, hiddenInText } from './text.ts'

/** A member as written, checked by itself; what is wrong in a field is reported and left out. */
export interface RosterMember {
  readonly address: string
  readonly displayName?: string
  readonly until?: string
  readonly source: Source
  readonly ranges: { readonly address: Range; readonly until: Range }
}

export interface Roster {
  readonly members: readonly RosterMember[]
  /** Absent if the file could not be read as text. */
  readonly source?: Source
  readonly problems: readonly Problem[]
}

const columns = ['address', 'displayName', 'until'] as const
type Column = (typeof columns)[number]

/** The roster that `named` means in the file `from`, or what is wrong with naming it. */
export async function readRoster(root: string, from: string, named: string): Promise<Roster | Fault> {
  const found = await locate(root, from, named)
  if ('code' in found) return found
  const reading = await readSource(found.real, found.file)
  return 'source' in reading ? parseRoster(reading.source) : { members: [], problems: [reading.problem] }
}

interface Field {
  readonly text: string
  readonly range: Range
}

interface Line {
  readonly fields: readonly Field[]
  readonly range: Range
}

function parseRoster(source: Source): Roster {
  const problems: Problem[] = []
  const report = (range: Range, fault: Fault) => problems.push(problemAt(source, range, fault))
  const error = (code: string, message: string, hint?: string): Fault => ({
    severity: 'error',
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
  })
  for (const { index, fault } of hiddenInText(source.text)) report({ start: index, end: index + 1 }, fault)

  const lines = linesOf(source)
  if ('message' in lines) {
    report(
      lines.range,
      error(
        'bad-csv',
        lines.message,
        'a field with quotation marks is all in quotation marks, and those inside are doubled',
      ),
    )
    return { members: [], source, problems }
  }
  const [header, ...people] = lines
  if (header === undefined) {
    report(
      { start: 0, end: 1 },
      error('bad-csv', 'this roster has no header row', 'the first line names the columns: address,displayName,until'),
    )
    return { members: [], source, problems }
  }
  const names = header.fields.map(field => field.text)
  header.fields.forEach((field, index) => {
    const known = columns.find(column => column === field.text)
    const meant = nearest(field.text, columns)
    const hint =
      meant === undefined ? `columns are ${columns.join(', ')}, separated by commas` : `did you mean \`${meant}\`?`
    if (known === undefined)
      report(field.range, error('unknown-column', `a roster has no column \`${field.text}\``, hint))
    else if (names.indexOf(known) < index)
      report(field.range, error('unknown-column', `the column \`${known}\` is there twice`, 'keep one'))
  })
  if (!names.includes('address')) {
    if (problems.length === 0)
      report(
        header.range,
        error(
          'missing-column',
          'the column `address` is missing',
          'the first line names the columns: address,displayName,until',
        ),
      )
    return { members: [], source, problems }
  }
  return { members: people.flatMap(memberOf), source, problems }

  function memberOf({ fields, range }: Line): RosterMember[] {
    const extra = fields[names.length]
    if (extra !== undefined) {
      report(
        extra.range,
        error(
          'extra-column',
          'this line has more columns than the header',
          'put text that holds a comma in quotation marks',
        ),
      )
      return []
    }
    const field = (column: Column) => fields[names.indexOf(column)]
    const address = field('address')
    if (address === undefined || address.text === '') {
      report(address?.range ?? range, error('missing-address', 'this line has no address'))
      return []
    }
    const sound = (column: Column, check: (text: string) => Fault | undefined) => {
      const { text, range: where } = field(column) ?? { text: '', range }
      const fault = text === '' ? undefined : check(text)
      if (fault !== undefined) report(where, fault)
      return text === '' || fault?.severity === 'error' ? undefined : text
    }
    const displayName = sound('displayName', checkDisplayName)
    const until = sound('until', checkDate)
    if (sound('address', checkAddress) === undefined) return []
    return [
      {
        address: address.text,
        ...(displayName === undefined ? {} : { displayName }),
        ...(until === undefined ? {} : { until }),
        source,
        ranges: { address: address.range, until: field('until')?.range ?? address.range },
      },
    ]
  }
}

function linesOf(source: Source): readonly Line[] | { readonly message: string; readonly range: Range } {
  try {
    const options = {
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      record_delimiter: ['\r\n', '\n'],
    } as const
    const records = parse(source.text, {
      ...options,
      record_delimiter: [...options.record_delimiter],
    }) as unknown as readonly CsvRecord[]
    return records.map(({ record, info }) => lineOf(source, record, info.lines))
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = typeof error.lines === 'number' ? error.lines : 1
    const message =
      error.code === 'CSV_QUOTE_NOT_CLOSED'
        ? 'a quotation mark is never closed'
        : 'a quotation mark stands inside a field'
    return { message, range: lineRange(source, line) }
  }
}

interface CsvRecord {
  readonly record: readonly string[]
  /** The line on which the record ends. */
  readonly info: { readonly lines: number }
}

function lineRange({ text, lineStarts }: Source, line: number): Range {
  const start = lineStarts[Math.min(line, lineStarts.length) - 1] ?? 0
  const end = text.indexOf('\n', start)
  return { start, end: end === -1 ? text.length : end }
}

/** The parser says what the fields hold; where they stand is found by walking along the text. */
function lineOf(source: Source, record: readonly string[], lastLine: number): Line {
  const breaks = record.reduce((sum, text) => sum + text.split('\n').length - 1, 0)
  const range = lineRange(source, lastLine - breaks)
  let at = range.start
  const fields = record.map(text => {
    const match = /[ \t]*("(?:[^"]|"")*"|[^,\r\n]*)[^,\n]*,?/y
    match.lastIndex = at
    const found = match.exec(source.text)
    const written = (found?.[1] ?? '').trimEnd()
    const start = at + (found?.[0].indexOf(written) ?? 0)
    at = match.lastIndex
    return { text, range: { start, end: start + written.length } }
  })
  return { fields, range }
}
