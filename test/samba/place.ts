// Where a domain controller listens, for its LDAP ports cannot be chosen: on a loopback address of its own; or, where a
// port is taken on every address or not ours to open, in a network of its own that only relays lead into.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Relay, startRelay } from './relay.ts'

export const ports = { kdc: 88, ldap: 389, ldaps: 636 } as const
/** The global catalog and the password service are opened as well. */
const allPorts = [...Object.values(ports), 464, 3268, 3269]

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface Place {
  /** What the server listens on. */
  readonly address: string
  /** Its standard input is a pipe: the server ends when this process does. */
  spawn(program: string, args: readonly string[], output: number): ChildProcess
  /** How this process gets to one of its ports. */
  of(port: number): Endpoint
  close(): Promise<void>
}

export async function findPlace(folder: string): Promise<Place> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const address = `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`
    if (!(await areFree(address))) continue
    return {
      address,
      spawn: (program, args, output) => spawn(program, args, { stdio: ['pipe', output, output] }),
      of: port => ({ host: address, port }),
      close: async () => {},
    }
  }
  return ownNetwork(folder)
}

async function areFree(address: string): Promise<boolean> {
  for (const port of allPorts) if (!(await isFree(address, port))) return false
  return true
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise(done => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen({ host, port }, () => server.close(() => done(true)))
  })
}

/** Sockets in the file system are seen across networks; a relay on each side makes a port of them. */
export async function ownNetwork(folder: string): Promise<Place> {
  const relays = new Map<number, Relay>()
  for (const port of Object.values(ports)) relays.set(port, await startRelay({ path: join(folder, `port-${port}`) }))
  const unshare = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user']
  const inside = fileURLToPath(new URL('./inside.ts', import.meta.url))
  return {
    address: '127.0.0.1',
    spawn: (program, args, output) => {
      const command = [
        'sh',
        '-c',
        'PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && exec "$@"',
        'sh',
        process.execPath,
        inside,
        folder,
      ]
      const listed = Object.values(ports).join(',')
      return spawn('/usr/bin/unshare', [...unshare, ...command, listed, program, ...args], {
        stdio: ['pipe', output, output],
      })
    },
    of: port => ({ host: '127.0.0.1', port: relays.get(port)?.port ?? 0 }),
    close: async () => {
      for (const relay of relays.values()) await relay.close()
    },
  }
}
