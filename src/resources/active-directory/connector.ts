// A connector's computer account: only looked at. Delegation waits for one that is not there.

import { ids } from '../../model/id.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { appliedApps, isKerberos, kerberosOf } from '../../model/supported.ts'
import type { ResourceKind } from '../kind.ts'
import { connectorName, connectorsOf, readConnectors } from './connectors.ts'
import { domainOf, openDomain, protection, value } from './domain.ts'

type ConnectorSpec = Readonly<Record<string, never>>

export const connector: ResourceKind<ConnectorSpec> = {
  plane: 'active-directory',
  name: 'connector',

  *desire(policy): Iterable<Desired<ConnectorSpec>> {
    if (domainOf(policy) === undefined) return
    for (const app of appliedApps(policy)) {
      if (!isKerberos(app) || (kerberosOf(app)?.delegation ?? 'constrained') !== 'constrained') continue
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
    const resources = entries.map((entry): Observed<ConnectorSpec> => {
      const refused = protection(entry)
      return {
        id: ids.connector(connectorName(entry)),
        objectId: value(entry, 'objectGUID') ?? '',
        name: entry.dn,
        owned: false,
        needs: [],
        spec: {},
        ...(refused === undefined ? {} : { refused }),
      }
    })
    return { resources }
  },

  normalize: spec => spec,
  risk: () => 'neutral',
  perform: () => Promise.reject(new Error('a connector is never changed')),
}
