// Groups and their members. `uniqueName` is an alternate key that never changes once it is set.

import { type BodyRules, checkedBody, merged } from './body.ts'
import { softDelete } from './deletion.ts'
import {
  badRequest,
  forbidden,
  invalidValue,
  masteredOnPremises,
  missingValue,
  notFound,
  readOnlyProperty,
  valueInUse,
} from './errors.ts'
import type { Item } from './match.ts'
import { objectRoutes } from './object-routes.ts'
import { locate } from './objects.ts'
import { addReferences, need, type ReferenceRules, referenceRoutes, relationRoutes } from './references.ts'
import { bodyOf, type GraphRequest, isGuid, type Key, noContent, type Route, referencedId } from './request.ts'
import { type DirectoryType, type Entity, listOf, type Tenant } from './tenant.ts'
import { groupsAbove, membersBelow } from './transitive.ts'

const rules: BodyRules = {
  title: 'Group',
  type: 'group',
  readOnly: new Set([
    ...['id', 'createdDateTime', 'deletedDateTime', 'expirationDateTime', 'renewedDateTime', 'mail', 'proxyAddresses'],
    ...['isManagementRestricted', 'securityIdentifier', 'onPremisesDomainName', 'onPremisesLastSyncDateTime'],
    ...['onPremisesNetBiosName', 'onPremisesSamAccountName', 'onPremisesSecurityIdentifier', 'onPremisesSyncEnabled'],
    ...['isArchived', 'unseenCount'],
  ]),
  annotations: new Set(['members@odata.bind', 'owners@odata.bind']),
  longest: { displayName: 256, mailNickname: 64, description: 1024, uniqueName: 128 },
}

/** Relationships in one write. */
const mostBound = 20

const memberTypes: readonly DirectoryType[] = ['user', 'group', 'servicePrincipal']
const ownerTypes: readonly DirectoryType[] = ['user', 'servicePrincipal']

export function groupRoutes(tenant: Tenant): readonly Route[] {
  const groups = tenant.objects.group
  const memberRules: ReferenceRules = { accepts: memberTypes, guard: refuseMemberWrites }
  const ownerRules: ReferenceRules = { accepts: ownerTypes, most: 100 }

  function change(request: GraphRequest, group: Entity): void {
    const body = bodyOf(request)
    const changes = checkedBody(body, rules)
    checkValues(tenant, changes, group)
    const members = boundIds(body, 'members@odata.bind')
    const owners = boundIds(body, 'owners@odata.bind')
    if (members.length > 0) refuseMemberWrites(group)
    if (group.onPremisesSyncEnabled === true && Object.keys(changes).length > 0) throw masteredOnPremises()
    if (Object.keys(changes).length > 0) groups.put(group.id, merged(group, changes))
    addReferences(tenant, tenant.members, 'members', group, members, memberRules)
    addReferences(tenant, tenant.owners, 'owners', group, owners, ownerRules)
  }

  function create(request: GraphRequest, uniqueName: string | undefined): Entity {
    const body = bodyOf(request)
    const properties = { ...checkedBody(body, rules), ...(uniqueName === undefined ? {} : { uniqueName }) }
    for (const required of ['displayName', 'mailEnabled', 'mailNickname', 'securityEnabled']) {
      if ((properties as Item)[required] === undefined) throw missingValue(required, 'Group')
    }
    checkValues(tenant, properties, undefined)
    const members = boundIds(body, 'members@odata.bind')
    const owners = boundIds(body, 'owners@odata.bind')
    if (members.length + owners.length > mostBound) throw tooManyBound(members.length + owners.length)
    const group: Entity = merged(
      { id: tenant.newId(), createdDateTime: tenant.timestamp(), groupTypes: [] },
      properties,
    )
    groups.put(group.id, group)
    addReferences(tenant, tenant.members, 'members', group, members, memberRules)
    addReferences(tenant, tenant.owners, 'owners', group, owners, ownerRules)
    return group
  }

  return [
    ...objectRoutes(tenant, 'group', { create, change, upsertBy: 'uniqueName' }),
    {
      // Without `/$ref` this deletes the member itself, as Graph does.
      method: 'DELETE',
      pattern: '/groups/{}/members/{}',
      handle: (_request, key, member) => {
        deleteMember(tenant, locate(tenant, 'group', need(key)), need(member))
        return noContent
      },
    },
    ...relationRoutes(
      tenant,
      'group',
      'members',
      (group, request) => listedMembers(tenant, tenant.members.from(group.id), request),
      memberTypes,
    ),
    ...relationRoutes(
      tenant,
      'group',
      'transitiveMembers',
      (group, request) => listedMembers(tenant, membersBelow(tenant, group.id), request),
      memberTypes,
    ),
    ...relationRoutes(tenant, 'group', 'owners', group => tenant.owners.from(group.id), ownerTypes),
    ...relationRoutes(tenant, 'group', 'memberOf', group => tenant.members.to(group.id), ['group']),
    ...relationRoutes(tenant, 'group', 'transitiveMemberOf', group => groupsAbove(tenant, group.id), ['group']),
    ...referenceRoutes(tenant, 'group', 'members', memberRules),
    ...referenceRoutes(tenant, 'group', 'owners', ownerRules),
  ]
}

// A known defect of v1.0: service principals are members, but not listed.
function listedMembers(tenant: Tenant, ids: ReadonlySet<string>, request: GraphRequest): Iterable<string> {
  if (request.version === 'beta') return ids
  return [...ids].filter(id => !tenant.objects.servicePrincipal.has(id))
}

function deleteMember(tenant: Tenant, group: Entity, key: Key): void {
  const id = key.value.toLowerCase()
  if (!isGuid(id)) throw badRequest(`Invalid object identifier '${id}'.`)
  const type = tenant.typeOf(id)
  const member = tenant.find(id)
  if (type === undefined || member === undefined || !tenant.members.has(group.id, id)) throw notFound(id)
  softDelete(tenant, type, member)
}

function refuseMemberWrites(group: Entity): void {
  if (listOf(group.groupTypes).includes('DynamicMembership')) {
    throw forbidden('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
  }
  if (group.onPremisesSyncEnabled === true) throw masteredOnPremises()
}

function boundIds(body: Item, annotation: string): readonly string[] {
  const references = body[annotation]
  if (references === undefined) return []
  if (!Array.isArray(references)) {
    throw badRequest(`The value of '${annotation}' must be a collection of entity references.`)
  }
  if (references.length > mostBound) throw tooManyBound(references.length)
  return references.map(referencedId)
}

function tooManyBound(count: number): Error {
  return badRequest(
    `The request binds ${count} relationships. At most ${mostBound} relationships can be bound in one request.`,
  )
}

function checkValues(tenant: Tenant, properties: Item, group: Entity | undefined): void {
  const { mailNickname, uniqueName, groupTypes, mailEnabled, securityEnabled, isAssignableToRole } = properties
  for (const required of ['displayName', 'mailNickname', 'mailEnabled', 'securityEnabled']) {
    if (properties[required] === null) throw invalidValue(required, 'Group')
  }
  if (
    typeof mailNickname === 'string' &&
    (/[@()/[\]';:<>,\s"\\]/.test(mailNickname) || !/^[\x20-\x7e]+$/.test(mailNickname))
  ) {
    throw invalidValue('mailNickname', 'Group')
  }
  if (uniqueName !== undefined && uniqueName !== group?.uniqueName) {
    if (group?.uniqueName !== undefined || typeof uniqueName !== 'string') throw readOnlyProperty('uniqueName')
    if (tenant.groupsByUniqueName.first(uniqueName) !== undefined) throw valueInUse('uniqueName')
  }
  const types = listOf(groupTypes ?? group?.groupTypes)
  if (types.some(type => type !== 'Unified' && type !== 'DynamicMembership')) throw invalidValue('groupTypes', 'Group')
  if (types.includes('DynamicMembership') && typeof (properties.membershipRule ?? group?.membershipRule) !== 'string') {
    throw missingValue('membershipRule', 'Group')
  }
  if (group === undefined && !types.includes('Unified') && (mailEnabled === true || securityEnabled === false)) {
    throw badRequest(
      'The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.',
    )
  }
  if (
    group !== undefined &&
    isAssignableToRole !== undefined &&
    isAssignableToRole !== (group.isAssignableToRole ?? false)
  ) {
    throw readOnlyProperty('isAssignableToRole')
  }
}
