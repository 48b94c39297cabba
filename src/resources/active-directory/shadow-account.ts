// A guest's account in our own Active Directory, so that connectors can sign in on the guest's behalf. Linked to the guest
// by object id, not by name; disabled and archived when no app needs it, deleted later, restored on return. Nobody can log
// on with it: a random password that is never kept, smart card required. The grace period counts from `accountExpires`.

import type { Directories } from '../../model/directories.ts'
import { ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { expectedPrincipalName } from '../entra/tenant.ts'
import { isGraceOver } from '../grace.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { cut } from '../mark.ts'
import { kerberosPeople, partnerOf, readShadowAccounts } from './accounts.ts'
import { domainOf, openDomain, unitIn } from './domain.ts'
import { aboutSensitive, isSensitive, waitingForNames } from './shadow-account-findings.ts'
import { type ShadowAccountSpec, stateOf } from './shadow-account-state.ts'
import { perform } from './shadow-account-writes.ts'

export const shadowAccount: ResourceKind<ShadowAccountSpec> = {
  plane: 'active-directory',
  name: 'shadow-account',
  desire,
  observe,

  normalize({ userPrincipalName, displayName, named: _named, leftAt: _leftAt, raw: _raw, ...rest }) {
    return {
      ...(typeof userPrincipalName === 'string'
        ? { userPrincipalName: userPrincipalName.toLowerCase() }
        : userPrincipalName === undefined
          ? {}
          : { userPrincipalName }),
      ...(displayName === undefined ? {} : { displayName: cut(displayName, 256) }),
      ...rest,
    }
  },

  retire({ spec }, policy) {
    const grace = policy.organization.spec.activeDirectory?.offboarding?.deleteAfter
    const archived = !spec.enabled && spec.unit === 'archive'
    // What is not put away yet, or not any more, leaves today.
    const left = archived && spec.leftAt !== undefined ? Date.parse(spec.leftAt) : policy.at
    if (isGraceOver(left, grace, policy.at)) return 'delete'
    const accountName = spec.raw?.sAMAccountName
    const domain = policy.organization.spec.activeDirectory?.domain
    // Its principal name is free again, for the next guest who gets it.
    const userPrincipalName = accountName === undefined ? {} : { userPrincipalName: `${accountName}@${domain}` }
    return { ...userPrincipalName, enabled: false, unit: 'archive', left: true }
  },

  risk(change) {
    if (change.action === 'delete' || change.retires) return 'revoke'
    return change.action === 'create' ||
      change.action === 'restore' ||
      change.differs.some(key => key === 'enabled' || key === 'userPrincipalName')
      ? 'grant'
      : 'neutral'
  },

  works: ({ enabled, left, named }) => enabled && !left && named === true,
  claims: ({ userPrincipalName }) =>
    typeof userPrincipalName === 'string' ? [`principal name ${userPrincipalName.toLowerCase()}`] : [],

  named({ after, differs, retires }, policy) {
    const domain = domainOf(policy)
    if (domain === undefined || after === undefined) return {}
    const grace = policy.organization.spec.activeDirectory?.offboarding?.deleteAfter
    return {
      ...(retires && grace !== undefined ? { deleteAfter: grace } : {}),
      ...(differs.includes('unit')
        ? { unit: unitIn(domain, after.spec.unit === 'archive' ? 'archive' : 'shadowAccounts') }
        : {}),
      ...(differs.includes('guest') ? { anchorAttribute: domain.anchorAttribute } : {}),
    }
  },

  // What is moved is changed as well.
  writes: ({ before, after, differs }) => ({ activeDirectory: before && after && differs.includes('unit') ? 2 : 1 }),
  perform,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<ShadowAccountSpec>> {
  if (domainOf(policy) === undefined) return
  for (const address of kerberosPeople(policy)) {
    const person = policy.people.get(address)
    if (person === undefined) continue
    const guest = ids.guest(address)
    yield {
      id: ids.shadowAccount(address),
      partner: person.partner,
      needs: [guest],
      because: person.origins,
      spec: {
        userPrincipalName: { $of: guest, $value: 'name', expected: expectedPrincipalName(address, policy) },
        guest: { $of: guest, $value: 'objectId', expected: null },
        ...(person.displayName === undefined ? {} : { displayName: person.displayName }),
        mail: address,
        enabled: true,
        locked: true,
        unit: 'shadow',
        left: false,
        named: true,
      },
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<ShadowAccountSpec>> {
  const open = openDomain(from, policy)
  if (open === undefined) return { resources: [] }
  const accounts = await readShadowAccounts(open, from, policy)
  const resources = accounts.map(
    ({ entry, owned, person, named, objectGuid, refused }): Observed<ShadowAccountSpec> => {
      return {
        id: ids.shadowAccount(person),
        objectId: objectGuid,
        name: entry.dn,
        owned,
        ...partnerOf(person, policy),
        needs: [ids.guest(person)],
        ...(refused === undefined ? {} : { refused }),
        ...stateOf(entry, named, open.domain),
      }
    },
  )
  const wanted = kerberosPeople(policy)
  const findings = accounts.flatMap(({ entry, person }) =>
    wanted.has(person) && isSensitive(entry) ? aboutSensitive(entry, person, policy) : [],
  )
  const there = new Set(accounts.map(({ person }) => person))
  const lacking = [...wanted].filter(address => !there.has(address))
  return { resources, findings, blocked: await waitingForNames(lacking, from, policy) }
}
