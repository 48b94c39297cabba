import { expect, it } from 'vitest'
import { createAlarm } from '../../src/connect/graph/alarm.ts'

function alarmAt(start: number) {
  const sleeps: { readonly ms: number; readonly wake: () => void; readonly signal: AbortSignal | undefined }[] = []
  let rung = 0
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise(wake => sleeps.push({ ms, wake, signal }))
  const alarm = createAlarm({ now: () => start, sleep }, () => {
    rung += 1
  })
  const wake = async (index: number): Promise<number> => {
    sleeps[index]?.wake()
    await new Promise(resolve => setImmediate(resolve))
    return rung
  }
  return { alarm, sleeps, wake }
}

it('an alarm rings once, at the time that it was last set to', async () => {
  const { alarm, sleeps, wake } = alarmAt(1000)
  alarm.set(6000)
  alarm.set(6000)
  alarm.set(3000)
  expect(sleeps.map(({ ms, signal }) => [ms, signal?.aborted])).toEqual([
    [5000, true],
    [2000, false],
  ])
  expect(await wake(0)).toBe(0)
  expect(await wake(1)).toBe(1)
  alarm.set(3000)
  alarm.set(Number.POSITIVE_INFINITY)
  expect(await wake(2)).toBe(1)
})
