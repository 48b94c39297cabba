// Users: members and guests. Guests come from invitations (invitations.ts); a POST makes a user without an invitation.

import { type BodyRules, checkedBody, merged } from './body.ts'
import { badRequest, invalidValue, masteredOnPremises, missingValue, notFound, valueInUse } from './errors.ts'
import type { Item } from './match.ts'
import { objectRoutes } from './object-routes.ts'
import { locate, typed } from './objects.ts'
import { need, referenceRoutes, relationRoutes } from './references.ts'
import { bodyOf, contextOf, type GraphRequest, noContent, ok, type Route, referenceOf } from './request.ts'
import type { Entity, Tenant } from './tenant.ts'
import { groupsAbove } from './transitive.ts'

const rules: BodyRules = {
  title: 'User',
  type: 'user',
  readOnly: new Set([
    ...[
      'id',
      'createdDateTime',
      'creationType',
      'deletedDateTime',
      'externalUserState',
      'externalUserStateChangeDateTime',
    ],
    ...['proxyAddresses', 'imAddresses', 'securityIdentifier', 'isManagementRestricted', 'signInActivity'],
    ...['lastPasswordChangeDateTime', 'signInSessionsValidFromDateTime', 'legalAgeGroupClassification'],
    ...[
      'onPremisesDistinguishedName',
      'onPremisesDomainName',
      'onPremisesLastSyncDateTime',
      'onPremisesSamAccountName',
    ],
    ...['onPremisesSecurityIdentifier', 'onPremisesSyncEnabled', 'onPremisesUserPrincipalName'],
  ]),
  longest: {
    ...{
      displayName: 256,
      companyName: 64,
      mailNickname: 64,
      givenName: 64,
      surname: 64,
      jobTitle: 128,
      department: 64,
    },
    ...{
      city: 128,
      country: 128,
      state: 128,
      streetAddress: 1024,
      postalCode: 40,
      officeLocation: 128,
      employeeId: 16,
    },
  },
}

/** What may be written to a user whom Entra Connect owns. */
const cloudOwned = new Set([
  'usageLocation',
  'employeeLeaveDateTime',
  'employeeHireDate',
  'passwordPolicies',
  'userType',
  'ageGroup',
])

export function userRoutes(tenant: Tenant): readonly Route[] {
  const users = tenant.objects.user

  function create(request: GraphRequest): Entity {
    const user = newUser(tenant, bodyOf(request))
    users.put(user.id, user)
    return user
  }

  function change(request: GraphRequest, user: Entity): void {
    const changes = checkedBody(bodyOf(request), rules)
    if (user.onPremisesSyncEnabled === true && Object.keys(changes).some(name => !cloudOwned.has(name)))
      throw masteredOnPremises()
    for (const required of ['displayName', 'userPrincipalName', 'accountEnabled', 'mailNickname']) {
      if (changes[required] === null) throw invalidValue(required, 'User')
    }
    checkValues(tenant, changes, user)
    const { passwordProfile: _secret, ...kept } = changes
    users.put(user.id, merged(user, kept))
  }

  return [
    ...objectRoutes(tenant, 'user', { create, change }),
    {
      method: 'POST',
      pattern: '/users/{}/revokeSignInSessions',
      handle: (request, key) => {
        const user = locate(tenant, 'user', need(key))
        users.put(user.id, { ...user, signInSessionsValidFromDateTime: tenant.timestamp() })
        return ok({ ...contextOf(request, 'Edm.Boolean'), value: true })
      },
    },
    ...managerRoutes(tenant),
    ...relationRoutes(tenant, 'user', 'sponsors', user => tenant.sponsors.from(user.id), ['user', 'group']),
    ...referenceRoutes(tenant, 'user', 'sponsors', { accepts: ['user', 'group'], most: 5 }),
    ...relationRoutes(tenant, 'user', 'memberOf', user => tenant.members.to(user.id), ['group']),
    ...relationRoutes(tenant, 'user', 'transitiveMemberOf', user => groupsAbove(tenant, user.id), ['group']),
    ...relationRoutes(tenant, 'user', 'ownedObjects', user => tenant.owners.to(user.id), [
      'group',
      'application',
      'servicePrincipal',
    ]),
  ]
}

function managerRoutes(tenant: Tenant): readonly Route[] {
  const pattern = '/users/{}/manager'
  return [
    {
      method: 'GET',
      pattern,
      handle: (request, key) => {
        const user = locate(tenant, 'user', need(key))
        const [manager] = tenant.live(tenant.managers.from(user.id))
        if (manager === undefined) throw notFound('manager')
        return ok({ ...contextOf(request, 'directoryObjects/$entity'), ...typed(tenant, manager) })
      },
    },
    {
      method: 'PUT',
      pattern: `${pattern}/$ref`,
      handle: (request, key) => {
        const user = locate(tenant, 'user', need(key))
        const manager = tenant.need(referenceOf(request))
        for (const id of [...tenant.managers.from(user.id)]) tenant.managers.remove(user.id, id)
        tenant.managers.add(user.id, manager.id)
        return noContent
      },
    },
    {
      method: 'DELETE',
      pattern: `${pattern}/$ref`,
      handle: (_request, key) => {
        const user = locate(tenant, 'user', need(key))
        for (const id of [...tenant.managers.from(user.id)]) tenant.managers.remove(user.id, id)
        return noContent
      },
    },
  ]
}

function newUser(tenant: Tenant, body: Item): Entity {
  const { passwordProfile, ...properties } = checkedBody(body, rules)
  for (const required of ['accountEnabled', 'displayName', 'mailNickname', 'userPrincipalName']) {
    if (properties[required] === undefined || properties[required] === null) throw missingValue(required, 'User')
  }
  if (typeof (passwordProfile as Item | undefined)?.password !== 'string') {
    throw badRequest('A password must be specified to create a new user.')
  }
  checkValues(tenant, properties, undefined)
  const name = String(properties.userPrincipalName)
  return merged(
    {
      id: tenant.newId(),
      userType: 'Member',
      createdDateTime: tenant.timestamp(),
      identities: [{ signInType: 'userPrincipalName', issuer: tenant.settings.initialDomain, issuerAssignedId: name }],
    },
    properties,
  )
}

function checkValues(tenant: Tenant, properties: Item, user: Entity | undefined): void {
  const isTaken = (id: string | undefined) => id !== undefined && id !== user?.id
  const { userPrincipalName: name, mail, onPremisesImmutableId: anchor, userType } = properties
  if (typeof name === 'string') {
    const domain = name.slice(name.lastIndexOf('@') + 1).toLowerCase()
    if (!/^[^@\s]+@[^@\s]+$/.test(name)) throw badRequest('Property userPrincipalName is invalid.')
    if (!tenant.domains.includes(domain)) {
      throw badRequest(
        'The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.',
      )
    }
    if (isTaken(tenant.byPrincipalName.first(name))) throw valueInUse('userPrincipalName')
  }
  if (typeof mail === 'string') {
    if (!/^[^@\s]+@[^@\s]+$/.test(mail)) throw invalidValue('mail', 'User')
    const holders = [...tenant.byAddress.all(mail)].filter(isTaken)
    const isMailOf = (id: string) => String(tenant.objects.user.get(id)?.mail).toLowerCase() === mail.toLowerCase()
    if (holders.some(isMailOf)) throw valueInUse('proxyAddresses')
  }
  if (typeof anchor === 'string' && /[$_]/.test(anchor)) throw invalidValue('onPremisesImmutableId', 'User')
  if (typeof userType === 'string' && userType !== 'Guest' && userType !== 'Member')
    throw invalidValue('userType', 'User')
}
