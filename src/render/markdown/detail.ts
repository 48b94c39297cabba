// How much a comment tells. What has no room is left out step by step, details first: what changes for whom, and what is
// dangerous, stays with exact numbers as long as it can, and what does not is counted.

import type { Line } from '../../model/plan.ts'
import { safeText } from '../safe-text.ts'
import { markdownCode, markdownLink, markdownProse, markdownText } from './escape.ts'

export interface Detail {
  /** Before and after of each change. */
  readonly differences: boolean
  /** Each change in a line. */
  readonly changes: boolean
  /** Of each group. */
  readonly names: number
  readonly hints: boolean
  readonly by: 'group' | 'app' | 'partner'
  /** Of each table and each list. */
  readonly rows: number
  /** Characters of a value. */
  readonly width: number
}

const whole: Detail = {
  differences: true,
  changes: true,
  names: 24,
  hints: true,
  by: 'group',
  rows: Number.POSITIVE_INFINITY,
  width: 300,
}

const counted: Detail = { ...whole, differences: false, changes: false, names: 0, hints: false, width: 80 }

/** It has room whatever the plan is. */
export const least: Detail = { ...counted, by: 'app', rows: 4, width: 24 }

/** From everything to that. */
export const details: readonly Detail[] = [
  whole,
  { ...whole, differences: false },
  { ...whole, differences: false, changes: false },
  { ...whole, differences: false, changes: false, names: 8 },
  { ...whole, differences: false, changes: false, names: 3 },
  { ...counted, names: 3 },
  counted,
  { ...counted, by: 'app' },
  { ...counted, by: 'partner' },
  ...[100, 40, 15].map((rows): Detail => ({ ...counted, by: 'app', rows, width: 60 })),
  least,
]

/** In words; empty where all is told. */
export function leftOut(detail: Detail, changes: number): readonly string[] {
  return [
    ...(changes === 0
      ? []
      : detail.changes
        ? detail.differences
          ? []
          : ['before and after of each change']
        : ['the list of changes']),
    ...(detail.names < whole.names
      ? [detail.names === 0 ? 'names' : `names beyond the first ${detail.names} of a group`]
      : []),
    ...(detail.hints ? [] : ['hints']),
    ...(detail.by === 'group' ? [] : ['who has it by which group and line']),
    ...(detail.rows === whole.rows
      ? []
      : [`all but the ${detail.rows} largest of each table, and the rest of each list`]),
  ]
}

/** Where lines and the whole plan can be looked at. */
export interface Links {
  readonly file?: (line: Line) => string
  readonly fullPlan?: string
}

/** Writes values, each as long as there is room for. */
export interface Pen {
  readonly text: (value: string) => string
  /** A sentence of ours, with code between backticks. */
  readonly prose: (sentence: string) => string
  readonly code: (value: string) => string
  /** In a line of its own, in a block of code. */
  readonly raw: (value: string) => string
  readonly place: (line: Line) => string
}

export function penOf({ width }: Detail, links: Links): Pen {
  const cut = (value: string): string => {
    // Made safe it is no shorter: what is beyond need not be looked at.
    const safe = safeText(value.slice(0, 2 * width + 2))
    if (safe.length <= width) return safe
    const characters = [...safe]
    return characters.length <= width ? safe : `${characters.slice(0, width - 1).join('')}…`
  }
  return {
    text: value => markdownText(cut(value)),
    prose: sentence => markdownProse(cut(sentence)),
    code: value => markdownCode(cut(value)),
    raw: cut,
    place: line => {
      const place = markdownCode(`${cut(line.file)}:${line.line}`)
      // It stands in the base, not in what a link leads to.
      return line.removed === true ? `${place} (removed)` : markdownLink(place, links.file?.(line))
    },
  }
}
