// What is described and used by nothing: probably a forgotten Access, or something that can go.

import type { Problem } from '../model/problem.ts'
import type { ResolvedAccess } from './accesses.ts'
import { faultAt, step } from './document.ts'
import type { Named } from './names.ts'

export function reportUnused(
  { partners, apps }: Named,
  accesses: readonly ResolvedAccess[],
  report: (problem: Problem) => void,
): void {
  const used = new Set(accesses.flatMap(access => access.groups.map(group => `${access.partner}/${group.name}`)))
  const reached = new Set(accesses.map(access => access.app))
  for (const { name, spec, document } of partners.values()) {
    for (const group of Object.keys(spec.groups ?? {})) {
      if (used.has(`${name}/${group}`)) continue
      const fault = {
        code: 'unused-group',
        message: `no access names the group ${group} of ${name}`,
        hint: 'grant it something, or remove it',
      } as const
      report(faultAt(document, `/groups${step(group)}`, 'key', { severity: 'warning', ...fault }))
    }
  }
  for (const { name, document } of apps.values()) {
    if (reached.has(name)) continue
    const fault = {
      code: 'unreached-app',
      message: `no access opens ${name} to anybody`,
      hint: 'grant access to it, or remove it',
    } as const
    report(faultAt(document, '/name', 'value', { severity: 'warning', ...fault }))
  }
}
