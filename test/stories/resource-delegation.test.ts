// Resource-based delegation down to the ticket. Samba lets nobody write the descriptor over LDAP, so the very write that
// guestlist makes is recorded, and then made on the database itself; the KDC reads what is written.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DirectoryWriter, Modification } from '../../src/model/directories.ts'
import { access, app, type Company, foundCompany, partner, places, services } from '../samba/company.ts'
import { type DomainController, startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'
import { sambaVersion } from '../samba/template.ts'

const attribute = 'msDS-AllowedToActOnBehalfOfOtherIdentity'
const lee = 'lee_fabrikam.com#EXT#@contoso.onmicrosoft.com'
const refused = { issued: false, message: expect.stringMatching(/can't fulfill requested option/) }

const people = partner({ engineers: ['lee@fabrikam.com'] })
const payroll = [app('payroll'), access('engineers', 'payroll')]
// Samba's KDC asks for protocol transition here, too (Windows' does not): payroll's constrained delegation brings it.
const before = [people, ...payroll]
const after = [...before, app('stock', { user: {} }, 'resource-based'), access('engineers', 'stock')]

interface Write {
  readonly target: string
  readonly modifications: readonly Modification[]
}

/** All is written but the descriptor, which is recorded together with what is written in the same modify. */
function recording(directory: DirectoryWriter, writes: Write[]): DirectoryWriter {
  return {
    ...directory,
    modify: async (target, modifications) => {
      if (!modifications.some(part => part.attribute === attribute)) return directory.modify(target, modifications)
      writes.push({ target, modifications })
    },
  }
}

function ldifOf({ target, modifications }: Write): string {
  const lines = modifications.flatMap(part => [
    `${part.operation}: ${part.attribute}`,
    ...part.values.map(value => `${part.attribute}:: ${Buffer.from(value as Uint8Array).toString('base64')}`),
    '-',
  ])
  return [`dn: ${target}`, 'changetype: modify', ...lines, ''].join('\n')
}

describeOnSamba('resource-based delegation', () => {
  let company: Company
  let dc: DomainController

  beforeAll(async () => {
    dc = await startDomainController()
    company = await foundCompany(dc)
    await company.apply(before)
  })

  afterAll(async () => {
    await company?.close()
    await company?.dc.stop()
  })

  /** What guestlist writes of the descriptor for these policies; the rest is written by it. */
  async function written(documents: readonly object[]): Promise<readonly Write[]> {
    const writes: Write[] = []
    const outcomes = await company.perform(await company.plan(documents), recording(company.directory, writes))
    expect(outcomes.filter(outcome => outcome.status !== 'done')).toEqual([])
    return writes
  }

  test('Samba takes the descriptor from nobody, so that none of it is written', async () => {
    const [service = ''] = places.service
    const values = [Buffer.from('AQAE', 'base64')]
    await expect(company.directory.modify(service, [{ operation: 'add', attribute, values }])).rejects.toMatchObject({
      status: 19,
      message: expect.stringContaining('can only be modified as system'),
    })
    const outcomes = await company.perform(await company.plan([...before, ...after.slice(-2)]))
    expect(outcomes.filter(outcome => outcome.status === 'failed').map(outcome => outcome.change.id)).toEqual([
      'active-directory/resource-delegation/stock/CONNECTOR01',
    ])
    expect(await dc.read(service, '(objectClass=user)', 'extensionName')).not.toContain('guestlist.')
  })

  test('what guestlist writes opens the service to the connector, and what it takes out closes it', async context => {
    if (!(await sambaVersion()).recent) {
      process.stderr.write(`\n*** SKIPPED: the KDC of Samba ${dc.samba} knows no resource-based delegation ***\n\n`)
      context.skip()
    }
    const [opening, ...more] = await written(after)
    expect(more).toEqual([])
    if (opening === undefined) throw new Error('nothing was to be written')
    expect(await company.ticket(lee, services.payroll)).toMatchObject({ issued: true })
    expect(await company.ticket(lee, services.stock)).toMatchObject(refused)

    await dc.write(ldifOf(opening))
    expect((await company.plan(after)).plan.changes).toEqual([])
    expect(await company.ticket(lee, services.stock)).toMatchObject({
      issued: true,
      ticket: {
        userPrincipalName: lee,
        target: services.stock.servicePrincipalName,
        delegatedBy: ['CONNECTOR01$@CORP.CONTOSO.COM'],
      },
    })

    const [closing] = await written(before)
    if (closing === undefined) throw new Error('nothing was to be taken out')
    await dc.write(ldifOf(closing))
    expect((await company.plan(before)).plan.changes).toEqual([])
    expect(await company.ticket(lee, services.stock)).toMatchObject(refused)
    expect(await company.ticket(lee, services.payroll)).toMatchObject({ issued: true })
  })
})
