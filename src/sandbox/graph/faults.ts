// Everything that goes wrong between a client and Graph, by rule or by chance. It changes answers, and whether a request is
// carried out at all, never what the tenant keeps.

import { responsesIn } from './batch.ts'
import { errorAnswer, expiredToken, fits, isMissing, specialAnswer, webPage } from './faults/answers.ts'
import { type FaultRule, isDelivery, isPageFault, isSpecial, isStatus, type StatusFault } from './faults/kinds.ts'
import { isList, oddPage, withoutMark } from './faults/pages.ts'
import { type Asked, createStrikes, isEnvelope, readPattern, type Strike } from './faults/strikes.ts'
import { rulesOf, type Weather } from './faults/weather.ts'
import type { Answer, GraphRequest } from './request.ts'
import type { Delivered, Delivery, Layer } from './server.ts'

export interface FaultOptions {
  readonly seed: number
  /** In the order in which they are tried; the weather comes last. */
  readonly rules?: readonly FaultRule[]
  readonly weather?: Weather
  /** How the service waits. */
  readonly hold: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Faults {
  readonly layer: Layer
  readonly delivery: Delivery
  readonly struck: readonly Strike[]
}

const slow = 10_000

export function createFaults({ seed, rules = [], weather, hold }: FaultOptions): Faults {
  const strikes = createStrikes(seed, [...rules, ...(weather === undefined ? [] : rulesOf(weather))])

  const layer: Layer = (asked, next) => {
    const marked = withoutMark(asked)
    const request = marked ?? asked
    const rule = strikes.of(request, ({ fault }) => (isStatus(fault) || isSpecial(fault)) && fits(fault, request))
    if (rule !== undefined) return inPlaceOf(rule, request, next)
    const answer = next(request)
    if (marked !== undefined || !isList(request, answer)) return answer
    const page = strikes.of(request, ({ fault }) => isPageFault(fault))?.fault
    return page !== undefined && isPageFault(page) ? oddPage(page, request, answer) : answer
  }

  const delivery: Delivery = async (request, answer, unwanted) => {
    const isBatch = isEnvelope(request)
    const isMeant = ({ fault, on }: FaultRule) =>
      isDelivery(fault) || (isBatch && isStatus(fault) && on !== undefined && readPattern(on)?.path === '/$batch')
    const rule = strikes.of(request, isMeant, isBatch ? itemsOf(request) : [])
    const whole = (): Answer => (isBatch ? withoutMissing(answer()) : answer())
    if (rule === undefined) return { answer: whole() }
    const { fault, carriedOut = false, ms = slow } = rule
    if (fault === 'slow') {
      const early = carriedOut ? whole() : undefined
      await hold(ms, unwanted)
      return { answer: early ?? whole() }
    }
    if (fault === 'cut') return cutInTwo(whole())
    if (fault === 'expired-token') return { answer: expiredToken(request) }
    if (carriedOut) whole()
    if (fault === 'reset') return { reset: true }
    return { answer: isStatus(fault) ? errorAnswer(fault, request, rule) : webPage(Number(String(fault).slice(-3))) }
  }

  return { layer, delivery, struck: strikes.struck }
}

function inPlaceOf(rule: FaultRule, request: GraphRequest, next: (request: GraphRequest) => Answer): Answer {
  const { fault, carriedOut = false } = rule
  const carryOut = carriedOut ? () => next(request) : undefined
  if (isSpecial(fault)) return specialAnswer(fault, request, carryOut)
  carryOut?.()
  return errorAnswer(fault as StatusFault, request, rule)
}

function cutInTwo(answer: Answer): Delivered {
  const { body } = answer
  if (body === undefined) return { reset: true }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { answer, cutAt: text.length >> 1 }
}

function itemsOf({ body }: GraphRequest): readonly Asked[] {
  const { requests } = (body ?? {}) as { readonly requests?: unknown }
  if (!Array.isArray(requests)) return []
  return requests.map(item => {
    const { method, url } = (item ?? {}) as { readonly method?: unknown; readonly url?: unknown }
    const path = String(url).replace(/\?.*$/s, '')
    return { method: String(method).toUpperCase(), path: path.startsWith('/') ? path : `/${path}` }
  })
}

/** The answer to a batch without the items that are to be missing. */
function withoutMissing(answer: Answer): Answer {
  const responses = responsesIn(answer)
  const kept = responses.filter(({ headers }) => !isMissing(headers as Answer['headers']))
  return kept.length === responses.length
    ? answer
    : { ...answer, body: { ...(answer.body as object), responses: kept } }
}
