// `guestlist access`: who reaches what, until when, and why. Read from the directories, so that it is what really works now;
// with --at a day to come, what will work then once the policies are applied. Changes nothing.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { countPending, type Filter, listAccesses } from '../access/listing.ts'
import { addressOf } from '../access/person.ts'
import { Failure } from '../model/problem.ts'
import { dateOf, durationOf, endOf } from '../model/time.ts'
import { accessesAsCsv, accessesAsJson, renderAccesses } from '../render/access.ts'
import { renderAccessesAsHtml } from '../render/html/access.ts'
import { count } from '../render/layout.ts'
import { safeText } from '../render/safe-text.ts'
import { commandLine } from './command-line.ts'
import { exit } from './exit.ts'
import { type Host, paintFor } from './host.ts'
import { type Action, checkNames, type Does, type Options, scopeOf } from './options.ts'
import { type Prepared, prepare } from './planning.ts'
import { exampleClock } from './sandbox-state.ts'

interface AccessOptions {
  readonly person?: string
  readonly format: string
  readonly expiring?: number
}

export function addAccess(program: Command, does: Does): void {
  program
    .command('access')
    .summary('who reaches what, until when, and why')
    .description(
      'Lists who reaches which app today, read from both directories: through a policy, or by a way that none names. With\n' +
        '--at a day to come: who will reach it then, once the policies are applied. --app and --partner choose rows.',
    )
    .option('--person <name>', 'only this person, by mail address or user principal name')
    .addOption(new Option('--expiring <duration>', 'only what ends within that time: 30d').argParser(duration))
    .addOption(
      new Option(
        '--format <format>',
        'text for people, csv for spreadsheets, json for programs, html for a page to read or print',
      )
        .argParser(formatNamed)
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  guestlist access --app payroll                       who reaches Payroll
  guestlist access --person lee@fabrikam.com           what Lee reaches
  guestlist access --expiring 30d                      what ends within 30 days
  guestlist access --at 2027-07-01 --format csv        who will reach what on that day`,
    )
    .action(does(access))
}

const formats = ['text', 'csv', 'json', 'html']

function formatNamed(name: string): string {
  if (formats.includes(name)) return name
  throw new InvalidArgumentError(`There are: ${formats.join(', ')}.`)
}

function duration(text: string): number {
  const found = durationOf(text)
  if (found === undefined) throw new InvalidArgumentError('It is a duration: 30d, 2w, 12h.')
  return found
}

const access: Action<AccessOptions> = async (host, options) => {
  if (options.only !== undefined)
    throw new Failure('bad-option', 'access takes no --only', 'an access leads through both directories')
  const { app: _app, partner: _partner, ...whole } = options
  const prepared = await prepare(host, whole, 'read')
  if (prepared === undefined) return exit.error
  try {
    const { planned, policy, folder } = prepared
    const scope = scopeOf(options)
    checkNames(scope, policy, planned.observed.values())
    const filter = filterOf(options, scope, prepared)
    const clock = clockOf(host, options)
    const isToCome = options.at !== undefined && policy.at > clock
    const accesses = isToCome ? planned.after : planned.before
    const listed = listAccesses(accesses.values(), policy, planned.observed, filter)
    if (options.format === 'csv') host.stdout.write(accessesAsCsv(listed, folder))
    else if (options.format === 'json') host.stdout.write(accessesAsJson(listed, folder))
    else {
      const when = isToCome ? `on ${dateOf(policy.at)}, once the policies are applied` : `as of ${dateOf(policy.at)}`
      const view = { policy, folder, when }
      const width = host.stdout.live ? { width: host.stdout.columns } : {}
      host.stdout.write(
        options.format === 'html'
          ? renderAccessesAsHtml(listed, view)
          : renderAccesses(listed, { ...view, paint: paintFor(host.stdout), ...width }),
      )
    }
    const pending = options.expiring === undefined ? countPending(accesses.values(), policy, filter) : 0
    for (const note of notes(options, prepared, filter, pending, clock)) host.stderr.write(`${note}\n`)
    return exit.done
  } finally {
    await prepared.connection.close()
  }
}

function filterOf(
  options: Options & AccessOptions,
  scope: ReturnType<typeof scopeOf>,
  { planned, policy }: Prepared,
): Filter {
  const { person, expiring } = options
  return {
    ...scope,
    ...(person === undefined ? {} : { person: addressOf(person, policy, planned.observed) }),
    ...(expiring === undefined
      ? {}
      : { ending: { from: policy.at, to: endOf(dateOf(policy.at + expiring)) ?? policy.at } }),
  }
}

function clockOf(host: Host, options: Options): number {
  return (options.sandbox === true ? exampleClock(host, options) : undefined) ?? host.now()
}

/** What a reader of the list should know besides. */
function notes(
  options: Options,
  { policy }: Prepared,
  { person }: Filter,
  pending: number,
  clock: number,
): readonly string[] {
  const isToCome = options.at !== undefined && policy.at > clock
  const what = `${count(pending, 'access', 'accesses')} of the policy`
  const verb = isToCome ? 'will not work by then' : pending === 1 ? 'does not work yet' : 'do not work yet'
  const isPast = options.at !== undefined && dateOf(policy.at) < dateOf(clock)
  return [
    ...(person === undefined || policy.people.has(person) ? [] : [`No policy names ${safeText(person)}.`]),
    ...(pending === 0 ? [] : [`${what} ${verb}: ${commandLine('plan', options)}`]),
    ...(isPast
      ? [`${dateOf(policy.at)} is past, and the directories keep no history: this is who reaches what now.`]
      : []),
  ]
}
