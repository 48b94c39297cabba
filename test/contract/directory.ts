// What every Active Directory does, the sandbox's as well as a real domain controller: only behaviour that Windows and
// Samba share, through the interface alone, inside one organizational unit that is empty before and after. Error codes in
// which the two differ are accepted as a set.

import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type AttributeValue,
  type DirectoryEntry,
  type DirectoryWriter,
  type Filter,
  type Modification,
  RequestFailure,
} from '../../src/model/directories.ts'
import { canonicalDn, childDn, rdn } from '../../src/model/escape.ts'

export interface DirectoryUnderTest {
  readonly directory: DirectoryWriter
  /** An existing, empty organizational unit in which anything may be created. */
  readonly organizationalUnit: string
  close?(): Promise<void>
}

const anything: Filter = { present: 'objectClass' }
const userClasses = ['top', 'person', 'organizationalPerson', 'user']

export function describeDirectoryContract(name: string, makeDirectory: () => Promise<DirectoryUnderTest>): void {
  describe(`${name} behaves like Active Directory`, () => {
    const run = randomBytes(4).toString('hex')
    let subject: DirectoryUnderTest
    let directory: DirectoryWriter
    let ou: string
    let count = 0

    beforeAll(async () => {
      subject = await makeDirectory()
      directory = subject.directory
      ou = subject.organizationalUnit
    })

    afterEach(async () => {
      const left = await search(ou, 'sub')
      const depth = (entry: DirectoryEntry) => canonicalDn(entry.dn).split(',').length
      for (const entry of left.toSorted((a, b) => depth(b) - depth(a))) {
        if (canonicalDn(entry.dn) !== canonicalDn(ou)) await directory.remove(`<GUID=${guidOf(entry)}>`)
      }
    })

    afterAll(async () => {
      await subject?.close?.()
    })

    /** Never the same twice, and short enough for any name. */
    function unique(prefix: string): string {
      count += 1
      return `${prefix}-${run}-${count}`
    }

    function guidOf(entry: DirectoryEntry): string {
      return entry.attributes.objectguid?.[0] ?? ''
    }

    async function addUser(attributes: Record<string, readonly AttributeValue[]> = {}, cn = unique('u'), parent = ou) {
      const dn = childDn('CN', cn, parent)
      const id = await directory.add(dn, { objectClass: userClasses, sAMAccountName: [unique('s')], ...attributes })
      return { dn, id, cn }
    }

    async function addGroup(attributes: Record<string, readonly AttributeValue[]> = {}) {
      const cn = unique('g')
      const dn = childDn('CN', cn, ou)
      return { dn, cn, id: await directory.add(dn, { objectClass: ['group'], sAMAccountName: [cn], ...attributes }) }
    }

    async function addUnit(parent = ou, label = unique('ou')) {
      const dn = childDn('OU', label, parent)
      await directory.add(dn, { objectClass: ['top', 'organizationalUnit'] })
      return dn
    }

    async function search(base: string, scope: 'base' | 'one' | 'sub', filter = anything, attributes = ['objectGUID']) {
      return directory.search({ base, scope, filter, attributes })
    }

    async function read(target: string, ...attributes: readonly string[]) {
      const [entry] = await directory.search({ base: target, scope: 'base', filter: anything, attributes })
      return entry?.attributes ?? {}
    }

    async function find(filter: Filter): Promise<readonly string[]> {
      return (await search(ou, 'sub', filter)).map(guidOf).toSorted()
    }

    async function modify(target: string, ...modifications: readonly Modification[]) {
      await directory.modify(target, modifications)
    }

    const adding = (attribute: string, ...values: string[]): Modification => ({ operation: 'add', attribute, values })
    const deleting = (attribute: string, ...values: string[]): Modification => ({
      operation: 'delete',
      attribute,
      values,
    })
    const replacing = (attribute: string, ...values: string[]): Modification => ({
      operation: 'replace',
      attribute,
      values,
    })

    /** The operation is refused with one of these LDAP results. */
    async function refused(operation: Promise<unknown>, ...statuses: readonly number[]) {
      const failure = await operation.then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(failure).toBeInstanceOf(RequestFailure)
      expect(statuses).toContain((failure as RequestFailure).status)
    }

    describe('creating and reading', () => {
      test('a new object is there under its name and its objectGUID', async () => {
        const { dn, id, cn } = await addUser({ displayName: ['Lee Ångström'], otherTelephone: ['1', '2'] })
        expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        for (const target of [dn, dn.toUpperCase(), `<GUID=${id}>`, `<GUID=${id.toUpperCase()}>`]) {
          const [entry] = await search(target, 'base', anything, [
            'objectGUID',
            'CN',
            'displayname',
            'otherTelephone',
            'mail',
          ])
          expect(canonicalDn(entry?.dn ?? '')).toBe(canonicalDn(dn))
          expect(entry?.attributes.othertelephone?.toSorted()).toEqual(['1', '2'])
          expect(entry?.attributes).toMatchObject({ objectguid: [id], cn: [cn], displayname: ['Lee Ångström'] })
          expect(entry?.attributes).not.toHaveProperty('mail')
        }
      })

      test('only what is asked for is read', async () => {
        const { dn } = await addUser({ displayName: ['Lee'], givenName: ['Lee'] })
        expect(Object.keys(await read(dn, 'givenName'))).toEqual(['givenname'])
      })

      test('the domain controller adds what an account needs', async () => {
        const { dn, cn } = await addUser()
        const account = await read(
          dn,
          'objectSid',
          'userAccountControl',
          'primaryGroupID',
          'distinguishedName',
          'name',
          'whenCreated',
          'objectClass',
        )
        expect(account).toMatchObject({
          useraccountcontrol: ['546'],
          primarygroupid: ['513'],
          name: [cn],
          objectclass: userClasses,
        })
        expect(account.objectsid?.[0]).toMatch(/^S-1-5-21-\d+-\d+-\d+-\d+$/)
        expect(account.whencreated?.[0]).toMatch(/^\d{14}\.0Z$/)
        expect(canonicalDn(account.distinguishedname?.[0] ?? '')).toBe(canonicalDn(dn))
        const { dn: group } = await addGroup()
        expect(await read(group, 'groupType')).toEqual({ grouptype: ['-2147483646'] })
      })

      test('a sAMAccountName is made up if none is given', async () => {
        const dn = childDn('CN', unique('u'), ou)
        await directory.add(dn, { objectClass: ['user'] })
        expect((await read(dn, 'sAMAccountName')).samaccountname?.[0]).toMatch(/^\$.{19,}/)
      })

      test('a name that is taken is refused, in any case', async () => {
        const { dn, cn } = await addUser()
        await refused(addUser({}, cn), 68)
        await refused(addUser({}, cn.toUpperCase()), 68)
        await refused(directory.add(dn, { objectClass: ['group'] }), 68)
      })

      test('a sAMAccountName that is taken is refused, in any case', async () => {
        await addUser({ sAMAccountName: [`x-${run}`] })
        await refused(addUser({ sAMAccountName: [`X-${run}`] }), 68)
        await refused(addGroup({ sAMAccountName: [`X-${run}`] }), 68)
      })

      test('a userPrincipalName that is taken is refused, in any case, on add and on modify', async () => {
        const upn = `lee_fabrikam.com#EXT#${run}@contoso.onmicrosoft.com`
        await addUser({ userPrincipalName: [upn] })
        await refused(addUser({ userPrincipalName: [upn.toUpperCase()] }), 19)
        const { dn } = await addUser()
        await refused(modify(dn, replacing('userPrincipalName', upn.toUpperCase())), 19)
      })

      test('a servicePrincipalName that is taken is refused', async () => {
        await addUser({ servicePrincipalName: [`HTTP/app-${run}.contoso.com`] })
        await refused(addUser({ servicePrincipalName: [`http/APP-${run}.contoso.com`] }), 19)
      })

      test('a parent that is missing is refused', async () => {
        await refused(addUser({}, unique('u'), childDn('OU', unique('missing'), ou)), 32)
      })

      test('unknown attributes and attributes of other classes are refused', async () => {
        await refused(addUser({ noSuchAttribute: ['x'] }), 16)
        await refused(addUser({ operatingSystem: ['x'] }), 65)
        const { dn } = await addUser()
        await refused(modify(dn, replacing('noSuchAttribute', 'x')), 16)
        await refused(modify(dn, replacing('operatingSystem', 'x')), 65)
      })

      test('an object needs a class', async () => {
        await refused(directory.add(childDn('CN', unique('u'), ou), { sAMAccountName: [unique('s')] }), 65)
      })

      test('empty and malformed values are refused', async () => {
        await refused(addUser({ displayName: [''] }), 19, 21)
        await refused(addUser({ countryCode: ['many'] }), 19, 21)
        await refused(addUser({ initials: ['too long'] }), 19, 21)
        const { dn } = await addUser()
        await refused(modify(dn, replacing('accountExpires', 'tomorrow')), 19, 21)
      })
    })

    describe('names', () => {
      test.each([
        '#lead',
        'Smith, Lee',
        'a"b"c',
        'a+b=c;d',
        'a\\b',
        'ends in a backslash\\',
        'a\\,b',
        '<a>/b',
        ' leading',
        'trailing ',
        ' ',
        'Müller',
        '日本語',
        '😀',
        '*',
        '(x)(y)',
        'lee_fabrikam.com#EXT#@contoso.onmicrosoft.com',
        'x,OU=Sub',
      ])('%j is a name like any other', async label => {
        const { dn, id } = await addUser({}, label)
        expect(await read(dn, 'cn')).toEqual({ cn: [label] })
        const found = await search(ou, 'one', { and: [{ equals: ['cn', label] }, { equals: ['objectClass', 'user'] }] })
        expect(found.map(entry => [guidOf(entry), canonicalDn(entry.dn)])).toEqual([[id, canonicalDn(dn)]])
        const below = await addUnit()
        await directory.move(dn, rdn('CN', label), below)
        expect(await read(`<GUID=${id}>`, 'name')).toEqual({ name: [label] })
        expect((await search(below, 'one')).map(guidOf)).toEqual([id])
      })
    })

    describe('modifying', () => {
      test('adds, deletes and replaces values', async () => {
        const { dn } = await addUser({ otherTelephone: ['1', '2'], displayName: ['Lee'], title: ['Engineer'] })
        await modify(
          dn,
          adding('otherTelephone', '3'),
          deleting('otherTelephone', '1'),
          replacing('displayName', 'Dana'),
          deleting('title'),
          replacing('company'),
        )
        const after = await read(dn, 'otherTelephone', 'displayName', 'title', 'company')
        expect(after.othertelephone?.toSorted()).toEqual(['2', '3'])
        expect(after).toMatchObject({ displayname: ['Dana'] })
        expect(Object.keys(after)).toHaveLength(2)
      })

      test('all parts happen or none', async () => {
        const { dn } = await addUser({ displayName: ['Lee'] })
        await refused(modify(dn, replacing('displayName', 'Dana'), deleting('title', 'Engineer')), 16)
        await refused(modify(dn, replacing('displayName', 'Dana'), replacing('noSuchAttribute', 'x')), 16)
        expect(await read(dn, 'displayName')).toEqual({ displayname: ['Lee'] })
      })

      test('deleting the old value and adding the new one is a condition', async () => {
        const { dn } = await addUser({ employeeType: ['one'], title: ['kept'] })
        await modify(dn, deleting('employeeType', 'one'), adding('employeeType', 'two'))
        await refused(modify(dn, deleting('employeeType', 'one'), adding('employeeType', 'three')), 16)
        await refused(
          modify(dn, deleting('employeeType', 'one'), adding('employeeType', 'three'), replacing('title', 'lost')),
          16,
        )
        expect(await read(dn, 'employeeType', 'title')).toEqual({ employeetype: ['two'], title: ['kept'] })
        await modify(dn, deleting('employeeType', 'two'), adding('employeeType', 'two'), replacing('title', 'guarded'))
        expect(await read(dn, 'title')).toEqual({ title: ['guarded'] })
      })

      test('so it is of bytes, which are read in base64', async () => {
        const bytes = (first: number): Uint8Array => Uint8Array.from([first, 0, 255, 128, 10])
        const part = (operation: Modification['operation'], first: number): Modification => ({
          operation,
          attribute: 'thumbnailPhoto',
          values: [bytes(first)],
        })
        const { dn } = await addUser()
        await modify(dn, part('add', 1))
        await modify(dn, part('delete', 1), part('add', 2))
        await refused(modify(dn, part('delete', 1), part('add', 3)), 16)
        expect(await read(dn, 'thumbnailPhoto')).toEqual({
          thumbnailphoto: [Buffer.from(bytes(2)).toString('base64')],
        })
        await modify(dn, part('delete', 2))
        expect(await read(dn, 'thumbnailPhoto')).toEqual({})
      })

      test('of writers who saw the same value, one wins', async () => {
        const { dn } = await addUser({ employeeType: ['0'] })
        const attempts = ['a', 'b', 'c', 'd'].map(value =>
          modify(dn, deleting('employeeType', '0'), adding('employeeType', value)),
        )
        const results = await Promise.allSettled(attempts)
        expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
      })

      test('a value is the same in any case', async () => {
        const { dn } = await addUser({ employeeType: ['Guest'] })
        await modify(dn, deleting('employeeType', 'GUEST'))
        expect(await read(dn, 'employeeType')).toEqual({})
      })

      test('a second value of a single-valued attribute is refused', async () => {
        const { dn } = await addUser({ displayName: ['Lee'] })
        await refused(modify(dn, adding('displayName', 'Dana')), 19, 20)
      })

      test('a value that is there already is refused', async () => {
        const { dn } = await addUser({ otherTelephone: ['1'] })
        await refused(modify(dn, adding('otherTelephone', '1')), 20)
        await refused(modify(dn, deleting('otherMailbox')), 16)
      })

      test('what the domain controller writes is refused', async () => {
        const { dn } = await addUser()
        await refused(modify(dn, replacing('memberOf', dn)), 19, 53)
        await refused(modify(dn, replacing('uSNChanged', '1')), 19, 53)
        await refused(modify(dn, replacing('whenChanged', '20200101000000.0Z')), 19, 53)
        await refused(modify(dn, replacing('objectGUID', 'x')), 19, 21, 53)
        await refused(modify(dn, replacing('cn', 'x')), 64, 67)
      })

      test('account flags keep what makes an account', async () => {
        const { dn } = await addUser()
        await modify(dn, deleting('userAccountControl', '546'), adding('userAccountControl', '514'))
        expect(await read(dn, 'userAccountControl')).toEqual({ useraccountcontrol: ['514'] })
        await modify(dn, replacing('userAccountControl', String(514 | 0x10 | 0x800000)))
        expect(await read(dn, 'userAccountControl')).toEqual({ useraccountcontrol: ['514'] })
        await refused(modify(dn, deleting('accountExpires')), 53)
        await modify(dn, replacing('accountExpires', '134400000000000000'))
        expect(await read(dn, 'accountExpires')).toEqual({ accountexpires: ['134400000000000000'] })
      })

      test('a password is quoted UTF-16LE, and is never read back', async () => {
        const password = `${randomBytes(9).toString('base64')}aA1!`
        const { dn } = await addUser({
          userAccountControl: ['328192'],
          unicodePwd: [Buffer.from(`"${password}"`, 'utf16le')],
        })
        expect(await read(dn, 'unicodePwd', 'userAccountControl')).toEqual({ useraccountcontrol: ['328192'] })
        await refused(addUser({ unicodePwd: [Buffer.from(password, 'utf16le')] }), 53)
        await refused(addUser({ unicodePwd: [Buffer.from('"a"', 'utf16le')] }), 19, 53)
      })

      test('a write bumps uSNChanged, writing the same does not', async () => {
        const { dn } = await addUser({ displayName: ['Lee'] })
        const usn = async () => BigInt((await read(dn, 'uSNChanged')).usnchanged?.[0] ?? '0')
        const created = await usn()
        await modify(dn, replacing('displayName', 'Lee'))
        expect(await usn()).toBe(created)
        await modify(dn, replacing('displayName', 'Dana'))
        expect(await usn()).toBeGreaterThan(created)
      })

      test('what is not there cannot be changed, moved, deleted or searched', async () => {
        const missing = childDn('CN', unique('missing'), ou)
        await refused(modify(missing, replacing('displayName', 'x')), 32)
        await refused(directory.move(missing, rdn('CN', 'x'), ou), 32)
        await refused(directory.remove(missing), 32)
        await refused(search(missing, 'base'), 32)
        await refused(search(missing, 'sub'), 32)
        await refused(search('<GUID=00000000-0000-4000-8000-000000000000>', 'base'), 32)
      })
    })

    describe('moving and deleting', () => {
      test('identity, values and memberships survive a move and a rename', async () => {
        const { dn, id } = await addUser({ displayName: ['Lee'] })
        const { dn: group } = await addGroup({ member: [dn] })
        const archive = await addUnit()
        const sid = (await read(dn, 'objectSid')).objectsid
        await directory.move(dn, rdn('CN', 'Renamed, at that'), archive)
        const moved = childDn('CN', 'Renamed, at that', archive)
        expect(await read(moved, 'objectGUID', 'objectSid', 'displayName')).toEqual({
          objectguid: [id],
          objectsid: sid,
          displayname: ['Lee'],
        })
        expect((await read(group, 'member')).member?.map(canonicalDn)).toEqual([canonicalDn(moved)])
        expect((await read(moved, 'memberOf')).memberof?.map(canonicalDn)).toEqual([canonicalDn(group)])
        await refused(read(dn, 'cn'), 32)
        await directory.move(`<GUID=${id}>`, rdn('CN', 'RENAMED, at that'), archive)
        expect(await read(moved, 'name')).toEqual({ name: ['RENAMED, at that'] })
      })

      test('moving a unit moves what is below it', async () => {
        const from = await addUnit()
        const to = await addUnit()
        const { id } = await addUser({}, unique('u'), from)
        await directory.move(from, rdn('OU', 'Moved'), to)
        expect((await search(childDn('OU', 'Moved', to), 'one')).map(guidOf)).toEqual([id])
        expect((await search(to, 'sub', { equals: ['objectClass', 'user'] })).map(guidOf)).toEqual([id])
      })

      test('a name that is taken, a parent that is missing and a place below itself are refused', async () => {
        const { dn, cn } = await addUser()
        const unit = await addUnit()
        const inner = await addUnit(unit)
        await addUser({}, cn, unit)
        await refused(directory.move(dn, rdn('CN', cn.toUpperCase()), unit), 68)
        await refused(directory.move(dn, rdn('CN', cn), childDn('OU', unique('missing'), ou)), 32, 80)
        await refused(directory.move(unit, rdn('OU', 'x'), inner), 53, 64, 80)
      })

      test('only what is empty is deleted', async () => {
        const unit = await addUnit()
        const { dn, id } = await addUser({}, unique('u'), unit)
        await refused(directory.remove(unit), 66)
        await directory.remove(dn)
        await refused(read(`<GUID=${id}>`, 'cn'), 32)
        await directory.remove(unit)
        await refused(read(unit, 'ou'), 32)
      })

      test('deleting an object takes it out of its groups and frees its names', async () => {
        const { dn, cn } = await addUser({ sAMAccountName: [`f-${run}`], userPrincipalName: [`f-${run}@contoso.com`] })
        const { dn: group } = await addGroup({ member: [dn] })
        await directory.remove(dn)
        expect(await read(group, 'member')).toEqual({})
        const again = await addUser({ sAMAccountName: [`f-${run}`], userPrincipalName: [`f-${run}@contoso.com`] }, cn)
        expect(await read(again.dn, 'memberOf')).toEqual({})
      })

      test('the built-in containers and accounts are kept', async () => {
        const domain = ou.slice(ou.toUpperCase().indexOf('DC='))
        await refused(directory.remove(childDn('CN', 'Users', domain)), 53, 66, 80)
        await refused(directory.remove(childDn('CN', 'Domain Admins', childDn('CN', 'Users', domain))), 53, 80)
      })
    })

    describe('groups', () => {
      test('member and memberOf are two ends of one link', async () => {
        const [lee, dana] = [await addUser(), await addUser()]
        const { dn: group } = await addGroup({ member: [lee.dn] })
        await modify(group, adding('member', `<GUID=${dana.id}>`))
        const members = (await read(group, 'member')).member ?? []
        expect(members.map(canonicalDn).toSorted()).toEqual([lee.dn, dana.dn].map(canonicalDn).toSorted())
        expect((await read(dana.dn, 'memberOf')).memberof?.map(canonicalDn)).toEqual([canonicalDn(group)])
        await modify(group, deleting('member', lee.dn))
        expect(await read(lee.dn, 'memberOf')).toEqual({})
        await modify(group, replacing('member', lee.dn))
        expect((await read(group, 'member')).member?.map(canonicalDn)).toEqual([canonicalDn(lee.dn)])
        await modify(group, replacing('member'))
        expect(await read(group, 'member')).toEqual({})
      })

      test('a member once more is refused, and with it the whole change', async () => {
        const [lee, dana] = [await addUser(), await addUser()]
        const { dn: group } = await addGroup({ member: [lee.dn] })
        await refused(modify(group, adding('member', dana.dn, lee.dn)), 68)
        expect((await read(group, 'member')).member).toHaveLength(1)
      })

      test('taking out who is not in is refused', async () => {
        const [lee, dana] = [await addUser(), await addUser()]
        const { dn: group } = await addGroup({ member: [lee.dn] })
        await refused(modify(group, deleting('member', lee.dn, dana.dn)), 16, 53)
        expect((await read(group, 'member')).member).toHaveLength(1)
      })

      test('a member must be there', async () => {
        const { dn } = await addUser()
        const { dn: group } = await addGroup()
        await refused(modify(group, adding('member', dn, childDn('CN', unique('missing'), ou))), 32)
        expect(await read(group, 'member')).toEqual({})
        await refused(addGroup({ member: [childDn('CN', unique('missing'), ou)] }), 32)
      })

      test('a group is bumped when its members change, the member is not', async () => {
        const { dn } = await addUser()
        const { dn: group } = await addGroup()
        const usn = async (target: string) => BigInt((await read(target, 'uSNChanged')).usnchanged?.[0] ?? '0')
        const before = [await usn(group), await usn(dn)]
        await modify(group, adding('member', dn))
        expect(await usn(group)).toBeGreaterThan(before[0] ?? 0n)
        expect(await usn(dn)).toBe(before[1])
      })

      test('groups hold groups', async () => {
        const { dn: inner } = await addGroup()
        const { dn: outer } = await addGroup({ member: [inner] })
        expect((await read(inner, 'memberOf')).memberof?.map(canonicalDn)).toEqual([canonicalDn(outer)])
      })
    })

    describe('searching', () => {
      test('scopes reach as far as they say', async () => {
        const shadow = await addUnit(ou, 'Shadow')
        const other = await addUnit(ou, 'NotShadow')
        const inner = await addUnit(shadow, 'Inner')
        const { id: atTop } = await addUser({}, unique('u'), shadow)
        const { id: deep } = await addUser({}, unique('u'), inner)
        await addUser({}, unique('u'), other)
        const users: Filter = { equals: ['objectClass', 'user'] }
        expect((await search(shadow, 'base')).map(entry => canonicalDn(entry.dn))).toEqual([canonicalDn(shadow)])
        expect(await search(shadow, 'base', users)).toEqual([])
        expect((await search(shadow, 'one', users)).map(guidOf)).toEqual([atTop])
        expect((await search(shadow, 'sub', users)).map(guidOf).toSorted()).toEqual([atTop, deep].toSorted())
        expect(await search(shadow, 'sub')).toHaveLength(4)
        expect(await search(inner, 'one')).toHaveLength(1)
      })

      test('filters combine, in any case of names and values', async () => {
        const [a, b, c] = [
          await addUser({ employeeType: ['Guest'], title: ['Field Engineer'], company: ['Fabrikam'] }),
          await addUser({ employeeType: ['Guest'], company: ['Fabrikam'] }),
          await addUser({ employeeType: ['Member'], title: ['Field Auditor'] }),
        ]
        const user: Filter = { equals: ['OBJECTCLASS', 'User'] }
        const guest: Filter = { equals: ['employeeTYPE', 'gUEST'] }
        const field: Filter = { startsWith: ['title', 'fIELD '] }
        expect(await find({ and: [user, guest] })).toEqual([a.id, b.id].toSorted())
        expect(await find({ and: [user, guest, field] })).toEqual([a.id])
        expect(await find({ and: [user, { or: [guest, field] }] })).toEqual([a.id, b.id, c.id].toSorted())
        expect(await find({ and: [user, { present: 'company' }] })).toEqual([a.id, b.id].toSorted())
        expect(await find({ and: [user, { not: { present: 'title' } }] })).toEqual([b.id])
        expect(await find({ and: [user, { not: { equals: ['title', 'Field Auditor'] } }] })).toEqual(
          [a.id, b.id].toSorted(),
        )
        expect(await find({ and: [user, { equals: ['title', 'Field'] }] })).toEqual([])
        expect(await find({ equals: ['noSuchAttribute', 'x'] })).toEqual([])
      })

      test('a value is a value, whatever is in it', async () => {
        const { id } = await addUser({ displayName: ['a*b(c)d\\e — Ü 😀'] })
        expect(await find({ equals: ['displayName', 'a*b(c)d\\e — Ü 😀'] })).toEqual([id])
        expect(await find({ startsWith: ['displayName', 'a*b('] })).toEqual([id])
        expect(await find({ equals: ['displayName', '*)(objectClass=*'] })).toEqual([])
        expect(await find({ equals: ['displayName', '*'] })).toEqual([])
      })

      test('accounts are found by what is unique to them', async () => {
        const { id, dn } = await addUser({
          userPrincipalName: [`Find-${run}@contoso.com`],
          sAMAccountName: [`Find-${run}`],
        })
        const sid = (await read(dn, 'objectSid')).objectsid?.[0] ?? ''
        await addUser()
        expect(await find({ equals: ['userPrincipalName', `find-${run}@CONTOSO.com`] })).toEqual([id])
        expect(await find({ equals: ['sAMAccountName', `FIND-${run}`] })).toEqual([id])
        expect(await find({ equals: ['objectSid', sid] })).toEqual([id])
        expect(await find({ equals: ['objectGUID', id] })).toEqual([id])
        expect(await find({ equals: ['distinguishedName', dn] })).toEqual([id])
      })

      test('members are found by their groups, and groups by their members', async () => {
        const { dn, id } = await addUser()
        const { dn: group, id: groupId } = await addGroup({ member: [dn] })
        await addUser()
        expect(await find({ equals: ['memberOf', group] })).toEqual([id])
        expect(await find({ equals: ['member', dn] })).toEqual([groupId])
        expect(
          await find({ and: [{ equals: ['objectClass', 'user'] }, { not: { equals: ['memberOf', group] } }] }),
        ).toHaveLength(1)
        expect(await find({ equals: ['memberOf', childDn('CN', unique('missing'), ou)] })).toEqual([])
      })

      test('links are followed to their end', async () => {
        const { dn, id } = await addUser()
        const { dn: inner, id: innerId } = await addGroup({ member: [dn] })
        const { dn: middle, id: middleId } = await addGroup({ member: [inner] })
        const { dn: outer, id: outerId } = await addGroup({ member: [middle] })
        await addGroup()
        await modify(inner, adding('member', (await addUser()).dn))
        expect(await find({ inChain: ['member', dn] })).toEqual([innerId, middleId, outerId].toSorted())
        expect(await find({ inChain: ['member', inner] })).toEqual([middleId, outerId].toSorted())
        const users: Filter = { equals: ['objectClass', 'user'] }
        expect(await find({ and: [users, { inChain: ['memberOf', outer] }] })).toHaveLength(2)
        expect(await find({ and: [{ equals: ['objectGUID', id] }, { inChain: ['memberOf', outer] }] })).toEqual([id])
        expect((await search(dn, 'base', { inChain: ['memberOf', outer] })).map(guidOf)).toEqual([id])
        expect(await search(outer, 'base', { inChain: ['memberOf', inner] })).toEqual([])
        expect(await find({ inChain: ['member', childDn('CN', unique('missing'), ou)] })).toEqual([])
      })

      test('a computer is a user', async () => {
        const computer = await directory.add(childDn('CN', unique('c'), ou), {
          objectClass: ['computer'],
          sAMAccountName: [`${unique('c')}$`],
          userAccountControl: ['4096'],
        })
        const { id } = await addUser()
        expect(await find({ equals: ['objectClass', 'user'] })).toEqual([computer, id].toSorted())
        expect(await find({ equals: ['objectClass', 'computer'] })).toEqual([computer])
        expect(
          await find({ and: [{ equals: ['objectCategory', 'person'] }, { equals: ['objectClass', 'user'] }] }),
        ).toEqual([id])
      })

      test('nothing found is an empty answer', async () => {
        expect(await find({ equals: ['displayName', unique('nobody')] })).toEqual([])
      })
    })
  })
}
