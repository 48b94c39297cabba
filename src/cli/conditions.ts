// `--quota`, `--replication-lag` and `--faults FILE`: how unkind the sandbox is to be. The file is read as strictly as a
// policy, and every mistake in it is told with its place.

import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { Failure, type Problem } from '../model/problem.ts'
import { validate } from '../policy/check.ts'
import { faultAt, type SourceDocument, step } from '../policy/document.ts'
import { parseYaml } from '../policy/parse.ts'
import { readSource } from '../policy/read.ts'
import { validatorOf } from '../policy/schemas.ts'
import type { Conditions } from '../sandbox/conditions.ts'
import { type FaultRule, isStatus, mayBeCarriedOut } from '../sandbox/graph/faults/kinds.ts'
import type { QuotaOptions, TenantSize } from '../sandbox/graph/quota.ts'
import type { Host } from './host.ts'
import { type Options, pathOf } from './options.ts'

/** A file of the user's with mistakes: all of them are told. */
export class Mistakes extends Error {
  readonly problems: readonly Problem[]
  /** The folder that the file lies in, as the user named it. */
  readonly folder: string

  constructor(problems: readonly Problem[], folder: string) {
    super('mistakes in a file')
    this.name = 'Mistakes'
    this.problems = problems
    this.folder = folder
  }
}

/** As the file has it. */
interface Written extends Omit<Conditions, 'seed' | 'quota'> {
  readonly seed?: number
  readonly quota?: TenantSize | Omit<QuotaOptions, 'elapsed'>
}

/** Undefined: as kind as ever. What the command line says wins over the file. */
export async function conditionsOf(host: Host, options: Options): Promise<Conditions | undefined> {
  const { quota: size, replicationLag, faults } = options
  if (size === undefined && replicationLag === undefined && faults === undefined) return undefined
  const written = faults === undefined ? {} : await readFaults(pathOf(host, faults), faults)
  const { seed = 1, quota, ...rest } = written
  return {
    ...rest,
    seed,
    ...(quota === undefined ? {} : { quota: typeof quota === 'string' ? { size: quota } : quota }),
    ...(size === undefined ? {} : { quota: { size } }),
    ...(replicationLag === undefined ? {} : { replication: { ...rest.replication, lag: replicationLag } }),
  }
}

async function readFaults(path: string, named: string): Promise<Written> {
  if (!existsSync(path)) throw new Failure('missing-file', `there is no file ${named}`, '--faults names it')
  const reading = await readSource(path, basename(named))
  if ('problem' in reading) throw new Mistakes([reading.problem], dirname(named))
  const { documents, problems: unread } = parseYaml(reading.source)
  const problems = [...unread]
  const [document, second] = documents
  const report = (place: SourceDocument) => (pointer: string, part: 'key' | 'value', fault: Omit<Problem, 'at'>) =>
    problems.push(faultAt(place, pointer, part, fault))
  if (document === undefined && problems.length === 0) {
    const at = { file: basename(named), line: 1, column: 1 }
    problems.push({ severity: 'error', code: 'empty-file', message: 'this file says nothing', at })
  }
  if (second !== undefined) {
    const message = 'this file has one document, and here is a second one'
    report(second)('', 'value', { severity: 'error', code: 'too-many', message })
  }
  if (document !== undefined && document.state !== 'broken') {
    validate(document, validatorOf('Faults'), 'the file', report(document))
    if (problems.length === 0) checkRules(document, report(document))
  }
  if (problems.length > 0) throw new Mistakes(problems.sort(byPlace), dirname(named))
  return document?.value as Written
}

function byPlace({ at: one }: Problem, { at: other }: Problem): number {
  return (one?.line ?? 0) - (other?.line ?? 0) || (one?.column ?? 0) - (other?.column ?? 0)
}

type Report = (pointer: string, part: 'key' | 'value', fault: Omit<Problem, 'at'>) => void

/** What the schema cannot say: keys that mean nothing beside others, and what never strikes. */
function checkRules(document: SourceDocument, report: Report): void {
  const { directory } = document.value as Written
  if (directory?.share !== undefined && directory.among === undefined) {
    const message = '`share` is of the faults in `among`, and there is none'
    report('/directory/share', 'key', { severity: 'error', code: 'misplaced-key', message })
  }
  for (const [index, rule] of ((document.value as Written).graph ?? []).entries()) {
    const wrong = (key: keyof FaultRule, message: string): void =>
      report(`/graph${step(index)}${step(key)}`, 'key', { severity: 'error', code: 'misplaced-key', message })
    const { fault, on = '' } = rule
    if (/[^/*]\*|\*[^/*]|\*\*./.test(on)) {
      const message = '`*` is one whole part of a path, and `**` at its end is any rest: this would strike nothing'
      report(`/graph${step(index)}/on`, 'value', { severity: 'error', code: 'bad-pattern', message })
    }
    const [, ...more] = (['nth', 'every', 'chance'] as const).filter(key => rule[key] !== undefined)
    for (const key of more) wrong(key, 'only one of `nth`, `every` and `chance` can say which requests are struck')
    if (rule.ms !== undefined && fault !== 'slow') wrong('ms', '`ms` is for the fault `slow`')
    if (rule.retryAfter !== undefined && !isStatus(fault))
      wrong('retryAfter', '`retryAfter` is for the faults that are a status, such as 503')
    if (rule.carriedOut !== undefined && !mayBeCarriedOut(fault))
      wrong('carriedOut', `with the fault \`${fault}\` there is no choice whether a request is carried out`)
  }
}
