// Active Directory through guestlist's connection, beside OpenLDAP's tools on the same domain controller (Samba's), in turns
// and in one run: reading 10 000 shadow accounts and a group of as many, making 1 000 accounts and 1 000 memberships. Both
// sides connect, verify the certificate and sign in within what is measured. Other sizes: `directory.ts READ WRITE`.

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../src/connect/graph/clock.ts'
import { connectDirectory } from '../src/connect/ldap/connection.ts'
import type { AttributeValue, DirectoryWriter } from '../src/model/directories.ts'
import { run } from '../test/samba/command.ts'
import { type DomainController, startDomainController } from '../test/samba/domain-controller.ts'

const [accounts = 10_000, written = 1_000] = process.argv.slice(2).map(Number)
const concurrency = 16
const rounds = 4

interface Turns {
  readonly ours: () => Promise<void>
  readonly theirs: () => Promise<void>
}

interface Row {
  readonly work: string
  readonly ours: number
  readonly theirs: number
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** In turns, so that a busy moment of the machine meets both; the sum of all rounds. */
async function compare(work: string, turns: (round: number) => Turns): Promise<Row> {
  let [ours, theirs] = [0, 0]
  for (let round = 0; round < rounds; round += 1) {
    const each = turns(round)
    ours += await seconds(each.ours)
    theirs += await seconds(each.theirs)
  }
  return { work, ours, theirs }
}

const dc = await startDomainController()
const shadow = `OU=Shadow,${dc.domainDn}`
const login = ['-x', '-H', dc.url, '-D', dc.adminDn, '-w', dc.adminPassword]
const environment = { env: { LDAPTLS_CACERT: dc.caFile } }

async function connected(work: (directory: DirectoryWriter) => Promise<void>): Promise<void> {
  const connection = connectDirectory({
    servers: [dc.url],
    ca: dc.ca,
    bind: { dn: dc.adminDn, password: dc.adminPassword },
    clock: { sleep, random: Math.random },
  })
  try {
    await work(connection.writer())
  } finally {
    await connection.close()
  }
}

async function many(count: number, one: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await one(next - 1)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

const dnOf = (name: string): string => `CN=${name},${shadow}`
const groupDn = (name: string): string => `CN=${name},OU=Groups,${dc.domainDn}`

/** As the kind makes them. */
function account(name: string, password: boolean): Readonly<Record<string, readonly AttributeValue[]>> {
  return {
    objectClass: ['top', 'person', 'organizationalPerson', 'user'],
    sAMAccountName: [name],
    userPrincipalName: [`${name}_partner.example#EXT#@contoso.onmicrosoft.com`],
    displayName: [`Person ${name}`],
    mail: [`${name}@partner.example`],
    'msDS-ExternalDirectoryObjectId': [`User_${name}`],
    adminDescription: ['User_guestlist'],
    // Whoever needs a smart card gets a random password from Samba, which costs the time of the keys.
    userAccountControl: [password ? '328192' : '66048'],
    ...(password ? { unicodePwd: [Buffer.from(`"${randomBytes(32).toString('base64url')}aA1!"`, 'utf16le')] } : {}),
  }
}

function ldif(dn: string, attributes: Readonly<Record<string, readonly AttributeValue[]>>): string {
  const lines = Object.entries(attributes).flatMap(([name, values]) =>
    values.map(value =>
      typeof value === 'string' ? `${name}: ${value}` : `${name}:: ${Buffer.from(value).toString('base64')}`,
    ),
  )
  return `dn: ${dn}\nchangetype: add\n${lines.join('\n')}\n`
}

const adding = (group: string, member: string): string =>
  `dn: ${groupDn(group)}\nchangetype: modify\nadd: member\nmember: ${dnOf(member)}\n`

/** Written before the clock starts. */
function file(name: string, records: readonly string[]): string {
  const path = join(dc.folder, name)
  writeFileSync(path, records.join('\n'))
  return path
}

const ldapmodify = async (path: string): Promise<void> => {
  await run('ldapmodify', [...login, '-f', path], environment)
}

async function prepare(): Promise<void> {
  const units = ['Shadow', 'Groups'].map(name =>
    ldif(`OU=${name},${dc.domainDn}`, { objectClass: ['organizationalUnit'] }),
  )
  const groups = ['all', 'ours', 'theirs'].map(name =>
    ldif(groupDn(name), { objectClass: ['group'], sAMAccountName: [name] }),
  )
  await dc.write([...units, ...groups].join('\n'))
}

async function fill(from: number): Promise<void> {
  const names = Array.from({ length: Math.max(0, accounts - from) }, (_, index) => `r${index}`)
  await ldapmodify(
    file(
      'fill',
      names.map(name => ldif(dnOf(name), account(name, false))),
    ),
  )
  const all = [...Array.from({ length: from }, (_, index) => madeName(index)), ...names].slice(0, accounts)
  for (let at = 0; at < all.length; at += 500)
    await dc.write(
      `dn: ${groupDn('all')}\nchangetype: modify\nadd: member\n${all
        .slice(at, at + 500)
        .map(name => `member: ${dnOf(name)}\n`)
        .join('')}`,
    )
}

const perRound = Math.ceil(written / rounds)
const madeName = (index: number): string => `${index % 2 === 0 ? 'a' : 'b'}${Math.floor(index / 2)}`

const creating = (round: number): Turns => {
  const numbers = Array.from({ length: perRound }, (_, index) => round * perRound + index)
  const path = file(
    `create-${round}`,
    numbers.map(number => ldif(dnOf(`b${number}`), account(`b${number}`, true))),
  )
  return {
    ours: () =>
      connected(directory =>
        many(perRound, index => {
          const name = `a${numbers[index]}`
          return directory.add(dnOf(name), account(name, true))
        }),
      ),
    theirs: () => ldapmodify(path),
  }
}

const joining = (round: number): Turns => {
  const numbers = Array.from({ length: perRound }, (_, index) => round * perRound + index)
  const path = file(
    `join-${round}`,
    numbers.map(number => adding('theirs', `b${number}`)),
  )
  return {
    ours: () =>
      connected(directory =>
        many(perRound, index =>
          directory.modify(groupDn('ours'), [
            { operation: 'add', attribute: 'member', values: [dnOf(`a${numbers[index]}`)] },
          ]),
        ),
      ),
    theirs: () => ldapmodify(path),
  }
}

const read = [
  ...['objectGUID', 'sAMAccountName', 'userPrincipalName', 'displayName', 'mail', 'userAccountControl'],
  ...['accountExpires', 'adminDescription', 'memberOf', 'msDS-ExternalDirectoryObjectId'],
]

const search = async (...query: readonly string[]): Promise<number> => {
  const text = await run('ldapsearch', [...login, '-LLL', '-o', 'ldif-wrap=no', ...query], environment)
  return text.length
}

const reading = (): Turns => ({
  ours: () =>
    connected(async directory => {
      const filter = { equals: ['objectClass', 'user'] } as const
      const found = await directory.search({ base: shadow, scope: 'sub', filter, attributes: read })
      if (found.length < accounts) throw new Error(`${found.length} accounts were read`)
    }),
  theirs: async () => {
    await search('-E', 'pr=1000/noprompt', '-b', shadow, '(objectClass=user)', ...read)
  },
})

const readingGroup = (): Turns => ({
  ours: () =>
    connected(async directory => {
      const filter = { present: 'objectClass' }
      const [group] = await directory.search({ base: groupDn('all'), scope: 'base', filter, attributes: ['member'] })
      const count = group?.attributes.member?.length
      if (count !== accounts) throw new Error(`${count} members were read`)
    }),
  theirs: async () => {
    await search('-b', groupDn('all'), '-s', 'base', '(objectClass=*)', 'member')
  },
})

const show = (row: Row): string => {
  const [ours, theirs] = [row.ours, row.theirs].map(value => value.toFixed(2).padStart(12))
  return `${row.work.padEnd(44)}${ours}${theirs}${(row.ours / row.theirs).toFixed(2).padStart(8)}\n`
}

async function bench(controller: DomainController): Promise<void> {
  await prepare()
  process.stdout.write(
    `Samba ${controller.samba}. Seconds, ${rounds} rounds in turns; ${concurrency} writes under way.\n\n`,
  )
  process.stdout.write(`${''.padEnd(44)}${'guestlist'.padStart(12)}${'OpenLDAP'.padStart(12)}${'ratio'.padStart(8)}\n`)
  process.stdout.write(show(await compare(`create ${written} accounts`, creating)))
  process.stdout.write(show(await compare(`add ${written} memberships, one by one`, joining)))
  await fill(2 * rounds * perRound)
  process.stdout.write(show(await compare(`read ${accounts} accounts, ${rounds} times`, reading)))
  process.stdout.write(show(await compare(`read a group of ${accounts}, ${rounds} times`, readingGroup)))
}

try {
  await bench(dc)
} finally {
  await dc.stop()
}
