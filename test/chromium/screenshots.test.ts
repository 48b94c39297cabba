// The pictures of the documentation, made of a pull request of the Contoso example as it comes out of the command line. They are
// written where GUESTLIST_SCREENSHOTS is set; everywhere else it is proved that they could be.

import { execFileSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { editFile } from '../stories/edit.ts'
import { emptyFolder, guestlist, repository } from '../stories/guestlist.ts'
import { describeInChromium } from './browser.ts'

const pictures = [
  { name: 'plan', width: 1180, height: 1500, from: 'header' },
  { name: 'plan-map', width: 1180, height: 1500, from: '#map' },
  { name: 'plan-dark', width: 1180, height: 1500, from: 'header', dark: true },
  { name: 'plan-phone', width: 390, height: 1400, from: 'header' },
] as const

const edits: readonly (readonly [file: string, from: string, to: string])[] = [
  // Sam leaves the support; Proseware's devices are to count as ours.
  ['partners/proseware.yaml', '      - {address: sam@proseware.com, displayName: Sam Whitfield}\n', ''],
  ['partners/proseware.yaml', 'trust: {mfa: true}', 'trust: {mfa: true, compliantDevice: true}'],
  // Payroll ends later, and the site leads get the warehouse.
  ['access/fabrikam.yaml', 'until: 2027-06-30 # … and the last of this one', 'until: 2027-09-30'],
]

const warehouse = `---
apiVersion: guestlist/v1
kind: Access
name: fabrikam-warehouse
partner: fabrikam
groups: [site-leads]
app: warehouse
until: 2027-06-30
reason: CHG-2291, spare parts on site
`

describeInChromium('the pictures of the documentation', show => {
  let html = ''

  beforeAll(async () => {
    const cwd = emptyFolder()
    const edit = (file: string, change: (text: string) => string): void => editFile(join(cwd, 'policies', file), change)
    // The same commit in every picture.
    const day = '2026-12-01T09:00:00Z'
    const env = { ...process.env, GIT_AUTHOR_DATE: day, GIT_COMMITTER_DATE: day }
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], { cwd, env })
    cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
    git('init', '-q', '-b', 'main')
    git('add', 'policies')
    git('commit', '-q', '-m', 'Contoso')
    // Noor is in the policy, and somebody has taken her out by hand since.
    edit('partners/proseware.yaml', text => text.replace(/.*noor\.jansen.*\n/, ''))
    expect(await guestlist(['apply', '--sandbox', '--auto-approve'], { cwd })).toMatchObject({ code: 0 })
    git('checkout', '-q', '--', 'policies')
    git('checkout', '-q', '-b', 'pull-request')
    for (const [file, from, to] of edits) edit(file, text => text.replace(from, to))
    edit('access/fabrikam.yaml', text => text + warehouse)
    git('commit', '-q', '-a', '-m', 'Spare parts on site')
    const { code, stdout, stderr } = await guestlist(
      ['plan', '--sandbox', '--base', 'main', '--out', 'plan.json', '--format', 'html'],
      { cwd },
    )
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
    html = stdout
    // A saved plan is shown as it was.
    const shown = await guestlist(['show', 'plan.json', '--format', 'html'], { cwd })
    expect(shown.stdout.slice(0, shown.stdout.indexOf('<footer>'))).toBe(html.slice(0, html.indexOf('<footer>')))
  })

  test.each(pictures)('$name: of its size, with something on it', async ({ name, from, ...size }) => {
    const { page, heard } = await show(html, { ...size, dark: 'dark' in size })
    const top = await page.$eval(from, element => element.getBoundingClientRect().top)
    const clip = { x: 0, y: Math.max(0, top - 24), width: size.width, height: size.height }
    const picture = Buffer.from(await page.screenshot({ clip, captureBeyondViewport: true }))
    // Width and height stand in the head of every PNG.
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([size.width, size.height])
    // One colour alone is a hundredth of that.
    expect(picture.length).toBeGreaterThan(40_000)
    expect(picture.length).toBeLessThan(300_000)
    expect(heard).toEqual([])
    if (process.env.GUESTLIST_SCREENSHOTS) writeFileSync(join(repository, `docs/images/${name}.png`), picture)
    await page.close()
  })

  test('say what the pull request does', async () => {
    const { page } = await show(html)
    const text = await page.evaluate(() => document.body.innerText.replace(/\s+/g, ' '))
    expect(text).toContain(
      '3 people gain access, 1 person loses 3 accesses; 19 accesses last longer; 1 setting changes.',
    )
    expect(text).toContain('Applying it also does what the policies asked for before: 1 person gains 3 accesses.')
    expect(text).toContain('devices that its own tenant calls compliant count as ours')
    await page.close()
  })
})
