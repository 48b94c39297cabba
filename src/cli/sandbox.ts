// `guestlist sandbox`: the simulated tenant and domain, served to any Graph client, emptied, written out, or brought in
// step with each other as Entra Connect does.

import { type Command, Option } from 'commander'
import { Failure } from '../model/problem.ts'
import { conditionsAfter, imposeOn } from '../sandbox/conditions.ts'
import { type GeneratedSize, generateSeed } from '../sandbox/generate.ts'
import { dumpGraph } from '../sandbox/graph/dump.ts'
import { holdFor, serveGraph } from '../sandbox/graph/server.ts'
import { conditionsOf } from './conditions.ts'
import { exit } from './exit.ts'
import { faultsHelp } from './faults-help.ts'
import { exampleNow } from './installed.ts'
import { type Action, checkKind, type Does, wholeNumber } from './options.ts'
import { openSandbox, resetSandbox } from './sandbox-state.ts'
import { addSync, clockFor } from './sandbox-sync.ts'
import { inWords } from './simulation.ts'

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
        'line on stdout is its address. Runs until Ctrl-C; what clients changed is there for the next `guestlist plan --sandbox`.\n' +
        'With --quota, --replication-lag or --faults it is as unkind as the service can be, in real time.',
    )
    .option('--port <number>', 'listen here instead of on any free port', wholeNumber(1, 65_535))
    .option('--latency <ms>', 'wait this long before each answer', wholeNumber(0, 60_000))
    .option(
      '--generate <counts>',
      'a tenant of this size: guests=N,groups=N,apps=N,memberships=N,seed=N; kept in memory unless --state is given',
    )
    .addHelpText(
      'after',
      `${faultsHelp}\n\nExample:\n  guestlist sandbox serve --port 8080\n  curl -H "Authorization: Bearer any" http://127.0.0.1:8080/v1.0/users`,
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
}

const serve: Action<ServeOptions> = async (host, options) => {
  const conditions = await conditionsOf(host, options)
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>()
  const stopListening = host.onInterrupt(interrupt)
  const clock = clockFor(host, options)
  const generated = options.generate === undefined ? undefined : generateSeed(sizeIn(options.generate))
  const state = openSandbox(host, options, { use: 'write', clock, ...(generated === undefined ? {} : { generated }) })
  try {
    const imposed =
      conditions === undefined
        ? undefined
        : imposeOn(
            { store: state.graph, clock, elapsed: host.elapsed, hold: holdFor },
            conditionsAfter(state.meetConditions(), conditions),
          )
    if (conditions?.directory !== undefined)
      host.stderr.write('What `directory` says is left out: only the tenant is served, not the domain.\n')
    const server = await serveGraph({
      store: state.graph,
      clock,
      ...(imposed === undefined ? {} : { layers: imposed.layers, delivery: imposed.delivery }),
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
    const told = imposed === undefined ? [] : inWords(imposed.tally())
    if (told.length > 0) host.stderr.write(`In all: ${told.join(', ')}.\n`)
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
  checkKind(options, 'sandbox reset')
  const standing = options.at ?? (options.seed === undefined ? exampleNow : undefined)
  resetSandbox(host, options, standing === undefined ? host.now : () => standing)
  host.stderr.write(`The sandbox starts over from ${options.seed ?? 'the Contoso example'}.\n`)
  return exit.done
}

const dump: Action = async (host, options) => {
  checkKind(options, 'sandbox dump')
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
