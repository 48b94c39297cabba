// The options that commands share, checked and in the form that the rest of the program works with.

import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { closest, distance } from 'fastest-levenshtein'
import type { Scope } from '../engine/scope.ts'
import type { Plane } from '../model/id.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import type { About } from '../model/resource.ts'
import { type Instant, startOf } from '../model/time.ts'
import { type TenantSize, tenantSizes } from '../sandbox/graph/quota.ts'
import type { ExitCode } from './exit.ts'
import type { Host } from './host.ts'

export interface Options {
  readonly policies: string
  readonly at?: Instant
  readonly partner?: readonly string[]
  readonly app?: readonly string[]
  readonly only?: Plane
  /** Of plan and apply. */
  readonly ended?: boolean
  readonly sandbox?: boolean
  readonly seed?: string
  readonly state?: string
  readonly quota?: TenantSize
  readonly replicationLag?: number
  readonly faults?: string
  readonly trace?: string
  /** Of apply: how many requests to Microsoft Graph are under way at once. */
  readonly concurrency?: number
}

const heading = 'Options of every command:'

export function addSharedOptions(program: Command): void {
  const options = [
    new Option('--policies <folder>', 'where the policies are').default('policies'),
    new Option('--at <date>', 'as if it were this day or time: 2026-12-21, 2026-12-21T17:00:00Z').argParser(instant),
    new Option('--partner <name>', 'only what concerns this partner; may be repeated').argParser(list),
    new Option('--app <name>', 'only what concerns this app; may be repeated').argParser(list),
    new Option('--only <directory>', 'only one of the two directories').choices(['entra', 'active-directory']),
    new Option('--sandbox', 'against a simulated tenant and domain instead of real ones'),
    new Option(
      '--seed <folder>',
      'what the sandbox starts from: graph.json and directory.ldif (default: the Contoso example)',
    ),
    new Option('--state <folder>', 'where the sandbox keeps its state (default: .guestlist/sandbox)'),
    new Option(
      '--quota <size>',
      "with Microsoft's limits for a tenant of this size, on a clock that runs as fast as the work allows",
    ).choices(tenantSizes),
    new Option(
      '--replication-lag <ms>',
      'what the sandbox was told is not everywhere at once, but that much later as a rule',
    ).argParser(wholeNumber(0, 3_600_000)),
    new Option(
      '--faults <file>',
      'what goes wrong in the sandbox; `guestlist sandbox serve --help` shows how to write it',
    ),
    new Option('--trace <file>', 'append one JSON line per request, secrets redacted'),
  ]
  for (const option of options) program.addOption(option.helpGroup(heading))
}

function list(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function instant(value: string): Instant {
  const found = startOf(value)
  if (found === undefined) throw new InvalidArgumentError('It is a day (2026-12-21) or a time (2026-12-21T17:00:00Z).')
  return found
}

/** For an option's number. */
export function wholeNumber(least: number, most: number): (value: string) => number {
  return value => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < least || number > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
    }
    return number
  }
}

/** Options that mean nothing without another one are mistakes, not noise. */
export function checkCombination(options: Options): void {
  if (options.sandbox === true) return
  for (const name of ['seed', 'state', 'quota', 'replicationLag', 'faults'] as const) {
    if (options[name] !== undefined)
      throw new Failure('bad-option', `--${spelt(name)} is for the sandbox`, 'add --sandbox')
  }
}

type Narrowing = Exclude<keyof Options, 'policies' | 'ended'>

const narrowing: readonly Narrowing[] = [
  'at',
  'partner',
  'app',
  'only',
  'sandbox',
  'seed',
  'state',
  'quota',
  'replicationLag',
  'faults',
  'trace',
]

/** As it is written on the command line. */
function spelt(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** For a command that asks the sandbox nothing over the wire. */
export function checkKind(options: Options, command: string): void {
  for (const name of ['quota', 'replicationLag', 'faults'] as const) {
    if (options[name] !== undefined)
      throw new Failure('bad-option', `--${spelt(name)} means nothing to \`guestlist ${command}\``, 'leave it out')
  }
}

/** For a command that looks at no directories: who gives it such an option expects another answer than there is. */
export function checkMeaning(options: Options, command: string, but: readonly Narrowing[] = []): void {
  const given = narrowing.find(name => options[name] !== undefined && !but.includes(name))
  if (given === undefined) return
  throw new Failure('bad-option', `--${spelt(given)} means nothing to \`guestlist ${command}\``, 'leave it out')
}

/** The part of the policy that --partner, --app and --only name. */
export function scopeOf({ partner: partners = [], app: apps = [], only, ended }: Options): Scope {
  return { partners, apps, ...(only === undefined ? {} : { only }), ...(ended === undefined ? {} : { ended }) }
}

export function endedOption(): Option {
  return new Option('--ended', 'only what ends by itself: accesses whose day is over, accounts whose grace period is')
}

/** A name that no policy has (any more) is a mistake, unless the directories still hold something of it. */
export function checkNames(scope: Scope, policy: ResolvedPolicy, there: Iterable<About>): void {
  const held = [...there]
  for (const name of scope.partners)
    if (!held.some(({ partner }) => partner === name)) known('partner', name, policy.partners)
  for (const name of scope.apps) if (!held.some(({ app }) => app === name)) known('app', name, policy.apps)
}

function known(what: string, name: string, names: ReadonlyMap<string, unknown>): void {
  if (names.has(name)) return
  const all = [...names.keys()]
  const near = all.length === 0 ? '' : closest(name, all)
  const hint = near !== '' && distance(name, near) <= 3 ? `did you mean \`${near}\`?` : `there are: ${all.join(', ')}`
  throw new Failure('unknown-name', `no policy names ${what} \`${name}\`, and the directories hold nothing of it`, hint)
}

/** A path as the person gave it, from where the person is. */
export function pathOf(host: Host, path: string): string {
  return resolve(host.cwd, path)
}

/** What a command does, with its options and its operands. */
export type Action<Extra = object> = (
  host: Host,
  options: Options & Extra,
  ...operands: readonly string[]
) => Promise<ExitCode>

/** Makes an action what commander calls. */
export type Does = <Extra>(action: Action<Extra>) => (...input: unknown[]) => Promise<void>
