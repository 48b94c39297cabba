// What a domain controller sees to in users, computers and groups: names that are unique, defaults, account flags that
// make sense, and passwords that are checked, never kept.

import type { AttributeValue } from '../../model/directories.ts'
import { type Attributes, type Database, dnOf, type Entry } from './database.ts'
import { requireNesting, requireScopeChange, scopeOf } from './group.ts'
import { refusal } from './refusal.ts'
import { fileTime } from './values.ts'
import { firstValue, is, numberOf } from './view.ts'

export const flags = { disabled: 0x2, lockout: 0x10, passwordNotRequired: 0x20, passwordExpired: 0x800000 } as const
const normalAccount = 0x200
const accountTypes = 0x100 | normalAccount | 0x800 | 0x1000 | 0x2000
const never = '9223372036854775807'

/** The object as it is stored after a write; `before` is undefined for a new one. Refuses what breaks a rule. */
export function settled(database: Database, before: Entry | undefined, entry: Entry, password?: string): Entry {
  if (is(entry, 'user')) return settledUser(database, before, entry, password)
  if (is(entry, 'group')) return settledGroup(database, before, entry)
  return entry
}

function settledUser(database: Database, before: Entry | undefined, entry: Entry, password?: string): Entry {
  let user = before === undefined ? withDefaults(entry) : entry
  requireValues(user, 'samaccountname', 'useraccountcontrol', 'accountexpires', 'primarygroupid', 'pwdlastset')
  requireUniqueNames(database, before, user)
  if (before !== undefined && changed(before, user, 'primarygroupid')) {
    throw refusal(53, '00002141: SvcErr: the sandbox does not change primaryGroupID')
  }
  user = withValue(user, 'useraccountcontrol', String(settledControl(numberOf(user, 'useraccountcontrol'))))
  user = withPasswordTime(database, before, user)
  if (password !== undefined) {
    requireComplexity(user, password)
    user = { ...withValue(user, 'pwdlastset', fileTime(database.now())), hasPassword: true }
  }
  requirePassword(before, user)
  return user
}

/** With what a new account has if nobody says otherwise. */
export function withDefaults(entry: Entry): Entry {
  const isComputer = is(entry, 'computer')
  const samaccountname = [generatedName(entry)]
  const defaults: Attributes = is(entry, 'user')
    ? {
        samaccountname,
        useraccountcontrol: [isComputer ? '4130' : '546'],
        accountexpires: [never],
        primarygroupid: [isComputer ? '515' : '513'],
        pwdlastset: ['0'],
      }
    : { samaccountname, grouptype: ['-2147483646'] }
  return { ...entry, attributes: { ...defaults, ...entry.attributes } }
}

function generatedName(entry: Entry): string {
  const hex = entry.id.replaceAll('-', '').toUpperCase()
  return `$${hex.slice(0, 6)}-${hex.slice(6, 18)}`
}

function settledControl(control: number): number {
  const kept = control & ~(flags.lockout | flags.passwordExpired)
  const type = kept & accountTypes
  if (type === 0) return kept | normalAccount
  if ((type & (type - 1)) !== 0)
    throw refusal(53, `00000057: SvcErr: userAccountControl ${control} is two kinds of account`)
  return kept
}

// Only when the flags are written: an account that an administrator left like this may be changed otherwise.
function requirePassword(before: Entry | undefined, user: Entry): void {
  const control = numberOf(user, 'useraccountcontrol')
  const mayBeWithout = (control & (flags.disabled | flags.passwordNotRequired)) !== 0 || (control & normalAccount) === 0
  if (mayBeWithout || user.hasPassword) return
  if (before !== undefined && !changed(before, user, 'useraccountcontrol')) return
  throw refusal(53, '0000052D: SvcErr: an enabled account needs a password')
}

function withPasswordTime(database: Database, before: Entry | undefined, user: Entry): Entry {
  const written = firstValue(user, 'pwdlastset')
  if (before !== undefined && !changed(before, user, 'pwdlastset')) return user
  if (written === '0') return user
  if (written === '-1') return withValue(user, 'pwdlastset', fileTime(database.now()))
  throw refusal(53, '00000057: SvcErr: pwdLastSet can be set to 0 or -1 only')
}

function settledGroup(database: Database, before: Entry | undefined, entry: Entry): Entry {
  const group = before === undefined ? withDefaults(entry) : entry
  requireValues(group, 'samaccountname', 'grouptype')
  requireUniqueNames(database, before, group)
  if (before === undefined || changed(before, group, 'grouptype')) {
    if (scopeOf(group) === undefined) throw refusal(53, `00002141: SvcErr: groupType ${firstValue(group, 'grouptype')}`)
    if (before !== undefined) requireScopeChange(before, group)
    for (const id of database.targets('member', group.id)) requireNesting(group, database.get(id))
    for (const id of database.sources('member', group.id)) {
      const holder = database.get(id)
      if (holder !== undefined) requireNesting(holder, group)
    }
  }
  return group
}

function requireValues(entry: Entry, ...keys: readonly string[]): void {
  for (const key of keys) {
    if (firstValue(entry, key) === undefined) throw refusal(53, `0000001F: SvcErr: ${key} cannot be removed`)
  }
}

export function requireUniqueNames(database: Database, before: Entry | undefined, entry: Entry): void {
  if (before === undefined || changed(before, entry, 'samaccountname')) {
    requireAccountName(entry)
    const holder = holderOf(database, entry, 'samaccountname')
    if (holder !== undefined) {
      throw refusal(
        68,
        `00000524: UpdErr: sAMAccountName ${firstValue(entry, 'samaccountname')} is in use by ${holder}`,
      )
    }
  }
  if (before === undefined || changed(before, entry, 'userprincipalname')) {
    const holder = holderOf(database, entry, 'userprincipalname')
    if (holder !== undefined) {
      throw refusal(
        19,
        `000021C8: AtrErr: userPrincipalName ${firstValue(entry, 'userprincipalname')} is in use by ${holder}`,
      )
    }
  }
  if (before === undefined || changed(before, entry, 'serviceprincipalname')) {
    const holder = holderOf(database, entry, 'serviceprincipalname')
    if (holder !== undefined) throw refusal(19, `000021C7: AtrErr: a servicePrincipalName is in use by ${holder}`)
  }
}

/** The DN of another object with one of the values. */
function holderOf(database: Database, entry: Entry, key: string): string | undefined {
  for (const value of entry.attributes[key] ?? []) {
    const holder = database.find(key, value).find(each => each.id !== entry.id)
    if (holder !== undefined) return dnOf(database, holder)
  }
  return undefined
}

/** Names that Windows cannot take for an account: 20 characters for users and computers, 256 for groups. */
function requireAccountName(entry: Entry): void {
  const name = firstValue(entry, 'samaccountname') ?? ''
  const isBad = /["/\\[\]:;|=,+*?<>\u0000-\u001f\u007f]|\.$|^[. ]*$/.test(name)
  if (isBad || (is(entry, 'user') && name.length > 20)) {
    throw refusal(80, `00000523: SysErr: problem 22 (Invalid argument): sAMAccountName ${JSON.stringify(name)}`)
  }
}

/** The password inside the value of unicodePwd, which is that password in quotes, in UTF-16LE. */
export function passwordIn(value: AttributeValue): string {
  const bytes = Buffer.from(value)
  const password = bytes.length % 2 === 0 ? /^"(.*)"$/s.exec(bytes.toString('utf16le'))?.[1] : undefined
  if (password !== undefined) return password
  throw refusal(53, '0000001F: SvcErr: unicodePwd must be a password in quotes, in UTF-16LE')
}

/** Windows' default policy: 7 characters of 3 kinds, without the account's name or a word of its display name. */
function requireComplexity(entry: Entry, password: string): void {
  const kinds = [/\p{Lu}/u, /\p{Ll}/u, /\d/, /[^\p{L}\d]/u, /\p{Lo}/u].filter(kind => kind.test(password)).length
  const names = [
    firstValue(entry, 'samaccountname') ?? '',
    ...(firstValue(entry, 'displayname') ?? '').split(/[\s,.\-_#]+/),
  ]
  const holdsName = names.some(name => name.length > 2 && password.toLowerCase().includes(name.toLowerCase()))
  if (password.length < 7 || kinds < 3 || holdsName) {
    throw refusal(53, '0000052D: SvcErr: the password does not meet the policy of the domain')
  }
}

export function withValue(entry: Entry, key: string, value: string): Entry {
  if (firstValue(entry, key) === value) return entry
  return { ...entry, attributes: { ...entry.attributes, [key]: [value] } }
}

function changed(before: Entry, after: Entry, key: string): boolean {
  const old = before.attributes[key] ?? []
  const fresh = after.attributes[key] ?? []
  return old !== fresh && (old.length !== fresh.length || old.some((value, index) => value !== fresh[index]))
}
