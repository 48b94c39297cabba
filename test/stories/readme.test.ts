// What the README shows is true: its policies are valid, its commands exist.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../cli/fake-host.ts'
import { emptyFolder, repository } from './guestlist.ts'

const readme = readFileSync(join(repository, 'README.md'), 'utf8')

test('its policies need nothing but an Organization', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'policies'))
  const [, tour = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
  expect(tour).toContain('kind: Access')
  writeFileSync(join(cwd, 'policies/tour.yaml'), tour)
  writeFileSync(
    join(cwd, 'policies/organization.yaml'),
    `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra: {tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece, initialDomain: contoso.onmicrosoft.com}
activeDirectory:
  domain: corp.contoso.com
  servers: ["ldaps://dc1.corp.contoso.com"]
  organizationalUnits:
    shadowAccounts: OU=Shadow,DC=corp,DC=contoso,DC=com
    archive: OU=Archive,DC=corp,DC=contoso,DC=com
    groups: OU=Groups,DC=corp,DC=contoso,DC=com
applicationProxy:
  connectorGroups: [{name: Headquarters, connectors: [CONNECTOR01]}]
`,
  )
  const { stdout } = await command(['validate', '--at', '2026-12-01'], { cwd })
  expect(stdout).not.toContain('error[')
})

test('its commands exist', async () => {
  const names = [...readme.matchAll(/^\$ (?:npx )?guestlist (\w+)/gm)].map(([, name = '']) => name)
  expect(names).toContain('plan')
  for (const name of new Set(names)) {
    const { code } = await command([name, '--help'], { cwd: repository })
    expect(code, name).toBe(0)
  }
})
