// What a resource kind may ask of the two directories. Readers cannot write: a plan holds readers only, so a plan is dry
// by type. Every read is whole or throws; "nothing there" is only ever an answer that the service gave.

/** A failed request, of either directory, with what the service said. Never holds a secret. */
export class RequestFailure extends Error {
  /** HTTP status, or LDAP result code. 0: no answer came. */
  readonly status: number
  /** Graph's error code (`Request_ResourceNotFound`), or LDAP's result name (`entryAlreadyExists`). */
  readonly code: string
  readonly requestId: string | undefined

  constructor(status: number, code: string, message: string, requestId?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RequestFailure'
    this.status = status
    this.code = code
    this.requestId = requestId
  }
}

export type GraphVersion = 'v1.0' | 'beta'

export interface GraphQuery {
  readonly version?: GraphVersion
  readonly select?: readonly string[]
  readonly filter?: string
  readonly expand?: string
  /** Sends ConsistencyLevel: eventual and $count=true. */
  readonly advanced?: boolean
}

/** Microsoft Graph, reading. Paths begin with `/`, without version or query, and are built with `graphPath`. */
export interface GraphReader {
  /** Every item of a collection, over all pages of 999; the same question is asked once per run. */
  list<Item>(path: string, query?: GraphQuery): Promise<readonly Item[]>
  /** The same for many collections at once, in batches of 20; in the order of `paths`; undefined where the path gives 404. */
  listEach<Item>(paths: readonly string[], query?: GraphQuery): Promise<readonly (readonly Item[] | undefined)[]>
  /** One object; undefined if the service answers 404. */
  get<Item>(path: string, query?: GraphQuery): Promise<Item | undefined>
  /** Many objects, in batches of 20 (v1.0) or one by one (beta); in the order of `paths`; undefined where 404. */
  getEach<Item>(paths: readonly string[], query?: GraphQuery): Promise<readonly (Item | undefined)[]>
}

export type Upserted = { readonly id: string; readonly created: boolean } & Readonly<Record<string, unknown>>

/** How that which a POST makes is known, when the answer is lost and before. */
export interface Making<Answer> {
  /**
   * Looks for it under its natural key: as the POST would have answered; undefined: not there, or not visible yet. Throws
   * `stale` if somebody else's thing is there.
   */
  readonly find: (from: GraphReader) => Promise<Answer | undefined>
  /** Looked for right before it is sent, too: nothing else keeps it from being made twice. */
  readonly first?: boolean
  /** The service refuses to make it twice: it may be sent again when the answer is lost and it is not found. */
  readonly unique?: boolean
  /** Two of it would harm nobody: sent once more when all looking has found nothing. */
  readonly again?: boolean
}

/**
 * A PATCH, DELETE or reference that would overwrite what somebody changed since the readers saw it fails with code `stale`,
 * and nothing is sent.
 */
export interface GraphWriter extends GraphReader {
  /** Creates; the answer's body. `freely`: the same once or twice. On a lost answer, what it makes is looked for. */
  post<Answer>(path: string, body: object, making?: Making<Answer> | 'freely'): Promise<Answer>
  patch(path: string, body: object, version?: GraphVersion): Promise<void>
  /** PATCH with `Prefer: create-if-missing` on an alternate key; the object, and whether it was made by this. */
  upsert(path: string, body: object): Promise<Upserted>
  /** Sets a single reference such as `/applications/{id}/connectorGroup` to the object at the path `target`. */
  setReference(path: string, target: string, version?: GraphVersion): Promise<void>
  /** Gone already counts as done, once it is certain. */
  delete(path: string, version?: GraphVersion): Promise<void>
  /** Puts an object into a group, up to 20 in a request; already there counts as done. */
  addMember(groupId: string, objectId: string): Promise<void>
  /** Takes an object out of a group (never the object itself); not there counts as done, once it is certain. */
  removeMember(groupId: string, objectId: string): Promise<void>
  /** Adds to a reference collection such as `/users/{id}/sponsors`; already there counts as done. */
  addReference(path: string, objectId: string): Promise<void>
  /** Reads what this run has just written to, until two answers some seconds apart agree; undefined: not visible yet. */
  agreed<Answer>(read: (from: GraphReader) => Promise<Answer | undefined>): Promise<Answer>
  /** Whether the plan was made with this object in view. */
  saw(path: string): boolean
}

/** A search filter as data; values are escaped where it meets the wire. */
export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | { readonly present: string }
  | { readonly equals: readonly [attribute: string, value: string] }
  | { readonly startsWith: readonly [attribute: string, value: string] }
  /** Links followed to their end: `member` finds the groups that hold the object `dn`, `memberOf` what the group holds. */
  | { readonly inChain: readonly [attribute: string, dn: string] }

export interface DirectorySearch {
  /** Distinguished name, or `<GUID=…>`. */
  readonly base: string
  readonly scope: 'base' | 'one' | 'sub'
  readonly filter: Filter
  readonly attributes: readonly string[]
}

/**
 * An entry as read. Attribute names are in lower case; values are strings: objectGUID as a GUID in lower case
 * (`3e6f4c35-a04b-…`), objectSid as `S-1-5-…`, other binary values in base64. An attribute without value is left out.
 */
export interface DirectoryEntry {
  readonly dn: string
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

export type AttributeValue = string | Uint8Array

/** One part of a modify; all parts happen or none. `delete` with values fails if one is not there: a write's condition. */
export interface Modification {
  readonly operation: 'add' | 'delete' | 'replace'
  readonly attribute: string
  readonly values: readonly AttributeValue[]
}

/** Active Directory, reading. Large attributes come whole (ranges are followed); a base that is missing gives LDAP 32. */
export interface DirectoryReader {
  search(request: DirectorySearch): Promise<readonly DirectoryEntry[]>
}

/** Targets are distinguished names or `<GUID=…>`. */
export interface DirectoryWriter extends DirectoryReader {
  /** The new entry's objectGUID. */
  add(dn: string, attributes: Readonly<Record<string, readonly AttributeValue[]>>): Promise<string>
  modify(target: string, modifications: readonly Modification[]): Promise<void>
  move(target: string, newRdn: string, newParent: string): Promise<void>
  remove(target: string): Promise<void>
}

export interface Directories {
  readonly entra: GraphReader
  /** Absent when the policy names no Active Directory. */
  readonly activeDirectory?: DirectoryReader
}

export interface DirectoryWriters {
  readonly entra: GraphWriter
  readonly activeDirectory?: DirectoryWriter
  /** Cryptographically random bytes, for passwords that nobody will know. */
  readonly randomBytes: (count: number) => Uint8Array
  /** The run's clock, for dates that are written. */
  readonly now: number
  /** The same for one change among all that are under way. Left out: all requests are equal. */
  readonly forChange?: (turn: Turn) => DirectoryWriters
}

/** One change's place among all that are under way at the same time. */
export interface Turn {
  /** Requests of a lower rank go first where the service lets only some through; below 0 are revocations. */
  readonly rank: number
  /** Called before each request that writes leaves; if it throws, that request does not leave, and fails with what was thrown. */
  readonly begin: () => void
  /** Called before anything is read for a request that writes; throws as `begin` would by now. */
  readonly mayBegin?: () => void
  /** Gets the service's id of each request that writes, as far as the service has such ids. */
  readonly tell: (requestId: string) => void
  /** Aborted: requests that have not left fail as `interrupted`; what is under way gets its answer. */
  readonly signal?: AbortSignal | undefined
}
