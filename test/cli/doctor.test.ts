// `guestlist doctor` where there is no domain controller: in the sandbox, and without credentials.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

function contoso(edit: (organization: string) => string = text => text): string {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  const file = join(cwd, 'policies/organization.yaml')
  writeFileSync(file, edit(readFileSync(file, 'utf8')))
  return cwd
}

test('the sandbox is well, as far as can be told there', async () => {
  const { code, stdout } = await command(['doctor', '--sandbox'], { cwd: contoso() })
  expect(stdout).toContain('✓ unit OU=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com')
  expect(stdout).toContain('✓ group CN=Woodgrove Branch Auditors')
  expect(stdout).toContain('cannot be told in the sandbox')
  expect(stdout).toMatch(/\nAll is well\. Nothing was changed\.\n$/)
  expect(code).toBe(0)
})

test('the sandbox tells a missing unit and a missing connector', async () => {
  const cwd = contoso(text =>
    text.replace('archive: OU=Archive', 'archive: OU=Attic').replace('[CONNECTOR03]', '[CONNECTOR30]'),
  )
  const { code, stdout } = await command(['doctor', '--sandbox'], { cwd })
  expect(stdout).toMatch(/✗ .*OU=Attic.*\(archive\) \[missing-unit\]\n {6}create it/)
  expect(stdout).toMatch(/\n1 thing fails\. |\n2 things fail\. /)
  expect(code).toBe(1)
})

test('without credentials both directories say which variables are missing', async () => {
  const { code, stdout } = await command(['doctor'], { cwd: contoso() })
  expect(stdout).toMatch(/✗ .*AZURE_CLIENT_ID is not set \[no-credentials\]/)
  expect(stdout).toMatch(/✗ .*GUESTLIST_LDAP_BIND_DN is not set \[no-credentials\]/)
  expect(stdout).toContain('not supported yet: checks of Entra ID')
  expect(code).toBe(1)
})

test('policies with mistakes are told before anything is looked at', async () => {
  const cwd = contoso(text => text.replace('tenantId:', 'tenant:'))
  const { code, stdout, stderr } = await command(['doctor'], { cwd })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('organization.yaml')
})
