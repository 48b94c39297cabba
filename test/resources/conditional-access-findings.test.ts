// Demands that nobody could ever meet are told before they lock a partner out.

import { expect, test } from 'vitest'
import { unmeetable } from '../../src/resources/entra/conditional-access-findings.ts'
import { accessTo, contoso, fabrikamWith } from '../policy/documents.ts'
import { load } from '../policy/folder.ts'

const policies = (partner: string, requires: string): Record<string, string> => ({
  'organization.yaml': contoso,
  'rest.yaml': `${fabrikamWith()}${partner}
---
apiVersion: guestlist/v1
kind: App
name: payroll
displayName: Payroll
hosting: cloud
entra: {appId: 2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6}
requires: [${requires}]
---
${accessTo('payroll')}`,
})

async function told(partner: string, requires: string): Promise<readonly string[]> {
  const { policy } = await load(policies(partner, requires))
  if (policy === undefined) throw new Error('the policy is whole')
  return unmeetable(policy).map(({ message }) => message)
}

const tenant = 'tenantId: 0f5c7a52-3e0b-4f5e-8d57-9b1a6c2e4d70'

test('a compliant device and a passkey can only be vouched for by the guest’s own tenant', async () => {
  expect(await told('', 'compliant-device')).toEqual([expect.stringContaining('`compliant-device` at payroll')])
  expect(await told('', 'phishing-resistant-mfa')).toHaveLength(1)
  expect(await told(`${tenant}\ntrust: {mfa: true}`, 'phishing-resistant-mfa, compliant-device')).toHaveLength(1)
})

test('what the partner’s tenant is trusted to vouch for, and what a guest can show here, is no finding', async () => {
  expect(
    await told(`${tenant}\ntrust: {mfa: true, compliantDevice: true}`, 'phishing-resistant-mfa, compliant-device'),
  ).toEqual([])
  expect(await told('', 'mfa, "sign-in-frequency:8h"')).toEqual([])
})
