// What goes wrong with a domain controller, and when: by rules, or by a seed. With a seed, the operation, the name and how
// often that was asked decide, and nothing else: the same run meets the same faults in whatever order its requests come.

import { createHash } from 'node:crypto'

export const operationNames = ['connect', 'bind', 'search', 'add', 'modify', 'move', 'delete'] as const

export type OperationName = (typeof operationNames)[number]

const requests: readonly OperationName[] = operationNames.filter(name => name !== 'connect')
const searches: readonly OperationName[] = ['search']

/** Each fault with the operations that it can happen to. */
const faults = {
  /** LDAP 51 and 52: nothing was done. */
  busy: requests,
  unavailable: requests,
  /** LDAP 53 without a reason that lies in the request: nothing was done. */
  unwilling: requests,
  /** LDAP 11 and 4: after nothing, and after a part of the answer. */
  'admin-limit': searches,
  'size-limit': searches,
  /** LDAP 8, with the right password. */
  'strong-auth': ['bind'],
  /** The connection ends before, or after, the request was carried out. On `connect`: nobody answers. */
  disconnect: operationNames,
  'disconnect-after': requests,
  /** RFC 4511, 4.4.1: the server says that it ends the connection. */
  notice: requests,
  /** No answer, and the connection stays; before or after the request was carried out. */
  silence: requests,
  'silence-after': requests,
  slow: requests,
  /** The connection ends between two entries, or within one. */
  'cut-search': searches,
  'cut-entry': searches,
} as const satisfies Readonly<Record<string, readonly OperationName[]>>

export type FaultName = keyof typeof faults

export const faultNames = Object.keys(faults) as readonly FaultName[]

export interface FaultRule {
  readonly fault: FaultName
  /** `write`: any that changes something. Left out: any that the fault can happen to. */
  readonly operation?: OperationName | 'write' | 'any' | undefined
  /** Text in the name that the request is about, in any case. */
  readonly dn?: string | undefined
  readonly server?: 1 | 2 | undefined
  /** Of the requests that the rule is about, the first one that is hit (1 if left out), and how many are (1 if left out). */
  readonly from?: number | undefined
  readonly times?: number | undefined
  /** Milliseconds that `slow` takes. */
  readonly delay?: number | undefined
}

export interface DirectoryFaults {
  readonly seed?: number | undefined
  /** With a seed: how many of the requests are hit, from 0 to 1. */
  readonly share?: number | undefined
  /** With a seed: which faults there are. */
  readonly among?: readonly FaultName[] | undefined
  readonly delay?: number | undefined
  readonly rules?: readonly FaultRule[] | undefined
  /** A second domain controller, to which changes come about so many milliseconds later; and from it as well. */
  readonly secondServer?: { readonly lag: number } | undefined
}

export interface Fault {
  readonly name: FaultName
  readonly delay: number
}

export interface Asked {
  readonly server: 1 | 2
  readonly operation: OperationName
  readonly dn: string
}

/** What happens to each request, in the order of their coming. */
export function createFaults(options: DirectoryFaults): (asked: Asked) => Fault | undefined {
  const { delay = 2000, rules = [], seed, share = 0.05, among = faultNames } = options
  const counts = rules.map(() => 0)
  const occurrences = new Map<string, number>()

  return asked => {
    const dn = asked.dn.toLowerCase()
    const key = `${asked.operation}|${dn}`
    const occurrence = (occurrences.get(key) ?? 0) + 1
    occurrences.set(key, occurrence)
    let hit: Fault | undefined
    for (const [index, rule] of rules.entries()) {
      if (!isAbout(rule, asked, dn)) continue
      const count = (counts[index] ?? 0) + 1
      counts[index] = count
      const { from = 1, times = 1 } = rule
      if (count >= from && count < from + times) hit ??= { name: rule.fault, delay: rule.delay ?? delay }
    }
    if (hit !== undefined || seed === undefined) return hit
    const [chance, choice] = fractions(`${seed}|${key}|${occurrence}`)
    const fitting = among.filter(name => asked.operation !== 'connect' && fits(name, asked.operation))
    const name = fitting[Math.floor(choice * fitting.length)]
    return chance < share && name !== undefined ? { name, delay } : undefined
  }
}

function isAbout({ fault, operation = 'any', dn, server }: FaultRule, asked: Asked, name: string): boolean {
  const isNamed =
    operation === 'any'
      ? asked.operation !== 'connect'
      : operation === 'write'
        ? ['add', 'modify', 'move', 'delete'].includes(asked.operation)
        : operation === asked.operation
  return (
    isNamed &&
    fits(fault, asked.operation) &&
    (server === undefined || server === asked.server) &&
    (dn === undefined || name.includes(dn.toLowerCase()))
  )
}

function fits(fault: FaultName, operation: OperationName): boolean {
  return (faults[fault] as readonly OperationName[]).includes(operation)
}

/** Two numbers from 0 to 1 that are always the same for the same text. */
export function fractions(text: string): readonly [number, number] {
  const bytes = createHash('sha256').update(text).digest()
  return [bytes.readUInt32BE(0) / 2 ** 32, bytes.readUInt32BE(4) / 2 ** 32]
}
