// The mark on an app role's group in Active Directory is written on condition that it is still what was read.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadPolicy } from '../../src/policy/load.ts'
import { openSeeded } from '../laws/tenant.ts'

const repository = join(import.meta.dirname, '../..')
const morning = Date.parse('2026-12-01T09:00:00Z')
const mark = 'adminDescription'

test('a mark that somebody puts on a group while guestlist is at work stays', async () => {
  const read = (file: string): string => readFileSync(join(repository, 'src/sandbox/contoso', file), 'utf8')
  const seeds = { graph: JSON.parse(read('graph.json')) as object, directory: read('directory.ldif') }
  const tenant = await openSeeded(seeds, morning)
  try {
    const { policy } = await loadPolicy(join(repository, 'policies'), morning)
    if (policy === undefined) throw new Error('the example is no policy')
    await tenant.apply(await tenant.plan(policy))
    const group = tenant.directory
      .dump()
      .find(({ attributes }) => attributes[mark]?.[0]?.startsWith('Group_guestlist.'))
    const dn = group?.dn ?? ''
    const put = (...values: readonly string[]) =>
      tenant.directory.modify(dn, [{ operation: 'replace', attribute: mark, values }])
    const markNow = () => tenant.directory.dump().find(entry => entry.dn === dn)?.attributes[mark]

    await put('By hand')
    const planned = await tenant.plan(policy)
    const [change] = planned.plan.changes
    expect(change).toMatchObject({ kind: 'group', action: 'adopt' })
    await put('By another hand')
    expect(await tenant.apply(planned)).toContainEqual(expect.objectContaining({ status: 'failed', change }))
    expect(markNow()).toEqual(['By another hand'])

    await tenant.apply(await tenant.plan(policy))
    expect(markNow()).toEqual(group?.attributes[mark])
  } finally {
    await tenant.close()
  }
})
