// A token bucket. Whoever is refused has used it all the same, so that insisting makes it longer.

export interface BucketSize {
  /** That much at once, after a rest. */
  readonly burst: number
  readonly perSecond: number
}

export interface Bucket {
  /** Takes that much. 0: there was enough; else the milliseconds until there is. */
  readonly take: (amount: number) => number
  /** Of what may be used at once, the share that is used: 1.2 is a fifth too much. */
  readonly used: () => number
}

/** Beyond this share of the burst nothing is added to what is owed: Graph tells of use up to 1.8. */
const mostOwed = 0.8

export function createBucket({ burst, perSecond }: BucketSize, elapsed: () => number): Bucket {
  let left = burst
  let at = elapsed()
  const refill = (): void => {
    const now = elapsed()
    left = Math.min(burst, left + ((now - at) / 1000) * perSecond)
    at = now
  }
  return {
    take: amount => {
      refill()
      const isEnough = left >= amount
      left = Math.max(-mostOwed * burst, left - amount)
      return isEnough ? 0 : Math.ceil(((amount - left) / perSecond) * 1000)
    },
    used: () => {
      refill()
      return (burst - left) / burst
    },
  }
}
