// Graph's errors: thrown anywhere below the dispatcher, which alone turns them into the error envelope.

export interface ErrorDetail {
  readonly code: string
  readonly target: string
  readonly message: string
}

export class GraphError extends Error {
  readonly status: number
  readonly code: string
  readonly details: readonly ErrorDetail[] | undefined

  constructor(status: number, code: string, message: string, details?: readonly ErrorDetail[]) {
    super(message)
    this.name = 'GraphError'
    this.status = status
    this.code = code
    this.details = details
  }
}

/** 400 of the directory. */
export function badRequest(message: string, details?: readonly ErrorDetail[]): GraphError {
  return new GraphError(400, 'Request_BadRequest', message, details)
}

/** 400 of Graph's front: requests that never reach the directory. */
export function malformed(message: string): GraphError {
  return new GraphError(400, 'BadRequest', message)
}

export function unsupportedQuery(message: string): GraphError {
  return new GraphError(400, 'Request_UnsupportedQuery', message)
}

export function notFound(id: string): GraphError {
  const message = `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`
  return new GraphError(404, 'Request_ResourceNotFound', message)
}

export function forbidden(code: string, message: string): GraphError {
  return new GraphError(403, code, message)
}

export function readOnlyProperty(property: string): GraphError {
  return badRequest(`Property '${property}' is read-only and cannot be set.`)
}

export function invalidValue(property: string, resource: string): GraphError {
  return badRequest(`Invalid value specified for property '${property}' of resource '${resource}'.`)
}

export function missingValue(property: string, resource: string): GraphError {
  return badRequest(`A value is required for property '${property}' of resource '${resource}'.`)
}

export function valueInUse(property: string): GraphError {
  const message = `Another object with the same value for property ${property} already exists.`
  return badRequest(message, [
    { code: 'ObjectConflict', target: property, message },
    { code: 'ConflictingObjects', target: property, message },
  ])
}

/** 400 for changing in the cloud what Entra Connect owns. */
export function masteredOnPremises(): GraphError {
  return badRequest(
    'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
  )
}
