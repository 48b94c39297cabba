import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Filter } from '../../../src/model/directories.ts'
import type { SandboxDirectory } from '../../../src/sandbox/directory/directory.ts'
import { addGroup, addUser, anything, makeDomain, ou, read, refused, root, users } from './domain.ts'

let directory: SandboxDirectory
beforeAll(async () => {
  directory = await makeDomain()
  const lee = await addUser(directory, 'Lee', {
    sAMAccountName: ['lee'],
    mail: ['lee@fabrikam.com'],
    extensionAttribute1: ['Guest'],
  })
  const dana = await addUser(directory, 'Dana', {
    userPrincipalName: ['dana@fabrikam.com'],
    mail: ['Dana@fabrikam.com'],
    proxyAddresses: ['a', 'b'],
  })
  await addUser(directory, 'José', { displayName: ['José'], manager: [lee], extensionAttribute1: ['guest'] })
  await addGroup(directory, 'Engineers', { member: [lee, dana], description: ['x'] })
})

async function names(filter: Filter, base = ou, scope: 'one' | 'sub' = 'sub'): Promise<readonly string[]> {
  const found = await directory.search({ base, scope, filter, attributes: ['name'] })
  return found.map(entry => entry.attributes.name?.[0] ?? '').toSorted()
}

describe('filters', () => {
  test('what the schema does not know is neither so nor not so', async () => {
    const unknown: Filter = { equals: ['noSuchAttribute', 'x'] }
    expect(await names(unknown)).toEqual([])
    expect(await names({ not: unknown })).toEqual([])
    expect(await names({ not: { present: 'noSuchAttribute' } })).toEqual([])
    expect(await names({ or: [unknown, { equals: ['cn', 'Lee'] }] })).toEqual(['Lee'])
    expect(await names({ not: { and: [unknown, { equals: ['cn', 'Lee'] }] } })).toEqual([
      'Dana',
      'Engineers',
      'José',
      'Partners',
    ])
  })

  test('a value that is missing is not equal', async () => {
    expect(
      await names({ and: [{ equals: ['objectClass', 'user'] }, { not: { equals: ['mail', 'lee@fabrikam.com'] } }] }),
    ).toEqual(['Dana', 'José'])
  })

  test('diacritics make no difference to Windows', async () => {
    expect(await names({ equals: ['displayName', 'jose'] })).toEqual(['José'])
    expect(await names({ startsWith: ['cn', 'JOS'] })).toEqual(['José'])
    await refused(directory, () => addUser(directory, 'Jose'), 68, '00002071')
  })

  test('empty conjunctions and disjunctions are what they are in LDAP', async () => {
    expect(await names({ and: [] }, ou, 'one')).toHaveLength(4)
    expect(await names({ or: [] })).toEqual([])
  })

  test('names of objects have no beginning', async () => {
    expect(await names({ startsWith: ['memberOf', 'CN=Eng'] })).toEqual([])
    expect(await names({ startsWith: ['userAccountControl', '5'] })).toEqual([])
  })

  test('an index answers exactly as looking at each object does', async () => {
    const guid = (await read(directory, `CN=Lee,${ou}`, 'objectGUID')).objectguid?.[0] ?? ''
    const sid = (await read(directory, `CN=Lee,${ou}`, 'objectSid')).objectsid?.[0] ?? ''
    const term = fc.constantFrom<Filter>(
      { equals: ['sAMAccountName', 'LEE'] },
      { equals: ['mail', 'dana@fabrikam.com'] },
      { equals: ['extensionAttribute1', 'GUEST'] },
      { equals: ['proxyAddresses', 'B'] },
      { equals: ['memberOf', `CN=engineers,${ou}`] },
      { equals: ['member', `cn=lee,${ou}`] },
      { equals: ['manager', `cn=lee,${ou}`] },
      { equals: ['member', 'CN=nobody'] },
      { equals: ['objectGUID', guid.toUpperCase()] },
      { equals: ['memberOf', `<SID=${sid}>`] },
      { equals: ['objectSid', sid] },
      { equals: ['distinguishedName', `CN=Lee, ${ou}`] },
      { equals: ['objectClass', 'user'] },
      { equals: ['objectCategory', 'person'] },
      { equals: ['noSuchAttribute', 'x'] },
      { present: 'mail' },
      { present: 'memberOf' },
      { startsWith: ['name', 'd'] },
    )
    const filter = fc.letrec<{ filter: Filter }>(tie => ({
      filter: fc.oneof(
        { maxDepth: 3 },
        term,
        fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
        fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
        fc.record({ not: tie('filter') }),
      ),
    })).filter
    const never: Filter = { and: [{ present: 'objectClass' }, { not: { present: 'objectClass' } }] }
    await fc.assert(
      fc.asyncProperty(
        filter,
        fc.constantFrom(root, ou, users, `CN=Lee,${ou}`),
        fc.constantFrom('one' as const, 'sub' as const),
        async (asked, base, scope) => {
          expect(await names(asked, base, scope)).toEqual(await names({ or: [asked, never] }, base, scope))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('attributes', () => {
  test('all of them are read with none named, or with a star', async () => {
    const dn = `CN=Lee,${ou}`
    const all = await read(directory, dn)
    expect(all).toEqual(await read(directory, dn, '*'))
    expect(Object.keys(all).toSorted()).toEqual(
      `accountexpires cn directreports distinguishedname extensionattribute1 instancetype mail memberof name objectcategory objectclass
      objectguid objectsid primarygroupid pwdlastset samaccountname samaccounttype useraccountcontrol usnchanged usncreated whenchanged
      whencreated`.split(/\s+/),
    )
  })

  test('kinds of accounts have their type', async () => {
    const type = async (dn: string) => (await read(directory, dn, 'sAMAccountType')).samaccounttype?.[0]
    expect(await type(`CN=Lee,${ou}`)).toBe('805306368')
    expect(await type(`CN=DC1,OU=Domain Controllers,${root}`)).toBe('805306369')
    expect(await type(`CN=Engineers,${ou}`)).toBe('268435456')
    expect(await type(`CN=Administrators,CN=Builtin,${root}`)).toBe('536870912')
    expect(await type(await addGroup(directory, 'mail', { groupType: ['8'] }))).toBe('268435457')
  })
})

describe('bases', () => {
  test.each([
    ['OU=Missing,DC=corp,DC=contoso,DC=com', 32, "best match of: 'DC=corp,DC=contoso,DC=com'"],
    ['<GUID=00000000-0000-4000-8000-000000000000>', 32, '00002030'],
    ['<SID=S-1-5-21-1-2-3-1103>', 32, '00002030'],
    ['CN=Deleted Objects,DC=corp,DC=contoso,DC=com', 32, '0000208D'],
    ['DC=contoso,DC=com', 10, '0000202B'],
    ['DC=x,DC=other,DC=contoso,DC=com', 10, '0000202B'],
    ['not a name', 34, '00002081'],
    ['', 34, '00002081'],
    ['<GUID=x>', 34, '00002081'],
  ])('%j is refused', async (base, status, text) => {
    await refused(
      directory,
      () => directory.search({ base, scope: 'sub', filter: anything, attributes: [] }),
      status,
      text,
    )
  })
})
