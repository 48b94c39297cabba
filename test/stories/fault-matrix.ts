// The cases of the fault matrix: each fault, before and after its request was carried out where that makes a difference, at
// each sort of request, once, now and then, and always; and whole bad days.

import type { Conditions } from '../../src/sandbox/conditions.ts'
import {
  type FaultRule,
  type GraphFault,
  graphFaults,
  isDelivery,
  isStatus,
  mayBeCarriedOut,
} from '../../src/sandbox/graph/faults/kinds.ts'
import { weathers } from '../../src/sandbox/graph/faults/weather.ts'
import { chance } from '../laws/interleaving.ts'

export interface Case {
  readonly name: string
  readonly conditions: Conditions
  /** The first request of its sort is struck: such a case must not pass because nothing went wrong. */
  readonly mustStrike?: boolean
}

/** What an apply of the small life sends. */
export const places: readonly Pick<FaultRule, 'on' | 'in'>[] = [
  { on: 'POST /invitations' },
  { on: 'PATCH /users/*' },
  { on: 'POST /users/*/revokeSignInSessions' },
  { on: 'POST /users/*/sponsors/$ref' },
  { on: 'PATCH /groups/*' },
  { on: 'POST /groups/*/members/$ref' },
  { on: 'DELETE /groups/*/members/*/$ref' },
  // By its unique name: made or changed.
  { on: 'PATCH /*' },
  { on: 'PATCH /applications/*' },
  { on: 'DELETE /applications/*' },
  { on: 'PUT /applications/*/connectorGroup/$ref' },
  { on: 'PATCH /servicePrincipals/*' },
  { on: 'POST /servicePrincipals/*/addTokenSigningCertificate' },
  { on: 'POST /servicePrincipals/*/appRoleAssignedTo' },
  { on: 'DELETE /servicePrincipals/*/appRoleAssignedTo/*' },
  { on: 'POST /identity/conditionalAccess/policies' },
  { on: 'PATCH|DELETE /identity/conditionalAccess/policies/*' },
  { on: 'POST|PATCH /policies/crossTenantAccessPolicy/**' },
  { on: 'PATCH /policies/authorizationPolicy' },
  { on: 'GET' },
  { on: 'GET', in: 'batch' },
  { on: 'POST /$batch' },
  { on: 'POST|PATCH|PUT|DELETE', in: 'alone' },
  { on: 'POST|PATCH|PUT|DELETE', in: 'batch' },
]

type Density = Pick<FaultRule, 'nth' | 'every'>

const densities: readonly Density[] = [{ nth: 1 }, { every: 2 }, {}]
/** Where many requests go. */
const more: readonly Density[] = [{ nth: 2 }, { nth: 5 }, { every: 7 }]
const isBusy = ({ on = '' }: FaultRule | (typeof places)[number]): boolean =>
  on === 'GET' || on.startsWith('POST|PATCH|PUT')

/** These strike one sort of request, wherever they are told to. */
const placed: Partial<Record<GraphFault, Pick<FaultRule, 'on'>>> = {
  'repeated-link': { on: 'GET' },
  'repeated-items': { on: 'GET' },
  'empty-page': { on: 'GET' },
  resync: { on: 'GET' },
  'invitation-error': { on: 'POST /invitations' },
  phantom: { on: 'POST /invitations' },
  'directory-full': { on: 'POST' },
}

function rulesFor(fault: GraphFault): readonly FaultRule[] {
  const own = placed[fault]
  return (own === undefined ? places : [own]).flatMap(place =>
    [false, ...(mayBeCarriedOut(fault) ? [true] : [])].flatMap(carriedOut =>
      [...densities, ...(isBusy(place) ? more : [])].map(density => ({
        fault,
        ...place,
        ...density,
        carriedOut,
        ...(fault === 'slow' ? { ms: 110_000 } : {}),
      })),
    ),
  )
}

export function nameOf({ fault, on = '', in: within, nth, every, carriedOut = false }: FaultRule): string {
  const times = nth === undefined ? (every === undefined ? 'always' : `every ${every}`) : `the ${nth}.`
  return `${fault}${carriedOut ? ' after' : ''} at ${on}${within === undefined ? '' : ` ${within}`}, ${times}`
}

const single: readonly Case[] = graphFaults.flatMap(fault =>
  rulesFor(fault).map(rule => ({
    name: nameOf(rule),
    conditions: { seed: 1, graph: [rule] },
    mustStrike: rule.nth === 1 && (isDelivery(fault) || (isStatus(fault) && fault !== 409)),
  })),
)

function day(seed: number): Case {
  const draw = chance(seed)
  const weather = weathers[draw(weathers.length)]
  const lag = ([undefined, 2000, 500, 'incident'] as const)[draw(4)]
  const size = ([undefined, 'small', 'medium'] as const)[draw(3)]
  const second = draw(3) === 0 ? { directory: { seed, share: 0.05, secondServer: { lag: 5000 } } } : {}
  return {
    name: `day ${seed}: ${weather}, lag ${lag ?? 'none'}, quota ${size ?? 'none'}${'directory' in second ? ', two domain controllers' : ''}`,
    conditions: {
      seed,
      ...(weather === undefined ? {} : { weather }),
      ...(lag === undefined ? {} : { replication: { lag } }),
      ...(size === undefined ? {} : { quota: { size } }),
      ...second,
    },
  }
}

const plain: readonly Case[] = [
  { name: 'replicas that lag', conditions: { seed: 1, replication: { lag: 2000 } } },
  { name: 'replicas in an incident', conditions: { seed: 1, replication: { lag: 'incident' } } },
  { name: 'the small quota', conditions: { seed: 1, quota: { size: 'small' } } },
  { name: 'the medium quota', conditions: { seed: 1, quota: { size: 'medium' } } },
]

/** So many of each sort; all of what is named if a name is given. */
export function casesOf(singles: number, days: number, seed: number, only: string | undefined): readonly Case[] {
  const draw = chance(seed)
  const shuffled = single
    .map(each => ({ each, key: draw(1_000_000) }))
    .sort((a, b) => a.key - b.key)
    .map(({ each }) => each)
  if (only !== undefined) {
    const [, number] = /^day (\d+)/.exec(only) ?? []
    return number === undefined
      ? [...single, ...plain].filter(({ name }) => name.includes(only))
      : [day(Number(number))]
  }
  return [...plain, ...shuffled.slice(0, singles), ...Array.from({ length: days }, (_, index) => day(seed + index))]
}
