// Law 1: apply, then plan: empty. From any state, for any policy; with the access that the policy grants, no more and no less,
// as the directories' own contents show it, and with nothing of ours left over.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { patience, runs } from './runs.ts'
import { live, story } from './story.ts'

test(
  'law 1: whatever the state, one apply does what the policy says, and the next plan has nothing to do',
  async () => {
    await fc.assert(
      fc.asyncProperty(story, async each => {
        expect(await live(each)).toEqual([])
      }),
      runs(100),
    )
  },
  patience,
)
