// `validate` for machines: annotations and SARIF alone on stdout, the same exit codes, files named from the checkout's root.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Log } from 'sarif'
import { expect, test } from 'vitest'
import { commandsIn } from '../hostile/build-agent.ts'
import { access, fabrikam, folderOf, payroll, sound } from '../policy/folder.ts'
import { command } from './fake-host.ts'

/** A checkout whose policies are in `policies/`. */
function checkout(files: Readonly<Record<string, string>>): string {
  return folderOf(Object.fromEntries(Object.entries(files).map(([name, text]) => [`policies/${name}`, text])))
}

const mistaken = {
  ...sound,
  // Two letters that are two UTF-16 units each stand before the mistake.
  'access.yaml': access.replace('groups: [engineers]', '"groups": ["😀😀", enginers]'),
  'fabrikam.yaml': fabrikam.replace('2027-03-31', '2026-10-31'),
}

const rule = `apiVersion: guestlist/v1
kind: Rule
name: no-payroll
each: access
deny: 'access.app.name == "payroll"'
message: |
  Nobody outside.
  ::add-mask::x
`

test('annotations stand alone on stdout, at the lines; people read the rest on stderr', async () => {
  const cwd = checkout(mistaken)
  const { code, stdout, stderr } = await command(['validate', '--format', 'github'], { cwd })
  expect(code).toBe(1)
  expect(commandsIn(stdout).map(({ name, properties }) => [name, properties.file, properties.title])).toEqual([
    ['error', 'policies/access.yaml', 'unknown-group'],
    ['error', 'policies/access.yaml', 'unknown-group'],
    ['warning', 'policies/fabrikam.yaml', 'already-over'],
  ])
  expect(commandsIn(stdout)).toHaveLength(stdout.split('\n').length - 1)
  expect(commandsIn(stderr)).toEqual([])
  expect(stderr).toContain('policies/access.yaml:5:')
  expect(stderr).toMatch(/\n2 errors, 1 warning in 4 files\n$/)
})

test('columns are those of the file', async () => {
  const cwd = checkout(mistaken)
  const { code, stdout } = await command(['validate', '--format', 'sarif'], { cwd })
  expect(code).toBe(1)
  const [run] = (JSON.parse(stdout) as Log).runs
  const line = mistaken['access.yaml'].split('\n')[4] ?? ''
  const column = line.indexOf('enginers') + 1
  expect(run?.results?.[1]?.locations?.[0]?.physicalLocation).toEqual({
    artifactLocation: { uri: 'policies/access.yaml', uriBaseId: '%SRCROOT%' },
    region: { startLine: 5, startColumn: column, endColumn: column + 'enginers'.length },
  })
})

test('without a problem there is nothing to annotate, and a SARIF run without results', async () => {
  const cwd = checkout(sound)
  const github = await command(['validate', '--format', 'github'], { cwd })
  expect(github).toEqual({
    code: 0,
    stdout: '',
    stderr: 'contoso: 1 partner, 2 people, 1 app, 1 access · no problems in 4 files\n',
  })
  const sarif = await command(['validate', '--format', 'sarif'], { cwd })
  expect(sarif.code).toBe(0)
  expect((JSON.parse(sarif.stdout) as Log).runs[0]?.results).toEqual([])
})

test('what a rule refuses keeps its exit code, and its message no second command', async () => {
  const cwd = checkout({ ...sound, 'rule.yaml': rule })
  const { code, stdout, stderr } = await command(['validate', '--format', 'github'], { cwd })
  expect(code).toBe(3)
  expect(commandsIn(stdout).map(({ name, properties }) => [name, properties.title])).toEqual([
    ['error', 'rule/no-payroll'],
  ])
  expect(commandsIn(stderr)).toEqual([])
  const text = await command(['validate'], { cwd })
  expect(text.code).toBe(3)
  expect(commandsIn(text.stdout)).toEqual([])
})

test('files are named from the root of the checkout, wherever the command runs', async () => {
  const root = checkout(mistaken)
  const inside = path.join(root, 'deeper')
  mkdirSync(inside)
  const filesIn = async (args: readonly string[], cwd: string, env = {}) => {
    const { stdout } = await command(['validate', '--format', 'github', ...args], { cwd, env })
    return new Set(commandsIn(stdout).map(({ properties }) => properties.file))
  }
  const expected = new Set(['policies/access.yaml', 'policies/fabrikam.yaml'])
  const env = { GITHUB_WORKSPACE: root }
  expect(await filesIn([], root)).toEqual(expected)
  expect(await filesIn(['--policies', './policies/'], root)).toEqual(expected)
  expect(await filesIn(['--policies', path.join(root, 'policies')], root)).toEqual(expected)
  expect(await filesIn(['--policies', '../policies'], inside, env)).toEqual(expected)
  expect(await filesIn(['--policies', '.'], path.join(root, 'policies'), env)).toEqual(expected)
  // Outside of the checkout a file keeps the name that the user gave it.
  expect(await filesIn(['--policies', '../policies'], inside)).toEqual(
    new Set(['../policies/access.yaml', '../policies/fabrikam.yaml']),
  )
})

test('a file name is no command', async () => {
  const name = 'x\n::set-output name=a::b,line=1.yaml'
  const cwd = checkout({ ...sound, [name]: payroll.replace('kind: App', 'kind: Ape') })
  for (const format of ['text', 'github', 'sarif']) {
    const { stdout, stderr } = await command(['validate', '--format', format], { cwd })
    expect(commandsIn(stdout).filter(({ name }) => name !== 'error')).toEqual([])
    expect(commandsIn(stderr)).toEqual([])
  }
})

test('a format that does not exist is a mistake', async () => {
  const { code, stderr } = await command(['validate', '--format', 'junit'], { cwd: checkout(sound) })
  expect(code).toBe(1)
  expect(stderr).toContain('Allowed choices are text, github, sarif')
})
