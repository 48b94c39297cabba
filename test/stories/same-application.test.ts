// One application under two names of the policy: what the rules say of the one would be nothing to the other.

import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, guestlist, repository } from './guestlist.ts'

const folder = emptyFolder()
const run = (...args: readonly string[]) => guestlist([...args, '--sandbox'], { cwd: folder })

test('is refused, whichever id names it', async () => {
  cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
  const dump = await guestlist(['sandbox', 'dump', '--format', 'json'], { cwd: folder })
  const { graph } = JSON.parse(dump.stdout) as { graph: { servicePrincipals: { id: string; displayName: string }[] } }
  const payments = graph.servicePrincipals.find(({ displayName }) => displayName === 'Payments')
  writeFileSync(
    join(folder, 'policies/apps/lunch.yaml'),
    `apiVersion: guestlist/v1\nkind: App\nname: lunch\ndisplayName: Lunch\nhosting: cloud\nentra: {servicePrincipalId: ${payments?.id}}\n` +
      '---\napiVersion: guestlist/v1\nkind: Access\nname: lunch\npartner: adatum\ngroups: [consultants]\napp: lunch\nuntil: 2027-06-30\n',
  )
  expect((await run('plan')).stdout).toContain('payments is the same application in Entra ID as lunch: Payments')
  const { code, stderr } = await run('apply')
  expect(code).toBe(3)
  expect(stderr).toContain('refused[guardrail/same-application]')
})
