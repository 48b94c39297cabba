// The sandbox's directory once more, through the connection that production uses: client and server are proven together.

import { connectStreams } from '../../src/connect/ldap/connection.ts'
import { serveDirectory } from '../../src/sandbox/directory/controllers.ts'
import { createDirectory } from '../../src/sandbox/directory/directory.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { describeDirectoryContract } from './directory.ts'

describeDirectoryContract("the sandbox's domain controller", async () => {
  const store = openStore(undefined, 'directory')
  let now = Date.parse('2026-11-22T10:00:00Z')
  const domain = 'corp.contoso.com'
  const clock = { now: () => (now += 1000), sleep: async () => undefined, random: () => 0 }
  const { servers } = serveDirectory({
    directory: createDirectory({ store, domain, clock: clock.now }),
    domain,
    faults: {},
    clock,
  })
  const connection = connectStreams({ servers, bind: { dn: 'svc-guestlist@corp.contoso.com', password: 'x' }, clock })
  const directory = connection.writer()
  const organizationalUnit = 'OU=Contract,DC=corp,DC=contoso,DC=com'
  await directory.add(organizationalUnit, { objectClass: ['organizationalUnit'] })
  return { directory, organizationalUnit, close: connection.close }
})
