// What apps ask of guests, on the sandbox's Graph: one policy for each set of demands, kept as the policy says, weakened only
// with a second look, and nobody else's touched.

import { describe, expect, test } from 'vitest'
import { type GraphWriter, RequestFailure } from '../../src/model/directories.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { isRefusal } from '../../src/model/problem.ts'
import { appRoleAssignment } from '../../src/resources/entra/app-role-assignment.ts'
import { application } from '../../src/resources/entra/application.ts'
import { conditionalAccessPolicy } from '../../src/resources/entra/conditional-access-policy.ts'
import { group } from '../../src/resources/entra/group.ts'
import { access, app, appIdOf, enterpriseApps, openRun, partner, policyOf, type Run } from './tenant-run.ts'

const kinds = [application, group, appRoleAssignment, conditionalAccessPolicy]
const path = '/identity/conditionalAccess/policies'
const glass = '5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41'
const spare = '5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a42'
const terms = 'terms-of-use:8a1f6f2e-53c9-4b7d-9d0e-6c2b417fa935'

interface Found {
  readonly id: string
  readonly displayName: string
  readonly state: string
  // biome-ignore lint/suspicious/noExplicitAny: as Graph has it
  readonly [key: string]: any
}

async function policies({ graph }: Run): Promise<readonly Found[]> {
  const { body } = await graph.get(`${path}?$top=999`)
  return body.value
}

async function onlyPolicy(run: Run): Promise<Found> {
  const [found, ...more] = await policies(run)
  if (found === undefined || more.length > 0) throw new Error('there is not one policy')
  return found
}

async function covered(run: Run): Promise<Readonly<Record<string, readonly string[]>>> {
  const names = new Map(['pay', 'wiki', 'shop', 'mail'].map(name => [appIdOf(name), name]))
  const list = await policies(run)
  return Object.fromEntries(
    list.map(({ displayName, conditions }) => [
      displayName.replace('guestlist: guests need ', ''),
      conditions.applications.includeApplications.map((id: string) => names.get(id) ?? id),
    ]),
  )
}

/** Only what this kind does. */
async function apply(run: Run, policy: ResolvedPolicy, writer?: (real: GraphWriter) => GraphWriter) {
  const done = await run.apply(policy, writer)
  return done
    .filter(text => text.includes('conditional-access-policy'))
    .map(text => text.replace('conditional-access-policy/', ''))
}

const seed = {
  ...enterpriseApps('pay', 'wiki', 'shop', 'mail'),
  groups: [
    { id: glass, displayName: 'Break Glass', members: ['boss@contoso.com'] },
    { id: spare, displayName: 'Spare' },
  ],
  users: [
    { userPrincipalName: 'boss@contoso.com', displayName: 'Boss' },
    { mail: 'lee@fabrikam.com', displayName: 'Lee', userType: 'Guest' },
  ],
}

const strict = { conditionalAccess: { state: 'enabled', excludeGroups: [glass.toUpperCase()] } }
const four = [app('pay', ['mfa', 'sign-in-frequency:8h']), app('wiki', ['mfa']), app('shop', ['mfa']), app('mail')]

describe('demands', () => {
  test('are one policy for each set, over its apps, for guests only', async () => {
    const run = await openRun(kinds, seed)
    const policy = await policyOf(strict, four)
    expect(await apply(run, policy)).toEqual(['create mfa neutral', 'create mfa+sign-in-frequency:8h neutral'])
    expect(await covered(run)).toEqual({ mfa: ['shop', 'wiki'], 'mfa, sign-in-frequency:8h': ['pay'] })
    const [first, second] = await policies(run)
    expect(first).toMatchObject({
      displayName: 'guestlist: guests need mfa',
      state: 'enabled',
      conditions: {
        clientAppTypes: ['all'],
        users: {
          includeUsers: [],
          includeGroups: [],
          excludeGroups: [glass],
          includeGuestsOrExternalUsers: {
            guestOrExternalUserTypes: expect.stringMatching(/^(?!.*serviceProvider).*\binternalGuest\b/),
            externalTenants: { membershipKind: 'all' },
          },
        },
      },
      grantControls: { operator: 'AND', builtInControls: ['mfa'], termsOfUse: [] },
    })
    expect(first?.sessionControls ?? null).toBeNull()
    expect(second?.sessionControls.signInFrequency).toEqual({
      value: 8,
      type: 'hours',
      isEnabled: true,
      frequencyInterval: 'timeBased',
      authenticationType: 'primaryAndSecondaryAuthentication',
    })
    expect(await apply(run, policy)).toEqual([])
  })

  test('become controls of their own, and a frequency is the most frequent one in the units of the service', async () => {
    const run = await openRun(kinds, seed)
    const requires = [
      'mfa',
      'phishing-resistant-mfa',
      'compliant-device',
      terms,
      'sign-in-frequency:72h',
      'sign-in-frequency:50h',
    ]
    const policy = await policyOf({}, [app('pay', requires)])
    expect(await apply(run, policy)).toEqual([
      `create compliant-device+phishing-resistant-mfa+sign-in-frequency:2d+${terms} neutral`,
    ])
    const [made] = await policies(run)
    expect(made?.state).toBe('enabledForReportingButNotEnforced')
    expect(made?.grantControls).toMatchObject({
      operator: 'AND',
      builtInControls: ['compliantDevice'],
      termsOfUse: [terms.slice(13)],
      authenticationStrength: { id: '00000000-0000-0000-0000-000000000004' },
    })
    expect(made?.sessionControls.signInFrequency).toMatchObject({ value: 2, type: 'days' })
    expect(await apply(run, policy)).toEqual([])
  })

  test('of a name that is too long are known again', async () => {
    const run = await openRun(kinds, seed)
    const many = Array.from({ length: 8 }, (_, index) => `${terms.slice(0, -1)}${index}`)
    const policy = await policyOf({}, [app('pay', many)])
    expect(await apply(run, policy)).toHaveLength(1)
    expect((await policies(run))[0]?.displayName).toHaveLength(256)
    expect(await apply(run, policy)).toEqual([])
    expect(await apply(run, await policyOf({}, [app('pay')]))).toEqual([
      expect.stringMatching(/^delete .* privileged$/),
    ])
    expect(await policies(run)).toEqual([])
  })

  test('open nothing before they are there', async () => {
    const run = await openRun(kinds, { ...seed, users: [], groups: [] })
    const documents = [partner('fabrikam'), app('wiki', ['mfa']), access('wiki')]
    const { plan } = await run.plan(await policyOf({}, documents))
    const assignment = plan.changes.find(({ kind }) => kind === 'app-role-assignment')
    expect(assignment?.dependsOn).toContain('entra/conditional-access-policy/mfa')
    const blocked = await run.plan(await policyOf({ conditionalAccess: { excludeGroups: [spare] } }, documents))
    expect(blocked.plan.waiting.map(({ id }) => id)).toEqual([
      'entra/app-role-assignment/wiki/default-access/fabrikam/engineers',
      'entra/conditional-access-policy/mfa',
    ])
  })
})

test('an app whose own conditions cannot be made yet keeps those that it has', async () => {
  const run = await openRun(kinds, seed)
  await apply(
    run,
    await policyOf(strict, [app('pay', ['mfa', 'sign-in-frequency:8h']), app('wiki', ['mfa']), app('shop', ['mfa'])]),
  )
  const gone = '11111111-2222-4333-8444-555555555555'
  const held = await policyOf({ conditionalAccess: { state: 'report-only', excludeGroups: [glass, gone] } }, [
    app('pay', ['compliant-device']),
    app('wiki', ['phishing-resistant-mfa']),
    app('shop', ['mfa']),
  ])
  expect(await apply(run, held)).toEqual(['update mfa privileged'])
  expect(await covered(run)).toEqual({ mfa: ['shop', 'wiki'], 'mfa, sign-in-frequency:8h': ['pay'] })
  expect(await apply(run, held)).toEqual([])
  const corrected = await policyOf(strict, [
    app('pay', ['compliant-device']),
    app('wiki', ['phishing-resistant-mfa']),
    app('shop', ['mfa']),
  ])
  await apply(run, corrected)
  expect(await covered(run)).toEqual({ mfa: ['shop'], 'compliant-device': ['pay'], 'phishing-resistant-mfa': ['wiki'] })
})

describe('a change', () => {
  const cases: readonly (readonly [what: string, entra: object, apps: readonly object[], done: readonly string[]])[] = [
    [
      'an app that asks more',
      strict,
      [app('pay', ['mfa', 'sign-in-frequency:8h']), app('wiki', ['mfa', 'compliant-device']), app('shop', ['mfa'])],
      ['create compliant-device+mfa neutral', 'update mfa neutral'],
    ],
    [
      'an app that asks nothing any more',
      strict,
      [app('pay', ['mfa', 'sign-in-frequency:8h']), app('wiki'), app('shop', ['mfa'])],
      ['update mfa privileged'],
    ],
    [
      'an app that leaves the policy',
      strict,
      [app('pay', ['mfa', 'sign-in-frequency:8h']), app('wiki', ['mfa'])],
      ['update mfa neutral'],
    ],
    [
      'a set that an app in it no longer asks',
      strict,
      [app('pay', ['mfa']), app('wiki', ['mfa']), app('shop', ['mfa'])],
      ['update mfa neutral', 'delete mfa+sign-in-frequency:8h privileged'],
    ],
    [
      'a set that nobody asks any more, for what includes it',
      strict,
      [app('pay', ['phishing-resistant-mfa', 'sign-in-frequency:1h']), app('wiki', ['mfa']), app('shop', ['mfa'])],
      ['create phishing-resistant-mfa+sign-in-frequency:1h neutral', 'delete mfa+sign-in-frequency:8h neutral'],
    ],
    ['no app at all', strict, [], ['delete mfa neutral', 'delete mfa+sign-in-frequency:8h neutral']],
    [
      'report-only',
      { conditionalAccess: { excludeGroups: [glass] } },
      four,
      ['update mfa privileged', 'update mfa+sign-in-frequency:8h privileged'],
    ],
    [
      'disabled',
      { conditionalAccess: { state: 'disabled', excludeGroups: [glass] } },
      four,
      ['update mfa privileged', 'update mfa+sign-in-frequency:8h privileged'],
    ],
    [
      'a further group that is excluded',
      { conditionalAccess: { state: 'enabled', excludeGroups: [spare, glass] } },
      four,
      ['update mfa privileged', 'update mfa+sign-in-frequency:8h privileged'],
    ],
    [
      'no group that is excluded',
      { conditionalAccess: { state: 'enabled' } },
      four,
      ['update mfa neutral', 'update mfa+sign-in-frequency:8h neutral'],
    ],
  ]

  test.each(cases)('%s', async (_what, entra, apps, done) => {
    const run = await openRun(kinds, seed)
    await apply(run, await policyOf(strict, four))
    const policy = await policyOf(entra, apps)
    expect(await apply(run, policy)).toEqual(done)
    expect(await apply(run, policy)).toEqual([])
  })

  test('takes an app up before another policy lets go of it', async () => {
    const run = await openRun(kinds, seed)
    await apply(run, await policyOf(strict, four))
    const later = [app('pay', ['mfa']), app('wiki', ['mfa', 'compliant-device']), app('shop', ['mfa'])]
    const { plan } = await run.plan(await policyOf(strict, later))
    const order = plan.changes.filter(({ kind }) => kind === 'conditional-access-policy').map(({ id }) => id.slice(32))
    expect(order).toEqual(['compliant-device+mfa', 'mfa', 'mfa+sign-in-frequency:8h'])
  })
})

describe('what is there', () => {
  const edits: readonly (readonly [what: string, change: object, risk: string])[] = [
    ['a user let off', { conditions: { users: { excludeUsers: ['someone'] } } }, 'neutral'],
    [
      'guests let off',
      {
        conditions: { users: { excludeGuestsOrExternalUsers: { guestOrExternalUserTypes: 'b2bCollaborationGuest' } } },
      },
      'neutral',
    ],
    [
      'a place',
      { conditions: { locations: { includeLocations: ['All'], excludeLocations: ['AllTrusted'] } } },
      'neutral',
    ],
    ['employees, too', { conditions: { users: { includeUsers: ['All'] } } }, 'privileged'],
    ['a browser only', { conditions: { clientAppTypes: ['browser'] } }, 'neutral'],
    [
      'fewer kinds of guests',
      { conditions: { users: { includeGuestsOrExternalUsers: { guestOrExternalUserTypes: 'internalGuest' } } } },
      'neutral',
    ],
    ['an app let off', { conditions: { applications: { excludeApplications: [appIdOf('wiki')] } } }, 'neutral'],
    [
      'an app that we do not know',
      { conditions: { applications: { includeApplications: [appIdOf('wiki'), appIdOf('shop'), appIdOf('mail')] } } },
      'privileged',
    ],
    ['another control', { grantControls: { operator: 'AND', builtInControls: ['compliantDevice'] } }, 'privileged'],
    ['switched off', { state: 'disabled' }, 'neutral'],
    ['cookies kept', { sessionControls: { persistentBrowser: { mode: 'always', isEnabled: true } } }, 'privileged'],
  ]

  test.each(edits)('is corrected: %s', async (_what, change, risk) => {
    const run = await openRun(kinds, seed)
    const policy = await policyOf(strict, [app('wiki', ['mfa']), app('shop', ['mfa'])])
    await apply(run, policy)
    const { id, ...before } = await onlyPolicy(run)
    expect((await run.graph.patch(`${path}/${id}`, change)).status).toBe(204)
    expect(await apply(run, policy)).toEqual([`update mfa ${risk}`])
    expect(await apply(run, policy)).toEqual([])
    const [after] = await policies(run)
    expect(after).toMatchObject({ state: before.state, grantControls: { builtInControls: ['mfa'] } })
  })

  test('differs in nothing that the service writes its own way', async () => {
    const run = await openRun(kinds, seed)
    const policy = await policyOf(strict, [app('wiki', ['mfa'])])
    await apply(run, policy)
    const { id } = await onlyPolicy(run)
    const users = {
      includeGuestsOrExternalUsers: {
        guestOrExternalUserTypes:
          'otherExternalUser,b2bDirectConnectUser,internalGuest,b2bCollaborationMember,b2bCollaborationGuest',
      },
    }
    const applications = { includeApplications: [appIdOf('wiki').toUpperCase()] }
    const locations = { includeLocations: [], excludeLocations: [] }
    const change = { conditions: { users, applications, locations }, grantControls: { operator: 'OR' } }
    expect((await run.graph.patch(`${path}/${id}`, change)).status).toBe(204)
    expect(await apply(run, policy)).toEqual([])
  })

  test('stays if it has not our name exactly', async () => {
    const names = [
      'Guests need mfa',
      'guestlist: guests need MFA',
      'guestlist: guests need mfa, compliant-device',
      'guestlist: guests need mfa ',
    ]
    const conditions = {
      applications: { includeApplications: ['All'] },
      users: { includeGuestsOrExternalUsers: { guestOrExternalUserTypes: 'internalGuest' } },
    }
    const conditionalAccessPolicies = names.map(displayName => ({
      displayName,
      state: 'disabled',
      conditions,
      grantControls: { operator: 'OR', builtInControls: ['mfa'] },
    }))
    const run = await openRun(kinds, { ...seed, conditionalAccessPolicies })
    const before = await policies(run)
    expect(await apply(run, await policyOf(strict, [app('wiki', ['mfa'])]))).toEqual(['create mfa neutral'])
    expect(await apply(run, await policyOf(strict, [app('wiki')]))).toEqual(['delete mfa privileged'])
    expect(await policies(run)).toEqual(before)
  })

  test('is not made twice when the answer is lost, and of two the second is told', async () => {
    const run = await openRun(kinds, seed)
    const policy = await policyOf(strict, [app('wiki', ['mfa'])])
    const lossy = (real: GraphWriter): GraphWriter => ({
      ...real,
      post: async (to, body) => {
        await real.post(to, body)
        throw new RequestFailure(0, 'timeout', 'no answer in time')
      },
    })
    expect(await apply(run, policy, lossy)).toEqual(['create mfa neutral failed'])
    expect(await apply(run, policy)).toEqual([])
    const { displayName, state, conditions, grantControls } = await onlyPolicy(run)
    expect((await run.graph.post(path, { displayName, state, conditions, grantControls })).status).toBe(201)
    expect(await apply(run, policy)).toEqual([])
    expect(await run.findings(policy)).toEqual([
      expect.objectContaining({ code: 'conditions-twice', severity: 'warning' }),
    ])
    expect(await apply(run, await policyOf(strict, []))).toHaveLength(2)
    expect(await policies(run)).toEqual([])
  })
})

describe('findings', () => {
  test('an application that is not in the tenant holds up nothing, and is covered once it is there', async () => {
    const run = await openRun(kinds, { ...seed, ...enterpriseApps('wiki') })
    const policy = await policyOf(strict, [app('wiki', ['mfa']), app('shop', ['mfa'])])
    expect(await apply(run, policy)).toEqual(['create mfa neutral'])
    expect(await covered(run)).toEqual({ mfa: ['wiki'] })
    expect(await apply(run, policy)).toEqual([])
    const { body: registered } = await run.graph.post('/applications', { displayName: 'shop' })
    await run.graph.post('/servicePrincipals', { appId: registered.appId })
    const known = await policyOf(strict, [
      app('wiki', ['mfa']),
      { ...app('shop', ['mfa']), entra: { appId: registered.appId } },
    ])
    expect(await apply(run, known)).toEqual(['update mfa neutral'])
    expect((await covered(run)).mfa?.toSorted()).toEqual([registered.appId, 'wiki'].sort())
  })

  test('a group that is excluded must be there, and guests in it are told', async () => {
    const run = await openRun(kinds, seed)
    const gone = '11111111-2222-4333-8444-555555555555'
    const good = await policyOf(strict, [app('wiki', ['mfa'])])
    await apply(run, good)
    const bad = await policyOf({ conditionalAccess: { state: 'enabled', excludeGroups: [glass, gone] } }, [
      app('wiki', ['mfa']),
      app('shop', ['mfa']),
      app('pay', ['compliant-device']),
    ])
    const planned = await run.plan(bad)
    expect(planned.plan.findings).toEqual([
      expect.objectContaining({
        severity: 'error',
        code: 'unknown-excluded-group',
        message: expect.stringContaining(gone),
      }),
    ])
    expect(planned.plan.waiting).toEqual([
      expect.objectContaining({ id: 'entra/conditional-access-policy/compliant-device' }),
    ])
    // What is there is kept right all the same.
    expect(await apply(run, bad)).toEqual(['update mfa neutral'])
    expect((await policies(run))[0]?.conditions.users.excludeGroups).toEqual([glass])

    const { body } = await run.graph.get("/users?$filter=mail eq 'lee@fabrikam.com'&$select=id")
    await run.graph.post(`/groups/${glass}/members/$ref`, { '@odata.id': `x/directoryObjects/${body.value[0].id}` })
    expect(await run.findings(good)).toEqual([
      expect.objectContaining({
        severity: 'warning',
        code: 'guests-excluded',
        message: expect.stringContaining('lee@fabrikam.com'),
      }),
    ])
  })

  const block = { operator: 'OR', builtInControls: ['block'] }
  const everything = { includeApplications: ['All'] }
  const blocking: readonly (readonly [what: string, change: object, apps: string | undefined])[] = [
    [
      'everybody from everything',
      { conditions: { applications: everything, users: { includeUsers: ['All'] } } },
      'shop, wiki',
    ],
    [
      'guests from one app',
      {
        conditions: {
          applications: { includeApplications: [appIdOf('shop')] },
          users: { includeUsers: ['GuestsOrExternalUsers'] },
        },
      },
      'shop',
    ],
    [
      'guests from all but one',
      {
        conditions: {
          applications: { ...everything, excludeApplications: [appIdOf('shop')] },
          users: {
            includeGuestsOrExternalUsers: {
              guestOrExternalUserTypes: 'b2bCollaborationGuest',
              externalTenants: { membershipKind: 'all' },
            },
          },
        },
      },
      'wiki',
    ],
    [
      'everybody but guests',
      {
        conditions: {
          applications: everything,
          users: {
            includeUsers: ['All'],
            excludeGuestsOrExternalUsers: { guestOrExternalUserTypes: 'b2bCollaborationGuest' },
          },
        },
      },
      undefined,
    ],
    [
      'old clients',
      { conditions: { clientAppTypes: ['other'], applications: everything, users: { includeUsers: ['All'] } } },
      undefined,
    ],
    [
      'from abroad',
      {
        conditions: {
          locations: { includeLocations: ['All'], excludeLocations: ['AllTrusted'] },
          applications: everything,
          users: { includeUsers: ['All'] },
        },
      },
      undefined,
    ],
    [
      'nobody yet',
      {
        state: 'enabledForReportingButNotEnforced',
        conditions: { applications: everything, users: { includeUsers: ['All'] } },
      },
      undefined,
    ],
    ['a group', { conditions: { applications: everything, users: { includeGroups: [glass] } } }, undefined],
  ]

  test.each(blocking)('somebody else’s policy that blocks %s', async (_what, change, apps) => {
    const theirs = { displayName: 'Theirs', state: 'enabled', grantControls: block, ...change }
    const run = await openRun(kinds, { ...seed, conditionalAccessPolicies: [theirs] })
    const findings = await run.findings(await policyOf(strict, [app('wiki', ['mfa']), app('shop')]))
    const message = `the conditional access policy \`Theirs\` blocks all guests from ${apps}`
    expect(findings).toEqual(apps === undefined ? [] : [expect.objectContaining({ code: 'guests-blocked', message })])
  })

  test('a tenant has room for 195 policies, everybody’s together', async () => {
    const conditions = { applications: { includeApplications: ['None'] }, users: { includeUsers: ['None'] } }
    const conditionalAccessPolicies = Array.from({ length: 194 }, (_, index) => ({
      displayName: `Theirs ${index}`,
      state: 'disabled',
      conditions,
      grantControls: block,
    }))
    const run = await openRun(kinds, { ...seed, conditionalAccessPolicies })
    expect(await run.findings(await policyOf(strict, [app('wiki', ['mfa'])]))).toEqual([])
    const [finding] = await run.findings(await policyOf(strict, four))
    expect(finding).toMatchObject({
      code: 'guardrail/conditional-access-limit',
      message: expect.stringMatching(/194 .* of at most 195, .* need 2 more/),
    })
    expect(finding !== undefined && isRefusal(finding)).toBe(true)
  })

  test('what may not be read is no absence', async () => {
    const run = await openRun(kinds, seed)
    const policy = await policyOf(strict, four)
    const from = {
      list: async (asked: string) => {
        if (asked === path) throw new RequestFailure(403, 'AccessDenied', 'required scopes are missing in the token')
        return []
      },
      listEach: async () => [],
    }
    await expect(conditionalAccessPolicy.observe({ entra: from as never }, policy)).rejects.toThrow(/Policy\.Read\.All/)
    expect(await policies(run)).toEqual([])
  })
})
