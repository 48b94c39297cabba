// A command as the person would type it next, with the options that say what this one was about.

import { isoOf } from '../model/time.ts'
import type { Options } from './options.ts'

export function commandLine(command: string, options: Options): string {
  const words = [
    ...(options.policies === 'policies' ? [] : ['--policies', options.policies]),
    ...(options.at === undefined ? [] : ['--at', isoOf(options.at).replace(/T00:00:00\.000Z$/, '')]),
    ...(options.partner ?? []).flatMap(name => ['--partner', name]),
    ...(options.app ?? []).flatMap(name => ['--app', name]),
    ...(options.only === undefined ? [] : ['--only', options.only]),
    ...(options.sandbox === true ? ['--sandbox'] : []),
    ...(options.seed === undefined ? [] : ['--seed', options.seed]),
    ...(options.state === undefined ? [] : ['--state', options.state]),
  ]
  return [
    `guestlist ${command}`,
    ...words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)),
  ].join(' ')
}
