// Where the lines of a plan can be looked at: in a workflow of GitHub, on its pages, at the very commit that was planned.

import type { Line, Plan } from '../model/plan.ts'
import type { Links } from '../render/markdown/detail.ts'
import type { FromRoot } from '../render/report.ts'
import type { Host } from './host.ts'

/** Empty elsewhere, and of a plan that no commit stands behind. */
export function linksOf({ env }: Host, { commit }: Plan, fromRoot: FromRoot): Links {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '', GITHUB_RUN_ID: run = '' } = env
  if (!/^https?:/.test(server) || !URL.canParse(server) || !/^[\w.-]+\/[\w.-]+$/.test(repository)) return {}
  const project = `${server}/${repository}`
  const file = ({ file, line }: Line): string => {
    const path = fromRoot(file).toWellFormed().split('/').map(encodeURIComponent).join('/')
    return `${project}/blob/${commit}/${path}#L${line}`
  }
  return {
    ...(commit === null ? {} : { file }),
    ...(/^\d+$/.test(run) ? { fullPlan: `${project}/actions/runs/${run}` } : {}),
  }
}
