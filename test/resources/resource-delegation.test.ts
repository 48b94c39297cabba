// Resource-based delegation on the sandbox's directory: the descriptor of the service's account converges with the policy,
// what others wrote in it stays, and what is in the way is said.

import { expect, test } from 'vitest'
import { compare } from '../../src/engine/compare.ts'
import { desire } from '../../src/engine/desire.ts'
import { type ObservedState, observe } from '../../src/engine/observe.ts'
import {
  type Directories,
  type DirectoryWriter,
  type GraphReader,
  type Modification,
  RequestFailure,
} from '../../src/model/directories.ts'
import type { FindingAt, Waiting } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import type { Change } from '../../src/model/resource.ts'
import { connector } from '../../src/resources/active-directory/connector.ts'
import { kerberosDelegation } from '../../src/resources/active-directory/kerberos-delegation.ts'
import { resourceDelegation } from '../../src/resources/active-directory/resource-delegation.ts'
import { allowedSids, withAllowed } from '../../src/resources/active-directory/security-descriptor.ts'
import { serviceAccount } from '../../src/resources/active-directory/service-account.ts'
import { shadowAccount } from '../../src/resources/active-directory/shadow-account.ts'
import { createDirectory, type SandboxDirectory } from '../../src/sandbox/directory/directory.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { load, today } from '../policy/folder.ts'

const kinds = [connector, kerberosDelegation, serviceAccount, resourceDelegation]
const root = 'DC=corp,DC=contoso,DC=com'
const attribute = 'msDS-AllowedToActOnBehalfOfOtherIdentity'
/** A machine of an administrator's, in another domain. */
const stranger = 'S-1-5-21-1004336348-1177238915-682003330-1105'
const byHand = Buffer.from(withAllowed(undefined, stranger)).toString('base64')

interface App {
  readonly name: string
  readonly service?: string
  readonly delegation?: string
}

async function policyOf(apps: readonly App[], connectors: readonly string[] = ['C1', 'C2']): Promise<ResolvedPolicy> {
  const common = { apiVersion: 'guestlist/v1' }
  const partners = `OU=Partners,${root}`
  const documents = [
    {
      ...common,
      kind: 'Organization',
      name: 'contoso',
      displayName: 'Contoso',
      entra: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
      activeDirectory: {
        domain: 'corp.contoso.com',
        servers: ['ldaps://dc1.corp.contoso.com'],
        organizationalUnits: {
          shadowAccounts: `OU=Shadow,${partners}`,
          archive: `OU=Archive,${partners}`,
          groups: `OU=Groups,${partners}`,
        },
      },
      applicationProxy: { connectorGroups: [{ name: 'Headquarters', connectors }] },
    },
    {
      ...common,
      kind: 'Partner',
      name: 'fabrikam',
      displayName: 'Fabrikam',
      accounts: 'entra-b2b',
      domains: ['fabrikam.com'],
      groups: { engineers: { members: ['lee@fabrikam.com'] } },
    },
    ...apps.flatMap(({ name, service = 'shop', delegation = 'resource-based' }) => [
      {
        ...common,
        kind: 'App',
        name,
        displayName: name,
        hosting: 'on-premises',
        proxy: {
          internalUrl: `http://${name}.corp.contoso.com/`,
          externalUrl: `https://${name}-contoso.msappproxy.net/`,
          connectorGroup: 'Headquarters',
        },
        signOn: { kerberos: { servicePrincipalName: `HTTP/${service}.corp.contoso.com`, delegation } },
      },
      { ...common, kind: 'Access', name: `to-${name}`, partner: 'fabrikam', groups: ['engineers'], app: name },
    ]),
  ]
  const text = documents.map(document => JSON.stringify(document, undefined, 1)).join('\n---\n')
  const { policy, problems } = await load({ 'all.yaml': text })
  if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
  return policy
}

type Values = Readonly<Record<string, string | readonly string[]>>

function record(dn: string, classes: string, values: Values = {}): string {
  const lines = Object.entries({ objectClass: classes.split(' '), ...values }).flatMap(([name, list]) =>
    [list].flat().map(value => `${name}: ${value}`),
  )
  return [`dn: ${dn},${root}`, ...lines, ''].join('\n')
}

const user = 'top person organizationalPerson user'

function computer(name: string, values: Values = {}): string {
  const own = { sAMAccountName: `${name}$`, userAccountControl: '4096' }
  return record(`CN=${name},CN=Computers`, `${user} computer`, { ...own, ...values })
}

function account(name: string, services: readonly string[], values: Values = {}): string {
  const servicePrincipalName = services.map(service => `HTTP/${service}.corp.contoso.com`)
  const own = { sAMAccountName: name, userAccountControl: '66048', servicePrincipalName }
  return record(`CN=${name},CN=Users`, user, { ...own, ...values })
}

const connectors = [computer('C1'), computer('C2')]

function domain(...records: readonly string[]): SandboxDirectory {
  const store = openStore(undefined, 'directory')
  const directory = createDirectory({ store, domain: 'corp.contoso.com', clock: () => today })
  const units = ['OU=Partners', 'OU=Shadow,OU=Partners', 'OU=Archive,OU=Partners', 'OU=Groups,OU=Partners']
  const seed = [...units.map(unit => record(unit, 'top organizationalUnit')), ...connectors, ...records]
  directory.seed(`version: 1\n\n${seed.join('\n')}`, 'directory.ldif')
  return directory
}

interface Seen {
  readonly state: ObservedState
  readonly changes: readonly Change[]
  readonly waiting: readonly Waiting[]
  readonly findings: readonly FindingAt[]
}

const noUsers = { list: async () => [], listEach: async () => [] } as unknown as GraphReader

async function look(directory: DirectoryWriter, policy: ResolvedPolicy, of = kinds): Promise<Seen> {
  const from: Directories = { entra: noUsers, activeDirectory: directory }
  const state = await observe(of, from, policy)
  const { changes, waiting, findings } = compare(of, desire(of, policy), state, policy)
  return { state, changes, waiting, findings: [...state.findings, ...findings] }
}

/** Performs all changes at once, and then there are none. What they were, `action id`. */
async function converge(directory: DirectoryWriter, policy: ResolvedPolicy): Promise<readonly string[]> {
  const seen = await look(directory, policy)
  await performed(directory, policy, seen)
  expect((await look(directory, policy)).changes).toEqual([])
  return seen.changes.map(change => `${change.action} ${change.id.replace('active-directory/', '')}`).sort()
}

async function performed(directory: DirectoryWriter, policy: ResolvedPolicy, { changes, state }: Seen): Promise<void> {
  await Promise.all(
    changes.map(change => {
      const kind = kinds.find(each => each.name === change.kind)
      const to = { entra: noUsers, activeDirectory: directory } as unknown as Parameters<
        typeof resourceDelegation.perform
      >[1]
      return kind?.perform(
        change as never,
        to,
        id => {
          const found = state.resources.get(id)
          if (found === undefined) throw new Error(`${id} is not there`)
          return found
        },
        policy,
      )
    }),
  )
}

async function read(directory: DirectoryWriter, name: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const [entry] = await directory.search({
    base: root,
    scope: 'sub',
    filter: { equals: ['sAMAccountName', name] },
    attributes: ['objectSid', attribute, 'extensionName', 'msDS-AllowedToDelegateTo', 'objectGUID'],
  })
  return entry?.attributes ?? {}
}

async function sidOf(directory: DirectoryWriter, name: string): Promise<string> {
  return (await read(directory, name)).objectsid?.[0] ?? ''
}

/** Whom the account's descriptor names: connectors by their names. */
async function allowedBy(directory: DirectoryWriter, name: string): Promise<readonly string[] | undefined> {
  const [text] = (await read(directory, name))[attribute.toLowerCase()] ?? []
  if (text === undefined) return undefined
  const names = new Map([
    [stranger, 'stranger'],
    [await sidOf(directory, 'C1$'), 'C1'],
    [await sidOf(directory, 'C2$'), 'C2'],
    [await sidOf(directory, 'C3$'), 'C3'],
  ])
  return allowedSids(Buffer.from(text, 'base64')).map(sid => names.get(sid) ?? sid)
}

const shop: App = { name: 'shop' }

test('the connectors are allowed, each with a mark; they go with the app, and what was there before stays', async () => {
  const directory = domain(account('svc-shop', ['shop'], { [`${attribute}:`]: byHand, extensionName: 'kept by hand' }))
  expect(await converge(directory, await policyOf([shop]))).toEqual([
    'create resource-delegation/shop/C1',
    'create resource-delegation/shop/C2',
  ])
  expect((await allowedBy(directory, 'svc-shop'))?.toSorted()).toEqual(['C1', 'C2', 'stranger'])
  const marks = ['C1$', 'C2$'].map(async name => `guestlist.resource-delegation.shop:${await sidOf(directory, name)}`)
  expect((await read(directory, 'svc-shop')).extensionname?.toSorted()).toEqual(
    [...(await Promise.all(marks)), 'kept by hand'].sort(),
  )

  expect(await converge(directory, await policyOf([]))).toEqual([
    'delete resource-delegation/shop/C1',
    'delete resource-delegation/shop/C2',
  ])
  expect((await read(directory, 'svc-shop'))[attribute.toLowerCase()]).toEqual([byHand])
  expect((await read(directory, 'svc-shop')).extensionname).toEqual(['kept by hand'])
})

test('an account that nobody could sign in to before has no descriptor afterwards', async () => {
  const directory = domain(account('svc-shop', ['shop']))
  await converge(directory, await policyOf([shop]))
  expect(await allowedBy(directory, 'svc-shop')).toHaveLength(2)
  await converge(directory, await policyOf([]))
  expect(await read(directory, 'svc-shop')).not.toHaveProperty(attribute.toLowerCase())
})

test('a connector that may already is adopted, and one that leaves the policy goes, by its name', async () => {
  const directory = domain(account('svc-shop', ['shop']), computer('C3'))
  const allowed = withAllowed(undefined, await sidOf(directory, 'C3$'))
  await directory.modify(`CN=svc-shop,CN=Users,${root}`, [{ operation: 'add', attribute, values: [allowed] }])
  expect(await converge(directory, await policyOf([shop], ['c3']))).toEqual(['adopt resource-delegation/shop/C3'])
  expect(await allowedBy(directory, 'svc-shop')).toEqual(['C3'])
  expect(await converge(directory, await policyOf([shop], ['C1']))).toEqual([
    'create resource-delegation/shop/C1',
    'delete resource-delegation/shop/C3',
  ])
  expect(await allowedBy(directory, 'svc-shop')).toEqual(['C1'])
})

test('an app goes from one kind of delegation to the other and back', async () => {
  const directory = domain(account('svc-shop', ['shop']))
  const constrained = await policyOf([{ ...shop, delegation: 'constrained' }], ['C1'])
  await converge(directory, constrained)
  expect(await converge(directory, await policyOf([shop], ['C1']))).toEqual([
    'create resource-delegation/shop/C1',
    'delete kerberos-delegation/shop/C1',
  ])
  expect(await read(directory, 'C1$')).not.toHaveProperty('msds-allowedtodelegateto')
  expect(await converge(directory, constrained)).toEqual([
    'create kerberos-delegation/shop/C1',
    'delete resource-delegation/shop/C1',
  ])
  expect(await allowedBy(directory, 'svc-shop')).toBeUndefined()
})

test('two apps of one account share its entries: they go with the last', async () => {
  const directory = domain(account('svc-web', ['shop', 'stock']))
  const stock = { name: 'stock', service: 'stock' }
  await converge(directory, await policyOf([shop, stock]))
  expect(await allowedBy(directory, 'svc-web')).toHaveLength(2)
  await converge(directory, await policyOf([stock]))
  expect(await allowedBy(directory, 'svc-web')).toHaveLength(2)
  await converge(directory, await policyOf([]))
  expect(await allowedBy(directory, 'svc-web')).toBeUndefined()
})

test('a service that moves to another account: that one accepts the connectors, the old one no longer', async () => {
  const directory = domain(account('svc-old', ['shop']), account('svc-new', ['other']))
  await converge(directory, await policyOf([shop], ['C1']))
  const servicePrincipalName = 'HTTP/shop.corp.contoso.com'
  const move = async (operation: Modification['operation'], name: string): Promise<void> =>
    directory.modify(`CN=${name},CN=Users,${root}`, [
      { operation, attribute: 'servicePrincipalName', values: [servicePrincipalName] },
    ])
  await move('delete', 'svc-old')
  await move('add', 'svc-new')
  expect(await converge(directory, await policyOf([shop], ['C1']))).toEqual([
    'create resource-delegation/shop/C1',
    'delete resource-delegation/shop/C1 (svc-old)',
  ])
  expect(await allowedBy(directory, 'svc-old')).toBeUndefined()
  expect(await allowedBy(directory, 'svc-new')).toEqual(['C1'])
})

test('an entry that somebody took out comes back; one that somebody adds while we write stays', async () => {
  const directory = domain(account('svc-shop', ['shop']))
  const policy = await policyOf([shop], ['C1'])
  await converge(directory, policy)
  await directory.modify(`CN=svc-shop,CN=Users,${root}`, [{ operation: 'replace', attribute, values: [] }])
  let written = 0
  const disturbed: DirectoryWriter = {
    ...directory,
    search: request => directory.search(request),
    modify: async (target, modifications) => {
      written += 1
      if (written === 1) {
        const values = [withAllowed(undefined, stranger)]
        await directory.modify(target, [{ operation: 'add', attribute, values }])
      }
      await directory.modify(target, modifications)
    },
  }
  expect(await converge(disturbed, policy)).toEqual(['update resource-delegation/shop/C1'])
  expect(written).toBe(2)
  expect(await allowedBy(directory, 'svc-shop')).toEqual(['stranger', 'C1'])
})

test('a server that cannot compare descriptors gets the new one without the old', async () => {
  const directory = domain(account('svc-shop', ['shop'], { [`${attribute}:`]: byHand }))
  const unable: DirectoryWriter = {
    ...directory,
    modify: (target, modifications) => {
      const compared = modifications.some(part => part.operation === 'delete' && part.attribute === attribute)
      if (compared) return Promise.reject(new RequestFailure(16, 'noSuchAttribute', 'there is no such value'))
      return directory.modify(target, modifications)
    },
  }
  await converge(unable, await policyOf([shop]))
  expect((await allowedBy(directory, 'svc-shop'))?.toSorted()).toEqual(['C1', 'C2', 'stranger'])
  await converge(unable, await policyOf([]))
  expect(await allowedBy(directory, 'svc-shop')).toEqual(['stranger'])
})

test('a computer’s HOST stands for its HTTP', async () => {
  const directory = domain(computer('SHOP', { servicePrincipalName: 'HOST/shop.corp.contoso.com' }))
  await converge(directory, await policyOf([shop], ['C1']))
  expect(await allowedBy(directory, 'SHOP$')).toEqual(['C1'])
  expect((await look(directory, await policyOf([{ ...shop, delegation: 'constrained' }]))).findings).toEqual([])
})

test('a service that no account holds is waited for', async () => {
  const { changes, waiting, findings } = await look(domain(), await policyOf([shop], ['C1']))
  expect(changes).toEqual([])
  expect(findings).toEqual([])
  expect(waiting).toEqual([
    {
      id: 'active-directory/service-account/shop',
      for: 'person',
      message: expect.stringContaining('setspn -S HTTP/shop.corp.contoso.com <account>'),
    },
    expect.objectContaining({ id: 'active-directory/resource-delegation/shop/C1' }),
  ])
})

/** One with the same name as another: no directory takes it today, old ones have it. */
function second(name: string, service: string): string {
  return account(name, [], { servicePrincipalName: `HOST/${service}.corp.contoso.com` })
}

function doubling(directory: DirectoryWriter): DirectoryWriter {
  return {
    ...directory,
    search: async request => {
      const entries = await directory.search(request)
      return entries.map(({ dn, attributes }) => {
        const names = attributes.serviceprincipalname?.map(name => name.replace('HOST/', 'HTTP/'))
        return { dn, attributes: { ...attributes, ...(names === undefined ? {} : { serviceprincipalname: names }) } }
      })
    },
  }
}

test.each([
  ['is on two accounts', 'spn-duplicate', [account('svc-a', ['shop']), second('svc-b', 'shop')]],
  ['is on a protected account', 'protected-object', [account('svc-shop', ['shop'], { adminCount: '1' })]],
  [
    'is on an account whose descriptor nobody can read',
    'unreadable-descriptor',
    [account('svc-shop', ['shop'], { [`${attribute}:`]: 'AQAE' })],
  ],
])('a service that %s is refused', async (_, code, records) => {
  const { changes, findings } = await look(doubling(domain(...records)), await policyOf([shop]))
  expect(changes).toEqual([])
  expect(findings).toEqual([expect.objectContaining({ severity: 'error', code, at: expect.anything() })])
})

test('what is wrong around constrained delegation is said, and stops nothing', async () => {
  const unconstrained = String(0x10000 | 0x200 | 0x80000)
  const directory = domain(
    account('svc-shop', ['shop'], { userAccountControl: unconstrained }),
    account('svc-a', ['twice']),
    second('svc-b', 'twice'),
    computer('C3', { userAccountControl: String(4096 | 0x80000) }),
  )
  const apps = ['shop', 'twice', 'nowhere'].map(name => ({ name, service: name, delegation: 'constrained' }))
  const { changes, findings } = await look(doubling(directory), await policyOf(apps, ['C3']))
  expect(changes).toHaveLength(3)
  expect(
    findings.map(({ severity, code, message }) => `${severity} ${code}: ${message.split(' ').slice(0, 2)}`).sort(),
  ).toEqual([
    'error spn-duplicate: 2,accounts',
    'warning spn-unregistered: no,account',
    `warning unconstrained-delegation: CN=svc-shop,CN=Users,${root},,which`,
    'warning unconstrained-delegation: connector,C3',
  ])
  for (const finding of findings) expect(finding).toMatchObject({ hint: expect.any(String), at: expect.anything() })
})

test('a shadow account that is marked as sensitive is said', async () => {
  const name = 'lee_fabrikam.com#EXT#@contoso.onmicrosoft.com'
  const values = { sAMAccountName: 'lee', userPrincipalName: name, userAccountControl: String(328192 | 0x100000) }
  const directory = domain(account('svc-shop', ['shop']), record('CN=lee,OU=Shadow,OU=Partners', user, values))
  const { findings } = await look(directory, await policyOf([shop]), [shadowAccount as never])
  expect(findings).toEqual([
    expect.objectContaining({
      severity: 'warning',
      code: 'sensitive-account',
      at: expect.anything(),
      hint: expect.any(String),
    }),
  ])
})

test('protocol transition that somebody switches off during an apply is not switched on again', async () => {
  const directory = domain(account('svc-shop', ['shop', 'store']), account('svc-desk', ['desk']))
  const apps = ['shop', 'desk'].map(name => ({ name, service: name, delegation: 'constrained' }))
  await converge(directory, await policyOf(apps.slice(0, 1), ['C1']))
  const both = await policyOf(apps, ['C1'])
  const seen = await look(directory, both)
  const values = ['4096']
  const dn = `CN=C1,CN=Computers,${root}`
  const userAccountControl = async (): Promise<readonly string[] | undefined> => {
    const attributes = ['userAccountControl']
    const [entry] = await directory.search({ base: dn, scope: 'base', filter: { present: 'objectClass' }, attributes })
    return entry?.attributes.useraccountcontrol
  }
  await directory.modify(dn, [{ operation: 'replace', attribute: 'userAccountControl', values }])
  await performed(directory, both, seen)
  expect(await userAccountControl()).toEqual(values)
  // The next plans say that they do so, and that of another change of it fails.
  const next = ['update kerberos-delegation/desk/C1', 'update kerberos-delegation/shop/C1']
  expect(await converge(directory, both)).toEqual(next)
  const renamed = await policyOf(
    [{ name: 'shop', service: 'store', delegation: 'constrained' }, ...apps.slice(1)],
    ['C1'],
  )
  const change = await look(directory, renamed)
  expect(change.changes.map(({ action }) => action)).toEqual(['update'])
  await directory.modify(dn, [{ operation: 'replace', attribute: 'userAccountControl', values }])
  await expect(performed(directory, renamed, change)).rejects.toMatchObject({ code: 'stale' })
  expect(await userAccountControl()).toEqual(values)
})
