// What can go wrong between a client and Graph, and the rules that say when it does.

/** Errors that Graph answers with. 409: concurrent requests. */
export const statusFaults = [403, 409, 423, 429, 500, 502, 503, 504] as const

/** What befalls an HTTP request as a whole, a $batch too. */
export const deliveryFaults = ['reset', 'slow', 'cut', 'html-200', 'html-404', 'html-502', 'expired-token'] as const

/** What befalls a list. */
export const pageFaults = ['repeated-link', 'repeated-items', 'empty-page'] as const

/** What some requests alone can get for an answer. `missing`: the answer to a batch leaves the item out. */
export const specialFaults = ['resync', 'invitation-error', 'phantom', 'directory-full', 'missing'] as const

export const graphFaults = [...statusFaults, ...deliveryFaults, ...pageFaults, ...specialFaults] as const

export type StatusFault = (typeof statusFaults)[number]
export type DeliveryFault = (typeof deliveryFaults)[number]
export type PageFault = (typeof pageFaults)[number]
export type SpecialFault = (typeof specialFaults)[number]
export type GraphFault = (typeof graphFaults)[number]

export interface FaultRule {
  readonly fault: GraphFault
  /** `POST /users/*`: methods (`POST|PATCH`), a path, or both; `*` is one segment, `**` at the end any rest. */
  readonly on?: string
  readonly in?: 'batch' | 'alone'
  /** The how-manieth request that matches; with `every`, each so-manieth; with `chance`, by the seed. */
  readonly nth?: number
  readonly every?: number
  readonly chance?: number
  /** At most that often. */
  readonly times?: number
  /** The request is carried out before it goes wrong. */
  readonly carriedOut?: boolean
  /** How slow. */
  readonly ms?: number
  /** Seconds. */
  readonly retryAfter?: number
}

/** The others are carried out always, or never: who is refused (403 to 429) may count on it that nothing happened. */
export function mayBeCarriedOut(fault: GraphFault): boolean {
  if (isStatus(fault)) return fault >= 500
  if (isDelivery(fault)) return fault !== 'cut' && fault !== 'expired-token'
  return fault === 'missing' || fault === 'invitation-error'
}

export function isStatus(fault: GraphFault): fault is StatusFault {
  return (statusFaults as readonly GraphFault[]).includes(fault)
}

export function isDelivery(fault: GraphFault): fault is DeliveryFault {
  return (deliveryFaults as readonly GraphFault[]).includes(fault)
}

export function isPageFault(fault: GraphFault): fault is PageFault {
  return (pageFaults as readonly GraphFault[]).includes(fault)
}

export function isSpecial(fault: GraphFault): fault is SpecialFault {
  return (specialFaults as readonly GraphFault[]).includes(fault)
}
