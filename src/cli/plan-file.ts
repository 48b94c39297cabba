// A plan from a file: read, and told apart from all that only looks like a plan of ours. Nothing in it is believed: what it
// says is compared with what would happen now, and only that is performed.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { checksumOf, digestOfContent } from '../engine/plan.ts'
import type { Plan } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import { dayMs, durationOf, type Instant, startOf } from '../model/time.ts'
import { safeJsonLine } from '../render/json.ts'
import { readAtMost } from './files.ts'
import { schemasFolder, version } from './installed.ts'

/** What was a plan, and is too old to be one. Exit code 4, not 1. */
export class Outdated extends Failure {}

const most = { mebibytes: 256, depth: 64 }
const again = 'plan again, and review that: guestlist plan --out FILE'
/** Clocks of two machines differ. */
const skew = 5 * 60_000

/** A plan as it is saved: all on one line, for a large one has many. Throws a Failure for one that could not be read again. */
export function planFileText(plan: Plan): string {
  const text = safeJsonLine(plan)
  if (Buffer.byteLength(text) > most.mebibytes * 2 ** 20) {
    const message = `the plan has more than ${most.mebibytes} MiB: it could be saved, and not be applied`
    throw new Failure('large-plan', message, 'plan and apply it in parts: --partner, --app')
  }
  return text
}

/** `file`: as the person named it. Throws a Failure for whatever is no whole, unchanged plan of this version. */
export function readPlanFile(path: string, file: string): Plan {
  const value = parsed(textOf(path, file), file)
  checkShape(value, file)
  const plan = value as { readonly formatVersion?: unknown; readonly guestlist?: unknown } | null
  if (typeof plan !== 'object' || plan === null || Array.isArray(plan) || plan.formatVersion === undefined)
    throw notAPlan(file, 'it has no `formatVersion`')
  if (plan.formatVersion !== '1') {
    const message = `${file} has the plan format ${shown(plan.formatVersion)}; this guestlist reads format "1"`
    throw new Failure('other-plan-format', message, again)
  }
  if (plan.guestlist !== version()) {
    const message = `${file} was made by guestlist ${shown(plan.guestlist)}; this is guestlist ${version()}`
    throw new Failure('other-version', message, 'apply it with the version that made it, or plan again with this one')
  }
  const [error] = isPlan(plan) ? [] : (validator().errors ?? [])
  if (error !== undefined) throw notAPlan(file, explained(error))
  const whole = plan as Plan
  checkUnchanged(whole, file)
  return whole
}

/** A plan of the sandbox is nothing to the real directories, and theirs nothing to the sandbox. */
export function checkPlace({ sandbox }: Plan, file: string, isSandbox: boolean): void {
  if ((sandbox === true) === isSandbox) return
  const [message, hint] = isSandbox
    ? [`${file} is a plan for the real directories, not for the sandbox`, 'leave out --sandbox, or plan with it']
    : [
        `${file} was made in the sandbox: it says nothing about the real directories`,
        'add --sandbox, or plan without it',
      ]
  throw new Failure('other-place', message, hint)
}

/** Whether it is about these directories, and about now. `now`: by the clock that plans are stamped with. */
export function checkMeant(plan: Plan, file: string, policy: ResolvedPolicy, now: Instant, isSandbox: boolean): void {
  const { name, entra, activeDirectory, guardrails } = policy.organization.spec
  const ours = { name, tenantId: entra.tenantId, domain: activeDirectory?.domain ?? null }
  for (const [key, what] of [
    ['tenantId', 'the tenant'],
    ['domain', 'the domain'],
    ['name', 'the organization'],
  ] as const) {
    const theirs = plan.organization[key]
    if (theirs?.toLowerCase() === ours[key]?.toLowerCase()) continue
    const message = `${file} is a plan for ${what} ${theirs ?? '(none)'}; the policies are about ${ours[key] ?? '(none)'}`
    throw new Failure('other-organization', message, 'use --policies with the policies that it was made from')
  }
  const createdAt = Date.parse(plan.createdAt)
  if (createdAt > now + skew) {
    const hint = isSandbox
      ? `the sandbox's time stands: give --at ${plan.at}, as it was made with`
      : 'look at the clocks of both machines, and plan again'
    throw new Failure('future-plan', `${file} was made at ${plan.createdAt}, which is still to come`, hint)
  }
  if (Date.parse(plan.at) > now + skew) {
    const message = `${file} is a preview of ${plan.at}: access must not begin or end before its day`
    throw new Failure('future-plan', message, 'plan without --at, and review that')
  }
  const oldest = guardrails?.oldestPlan ?? '7d'
  const age = durationOf(oldest) ?? 7 * dayMs
  // What ended since its day would begin anew.
  const [made, time] = createdAt <= Date.parse(plan.at) ? ['was made at', plan.createdAt] : ['was made as of', plan.at]
  if (Date.parse(time) < now - age) {
    const message = `${file} ${made} ${time}, which is longer ago than ${oldest}: nothing was changed`
    throw new Outdated('old-plan', message, `${again} (the limit is the organization's guardrails.oldestPlan)`)
  }
}

function textOf(path: string, file: string): string {
  const bytes = readAtMost(path, most.mebibytes * 2 ** 20)
  if (bytes === undefined) throw notAPlan(file, `it has more than ${most.mebibytes} MiB`)
  return bytes.toString('utf8')
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const place = /\(line (\d+) column (\d+)\)/.exec(error.message)
    throw notAPlan(file, place === null ? 'it is not JSON' : `line ${place[1]}, column ${place[2]} is not JSON`)
  }
}

/** Without recursion, and before anything recurses: what is nested without end has no schema to be held to. */
function checkShape(value: unknown, file: string): void {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next
    if (typeof value !== 'object' || value === null) continue
    if (depth > most.depth) throw notAPlan(file, `it is nested more than ${most.depth} levels deep`)
    for (const [key, inner] of Object.entries(value)) {
      if (!Array.isArray(value) && reserved.has(key)) throw notAPlan(file, `it has a property \`${key}\``)
      open.push({ value: inner, depth: depth + 1 })
    }
  }
}

const reserved: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor'])

let compiled: ValidateFunction | undefined

function validator(): ValidateFunction {
  if (compiled !== undefined) return compiled
  const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, verbose: true })
  ajv.addVocabulary(['errorMessage'])
  ajv.addFormat('instant', text => text.length > 10 && startOf(text) !== undefined)
  const schema = JSON.parse(readFileSync(join(schemasFolder, 'plan.schema.json'), 'utf8')) as object
  compiled = ajv.compile(schema)
  return compiled
}

function isPlan(value: object): boolean {
  return validator()(value)
}

function explained({ keyword, instancePath, params, message = '', parentSchema }: ErrorObject): string {
  const place = instancePath === '' ? 'it' : instancePath
  if (keyword === 'additionalProperties')
    return `${place} has a property \`${params.additionalProperty}\`, which no plan has`
  if (keyword === 'required') return `${place} has no \`${params.missingProperty}\``
  if (keyword === 'enum')
    return `${place} must be one of ${(params.allowedValues as readonly unknown[]).map(String).join(', ')}`
  const words = (parentSchema as { readonly errorMessage?: string } | undefined)?.errorMessage
  return `${place} ${words ?? message}`
}

function checkUnchanged(plan: Plan, file: string): void {
  const { effects, changes } = plan
  const edited = (what: string): Failure =>
    new Failure('edited-plan', `${file} was changed after it was made: ${what}`, again)
  if (digestOfContent({ effects, changes }) !== plan.digest)
    throw edited('its digest is not that of its effects and changes')
  if (checksumOf(plan) !== plan.checksum) throw edited('its checksum is not that of what it says')
  const twice = firstTwice(changes.map(({ id }) => id))
  if (twice !== undefined) throw notAPlan(file, `it has two changes of ${twice}`)
  const twiceSaid = firstTwice(
    effects.map(({ effect, person, app, role }) => `${effect} ${JSON.stringify([person, app, role])}`),
  )
  if (twiceSaid !== undefined) throw notAPlan(file, `it has two effects ${twiceSaid}`)
  const foreign = changes.find(({ id, plane, kind }) => !id.startsWith(`${plane}/${kind}/`))
  if (foreign !== undefined) throw notAPlan(file, `the id ${foreign.id} is not of its plane and kind`)
}

function firstTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find(name => seen.size === seen.add(name).size)
}

function notAPlan(file: string, why: string): Failure {
  return new Failure('not-a-plan', `${file} is not a plan: ${why}`, 'make one with `guestlist plan --out FILE`')
}

/** A value of the file in a message: not without end. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'without a name'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
