// The entry of a partner's tenant, made once. Graph knows it by the tenant and makes no second one; what somebody else put
// there meanwhile is left alone.

import { type GraphReader, type GraphWriter, RequestFailure } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { Failure } from '../../model/problem.ts'
import { appeared } from './appeared.ts'
import { changesTo, type Entry, partnersPath, type Settings, type Target } from './cross-tenant.ts'

export function entryPath(tenantId: string): string {
  return graphPath`/policies/crossTenantAccessPolicy/partners/${tenantId}`
}

export function entryAppeared(tenantId: string): Failure {
  return appeared(`an entry for the tenant ${tenantId} in the cross-tenant access settings`)
}

export async function makeEntry(
  tenantId: string,
  target: Target,
  defaults: Settings,
  entra: GraphWriter,
): Promise<void> {
  const find = async (from: GraphReader): Promise<Entry | undefined> => {
    const found = await from.get<Entry>(entryPath(tenantId))
    const isReached = found === undefined || Object.keys(changesTo(found, defaults, target)).length === 0
    if (!isReached) throw entryAppeared(tenantId)
    return found
  }
  try {
    const changes = changesTo(undefined, defaults, target)
    await entra.post<Entry>(partnersPath, { tenantId, ...changes }, { find, unique: true })
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.status !== 409) throw error
    const message = `the cross-tenant access settings of ${tenantId} are still being deleted`
    throw new Failure('partner-being-deleted', message, 'run again in a few minutes', { cause: error })
  }
}
