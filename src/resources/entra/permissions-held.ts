// The permissions that our access token has, against those that the policy needs: missing ones with what is lost without,
// and those that are too many.

import { type Checked, untold, warning, well, wrong } from '../../model/checkup.ts'
import { needsOf } from '../../model/needs.ts'
import { isMet, leastOf, type Need, needs, permissions } from '../../model/permissions.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { isPreAssigned } from '../../model/sign-on.ts'

/** What the access token says; undefined: a token that tells nothing, as the sandbox's. */
export interface Identity {
  readonly roles: ReadonlySet<string>
  readonly tenantId: string | undefined
  readonly objectId: string | undefined
}

const howToGrant =
  'docs/permissions.md has the lists and the commands; a permission counts from the next token on, within an hour'

export async function checkPermissions({
  policy,
  identity,
}: {
  readonly policy: ResolvedPolicy
  readonly identity: Identity | undefined
}): Promise<readonly Checked[]> {
  if (identity === undefined) {
    return [untold('permissions', 'permissions cannot be told: the access token does not say which it has')]
  }
  const { roles } = identity
  const missing = (phase: 'plan' | 'apply'): readonly Need[] =>
    needsOf(policy, phase).filter(need => need.phase === phase && !isMet(need, roles))
  const [toPlan, unmet] = [missing('plan'), missing('apply')]
  const [toApply, byHand] = [
    unmet.filter(need => !isByHand(need, policy)),
    unmet.filter(need => isByHand(need, policy)),
  ]
  const onlyPlans = !canWrite(roles)
  const used = needsOf(policy, onlyPlans ? 'plan' : 'apply').filter(need => !isByHand(need, policy))
  return [
    ...(toPlan.length === 0 ? [well('permissions', 'permissions to plan: all there')] : lacking(toPlan, 'plan')),
    ...(toApply.length === 0
      ? [well('permissions', 'permissions to apply: all there')]
      : onlyPlans
        ? [untold('plan-only', `may plan, but not apply: ${leastOf(toApply).join(', ')} ${are(toApply)} missing`)]
        : lacking(toApply, 'apply')),
    ...(byHand.length === 0 || onlyPlans ? [] : [directAssignments]),
    ...excess(roles, leastOf(used), policy),
  ]
}

/** Who does without the right to assign does without taking direct assignments away. */
function isByHand({ feature, permission }: Need, policy: ResolvedPolicy): boolean {
  return isPreAssigned(policy) && feature === 'unnamed-ways' && permission === 'AppRoleAssignment.ReadWrite.All'
}

const directAssignments = warning(
  'direct-assignments',
  'with `assignments: pre-assigned`, guests who are assigned directly stay where an app says `unmanagedGuests: remove`',
  'a person takes them away: every plan names them',
)

function are(wanted: readonly Need[]): string {
  return leastOf(wanted).length === 1 ? 'is' : 'are'
}

function canWrite(roles: ReadonlySet<string>): boolean {
  return needs.some(need => need.phase === 'apply' && /Write|Invite/.test(need.permission) && isMet(need, roles))
}

/** A line for each permission, with all that is lost without it. */
function lacking(wanted: readonly Need[], phase: 'plan' | 'apply'): readonly Checked[] {
  return leastOf(wanted).map(permission => {
    const lost = wanted.filter(need => isMet(need, new Set([permission]))).map(need => need.lost)
    const named = [...new Set(lost)]
      .filter(text => text !== 'the same')
      .join('; ')
      .replaceAll('**', '')
    const message = `${permission} is missing to ${phase}${named === '' ? '' : `: ${named}`}`
    return wrong('missing-permission', message, `grant it, with admin consent; ${howToGrant}`)
  })
}

function excess(roles: ReadonlySet<string>, least: readonly string[], policy: ResolvedPolicy): readonly Checked[] {
  const spare = [...roles].filter(role => !least.includes(role)).sort()
  const strong = spare.filter(role => ['tier-0', 'high'].includes(permissions[role]?.tier ?? ''))
  const strange = spare.filter(role => permissions[role] === undefined)
  const hint = `take it away: guestlist does without it here. It needs ${least.join(', ')}`
  const preAssigned = isPreAssigned(policy)
  return [
    ...strong.map(role => {
      const why =
        preAssigned && role === 'AppRoleAssignment.ReadWrite.All' ? ', which pre-assigned is there to avoid' : ''
      return warning('excess-permission', `${role} is more than needed: it can ${permissions[role]?.reach}${why}`, hint)
    }),
    ...(strange.length === 0
      ? []
      : [
          warning(
            'unused-permission',
            `permissions that guestlist never uses: ${strange.join(', ')}`,
            'take them away',
          ),
        ]),
  ]
}
