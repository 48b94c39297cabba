// The account that runs an app's service, where that account says who may sign in for others: only looked at here. Looks at
// the services of all Kerberos apps besides: a name that is nobody's or two accounts' gets no ticket.

import type { DirectoryEntry } from '../../model/directories.ts'
import { ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { delegationOf, isKerberos, kerberosOf } from '../../model/sign-on.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { domainOf, openDomain, trustsAnybody, value } from './domain.ts'
import { holdersOf, readServices, refusalOf } from './services.ts'

type ServiceAccountSpec = Readonly<Record<string, never>>

export const serviceAccount: ResourceKind<ServiceAccountSpec> = {
  plane: 'active-directory',
  name: 'service-account',

  *desire(policy): Iterable<Desired<ServiceAccountSpec>> {
    for (const app of resourceBasedApps(policy)) {
      const service = serviceOf(app)
      yield {
        id: ids.serviceAccount(app.name),
        app: app.name,
        needs: [],
        because: [app.origins.signOn],
        reference: true,
        awaited: {
          for: 'person',
          message: `no account has the service principal name ${service}: register it, setspn -S ${service} <account>`,
        },
        spec: {},
      }
    }
  },

  async observe(from, policy): Promise<Observation<ServiceAccountSpec>> {
    const open = openDomain(from, policy)
    if (open === undefined) return { resources: [] }
    const accounts = await readServices(open, policy)
    return {
      resources: resourceBasedApps(policy).flatMap(app => observed(app, holdersOf(app, accounts)) ?? []),
      findings: [...policy.apps.values()].filter(isKerberos).flatMap(app => findingsOf(app, holdersOf(app, accounts))),
    }
  },

  normalize: spec => spec,
  risk: () => 'neutral',
  perform: () => Promise.reject(new Error('the account of a service is never changed')),
}

function resourceBasedApps(policy: ResolvedPolicy): readonly ResolvedApp[] {
  if (domainOf(policy) === undefined) return []
  return [...policy.apps.values()].filter(app => delegationOf(app) === 'resource-based')
}

function serviceOf(app: ResolvedApp): string {
  return kerberosOf(app)?.servicePrincipalName ?? ''
}

function observed(app: ResolvedApp, holders: readonly DirectoryEntry[]): Observed<ServiceAccountSpec> | undefined {
  const [account] = holders
  if (account === undefined) return undefined
  const refused = holders.length > 1 ? duplicate(app, holders) : refusalOf(account)
  return {
    id: ids.serviceAccount(app.name),
    app: app.name,
    objectId: value(account, 'objectGUID') ?? '',
    name: account.dn,
    owned: false,
    needs: [],
    spec: {},
    ...(refused === undefined ? {} : { refused }),
  }
}

function findingsOf(app: ResolvedApp, holders: readonly DirectoryEntry[]): readonly FindingAt[] {
  const at = app.origins.signOn
  const service = serviceOf(app)
  const findings: FindingAt[] = holders.filter(trustsAnybody).map(account => ({
    severity: 'warning',
    code: 'unconstrained-delegation',
    message: `${account.dn}, which runs ${app.name}, may sign in anywhere as whoever signs in to it`,
    hint: 'switch off "Trust this account for delegation to any service" (TRUSTED_FOR_DELEGATION) on the account',
    at,
  }))
  // Of an app with resource-based delegation the account itself is awaited, or refused.
  if (delegationOf(app) === 'resource-based') return findings
  if (holders.length === 0) {
    findings.push({
      severity: 'warning',
      code: 'spn-unregistered',
      message: `no account has the service principal name ${service}: nobody gets a ticket to ${app.name}`,
      hint: `register it on the account that runs the service: setspn -S ${service} <account>`,
      at,
    })
  }
  if (holders.length > 1) {
    findings.push({
      severity: 'error',
      ...duplicate(app, holders),
      hint: `leave it on the account that runs the service; of any other: setspn -D ${service} <account>`,
      at,
    })
  }
  return findings
}

function duplicate(app: ResolvedApp, holders: readonly DirectoryEntry[]): { code: string; message: string } {
  const names = holders.map(account => account.dn).sort()
  return {
    code: 'spn-duplicate',
    message: `${names.length} accounts have the service principal name ${serviceOf(app)} (${names.join('; ')}): nobody gets a ticket to ${app.name}`,
  }
}
