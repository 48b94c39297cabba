// What `npm pack` makes is what people get: it must run from an empty folder, without this repository beside it.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const repository = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'guestlist-package-'))
const example = ['--policies', 'node_modules/guestlist/policies']

function npm(args: readonly string[], cwd: string): void {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function guestlist(...args: readonly string[]): string {
  const bin = join(folder, 'node_modules/.bin/guestlist')
  return execFileSync(bin, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

beforeAll(() => {
  npm(['pack', '--pack-destination', folder], repository)
  writeFileSync(join(folder, 'package.json'), '{"private": true}')
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz')) ?? 'no tarball'
  npm(['install', '--prefer-offline', `./${tarball}`], folder)
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('holds what it needs and nothing of how it was made', () => {
  const inside = join(folder, 'node_modules/guestlist')
  const names = readdirSync(inside).sort()
  expect(names).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'policies', 'schemas'])
  expect(readdirSync(join(inside, 'dist'), { recursive: true }).filter(name => String(name).endsWith('.ts'))).toEqual(
    [],
  )
  expect(readdirSync(join(folder, 'node_modules'))).not.toContain('typescript')
})

test('says its version', () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
  expect(guestlist('--version')).toBe(`${version}\n`)
})

test('validates, plans and applies its own example', () => {
  expect(guestlist('validate', '--at', '2026-12-01', ...example)).toMatch(
    /^contoso: 5 partners, 61 people, 12 apps, \d+ accesses · no problems/m,
  )
  const plan = guestlist('plan', '--sandbox', ...example)
  expect(plan).toContain('people gain')
  expect(plan).toContain('node_modules/guestlist/policies/access/fabrikam.yaml:')
  expect(existsSync(join(folder, '.guestlist'))).toBe(false)
  expect(guestlist('apply', '--sandbox', ...example)).toMatch(/^Applied \d+ changes\./)
  expect(guestlist('plan', '--sandbox', '--detailed-exitcode', ...example)).toContain('Nothing to do.')
})

test('knows its schemas', () => {
  expect(JSON.parse(guestlist('schema', 'access'))).toMatchObject({ title: 'Access' })
  expect(Object.keys((JSON.parse(guestlist('schema')) as { $defs: object }).$defs)).toEqual([
    'organization',
    'partner',
    'app',
    'access',
    'rule',
  ])
})

test('plays the demo, in the same words each time', () => {
  const first = guestlist('demo')
  expect(first).toContain('── 9.')
  expect(guestlist('demo')).toBe(first)
})
