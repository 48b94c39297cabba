// The synchronisation rules of Entra Connect that make guests of partners' accounts, as a PowerShell script with the ADSync
// module's cmdlets, in the form in which the Synchronization Rules Editor exports rules. One script block: pasted, it runs
// whole or stops at the first error. Everybody to whom the rule does not apply is left as they are.

import { safeText } from './safe-text.ts'

export interface ConnectRule {
  /** The organization, as comments name it. */
  readonly organization: string
  /** `corp.contoso.com` */
  readonly domain: string
  readonly by:
    | { readonly attribute: string; readonly value: string }
    /** Without the @ in front; never empty. */
    | { readonly suffixes: readonly string[] }
}

/** Every installation of Entra Connect knows its connector to the tenant by this identifier. */
const entraConnector = 'b891884f-051e-4a83-95af-2544101c9083'
const inboundRule = '8d0f6a52-1c7e-4b39-9f4d-6e2b70c5a913'
const outboundRule = 'c3b19e74-5a08-4d6f-8e21-90d7f4a6b258'

export function renderConnectRule(rule: ConnectRule): string {
  return `${[...head(rule), '', '& {', ...body(rule), '}', '', ...tail(rule)].join('\n')}\n`
}

function head({ organization, domain, by }: ConnectRule): readonly string[] {
  const who =
    'attribute' in by
      ? `every user of ${domain} whose ${by.attribute} is ${JSON.stringify(by.value)}`
      : `every user of ${domain} whose user principal name ends in ${by.suffixes.map(suffix => `@${suffix}`).join(' or ')}`
  const source = 'attribute' in by ? by.attribute : 'userPrincipalName'
  return comment(
    `Entra Connect rules of ${organization}:`,
    who,
    'becomes a guest (userType Guest) in the cloud.',
    '',
    'Printed by `guestlist connect-rule`. Run it as an administrator on the Entra Connect server (1.5.30 or later), where it',
    'adds one inbound and one outbound rule, and changes no other rule and no other user.',
    '',
    'Before, in the Synchronization Service (Connectors, Properties, Select Attributes), tick',
    `  - ${source} on the connector to ${domain}`,
    '  - userType on the connector to Microsoft Entra ID.',
  )
}

function body({ domain, by }: ConnectRule): readonly string[] {
  const scope =
    'attribute' in by
      ? [
          ...condition(0, 'adminDescription', 'User_', 'NOTSTARTSWITH'),
          ...condition(1, by.attribute, by.value, 'EQUAL'),
        ]
      : condition(0, 'adminDescription', 'User_', 'NOTSTARTSWITH')
  const flow =
    'attribute' in by
      ? ["-Source @('Guest')", "-Destination 'userType'", "-FlowType 'Constant'"]
      : ["-Destination 'userType'", "-FlowType 'Expression'", `-Expression ${quoted(expression(by.suffixes))}`]
  return [
    "  $ErrorActionPreference = 'Stop'",
    '  Import-Module ADSync',
    '',
    `  $domain = ${quoted(domain)}`,
    '  $connectors = @(Get-ADSyncConnector | Where-Object {',
    '    $_.Type -eq \'AD\' -and ($domain -eq $_.Name -or $domain -like "*.$($_.Name)") })',
    '  if ($connectors.Count -ne 1) {',
    '    throw "$($connectors.Count) connectors lead to $domain (Get-ADSyncConnector lists them): one is needed." }',
    '',
    `  $ours = ${quoted(inboundRule)}, ${quoted(outboundRule)}`,
    '  $rules = @(Get-ADSyncRule)',
    '  if ($rules | Where-Object { $ours -contains $_.Identifier }) {',
    '    throw "The rules are there already. Remove-ADSyncRule -Identifier takes one away: $($ours -join \', \')" }',
    '  # Below 100, before the rules that come with Entra Connect, and after all others of your own.',
    '  $free = @(99..1 | Where-Object { $rules.Precedence -notcontains $_ })',
    "  if ($free.Count -lt 2) { throw 'No two precedences below 100 are free.' }",
    '',
    '  # No sync runs before somebody has looked at the result (see below).',
    '  Set-ADSyncScheduler -SyncCycleEnabled $false',
    '',
    '  # In from AD: for accounts in scope, Guest.',
    ...newRule('In from AD - User UserType (guestlist)', inboundRule, 'Inbound', '$free[1]', [
      "-SourceObjectType 'user'",
      "-TargetObjectType 'person'",
      '-Connector $connectors[0].Identifier',
    ]),
    '',
    ...command('Add-ADSyncAttributeFlowMapping', ['-SynchronizationRule $syncRule[0]', ...flow, ...merged]),
    '',
    ...scope,
    ...scopeGroup('attribute' in by ? 2 : 1),
    '',
    ...added,
    '',
    '  # Out to Entra ID: what they are in the metaverse, for users that are synchronised.',
    ...newRule('Out to AAD - User UserType (guestlist)', outboundRule, 'Outbound', '$free[0]', [
      "-SourceObjectType 'person'",
      "-TargetObjectType 'user'",
      `-Connector ${quoted(entraConnector)}`,
    ]),
    '',
    ...command('Add-ADSyncAttributeFlowMapping', [
      '-SynchronizationRule $syncRule[0]',
      "-Source @('userType')",
      "-Destination 'userType'",
      "-FlowType 'Direct'",
      ...merged,
    ]),
    '',
    ...condition(0, 'sourceObjectType', 'User', 'EQUAL'),
    ...condition(1, 'cloudMastered', 'True', 'NOTEQUAL'),
    ...scopeGroup(2),
    '',
    ...added,
  ]
}

const merged = ["-ValueMergeType 'Update'", '-OutVariable syncRule']
const added = command('Add-ADSyncRule', ['-SynchronizationRule $syncRule[0]'])

function tail({ by }: ConnectRule): readonly string[] {
  return comment(
    'Check it before anything reaches the cloud, in the Synchronization Service:',
    '  1. Connectors: run Full Import on both connectors.',
    `  2. Search Connector Space of the connector to AD: open ${'attribute' in by ? 'a stamped account' : "a partner's account"}, Preview, Generate Preview:`,
    '     userType must be Guest. Open an employee: userType must be left alone.',
    '  3. Run Full Synchronization on the connector to AD, then look through Pending Export of the one to Microsoft Entra ID.',
    'When it is right, switch synchronisation on again:',
    '  Set-ADSyncScheduler -SyncCycleEnabled $true',
    '  Start-ADSyncSyncCycle -PolicyType Initial',
  )
}

function newRule(
  name: string,
  identifier: string,
  direction: 'Inbound' | 'Outbound',
  precedence: string,
  ends: readonly string[],
): readonly string[] {
  const none = quoted('00000000-0000-0000-0000-000000000000')
  return command('New-ADSyncRule', [
    `-Name ${quoted(name)}`,
    `-Identifier ${quoted(identifier)}`,
    `-Description ${quoted("Makes guests of partners' accounts")}`,
    `-Direction '${direction}'`,
    `-Precedence ${precedence}`,
    `-PrecedenceAfter ${none}`,
    `-PrecedenceBefore ${none}`,
    ...ends,
    "-LinkType 'Join'",
    '-SoftDeleteExpiryInterval 0',
    "-ImmutableTag ''",
    '-OutVariable syncRule',
  ])
}

function condition(index: number, attribute: string, value: string, operator: string): readonly string[] {
  return command('New-Object', [
    "-TypeName 'Microsoft.IdentityManagement.PowerShell.ObjectModel.ScopeCondition'",
    `-ArgumentList ${quoted(attribute)},${quoted(value)},'${operator}'`,
    `-OutVariable condition${index}`,
  ])
}

function scopeGroup(conditions: number): readonly string[] {
  const all = Array.from({ length: conditions }, (_, index) => `$condition${index}[0]`)
  return command('Add-ADSyncScopeConditionGroup', [
    '-SynchronizationRule $syncRule[0]',
    `-ScopeConditions @(${all.join(',')})`,
    '-OutVariable syncRule',
  ])
}

/** One argument a line. What a cmdlet returns is not shown: its OutVariable holds it. */
function command(name: string, args: readonly string[]): readonly string[] {
  return [`  ${name} \``, ...args.map(arg => `    ${arg} \``), '    | Out-Null']
}

/** NULL contributes nothing, so that nobody else becomes what they were not. */
function expression(suffixes: readonly string[]): string {
  const isTheirs = suffixes.map(suffix => `LCase(Word([userPrincipalName],2,"@")) = "${suffix.toLowerCase()}"`)
  const absent = 'Error("UserPrincipalName is not present to determine UserType")'
  return `IIF(IsPresent([userPrincipalName]),IIF(${isTheirs.join(' || ')},"Guest",NULL),${absent})`
}

/** A PowerShell string that nothing is read into: every sign that PowerShell takes for a single quote is doubled. */
function quoted(text: string): string {
  return `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`
}

function comment(...lines: readonly string[]): readonly string[] {
  return lines.map(line => `# ${safeText(line)}`.trimEnd())
}
