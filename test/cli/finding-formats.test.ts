// The findings of a plan for machines, of one that is made and of one that was saved.

import type { Log } from 'sarif'
import { expect, test } from 'vitest'
import { examplePolicies } from '../../src/cli/installed.ts'
import { commandsIn } from '../hostile/build-agent.ts'
import { folderOf } from '../policy/folder.ts'
import { command } from './fake-host.ts'

test('a plan’s findings are annotations at their lines, or results, and stand alone on stdout', async () => {
  const cwd = folderOf({})
  const plan = (format: string) =>
    command(['plan', '--sandbox', '--policies', examplePolicies, '--format', format, '--out', 'plan.json'], { cwd })
  const made = await plan('github')
  const found = commandsIn(made.stdout)
  expect(made.code).toBe(0)
  expect(found.length).toBeGreaterThan(0)
  expect(made.stdout.split('\n')).toHaveLength(found.length + 1)
  expect(found.map(({ properties }) => properties.title)).toContain('unmanaged-guest')
  for (const { properties } of found) expect(properties.line).toMatch(/^\d+$/)

  const saved = await command(['show', 'plan.json', '--format', 'github'], { cwd })
  expect(saved).toMatchObject({ code: 0, stdout: made.stdout })

  const { stdout } = await command(['show', 'plan.json', '--format', 'sarif'], { cwd })
  const [run] = (JSON.parse(stdout) as Log).runs
  expect(run?.automationDetails?.id).toBe('guestlist/plan/')
  expect(run?.results?.map(({ ruleId }) => ruleId)).toEqual(found.map(({ properties }) => properties.title))
})
