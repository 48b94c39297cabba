// Documents that small policies of tests are made of, as text: Fabrikam, Expenses, and an access to an app.

export const contoso = `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra: {tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece, initialDomain: contoso.onmicrosoft.com}
`

/** A tenant without a domain of its own, and the only app in it. */
export const small = { tenantId: '11111111-2222-4333-8444-555555555555', initialDomain: 'small.onmicrosoft.com' }
export const smallAppId = 'aaaaaaaa-2222-4333-8444-555555555555'

export const smallOrganization = `apiVersion: guestlist/v1
kind: Organization
name: small
entra: {tenantId: ${small.tenantId}, initialDomain: ${small.initialDomain}}
`

/** `groups`, and whatever else its document says: by itself, Lee is its only engineer. */
export function fabrikamWith(groups = 'groups: {engineers: {members: [lee@fabrikam.com]}}\n'): string {
  return `apiVersion: guestlist/v1
kind: Partner
name: fabrikam
displayName: Fabrikam
accounts: entra-b2b
domains: [fabrikam.com]
${groups}`
}

export function expensesWith(more = '', appId = '2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6'): string {
  return `apiVersion: guestlist/v1
kind: App
name: expenses
displayName: Expenses
hosting: cloud
entra: {appId: ${appId}}
${more}`
}

/** Fabrikam's access. */
export function accessTo(app: string, groups = 'engineers', more = ''): string {
  return `apiVersion: guestlist/v1
kind: Access
name: fabrikam-${app}
partner: fabrikam
groups: [${groups}]
app: ${app}
${more}`
}
