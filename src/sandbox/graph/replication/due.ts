// What is to happen, the earliest first; at the same time, what was added first. A binary heap.

interface Entry<Value> {
  readonly at: number
  readonly order: number
  readonly value: Value
}

export interface Due<Value> {
  readonly size: number
  add(at: number, value: Value): void
  /** Takes out the next one that is due at `now`. */
  take(now: number): Value | undefined
}

export function createDue<Value>(): Due<Value> {
  const heap: Entry<Value>[] = []
  let added = 0

  const at = (index: number): Entry<Value> => heap[index] as Entry<Value>
  const isBefore = (left: Entry<Value>, right: Entry<Value>): boolean =>
    left.at < right.at || (left.at === right.at && left.order < right.order)

  function rise(index: number): void {
    const entry = at(index)
    let hole = index
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!isBefore(entry, at(parent))) break
      heap[hole] = at(parent)
      hole = parent
    }
    heap[hole] = entry
  }

  function sink(entry: Entry<Value>): void {
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(at(child + 1), at(child))) child += 1
      if (!isBefore(at(child), entry)) break
      heap[hole] = at(child)
      hole = child
    }
    heap[hole] = entry
  }

  return {
    get size() {
      return heap.length
    },
    add: (when, value) => {
      heap.push({ at: when, order: added, value })
      added += 1
      rise(heap.length - 1)
    },
    take: now => {
      const first = heap[0]
      if (first === undefined || first.at > now) return undefined
      const last = heap.pop() as Entry<Value>
      if (heap.length > 0) sink(last)
      return first.value
    },
  }
}
