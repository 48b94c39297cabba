// Files as somebody changes them in an editor. An edit that finds nothing to change is a mistake of the test.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function editFile(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, 'utf8')
  const after = change(before)
  if (after === before) throw new Error(`nothing to change in ${path}`)
  writeFileSync(path, after)
}

/** An app of the example leaves the policy, which says why so many may lose it. */
export function takeOutApp(policies: string, app: string, access: string): void {
  const override = `    - {guardrail: removals, app: ${app}, reason: it is replaced, until: 2026-12-31}\n`
  editFile(join(policies, 'organization.yaml'), text => text.replace('overrides:\n', `overrides:\n${override}`))
  rmSync(join(policies, `apps/${app}.yaml`))
  editFile(join(policies, access), text =>
    text
      .split('---\n')
      .filter(document => !document.includes(`app: ${app}`))
      .join('---\n'),
  )
}
