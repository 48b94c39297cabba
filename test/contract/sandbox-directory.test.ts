import { createDirectory } from '../../src/sandbox/directory/directory.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { describeDirectoryContract } from './directory.ts'

describeDirectoryContract('the sandbox directory', async () => {
  const store = openStore(undefined, 'directory')
  let now = Date.parse('2026-11-22T10:00:00Z')
  const directory = createDirectory({ store, domain: 'corp.contoso.com', clock: () => (now += 1000) })
  const organizationalUnit = 'OU=Contract,DC=corp,DC=contoso,DC=com'
  await directory.add(organizationalUnit, { objectClass: ['organizationalUnit'] })
  return { directory, organizationalUnit }
})
