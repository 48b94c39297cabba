// A story as a person would tell it, for the one that a law fails on.

import fc from 'fast-check'
import type { AppDoc, Documents, PartnerDoc } from './policies.ts'
import type { Story } from './story.ts'
import { nothing } from './world.ts'

/** A value that fast-check prints as the story that it stands for. */
export function told<Value extends object>(value: Value, story: Story): Value {
  return Object.defineProperty({ ...value }, fc.toStringMethod, { value: () => tell(story), enumerable: false })
}

function tell({ start, chapters }: Story): string {
  const usual: Readonly<Record<string, unknown>> = { ...nothing }
  const unusual = Object.entries(start).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name]))
  const lines = [
    'In the beginning:',
    ...unusual.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`),
    ...chapters.flatMap(({ documents, tampering, later }, index) => [
      `${later / 86_400_000} days later${tampering.length === 0 ? ':' : ', by hand:'}`,
      ...tampering.map(({ what, one, other }) => `  ${what} (${one}, ${other})`),
      `Policy ${index + 1}:`,
      ...policyLines(documents).map(line => `  ${line}`),
    ]),
  ]
  return `\n${lines.join('\n')}\n`
}

function policyLines({ organization, partners, apps, accesses }: Documents): readonly string[] {
  const { entra, activeDirectory, applicationProxy } = organization
  const { offboarding, organizationalUnits, anchorAttribute } = activeDirectory
  const units = Object.values(organizationalUnits).map(dn => dn.replace(/,DC=.*/, ''))
  const groups = applicationProxy.connectorGroups.map(
    ({ name, id, connectors }) => `${name}${id === undefined ? ' (no id)' : ''} = ${connectors.join(' ')}`,
  )
  return [
    `assignments ${entra.assignments ?? 'managed'}, guests go after ${entra.offboarding?.deleteAfter ?? 'never'}, accounts after ${offboarding?.deleteAfter ?? 'never'}, anchor ${anchorAttribute ?? 'default'}`,
    `guests ${JSON.stringify(entra.guests ?? {})}, conditions ${JSON.stringify(entra.conditionalAccess ?? {})}`,
    `units ${units.join(' | ')}; connectors ${groups.join('; ')}`,
    ...partners.flatMap(partnerLines),
    ...apps.map(appLine),
    ...accesses.map(
      ({ partner, groups: [group = ''], app, role, from, until }) =>
        `access ${partner}/${group} -> ${app} as ${role}${from === undefined ? '' : ` from ${from}`}${until === undefined ? '' : ` until ${until}`}`,
    ),
  ]
}

function partnerLines({
  name,
  displayName,
  domains,
  sponsors,
  groups,
  tenantId,
  trust,
  automaticRedemption,
}: PartnerDoc): readonly string[] {
  return [
    ...(tenantId === undefined ? [] : [`  (tenant of ${name}: ${JSON.stringify({ trust, automaticRedemption })})`]),
    `partner ${name} (${displayName}) of ${domains.join(' ')}, sponsors ${sponsors?.join(' ') ?? 'unnamed'}`,
    ...Object.entries(groups).map(([group, content]) => {
      const members =
        'members' in content
          ? content.members.map(
              ({ address, displayName: shown, until }) =>
                `${address}${shown === undefined ? '' : '*'}${until === undefined ? '' : ` until ${until}`}`,
            )
          : [`from ${JSON.stringify(content.membersFrom)}`]
      return `  ${group}: ${members.join(', ') || 'nobody'}`
    }),
  ]
}

function appLine({
  name,
  displayName,
  hosting,
  entra,
  proxy,
  signOn,
  roles,
  requires,
  unmanagedGuests,
}: AppDoc): string {
  const parts = [hosting, entra, proxy, signOn, roles, requires, unmanagedGuests].flatMap(part =>
    part === undefined ? [] : [typeof part === 'string' ? part : JSON.stringify(part)],
  )
  return `app ${name} (${displayName}): ${parts.join(' ')}`
}
