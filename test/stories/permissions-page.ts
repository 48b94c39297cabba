// The tables and lists of docs/permissions.md, as they follow from src/model/permissions.ts.

import { type Feature, features, identities, type Need, needs, permissions } from '../../src/model/permissions.ts'

const code = (text: string): string => `\`${text}\``

/** What there is no permission for. */
const without: Partial<Readonly<Record<Feature, string>>> = {
  'connector-group':
    'Graph lets applications neither see nor assign connector groups: a person does. The plan that publishes the app says so; where the policy names the group by id, every plan does',
}

export function featureTable(): string {
  const rows = (Object.keys(features) as Feature[]).map(feature => {
    const own = needs.filter(need => need.feature === feature)
    const named = (phase: Need['phase']): string => {
      const names = new Set(own.filter(need => need.phase === phase).map(({ permission }) => code(permission)))
      return names.size === 0 ? '-' : [...names].join(', ')
    }
    return `| ${features[feature]} | ${named('plan')} | ${named('apply')} | ${without[feature] ?? losses(own)} |`
  })
  return ['| feature | to plan | to apply | without it |', '|---|---|---|---|', ...rows].join('\n')
}

function losses(own: readonly Need[]): string {
  const told = own.filter(({ lost }) => lost !== 'every plan stops')
  const texts = told.map(({ permission, lost }) => `${code(permission)}: ${lost}`)
  return texts.length === 0 ? 'every plan stops' : texts.join('.<br>')
}

export function reachTable(): string {
  const used = new Set(Object.values(identities).flat())
  const rows = Object.entries(permissions)
    .filter(([name]) => used.has(name) || needs.some(({ permission }) => permission === name))
    .map(([name, { tier, reach }]) => `| ${code(name)} | ${tier === 'tier-0' ? '**tier-0**' : tier} | ${reach} |`)
  return ['| permission | blast radius | who holds it can |', '|---|---|---|', ...rows].join('\n')
}

export function avoidTable(): string {
  const rows = Object.entries(permissions)
    .filter(([name]) => !needs.some(({ permission }) => permission === name))
    .map(([name, { tier, reach }]) => `| ${code(name)} | ${tier === 'tier-0' ? '**tier-0**' : tier} | ${reach} |`)
  return ['| permission | blast radius | who holds it can |', '|---|---|---|', ...rows].join('\n')
}

/** Ready to paste. */
export function listOf(identity: keyof typeof identities): string {
  return ['```text', ...identities[identity], '```'].join('\n')
}
