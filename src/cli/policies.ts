// The policies folder as a command needs it: read as of a day, with everything that is wrong with it.

import type { FindingAt } from '../model/plan.ts'
import { isRefusal, type Problem } from '../model/problem.ts'
import type { Instant } from '../model/time.ts'
import { type LoadedPolicy, loadPolicy } from '../policy/load.ts'
import { hintOf } from '../render/problem.ts'
import type { Host } from './host.ts'
import { type Options, pathOf } from './options.ts'

export interface Policies extends LoadedPolicy {
  /** The folder as the user names it, with a `/`: what stands before every file's name. */
  readonly folder: string
}

export async function readPolicies(host: Host, options: Options, at: Instant): Promise<Policies> {
  const loaded = await loadPolicy(pathOf(host, options.policies), at)
  return { ...loaded, folder: `${options.policies.replace(/^\.\/+(?=.)/, '').replace(/\/+$/, '')}/` }
}

/** What must be mended before there can be a plan. */
export function isMistake(problem: Problem): boolean {
  return problem.severity === 'error' && !isRefusal(problem)
}

/** What a plan shows of the policy's problems. */
export function findingsOf(problems: readonly Problem[], folder: string): readonly FindingAt[] {
  return problems.map(problem => {
    const { severity, code, message, at } = problem
    const hint = hintOf(problem, folder)
    return { severity, code, message, ...(hint === '' ? {} : { hint }), ...(at === undefined ? {} : { at }) }
  })
}
