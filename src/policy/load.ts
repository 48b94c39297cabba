// The one entry: a folder of policies -> the policy as of one instant, and every problem of every file, in one run.

import type { PolicyDocument } from '../model/policy.generated.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { isRefusal, type Problem } from '../model/problem.ts'
import type { Instant } from '../model/time.ts'
import { type Checked, checkDocuments } from './check.ts'
import { faultAt, step } from './document.ts'
import { compareOrigins, compareText } from './order.ts'
import { parseYaml } from './parse.ts'
import { locate, readFolder } from './read.ts'
import { resolvePolicy } from './resolve.ts'
import { type RosterMember, readRoster } from './roster.ts'
import { askRules, readRules } from './rules.ts'
import type { Source } from './source.ts'

export interface LoadedPolicy {
  /** There when no problem is an error, refusals aside. */
  readonly policy?: ResolvedPolicy
  /** By file, line and column; never twice the same. */
  readonly problems: readonly Problem[]
  /** The same, with the rules asked about this policy: with people in it whom only a directory knows. */
  readonly problemsOf: (policy: ResolvedPolicy) => readonly Problem[]
  /** How many files were read, rosters included. */
  readonly files: number
  readonly documents: Readonly<Record<PolicyDocument['kind'], number>>
}

export async function loadPolicy(folder: string, at: Instant): Promise<LoadedPolicy> {
  const { root, sources, problems: unread } = await readFolder(folder)
  const problems = [...unread]
  const parsed = sources.map(parseYaml)
  append(
    problems,
    parsed.flatMap(each => each.problems),
  )
  const checks = checkDocuments(parsed.flatMap(each => each.documents))
  const { documents } = checks
  append(problems, checks.problems)

  const readable = new Map(sources.map(source => [source.file, source]))
  const rosters = new Map<string, readonly RosterMember[]>()
  for (const partner of documents.Partner) await readRosters(root, partner, rosters, readable, problems)
  for (const { spec, document } of documents.Organization) {
    const file = spec.activeDirectory?.caFile
    const found = file === undefined ? undefined : await locate(root, document.source.file, file)
    if (found !== undefined && 'code' in found)
      problems.push(faultAt(document, '/activeDirectory/caFile', 'value', found))
  }

  const lost = unread.length > 0 || parsed.some(each => each.lost)
  const { policy, accesses, named, problems: unresolved } = resolvePolicy(documents, { rosters, at, lost })
  append(problems, unresolved)
  const rules = readRules(named.rules.values(), problem => problems.push(problem))
  const unsound = new Set(
    Object.values(documents).flatMap(list => list.filter(each => !each.sound).map(each => `${each.kind}/${each.name}`)),
  )
  const problemsOf = (asked: ResolvedPolicy): readonly Problem[] =>
    inOrder([...problems, ...askRules(rules, { policy: asked, accesses, unsound, sources: readable })])
  const all = policy === undefined ? inOrder(problems) : problemsOf(policy)

  const isWhole = all.every(problem => problem.severity === 'warning' || isRefusal(problem))
  return {
    ...(isWhole && policy !== undefined ? { policy } : {}),
    problems: all,
    problemsOf,
    files: readable.size,
    documents: {
      Organization: documents.Organization.length,
      Partner: documents.Partner.length,
      App: documents.App.length,
      Access: documents.Access.length,
      Rule: documents.Rule.length,
    },
  }
}

async function readRosters(
  root: string,
  partner: Checked<'Partner'>,
  rosters: Map<string, readonly RosterMember[]>,
  readable: Map<string, Source>,
  problems: Problem[],
): Promise<void> {
  const { name, spec, document } = partner
  for (const [group, { membersFrom } = {}] of Object.entries(spec.groups ?? {})) {
    if (membersFrom?.csv === undefined) continue
    const roster = await readRoster(root, document.source.file, membersFrom.csv)
    if ('code' in roster) {
      problems.push(faultAt(document, `/groups${step(group)}/membersFrom/csv`, 'value', roster))
      continue
    }
    append(problems, roster.problems)
    if (roster.source !== undefined) readable.set(roster.source.file, roster.source)
    if (!rosters.has(`${name}/${group}`)) rosters.set(`${name}/${group}`, roster.members)
  }
}

/** One by one: a file can hold more problems than a call can have arguments. */
function append(problems: Problem[], more: Iterable<Problem>): void {
  for (const problem of more) problems.push(problem)
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted(compareProblems)
  return sorted.filter((problem, index) => {
    const before = sorted[index - 1]
    return before === undefined || compareProblems(before, problem) !== 0
  })
}

const nowhere = { file: '', line: 0, column: 0 }

function compareProblems(one: Problem, other: Problem): number {
  return (
    compareOrigins(one.at ?? nowhere, other.at ?? nowhere) ||
    compareText(one.code, other.code) ||
    compareText(one.message, other.message)
  )
}
