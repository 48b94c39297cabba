// Runs a program to its end; what it printed decides what a failure says.

import { spawn } from 'node:child_process'

export interface CommandOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function attempt(
  program: string,
  args: readonly string[],
  { input = '', env = {} }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(program, args, { env: { ...process.env, LC_ALL: 'C', ...env }, stdio: 'pipe' })
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', done)
  })
  return { code, stdout: Buffer.concat(chunks.stdout).toString(), stderr: Buffer.concat(chunks.stderr).toString() }
}

/** What it printed; throws unless it succeeds. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args[0] ?? ''}: exit code ${code}: ${stderr || stdout}`.trim())
  return stdout
}
