// The manners of the command line: what goes to which stream, colours, pipes that close, help.

import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collect, emptyFolder, guestlist, repository } from '../stories/guestlist.ts'
import { command, sink } from './fake-host.ts'

const cwd = emptyFolder()
cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })

describe('help', () => {
  const commands = ['validate', 'plan', 'apply', 'explain', 'access', 'sandbox', 'schema', 'demo']

  test('names every command and every exit code, on stdout', async () => {
    const { code, stdout, stderr } = await command(['--help'], { cwd })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    for (const number of [0, 1, 2, 3, 4, 5, 130]) expect(stdout).toMatch(new RegExp(`\\b${number} [a-z]`))
  })

  test.for([...commands.map(command => [command]), ['sandbox', 'serve'], ['sandbox', 'reset'], ['sandbox', 'dump']])(
    'explains %s, with the options of every command',
    async words => {
      const { code, stdout } = await command([...words, '--help'], { cwd })
      expect(code).toBe(0)
      expect(stdout).toContain(`Usage: guestlist ${words.join(' ')}`)
      expect(stdout).toContain('--policies <folder>')
      expect(stdout.split('\n').filter(line => line.length > 130)).toEqual([])
    },
  )

  test('options may stand before the command or after it', async () => {
    const before = await command(['--sandbox', '--partner', 'adatum', 'plan', '--format', 'json'], { cwd })
    const after = await command(['plan', '--format', 'json', '--partner', 'adatum', '--sandbox'], { cwd })
    expect(before.code).toBe(0)
    expect(before.stdout).toBe(after.stdout)
  })
})

describe('colour', () => {
  const sequence = '\u001b['
  test.for([
    ['not in a pipe', {}, false],
    ['when it is forced', { FORCE_COLOR: '1' }, true],
    ['not when nobody wants it', { NO_COLOR: '1' }, false],
  ] as const)('%s', async ([, env, expected]) => {
    const { stdout } = await guestlist(['plan', '--sandbox', '--partner', 'adatum'], { cwd, env })
    expect(stdout.includes(sequence)).toBe(expected)
    const json = await guestlist(['plan', '--sandbox', '--format', 'json'], { cwd, env })
    expect(json.stdout.includes(sequence)).toBe(false)
  })
})

test('a reader who has seen enough is no error', async () => {
  const main = join(repository, 'src/main.ts')
  const script = `set -o pipefail; "${process.execPath}" "${main}" sandbox dump | head -c 10`
  const child = spawn('bash', ['-c', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const stderr: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  const code = await new Promise<number | null>(done => child.once('close', done))
  expect(Buffer.concat(stderr).toString()).not.toMatch(/EPIPE|Error/)
  expect(code).toBe(0)
})

describe('a report that cannot be written, for the disk is full,', () => {
  const unwritten = 'error[file]: the report could not be written: the disk is full\n'
  const place = emptyFolder()
  cpSync(join(repository, 'policies'), join(place, 'policies'), { recursive: true })

  const main = join(repository, 'src/main.ts')
  const run = async (args: string, to: string) => {
    const child = spawn('bash', ['-c', `"$0" "$1" ${args} ${to}`, process.execPath, main], {
      cwd: place,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
    const code = await new Promise<number | null>(done => child.once('close', done))
    return { code, stdout: stdout(), stderr: stderr() }
  }

  test.for(['validate', 'schema', '--help'])('is an error: %s', async command => {
    expect(await run(command, '> /dev/full')).toEqual({ code: 1, stdout: '', stderr: unwritten })
  })

  test('does not hide what was changed, nor stop it', async () => {
    const applied = await run('apply --sandbox', '> /dev/full')
    expect(applied.code).toBe(5)
    expect(applied.stderr).toMatch(/\[(\d+)\/\1\]/)
    expect(applied.stderr).toContain(`${unwritten}  what was done is done, and the journal tells of it\n`)
    const again = await run('apply --sandbox', '> /dev/full')
    expect(again.code).toBe(1)
    expect(again.stderr).toContain(unwritten)
  })

  test('and messages that cannot be written stop nothing', async () => {
    const applied = await run('apply --sandbox --at 2027-03-01', '2> /dev/full')
    expect(applied.code).toBe(0)
    expect(applied.stdout).toMatch(/^Applied \d+ changes/m)
  })
})

describe('options that mean nothing to a command', () => {
  test.for([
    ['show plan.json', 'show', ['at', 'partner', 'app', 'only', 'sandbox', 'seed', 'state', 'trace']],
    ['validate', 'validate', ['partner', 'app', 'only', 'sandbox', 'seed', 'state', 'trace']],
    ['audit verify j', 'audit verify', ['at', 'partner', 'app', 'only', 'sandbox', 'seed', 'state', 'trace']],
    ['schema', 'schema', ['at', 'partner', 'app', 'only', 'sandbox', 'seed', 'state', 'trace']],
  ] as const)('%s', async ([line, name, options]) => {
    for (const option of options) {
      const value = { at: ['2027-01-01'], only: ['entra'], sandbox: [] }[option as string] ?? ['x']
      const { code, stdout, stderr } = await command([...line.split(' '), `--${option}`, ...value], { cwd })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe(`error[bad-option]: --${option} means nothing to \`guestlist ${name}\`\n  leave it out\n`)
    }
  })

  test('but validate is of a day', async () => {
    expect((await command(['validate', '--at', '2027-01-01'], { cwd })).code).toBe(0)
  })
})

describe('schema', () => {
  test('is one document in which every reference leads somewhere', async () => {
    const { code, stdout } = await guestlist(['schema'], { cwd })
    expect(code).toBe(0)
    const schema = JSON.parse(stdout) as object
    const references = [...stdout.matchAll(/"\$ref": "([^"]+)"/g)].map(([, reference = '']) => reference)
    expect(references.length).toBeGreaterThan(10)
    for (const reference of references) {
      const found = reference
        .split('/')
        .slice(1)
        .reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], schema)
      expect(found, reference).toBeTypeOf('object')
    }
  })
})

test('an error of ours says that it is one, without a stack, and how to get one', async () => {
  const broken = sink({
    write: () => {
      throw new TypeError('a bug')
    },
  })
  const plainly = await command(['schema'], { cwd, stdout: broken })
  expect(plainly.code).toBe(1)
  expect(plainly.stderr).toBe('internal error: TypeError: a bug (run with GUESTLIST_DEBUG=1 for the stack)\n')
  const closely = await command(['schema'], { cwd, stdout: broken, env: { GUESTLIST_DEBUG: '1' } })
  expect(closely.stderr).toMatch(/^internal error: TypeError: a bug\n\s+at /)
})
