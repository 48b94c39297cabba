// Every kind there is. Adding one is a file, a line here, and its tests.

import { connector } from './active-directory/connector.ts'
import { adGroup } from './active-directory/group.ts'
import { adGroupMember } from './active-directory/group-member.ts'
import { kerberosDelegation } from './active-directory/kerberos-delegation.ts'
import { partnerAccount } from './active-directory/partner-account.ts'
import { resourceDelegation } from './active-directory/resource-delegation.ts'
import { serviceAccount } from './active-directory/service-account.ts'
import { shadowAccount } from './active-directory/shadow-account.ts'
import { appProxy } from './entra/app-proxy.ts'
import { appRoleAssignment } from './entra/app-role-assignment.ts'
import { appRoleGroup } from './entra/app-role-group.ts'
import { appRoleGroupAssignment } from './entra/app-role-group-assignment.ts'
import { appRoleGroupMember } from './entra/app-role-group-member.ts'
import { application } from './entra/application.ts'
import { conditionalAccessPolicy } from './entra/conditional-access-policy.ts'
import { connectorGroup } from './entra/connector-group.ts'
import { crossTenantPartner } from './entra/cross-tenant-partner.ts'
import { group } from './entra/group.ts'
import { groupMember } from './entra/group-member.ts'
import { guest } from './entra/guest.ts'
import { guestSettings } from './entra/guest-settings.ts'
import { samlSignOn } from './entra/saml-sign-on.ts'
import { syncedUser } from './entra/synced-user.ts'
import { unmanagedAccess } from './entra/unmanaged-access.ts'
import type { AnyKind } from './kind.ts'

export const kinds: readonly AnyKind[] = [
  guest,
  syncedUser,
  group,
  groupMember,
  application,
  appProxy,
  samlSignOn,
  connectorGroup,
  appRoleAssignment,
  conditionalAccessPolicy,
  crossTenantPartner,
  guestSettings,
  unmanagedAccess,
  appRoleGroup,
  appRoleGroupAssignment,
  appRoleGroupMember,
  shadowAccount,
  partnerAccount,
  adGroup,
  adGroupMember,
  connector,
  kerberosDelegation,
  serviceAccount,
  resourceDelegation,
]
