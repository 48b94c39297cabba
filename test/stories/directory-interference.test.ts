// Somebody else writes to Active Directory between a plan and its apply: nothing of theirs is overwritten, the outcome says what
// happened, the rest of the plan goes on, and the next plan shows what is there.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectStreams } from '../../src/connect/ldap/connection.ts'
import type { Planned } from '../../src/engine/plan.ts'
import type { DirectoryWriter } from '../../src/model/directories.ts'
import { rdn } from '../../src/model/escape.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { serveDirectory } from '../../src/sandbox/directory/controllers.ts'
import type { DumpedObject } from '../../src/sandbox/directory/dump.ts'
import type { Tenant } from '../laws/tenant.ts'
import { units } from '../samba/company.ts'
import { chapters, now, openChapter, resolved } from './chapters.ts'

let tenant: Tenant
let recall: () => void
let next: ResolvedPolicy
let planned: Planned

beforeAll(async () => {
  tenant = await openChapter()
  recall = tenant.remember()
  next = await resolved(chapters.after)
  planned = await tenant.plan(next)
})

afterAll(() => tenant?.close())

/** Applies the plan through the production client, after `meddle`. */
async function applyAfter(meddle: (directory: DirectoryWriter) => Promise<unknown>, plan = planned) {
  await meddle(tenant.directory)
  const clock = { now: () => now, sleep: async () => undefined, random: () => 0 }
  const { directory, domain: store } = tenant
  const { servers } = serveDirectory({ directory, store, domain: 'corp.contoso.com', faults: {}, clock })
  const connection = connectStreams({ servers, bind: { dn: 'svc-guestlist', password: 'x' }, clock })
  try {
    const outcomes = await tenant.apply(plan, 2, { activeDirectory: connection.writer() })
    return new Map(outcomes.map(outcome => [outcome.change.id as string, outcome]))
  } finally {
    await connection.close()
  }
}

function there(mail: string): DumpedObject {
  const found = tenant.directory.dump().find(({ attributes }) => attributes.mail?.[0] === mail)
  if (found === undefined) throw new Error(`there is no account of ${mail}`)
  return found
}

function group(name: string): DumpedObject {
  const found = tenant.directory.dump().find(({ dn }) => dn.startsWith(`CN=guestlist-${name},`))
  if (found === undefined) throw new Error(`there is no group ${name}`)
  return found
}

const set = (attribute: string, value: string) => [{ operation: 'replace', attribute, values: [value] }] as const

/** Failed because of somebody else, in these words; all that does not hang on it is done. */
function expectStale(outcomes: ReadonlyMap<string, Outcome>, id: string, ...words: readonly string[]): void {
  const outcome = outcomes.get(id)
  expect(outcome).toMatchObject({
    status: 'failed',
    trouble: { code: 'stale', hint: expect.stringContaining('plan again') },
  })
  for (const word of words) expect(outcome).toMatchObject({ trouble: { message: expect.stringContaining(word) } })
  expect([...outcomes.values()].filter(({ status }) => status === 'failed')).toHaveLength(1)
  expect([...outcomes.values()].filter(({ status }) => status === 'done').length).toBeGreaterThan(8)
}

const dana = 'active-directory/shadow-account/dana@fabrikam.com'
const stock = 'active-directory/group/stock/user'

test('an attribute that would be overwritten', async () => {
  recall()
  const outcomes = await applyAfter(to => to.modify(there('dana@fabrikam.com').dn, set('userAccountControl', '328224')))
  expectStale(outcomes, dana, 'userAccountControl was "328192" and is "328224" now', 'nothing was overwritten')
  expect(there('dana@fabrikam.com').attributes).toMatchObject({ userAccountControl: ['328224'] })
  expect(there('dana@fabrikam.com').dn).toContain(units.shadowAccounts)
})

test('the end of an account, which somebody has set', async () => {
  recall()
  const outcomes = await applyAfter(to => to.modify(there('dana@fabrikam.com').dn, set('accountExpires', '0')))
  expectStale(outcomes, dana, 'accountExpires', 'nothing was overwritten')
})

test('an account that is to be archived and was moved: it is shut, and stays where somebody put it', async () => {
  recall()
  const elsewhere = `OU=Apps,DC=corp,DC=contoso,DC=com`
  const outcomes = await applyAfter(async to => {
    const { dn, attributes } = there('dana@fabrikam.com')
    await to.move(dn, rdn('CN', attributes.cn?.[0] ?? ''), elsewhere)
  })
  expectStale(outcomes, dana, 'was moved or renamed by somebody', elsewhere, 'it was left where it is')
  expect(there('dana@fabrikam.com').dn).toContain(elsewhere)
  expect(Number(there('dana@fabrikam.com').attributes.userAccountControl?.[0]) & 2).toBe(2)
})

test('an account that is to be archived and was deleted', async () => {
  recall()
  const outcomes = await applyAfter(to => to.remove(there('dana@fabrikam.com').dn))
  expectStale(outcomes, dana, 'is not there: somebody deleted it', 'nothing was done')
})

test('a group that is to be deleted and has got a member, another description, or another mark', async () => {
  for (const [meddle, words] of [
    [
      set('member', 'CN=CONNECTOR01,CN=Computers,DC=corp,DC=contoso,DC=com'),
      'CN=CONNECTOR01,CN=Computers,DC=corp,DC=contoso,DC=com is a member',
    ],
    [set('description', 'ours now'), 'and is "ours now" now'],
    [set('adminDescription', 'theirs'), 'and is "theirs" now'],
  ] as const) {
    recall()
    // Its members go as the plan says; who came is nobody of the plan.
    const add = meddle[0].attribute === 'member' ? ([{ ...meddle[0], operation: 'add' }] as const) : meddle
    const outcomes = await applyAfter(to => to.modify(group('stock.user').dn, add))
    expectStale(outcomes, stock, words, 'it was not deleted')
    expect(group('stock.user').attributes[meddle[0].attribute]).toEqual(meddle[0].values)
  }
})

test('a group that is to be deleted with a protected account in it goes, unless one came since', async () => {
  const guard = (to: DirectoryWriter) => to.modify(there('dana@fabrikam.com').dn, set('adminCount', '1'))
  recall()
  await guard(tenant.directory)
  const guarded = await tenant.plan(next)
  // The account is never touched, nor taken out of anything.
  const ofDana = guarded.plan.changes.filter(({ id }) => id.includes('dana@fabrikam.com'))
  expect(ofDana.filter(({ plane }) => plane === 'active-directory')).toEqual([])
  const outcomes = await applyAfter(async () => undefined, guarded)
  expect(outcomes.get(stock)).toMatchObject({ status: 'done' })
  expect(tenant.directory.dump().filter(({ dn }) => dn.startsWith('CN=guestlist-stock'))).toEqual([])

  recall()
  await tenant.directory.modify(group('stock.user').dn, set('member', there('lee@fabrikam.com').dn))
  await guard(tenant.directory)
  const empty = await tenant.plan(next)
  const join = [{ operation: 'add', attribute: 'member', values: [there('dana@fabrikam.com').dn] }] as const
  const then = await applyAfter(to => to.modify(group('stock.user').dn, join), empty)
  expectStale(then, stock, `${there('dana@fabrikam.com').dn} is a member of it now`, 'it was not deleted')
})

test('a group with a copied mark loses it and stays, also after a run that ended when ours was gone', async () => {
  recall()
  const theirs = 'CN=Auditors,OU=Apps,DC=corp,DC=contoso,DC=com'
  const copied = { adminDescription: ['Group_guestlist.stock.user'], sAMAccountName: ['Auditors'] }
  await tenant.directory.add(theirs, { objectClass: ['top', 'group'], groupType: ['-2147483646'], ...copied })
  const copyIn = ({ plan }: Planned) => plan.changes.filter(({ id }) => /group\/stock\/(?!user$)/.test(id))
  const whole = copyIn(await tenant.plan(next))
  expect(whole).toMatchObject([{ action: 'update', after: { marked: false } }])
  await tenant.directory.remove(group('stock.user').dn)
  const rest = await tenant.plan(next)
  expect(rest.plan.changes.map(({ id }) => id)).not.toContain(stock)
  expect(copyIn(rest)).toEqual(whole)
  await applyAfter(async () => undefined, rest)
  const auditors = tenant.directory.dump().find(({ dn }) => dn === theirs)
  expect(auditors?.attributes).toMatchObject({ sAMAccountName: ['Auditors'] })
  expect(auditors?.attributes.adminDescription).toBeUndefined()
})

test('a group that somebody deleted, before its members were taken out and before it went', async () => {
  recall()
  const outcomes = await applyAfter(to => to.remove(group('stock.user').dn))
  expect([...outcomes.values()].flatMap(each => (each.status === 'failed' ? [each.trouble.code] : []))).toEqual(
    expect.arrayContaining(['stale']),
  )
  for (const outcome of outcomes.values()) {
    if (outcome.status === 'failed') expect(outcome.trouble.message).toContain('somebody deleted it')
  }
})

test('a member whom somebody has taken out already is no trouble', async () => {
  recall()
  const leaving = [{ operation: 'delete', attribute: 'member', values: [there('dana@fabrikam.com').dn] }] as const
  const outcomes = await applyAfter(to => to.modify(group('stock.user').dn, leaving))
  expect([...outcomes.values()].filter(({ status }) => status !== 'done')).toEqual([])
})

test('a delegation list that somebody wrote to: theirs stays, ours goes', async () => {
  recall()
  const computer = 'CN=CONNECTOR01,CN=Computers,DC=corp,DC=contoso,DC=com'
  const theirs = 'HTTP/theirs.corp.contoso.com'
  const outcomes = await applyAfter(to =>
    to.modify(computer, [{ operation: 'add', attribute: 'msDS-AllowedToDelegateTo', values: [theirs] }]),
  )
  expect([...outcomes.values()].filter(({ status }) => status !== 'done')).toEqual([])
  const list = tenant.directory.dump().find(({ dn }) => dn === computer)?.attributes['msDS-AllowedToDelegateTo']
  expect(list).toContain(theirs)
  expect(list).not.toContain('HTTP/stock.corp.contoso.com')
})

test('deleted after its days in the archive, unless somebody took it up again', async () => {
  recall()
  await applyAfter(async () => undefined)
  const later = tenant.now + 91 * 86_400_000
  tenant.now = later
  try {
    const policy = await resolved(chapters.after, later)
    const deletion = await tenant.plan(policy)
    expect(deletion.plan.changes.map(({ id, action }) => `${action} ${id}`)).toContain(`delete ${dana}`)
    const meddle = (to: DirectoryWriter) => to.modify(there('dana@fabrikam.com').dn, set('displayName', 'Dana, back'))
    const outcomes = await applyAfter(meddle, deletion)
    expect(outcomes.get(dana)).toMatchObject({
      status: 'failed',
      trouble: {
        code: 'stale',
        message: expect.stringMatching(/displayName was .* and is "Dana, back" now; it was not deleted/),
      },
    })
    expect(there('dana@fabrikam.com').attributes.displayName).toEqual(['Dana, back'])
    const again = await applyAfter(async () => undefined, await tenant.plan(policy))
    expect(again.get(dana)).toMatchObject({ status: 'done' })
    expect(() => there('dana@fabrikam.com')).toThrow('there is no account')
  } finally {
    tenant.now = now
  }
})
