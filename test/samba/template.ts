// A freshly provisioned domain, made once per machine, Samba version and recipe, and copied for every run: provisioning
// takes seconds, a copy milliseconds. Copies share the domain's SID and keys.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { run } from './command.ts'

export const adminPassword = 'Passw0rd!23'

const recipe = join(import.meta.dirname, 'provision.py')
const root = join(tmpdir(), `guestlist-samba-${userInfo().uid}`)

export interface SambaVersion {
  readonly text: string
  /** From 4.19 on: functional level 2016, schema 2019. */
  readonly recent: boolean
}

export async function sambaVersion(): Promise<SambaVersion> {
  const text = (await run('/usr/sbin/samba', ['--version'])).trim().replace(/^Version /, '')
  const [major = 0, minor = 0] = text.split('.').map(Number)
  return { text, recent: major > 4 || (major === 4 && minor >= 19) }
}

/** A copy of its own of a new domain, gone when the process is. */
export async function copyDomain(realm: string, version: SambaVersion): Promise<string> {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  sweep()
  const template = await provisioned(realm, version)
  const folder = mkdtempSync(join(root, `run-${process.pid}-`))
  await run('cp', ['-a', `${template}/.`, folder])
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function provisioned(realm: string, version: SambaVersion): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(recipe)).update(`${version.text} ${realm}`).digest('hex')
  const template = join(root, `template-${digest.slice(0, 16)}`)
  if (existsSync(template)) return template
  const made = mkdtempSync(join(root, `making-${process.pid}-`))
  try {
    await run('/usr/bin/python3', [recipe, made, realm, adminPassword])
    renameSync(made, template)
  } catch (error) {
    // Another runner was faster: its template is as good.
    rmSync(made, { recursive: true, force: true })
    if (!existsSync(template)) throw error
  }
  return template
}

/** Removes what runners left behind that are no more. */
function sweep(): void {
  for (const name of readdirSync(root)) {
    const owner = /^(?:run|making)-(\d+)-/.exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(root, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
