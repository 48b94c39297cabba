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
    if (app.spec.signOn?.kerberos === undefined) checkRolesInEntra(app, report)
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

/** Only an app signed on to by Kerberos looks at groups in Active Directory: others know people by the app role alone. */
function checkRolesInEntra({ spec, document, sound }: Checked<'App'>, report: Report): void {
  if (spec.hosting === undefined || (spec.hosting === 'on-premises' && (!sound || spec.signOn === undefined))) return
  const how = Object.keys(spec.signOn ?? {})[0]
  const what = spec.hosting === 'cloud' ? 'a cloud app' : `an app with sign-on \`${how}\``
  const holders = new Map<string, string>()
  for (const [role, parts] of Object.entries(spec.roles ?? {})) {
    if (parts?.adGroup !== undefined) {
      const message = `\`adGroup\` has no meaning for ${what}`
      const hint = `${what} knows its people by the app role; only a Kerberos app looks at groups in Active Directory`
      const fault = { code: 'misplaced-key', message, hint } as const
      report(faultAt(document, `/roles${step(role)}/adGroup`, 'key', { severity: 'error', ...fault }))
    }
    const appRole = parts?.appRole ?? ''
    const holder = holders.get(appRole)
    if (holder === undefined) {
      holders.set(appRole, role)
      continue
    }
    const one = appRole === '' ? "the app's default access" : `the app role \`${appRole}\``
    const message = `\`${role}\` and \`${holder}\` are the same to the app: both are ${one}`
    const fault = {
      code: 'same-role',
      message,
      hint: `give each its own \`appRole\`, or leave one of them out`,
    } as const
    report(faultAt(document, `/roles${step(role)}`, 'key', { severity: 'warning', ...fault }))
  }
}
