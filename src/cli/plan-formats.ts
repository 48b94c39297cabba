// The forms in which a plan can be had: the same for a plan that was just made and for one that was saved.

import { InvalidArgumentError, Option } from 'commander'
import type { Plan } from '../model/plan.ts'
import { renderAnnotations } from '../render/annotations.ts'
import { renderPlanAsHtml } from '../render/html/plan.ts'
import { safeJson } from '../render/json.ts'
import { type MarkdownView, renderMarkdown } from '../render/markdown/plan.ts'
import { type PlanView, renderPlan } from '../render/plan.ts'
import { type FromRoot, reportsOfFindings } from '../render/report.ts'
import { renderSarif } from '../render/sarif.ts'
import { fromRootOf } from './from-root.ts'
import { type Host, paintFor } from './host.ts'
import { linksOf } from './plan-links.ts'

interface FormatView extends PlanView, MarkdownView {
  readonly fromRoot: FromRoot
  /** The policies folder: where a finding stands that has no line. */
  readonly folder: string
}

const formats = {
  text: { of: renderPlan, for: 'people' },
  markdown: { of: renderMarkdown, for: 'a comment on a pull request' },
  html: { of: renderPlanAsHtml, for: 'a page to read, print or hand on' },
  json: { of: safeJson, for: 'programs' },
  github: { of: findingsAsAnnotations, for: 'its findings at the lines of a pull request' },
  sarif: { of: findingsAsSarif, for: 'its findings in code scanning' },
} as const satisfies Readonly<
  Record<string, { readonly of: (plan: Plan, view: FormatView) => string; readonly for: string }>
>

export type PlanFormat = keyof typeof formats

export function formatOption(): Option {
  const told = Object.entries(formats).map(([name, { for: whom }]) => `${name} for ${whom}`)
  return new Option('--format <format>', told.join(', '))
    .argParser((name: string): PlanFormat => {
      if (Object.hasOwn(formats, name)) return name as PlanFormat
      throw new InvalidArgumentError(`There are: ${Object.keys(formats).join(', ')}.`)
    })
    .default('text')
}

/** `all`: every change and every name, however many; `next`: what comes next. */
export function formatted(
  plan: Plan,
  format: PlanFormat,
  host: Host,
  { all, next, folder }: Pick<FormatView, 'all' | 'next' | 'folder'>,
): string {
  const fromRoot = fromRootOf(host)
  const links = linksOf(host, plan, fromRoot)
  return formats[format].of(plan, { all, next, paint: paintFor(host.stdout), links, fromRoot, folder })
}

function findingsAsAnnotations({ findings }: Plan, { fromRoot }: FormatView): string {
  return renderAnnotations(reportsOfFindings(findings, fromRoot))
}

function findingsAsSarif({ findings, guestlist }: Plan, { fromRoot, folder }: FormatView): string {
  return renderSarif(reportsOfFindings(findings, fromRoot), {
    command: 'plan',
    version: guestlist,
    folder: fromRoot(folder),
  })
}
