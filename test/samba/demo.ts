// A throwaway domain controller that holds Contoso's domain as the sandbox's seed describes it, for `guestlist demo
// --real-ad`. The demo gets to it as the service account, with the rights of the documentation and no others.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sleep } from '../../src/connect/graph/clock.ts'
import { connectDirectory } from '../../src/connect/ldap/connection.ts'
import type { AttributeValue, DirectoryWriter } from '../../src/model/directories.ts'
import { parseLdif } from '../../src/sandbox/directory/ldif.ts'
import { startDomainController } from './domain-controller.ts'
import { isSambaInstalled } from './installed.ts'
import { createServiceAccount, type Places } from './service-account.ts'

const root = 'DC=corp,DC=contoso,DC=com'
const seedFile = fileURLToPath(new URL('../../src/sandbox/contoso/directory.ldif', import.meta.url))

/** As policies/organization.yaml and policies/apps name them. */
const places: Places = {
  shadowAccounts: [`OU=Shadow,OU=Partners,${root}`],
  archive: [`OU=Archive,OU=Partners,${root}`],
  groups: [`OU=Groups,OU=Partners,${root}`],
  partnerAccounts: [`OU=Accounts,OU=Partners,${root}`],
  roleGroup: [`CN=Payroll Approvers,OU=Apps,${root}`],
  connector: ['CONNECTOR01', 'CONNECTOR02', 'CONNECTOR03'].map(name => `CN=${name},OU=Servers,${root}`),
  service: [`CN=WAREHOUSE01,OU=Servers,${root}`],
}

export interface DemoDomain {
  readonly directory: DirectoryWriter
  /** `Samba 4.22.8 at ldaps://127.1.2.3:636` */
  readonly about: string
  readonly close: () => Promise<void>
}

/** Undefined where Samba is not installed. */
export async function openDemoDomain(): Promise<DemoDomain | undefined> {
  if (!isSambaInstalled()) return undefined
  const dc = await startDomainController()
  try {
    await dc.write(changesFrom(readFileSync(seedFile, 'utf8')))
    const account = await createServiceAccount(dc, places)
    const connection = connectDirectory({
      servers: [dc.url],
      ca: dc.ca,
      bind: { dn: account.userPrincipalName, password: account.password },
      clock: { sleep, random: Math.random },
    })
    const close = async (): Promise<void> => {
      await connection.close()
      await dc.stop()
    }
    return { directory: connection.writer(), about: `Samba ${dc.samba} at ${dc.url}`, close }
  } catch (error) {
    await dc.stop()
    throw error
  }
}

/** The seed's content records as change records; identities are the domain controller's own to give. */
function changesFrom(seed: string): string {
  const records = parseLdif(seed, 'directory.ldif')
  const added = records.map(({ dn, values }) => [
    named('dn', dn),
    'changetype: add',
    ...values.filter(({ name }) => !/^(objectGUID|member)$/i.test(name)).map(({ name, value }) => named(name, value)),
  ])
  // Members may be described after their groups.
  const filled = records.flatMap(({ dn, values }) => {
    const members = values.filter(({ name }) => /^member$/i.test(name))
    if (members.length === 0) return []
    const lines = members.map(({ name, value }) => named(name, value))
    return [[named('dn', dn), 'changetype: modify', 'add: member', ...lines, '-']]
  })
  return [...added, ...filled].map(lines => `${lines.join('\n')}\n`).join('\n')
}

/** In base64, so that no value needs a rule of its own. */
function named(name: string, value: AttributeValue): string {
  return `${name}:: ${Buffer.from(value).toString('base64')}`
}
