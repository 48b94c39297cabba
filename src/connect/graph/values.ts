// Whether two answers of Graph say the same: lists are sets, nothing is null, and a moment may be written in several ways.

export function deepSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other))
}

/** Whether `value` holds all that `wanted` says; what the service adds to an object by itself is no difference. */
export function holds(value: unknown, wanted: unknown): boolean {
  if (!isObject(wanted) || !isObject(value)) return deepSame(value, wanted)
  return Object.keys(wanted).every(key => key.includes('@') || holds(value[key], wanted[key]))
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(each => JSON.stringify(plain(each))).toSorted()
  if (isObject(value)) {
    const entries = Object.keys(value)
      .toSorted()
      .map(key => [key, plain(value[key])] as const)
    return Object.fromEntries(entries.filter(([key, each]) => each !== null && !key.includes('@')))
  }
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return Date.parse(value)
  return value ?? null
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
