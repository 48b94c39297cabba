// `guestlist audit`: whether a journal is as the applies wrote it.

import { type Command, InvalidArgumentError } from 'commander'
import { Failure } from '../model/problem.ts'
import { renderVerdict } from '../render/audit.ts'
import { exit } from './exit.ts'
import { readAtMost } from './files.ts'
import { paintFor } from './host.ts'
import { checkJournal } from './journal-check.ts'
import { type Action, checkMeaning, type Does, pathOf } from './options.ts'

export function addAudit(program: Command, does: Does): void {
  const audit = program
    .command('audit')
    .summary('check the journal of what was applied')
    .description(
      'Every apply writes a journal: who, which commit, which plan, each change with its result, its time and the ids by\n' +
        'which the service knows its requests. It is .guestlist/journal.jsonl (with --sandbox\n' +
        '.guestlist/sandbox/journal.jsonl), or what `apply --journal` names.',
    )
  audit
    .command('verify')
    .summary('check that no line was changed, removed or put in')
    .description(
      'Each line holds its own hash and that of the line before it, so that what was changed, removed, put in or moved\n' +
        'shows, with its line. What was cut from the end shows with --head. Exit code 1 if the journal is not as it was\n' +
        'written; an apply that was killed is a warning.',
    )
    .argument('<file>', 'the journal')
    .option('--head <hash>', 'the hash that an apply told at its end, noted where nobody changes it', hashIn)
    .addHelpText('after', '\nExample:\n  guestlist audit verify .guestlist/journal.jsonl')
    .action(does(verify))
}

function hashIn(value: string): string {
  const hash = value.toLowerCase().replace(/^sha256:/, '')
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new InvalidArgumentError('It is a SHA-256: 64 hexadecimal digits.')
  return hash
}

const verify: Action<{ readonly head?: string }> = async (host, options, file = '') => {
  checkMeaning(options, 'audit verify')
  const bytes = contentOf(pathOf(host, file), file)
  const verdict = checkJournal(bytes, options.head)
  if (verdict.lines === 0) {
    const hint =
      bytes.length === 0 ? 'it is empty: was everything cut from it?' : 'name a file that an apply has written'
    throw new Failure('no-journal', `${file} is no journal`, hint)
  }
  host.stdout.write(renderVerdict(verdict, file, paintFor(host.stdout)))
  return verdict.troubles.length === 0 ? exit.done : exit.error
}

/** More than any journal has, and what one check can hold. */
const mostMebibytes = 1024

function contentOf(path: string, file: string): Buffer {
  const bytes = readAtMost(path, mostMebibytes * 2 ** 20)
  if (bytes !== undefined) return bytes
  const message = `${file} has more than ${mostMebibytes} MiB: too much to check at once`
  throw new Failure('large-journal', message, 'begin a new one from time to time: --journal')
}
