// Constrained delegation: a connector's computer account may sign in to one service on anyone's behalf. The last thing to
// come and the first to go. An entry of the list is ours if the account says so in `extensionName`, written in the same
// modify; entries made by hand stay, unless the policy wants the same one: then it is adopted.

import type {
  Directories,
  DirectoryEntry,
  DirectoryReader,
  DirectoryWriter,
  Modification,
} from '../../model/directories.ts'
import { type Id, ids, type ObjectId } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Assigned, Change, Desired, Observed } from '../../model/resource.ts'
import { delegationOf, kerberosOf } from '../../model/sign-on.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { delegationMark, protocolTransitionMark, readDelegationMark } from '../mark.ts'
import { isStale, modifyAsRead, readThere, stale } from './as-read.ts'
import { allowedToDelegateTo, connectorAttributes, connectorName, connectorsOf, readConnectors } from './connectors.ts'
import { accountControl, domainOf, openDomain, protection, setValue, value, values } from './domain.ts'
import { inTurn } from './in-turn.ts'

type DelegationSpec = {
  readonly connector: string
  readonly servicePrincipalName: string
  /** In the computer account's list, and not only marked as ours. */
  readonly listed: boolean
  readonly protocolTransition: boolean
}

export const kerberosDelegation: ResourceKind<DelegationSpec> = {
  plane: 'active-directory',
  name: 'kerberos-delegation',
  desire,
  observe,
  normalize: spec => ({ ...spec, servicePrincipalName: spec.servicePrincipalName.toLowerCase() }),
  risk: change => (change.action === 'delete' ? 'revoke' : 'privileged'),
  works: ({ listed, protocolTransition }) => listed && protocolTransition,

  async perform(change, { activeDirectory: directory }, assigned, policy) {
    if (directory === undefined) throw new Error(`${change.id} without a domain`)
    const { objectId } = change.before ?? assigned(ids.connector(change.after?.spec.connector ?? ''))
    return inTurn(policy, objectId, () => write(change, directory, objectId))
  },
}

async function write(
  change: Change<DelegationSpec>,
  directory: DirectoryWriter,
  objectId: ObjectId,
): Promise<Assigned> {
  for (let attempt = 1; ; attempt += 1) {
    // Several apps share one computer account: it is read just before the write, and the write is conditioned on that.
    const entry = await readComputer(directory, objectId)
    if (isSwitchedOff(change, entry)) {
      const what = 'protocol transition was switched off by somebody since the plan was made'
      throw stale(`${entry.dn}: ${what}; it was not switched on again`)
    }
    const modifications = modificationsOf(change, entry)
    const account = { objectId, name: entry.dn }
    try {
      if (modifications.length > 0) await modifyAsRead(directory, account, modifications)
      return account
    } catch (error) {
      if (attempt === 5 || !isStale(error)) throw error
    }
  }
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<DelegationSpec>> {
  if (domainOf(policy) === undefined) return
  for (const app of [...policy.apps.values()]) {
    const kerberos = kerberosOf(app)
    if (kerberos === undefined || delegationOf(app) !== 'constrained') continue
    for (const connector of connectorsOf(app, policy)) {
      yield {
        id: ids.kerberosDelegation(app.name, connector),
        app: app.name,
        needs: [ids.appProxy(app.name), ids.connector(connector)],
        because: [app.origins.signOn],
        spec: {
          connector,
          servicePrincipalName: kerberos.servicePrincipalName,
          listed: true,
          protocolTransition: true,
        },
      }
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<DelegationSpec>> {
  const open = openDomain(from, policy)
  if (open === undefined) return { resources: [] }
  const wanted = new Map([...desire(policy)].map(desired => [desired.id, desired]))
  const resources: Observed<DelegationSpec>[] = []
  for (const entry of await readConnectors(open, policy)) {
    const connector = connectorName(entry)
    const list = new Set(values(entry, allowedToDelegateTo).map(text => text.toLowerCase()))
    const protocolTransition = hasProtocolTransition(entry)
    const add = (app: string, servicePrincipalName: string, owned: boolean, key: string): void => {
      resources.push({
        id: ids.kerberosDelegation(app, key),
        app,
        objectId: value(entry, 'objectGUID') ?? '',
        name: entry.dn,
        owned,
        needs: [ids.appProxy(app), ids.connector(connector)],
        spec: {
          connector,
          servicePrincipalName,
          listed: list.has(servicePrincipalName.toLowerCase()),
          protocolTransition,
        },
      })
    }
    const marked = new Set<string>()
    for (const { app, servicePrincipalName } of sorted(marksOf(entry), wanted, connector)) {
      add(app, servicePrincipalName, true, marked.has(app) ? `${connector} (${servicePrincipalName})` : connector)
      marked.add(app)
    }
    // Allowed by hand already: wanted, so adopted.
    for (const { app = '', spec } of wanted.values()) {
      const byHand =
        spec.connector === connector && !marked.has(app) && list.has(spec.servicePrincipalName.toLowerCase())
      if (byHand) add(app, spec.servicePrincipalName, false, connector)
    }
  }
  return { resources }
}

type Mark = NonNullable<ReturnType<typeof readDelegationMark>>

/** The entries of the list that are ours. */
function marksOf(entry: DirectoryEntry): readonly Mark[] {
  return values(entry, 'extensionName').flatMap(text => readDelegationMark(text) ?? [])
}

/** Of several marks for one app, the wanted one first: the others go. */
function sorted(
  marks: readonly Mark[],
  wanted: ReadonlyMap<Id, Desired<DelegationSpec>>,
  connector: string,
): readonly Mark[] {
  const isWanted = ({ app, servicePrincipalName }: Mark): boolean =>
    isSameName(wanted.get(ids.kerberosDelegation(app, connector))?.spec.servicePrincipalName, servicePrincipalName)
  return [...marks].sort(
    (a, b) => Number(isWanted(b)) - Number(isWanted(a)) || (a.servicePrincipalName < b.servicePrincipalName ? -1 : 1),
  )
}

function isSameName(a: string | undefined, b: string | undefined): boolean {
  return a?.toLowerCase() === b?.toLowerCase()
}

async function readComputer(directory: DirectoryReader, objectId: string): Promise<DirectoryEntry> {
  const entry = await readThere(directory, { objectId }, connectorAttributes)
  const refused = protection(entry)
  if (refused !== undefined) throw new Failure(refused.code, refused.message)
  return entry
}

/** Protocol transition is off, was on for the plan, and this run did not switch it off, which takes our mark with it. */
function isSwitchedOff({ before, after }: Change<DelegationSpec>, entry: DirectoryEntry): boolean {
  if (after === undefined || before?.spec.protocolTransition !== true || hasProtocolTransition(entry)) return false
  return before.owned || isSwitchedOnByUs(entry)
}

function isSwitchedOnByUs(entry: DirectoryEntry): boolean {
  return values(entry, 'extensionName').includes(protocolTransitionMark)
}

function hasProtocolTransition(entry: DirectoryEntry): boolean {
  return (Number(value(entry, 'userAccountControl') ?? 0) & accountControl.trustedToAuthForDelegation) !== 0
}

function modificationsOf(
  { app = '', before, after }: Change<DelegationSpec>,
  entry: DirectoryEntry,
): readonly Modification[] {
  const marks = marksOf(entry)
  const old = before?.owned ? before.spec.servicePrincipalName : undefined
  const wanted = after?.spec.servicePrincipalName
  const isOld = (mark: Mark): boolean => mark.app === app && isSameName(mark.servicePrincipalName, old)
  const isWanted = (mark: Mark): boolean => mark.app === app && isSameName(mark.servicePrincipalName, wanted)
  const others = marks.filter(mark => !isOld(mark))
  const list = values(entry, allowedToDelegateTo)

  const leaves = old !== undefined && !isSameName(old, wanted)
  const shared = others.some(mark => isSameName(mark.servicePrincipalName, old))
  const leaving = leaves && !shared ? list.filter(text => isSameName(text, old)) : []
  const marksLeaving = leaves
    ? marks.filter(isOld).map(mark => delegationMark(mark.app, mark.servicePrincipalName))
    : []
  const coming = wanted !== undefined && !list.some(text => isSameName(text, wanted)) ? [wanted] : []
  const marksComing = wanted !== undefined && !marks.some(isWanted) ? [delegationMark(app, wanted)] : []

  const control = value(entry, 'userAccountControl') ?? '0'
  const flag = accountControl.trustedToAuthForDelegation
  const switchedOnByUs = isSwitchedOnByUs(entry)
  // Somebody has switched it off, since: whether it comes on again is told by the changes of those that had it before.
  const isLeftOff = before === undefined && switchedOnByUs && others.length > 0
  const on = wanted !== undefined && !hasProtocolTransition(entry) && !isLeftOff
  const off = wanted === undefined && others.length === 0 && switchedOnByUs
  const wantedControl = on ? Number(control) | flag : off ? Number(control) & ~flag : Number(control)
  return [
    ...part('delete', allowedToDelegateTo, leaving),
    ...part('delete', 'extensionName', [...marksLeaving, ...(off ? [protocolTransitionMark] : [])]),
    ...part('add', allowedToDelegateTo, coming),
    ...part('add', 'extensionName', [...marksComing, ...(on && !switchedOnByUs ? [protocolTransitionMark] : [])]),
    ...setValue('userAccountControl', control, String(wantedControl)),
  ]
}

function part(operation: 'add' | 'delete', attribute: string, listed: readonly string[]): readonly Modification[] {
  return listed.length === 0 ? [] : [{ operation, attribute, values: listed }]
}
