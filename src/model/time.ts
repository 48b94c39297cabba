// Time is an argument: everything that depends on the day gets an Instant from the command line's clock.

/** Milliseconds since the epoch, UTC. */
export type Instant = number

export const dayMs = 86_400_000

/** The first instant of an ISO date (`2026-12-01`), or the instant of an ISO date-time. Undefined if it is neither. */
export function startOf(text: string): Instant | undefined {
  return parse(text)
}

/** The last instant of an ISO date, or the instant of an ISO date-time. Undefined if it is neither. */
export function endOf(text: string): Instant | undefined {
  const instant = parse(text)
  return instant === undefined ? undefined : text.length === 10 ? instant + dayMs - 1 : instant
}

function parse(text: string): Instant | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const instant = Date.parse(`${text}T00:00:00Z`)
    return Number.isNaN(instant) || dateOf(instant) !== text ? undefined : instant
  }
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  if (parse(text.slice(0, 10)) === undefined) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

/** `2026-12-01`, the UTC day of the instant. */
export function dateOf(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 10)
}

/** `2026-12-01T00:00:00.000Z` */
export function isoOf(instant: Instant): string {
  return new Date(instant).toISOString()
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: dayMs, w: 7 * dayMs }

/** Milliseconds of a duration such as `30d`, `8h`, `2w`, `15m`. Undefined if it is none. */
export function durationOf(text: string): number | undefined {
  const match = /^(\d{1,5})([mhdw])$/.exec(text)
  const unit = match?.[2] === undefined ? undefined : units[match[2]]
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit
}
