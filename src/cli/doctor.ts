// `guestlist doctor`: looks before anything is changed. Readers only; each thing that is found is a line, and what fails
// says what to do about it.

import type { Command } from 'commander'
import { noteSkew } from '../connect/graph/skew.ts'
import { readClaims } from '../connect/graph/token.ts'
import { type Checked, type Checkup, untold, well } from '../model/checkup.ts'
import { type DirectoryReader, RequestFailure } from '../model/directories.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import { renderCheckup, summarizeCheckups } from '../render/checkup.ts'
import { examineDomain } from '../resources/active-directory/health.ts'
import { examineTenant } from '../resources/entra/health.ts'
import { connect, graphTokens, openDirectory, openGraph, traceOf } from './connect.ts'
import { exit } from './exit.ts'
import { type Host, paintFor } from './host.ts'
import type { Action, Does, Options } from './options.ts'
import { resolve } from './planning.ts'

export function addDoctor(program: Command, does: Does): void {
  program
    .command('doctor')
    .summary('check credentials, connections and rights, before anything is changed')
    .description(
      'Looks whether everything is as guestlist needs it, and says what to do where it is not.\n' +
        'Entra ID: credentials, the permissions that these policies need and those that are too many, tenant, clock,\n' +
        'invitations, sponsors and owners, apps named by id and who owns them, connectors, break-glass groups.\n' +
        'Active Directory: credentials, each domain controller and its certificate, clock, schema, organizational units,\n' +
        'groups, connectors, and the rights on them.\n' +
        'Changes nothing. Exit code 1 if something fails.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  guestlist doctor\n  guestlist doctor --only entra\n  guestlist doctor --only active-directory\n  guestlist doctor --trace requests.jsonl    with every request, for whoever keeps the firewalls',
    )
    .action(does(doctor))
}

const doctor: Action = async (host, options) => {
  const resolved = await resolve(host, options)
  if (resolved === undefined) return exit.error
  const { policy } = resolved
  const checkups =
    options.sandbox === true ? await inSandbox(host, options, policy) : await outside(host, options, policy)
  const paint = paintFor(host.stdout)
  for (const checkup of checkups) host.stdout.write(renderCheckup(checkup, paint))
  host.stdout.write(summarizeCheckups(checkups, paint))
  const failed = checkups.some(({ results }) => results.some(({ status }) => status === 'wrong'))
  return failed ? exit.error : exit.done
}

async function inSandbox(host: Host, options: Options, policy: ResolvedPolicy): Promise<readonly Checkup[]> {
  const connection = await connect(host, options, policy, 'read')
  try {
    const { entra, activeDirectory: reader } = connection.from
    const identity = host.graphToken === undefined ? undefined : readClaims(host.graphToken)
    const tenant = await examineTenant({ entra, policy, identity, ahead: () => undefined })
    const domain = reader === undefined ? [] : await examineDomain(reader, policy, policy.at)
    const told = domain.filter(({ status }) => status !== 'untold')
    const checkups = [
      { plane: 'entra', title: `${tenantTitle(policy)}, in the sandbox`, results: tenant },
      { plane: 'active-directory', title: `${titleOf(policy)}, in the sandbox`, results: [...told, sandboxLimits] },
    ]
    return checkups.filter(({ plane }) => options.only === undefined || options.only === plane)
  } finally {
    await connection.close()
  }
}

const sandboxLimits: Checked = {
  status: 'untold',
  code: 'sandbox',
  message: 'credentials, servers, clock, schema and rights cannot be told in the sandbox',
}

async function outside(host: Host, options: Options, policy: ResolvedPolicy): Promise<readonly Checkup[]> {
  const { activeDirectory } = policy.organization.spec
  const tenant = async (): Promise<Checkup> => ({
    title: tenantTitle(policy),
    results: await tenantResults(host, options, policy),
  })
  const domain = async (): Promise<Checkup> => ({
    title: titleOf(policy),
    results:
      activeDirectory === undefined
        ? [untold('no-domain', 'the policy names no Active Directory')]
        : await directoryResults(host, options, policy, activeDirectory.servers),
  })
  if (options.only === 'active-directory') return [await domain()]
  if (options.only === 'entra' || activeDirectory === undefined) return [await tenant()]
  return [await tenant(), await domain()]
}

function tenantTitle(policy: ResolvedPolicy): string {
  return `Entra ID, ${policy.organization.spec.entra.initialDomain}`
}

function titleOf(policy: ResolvedPolicy): string {
  return `Active Directory, ${policy.organization.spec.activeDirectory?.domain ?? 'which the policy does not name'}`
}

async function tenantResults(host: Host, options: Options, policy: ResolvedPolicy): Promise<readonly Checked[]> {
  try {
    const getToken = graphTokens(host, policy)
    const identity = readClaims(await getToken())
    const skew = noteSkew(host.now)
    const graph = openGraph(host, policy, getToken, { trace: traceOf(host, options), fetch: skew.fetch })
    const signedIn = well(
      'credentials',
      `credentials: signed in${identity?.appId === undefined ? '' : ` as the application ${identity.appId}`}`,
    )
    return [signedIn, ...(await examineTenant({ entra: graph.reader(), policy, identity, ahead: skew.ahead }))]
  } catch (error) {
    return [failed(error)]
  }
}

/** Each server by itself, since one that works hides the others; then the domain, by the first one that answers. */
async function directoryResults(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  servers: readonly string[],
): Promise<readonly Checked[]> {
  const trace = traceOf(host, options)
  const results: Checked[] = []
  let isExamined = false
  const domain: Checked[] = []
  for (const server of servers) {
    try {
      // What is so now is what is asked for: no waiting for what may pass.
      const connection = await openDirectory(host, options, policy, [server], { trace }, false)
      try {
        const reader = connection.reader()
        await greet(reader)
        results.push({
          status: 'well',
          code: 'server',
          message: `${server}: connected, certificate trusted, signed in`,
        })
        if (!isExamined) domain.push(...(await examineDomain(reader, policy, host.now())))
        isExamined = true
      } finally {
        await connection.close()
      }
    } catch (error) {
      const found = failed(error)
      results.push(found)
      // The same at every server; the password is not tried again, because that locks accounts.
      if (!serverTrouble.has(found.code)) break
    }
  }
  return [...results, ...(isExamined ? domain : [notExamined])]
}

/** What may be otherwise at the next server. */
const serverTrouble: ReadonlySet<string> = new Set([
  ...['refused', 'no-route', 'name-not-found', 'no-answer', 'connection-lost', 'timeout', 'bad-answer', 'unreachable'],
  ...['untrusted-ca', 'certificate-name', 'certificate-expired', 'no-tls', 'no-starttls', 'sign-in-refused'],
])

const notExamined: Checked = {
  status: 'untold',
  code: 'not-examined',
  message: 'units, rights, groups and connectors cannot be told without a server that answers',
}

/** The root of the directory: whoever is signed in may read it. */
async function greet(reader: DirectoryReader): Promise<void> {
  await reader.search({ base: '', scope: 'base', filter: { present: 'objectClass' }, attributes: ['dnsHostName'] })
}

function failed(error: unknown): Checked {
  if (error instanceof RequestFailure) return { status: 'wrong', code: error.code, message: error.message }
  if (!(error instanceof Failure)) throw error
  const { code, message, hint } = error
  return { status: 'wrong', code, message, ...(hint === undefined ? {} : { hint }) }
}
