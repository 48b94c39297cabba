// `guestlist schema`: the JSON Schema of the policy language, in one piece, for editors and checkers.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Argument, type Command } from 'commander'
import { exit } from './exit.ts'
import { schemasFolder } from './installed.ts'
import { type Action, checkMeaning, type Does } from './options.ts'

const kinds = ['organization', 'partner', 'app', 'access', 'rule'] as const

export function addSchema(program: Command, does: Does): void {
  program
    .command('schema')
    .summary('print the JSON Schema of the policy language, of plans, of journals, or of faults')
    .description(
      'Prints the JSON Schema (2020-12) of the whole policy language, of one kind of document, of a plan as JSON, of\n' +
        'a line of the journal, or of the file that says what goes wrong in the sandbox (--faults).',
    )
    .addArgument(new Argument('[kind]', 'only this kind of document').choices([...kinds, 'plan', 'journal', 'faults']))
    .addHelpText(
      'after',
      '\nExample:\n  guestlist schema > policies.schema.json    for `# yaml-language-server: $schema=policies.schema.json`',
    )
    .action(does(schema))
}

const schema: Action = async (host, options, kind) => {
  checkMeaning(options, 'schema')
  host.stdout.write(`${JSON.stringify(kind === undefined ? whole() : schemaOf(kind), null, 2)}\n`)
  return exit.done
}

function schemaOf(name: string): object {
  return JSON.parse(readFileSync(join(schemasFolder, `${name}.schema.json`), 'utf8')) as object
}

/** The files refer to each other by name; in one document they are its definitions. */
function whole(): object {
  const definitions = kinds.map(kind => [kind, moved(schemaOf(kind), `#/$defs/${kind}`)])
  return { ...(moved(schemaOf('guestlist'), '#') as object), $defs: Object.fromEntries(definitions) }
}

function moved(value: unknown, base: string): unknown {
  if (Array.isArray(value)) return value.map(item => moved(item, base))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string') return [key, moved(inner, base)]
      return [key, inner.startsWith('#') ? `${base}${inner.slice(1)}` : `#/$defs/${inner.replace('.schema.json', '')}`]
    }),
  )
}
