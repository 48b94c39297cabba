// A connector's computer account: only looked at. Delegation waits for one that is not there.

import { ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { delegationOf } from '../../model/sign-on.ts'
import type { ResourceKind } from '../kind.ts'
import { connectorName, connectorsOf, readConnectors } from './connectors.ts'
import { domainOf, openDomain, protection, trustsAnybody, value } from './domain.ts'

type ConnectorSpec = Readonly<Record<string, never>>

export const connector: ResourceKind<ConnectorSpec> = {
  plane: 'active-directory',
  name: 'connector',

  *desire(policy): Iterable<Desired<ConnectorSpec>> {
    if (domainOf(policy) === undefined) return
    for (const app of [...policy.apps.values()]) {
      if (!['constrained', 'resource-based'].includes(delegationOf(app) ?? '')) continue
      for (const name of connectorsOf(app, policy)) {
        yield {
          id: ids.connector(name),
          needs: [],
          because: [policy.organization.origin],
          reference: true,
          awaited: {
            for: 'person',
            message: `no computer account ${name}$ is in the domain: join the connector, or correct its name`,
          },
          spec: {},
        }
      }
    }
  },

  async observe(from, policy) {
    const open = openDomain(from, policy)
    if (open === undefined) return { resources: [] }
    const entries = await readConnectors(open, policy)
    const serving = new Set([...connector.desire(policy)].map(desired => desired.id))
    const resources = entries.map((entry): Observed<ConnectorSpec> => {
      const refused = protection(entry)
      const sid = value(entry, 'objectSid')
      return {
        id: ids.connector(connectorName(entry)),
        objectId: value(entry, 'objectGUID') ?? '',
        name: entry.dn,
        owned: false,
        needs: [],
        spec: {},
        ...(sid === undefined ? {} : { related: { sid } }),
        ...(refused === undefined ? {} : { refused }),
      }
    })
    const findings = entries.filter(trustsAnybody).flatMap((entry): readonly FindingAt[] => {
      const name = connectorName(entry)
      if (!serving.has(ids.connector(name))) return []
      return [
        {
          severity: 'warning',
          code: 'unconstrained-delegation',
          message: `connector ${name} may sign in anywhere as whoever signs in to it, whatever the policy says`,
          hint: 'switch off "Trust this computer for delegation to any service" (TRUSTED_FOR_DELEGATION) on its account',
          at: policy.organization.origin,
        },
      ]
    })
    return { resources, findings }
  },

  normalize: spec => spec,
  risk: () => 'neutral',
  perform: () => Promise.reject(new Error('a connector is never changed')),
}
