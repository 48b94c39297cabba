// An apply that is cut after any of its writes to Active Directory: the next run sees what is there and ends where it should,
// with one account for each person.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DirectoryWriter, RequestFailure } from '../../src/model/directories.ts'
import { access, app, approvers, type Company, foundCompany, partner } from '../samba/company.ts'
import { type DomainController, startDomainController } from '../samba/domain-controller.ts'
import { startRelay } from '../samba/relay.ts'
import { describeOnSamba } from '../samba/required.ts'

/** More than an apply of `chapter` has. */
const mostWrites = 40

/** Two new people come, those of the chapter before leave, and another app comes or goes. */
function chapter(number: number): { readonly documents: readonly object[]; readonly people: readonly string[] } {
  const people = ['ann', 'bob'].map(name => `${name}-${number}@fabrikam.com`)
  const stock = number % 2 === 0 ? [app('stock'), access('engineers', 'stock')] : []
  return {
    people,
    documents: [
      partner({ engineers: people, leads: people.slice(0, 1) }),
      app('payroll', { user: {}, approver: { adGroup: approvers } }),
      access('engineers', 'payroll'),
      access('leads', 'payroll', 'approver'),
      ...stock,
    ],
  }
}

/** Calls `before` ahead of every write, with its number, and `after` when it is done. */
function counting(
  directory: DirectoryWriter,
  before: (write: number) => void,
  after: (write: number) => void = () => undefined,
): DirectoryWriter {
  let writes = 0
  const counted = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    writes += 1
    const number = writes
    before(number)
    const result = await write()
    after(number)
    return result
  }
  return {
    search: request => directory.search(request),
    add: (dn, attributes) => counted(() => directory.add(dn, attributes)),
    modify: (target, modifications) => counted(() => directory.modify(target, modifications)),
    move: (target, newRdn, newParent) => counted(() => directory.move(target, newRdn, newParent)),
    remove: target => counted(() => directory.remove(target)),
  }
}

describeOnSamba('an apply whose connection is cut', () => {
  let dc: DomainController
  let company: Company
  let number = 0

  beforeAll(async () => {
    dc = await startDomainController()
    company = await foundCompany(dc)
    await company.apply(chapter(number).documents)
  })

  afterAll(async () => {
    await company?.close()
    await dc?.stop()
  })

  async function expectOneAccountEach(): Promise<void> {
    const accounts = await company.find('adminDescription', 'User_guestlist')
    const expected = Array.from({ length: number + 1 }, (_, index) => chapter(index).people).flat()
    expect(accounts.map(account => account.attributes.mail?.[0]).toSorted()).toEqual(expected.toSorted())
  }

  test('for good, after any write: the next run finishes', async () => {
    let cuts = 0
    for (let last = 1; last < mostWrites; last += 1) {
      number += 1
      const { documents } = chapter(number)
      const lost = new RequestFailure(0, 'connection-lost', 'the connection was lost')
      let isCut = false
      const through = counting(
        company.directory,
        () => {
          if (isCut) throw lost
        },
        write => {
          isCut ||= write === last
          // What was done is done, but nobody hears of it.
          if (isCut) throw lost
        },
      )
      const outcomes = await company.perform(await company.plan(documents), through)
      expect(outcomes.some(outcome => outcome.status !== 'done')).toBe(isCut)
      await company.apply(documents)
      await expectOneAccountEach()
      if (!isCut) break
      cuts += 1
    }
    expect(cuts).toBeGreaterThan(8)
    expect(cuts).toBeLessThan(mostWrites - 1)
  })

  test('for a moment, with the answer to any write: the same run finishes', async () => {
    const relay = await startRelay(dc.endpoint)
    const connection = company.connect(`ldaps://127.0.0.1:${relay.port}`)
    try {
      // As a run's plan does: it has been connected before.
      await connection
        .reader()
        .search({ base: dc.domainDn, scope: 'base', filter: { present: 'dc' }, attributes: ['dc'] })
      let cuts = 0
      for (let last = 1; last < mostWrites; last += 1) {
        number += 1
        const { documents } = chapter(number)
        let isCut = false
        const through = counting(connection.writer(), write => {
          if (write !== last) return
          isCut = true
          relay.cutAtAnswer()
        })
        const outcomes = await company.perform(await company.plan(documents), through)
        // Who lost an answer looks before saying so, or doing it again.
        expect(outcomes.filter(outcome => outcome.status !== 'done')).toEqual([])
        await company.apply(documents)
        await expectOneAccountEach()
        if (!isCut) break
        cuts += 1
      }
      expect(cuts).toBeGreaterThan(8)
    } finally {
      await connection.close()
      await relay.close()
    }
  })
})
