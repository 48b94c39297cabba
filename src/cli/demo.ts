// `guestlist demo`: a whole life of partner access in a folder of its own, by the same commands that a person would type.
// Each step says what it expects, and the demo fails if it is not so. The clock stands, so that every run reads the same.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Plan } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { count } from '../render/layout.ts'
import { type ExitCode, exit } from './exit.ts'
import { type Host, paintFor } from './host.ts'
import { exampleNow, examplePolicies } from './installed.ts'
import { Interrupted, untilInterrupted } from './interrupted.ts'
import type { Action, Does } from './options.ts'
import { leaveToPeople, openRealDomain } from './real-domain.ts'
import { tamper } from './tampering.ts'

/** Runs a command line; handed in, because the commands include this one. */
type Run = (args: readonly string[], host: Host) => Promise<ExitCode>

const leaver = 'lee@fabrikam.com'
const leaversFile = join('policies', 'partners', 'fabrikam.yaml')

export function addDemo(run: Run): (program: Command, does: Does) => void {
  return (program, does) => {
    program
      .command('demo')
      .summary('watch a whole life of partner access, in a sandbox')
      .description(
        'Plays a story with the Contoso example, in a temporary folder: policies become access, somebody tampers by hand,\n' +
          'somebody leaves. Uses the real commands against the simulated tenant and domain; touches nothing else.',
      )
      .option('--real-ad', "with a real domain controller as the directory: Samba's, in a checkout on Linux")
      .action(does(demo(run)))
  }
}

interface DemoOptions {
  readonly realAd?: boolean
}

function demo(run: Run): Action<DemoOptions> {
  return async (host, { realAd }) => {
    const folder = mkdtempSync(join(tmpdir(), 'guestlist-demo-'))
    const opening = realAd === true ? openRealDomain() : Promise.resolve(undefined)
    const play = async (): Promise<void> => {
      cpSync(examplePolicies, join(folder, 'policies'), { recursive: true })
      if (realAd === true) host.stdout.write('Starting a domain controller …\n')
      const domain = await opening
      if (domain === undefined) return await tell(stage(run, host, folder), folder)
      host.stdout.write(`The domain is a real one: ${domain.about}. The tenant is simulated.\n`)
      leaveToPeople(folder, host)
      await tell(stage(run, { ...host, domain: domain.directory }, folder), folder)
    }
    try {
      await untilInterrupted(host, play)
      return exit.done
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      host.stderr.write('\nInterrupted: what the demo made is taken away.\n')
      return exit.interrupted
    } finally {
      const domain = await opening.catch(() => undefined)
      await domain?.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

interface Stage {
  readonly host: Host
  readonly say: (title: string, ...text: readonly string[]) => void
  /** Runs a command before the audience. */
  readonly show: (command: string, expected: ExitCode) => Promise<void>
  /** The plan as it is now, for checking what was told. */
  readonly plan: () => Promise<Plan>
}

function stage(run: Run, host: Host, folder: string): Stage {
  const paint = paintFor(host.stdout)
  // Everything is shown in one stream, so that messages and results stay in their order. What is changed is the demo's own.
  const inside: Host = { ...host, cwd: folder, now: () => exampleNow, stderr: host.stdout, changes: () => {} }
  let step = 0
  let shown = false
  return {
    host: inside,
    say: (title, ...text) => {
      step++
      shown = false
      host.stdout.write(`\n${paint('bold', `── ${step}. ${title}`)}\n\n${text.map(line => `${line}\n`).join('')}\n`)
    },
    show: async (command, expected) => {
      host.stdout.write(`${shown ? '\n' : ''}${paint('cyan', `$ guestlist ${command}`)}\n\n`)
      shown = true
      // One change at a time, so that what is shown comes in the same order each time.
      const hidden = command.startsWith('apply') ? ['--concurrency', '1'] : []
      const code = await run([...command.split(' '), ...hidden], inside)
      if (code === exit.interrupted) throw new Interrupted()
      if (code !== expected) throw wrong(`\`guestlist ${command}\` ended with ${code} instead of ${expected}`)
    },
    plan: async () => {
      const silent = { write: () => {}, color: false, live: false, columns: 80 }
      const chunks: string[] = []
      const collecting = { ...silent, write: (text: string) => void chunks.push(text) }
      await run(['plan', '--sandbox', '--format', 'json'], { ...inside, stdout: collecting, stderr: silent })
      return JSON.parse(chunks.join('')) as Plan
    },
  }
}

async function tell({ host, say, show, plan }: Stage, folder: string): Promise<void> {
  say(
    'The policies',
    'Contoso works with five outside companies. Who of them reaches which app, until when, and why, is written',
    'down in policies/ and reviewed like code. First: is everything there spelled and connected correctly?',
  )
  await show('validate', exit.done)

  say(
    'What would happen',
    'Nothing is set up yet. The plan compares the policies with the tenant (Entra ID) and the domain (Active',
    `Directory)${host.domain === undefined ? ', here simulated ones,' : ''} and says who would gain what, before anything is touched.`,
  )
  const first = await plan()
  check(first.summary.gains > 0, 'the first plan gives nobody access')
  await show('plan --sandbox', exit.done)

  say(
    'Make it so',
    'Invitations, groups, apps, shadow accounts, Kerberos delegation: everything in the order in which nobody slips in.',
  )
  await show('apply --sandbox', exit.done)

  if (host.domain === undefined) {
    say(
      'Entra Connect',
      "Litware's people have accounts in our own Active Directory. Their half in the cloud waits for Entra Connect, here a",
      'simulated one: it brings the accounts that are stamped as guests, and then they are let in, too.',
    )
    await show('sandbox sync', exit.done)
    await show('apply --sandbox', exit.done)
    check((await plan()).waiting.length === 0, 'something still waits')
  }

  say('Why', 'Who reaches an app, until when and on what grounds; and one access, link by link.')
  await show('access --sandbox --app warehouse', exit.done)
  await show(`explain --sandbox ${leaver} payroll`, exit.done)

  say(
    'And again',
    'The policies and the directories agree, so a second plan is empty. There is no state file that could lie.',
  )
  await show('plan --sandbox --detailed-exitcode', exit.done)

  const tampered = await tamper(host)
  say('Somebody tampers by hand', ...tampered.told, 'The next plan shows the drift, and what it did to people:')
  const drift = await plan()
  for (const person of tampered.regain) {
    check(
      drift.effects.some(effect => effect.effect === 'gain' && effect.person === person),
      `the drift of ${person} is not seen`,
    )
  }
  for (const person of tampered.lose) {
    check(
      drift.effects.some(effect => effect.effect === 'lose' && effect.person === person),
      `the access of ${person} is not seen`,
    )
  }
  await show('plan --sandbox --detailed-exitcode', exit.pending)
  say('Put right', 'Apply restores what the policies say: nothing more, nothing less.')
  await show('apply --sandbox', exit.done)

  const line = removeLine(join(folder, leaversFile), leaver)
  say(
    'Somebody leaves',
    'Lee leaves Fabrikam. One line goes from one file, in a pull request that somebody approves:',
    '',
    `  ${leaversFile.replaceAll('\\', '/')}`,
    `  -${line}`,
    '',
    'The plan shows what that takes away, before it is merged: exactly what Lee had, and nobody else.',
  )
  const leaving = await plan()
  check(leaving.effects.length > 0, 'nobody loses anything')
  check(
    leaving.effects.every(effect => effect.effect === 'lose' && effect.person === leaver),
    `others than ${leaver} are concerned`,
  )
  await show('plan --sandbox --detailed-exitcode', exit.pending)
  say(
    'Gone',
    `Sign-in is off at once, the shadow account is disabled and archived; both are deleted after their grace period.`,
  )
  await show('apply --sandbox', exit.done)
  await show(`explain --sandbox ${leaver} payroll`, exit.done)

  say('In step', 'Nothing is left to do, until the next pull request.')
  await show('plan --sandbox --detailed-exitcode', exit.done)
  check((await plan()).changes.length === 0, 'something is left to do')
  host.stdout.write(
    `\nThat was ${count(first.summary.gains, 'access', 'accesses')} given, some tampered with and put right, and one person gone.\n` +
      'Yours: write policies/ and run `guestlist plan --sandbox`; `guestlist --help` shows the rest.\n',
  )
}

function removeLine(path: string, address: string): string {
  const lines = readFileSync(path, 'utf8').split('\n')
  const index = lines.findIndex(line => line.trim() === `- ${address}`)
  const line = lines[index]
  if (line === undefined) throw wrong(`${path} has no line for ${address}`)
  writeFileSync(path, lines.toSpliced(index, 1).join('\n'))
  return line
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw wrong(otherwise)
}

function wrong(what: string): Failure {
  return new Failure('demo', `the demo went wrong: ${what}`, 'please report this')
}
