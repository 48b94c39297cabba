// What Microsoft lets one application write into one tenant. Source, unless another stands beside it: Microsoft Graph's page
// on throttling limits, as of 2026-02-06. Reads have limits, too (resource units), far above what guestlist asks for.

export interface Allowance {
  /** That many requests may leave at once after a rest. */
  readonly burst: number
  /** After that, so many a second. */
  readonly perSecond: number
}

/** 3 000 writes in 150 seconds per application and tenant; whatever a request changes, it is one write. */
export const directoryWrites: Allowance = { burst: 3000, perSecond: 20 }

/** 150 requests in 5 seconds per tenant. Whether they count as writes, too, is not documented: taken for granted. */
export const invitations: Allowance = { burst: 150, perSecond: 30 }

/** One request a second per tenant, from all applications together, reads as well as writes. */
export const conditionalAccess: Allowance = { burst: 1, perSecond: 1 }

/** Most members that one PATCH of a group takes (the page on adding members to a group). */
export const membersPerRequest = 20
