// A partner whose files are gone: its removal can be planned and applied alone, by a name that no policy has any more.

import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

test('a partner that left the policy', async () => {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  expect((await command(['apply', '--sandbox', '--partner', 'woodgrove'], { cwd })).code).toBe(0)
  for (const file of ['partners/woodgrove.yaml', 'access/woodgrove.yaml']) rmSync(join(cwd, 'policies', file))

  const planned = await command(['plan', '--sandbox', '--partner', 'woodgrove', '--format', 'json'], { cwd })
  expect(planned.code).toBe(0)
  const { effects, summary } = JSON.parse(planned.stdout) as Plan
  expect(summary.losses).toBeGreaterThan(0)
  expect(new Set(effects.map(({ effect, partner }) => `${effect} ${partner}`))).toEqual(new Set(['lose woodgrove']))

  const mistyped = await command(['plan', '--sandbox', '--partner', 'woodgrov'], { cwd })
  expect(mistyped.code).toBe(1)
  expect(mistyped.stderr).toContain('no policy names partner `woodgrov`, and the directories hold nothing of it')
})
