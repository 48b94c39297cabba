import { beforeEach, describe, expect, test } from 'vitest'
import { RequestFailure } from '../../../src/model/directories.ts'
import { childDn } from '../../../src/model/escape.ts'
import type { SandboxDirectory } from '../../../src/sandbox/directory/directory.ts'
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
  refused,
  replacing,
  root,
  users,
} from './domain.ts'

let directory: SandboxDirectory
beforeEach(async () => {
  directory = await makeDomain()
})

describe('names of accounts', () => {
  test.each([
    'a/b',
    'a\\b',
    'a[b',
    'a]b',
    'a:b',
    'a;b',
    'a|b',
    'a=b',
    'a,b',
    'a+b',
    'a*b',
    'a?b',
    'a<b',
    'a>b',
    'a"b',
    'a\tb',
    'a.',
    '...',
    '123456789012345678901',
  ])('the sAMAccountName %j is refused', async name => {
    await refused(directory, () => addUser(directory, 'x', { sAMAccountName: [name] }), 80, '00000523: SysErr')
  })

  test.each(['g-0123456789abcdefgh', 'a@b', 'a b', '#a', 'a$', 'Müller', '12345', 'a.b'])(
    'the sAMAccountName %j is taken',
    async name => {
      const dn = await addUser(directory, 'x', { sAMAccountName: [name] })
      expect(await read(directory, dn, 'sAMAccountName')).toEqual({ samaccountname: [name] })
    },
  )

  test('a group may have a long one', async () => {
    await addGroup(directory, 'x', { sAMAccountName: ['g'.repeat(256)] })
    await refused(directory, () => addGroup(directory, 'y', { sAMAccountName: ['g'.repeat(257)] }), 19, '00002082')
  })

  test('one that is missing is made up, and cannot be taken away', async () => {
    const dn = await addUser(directory, 'x')
    expect((await read(directory, dn, 'sAMAccountName')).samaccountname?.[0]).toMatch(/^\$[0-9A-F]{6}-[0-9A-F]{12}$/)
    await refused(directory, () => directory.modify(dn, [deleting('sAMAccountName')]), 53, 'samaccountname')
  })

  test('one that is taken is refused with Windows’ error, also by a built-in account', async () => {
    await addUser(directory, 'x', { sAMAccountName: ['lee'] })
    await refused(directory, () => addUser(directory, 'y', { sAMAccountName: ['LEE'] }), 68, '00000524')
    await refused(directory, () => addUser(directory, 'y', { sAMAccountName: ['KRBTGT'] }), 68, '00000524')
    await refused(directory, () => addUser(directory, 'y', { sAMAccountName: ['lée'] }), 68, '00000524')
    const dn = await addUser(directory, 'y')
    await refused(directory, () => directory.modify(dn, [replacing('sAMAccountName', 'Lee')]), 68, '00000524')
  })

  test('principal names are unique in the domain', async () => {
    const lee = await addUser(directory, 'x', {
      userPrincipalName: ['lee@contoso.com'],
      servicePrincipalName: ['HTTP/a', 'HTTP/b'],
    })
    await refused(directory, () => addUser(directory, 'y', { userPrincipalName: ['LEE@contoso.com'] }), 19, '000021C8')
    await refused(
      directory,
      () => addUser(directory, 'y', { servicePrincipalName: ['HTTP/c', 'http/B'] }),
      19,
      '000021C7',
    )
    await directory.modify(lee, [
      deleting('servicePrincipalName', 'HTTP/B'),
      replacing('userPrincipalName', 'other@contoso.com'),
    ])
    await addUser(directory, 'y', {
      userPrincipalName: ['LEE@contoso.com'],
      servicePrincipalName: ['HTTP/c', 'http/B'],
    })
  })

  test('a common name has 64 characters at most', async () => {
    await addUser(directory, 'é'.repeat(64))
    await refused(directory, () => addUser(directory, 'a'.repeat(65)), 19, '00002082')
    const dn = await addUser(directory, 'x')
    await refused(directory, () => directory.move(dn, `CN=${'a'.repeat(65)}`, ou), 19, '00002082')
  })
})

describe('account flags', () => {
  const enabled = '328192'

  test('an account is not enabled without a password', async () => {
    await refused(directory, () => addUser(directory, 'x', { userAccountControl: [enabled] }), 53, '0000052D')
    const dn = await addUser(directory, 'x')
    const enabling = [deleting('userAccountControl', '546'), adding('userAccountControl', enabled)]
    await refused(directory, () => directory.modify(dn, enabling), 53, '0000052D')
    await directory.modify(dn, [...enabling, replacing('unicodePwd', password('correct Horse 7'))])
    await directory.modify(dn, [replacing('userAccountControl', '514')])
    await directory.modify(dn, [replacing('userAccountControl', '512')])
  })

  test('unless it needs none, or is a computer', async () => {
    await addUser(directory, 'x', { userAccountControl: ['544'] })
    await directory.add(childDn('CN', 'c', ou), { objectClass: ['computer'], userAccountControl: ['4096'] })
  })

  test('one that an administrator left without a password can be changed otherwise', async () => {
    directory.seed(`dn: CN=x,${users}\nobjectClass: user\nuserAccountControl: 512\npwdLastSet: 0\n`, 'directory.ldif')
    await directory.modify(`CN=x,${users}`, [replacing('displayName', 'X')])
    await refused(
      directory,
      () => directory.modify(`CN=x,${users}`, [replacing('userAccountControl', '66048')]),
      53,
      '0000052D',
    )
  })

  test.each([
    ['0', '512'],
    ['2', '514'],
    ['8389138', '514'],
    ['66050', '66050'],
  ])('%s becomes %s', async (written, stored) => {
    const dn = await addUser(directory, 'x', {
      unicodePwd: [password('correct Horse 7')],
      userAccountControl: [written],
    })
    expect(await read(directory, dn, 'userAccountControl')).toEqual({ useraccountcontrol: [stored] })
  })

  test('two kinds of account in one are refused', async () => {
    await refused(directory, () => addUser(directory, 'x', { userAccountControl: [String(0x1202)] }), 53, '00000057')
  })

  test.each([
    ['userAccountControl', '0x200', 21, '0000200B'],
    ['userAccountControl', '0514', 21, '0000200B'],
    ['userAccountControl', '99999999999', 21, '0000200B'],
    ['userAccountControl', '5.5', 21, '0000200B'],
    ['accountExpires', '0123', 21, '0000200B'],
    ['accountExpires', '9223372036854775808', 21, '0000200B'],
    ['countryCode', '65536', 19, '00002082'],
    ['showInAdvancedViewOnly', 'true', 21, '0000200B'],
    ['employeeID', '12345678901234567', 19, '00002082'],
    ['initials', '', 21, '0000200B'],
    ['mail', new Uint8Array([0xff]), 21, '0000200B'],
    ['mail', 'a\ud800', 21, '0000200B'],
    ['manager', 'nobody', 21, '0000200B'],
    ['pwdLastSet', '134400000000000000', 53, '00000057'],
    ['primaryGroupID', '512', 53, '00002141'],
    ['objectSid', 'S-1-5-21-1-2-3-500', 19, '000020B1'],
    ['isCriticalSystemObject', 'TRUE', 19, '000020B1'],
    ['name', 'y', 67, '000020B1'],
    ['memberOf', `CN=Domain Admins,${users}`, 53, '000020B1'],
    ['objectClass', 'computer', 53, '000020B1'],
  ])('%s: %j is refused', async (attribute, value, status, text) => {
    const dn = await addUser(directory, 'x')
    await refused(directory, () => directory.modify(dn, [replacing(attribute, value)]), status, text)
  })

  test('values at their limit, and numbers in any of their forms, are taken', async () => {
    const dn = await addUser(directory, 'x')
    await directory.modify(dn, [
      replacing('accountExpires', '0'),
      replacing('employeeID', '1234567890123456'),
      replacing('countryCode', '65535'),
    ])
    await directory.modify(dn, [
      replacing('accountExpires', '9223372036854775807'),
      replacing('thumbnailPhoto', new Uint8Array([0, 255])),
    ])
    expect(await read(directory, dn, 'accountExpires', 'thumbnailPhoto')).toEqual({
      accountexpires: ['9223372036854775807'],
      thumbnailphoto: ['AP8='],
    })
    const group = await addGroup(directory, 'g', { groupType: ['2147483656'] })
    expect(await read(directory, group, 'groupType')).toEqual({ grouptype: ['-2147483640'] })
  })

  test('an account has one description, other objects may have several', async () => {
    await refused(directory, () => addUser(directory, 'x', { description: ['a', 'b'] }), 20, '0000200D')
    await directory.modify(ou, [replacing('description', 'a', 'b')])
  })
})

describe('passwords', () => {
  const secret = 'correct Horse 7'

  test.each([
    ['unquoted', Buffer.from(secret, 'utf16le')],
    ['UTF-8', Buffer.from(`"${secret}"`)],
    ['text', `"${secret}"`],
    ['one quote', Buffer.from('"', 'utf16le')],
  ])('%s is refused', async (_, value) => {
    await refused(directory, () => addUser(directory, 'x', { unicodePwd: [value] }), 53, '0000001F')
  })

  test.each(['', 'Aa1!', 'all lower case', 'ALL UPPER CASE', 'my-Name-is-lee99', 'aaaaaaaaaaaa1'])(
    '%j is too weak',
    async weak => {
      const dn = await addUser(directory, 'x', { sAMAccountName: ['lee99'] })
      await refused(directory, () => directory.modify(dn, [replacing('unicodePwd', password(weak))]), 53, '0000052D')
    },
  )

  test('cannot be added, deleted or read', async () => {
    const dn = await addUser(directory, 'x', { unicodePwd: [password(secret)] })
    await refused(directory, () => directory.modify(dn, [adding('unicodePwd', password(secret))]), 53, '0000001F')
    await refused(directory, () => directory.modify(dn, [deleting('unicodePwd')]), 53, '0000001F')
    expect(await read(directory, dn, 'unicodePwd')).toEqual({})
    expect(await read(directory, dn)).not.toHaveProperty('unicodepwd')
  })

  test('leave nothing behind but the time they were set', async () => {
    const store = openStore(undefined, 'directory')
    directory = await makeDomain(store)
    const dn = await addUser(directory, 'x')
    expect(await read(directory, dn, 'pwdLastSet')).toEqual({ pwdlastset: ['0'] })
    await directory.modify(dn, [replacing('unicodePwd', password(secret))])
    expect((await read(directory, dn, 'pwdLastSet')).pwdlastset?.[0]).toMatch(/^13\d{16}$/)
    const kept = store
      .names()
      .map(name => JSON.stringify([...store.collection(name).values()]))
      .join('')
    const traces = [secret, password(secret).toString('base64'), password(secret).toString('hex')]
    expect(traces.filter(trace => kept.includes(trace) || directory.dumpLdif().includes(trace))).toEqual([])
  })

  test('are not named in the refusal', async () => {
    const failure = await addUser(directory, 'x', { unicodePwd: [password('weakling')] }).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(RequestFailure)
    expect(String(failure)).not.toContain('weakling')
  })
})

describe('a fresh domain', () => {
  test('holds the accounts that are never to be touched', async () => {
    const rows = await directory.search({
      base: root,
      scope: 'sub',
      filter: { and: [{ equals: ['adminCount', '1'] }, { equals: ['isCriticalSystemObject', 'TRUE'] }] },
      attributes: ['sAMAccountName', 'objectSid'],
    })
    const rids = rows.map(row => Number(row.attributes.objectsid?.[0]?.split('-').at(-1))).toSorted((a, b) => a - b)
    expect(rids).toEqual([500, 502, 512, 516, 518, 519, 521, 526, 527, 544, 548, 549, 550, 551, 552])
  })

  test('nests them as every domain does', async () => {
    const { memberof } = await read(directory, `CN=Domain Admins,${users}`, 'memberOf')
    expect(memberof?.toSorted()).toEqual([
      `CN=Administrators,CN=Builtin,${root}`,
      `CN=Denied RODC Password Replication Group,${users}`,
    ])
    expect(await read(directory, `CN=Domain Users,${users}`, 'member')).toEqual({})
    expect(
      await read(directory, `CN=DC1,OU=Domain Controllers,${root}`, 'primaryGroupID', 'userAccountControl'),
    ).toEqual({
      primarygroupid: ['516'],
      useraccountcontrol: ['532480'],
    })
  })

  test('gives identifiers of its own, from 1103 on', async () => {
    const { objectsid } = await read(directory, root, 'objectSid')
    const dn = await addUser(directory, 'x')
    expect(await read(directory, dn, 'objectSid')).toEqual({ objectsid: [`${objectsid?.[0]}-1103`] })
    await directory.remove(dn)
    expect(await read(directory, await addUser(directory, 'x'), 'objectSid')).toEqual({
      objectsid: [`${objectsid?.[0]}-1104`],
    })
  })

  test('keeps what belongs to it', async () => {
    await refused(directory, () => directory.remove(root), 53, '000020CE')
    await refused(directory, () => directory.remove(users), 53, '000020CE')
    await refused(directory, () => directory.remove(`CN=Administrator,${users}`), 53, '000020CE')
    await refused(directory, () => directory.remove(`CN=Administrators,CN=Builtin,${root}`), 53, '000020CE')
    await refused(directory, () => directory.move(users, 'CN=Users', ou), 53, '00002016')
    await refused(directory, () => directory.move(users, 'CN=People', root), 53, '00002016')
    await directory.move(`CN=Domain Admins,${users}`, 'CN=Domain Admins', ou)
  })

  test('is the same every time', async () => {
    expect((await makeDomain()).dump()).toEqual(directory.dump())
  })
})
