// How long it takes, in words: rounded as far as nobody would believe more.

import type { Plan } from '../model/plan.ts'

/** Empty where there is nothing to do, and of a plan that does not know. */
export function paceOf({ estimate }: Pick<Plan, 'estimate'>): string {
  if (estimate === undefined) return ''
  const { seconds, replication } = estimate
  const applied = `about ${durationWords(seconds)} to apply at this tenant's quota`
  return replication === undefined
    ? applied
    : `${applied}, then usually up to ${durationWords(replication)} until Entra shows it all`
}

/** `5 s`, `20 s`, `3 min`, `1 h 10 min` */
export function durationWords(seconds: number): string {
  if (seconds <= 55) return `${Math.max(5, rounded(seconds, 5))} s`
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const inTens = rounded(minutes, 10)
  const rest = inTens % 60
  return `${Math.floor(inTens / 60)} h${rest === 0 ? '' : ` ${rest} min`}`
}

function rounded(number: number, to: number): number {
  return Math.ceil(number / to) * to
}
