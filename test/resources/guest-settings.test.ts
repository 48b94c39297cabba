// What guests may be, and who may invite them: what the policy names, and nothing else.

import { describe, expect, test } from 'vitest'
import { RequestFailure } from '../../src/model/directories.ts'
import { guestSettings } from '../../src/resources/entra/guest-settings.ts'
import { openRun, partner, policyOf, type Run } from './tenant-run.ts'

const kinds = [guestSettings]
const path = '/policies/authorizationPolicy'
const restricted = '2af84b1e-32c8-42b7-82bc-daa82404023b'
const limited = '10dae51f-b6af-4016-8d66-8c2a99b929b3'
const member = 'a0b1b346-4d3e-4e8b-98f8-753987be4970'

const settings = async ({ graph }: Run): Promise<readonly [role: string, inviters: string]> => {
  const { body } = await graph.get(path)
  return [body.guestUserRoleId, body.allowInvitesFrom]
}
const seed = (guestUserRoleId: string, allowInvitesFrom: string, more: object = {}): object => ({
  authorizationPolicy: { guestUserRoleId, allowInvitesFrom },
  ...more,
})

describe('what the policy says', () => {
  const cases: readonly (readonly [object, object, string, readonly [string, string]])[] = [
    [
      seed(limited, 'everyone'),
      { role: 'restricted', invitedBy: 'admins' },
      'neutral',
      [restricted, 'adminsAndGuestInviters'],
    ],
    [seed(limited, 'everyone'), { role: 'member' }, 'privileged', [member, 'everyone']],
    [
      seed(restricted, 'adminsAndGuestInviters'),
      { role: 'limited' },
      'privileged',
      [limited, 'adminsAndGuestInviters'],
    ],
    [
      seed(restricted, 'none'),
      { invitedBy: 'members' },
      'privileged',
      [restricted, 'adminsGuestInvitersAndAllMembers'],
    ],
    [
      seed(member, 'adminsAndGuestInviters'),
      { role: 'restricted', invitedBy: 'everyone' },
      'privileged',
      [restricted, 'everyone'],
    ],
    [seed(limited, 'everyone'), { invitedBy: 'nobody' }, 'neutral', [limited, 'none']],
    [
      seed('00000000-1111-4222-8333-444444444444', 'everyone'),
      { role: 'restricted' },
      'privileged',
      [restricted, 'everyone'],
    ],
  ]

  test.each(cases)('case %#: becomes so, and the rest stays', async (there, guests, risk, result) => {
    const run = await openRun(kinds, there)
    const policy = await policyOf({ guests }, [])
    expect(await run.apply(policy)).toEqual([`update guest-settings/tenant ${risk}`])
    expect(await settings(run)).toEqual(result)
    expect(await run.apply(policy)).toEqual([])
    // Nothing is reset when the policy says nothing any more.
    expect(await run.apply(await policyOf({}, []))).toEqual([])
    expect(await settings(run)).toEqual(result)
  })

  test('is asked of nobody whom it does not concern', async () => {
    const refusing = { get: async () => Promise.reject(new RequestFailure(403, 'Authorization_RequestDenied', 'no')) }
    const observe = async (entra: object, documents: readonly object[]) =>
      guestSettings.observe({ entra: refusing as never }, await policyOf(entra, documents))
    expect(await observe({}, [])).toEqual({ resources: [] })
    await expect(observe({ guests: { role: 'restricted' } }, [])).rejects.toThrow('no')
    await expect(observe({}, [partner('fabrikam')])).rejects.toThrow('no')
  })
})

describe('nobody may invite', () => {
  const lee = { users: [{ mail: 'lee@fabrikam.com', displayName: 'Lee', userType: 'Guest' }] }
  const documents = [partner('fabrikam')]
  const codes = async (there: object, entra: object): Promise<readonly string[]> => {
    const findings = await (await openRun(kinds, there)).findings(await policyOf(entra, documents))
    return findings.map(({ severity, code }) => `${severity} ${code}`)
  }

  test.each([
    ['by the policy', seed(limited, 'everyone'), { guests: { invitedBy: 'nobody' } }, ['error nobody-may-invite']],
    ['by the tenant', seed(limited, 'none'), {}, ['error nobody-may-invite']],
    ['any more, since the policy opens it', seed(limited, 'none'), { guests: { invitedBy: 'admins' } }, []],
    ['and everybody is there', seed(limited, 'none', lee), { guests: { invitedBy: 'nobody' } }, []],
    ['but administrators', seed(limited, 'adminsAndGuestInviters'), {}, []],
  ])('%s', async (_what, there, entra, expected) => {
    expect(await codes(there, entra)).toEqual(expected)
  })
})
