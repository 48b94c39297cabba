// A process that is really killed, at any moment of an apply: what it leaves can be read, its journal is as it was written, and
// running again comes to the state that an undisturbed apply comes to, with nobody invited twice. GUESTLIST_KILLS is how often
// (10; 200 for a night), GUESTLIST_SWEEP_SEED when.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { command, type Heard } from '../cli/fake-host.ts'
import { chance } from '../laws/interleaving.ts'
import { likeness } from '../laws/sameness.ts'
import type { Snapshot } from '../laws/tenant.ts'
import { examplePolicies } from './contoso-tenant.ts'
import { emptyFolder, guestlist } from './guestlist.ts'

const kills = Number(process.env.GUESTLIST_KILLS ?? 10)
const seed = Number(process.env.GUESTLIST_SWEEP_SEED ?? 20261201)
const patience = 60_000 + kills * 20_000

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const cwd = emptyFolder()
const inPlace = (state: string): readonly string[] => ['--sandbox', '--policies', examplePolicies, '--state', state]
const run = (...args: readonly string[]): Promise<Heard> =>
  command(args, { cwd, writer: { pid: process.pid, isAlive } })

async function contentsOf(state: string): Promise<Snapshot> {
  const { stdout, stderr } = await run('sandbox', 'dump', '--state', state, '--format', 'json')
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Snapshot
}

let undisturbed: readonly string[] = []
let changes = 0
beforeAll(async () => {
  const { code, stdout } = await run('apply', ...inPlace('undisturbed'))
  expect(code).toBe(0)
  changes = Number(/^Applied (\d+) changes/m.exec(stdout)?.[1])
  expect(changes).toBeGreaterThan(50)
  undisturbed = likeness(await contentsOf('undisturbed'))
}, patience)

/** Kills it when so many changes have been told, and some milliseconds later. */
function applyAndKill(state: string, after: number, delay: number, concurrency: number): ReturnType<typeof guestlist> {
  return guestlist(['apply', ...inPlace(state), '--concurrency', String(concurrency)], {
    cwd,
    during: child => {
      let isTold = false
      const kill = (): void => void setTimeout(() => child.kill('SIGKILL'), delay)
      child.stderr?.on('data', (chunk: Buffer) => {
        const told = [...chunk.toString().matchAll(/\[ *(\d+)\/\d+\]/g)].map(([, number]) => Number(number))
        if (isTold || !told.some(number => number > after)) return
        isTold = true
        kill()
      })
      if (after < 0) kill()
    },
  })
}

test(
  'killed at any moment, an apply is taken up by the next one',
  async () => {
    const next = chance(seed)
    let killed = 0
    for (let round = 0; round < kills; round += 1) {
      // One in five before anything is told: while the seed is planted, or the plan made.
      const [after, delay] = next(5) === 0 ? [-1, 200 + next(1200)] : [next(Math.floor(changes * 0.8)), next(100)]
      const state = `round-${round}`
      const first = await applyAndKill(state, after, delay, round % 2 === 0 ? 1 : 4)
      if (first.code === null) killed += 1
      const journal = join(cwd, state, 'journal.jsonl')
      const audits = [existsSync(journal) ? await run('audit', 'verify', journal) : undefined]
      const second = await run('apply', ...inPlace(state))
      audits.push(await run('audit', 'verify', journal))
      const third = await run('plan', ...inPlace(state), '--detailed-exitcode')
      const end = await contentsOf(state)
      const lines = likeness(end)
      const invited = (end.graph.invitations ?? []).map(each => String(each.invitedUserEmailAddress).toLowerCase())
      expect({
        ...{ seed, round, after, delay },
        audits: audits.flatMap(heard => (heard === undefined || heard.code === 0 ? [] : [heard])),
        second: second.code === 0 ? 0 : second,
        third: third.code === 0 ? 0 : third,
        twice: invited.filter((address, index) => invited.indexOf(address) !== index),
        missing: undisturbed.filter(line => !lines.includes(line)).slice(0, 3),
      }).toEqual({ seed, round, after, delay, audits: [], second: 0, third: 0, twice: [], missing: [] })
      expect(lines).toHaveLength(undisturbed.length)
    }
    // On a busy machine some come to their end first.
    expect(killed).toBeGreaterThan(kills / 4)
  },
  patience,
)
