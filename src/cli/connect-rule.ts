// `guestlist connect-rule`: the synchronisation rule by which Entra Connect makes guests of partners' accounts, ready to paste.

import { type Command, Option } from 'commander'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import { type ConnectRule, renderConnectRule } from '../render/connect-rule.ts'
import { userTypeOf } from '../resources/active-directory/partner-accounts.ts'
import { exit } from './exit.ts'
import type { Action, Does } from './options.ts'
import { resolve } from './planning.ts'

type Way = 'attribute' | 'upn-suffix'

export function addConnectRule(program: Command, does: Does): void {
  program
    .command('connect-rule')
    .summary("print the Entra Connect rule that makes guests of partners' accounts")
    .description(
      'Partners with accounts in our own Active Directory are guests in the cloud only if Entra Connect has a rule for it. This\n' +
        'prints the rule as a PowerShell script for the Entra Connect server, with how to check it before anything is synced:\n' +
        'for accounts that guestlist has stamped (activeDirectory.userType), or for those with the UPN suffix of a partner.\n' +
        'Needs no network and changes nothing.',
    )
    .addOption(
      new Option('--by <way>', "what tells a partner's account")
        .choices(['attribute', 'upn-suffix'])
        .default('attribute'),
    )
    .addHelpText('after', '\nExample:\n  guestlist connect-rule > rule.ps1')
    .action(does(connectRule))
}

const connectRule: Action<{ readonly by: Way }> = async (host, options) => {
  const resolved = await resolve(host, options)
  if (resolved === undefined) return exit.error
  host.stdout.write(renderConnectRule(ruleOf(resolved.policy, options.by)))
  return exit.done
}

function ruleOf(policy: ResolvedPolicy, by: Way): ConnectRule {
  const { displayName, name, activeDirectory } = policy.organization.spec
  if (activeDirectory === undefined) {
    throw new Failure(
      'no-active-directory',
      `${policy.organization.origin.file} has no \`activeDirectory\`: there are no accounts that Entra Connect could sync`,
      'add `activeDirectory` with its domain, and `userType` if another attribute than extensionAttribute1 is stamped',
    )
  }
  const common = { organization: displayName ?? name, domain: activeDirectory.domain }
  if (by === 'attribute') return { ...common, by: userTypeOf(policy) }
  const kept = [...policy.partners.values()].filter(({ spec }) => spec.accounts === 'active-directory')
  const suffixes = [...new Set(kept.flatMap(({ spec }) => spec.domains.map(domain => domain.toLowerCase())))].sort()
  if (suffixes.length === 0) {
    throw new Failure(
      'no-suffixes',
      'no partner of the policy has `accounts: active-directory`: there is no UPN suffix to go by',
      'leave `--by upn-suffix` out to go by the attribute',
    )
  }
  return { ...common, by: { suffixes } }
}
