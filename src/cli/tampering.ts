// What the demo's careless colleagues do behind guestlist's back: over HTTP in the tenant, as a portal would, and on a
// domain controller.

import type { DirectoryWriter } from '../model/directories.ts'
import { Failure } from '../model/problem.ts'
import { serveGraph } from '../sandbox/graph/server.ts'
import type { Host } from './host.ts'
import { openSandbox } from './sandbox-state.ts'

export interface Tampering {
  readonly told: readonly string[]
  /** Who lost access by it, and who got access that no policy names. */
  readonly regain: readonly string[]
  readonly lose: readonly string[]
}

const removed = 'dana@fabrikam.com'
const added = 'intern@adatum.com'
const disabled = 'kim@fabrikam.com'

export async function tamper(host: Host): Promise<Tampering> {
  const state = openSandbox(host, {}, { use: 'write', clock: host.now })
  try {
    const server = await serveGraph({ store: state.graph, clock: host.now })
    try {
      await inTheTenant(server.url)
    } finally {
      await server.close()
    }
    await onTheDomainController(host.domain ?? state.directory)
  } finally {
    state.close()
  }
  return {
    told: [
      `In the portal somebody takes ${removed} out of Fabrikam's group of engineers, and puts`,
      `${added} in, "just for today". On a domain controller somebody disables the shadow account of`,
      `${disabled}, by which Kerberos apps know her.`,
      '',
    ],
    regain: [removed, disabled],
    lose: [added],
  }
}

async function inTheTenant(root: string): Promise<void> {
  const group = await send<{ id: string }>(
    root,
    'GET',
    `/groups(uniqueName='guestlist.partner-group.fabrikam.engineers')`,
  )
  const [insider, outsider] = [await userWith(root, removed), await userWith(root, added)]
  await send(root, 'DELETE', `/groups/${group.id}/members/${insider}/$ref`)
  await send(root, 'POST', `/groups/${group.id}/members/$ref`, {
    '@odata.id': `${root}/v1.0/directoryObjects/${outsider}`,
  })
}

async function userWith(root: string, mail: string): Promise<string> {
  const filter = encodeURIComponent(`mail eq '${mail}'`)
  const { value } = await send<{ value: { id: string }[] }>(root, 'GET', `/users?$filter=${filter}&$select=id`)
  const [user] = value
  if (user === undefined) throw new Failure('demo', `the demo went wrong: ${mail} is no user`)
  return user.id
}

async function send<Answer>(root: string, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${root}/v1.0${path}`, {
    method,
    headers: { authorization: 'Bearer portal', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok)
    throw new Failure('demo', `the demo went wrong: ${method} ${path} was answered with ${response.status}: ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

async function onTheDomainController(directory: DirectoryWriter): Promise<void> {
  const [account] = await directory.search({
    base: 'OU=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com',
    scope: 'one',
    filter: { equals: ['mail', disabled] },
    attributes: ['userAccountControl'],
  })
  if (account === undefined) throw new Failure('demo', `the demo went wrong: ${disabled} has no shadow account`)
  const accountDisabled = 2
  const control = Number(account.attributes.useraccountcontrol?.[0] ?? 0) | accountDisabled
  await directory.modify(account.dn, [
    { operation: 'replace', attribute: 'userAccountControl', values: [String(control)] },
  ])
}
