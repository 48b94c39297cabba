// One person and one app: every way by which the policy gives the app to the person, or by which the person has it, link by
// link; and where there is none, what a policy would have to say.

import type { Explanation, Ground, Path, Way } from '../model/explanation.ts'
import { defaultAccess, type Id, keyOf, kindOf } from '../model/id.ts'
import type { Address, ResolvedApp, ResolvedPolicy } from '../model/policy.ts'
import { isPreAssigned } from '../model/sign-on.ts'
import { adviceFor } from './advice.ts'
import { groundsOf, lastEnd } from './grounds.ts'
import { pathOf, type Route, type Situation } from './path.ts'
import type { Access } from './reach.ts'

export function explain(person: Address, name: string, accesses: Iterable<Access>, situation: Situation): Explanation {
  const { policy } = situation
  const app = policy.apps.get(name)
  const own = [...accesses].filter(access => access.person === person && access.app === name)
  if (app === undefined) return { person, app: name, paths: own.map(former) }
  const grounds = groundsOf(policy)(person, name)
  const roles = new Set([...grounds, ...own].map(({ role }) => role))
  const paths = [...roles].flatMap(role =>
    pathsOf(
      { person, app, role },
      grounds.filter(ground => ground.role === role),
      own.find(access => access.role === role),
      situation,
    ),
  )
  return { person, app: name, paths, ...(paths.length > 0 ? {} : { advice: adviceFor(person, app, policy) }) }
}

function pathsOf(
  of: Omit<Route, 'way'>,
  grounds: readonly Ground[],
  access: Access | undefined,
  situation: Situation,
): readonly Path[] {
  const { policy } = situation
  const inForce = grounds.filter(ground => ground.standing === 'in force')
  const named = distinct(inForce.map(ground => wayOf(ground, of.app, policy)))
  const unnamed = waysIn(access).filter(way => !named.some(each => isSame(each, way)))
  const told = (ways: readonly Way[], standing: Path['standing']): readonly Path[] =>
    ways.length === 0 ? [] : [best(ways, { ...of, grounds, standing }, situation)]
  if (named.length > 0 || unnamed.length > 0) return [...told(named, 'in force'), ...told(unnamed, 'unnamed')]
  const later = grounds.filter(ground => ground.standing === 'later')
  const rest = later.length > 0 ? later : grounds
  return told(distinct(rest.map(ground => wayOf(ground, of.app, policy))), later.length > 0 ? 'later' : 'ended')
}

function wayOf({ grant }: Ground, app: ResolvedApp, policy: ResolvedPolicy): Way {
  const appRole = app.roles.get(grant.role)?.appRole ?? defaultAccess
  return isPreAssigned(policy)
    ? { by: 'role-group', appRole }
    : { by: 'group', appRole, partner: grant.partner, group: grant.group }
}

/** The ways that an access is made of. */
function waysIn(access: Access | undefined): readonly Way[] {
  return (access?.links ?? []).flatMap((id: Id): Way[] => {
    const [, appRole = defaultAccess, third = '', fourth = ''] = keyOf(id)
    switch (kindOf(id)) {
      case 'entra/app-role-assignment':
        return [{ by: 'group', appRole, partner: third, group: fourth }]
      case 'entra/app-role-group-assignment':
        return [{ by: 'role-group', appRole }]
      case 'entra/unmanaged-access':
        return [{ by: 'hand', appRole, via: fourth }]
      default:
        return []
    }
  })
}

/** The way that works; where none does, the one that lacks least. */
function best(
  ways: readonly Way[],
  { grounds, standing, ...of }: Omit<Route, 'way'> & Pick<Path, 'grounds' | 'standing'>,
  situation: Situation,
): Path {
  const tried = ways
    .map(way => ({ way, links: pathOf({ ...of, way }, situation) }))
    .map(path => ({ ...path, lacks: path.links.filter(link => !link.passes).length }))
    .sort((a, b) => a.lacks - b.lacks)
  const [first, ...others] = tried
  if (first === undefined) throw new Error('a path without a way')
  const also = others.filter(({ lacks }) => lacks === 0).map(({ way }) => way)
  const { way, links, lacks } = first
  const until = lastEnd(grounds.filter(ground => ground.standing === (standing === 'unnamed' ? 'ended' : standing)))
  return { role: of.role, reaches: lacks === 0, standing, until, grounds, way, also, links }
}

/** What is left of an app that has left the policy is known by its access alone. */
function former({ role }: Access): Path {
  return { role, reaches: true, standing: 'unnamed', until: null, grounds: [], also: [], links: [] }
}

function distinct(ways: readonly Way[]): readonly Way[] {
  return ways.filter((way, index) => ways.findIndex(each => isSame(each, way)) === index)
}

function isSame(a: Way, b: Way): boolean {
  return keyOfWay(a) === keyOfWay(b)
}

function keyOfWay(way: Way): string {
  const rest = way.by === 'group' ? [way.partner, way.group] : way.by === 'hand' ? [way.via] : []
  return [way.by, way.appRole, ...rest].join('\n')
}
