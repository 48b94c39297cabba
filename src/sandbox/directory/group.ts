// Who may be in which group: scopes, and the errors that Windows gives for members.

import type { Entry } from './database.ts'
import { refusal } from './refusal.ts'
import { ridOf } from './values.ts'
import { firstValue, is, numberOf } from './view.ts'

type Scope = 'global' | 'local' | 'universal'

const scopes: ReadonlyMap<number, Scope> = new Map([
  [2, 'global'],
  [4, 'local'],
  [5, 'local'],
  [8, 'universal'],
])

export function scopeOf(group: Entry): Scope | undefined {
  return scopes.get(numberOf(group, 'grouptype') & 0x7fffffff)
}

const nestingErrors: ReadonlyMap<string, string> = new Map([
  ['global/local', '00002144: SvcErr: a global group cannot hold a domain local group'],
  ['global/universal', '00002145: SvcErr: a global group cannot hold a universal group'],
  ['universal/local', '00002146: SvcErr: a universal group cannot hold a domain local group'],
])

export function requireNesting(group: Entry, member: Entry | undefined): void {
  if (member === undefined || !is(member, 'group')) return
  if (member.id === group.id) throw refusal(53, '0000056B: SvcErr: a group cannot be a member of itself')
  const error = nestingErrors.get(`${scopeOf(group)}/${scopeOf(member)}`)
  if (error !== undefined) throw refusal(53, error)
}

export function requireScopeChange(before: Entry, after: Entry): void {
  const change = [scopeOf(before), scopeOf(after)]
  if (change.includes('global') && change.includes('local')) {
    throw refusal(53, '00002141: SvcErr: between global and domain local, a group must be universal first')
  }
}

/** True if the group is the member's primary one: then the membership is no link. */
export function isPrimary(group: Entry, member: Entry): boolean {
  const sid = firstValue(group, 'objectsid')
  return sid !== undefined && firstValue(member, 'primarygroupid') === ridOf(sid)
}
