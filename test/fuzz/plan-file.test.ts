// Saved plans with anything done to them, also by somebody who knows how digest and checksum are made: what is no plan is refused,
// and what is taken for one is shown in every form and compared with what would happen now.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, test } from 'vitest'
import { readPlanFile } from '../../src/cli/plan-file.ts'
import { formatted, type PlanFormat } from '../../src/cli/plan-formats.ts'
import { mayRun, readReviewed } from '../../src/cli/reviewed-plan.ts'
import { checksumOf, digestOfContent, type Planned } from '../../src/engine/plan.ts'
import type { Plan } from '../../src/model/plan.ts'
import { hostOf, sink } from '../cli/fake-host.ts'
import { samplePlan } from '../hostile/sample-plan.ts'
import { openContoso } from '../stories/contoso-tenant.ts'
import { type ContentEdit, editContent, editJson, inBytes, inJson, inText, jsonText } from './edits.ts'
import { fuzz, wrongWords } from './harness.ts'
import { patience } from './runs.ts'

const scratch = mkdtempSync(join(tmpdir(), 'guestlist-fuzz-'))
const path = join(scratch, 'plan.json')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** The plan as it would be now, to compare with. */
let now: Planned
let plans: readonly Plan[] = []
beforeAll(async () => {
  const tenant = await openContoso()
  now = await tenant.plan(tenant.policy)
  await tenant.close()
  plans = [sealed(samplePlan()), now.plan] as readonly Plan[]
})

type Input = { readonly plan: number; readonly format: PlanFormat; readonly all: boolean } & ContentEdit

const words = [
  '"',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  'null',
  '1e400',
  '"__proto__":{"polluted":1},',
  '\\ud800',
  '\\u0000',
  '"formatVersion":"1",',
  '"a":1,',
]

const common = {
  plan: fc.nat(1),
  format: fc.constantFrom<PlanFormat>('text', 'markdown', 'html', 'json', 'github', 'sarif'),
  all: fc.boolean(),
}
const inputs: fc.Arbitrary<Input> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ...common, ...inJson(2) }) },
  { weight: 1, arbitrary: fc.record({ ...common, ...inText(words) }) },
  { weight: 1, arbitrary: fc.record({ ...common, ...inBytes }) },
)

function sealed(plan: object): object {
  try {
    const whole = { ...plan, digest: digestOfContent(plan as Plan) }
    return { ...whole, checksum: checksumOf(whole) }
  } catch {
    // What has no changes or effects has no digest.
    return plan
  }
}

function bytesOf(input: Input): Buffer {
  const plan = plans[input.plan]
  if (plan === undefined) throw new Error('no such plan')
  if (input.how === 'json') {
    const edited = editJson(plan, input.edits)
    const isObject = typeof edited === 'object' && edited !== null && !Array.isArray(edited)
    return Buffer.from(jsonText(isObject ? sealed(edited) : edited))
  }
  return editContent(Buffer.from(JSON.stringify(plan)), input)
}

function shown(input: Input): string {
  return JSON.stringify(input)
}

function read(input: Input): readonly string[] {
  writeFileSync(path, bytesOf(input))
  const stderr = sink()
  const host = hostOf({ cwd: scratch, stderr })
  const plan = readPlanFile(path, 'plan.json')
  const page = formatted(plan, input.format, host, { all: input.all, next: '', folder: 'policies' })
  const reviewed = readReviewed(host, { policies: 'policies', sandbox: plan.sandbox === true }, 'plan.json')
  mayRun(host, reviewed, { planned: now } as Parameters<typeof mayRun>[2])
  const told = stderr.heard()
  return [
    // In a page and in JSON the plan's own words stand as they are.
    ...(input.format === 'text' ? wrongWords(page) : []),
    ...wrongWords(told),
    ...(/[\0-\x08\x0b-\x1f\x7f\u202e]/.test(told) ? [`a control character is shown: ${JSON.stringify(told)}`] : []),
  ]
}

test('saved plans', () => fuzz({ share: 2000, inputs, shown, read }), patience)
