// A command as the person would type it next, with the options that say what this one was about.

import { isoOf } from '../model/time.ts'
import type { Options } from './options.ts'

export function commandLine(command: string, options: Options, ...operands: readonly string[]): string {
  const words = [
    ...operands,
    ...(options.policies === 'policies' ? [] : ['--policies', options.policies]),
    ...(options.at === undefined ? [] : ['--at', isoOf(options.at).replace(/T00:00:00\.000Z$/, '')]),
    ...(options.partner ?? []).flatMap(name => ['--partner', name]),
    ...(options.app ?? []).flatMap(name => ['--app', name]),
    ...(options.only === undefined ? [] : ['--only', options.only]),
    ...(options.ended === true ? ['--ended'] : []),
    ...(options.sandbox === true ? ['--sandbox'] : []),
    ...(options.seed === undefined ? [] : ['--seed', options.seed]),
    ...(options.state === undefined ? [] : ['--state', options.state]),
    ...(options.quota === undefined ? [] : ['--quota', options.quota]),
    ...(options.replicationLag === undefined ? [] : ['--replication-lag', String(options.replicationLag)]),
    ...(options.faults === undefined ? [] : ['--faults', options.faults]),
  ]
  return [`guestlist ${command}`, ...words.map(quoted)].join(' ')
}

/** A word as a shell reads it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
