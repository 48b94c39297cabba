// What an app is called: as people know it, and, where that does not tell it from another or is only just given, as the policy
// names it, too. Plain text, not escaped for anything.

import type { Plan } from '../model/plan.ts'

export type Titled = Pick<Plan, 'apps'> & Partial<Pick<Plan, 'settings'>>

export function titleOf(app: string, { apps, settings = [] }: Titled): string {
  const shown = apps[app]?.displayName
  if (shown === undefined) return app
  const isShared = Object.entries(apps).some(
    ([name, { displayName }]) => name !== app && displayName.toLowerCase() === shown.toLowerCase(),
  )
  const isRenamed = settings.some(
    ({ kind, name, action, after }) =>
      kind === 'app' && name === app && action === 'update' && after !== null && 'displayName' in after,
  )
  return isShared || isRenamed ? `${shown} (${app})` : shown
}
