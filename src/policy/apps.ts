// Apps -> roles and places, and what an app needs of the Organization: connectors that may delegate, units that may be
// written.

import type { App } from '../model/policy.generated.ts'
import type { ResolvedApp, ResolvedRole } from '../model/policy.ts'
import type { Origin, Problem } from '../model/problem.ts'
import type { Checked } from './check.ts'
import { faultAt, originAt, step } from './document.ts'
import { choiceHint, nearest } from './hint.ts'
import { byKey } from './order.ts'

type Report = (problem: Problem) => void

export function resolveApps(apps: ReadonlyMap<string, Checked<'App'>>): ReadonlyMap<string, ResolvedApp> {
  return byKey([...apps.values()].map(app => [app.name, resolveApp(app)]))
}

function resolveApp({ name, spec, document }: Checked<'App'>): ResolvedApp {
  const origin = originAt(document, '/name')
  const part = (key: string): Origin => (document.places.has(`/${key}`) ? originAt(document, `/${key}`, 'key') : origin)
  const roles = Object.entries(spec.roles ?? {}).map(([role, parts]): [string, ResolvedRole] => [
    role,
    { name: role, ...parts, origin: originAt(document, `/roles${step(role)}`, 'key') } as ResolvedRole,
  ])
  return {
    name,
    spec: spec as App,
    origin,
    roles: byKey(roles.length === 0 ? [['user', { name: 'user', origin }]] : roles),
    origins: { proxy: part('proxy'), signOn: part('signOn'), requires: part('requires'), entra: part('entra') },
  }
}

export function checkApps(
  apps: Iterable<Checked<'App'>>,
  organization: Checked<'Organization'> | undefined,
  report: Report,
): void {
  for (const app of apps) {
    checkPreauthentication(app, report)
    if (organization !== undefined) checkConnectors(app, organization, report)
    if (app.spec.hosting === 'cloud') checkNoDirectoryGroups(app, report)
  }
}

function checkPreauthentication({ spec, document }: Checked<'App'>, report: Report): void {
  const how = (['kerberos', 'header'] as const).find(key => spec.signOn?.[key] !== undefined)
  if (how === undefined || spec.proxy?.preauthentication !== 'passthrough') return
  const message = `sign-on by ${how === 'kerberos' ? 'Kerberos' : 'header'} needs preauthentication by Entra`
  const fault = {
    code: 'needs-preauthentication',
    message,
    hint: 'write `preauthentication: entra`: the connector must know who is there',
  } as const
  report(faultAt(document, '/proxy/preauthentication', 'value', { severity: 'error', ...fault }))
}

function checkConnectors(
  { name, spec, document, sound }: Checked<'App'>,
  organization: Checked<'Organization'>,
  report: Report,
): void {
  const groups = (organization.spec.applicationProxy?.connectorGroups ?? []).filter(group => group !== undefined)
  const named = spec.proxy?.connectorGroup
  const index = groups.findIndex(group => group.name === named)
  if (named !== undefined && index === -1) {
    const names = groups.flatMap(group => group.name ?? [])
    const meant = nearest(named, names)
    const see = originAt(
      organization.document,
      meant === undefined ? '/applicationProxy' : `/applicationProxy/connectorGroups/${names.indexOf(meant)}/name`,
      meant === undefined ? 'key' : 'value',
    )
    const hint = choiceHint(named, names, 'the Organization names no connector group')
    const message = `there is no connector group \`${named}\``
    report(
      faultAt(document, '/proxy/connectorGroup', 'value', {
        severity: 'error',
        code: 'unknown-connector-group',
        message,
        hint,
        see,
      }),
    )
    return
  }
  const kerberos = spec.signOn?.kerberos
  if (kerberos === undefined || kerberos.delegation === 'unmanaged' || !organization.sound) return
  if (named === undefined && !sound) return
  if ((groups[index]?.connectors ?? []).length > 0) return
  const hint =
    named === undefined
      ? 'name a `connectorGroup` whose `connectors` the Organization lists'
      : `list the computer accounts of ${named} under \`connectors\``
  const see = index === -1 ? {} : { see: originAt(organization.document, `/applicationProxy/connectorGroups/${index}`) }
  const message = `no connectors are known that may delegate to ${name}`
  report(
    faultAt(
      document,
      named === undefined ? '/signOn/kerberos' : '/proxy/connectorGroup',
      named === undefined ? 'key' : 'value',
      { severity: 'error', code: 'no-connectors', message, hint, ...see },
    ),
  )
}

function checkNoDirectoryGroups({ spec, document }: Checked<'App'>, report: Report): void {
  for (const [role, parts] of Object.entries(spec.roles ?? {})) {
    if (parts?.adGroup === undefined) continue
    const message = '`adGroup` has no meaning for a cloud app'
    const fault = { code: 'misplaced-key', message, hint: 'a cloud app knows its people by the app role' } as const
    report(faultAt(document, `/roles${step(role)}/adGroup`, 'key', { severity: 'error', ...fault }))
  }
}
