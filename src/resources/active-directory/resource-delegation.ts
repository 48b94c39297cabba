// Resource-based delegation: the account of a service says which connectors may sign in to it on anyone's behalf. It says so
// in a security descriptor, of which only the connectors' entries are ours: each has a mark in the account's `extensionName`,
// written in the same modify. An entry made by hand stays, unless the policy wants the same one: then it is adopted.

import type {
  Directories,
  DirectoryEntry,
  DirectoryReader,
  DirectoryWriter,
  Modification,
} from '../../model/directories.ts'
import { RequestFailure } from '../../model/directories.ts'
import { domainDn } from '../../model/escape.ts'
import { ids, type ObjectId } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Assigned, Change, Desired, Observed } from '../../model/resource.ts'
import { delegationOf } from '../../model/sign-on.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { readResourceDelegationMark, resourceDelegationMark } from '../mark.ts'
import { isStale, modifyAsRead, readThere } from './as-read.ts'
import { connectorName, connectorsOf, readConnectors } from './connectors.ts'
import { type Domain, domainOf, openDomain, value, values } from './domain.ts'
import { inTurn } from './in-turn.ts'
import { withAllowed, withoutAllowed } from './security-descriptor.ts'
import {
  allowedToAct,
  descriptorOf,
  holdersOf,
  readServices,
  refusalOf,
  serviceAttributes,
  sidsIn,
} from './services.ts'

type ResourceDelegationSpec = {
  readonly connector: string
  /** In the service account's descriptor, and not only marked as ours. */
  readonly allowed: boolean
  /** Whether the account still runs the app's service, as far as the policy knows. */
  readonly serves: boolean
}

export const resourceDelegation: ResourceKind<ResourceDelegationSpec> = {
  plane: 'active-directory',
  name: 'resource-delegation',
  desire,
  observe,
  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'privileged'),
  works: ({ allowed, serves }) => allowed && serves,

  async perform(change, { activeDirectory: directory }, assigned, policy) {
    if (directory === undefined) throw new Error(`${change.id} without a domain`)
    const { app = '', before, after } = change
    const { objectId } = before ?? assigned(ids.serviceAccount(app))
    const { related } = before ?? assigned(ids.connector(after?.spec.connector ?? ''))
    const sid = related?.sid
    if (sid === undefined) throw new Error(`${change.id} without the connector's SID`)
    return inTurn(policy, objectId, () => write(change, sid, directory, objectId))
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<ResourceDelegationSpec>> {
  if (domainOf(policy) === undefined) return
  for (const app of [...policy.apps.values()]) {
    if (delegationOf(app) !== 'resource-based') continue
    for (const connector of connectorsOf(app, policy)) {
      yield {
        id: ids.resourceDelegation(app.name, connector),
        app: app.name,
        needs: [ids.appProxy(app.name), ids.connector(connector), ids.serviceAccount(app.name)],
        because: [app.origins.signOn],
        spec: { connector, allowed: true, serves: true },
      }
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<ResourceDelegationSpec>> {
  const open = openDomain(from, policy)
  if (open === undefined) return { resources: [] }
  const [accounts, connectors] = await Promise.all([readServices(open, policy), readConnectors(open, policy)])
  const names = await namesBySid(open, accounts, connectors)
  const wanted = [...desire(policy)]
  const isHolder = (app: string, account: DirectoryEntry): boolean => {
    const found = policy.apps.get(app)
    return found !== undefined && holdersOf(found, accounts).includes(account)
  }

  const resources = new Map<string, Observed<ResourceDelegationSpec>>()
  const add = (account: DirectoryEntry, { app, sid }: Mark, owned: boolean): void => {
    const connector = names.get(sid) ?? sid
    const serves = isHolder(app, account) || !policy.apps.has(app)
    const isFirst = serves && !resources.has(ids.resourceDelegation(app, connector))
    const refused = refusalOf(account)
    const id = ids.resourceDelegation(
      app,
      isFirst ? connector : `${connector} (${value(account, 'sAMAccountName') ?? account.dn})`,
    )
    resources.set(id, {
      id,
      app,
      objectId: value(account, 'objectGUID') ?? '',
      name: account.dn,
      related: { sid },
      owned,
      needs: [ids.appProxy(app)],
      // A wanted one waits for the account, which is refused already.
      ...(refused === undefined || wanted.some(each => each.id === id) ? {} : { refused }),
      spec: { connector, allowed: sidsIn(account).includes(sid), serves },
    })
  }
  for (const account of accounts) for (const mark of marksOf(account)) add(account, mark, true)
  for (const { app = '', spec } of wanted) {
    // Allowed by hand already: wanted, so adopted.
    for (const account of accounts.filter(each => isHolder(app, each))) {
      const sid = sidsIn(account).find(each => names.get(each) === spec.connector)
      if (sid !== undefined && !marksOf(account).some(mark => mark.app === app && mark.sid === sid))
        add(account, { app, sid }, false)
    }
  }
  return { resources: [...resources.values()] }
}

type Mark = NonNullable<ReturnType<typeof readResourceDelegationMark>>

/** The entries of the descriptor that are ours. */
function marksOf(account: DirectoryEntry): readonly Mark[] {
  return values(account, 'extensionName').flatMap(text => readResourceDelegationMark(text) ?? [])
}

/** Names of the connectors, and of computers that were connectors when they were allowed. */
async function namesBySid(
  { domain, reader }: { domain: Domain; reader: DirectoryReader },
  accounts: readonly DirectoryEntry[],
  connectors: readonly DirectoryEntry[],
): Promise<ReadonlyMap<string, string>> {
  const nameOf = (entry: DirectoryEntry) => [value(entry, 'objectSid') ?? '', connectorName(entry)] as const
  const names = new Map(connectors.map(nameOf))
  const unknown = new Set(
    accounts
      .flatMap(marksOf)
      .map(mark => mark.sid)
      .filter(sid => !names.has(sid)),
  )
  if (unknown.size === 0) return names
  const former = await reader.search({
    base: domainDn(domain.name),
    scope: 'sub',
    filter: { or: [...unknown].sort().map(sid => ({ equals: ['objectSid', sid] })) },
    attributes: ['objectSid', 'sAMAccountName'],
  })
  return new Map([...names, ...former.map(nameOf)])
}

async function write(
  change: Change<ResourceDelegationSpec>,
  sid: string,
  directory: DirectoryWriter,
  objectId: ObjectId,
): Promise<Assigned> {
  let refused: DirectoryEntry | undefined
  for (let attempt = 1; ; attempt += 1) {
    // Others write to the descriptor: it is read just before the write, and the write is conditioned on that. Whether every
    // server can compare descriptors is not documented: one that refuses although nothing has changed is not asked to.
    const account = await readAccount(directory, objectId)
    const compares = refused === undefined || !isSame(refused, account)
    const modifications = modificationsOf(change, sid, account, compares)
    try {
      if (modifications.length > 0) await modifyAsRead(directory, { objectId, name: account.dn }, modifications)
      return { objectId, name: account.dn, related: { sid } }
    } catch (error) {
      if (attempt === 5 || !(isStale(error) || cannotCompare(error))) throw error
      refused = account
    }
  }
}

/** 18, inappropriate matching. */
function cannotCompare(error: unknown): boolean {
  return error instanceof RequestFailure && error.status === 18
}

function isSame(a: DirectoryEntry, b: DirectoryEntry): boolean {
  return [allowedToAct, 'extensionName'].every(name => values(a, name).join() === values(b, name).join())
}

async function readAccount(directory: DirectoryReader, objectId: string): Promise<DirectoryEntry> {
  const entry = await readThere(directory, { objectId }, serviceAttributes)
  const refused = refusalOf(entry)
  if (refused !== undefined) throw new Failure(refused.code, refused.message)
  return entry
}

function modificationsOf(
  { app = '', after }: Change<ResourceDelegationSpec>,
  sid: string,
  account: DirectoryEntry,
  compares: boolean,
): readonly Modification[] {
  const mark = resourceDelegationMark(app, sid)
  const isMarked = values(account, 'extensionName').includes(mark)
  const isShared = marksOf(account).some(each => each.sid === sid && each.app !== app)
  const before = descriptorOf(account)
  const isAllowed = sidsIn(account).includes(sid)
  if (after !== undefined) {
    return [
      ...(isAllowed ? [] : replaced(before, withAllowed(before, sid), compares)),
      ...(isMarked ? [] : [{ operation: 'add', attribute: 'extensionName', values: [mark] } as const]),
    ]
  }
  const leaves = before !== undefined && isAllowed && !isShared
  return [
    ...(leaves ? replaced(before, withoutAllowed(before, sid), compares) : []),
    ...(isMarked ? [{ operation: 'delete', attribute: 'extensionName', values: [mark] } as const] : []),
  ]
}

/** On condition that it is still what was read, where the server can tell. */
function replaced(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  compares: boolean,
): readonly Modification[] {
  if (!compares) return [{ operation: 'replace', attribute: allowedToAct, values: after === undefined ? [] : [after] }]
  return [
    ...(before === undefined ? [] : [{ operation: 'delete', attribute: allowedToAct, values: [before] } as const]),
    ...(after === undefined ? [] : [{ operation: 'add', attribute: allowedToAct, values: [after] } as const]),
  ]
}
