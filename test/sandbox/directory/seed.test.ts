import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Modification } from '../../../src/model/directories.ts'
import { RequestFailure } from '../../../src/model/directories.ts'
import { childDn, rdn } from '../../../src/model/escape.ts'
import { Failure } from '../../../src/model/problem.ts'
import { createDirectory, type SandboxDirectory } from '../../../src/sandbox/directory/directory.ts'
import { openStore } from '../../../src/sandbox/store.ts'
import {
  addGroup,
  adding,
  addUser,
  deleting,
  makeDomain,
  ou,
  password,
  read,
  replacing,
  root,
  tickingClock,
  users,
} from './domain.ts'

const domain = 'corp.contoso.com'

function seeded(...records: readonly string[]): SandboxDirectory {
  const directory = createDirectory({ store: openStore(undefined, 'directory'), domain, clock: tickingClock() })
  directory.seed(`version: 1\n\n${records.join('\n\n')}\n`, 'directory.ldif')
  return directory
}

const partners = `dn: ${ou}\nobjectClass: organizationalUnit`
const lee = `dn: CN=Lee,${ou}\nobjectClass: user\nsAMAccountName: lee\nuserAccountControl: 512`

describe('a seed', () => {
  test('is laid upon a fresh domain', async () => {
    const directory = seeded(partners, lee)
    expect(await read(directory, `CN=Lee,${ou}`, 'sAMAccountName', 'userAccountControl', 'objectClass')).toEqual({
      samaccountname: ['lee'],
      useraccountcontrol: ['512'],
      objectclass: ['top', 'person', 'organizationalPerson', 'user'],
    })
    expect(await read(directory, `CN=Administrator,${users}`, 'adminCount')).toEqual({ admincount: ['1'] })
  })

  test('replaces what was there before', async () => {
    const directory = seeded(partners, lee)
    directory.seed(partners, 'directory.ldif')
    expect(directory.dump()).toEqual(
      seeded(partners)
        .dump()
        .map(object => ({ ...object, attributes: expect.any(Object) })),
    )
  })

  test('may name parents, members and managers in any order', async () => {
    const group = `dn: CN=Engineers,${ou}\nobjectClass: group\nmember: CN=Lee,${ou}\nmanagedBy: CN=Lee,${ou}`
    const directory = seeded(group, lee, partners)
    expect(await read(directory, `CN=Lee,${ou}`, 'memberOf', 'managedObjects')).toEqual({
      memberof: [`CN=Engineers,${ou}`],
      managedobjects: [`CN=Engineers,${ou}`],
    })
  })

  test('gives objects the identity that they bring, or always the same', async () => {
    const id = '3e6f4c35-a04b-4d03-b98a-66fff89b72e6'
    const bytes = Buffer.from('354c6f3e4ba0034db98a66fff89b72e6', 'hex').toString('base64')
    for (const line of [`objectGUID: ${id.toUpperCase()}`, `objectGUID:: ${bytes}`]) {
      expect(await read(seeded(partners, `${lee}\n${line}`), `<GUID=${id}>`, 'cn')).toEqual({ cn: ['Lee'] })
    }
    const guidOf = async (directory: SandboxDirectory) => read(directory, `CN=Lee,${ou}`, 'objectGUID')
    expect(await guidOf(seeded(partners, lee))).toEqual(
      await guidOf(seeded(`dn: OU=A,${root}\nobjectClass: organizationalUnit`, partners, lee)),
    )
  })

  test('may bring a SID, which is given to nobody else', async () => {
    const sid = (await read(seeded(), root, 'objectSid')).objectsid?.[0]
    const directory = seeded(partners, `dn: CN=A,${ou}\nobjectClass: user`, `${lee}\nobjectSid: ${sid}-5000`)
    expect((await read(directory, `CN=A,${ou}`, 'objectSid')).objectsid).toEqual([`${sid}-5001`])
    await addUser(directory, 'B')
    expect((await read(directory, `CN=B,${ou}`, 'objectSid')).objectsid).toEqual([`${sid}-5002`])
  })

  test('is taken as it is: enabled without a password, long past, critical', async () => {
    const directory = seeded(
      partners,
      `${lee}\npwdLastSet: 0\nwhenCreated: 20010101000000.0Z\nadminCount: 1\nlastLogonTimestamp: 134000000000000000`,
    )
    expect(
      await read(directory, `CN=Lee,${ou}`, 'whenCreated', 'pwdLastSet', 'adminCount', 'lastLogonTimestamp'),
    ).toEqual({
      whencreated: ['20010101000000.0Z'],
      pwdlastset: ['0'],
      admincount: ['1'],
      lastlogontimestamp: ['134000000000000000'],
    })
  })

  test('gives its accounts a password unless it says otherwise', async () => {
    const directory = seeded(partners, lee)
    await directory.modify(`CN=Lee,${ou}`, [replacing('userAccountControl', '514')])
    await directory.modify(`CN=Lee,${ou}`, [replacing('userAccountControl', '512')])
  })

  test('replaces the attributes that it names of a built-in object', async () => {
    const directory = seeded(partners, lee, `dn: CN=Domain Admins,${users}\nobjectClass: group\nmember: CN=Lee,${ou}`)
    expect(await read(directory, `CN=Domain Admins,${users}`, 'member', 'adminCount')).toEqual({
      member: [`CN=Lee,${ou}`],
      admincount: ['1'],
    })
  })

  test('that holds CN=Builtin is all there is, one that holds the domain alone is not', () => {
    const domainItself = `dn: ${root}\nobjectClass: domainDNS`
    const builtin = `dn: CN=Builtin,${root}\nobjectClass: builtinDomain`
    const dnsOf = (directory: SandboxDirectory) => directory.dump().map(object => object.dn)
    expect(dnsOf(seeded(domainItself, builtin, partners))).toEqual([root, `CN=Builtin,${root}`, ou])
    expect(dnsOf(seeded(domainItself, partners))).toEqual(dnsOf(seeded(partners)))
  })

  test('may say what is computed if it is so', () => {
    const group = `dn: CN=G,${ou}\nobjectClass: group\nmember: CN=Lee,${ou}`
    seeded(partners, `${lee}\nmemberOf: cn=g,${ou}\ncn: Lee\nname: Lee\ndistinguishedName: CN=Lee,${ou}`, group)
  })
})

describe('a mistake in a seed is named with its line', () => {
  test.each([
    ['a parent that is missing', [lee], 3, 'has no parent: nothing is there below DC=corp,DC=contoso,DC=com'],
    ['another domain', ['dn: OU=x,DC=other,DC=com\nobjectClass: organizationalUnit'], 3, 'is not in the domain'],
    ['no name', ['dn: x\nobjectClass: user'], 3, 'is no distinguished name'],
    ['no class', [partners, `dn: CN=Lee,${ou}\ncn: Lee`], 6, 'objectClass is missing'],
    ['an unknown attribute', [partners, `${lee}\nshoeSize: 42`], 10, 'attribute shoeSize is not in the schema'],
    ['an attribute of another class', [partners, `${lee}\ngroupType: 2`], 10, 'a user has no groupType'],
    ['a malformed value', [partners, `${lee}\naccountExpires: 0123`], 10, 'accountExpires cannot be "0123"'],
    ['an empty value', [partners, `${lee}\nmail:`], 10, 'mail is empty'],
    ['a second value', [partners, `${lee}\nmail: a\nmail: b`], 11, 'mail holds one value'],
    ['a password', [partners, `${lee}\nunicodePwd:: IgBhACIA`], 10, 'passwords do not belong'],
    ['the same name twice', [partners, lee, lee.replace('CN=Lee', 'cn=LEE')], 11, 'is in line 6 already'],
    [
      'the same name to Windows',
      [partners, `dn: CN=Jose,${ou}\nobjectClass: contact`, `dn: CN=José,${ou}\nobjectClass: contact`],
      9,
      'is there already',
    ],
    [
      'the same account name',
      [partners, lee, lee.replace('CN=Lee', 'CN=Other')],
      11,
      'sAMAccountName lee is in use by CN=Lee',
    ],
    [
      'the same objectGUID',
      [
        `${partners}\nobjectGUID: 3e6f4c35-a04b-4d03-b98a-66fff89b72e6`,
        `${lee}\nobjectGUID: 3e6f4c35-a04b-4d03-b98a-66fff89b72e6`,
      ],
      7,
      'objectGUID 3e6f4c35-a04b-4d03-b98a-66fff89b72e6 is in use',
    ],
    ['a built-in SID', [partners, `${lee}\nobjectSid: S-1-5-32-544`], 6, 'objectSid S-1-5-32-544 is in use'],
    ['a malformed SID', [partners, `${lee}\nobjectSid: administrator`], 10, 'is no SID'],
    [
      'a member that is missing',
      [partners, `dn: CN=G,${ou}\nobjectClass: group\nmember: CN=Nobody,${ou}`],
      8,
      'no object CN=Nobody',
    ],
    [
      'a member twice',
      [partners, lee, `dn: CN=G,${ou}\nobjectClass: group\nmember: CN=Lee,${ou}\nmember: cn=lee,${ou}`],
      14,
      'is a member of the group already',
    ],
    [
      'membership on the member',
      [partners, `${lee}\nmemberOf: CN=Domain Admins,${users}`],
      10,
      'memberOf of this user is computed',
    ],
    ['another name than its own', [partners, `${lee}\ncn: Dana`], 10, 'cn of this user is computed, and is not Dana'],
    ['a user in a user', [partners, lee, `dn: CN=x,CN=Lee,${ou}\nobjectClass: user`], 11, 'cannot be under'],
    ['what LDIF cannot be', [partners, `${lee}\nrubbish`], 10, 'expected `attribute: value`'],
  ])('%s', async (_, records, line, message) => {
    const directory = await makeDomain()
    const before = directory.dump()
    const seeding = () => directory.seed(`version: 1\n\n${records.join('\n\n')}\n`, 'seed/directory.ldif')
    expect(seeding).toThrow(Failure)
    expect(seeding).toThrow(new RegExp(`^seed/directory\\.ldif:${line}: `))
    expect(seeding).toThrow(message)
    expect(directory.dump()).toEqual(before)
  })

  test('and how to mend it', () => {
    const hintOf = (...records: readonly string[]) => {
      try {
        seeded(...records)
      } catch (error) {
        return error instanceof Failure ? error.hint : error
      }
      return undefined
    }
    expect(hintOf(lee)).toBe('add a record for the parent')
    expect(hintOf(partners, `${lee}\nmemberOf: CN=Domain Admins,${users}`)).toBe('write member on the other object')
  })
})

describe('a dump', () => {
  test('spells attributes as the schema does, and knows no password', async () => {
    const directory = await makeDomain()
    await addUser(directory, 'Lee', {
      unicodePwd: [password('correct Horse 7')],
      'MSDS-externaldirectoryobjectid': ['User_1'],
    })
    const object = directory.dump().find(each => each.dn === `CN=Lee,${ou}`)
    expect(Object.keys(object?.attributes ?? {})).toEqual(
      `accountExpires cn distinguishedName instanceType msDS-ExternalDirectoryObjectId name objectCategory objectClass objectGUID
      objectSid primaryGroupID pwdLastSet sAMAccountName sAMAccountType userAccountControl uSNChanged uSNCreated whenChanged
      whenCreated`.split(/\s+/),
    )
  })

  test('has parents first and then goes by name', async () => {
    const directory = await makeDomain()
    await directory.add(`OU=b,${ou}`, { objectClass: ['organizationalUnit'] })
    for (const cn of ['c', 'A']) await addUser(directory, cn)
    await addGroup(directory, 'd', { member: [`CN=c,${ou}`, `CN=A,${ou}`] })
    const dns = directory.dump().map(object => object.dn)
    expect(dns.filter(dn => dn.endsWith(ou))).toEqual([ou, `CN=A,${ou}`, `OU=b,${ou}`, `CN=c,${ou}`, `CN=d,${ou}`])
    expect(dns[0]).toBe(root)
    expect(directory.dump().find(each => each.dn === `CN=d,${ou}`)?.attributes.member).toEqual([
      `CN=A,${ou}`,
      `CN=c,${ou}`,
    ])
  })

  test('built again from its LDIF, is the same to the letter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async operations => {
        const directory = await makeDomain()
        for (const perform of operations) await perform(directory).catch(expectRefusal)
        const again = createDirectory({ store: openStore(undefined, 'directory'), domain, clock: () => 0 })
        again.seed(directory.dumpLdif(), 'dump.ldif')
        expect(again.dump()).toEqual(directory.dump())
        expect(again.dumpLdif()).toBe(directory.dumpLdif())
      }),
      { numRuns: 60 },
    )
  })
})

/** Only refusals are expected of operations at random, never an error of another kind. */
function expectRefusal(error: unknown): void {
  expect(error).toBeInstanceOf(RequestFailure)
}

const cn = fc.constantFrom('a', 'B', 'Smith, Lee', '#1', ' x ', 'José', '日本')
const parent = fc.constantFrom(ou, `OU=inner,${ou}`, users)
const dn = fc.tuple(cn, parent).map(([name, above]) => childDn('CN', name, above))
const value = fc.constantFrom('1', '2', 'x y', 'é', 'a\nb', ' lead', '\u0000', '546', '514')
const part = fc.record<Modification>({
  operation: fc.constantFrom('add', 'delete', 'replace'),
  attribute: fc.constantFrom(
    'otherTelephone',
    'info',
    'userAccountControl',
    'description',
    'mS-DS-ConsistencyGuid',
    'accountExpires',
    'uid',
  ),
  values: fc.array(value, { maxLength: 2 }),
})
type Operation = (directory: SandboxDirectory) => Promise<unknown>
const operation: fc.Arbitrary<Operation> = fc.oneof(
  dn.map(
    (target): Operation =>
      directory =>
        directory.add(target, { objectClass: ['user'], 'mS-DS-ConsistencyGuid': [new Uint8Array([1, 255])] }),
  ),
  dn.map(
    (target): Operation =>
      directory =>
        directory.add(target, { objectClass: ['group'] }),
  ),
  fc.constant<Operation>(directory => directory.add(`OU=inner,${ou}`, { objectClass: ['organizationalUnit'] })),
  fc.tuple(dn, fc.array(part, { minLength: 1, maxLength: 3 })).map(
    ([target, parts]): Operation =>
      directory =>
        directory.modify(target, parts),
  ),
  fc.tuple(dn, dn).map(
    ([group, member]): Operation =>
      directory =>
        directory.modify(group, [adding('member', member)]),
  ),
  fc.tuple(dn, dn).map(
    ([group, member]): Operation =>
      directory =>
        directory.modify(group, [deleting('member', member)]),
  ),
  fc.tuple(dn, cn, parent).map(
    ([target, name, above]): Operation =>
      directory =>
        directory.move(target, rdn('CN', name), above),
  ),
  dn.map(
    (target): Operation =>
      directory =>
        directory.remove(target),
  ),
)

describe('kept on disk', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'guestlist-directory-'))
    return () => rmSync(folder, { recursive: true })
  })
  const open = () => openStore(folder, 'directory', { writer: { pid: 1, isAlive: () => false } })

  test('a domain is there again, and goes on counting where it stopped', async () => {
    const store = open()
    const directory = await makeDomain(store)
    const dn = await addUser(directory, 'x', { unicodePwd: [password('correct Horse 7')] })
    await addGroup(directory, 'g', { member: [dn] })
    await addUser(directory, 'gone')
    await directory.remove(`CN=gone,${ou}`)
    const before = directory.dump()
    const { objectsid } = await read(directory, dn, 'objectSid')
    store.close()

    const reopened = createDirectory({ store: open(), domain, clock: tickingClock() })
    expect(reopened.dump()).toEqual(before)
    await reopened.modify(dn, [replacing('userAccountControl', '512')])
    const next = await read(reopened, await addUser(reopened, 'y'), 'objectSid')
    expect(next.objectsid).toEqual([objectsid?.[0]?.replace(/\d+$/, rid => String(Number(rid) + 3))])
    expect(await read(reopened, dn, 'memberOf')).toEqual({ memberof: [`CN=g,${ou}`] })
  })

  test('another domain is not mistaken for it', async () => {
    const store = open()
    await makeDomain(store)
    store.close()
    expect(() => createDirectory({ store: open(), domain: 'corp.fabrikam.com', clock: tickingClock() })).toThrow(
      'the sandbox holds the domain corp.contoso.com, the policy names corp.fabrikam.com',
    )
  })
})
