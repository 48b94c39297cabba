// Rows of a list of accesses made by hand, and the policy that they are of.

import type { Ground, Listed } from '../../src/model/explanation.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'

export const listedPolicy = {
  organization: { spec: { name: 'contoso', displayName: 'Contoso Ltd.' } },
  apps: new Map([['payroll', { spec: { displayName: 'Payroll', hosting: 'on-premises' } }]]),
} as unknown as ResolvedPolicy

export function aGround(reason?: string, file = 'access/fabrikam.yaml'): Ground {
  const origin = { file, line: 7, column: 1 }
  const grant = {
    access: 'fabrikam-payroll',
    partner: 'fabrikam',
    group: 'engineers',
    app: 'payroll',
    role: 'user',
    inForce: true,
    origin,
    ...(reason === undefined ? {} : { reason }),
  }
  const member = { address: 'lee@fabrikam.com', inForce: true, origin }
  return { grant, role: 'user', member, standing: 'in force', until: '2027-06-30' }
}

export function aRow(over: Partial<Listed> = {}): Listed {
  return {
    person: 'lee@fabrikam.com',
    partner: 'fabrikam',
    app: 'payroll',
    role: 'user',
    groups: ['fabrikam/engineers'],
    unmanaged: [],
    basis: 'policy',
    until: '2027-06-30',
    because: [aGround('SOW-4711')],
    ...over,
  }
}
