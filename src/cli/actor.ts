// On whose behalf an apply runs: whom the pipeline names, else the operating system's user.

import type { Actor } from '../model/journal.ts'
import type { Host } from './host.ts'

export function actorOf({ env, user }: Pick<Host, 'env' | 'user'>): Actor {
  const value = (name: string): string | null => env[name]?.trim() || null
  const machine = user?.machine ?? null
  if (value('GITHUB_ACTIONS') === 'true') {
    const [repository, id, attempt] = [value('GITHUB_REPOSITORY'), value('GITHUB_RUN_ID'), value('GITHUB_RUN_ATTEMPT')]
    const again = attempt === null ? '' : `/attempts/${attempt}`
    const run = `${value('GITHUB_SERVER_URL') ?? 'https://github.com'}/${repository}/actions/runs/${id}${again}`
    return {
      // Who pressed the button, where a run of somebody else is run again.
      name: value('GITHUB_TRIGGERING_ACTOR') ?? value('GITHUB_ACTOR'),
      via: 'github',
      run: repository === null || id === null ? null : run,
      machine: value('RUNNER_NAME') ?? machine,
    }
  }
  if (value('TF_BUILD') !== null) {
    const [collection, project, id] = [
      value('SYSTEM_COLLECTIONURI'),
      value('SYSTEM_TEAMPROJECT'),
      value('BUILD_BUILDID'),
    ]
    const run = `${collection?.replace(/\/$/, '')}/${encodeURIComponent(project ?? '')}/_build/results?buildId=${id}`
    return {
      name: value('BUILD_REQUESTEDFOREMAIL') ?? value('BUILD_REQUESTEDFOR'),
      via: 'azure-pipelines',
      run: collection === null || project === null || id === null ? null : run,
      machine: value('AGENT_MACHINENAME') ?? machine,
    }
  }
  return { name: user?.name ?? null, via: 'terminal', run: null, machine }
}
