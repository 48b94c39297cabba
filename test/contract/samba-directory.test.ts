// A real domain controller, through the connection that production uses, against the contract of Active Directory.

import { sleep } from '../../src/connect/graph/clock.ts'
import { connectDirectory } from '../../src/connect/ldap/connection.ts'
import { childDn } from '../../src/model/escape.ts'
import { startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'
import { describeDirectoryContract } from './directory.ts'

describeOnSamba('Samba', () => {
  describeDirectoryContract('Samba', async () => {
    const dc = await startDomainController()
    const connection = connectDirectory({
      servers: [dc.url],
      ca: dc.ca,
      bind: { dn: dc.adminDn, password: dc.adminPassword },
      clock: { sleep, random: Math.random },
    })
    const directory = connection.writer()
    const organizationalUnit = childDn('OU', 'Contract', dc.domainDn)
    await directory.add(organizationalUnit, { objectClass: ['organizationalUnit'] })
    return {
      directory,
      organizationalUnit,
      close: async () => {
        await connection.close()
        await dc.stop()
      },
    }
  })
})
