// `guestlist sandbox`: the simulated tenant and domain, served to any Graph client, emptied, written out, or brought in
// step with each other as Entra Connect does.

import { type Command, Option } from 'commander'
import { Failure } from '../model/problem.ts'
import { type GeneratedSize, generateSeed } from '../sandbox/generate.ts'
import { dumpGraph } from '../sandbox/graph/dump.ts'
import { serveGraph } from '../sandbox/graph/server.ts'
import { exit } from './exit.ts'
import { exampleNow } from './installed.ts'
import { type Action, type Does, wholeNumber } from './options.ts'
import { openSandbox, resetSandbox } from './sandbox-state.ts'
import { addSync, clockFor } from './sandbox-sync.ts'

export function addSandbox(program: Command, does: Does): void {
  const sandbox = program
    .command('sandbox')
    .summary('the simulated tenant and domain: serve, reset, dump, sync')
    .description(
      'What --sandbox works on: a simulated Entra tenant behind a real HTTP server, and a simulated Active Directory domain.\n' +
        'Their state is kept between commands in .guestlist/sandbox, or in --state. They start from the Contoso example, or\n' +
        'from the graph.json and directory.ldif of --seed.',
    )
  sandbox
    .command('serve')
    .summary('serve the tenant as Microsoft Graph')
    .description(
      'Serves the tenant on loopback to any client that speaks Microsoft Graph v1.0 or beta, with any bearer token. The first\n' +
        'line on stdout is its address. Runs until Ctrl-C; what clients changed is there for the next `guestlist plan --sandbox`.',
    )
    .option('--port <number>', 'listen here instead of on any free port', wholeNumber(1, 65_535))
    .option('--latency <ms>', 'wait this long before each answer', wholeNumber(0, 60_000))
    .option(
      '--generate <counts>',
      'a tenant of this size: guests=N,groups=N,apps=N,memberships=N,seed=N; kept in memory unless --state is given',
    )
    .addOption(new Option('--quota <size>').hideHelp())
    .addOption(new Option('--replication-lag <ms>').hideHelp())
    .addOption(new Option('--faults <file>').hideHelp())
    .addHelpText(
      'after',
      '\nExample:\n  guestlist sandbox serve --port 8080\n  curl -H "Authorization: Bearer any" http://127.0.0.1:8080/v1.0/users',
    )
    .action(does(serve))
  sandbox
    .command('reset')
    .summary('start over from the seed')
    .description('Forgets what was changed and starts over from the Contoso example, or from --seed.')
    .action(does(reset))
  sandbox
    .command('dump')
    .summary('print the tenant and the domain')
    .description('Prints everything there is in the tenant (in the shape of graph.json) and in the domain, as JSON.')
    .addOption(new Option('--format <format>', 'json').choices(['json']).default('json'))
    .action(does(dump))
  addSync(sandbox, does)
}

interface ServeOptions {
  readonly port?: number
  readonly latency?: number
  readonly generate?: string
  readonly quota?: string
  readonly replicationLag?: string
  readonly faults?: string
}

const serve: Action<ServeOptions> = async (host, options) => {
  const later = { quota: options.quota, 'replication-lag': options.replicationLag, faults: options.faults }
  for (const [name, value] of Object.entries(later)) {
    if (value !== undefined) throw new Failure('not-supported-yet', `not supported yet: sandbox serve --${name}`)
  }
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>()
  const stopListening = host.onInterrupt(interrupt)
  const clock = clockFor(host, options)
  const generated = options.generate === undefined ? undefined : generateSeed(sizeIn(options.generate))
  const state = openSandbox(host, options, { use: 'write', clock, ...(generated === undefined ? {} : { generated }) })
  try {
    const server = await serveGraph({
      store: state.graph,
      clock,
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(options.latency === undefined ? {} : { latency: options.latency }),
    }).catch((error: unknown) => {
      throw (error as { code?: unknown }).code === 'EADDRINUSE'
        ? new Failure('port-in-use', `port ${options.port} is in use`, 'leave --port out for any free one')
        : error
    })
    host.stdout.write(`${server.url}\n`)
    await interrupted
    await server.close()
    return exit.done
  } finally {
    stopListening()
    state.close()
  }
}

/** `guests=1000,groups=50`: what is left out is none. */
function sizeIn(text: string): GeneratedSize {
  const size = { guests: 0, groups: 0, apps: 0, memberships: 0, seed: 1 }
  for (const part of text.split(',')) {
    const [, name = '', number = ''] = /^([a-z]+)=(\d{1,7})$/.exec(part.trim()) ?? []
    if (!Object.hasOwn(size, name)) {
      throw new Failure(
        'bad-option',
        `--generate does not know \`${part}\``,
        'it reads guests=N,groups=N,apps=N,memberships=N,seed=N',
      )
    }
    size[name as keyof typeof size] = Number(number)
  }
  return size
}

const reset: Action = async (host, options) => {
  const standing = options.at ?? (options.seed === undefined ? exampleNow : undefined)
  resetSandbox(host, options, standing === undefined ? host.now : () => standing)
  host.stderr.write(`The sandbox starts over from ${options.seed ?? 'the Contoso example'}.\n`)
  return exit.done
}

const dump: Action = async (host, options) => {
  const state = openSandbox(host, options, { use: 'read', clock: clockFor(host, options) })
  try {
    host.stdout.write(
      `${JSON.stringify({ graph: dumpGraph(state.graph), directory: state.directory.dump() }, null, 2)}\n`,
    )
    return exit.done
  } finally {
    state.close()
  }
}
