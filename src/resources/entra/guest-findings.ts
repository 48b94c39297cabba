// What a reviewer must know of guests who were there before us: whom we take over, and who comes back from the deleted users.

import { ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Observed } from '../../model/resource.ts'
import type { GuestSpec } from './guest-state.ts'
import { expectedPrincipalName } from './tenant.ts'

/** Of a guest who is taken over. */
export function aboutTaken(
  { owned, name = '', spec }: Observed<GuestSpec>,
  policy: ResolvedPolicy,
): readonly FindingAt[] {
  if (owned) return []
  const { address, mail } = spec
  const [at] = policy.people.get(address)?.origins ?? []
  const told = (code: string, message: string, hint: string): FindingAt => ({
    severity: 'warning',
    code,
    message,
    hint,
    about: [ids.guest(address)],
    ...(at === undefined ? {} : { at }),
  })
  const isExpected = name.toLowerCase() === expectedPrincipalName(address, policy).toLowerCase()
  const isOther = mail !== undefined && mail.toLowerCase() !== address && !isExpected
  return [
    ...(isOther
      ? [
          told(
            'known-by-other-mail',
            `the guest ${name} (${mail}) is taken for ${address}, which is only among its other mails`,
            'make sure that it is the same person: what the policy grants goes to this guest',
          ),
        ]
      : []),
    ...(spec.signIn
      ? []
      : [
          told(
            'switched-on-again',
            `somebody switched off the sign-in of ${address}, who is to be let in`,
            'apply switches it on: take the person out of the policy if that is not meant',
          ),
        ]),
  ]
}

/** Graph does not tell what a deleted guest is in. */
export function aboutReturning(
  resources: readonly Observed<GuestSpec>[],
  policy: ResolvedPolicy,
): readonly FindingAt[] {
  const returning = resources.filter(({ spec }) => spec.deleted === true).map(({ spec }) => spec.address)
  const [first] = returning.toSorted()
  const at = policy.people.get(first ?? '')?.origins[0]
  if (first === undefined) return []
  const whom = returning.length === 1 ? first : `${first} and ${returning.length - 1} more`
  return [
    {
      severity: 'warning',
      code: 'returning-guest',
      message: `${whom} will come back from the deleted users, with whatever groups and apps others gave them before`,
      hint: 'nobody can see these before that: plan again then',
      about: returning.toSorted().map(address => ids.guest(address)),
      ...(at === undefined ? {} : { at }),
    },
  ]
}
