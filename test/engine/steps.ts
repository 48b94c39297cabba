// Steps of a plan, with as little in them as performing needs.

import type { Step } from '../../src/engine/plan.ts'
import type { Id } from '../../src/model/id.ts'
import { aChange } from '../render/a-plan.ts'

export function stepOf(id: Id, over: Partial<Step['planned']> = {}): Step {
  const planned = aChange({ id, ...over })
  const { plane, kind, action } = planned
  return { planned, change: { id, plane, kind, action, retires: false, differs: [], needs: [], because: [] } }
}
