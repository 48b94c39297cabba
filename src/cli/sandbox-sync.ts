// `guestlist sandbox sync`: a cycle of the simulated Entra Connect, and what it did in words.

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Instant } from '../model/time.ts'
import { safeText } from '../render/safe-text.ts'
import { type Synced, syncAccounts, type UserTypeRule } from '../sandbox/entra-connect.ts'
import { exit } from './exit.ts'
import type { Host } from './host.ts'
import { type Action, checkKind, type Does, type Options } from './options.ts'
import { readPolicies } from './policies.ts'
import { exampleClock, openSandbox } from './sandbox-state.ts'

export function addSync(sandbox: Command, does: Does): void {
  sandbox
    .command('sync')
    .summary("bring the domain's accounts to the tenant, as Entra Connect does")
    .description(
      'A simulated cycle of Entra Connect: the user accounts of the simulated domain come to the simulated tenant, are brought\n' +
        'up to date there, and go when they are gone. Accounts with the stamp of the organization (activeDirectory.userType)\n' +
        'arrive as guests, all others as members.',
    )
    .option('--user-type <attribute=value>', 'the stamp that makes a guest (default: what the policies say)', stampIn)
    .addOption(
      new Option(
        '--without-rule',
        'as if Entra Connect had no rule for guests: everybody arrives as a member',
      ).conflicts('userType'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  guestlist apply --sandbox && guestlist sandbox sync && guestlist apply --sandbox',
    )
    .action(does(sync))
}

interface SyncOptions {
  readonly userType?: UserTypeRule
  readonly withoutRule?: boolean
}

function stampIn(text: string): UserTypeRule {
  const [, attribute, value] = /^([A-Za-z][A-Za-z0-9-]*)=(.+)$/.exec(text) ?? []
  if (attribute === undefined || value === undefined)
    throw new InvalidArgumentError('It is an attribute and its value: extensionAttribute1=Guest.')
  return { attribute, value }
}

const sync: Action<SyncOptions> = async (host, options) => {
  checkKind(options, 'sandbox sync')
  const clock = clockFor(host, options)
  const rule = options.withoutRule === true ? undefined : (options.userType ?? (await stampOf(host, options, clock())))
  const state = openSandbox(host, options, { use: 'write', clock })
  try {
    const { graph, directory, domain } = state
    const results = syncAccounts({
      graph,
      clock,
      domain,
      directory: directory.dump(),
      ...(rule === undefined ? {} : { rule }),
    })
    const lines =
      results.length === 0 ? ['Nothing to sync: the tenant has the accounts as they are.'] : results.map(inWords)
    host.stdout.write(lines.map(line => `${safeText(line)}\n`).join(''))
    return exit.done
  } finally {
    state.close()
  }
}

/** The stamp that the policies name; the usual one where they cannot be read. */
async function stampOf(host: Host, options: Options, at: Instant): Promise<UserTypeRule> {
  const { policy } = await readPolicies(host, options, at)
  const { attribute = 'extensionAttribute1', value = 'Guest' } =
    policy?.organization.spec.activeDirectory?.userType ?? {}
  return { attribute, value }
}

function inWords(result: Synced): string {
  const { what, user } = result
  if (what === 'refused') return `! ${user} stays away: ${result.message}`
  const as = result.userType === 'Guest' ? 'as a guest' : 'as a member'
  switch (what) {
    case 'created':
      return `+ ${user} comes to the cloud ${as}`
    case 'joined':
      return `~ ${user} is there already, and is joined to its account ${as}`
    case 'restored':
      return `+ ${user} comes back ${as}`
    case 'updated':
      return `~ ${user} is brought up to date ${as}`
    case 'deleted':
      return `- ${user} goes, as the account has gone`
  }
}

/** The sandbox's clock: the time asked for, the example's own, or the real one. */
export function clockFor(host: Host, options: Options): () => number {
  const standing = options.at ?? exampleClock(host, options)
  return standing === undefined ? host.now : () => standing
}
