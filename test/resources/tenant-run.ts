// Kinds of the tenant on the sandbox's Graph, over the production client: planned and applied as the program does.

import { connectGraph } from '../../src/connect/graph/client.ts'
import { applyPlan } from '../../src/engine/apply.ts'
import { makePlan, type Planned } from '../../src/engine/plan.ts'
import type { GraphWriter } from '../../src/model/directories.ts'
import type { Finding } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import type { AnyKind } from '../../src/resources/kind.ts'
import { load, today } from '../policy/folder.ts'
import { type Served, serve } from '../sandbox/graph/served.ts'

export const home = '7918d4b5-0442-4a97-be2d-36f9f9962ece'

export interface Run {
  readonly graph: Served
  readonly plan: (policy: ResolvedPolicy) => Promise<Planned>
  /** `create conditional-access-policy/mfa neutral`, one for each change, after all of them were made. */
  readonly apply: (policy: ResolvedPolicy, writer?: (real: GraphWriter) => GraphWriter) => Promise<readonly string[]>
  readonly findings: (policy: ResolvedPolicy) => Promise<readonly Finding[]>
}

export async function openRun(kinds: readonly AnyKind[], seed: object = {}): Promise<Run> {
  const graph = await serve(seed, { tenantId: home, initialDomain: 'contoso.onmicrosoft.com' })
  const clock = { now: () => today, random: () => 0, sleep: async () => undefined }
  const connection = connectGraph({ root: graph.url, getToken: async () => 'token', clock, lagDeadline: 1000 })
  const plan = (policy: ResolvedPolicy): Promise<Planned> =>
    makePlan({
      kinds,
      policy,
      from: { entra: connection.reader() },
      folder: '',
      version: '0',
      createdAt: today,
    })
  return {
    graph,
    plan,
    apply: async (policy, writer = real => real) => {
      const planned = await plan(policy)
      const outcomes = await applyPlan({
        kinds,
        planned,
        to: { entra: writer(connection.writer()), randomBytes: count => new Uint8Array(count), now: today },
        concurrency: 4,
        elapsed: () => 0,
      })
      return outcomes.map(outcome => {
        const { action, id, risk } = outcome.change
        const text = `${action} ${id.replace('entra/', '')} ${risk}`
        return outcome.status === 'done' ? text : `${text} ${outcome.status}`
      })
    },
    findings: async policy => (await plan(policy)).plan.findings,
  }
}

/** A policy from documents; `entra` and `guardrails` are the organization's. */
export async function policyOf(entra: object, documents: readonly object[]): Promise<ResolvedPolicy> {
  const organization = {
    kind: 'Organization',
    name: 'contoso',
    entra: { tenantId: home, initialDomain: 'contoso.onmicrosoft.com', ...entra },
  }
  const text = [organization, ...documents]
    .map(document => JSON.stringify({ apiVersion: 'guestlist/v1', ...document }, undefined, 1))
    .join('\n---\n')
  const { policy, problems } = await load({ 'all.yaml': text })
  if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
  return policy
}

export function partner(name: string, more: object = {}): object {
  return {
    kind: 'Partner',
    name,
    displayName: name,
    accounts: 'entra-b2b',
    domains: [`${name}.com`],
    groups: { engineers: { members: [`lee@${name}.com`] } },
    ...more,
  }
}

const hex = (name: string): string => Buffer.from(name.padEnd(6, '_')).toString('hex').slice(0, 12)

/** The application id of an app of a test. */
export function appIdOf(name: string): string {
  return `00000000-0000-4000-8000-${hex(name)}`
}

export function app(name: string, requires: readonly string[] = []): object {
  return { kind: 'App', name, displayName: name, hosting: 'cloud', entra: { appId: appIdOf(name) }, requires }
}

export function access(to: string, group = 'engineers', of = 'fabrikam'): object {
  return { kind: 'Access', name: `${of}-${to}`, partner: of, groups: [group], app: to }
}

/** Enterprise applications, as a seed has them. */
export function enterpriseApps(...names: readonly string[]): object {
  return {
    applications: names.map(name => ({ appId: appIdOf(name), displayName: name })),
    servicePrincipals: names.map(name => ({ displayName: name, appRoleAssignmentRequired: true })),
  }
}
