import { expect, test } from 'vitest'
import { steadyTime } from '../../src/connect/graph/steady.ts'

test('time passes also where sleeping takes none, and never goes back', async () => {
  const wakes: (() => void)[] = []
  const sleep = (): Promise<void> => new Promise(resolve => wakes.push(resolve))
  let clock = 0
  const time = steadyTime({ now: () => clock, random: () => 0, sleep })
  const [short, long] = [time.sleep(10), time.sleep(100)]
  expect(time.now()).toBe(0)
  wakes[1]?.()
  await long
  expect(time.now()).toBe(100)
  wakes[0]?.()
  await short
  expect(time.now()).toBe(100)
  clock = 250
  expect(time.now()).toBe(250)
})
