// Guests who reach an app by a way that no policy names, in words: who, how, since when, and what a person can do. Many
// people on one way are one finding.

import type { FindingAt } from '../../model/plan.ts'
import { directly, isAsked, type Obstacle, type Obstacles } from './unmanaged-removal.ts'
import { dayOf, nameOf, type Way } from './unmanaged-ways.ts'

const mostNamed = 5

/** Of what goes for the app's own sake, the plan's changes tell. `goes`: for this app's sake, or for another's. */
export function findingsOf(
  ways: readonly Way[],
  obstacles: Obstacles,
  goes: (way: Way) => boolean,
): readonly FindingAt[] {
  const byWay = Map.groupBy(ways, ({ app, appRole, group }) => JSON.stringify([app.name, appRole, group?.id]))
  return [...byWay.values()].flatMap((people): readonly FindingAt[] => {
    const [first] = people
    if (first === undefined || (goes(first) && isAsked(first))) return []
    const obstacle = obstacles.get(first.group?.id ?? directly)
    const hint = goes(first) ? leaving(first) : obstacle === undefined ? unasked : hindered(obstacle, first)
    const message = messageOf(first, people)
    return [{ severity: 'warning', code: 'unmanaged-guest', message, hint, at: first.app.origin }]
  })
}

const unasked = 'name the access in a policy, take it away by hand, or have it taken away: `unmanagedGuests: remove`'

function hindered({ why, step }: Obstacle, way: Way): string {
  if (!isAsked(way)) return `name the access in a policy, or ${step}`
  const left = way.group === undefined ? 'does not take it away' : 'takes nobody out of it'
  return `guestlist ${left}, for ${why}: ${step}`
}

function leaving({ group }: Way): string {
  return `they leave the ${nameOf(group)}, since another app that it opens has \`unmanagedGuests: remove\`, and lose this one with it`
}

function messageOf({ app, appRole, group, assignments }: Way, people: readonly Way[]): string {
  const role = appRole === 'default-access' ? '' : ` as ${appRole}`
  const number = people.length === 1 ? 'a guest reaches' : `${people.length} guests reach`
  const listed = people.map(way => [way.person, remarksOn(way)] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  const names = listed.slice(0, mostNamed).map(([person, remarks]) => person + remarks)
  const more = listed.length > mostNamed ? ` and ${listed.length - mostNamed} more` : ''
  const how = group === undefined ? nameOf(group) : `the ${nameOf(group)} (assignment of ${dayOf({ assignments })})`
  return `${number} ${app.name}${role} by ${how}, which no policy names: ${names.join(', ')}${more}`
}

function remarksOn(way: Way): string {
  const remarks = [
    ...(way.group === undefined ? [`assignment of ${dayOf(way)}`] : []),
    ...(way.user.accountEnabled === false ? ['sign-in is off'] : []),
  ]
  return remarks.length === 0 ? '' : ` (${remarks.join(', ')})`
}
