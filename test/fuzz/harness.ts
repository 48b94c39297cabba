// One reader and many inputs: each ends in time, with an answer or with a failure that a person can read, and leaves no more
// behind than the first ones did. What a failure prints (the seed, and the input made as small as may be) repeats it.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { RequestFailure } from '../../src/model/directories.ts'
import { Failure } from '../../src/model/problem.ts'
import { patience, seed, share } from './runs.ts'
import { watch } from './watch.ts'

export interface Reader<Input> {
  /** Of ten thousand inputs that all readers get. */
  readonly share: number
  readonly inputs: fc.Arbitrary<Input>
  /** As it is printed. */
  readonly shown: (input: Input) => string
  /** Reads the input; what is wrong with how it was read, in words. A failure may be thrown. */
  readonly read: (input: Input) => Promise<readonly string[]> | readonly string[]
}

/** Milliseconds for one input: thousands of times what it takes, for other tests may run beside it. */
const longest = 20_000
const mostHeapGrowth = 96 * 2 ** 20
const mostShown = 6000

export async function fuzz<Input>({ share: part, inputs, shown, read }: Reader<Input>): Promise<void> {
  const numRuns = share(part)
  const watched = watch(3 * longest)
  let count = 0
  let heapAtFirst = 0
  const property = fc.asyncProperty(inputs, async input => {
    count += 1
    // Readers that never wait for the outside would keep all timers from ringing, and hold what waits for them.
    await nextTurn()
    if (count === Math.ceil(numRuns / 5)) heapAtFirst = heapInUse()
    const text = shown(input)
    watched.begin(text)
    const began = performance.now()
    const wrong = await wrongIn(() => read(input))
    watched.end()
    const took = performance.now() - began
    const all = [...wrong, ...polluted(), ...(took > longest ? [`it took ${Math.round(took)} ms`] : [])]
    if (all.length > 0) throw new Error(`${all.slice(0, 5).join('\n')}\n--- the input:\n${text.slice(0, mostShown)}`)
  })
  try {
    await fc.assert(property, { numRuns, seed, interruptAfterTimeLimit: patience / 2, markInterruptAsFailure: true })
  } finally {
    await watched.close()
  }
  const growth = heapInUse() - heapAtFirst
  if (growth > mostHeapGrowth) {
    throw new Error(`seed ${seed}: ${Math.round(growth / 2 ** 20)} MiB are held after ${numRuns} inputs`)
  }
}

async function wrongIn(read: () => Promise<readonly string[]> | readonly string[]): Promise<readonly string[]> {
  try {
    return await read()
  } catch (error) {
    return wrongFailure(error)
  }
}

/** Only failures are thrown on purpose; what they say is for people. */
export function wrongFailure(error: unknown): readonly string[] {
  if (error instanceof Failure) return [...wrongWords(error.message), ...wrongWords(error.hint ?? '')]
  if (error instanceof RequestFailure) return wrongWords(error.message)
  return [error instanceof Error ? `${error.stack}` : `thrown: ${String(error)}`]
}

export function wrongWords(text: string): readonly string[] {
  const found = /\n\s+at \S.*:\d+:\d+|\bundefined\b|\[object \w+\]|\bInvalid Date\b|internal error/.exec(text)
  return found === null ? [] : [`says ${JSON.stringify(found[0])}: ${text.slice(0, 1000)}`]
}

function polluted(): readonly string[] {
  return Object.keys(Object.prototype).map(key => {
    delete (Object.prototype as unknown as Record<string, unknown>)[key]
    return `every object has ${key} now`
  })
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapInUse(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
