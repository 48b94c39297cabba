// What the README shows is true: its policies are valid, its commands exist.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../cli/fake-host.ts'
import { organization } from '../policy/folder.ts'
import { emptyFolder, repository } from './guestlist.ts'

const readme = readFileSync(join(repository, 'README.md'), 'utf8')

test('its policies need nothing but an Organization', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'policies'))
  const [, tour = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
  expect(tour).toContain('kind: Access')
  writeFileSync(join(cwd, 'policies/tour.yaml'), tour)
  writeFileSync(join(cwd, 'policies/organization.yaml'), organization)
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
