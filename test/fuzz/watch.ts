// Looks on from another thread: whoever is busy with one input for too long cannot be asked to stop, so the input is told and
// the process ends.

import { Worker } from 'node:worker_threads'

const looksOn = `
const { writeSync } = require('node:fs')
const { workerData: { state, text, limit } } = require('node:worker_threads')
const [numbers, bytes] = [new Int32Array(state), new Uint8Array(text)]
let [last, since] = [0, Date.now()]
setInterval(() => {
  const now = Atomics.load(numbers, 0)
  if (now !== last || now % 2 === 0) { [last, since] = [now, Date.now()]; return }
  if (Date.now() - since < limit) return
  const input = Buffer.from(bytes.slice(0, Atomics.load(numbers, 1))).toString()
  writeSync(2, 'An input that never ends (more than ' + limit / 1000 + ' s):\\n' + input + '\\n')
  process.kill(process.pid, 'SIGKILL')
}, 1000)
`

const mostTold = 65_536

export interface Watch {
  readonly begin: (input: string) => void
  readonly end: () => void
  readonly close: () => Promise<number>
}

/** `limit`: milliseconds that one input may take before there is no hope. */
export function watch(limit: number): Watch {
  const [state, text] = [new SharedArrayBuffer(8), new SharedArrayBuffer(mostTold)]
  const [numbers, bytes] = [new Int32Array(state), new Uint8Array(text)]
  const worker = new Worker(looksOn, { eval: true, workerData: { state, text, limit } })
  worker.unref()
  return {
    begin(input) {
      const told = Buffer.from(input.slice(0, mostTold)).subarray(0, mostTold)
      bytes.set(told)
      Atomics.store(numbers, 1, told.length)
      Atomics.add(numbers, 0, 1)
    },
    end: () => void Atomics.add(numbers, 0, 1),
    close: () => worker.terminate(),
  }
}
