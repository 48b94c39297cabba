// Broken policy folders: each mistake is told once, at its place, in words that help.

import { expect, test } from 'vitest'
import { access, type Files, fabrikam, load, organization, payroll, places, sound } from './folder.ts'

interface Case {
  readonly what: string
  readonly files: Files
  /** Every problem, by place. */
  readonly expected: readonly string[]
  /** What the first problem says, hint included. */
  readonly says: RegExp
}

/** The sound policy with one text replaced in one file. */
const change = (file: keyof typeof sound, from: string, to: string): Files => {
  expect(sound[file]).toContain(from)
  return { ...sound, [file]: sound[file].replace(from, () => to) }
}

const rule = (deny: string, each = 'access') => `apiVersion: guestlist/v1
kind: Rule
name: a-rule
each: ${each}
deny: ${deny}
message: No.
`

const cases: readonly Case[] = [
  // The language.
  {
    what: 'an unknown key with a near one',
    files: change('payroll.yaml', 'displayName:', 'diplayName:'),
    expected: ['error[unknown-key] payroll.yaml:4:1'],
    says: /App has no key `diplayName` did you mean `displayName`\?/,
  },
  {
    what: 'an unknown key deep inside',
    files: change('payroll.yaml', '  connectorGroup:', '  conectorGroup:'),
    expected: ['error[unknown-key] payroll.yaml:10:3'],
    says: /`proxy` has no key `conectorGroup` did you mean `connectorGroup`/,
  },
  {
    what: 'a missing key of the document',
    files: change('fabrikam.yaml', 'accounts: entra-b2b\n', ''),
    expected: ['error[missing-key] fabrikam.yaml:1:1'],
    says: /`accounts` is missing/,
  },
  {
    what: 'a missing key of a mapping',
    files: change('organization.yaml', '  initialDomain: contoso.onmicrosoft.com\n', ''),
    expected: ['error[missing-key] organization.yaml:4:1'],
    says: /`initialDomain` is missing in `entra`/,
  },
  {
    what: 'what a cloud app needs and must not have',
    files: change('payroll.yaml', 'on-premises', 'cloud'),
    expected: [
      'error[missing-key] payroll.yaml:1:1',
      'error[misplaced-key] payroll.yaml:7:1',
      'error[misplaced-key] payroll.yaml:11:1',
    ],
    says: /`entra` is missing a cloud app/,
  },
  {
    what: 'an on-premises app without sign-on',
    files: change('payroll.yaml', payroll.slice(payroll.indexOf('signOn')), ''),
    expected: ['error[missing-key] payroll.yaml:1:1'],
    says: /`signOn` is missing/,
  },
  {
    what: 'two ways of sign-on',
    files: change('payroll.yaml', 'signOn:\n', 'signOn:\n  header: {}\n'),
    expected: ['error[needs-one] payroll.yaml:11:1'],
    says: /`signOn` names exactly one of `kerberos`/,
  },
  {
    what: 'sign-on as a word',
    files: change('payroll.yaml', payroll.slice(payroll.indexOf('signOn')), 'signOn: header\n'),
    expected: ['error[wrong-type] payroll.yaml:11:9'],
    says: /must be a mapping, not text .*`signOn: \{header: \{\}\}`/,
  },
  {
    what: 'an unknown value with a near one',
    files: change('payroll.yaml', 'on-premises', 'onpremises'),
    expected: ['error[unknown-value] payroll.yaml:5:10'],
    says: /must be `cloud` or `on-premises`, not `onpremises` did you mean `on-premises`\?/,
  },
  {
    what: 'a wrong type',
    files: change('access.yaml', '[engineers]', 'engineers'),
    expected: ['error[wrong-type] access.yaml:5:9'],
    says: /`groups` must be a list, not text/,
  },
  {
    what: 'a key without value',
    files: change('access.yaml', 'app: payroll', 'app:'),
    expected: ['error[wrong-type] access.yaml:6:1'],
    says: /`app` has no value it is text/,
  },
  {
    what: 'an unknown requirement',
    files: { ...sound, 'payroll.yaml': `${payroll}requires: [mfa, MFAA]\n` },
    expected: ['error[bad-value] payroll.yaml:14:17'],
    says: /must be mfa, phishing-resistant-mfa.* did you mean `mfa`\?/,
  },
  {
    what: 'an unknown kind',
    files: change('access.yaml', 'kind: Access', 'kind: Acess'),
    expected: ['error[unknown-kind] access.yaml:2:7'],
    says: /there is no kind `Acess` did you mean `Access`\?/,
  },
  {
    what: 'another version',
    files: { ...sound, 'more.yaml': 'apiVersion: guestlist/v2\nkind: App\nname: x\n' },
    expected: ['error[unknown-version] more.yaml:1:13'],
    says: /must be `guestlist\/v1`/,
  },
  {
    what: 'a file of some other program',
    files: { ...sound, 'compose.yml': 'services:\n  web: {image: nginx}\n' },
    expected: ['error[missing-key] compose.yml:1:1'],
    says: /is this file a policy/,
  },
  {
    what: 'a list at the top',
    files: { ...sound, 'list.yaml': '# people\n- lee@fabrikam.com\n' },
    expected: ['error[wrong-type] list.yaml:2:1'],
    says: /a policy document is a mapping/,
  },
  {
    what: 'a name in capitals',
    files: {
      ...sound,
      'more.yaml': access
        .replace('fabrikam-payroll', 'Fabrikam Payroll')
        .replace('app: payroll', 'app: payroll\nfrom: 2020-01-01\nuntil: 2020-12-31'),
    },
    expected: ['error[bad-name] more.yaml:3:7', 'warning[already-over] more.yaml:8:8'],
    says: /`name` must be lower-case letters/,
  },
  {
    what: 'a look-alike in a name',
    files: change('access.yaml', 'name: fabrikam', 'name: f\u0430brikam'),
    expected: ['error[bad-name] access.yaml:3:7'],
    says: /U\+0430\) is not an ASCII character/,
  },
  {
    what: 'a role that is no name',
    files: { ...sound, 'payroll.yaml': `${payroll}roles:\n  user: {}\n  Big Boss: {}\n` },
    expected: ['error[bad-name] payroll.yaml:16:3'],
    says: /`Big Boss` cannot be a name/,
  },
  {
    what: 'a group with members here and elsewhere',
    files: change('fabrikam.yaml', '    members:\n', '    membersFrom: {entraGroup: SG}\n    members:\n'),
    expected: ['error[needs-one] fabrikam.yaml:8:3'],
    says: /`engineers` needs exactly one of `members` and `membersFrom`/,
  },
  {
    what: 'bad numbers and durations in guardrails',
    files: {
      ...sound,
      'organization.yaml': `${organization}guardrails:\n  removals: {percent: 101, atLeast: 1.5}\n  longestAccess: one year\n`,
    },
    expected: [
      'error[out-of-range] organization.yaml:19:23',
      'error[wrong-type] organization.yaml:19:37',
      'error[bad-duration] organization.yaml:20:18',
    ],
    says: /`percent` must be at most 100/,
  },
  {
    what: 'a custom domain as initial domain',
    files: change('organization.yaml', 'contoso.onmicrosoft.com', 'contoso.com'),
    expected: ['error[bad-value] organization.yaml:6:18'],
    says: /never a custom one/,
  },
  {
    what: 'an id that is no GUID',
    files: change('organization.yaml', '7918d4b5-0442-4a97-be2d-36f9f9962ece', '7918d4b5'),
    expected: ['error[bad-guid] organization.yaml:5:13'],
    says: /must be a GUID/,
  },
  {
    what: 'several mistakes in one document and others elsewhere',
    files: {
      ...sound,
      'access.yaml': access
        .replace('[engineers]', '[enginers]')
        .replace('app: payroll', 'app: payrol\nuntil: 2026-13-01\nresaon: x'),
      'fabrikam.yaml': fabrikam.replace('entra-b2b', 'guests'),
    },
    expected: [
      'error[unknown-group] access.yaml:5:10',
      'error[unknown-app] access.yaml:6:6',
      'error[bad-date] access.yaml:7:8',
      'error[unknown-key] access.yaml:8:1',
      'error[unknown-value] fabrikam.yaml:5:11',
    ],
    says: /fabrikam has no group `enginers` did you mean `engineers`\?/,
  },
  // References.
  {
    what: 'an unknown partner',
    files: change('access.yaml', 'partner: fabrikam', 'partner: fabricam'),
    expected: ['error[unknown-partner] access.yaml:4:10'],
    says: /there is no partner `fabricam` did you mean `fabrikam`\?/,
  },
  {
    what: 'an unknown role',
    files: {
      ...sound,
      'payroll.yaml': `${payroll}roles:\n  user: {}\n  approver: {}\n`,
      'access.yaml': `${access}role: aprover\n`,
    },
    expected: ['error[unknown-role] access.yaml:7:7'],
    says: /payroll has no role `aprover` did you mean `approver`\?/,
  },
  {
    what: 'no role where the app has no `user`',
    files: { ...sound, 'payroll.yaml': `${payroll}roles:\n  approver: {}\n` },
    expected: ['error[unknown-role] access.yaml:6:6'],
    says: /payroll has no role `user` name one with `role`: approver/,
  },
  {
    what: 'an unknown connector group',
    files: change('payroll.yaml', 'Headquarters', 'Headquaters'),
    expected: ['error[unknown-connector-group] payroll.yaml:10:19'],
    says: /no connector group `Headquaters` did you mean `Headquarters`\?/,
  },
  {
    what: 'two Organizations',
    files: { ...sound, 'other.yaml': organization },
    expected: ['error[second-organization] other.yaml:3:7'],
    says: /one Organization only/,
  },
  {
    what: 'no Organization',
    files: { 'app.yaml': '' },
    expected: ['error[no-organization] -'],
    says: /no document describes our Organization/,
  },
  {
    what: 'one name twice',
    files: {
      ...sound,
      'zz.yaml': `---\n# again\n${payroll.replace('payroll-contoso', 'other').replace('HTTP/payroll', 'HTTP/other')}`,
    },
    expected: ['error[duplicate-name] zz.yaml:5:7'],
    says: /there is an App `payroll` already/,
  },
  {
    what: 'the same address, service and application for two apps',
    files: {
      ...sound,
      'zz.yaml': `${payroll.replace('name: payroll', 'name: other').replace('displayName: Payroll', 'displayName: Other')}---\n${access.replace('name: fabrikam-payroll', 'name: b').replace('app: payroll', 'app: other')}`,
    },
    expected: ['error[same-external-url] zz.yaml:9:16', 'error[same-service] zz.yaml:13:27'],
    says: /publishes payroll already/,
  },
  {
    what: 'one name that people read, two apps and two partners',
    files: {
      ...sound,
      'wiki.yaml': `${payroll.replace('name: payroll', 'name: wiki').replace('payroll-contoso', 'wiki').replace('HTTP/payroll', 'HTTP/wiki').replace('displayName: Payroll', 'displayName: PAYROLL')}---\n${access.replace('name: fabrikam-payroll', 'name: b').replace('app: payroll', 'app: wiki').replace('partner: fabrikam', 'partner: litware')}`,
      'zz.yaml': fabrikam.replace('name: fabrikam', 'name: litware').replaceAll('fabrikam.com', 'litware.com'),
    },
    expected: ['warning[same-display-name] wiki.yaml:4:14', 'warning[same-display-name] zz.yaml:4:14'],
    says: /`PAYROLL` is what people read of payroll already the first is here:/,
  },
  {
    what: 'one domain, two partners',
    files: {
      ...sound,
      'zz.yaml': `${fabrikam.replace('name: fabrikam', 'name: litware').replace('Fabrikam, Inc.', 'Litware').replace('[fabrikam.com]', '[litware.com, FABRIKAM.com]')}---\n${access.replace('name: fabrikam-payroll', 'name: b').replace('partner: fabrikam', 'partner: litware')}`,
    },
    expected: [
      'error[domain-claimed-twice] zz.yaml:6:24',
      'error[two-partners] zz.yaml:10:9',
      'error[two-partners] zz.yaml:11:19',
    ],
    says: /FABRIKAM.com is a domain of fabrikam already/,
  },
  {
    what: 'our own domain and tenant as a partner',
    files: change(
      'fabrikam.yaml',
      'domains: [fabrikam.com]',
      'domains: [fabrikam.com, contoso.onmicrosoft.com]\ntenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece',
    ),
    expected: ['error[own-domain] fabrikam.yaml:6:25', 'error[own-tenant] fabrikam.yaml:7:11'],
    says: /our own domain/,
  },
  // People.
  {
    what: 'a foreign address',
    files: change('fabrikam.yaml', '- lee@fabrikam.com', '- pat@gmail.com'),
    expected: ['error[foreign-domain] fabrikam.yaml:10:9'],
    says: /pat@gmail.com is not of fabrikam fabrikam's domains are fabrikam.com/,
  },
  {
    what: 'a person twice, in another case',
    files: change('fabrikam.yaml', 'dana@fabrikam.com', 'LEE@Fabrikam.com'),
    expected: ['error[listed-twice] fabrikam.yaml:11:19'],
    says: /lee@fabrikam.com is in engineers twice/,
  },
  {
    what: 'plus-addressing',
    files: change('fabrikam.yaml', '- lee@', '- lee+contoso@'),
    expected: ['error[not-invitable] fabrikam.yaml:10:9'],
    says: /`\+` is not allowed in an invited address/,
  },
  {
    what: 'a look-alike in an address',
    files: change('fabrikam.yaml', '- lee@', '- l\u0435e@'),
    expected: ['error[look-alike] fabrikam.yaml:10:9'],
    says: /U\+0435/,
  },
  {
    what: 'no address at all',
    files: change('fabrikam.yaml', '- lee@fabrikam.com', '- lee'),
    expected: ['error[bad-address] fabrikam.yaml:10:9'],
    says: /`lee` is not an address/,
  },
  {
    what: 'a hidden character in an escape',
    files: change('fabrikam.yaml', 'displayName: Dana Ruiz', 'displayName: "Dana\\u200bRuiz"'),
    expected: ['error[hidden-character] fabrikam.yaml:11:51'],
    says: /U\+200B, a zero-width space/,
  },
  {
    what: 'mixed scripts in a display name',
    files: change('fabrikam.yaml', 'Dana Ruiz', 'D\u0430na Ruiz'),
    expected: ['warning[mixed-scripts] fabrikam.yaml:11:51'],
    says: /mixes Latin and Cyrillic letters/,
  },
  {
    what: 'a membership that is over',
    files: change('fabrikam.yaml', '2027-03-31', '2026-11-30'),
    expected: ['warning[already-over] fabrikam.yaml:11:69'],
    says: /this membership ended on 2026-11-30/,
  },
  // Time.
  {
    what: 'a day that does not exist',
    files: { ...sound, 'access.yaml': `${access}until: 2027-02-29\n` },
    expected: ['error[bad-date] access.yaml:7:8'],
    says: /`2027-02-29` is not a date/,
  },
  {
    what: 'an end before the beginning',
    files: { ...sound, 'access.yaml': `${access}from: 2027-02-01\nuntil: 2027-01-31\n` },
    expected: ['error[from-after-until] access.yaml:8:8'],
    says: /ends before it begins/,
  },
  {
    what: 'a guest at an app that looks for people by a name that guests do not have',
    files: change(
      'payroll.yaml',
      'HTTP/payroll.corp.contoso.com',
      'HTTP/payroll.corp.contoso.com\n    loginIdentity: onPremisesUserPrincipalName',
    ),
    expected: ['warning[no-login-identity] access.yaml:6:6'],
    says: /payroll looks for people by `onPremisesUserPrincipalName`/,
  },
  {
    what: 'two roles with one group in Active Directory',
    files: change(
      'payroll.yaml',
      'HTTP/payroll.corp.contoso.com',
      `HTTP/payroll.corp.contoso.com
roles:
  user: {adGroup: "CN=Pay,OU=Apps,DC=corp,DC=contoso,DC=com"}
  approver: {adGroup: "cn=pay, ou=Apps, DC=corp, DC=contoso, DC=com"}`,
    ),
    expected: ['warning[same-ad-group] payroll.yaml:16:23'],
    says: /who is in it has the rights of both the first is here:/,
  },
  {
    what: 'an access that is over',
    files: { ...sound, 'access.yaml': `${access}until: 2026-10-31\n` },
    expected: ['warning[already-over] access.yaml:7:8'],
    says: /this access ended on 2026-10-31 remove it, or give it a new end/,
  },
  {
    what: 'the same access twice at one time',
    files: { ...sound, 'more.yaml': `${access.replace('fabrikam-payroll', 'again')}from: 2027-01-01\n` },
    expected: ['error[granted-twice] more.yaml:5:10'],
    says: /fabrikam-payroll grants engineers the role user in payroll already/,
  },
  {
    what: 'an access without end under a guardrail',
    files: { ...sound, 'organization.yaml': `${organization}guardrails: {longestAccess: 365d}\n` },
    expected: ['error[guardrail/longest-access] access.yaml:3:7'],
    says: /this access has no end/,
  },
  {
    what: 'overrides that have ended or set aside nothing',
    files: {
      ...sound,
      'organization.yaml': `${organization}guardrails:\n  removals: {percent: 10, atLeast: 5}\n  overrides:\n    - {guardrail: removals, reason: x, until: 2026-11-30}\n    - {guardrail: longestAccess, reason: x, until: 2027-01-01}\n`,
    },
    expected: ['warning[override-over] organization.yaml:21:47', 'warning[no-effect] organization.yaml:22:19'],
    says: /this override ended on 2026-11-30/,
  },
  // What one thing needs of another.
  {
    what: 'Kerberos with passthrough',
    files: change('payroll.yaml', 'signOn:', '  preauthentication: passthrough\nsignOn:'),
    expected: ['error[needs-preauthentication] payroll.yaml:11:22'],
    says: /Kerberos needs preauthentication by Entra/,
  },
  {
    what: 'Kerberos without Active Directory',
    files: change(
      'organization.yaml',
      organization.slice(organization.indexOf('activeDirectory'), organization.indexOf('applicationProxy')),
      '',
    ),
    expected: ['error[missing-active-directory] payroll.yaml:12:3'],
    says: /payroll signs people on with Kerberos, but the Organization has no `activeDirectory`/,
  },
  {
    what: 'a missing unit',
    files: change('organization.yaml', '    archive: OU=Archive,DC=corp,DC=contoso,DC=com\n', ''),
    expected: ['error[missing-unit] payroll.yaml:12:3'],
    says: /no organizational unit `archive`/,
  },
  {
    what: 'own accounts without a unit for them',
    files: change('fabrikam.yaml', 'entra-b2b', 'active-directory'),
    expected: ['error[missing-unit] fabrikam.yaml:5:11'],
    says: /no organizational unit `partnerAccounts`/,
  },
  {
    what: 'connectors that nobody named',
    files: change('organization.yaml', '      connectors: [CONNECTOR01]\n', ''),
    expected: ['error[no-connectors] payroll.yaml:10:19'],
    says: /no connectors are known that may delegate to payroll/,
  },
  {
    what: 'a unit of another domain',
    files: change('organization.yaml', 'OU=Groups,DC=corp,', 'OU=Groups,'),
    expected: ['error[outside-domain] organization.yaml:13:13'],
    says: /not in the domain corp.contoso.com it must end in DC=corp,DC=contoso,DC=com/,
  },
  {
    what: 'a group of another domain',
    files: {
      ...sound,
      'payroll.yaml': `${sound['payroll.yaml']}roles: {user: {adGroup: "CN=Users,DC=elsewhere,DC=com"}}\n`,
    },
    expected: ['error[outside-domain] payroll.yaml:14:25'],
    says: /not in the domain corp.contoso.com it must end in DC=corp,DC=contoso,DC=com/,
  },
  {
    what: 'no distinguished name',
    files: change('organization.yaml', 'OU=Groups,DC=corp,DC=contoso,DC=com', 'Partners/Groups'),
    expected: ['error[bad-distinguished-name] organization.yaml:13:13'],
    says: /`Partners\/Groups` is not the distinguished name/,
  },
  {
    what: 'addresses that cannot be published',
    files: {
      ...sound,
      'payroll.yaml': payroll
        .replace('https://payroll-contoso.msappproxy.net/', 'http://a:b@c.msappproxy.net/')
        .replace('corp.contoso.com/\n', 'corp.contoso.com\n'),
    },
    expected: ['error[bad-url] payroll.yaml:8:16', 'error[bad-url] payroll.yaml:9:16'],
    says: /must end with a slash write http:\/\/payroll.corp.contoso.com\//,
  },
  {
    what: 'no service principal name',
    files: change('payroll.yaml', 'HTTP/payroll.corp.contoso.com', 'payroll.corp.contoso.com'),
    expected: ['error[bad-service-principal-name] payroll.yaml:13:27'],
    says: /write it like HTTP\//,
  },
  {
    what: 'a certificate file that is not there',
    files: change('organization.yaml', '  servers:', '  caFile: certs/ca.pem\n  servers:'),
    expected: ['error[missing-file] organization.yaml:9:11'],
    says: /there is no file `certs\/ca.pem`/,
  },
  {
    what: 'a group and an app that nobody uses',
    files: { 'organization.yaml': organization, 'fabrikam.yaml': fabrikam, 'payroll.yaml': payroll },
    expected: ['warning[unused-group] fabrikam.yaml:8:3', 'warning[unreached-app] payroll.yaml:3:7'],
    says: /no access names the group engineers of fabrikam/,
  },
  {
    what: 'trust in nobody',
    files: { ...sound, 'fabrikam.yaml': `${fabrikam}trust: {mfa: true}\n` },
    expected: ['warning[no-effect] fabrikam.yaml:12:1'],
    says: /no effect without the `tenantId`/,
  },
  // Rules.
  {
    what: 'a rule with an unknown field',
    files: { ...sound, 'rule.yaml': rule(`'"x" in access.app.tag'`) },
    expected: ['error[bad-expression] rule.yaml:5:26'],
    says: /there is no field `tag` did you mean `tags`\?/,
  },
  {
    what: 'a rule that is not closed',
    files: { ...sound, 'rule.yaml': rule('size(access.groups > 1') },
    expected: ['error[bad-expression] rule.yaml:5:29'],
    says: /expected `\)`, got the end/,
  },
  {
    what: 'a rule that is no question',
    files: { ...sound, 'rule.yaml': rule('access.name') },
    expected: ['error[bad-expression] rule.yaml:5:7'],
    says: /must be true or false, but this is string/,
  },
  {
    what: 'a rule that cannot be answered',
    files: { ...sound, 'rule.yaml': rule('access.groups[3] == "x"') },
    expected: ['error[rule-failed] rule.yaml:5:7'],
    says: /this cannot be answered.* asked about fabrikam-payroll/,
  },
  {
    what: 'a rule that could take for ever',
    files: { ...sound, 'rule.yaml': rule('access.name.matches("(a+)+$")') },
    expected: ['error[bad-expression] rule.yaml:5:27'],
    says: /could take for ever/,
  },
  {
    what: 'a rule that denies',
    files: { ...sound, 'rule.yaml': rule('access.until == ""') },
    expected: ['error[rule/a-rule] access.yaml:3:7'],
    says: /^No\. the rule is here/,
  },
]

test.each(cases)('$what', async ({ files, expected, says }) => {
  const loaded = await load(files)
  expect(places(loaded)).toEqual(expected)
  const [first] = loaded.problems
  expect(`${first?.message} ${first?.hint ?? ''}`).toMatch(says)
  const refused = loaded.problems.some(
    ({ severity, code }) => severity === 'error' && !/^(rule|guardrail)\//.test(code),
  )
  expect(loaded.policy === undefined).toBe(refused)
})
