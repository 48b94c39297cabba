// How much is too much: a share and a number, both of which must be passed.

export interface Limit {
  readonly percent: number
  readonly atLeast: number
}

/** Exactly, for percents of up to six decimals: in whole numbers, where 33.3 % of 1000 is 333 and no hair less. */
export function exceeds(lost: number, today: number, { percent, atLeast }: Limit): boolean {
  return lost >= atLeast && lost * 100 * parts > today * Math.round(percent * parts)
}

const parts = 1_000_000

/** `20 of 60 accesses (33.3 %)`; a share that only rounding makes the limit's is told as more than that. */
export function shareOf(lost: number, today: number, what: string, { percent }: Limit): string {
  const rounded = Math.round((lost * 1000) / today) / 10
  const share = rounded > percent ? `${rounded} %` : `more than ${percent} %`
  return `${lost} of ${today} ${what} (${share})`
}
