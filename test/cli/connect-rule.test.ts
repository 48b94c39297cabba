// `guestlist connect-rule`: what it prints is the policy's, in a form that PowerShell takes for nothing else.

import { expect, test } from 'vitest'
import { folderOf } from '../policy/folder.ts'
import { command, type Heard } from './fake-host.ts'

interface Wish {
  readonly userType?: object
  readonly activeDirectory?: boolean
  readonly domains?: readonly string[]
  readonly displayName?: string
  readonly by?: string
}

async function print({ userType, activeDirectory = true, domains, displayName = 'Contoso', by }: Wish): Promise<Heard> {
  const common = { apiVersion: 'guestlist/v1' }
  const organization = {
    ...common,
    kind: 'Organization',
    name: 'contoso',
    displayName,
    entra: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
    ...(activeDirectory && {
      activeDirectory: {
        domain: 'corp.contoso.com',
        servers: ['ldaps://dc1.corp.contoso.com'],
        organizationalUnits: { partnerAccounts: 'OU=Accounts,DC=corp,DC=contoso,DC=com' },
        ...(userType && { userType }),
      },
    }),
  }
  const partner = {
    ...common,
    kind: 'Partner',
    name: 'litware',
    displayName: 'Litware',
    accounts: domains === undefined ? 'entra-b2b' : 'active-directory',
    domains: domains ?? ['litware.com'],
    groups: { staff: { members: [] } },
  }
  const cwd = folderOf({
    'policies/organization.yaml': JSON.stringify(organization),
    'policies/litware.yaml': JSON.stringify(partner),
  })
  return await command(['connect-rule', ...(by === undefined ? [] : ['--by', by])], { cwd })
}

/** The script without its comments. */
const codeOf = ({ stdout }: Heard): string => stdout.replaceAll(/^ *#.*$/gm, '')

test('by the attribute: the rule applies to who is stamped, and says Guest whatever the stamp', async () => {
  const heard = await print({ userType: { attribute: 'msDS-cloudExtensionAttribute7', value: 'Partner' } })
  expect({ code: heard.code, stderr: heard.stderr }).toEqual({ code: 0, stderr: '' })
  const code = codeOf(heard)
  expect(code).toContain("-ArgumentList 'msDS-cloudExtensionAttribute7','Partner','EQUAL'")
  expect(code).toContain("-ArgumentList 'adminDescription','User_','NOTSTARTSWITH'")
  expect(code).toMatch(/-Source @\('Guest'\) `\n +-Destination 'userType' `\n +-FlowType 'Constant'/)
  expect(code).toContain("$domain = 'corp.contoso.com'")
  expect(heard.stdout).toContain('#   - msDS-cloudExtensionAttribute7 on the connector')
  expect((await print({})).stdout).toContain("'extensionAttribute1','Guest','EQUAL'")
})

test('it is a script and nothing else: rules below 100, both ways, in one block, with how to check it', async () => {
  const { stdout } = await print({})
  expect(stdout).toMatch(/^#/)
  const outside = stdout.replace(/^& \{\n[\s\S]*?^\}\n/m, '')
  expect(outside.split('\n').filter(line => line !== '' && !line.startsWith('#'))).toEqual([])
  expect(stdout).toContain('99..1')
  expect(stdout.match(/New-ADSyncRule `/g)).toHaveLength(2)
  expect(stdout.match(/Add-ADSyncRule `/g)).toHaveLength(2)
  expect(stdout).toMatch(/-Direction 'Inbound'[\s\S]*-Direction 'Outbound'/)
  expect(stdout).toMatch(/# .*Preview/)
  // Every line that goes on ends in the sign for it, and only such a line is followed by an argument.
  const lines = stdout.split('\n')
  for (const [index, line] of lines.entries())
    if (/^ {4}(-|\| Out-Null)/.test(line)) expect(lines[index - 1]?.endsWith(' `'), line).toBe(true)
})

test('by the suffix: of every partner with accounts of our own, and of nobody else', async () => {
  const heard = await print({ domains: ['partners.contoso.com', 'Guests.contoso.com'], by: 'upn-suffix' })
  const expression = /-Expression '(.*)'/.exec(codeOf(heard))?.[1]
  const suffix = 'LCase(Word([userPrincipalName],2,"@"))'
  expect(expression).toBe(
    `IIF(IsPresent([userPrincipalName]),IIF(${suffix} = "guests.contoso.com" || ${suffix} = "partners.contoso.com",` +
      '"Guest",NULL),Error("UserPrincipalName is not present to determine UserType"))',
  )
  expect(codeOf(heard)).not.toContain('extensionAttribute1')
  expect(codeOf(heard)).not.toContain('onmicrosoft')
})

test.each([
  ["O'Brien", "'O''Brien'"],
  ["'; Remove-Item C:\\ -Recurse; '", "'''; Remove-Item C:\\ -Recurse; '''"],
  // PowerShell takes typographic quotation marks for the plain one.
  ['’; calc; ‘', "'’’; calc; ‘‘'"],
  ['$(calc) `n "x"', '\'$(calc) `n "x"\''],
])('an odd value stays a value: %s', async (value, shown) => {
  const { stdout } = await print({
    userType: { attribute: 'info', value },
    displayName: `Contoso ${value}`,
  })
  expect(stdout).toContain(`-ArgumentList 'info',${shown},'EQUAL'`)
  expect(stdout.split('\n').filter(line => line.includes('calc') && !line.startsWith('#'))).toEqual(
    value.includes('calc') ? [expect.stringContaining('-ArgumentList')] : [],
  )
})

test('without a directory, or without anybody in it, it says what is missing', async () => {
  const none = await print({ activeDirectory: false })
  expect(none).toMatchObject({ code: 1, stdout: '' })
  expect(none.stderr).toMatch(/^error\[no-active-directory\]: organization\.yaml has no `activeDirectory`.*\n {2}add /)
  const nobody = await print({ by: 'upn-suffix' })
  expect(nobody).toMatchObject({ code: 1, stdout: '' })
  expect(nobody.stderr).toContain('error[no-suffixes]')
  expect(await print({ by: 'mail' })).toMatchObject({ code: 1, stdout: '' })
})
