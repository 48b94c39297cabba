import { beforeEach, describe, expect, test } from 'vitest'
import { childDn } from '../../../src/model/escape.ts'
import type { SandboxDirectory } from '../../../src/sandbox/directory/directory.ts'
import { openStore, type Store } from '../../../src/sandbox/store.ts'
import {
  addGroup,
  adding,
  addUser,
  anything,
  deleting,
  makeDomain,
  ou,
  read,
  refused,
  replacing,
  root,
  users,
} from './domain.ts'

let store: Store
let directory: SandboxDirectory
beforeEach(async () => {
  store = openStore(undefined, 'directory')
  directory = await makeDomain(store)
})

const global = '-2147483646'
const local = '-2147483644'
const universal = '-2147483640'

describe('classes', () => {
  test.each([
    ['nothing', [], 65],
    ['only an abstract one', ['top', 'person'], 65],
    ['two that exclude each other', ['user', 'group'], 65],
    ['one that the schema has not', ['user', 'spaceship'], 16],
  ])('%s is refused', async (_, objectClass, status) => {
    await refused(directory, () => directory.add(childDn('CN', 'x', ou), { objectClass }), status, /objectClass/)
  })

  test('the whole chain is stored, whatever part of it was given', async () => {
    const dn = childDn('CN', 'x', ou)
    await directory.add(dn, { objectClass: ['COMPUTER', 'top'] })
    expect((await read(directory, dn, 'objectClass')).objectclass).toEqual([
      'top',
      'person',
      'organizationalPerson',
      'user',
      'computer',
    ])
  })

  test('a contact is no account but may be a member', async () => {
    const dn = childDn('CN', 'x', ou)
    await refused(
      directory,
      () => directory.add(dn, { objectClass: ['contact'], sAMAccountName: ['x'] }),
      65,
      '00002079',
    )
    await directory.add(dn, { objectClass: ['contact'], mail: ['x@fabrikam.com'] })
    await addGroup(directory, 'g', { member: [dn] })
    expect(await read(directory, dn, 'objectSid', 'userAccountControl')).toEqual({})
  })

  test('an object has the name and the place that its class allows', async () => {
    const user = await addUser(directory, 'x')
    await refused(directory, () => directory.add(childDn('OU', 'y', ou), { objectClass: ['user'] }), 64, '00002099')
    await refused(
      directory,
      () => directory.add(childDn('CN', 'y', ou), { objectClass: ['organizationalUnit'] }),
      64,
      '00002099',
    )
    await refused(directory, () => directory.add(childDn('CN', 'y', user), { objectClass: ['user'] }), 64, '00002099')
    await refused(
      directory,
      () => directory.add(childDn('OU', 'y', users), { objectClass: ['organizationalUnit'] }),
      64,
      '00002099',
    )
    await refused(directory, () => directory.move(user, 'OU=x', ou), 64, '00002099')
    await refused(directory, () => directory.move(ou, 'OU=Partners', users), 64, '00002099')
    await refused(directory, () => addUser(directory, 'y', { cn: ['z'] }), 64, '00002099')
    await addUser(directory, 'y', { cn: ['y'] })
  })

  test.each([
    ['no name at all', 34],
    ['CN=x', 10],
    ['CN=x,DC=other,DC=com', 10],
    [`CN=a\\00b,${ou}`, 34],
    [`CN=x,OU=Missing,${ou}`, 32],
  ])('%j cannot be created', async (dn, status) => {
    await refused(directory, () => directory.add(dn, { objectClass: ['user'] }), status, /NameErr|RefErr/)
  })
})

describe('values', () => {
  test('the same twice is refused, whatever its case', async () => {
    await refused(directory, () => addUser(directory, 'x', { otherTelephone: ['A', 'a'] }), 20, '0000200D')
    const dn = await addUser(directory, 'x', { otherTelephone: ['a'] })
    await refused(directory, () => directory.modify(dn, [adding('otherTelephone', 'A')]), 20, '0000200D')
    await refused(directory, () => directory.modify(dn, [replacing('otherTelephone', 'B', 'b')]), 20, '0000200D')
    await directory.modify(dn, [replacing('otherTelephone', 'A')])
    expect(await read(directory, dn, 'otherTelephone')).toEqual({ othertelephone: ['A'] })
  })

  test('an addition of nothing is refused, a replacement by nothing clears', async () => {
    const dn = await addUser(directory, 'x', { title: ['a'] })
    await refused(directory, () => directory.modify(dn, [adding('title')]), 21, '0000200B')
    await refused(directory, () => addUser(directory, 'y', { title: [] }), 21, '0000200B')
    await directory.modify(dn, [replacing('title'), replacing('company')])
    expect(await read(directory, dn, 'title')).toEqual({})
    await refused(directory, () => directory.modify(dn, [deleting('title')]), 16, '00002085')
  })

  test('times and numbers of changes are kept', async () => {
    const dn = await addUser(directory, 'x')
    const made = await read(directory, dn, 'whenCreated', 'whenChanged', 'uSNCreated', 'uSNChanged')
    expect([made.whencreated, made.usncreated]).toEqual([made.whenchanged, made.usnchanged])
    await directory.modify(dn, [replacing('title', 'a')])
    const changed = await read(directory, dn, 'whenCreated', 'whenChanged', 'uSNCreated', 'uSNChanged')
    expect([changed.whencreated, changed.usncreated]).toEqual([made.whencreated, made.usncreated])
    expect(Number(changed.usnchanged?.[0])).toBe(Number(made.usnchanged?.[0]) + 1)
    expect(String(changed.whenchanged) > String(made.whenchanged)).toBe(true)
    await directory.modify(dn, [replacing('title', 'a'), deleting('title', 'A'), adding('title', 'a')])
    expect(await read(directory, dn, 'whenCreated', 'whenChanged', 'uSNCreated', 'uSNChanged')).toEqual(changed)
  })
})

describe('groups', () => {
  test.each([
    [global, universal, '00002145'],
    [global, local, '00002144'],
    [universal, local, '00002146'],
  ])('a group of type %s does not hold one of type %s', async (outer, inner, text) => {
    const member = await addGroup(directory, 'inner', { groupType: [inner] })
    await refused(directory, () => addGroup(directory, 'outer', { groupType: [outer], member: [member] }), 53, text)
    const group = await addGroup(directory, 'outer', { groupType: [outer] })
    await refused(directory, () => directory.modify(group, [adding('member', member)]), 53, text)
    await refused(directory, () => directory.modify(group, [replacing('member', member)]), 53, text)
  })

  test('every other nesting is allowed, cycles as well, but not itself', async () => {
    const [a, b, c] = [
      await addGroup(directory, 'a'),
      await addGroup(directory, 'b', { groupType: [universal] }),
      await addGroup(directory, 'c', { groupType: [local] }),
    ]
    await directory.modify(b, [adding('member', a)])
    await directory.modify(c, [adding('member', a, b)])
    const d = await addGroup(directory, 'd', { member: [a] })
    await directory.modify(a, [adding('member', d)])
    await refused(directory, () => directory.modify(a, [adding('member', a)]), 53, '0000056B')
  })

  test('a scope that its members or holders do not bear is refused', async () => {
    const inner = await addGroup(directory, 'inner')
    const outer = await addGroup(directory, 'outer', { member: [inner] })
    await refused(directory, () => directory.modify(inner, [replacing('groupType', universal)]), 53, '00002145')
    await refused(directory, () => directory.modify(outer, [replacing('groupType', local)]), 53, '00002141')
    await refused(directory, () => directory.modify(outer, [replacing('groupType', '3')]), 53, '00002141')
    await refused(directory, () => directory.modify(outer, [deleting('groupType')]), 53, 'grouptype')
    await directory.modify(outer, [replacing('groupType', universal)])
    await directory.modify(inner, [replacing('groupType', universal)])
  })

  test('the same member twice in one request is refused', async () => {
    const dn = await addUser(directory, 'x')
    const group = await addGroup(directory, 'g')
    const { objectguid } = await read(directory, dn, 'objectGUID')
    await refused(
      directory,
      () => directory.modify(group, [adding('member', dn, `<GUID=${objectguid}>`)]),
      68,
      '00000562',
    )
    await refused(directory, () => directory.modify(group, [replacing('member', dn, dn.toUpperCase())]), 68, '00000562')
    await refused(directory, () => addGroup(directory, 'h', { member: [dn, dn] }), 68, '00000562')
  })

  test('errors are those of Windows', async () => {
    const dn = await addUser(directory, 'x')
    const group = await addGroup(directory, 'g', { member: [dn] })
    await refused(directory, () => directory.modify(group, [adding('member', dn)]), 68, '00000562')
    await directory.modify(group, [deleting('member', dn)])
    await refused(directory, () => directory.modify(group, [deleting('member', dn)]), 53, '00000561')
    await refused(directory, () => directory.modify(group, [deleting('member')]), 53, '00000561')
    await refused(directory, () => directory.modify(group, [adding('member', 'x')]), 21, '0000200B')
    await refused(directory, () => directory.modify(group, [adding('member', 'CN=x,DC=other,DC=com')]), 10, '0000202B')
  })

  test('of the primary group, a member is one without a link', async () => {
    const dn = await addUser(directory, 'x')
    const domainUsers = `CN=Domain Users,${users}`
    await refused(directory, () => directory.modify(domainUsers, [adding('member', dn)]), 68, '00000562')
    await refused(directory, () => directory.modify(domainUsers, [deleting('member', dn)]), 53, '00000561')
  })

  test('members are named by SID as well', async () => {
    const dn = await addUser(directory, 'x')
    const { objectsid } = await read(directory, dn, 'objectSid')
    const group = await addGroup(directory, 'g', { member: [`<SID=${objectsid}>`] })
    expect(await read(directory, group, 'member')).toEqual({ member: [dn] })
  })

  test('a link of one value holds one', async () => {
    const [lee, anna, bo] = [
      await addUser(directory, 'lee'),
      await addUser(directory, 'anna'),
      await addUser(directory, 'bo'),
    ]
    await directory.modify(lee, [adding('manager', anna)])
    await refused(directory, () => directory.modify(lee, [adding('manager', bo)]), 20, '0000200D')
    await refused(directory, () => directory.modify(lee, [deleting('manager', bo)]), 16, '00002085')
    await directory.modify(lee, [replacing('manager', bo)])
    expect(await read(directory, bo, 'directReports')).toEqual({ directreports: [lee] })
    expect(await read(directory, anna, 'directReports')).toEqual({})
  })

  test('10 000 members, one at a time, take no time', async () => {
    const group = await addGroup(directory, 'g')
    const begin = performance.now()
    for (let index = 0; index < 10_000; index++) {
      await addUser(directory, `u${index}`, { userPrincipalName: [`u${index}@contoso.com`] })
      await directory.modify(group, [adding('member', `CN=u${index},${ou}`)])
    }
    expect((await read(directory, group, 'member')).member).toHaveLength(10_000)
    for (let index = 0; index < 10_000; index++) {
      const filter = { equals: ['userPrincipalName', `U${index}@contoso.com`] } as const
      expect(await directory.search({ base: ou, scope: 'sub', filter, attributes: ['cn'] })).toHaveLength(1)
    }
    await directory.move(ou, 'OU=Guests', root)
    await directory.modify(`CN=g,OU=Guests,${root}`, [replacing('member')])
    expect(performance.now() - begin).toBeLessThan(8000)
  })
})

describe('moving and deleting', () => {
  test('a new name is one name', async () => {
    const dn = await addUser(directory, 'x')
    await refused(directory, () => directory.move(dn, `CN=y,${ou}`, ou), 34, '00002081')
    await refused(directory, () => directory.move(dn, 'y', ou), 34, '00002081')
    await refused(directory, () => directory.move(dn, 'CN=y\\0A', ou), 34, '00002081')
    await refused(directory, () => directory.move(dn, 'CN=y', `OU=Missing,${root}`), 32, '0000208D')
    await refused(directory, () => directory.move(ou, 'OU=Partners', ou), 53, '00002089')
  })

  test('moving to where it is changes nothing', async () => {
    const dn = await addUser(directory, 'x')
    const before = directory.dump()
    await directory.move(dn, 'CN=x', ou)
    expect(directory.dump()).toEqual(before)
  })

  test('of a deleted object, only what Windows keeps is kept, out of everyone’s sight', async () => {
    const dn = await addUser(directory, 'x', {
      sAMAccountName: ['lee'],
      mail: ['lee@fabrikam.com'],
      'msDS-ExternalDirectoryObjectId': ['User_1'],
    })
    const group = await addGroup(directory, 'g', { member: [dn] })
    const { objectguid = [], objectsid = [] } = await read(directory, dn, 'objectGUID', 'objectSid')
    await directory.remove(dn)
    expect([...store.collection('tombstones').values()]).toMatchObject([
      { id: objectguid[0], name: 'x', lastKnownParent: ou, attributes: { samaccountname: ['lee'], objectsid } },
    ])
    const kept = JSON.stringify([...store.collection('tombstones').values()])
    expect(kept).not.toMatch(/fabrikam|User_1|displayname/)
    const everything = await directory.search({
      base: root,
      scope: 'sub',
      filter: anything,
      attributes: ['objectGUID'],
    })
    expect(everything.some(entry => entry.attributes.objectguid?.[0] === objectguid[0])).toBe(false)
    await refused(
      directory,
      () => directory.modify(`<GUID=${objectguid[0]}>`, [replacing('title', 'x')]),
      32,
      '00002030',
    )
    expect(await read(directory, group, 'member')).toEqual({})
  })

  test('what is made again under the same name is another object', async () => {
    const first = await read(directory, await addUser(directory, 'x'), 'objectGUID')
    await directory.remove(childDn('CN', 'x', ou))
    expect(await read(directory, await addUser(directory, 'x'), 'objectGUID')).not.toEqual(first)
  })

  test('the names of objects do not depend on the order in which they are made', async () => {
    await addUser(directory, 'x')
    await addUser(directory, 'y')
    const other = await makeDomain()
    await addUser(other, 'y')
    await addUser(other, 'x')
    const x = childDn('CN', 'x', ou)
    expect(await read(other, x, 'objectGUID')).toEqual(await read(directory, x, 'objectGUID'))
  })
})
