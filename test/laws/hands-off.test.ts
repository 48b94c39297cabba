// Law 4: an object without our mark that the policy does not name is the same before and after an apply, byte for byte; one
// that it names changes in what is ours to change; a protected one never.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { touched } from './hands-off.ts'
import { patience, runs } from './runs.ts'
import { live, story } from './story.ts'

test(
  'law 4: what is not ours, and not named by the policy, stays as it is',
  async () => {
    await fc.assert(
      fc.asyncProperty(story, async each => {
        const wrong: string[] = []
        await live(each, {
          applied: (before, after, documents, at) => wrong.push(...touched(before, after, documents, at)),
        })
        expect(wrong).toEqual([])
      }),
      runs(60),
    )
  },
  patience,
)
