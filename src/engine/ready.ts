// Steps that may begin, earliest of the plan first: there, revocations come first. A binary heap.

import type { Id } from '../model/id.ts'
import type { Step } from './plan.ts'

export class ReadyQueue {
  readonly #heap: Step[] = []
  readonly #position: ReadonlyMap<Id, number>

  constructor(position: ReadonlyMap<Id, number>) {
    this.#position = position
  }

  /** Where in the plan the first one stands; Infinity: there is none. */
  get position(): number {
    return this.#rank(0)
  }

  add(step: Step): void {
    const heap = this.#heap
    let index = heap.push(step) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#before(index, parent)) break
      this.#swap(index, parent)
      index = parent
    }
  }

  next(): Step | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const smaller = left + 1 < heap.length && this.#before(left + 1, left) ? left + 1 : left
      if (left >= heap.length || !this.#before(smaller, index)) return first
      this.#swap(index, smaller)
      index = smaller
    }
  }

  #rank(index: number): number {
    const step = this.#heap[index]
    return step === undefined ? Number.POSITIVE_INFINITY : (this.#position.get(step.planned.id) ?? 0)
  }

  #before(a: number, b: number): boolean {
    return this.#rank(a) < this.#rank(b)
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const [first, second] = [heap[a], heap[b]]
    if (first === undefined || second === undefined) return
    heap[a] = second
    heap[b] = first
  }
}
