// The groups without members that say whose a partner's cross-tenant access settings are, and which of them guestlist looks
// after: `uniqueName` holds the one, `description` the other.

import type { Directories, GraphWriter } from '../../model/directories.ts'
import { graphPath, odataString } from '../../model/escape.ts'
import { crossTenantMark, cut, fitted, readCrossTenantMark } from '../mark.ts'
import { settingNames } from './cross-tenant.ts'
import { readGroups } from './tenant.ts'

/** Looked after, but not by a policy's word: collaboration that we opened, and trust where there was none. */
export const silent: readonly string[] = ['collaboration', 'trust']

/** The groups that mark one partner's settings for one tenant. */
export interface Mark {
  readonly partner: string
  readonly tenantId: string
  readonly made: boolean
  readonly groups: readonly string[]
  readonly managed: readonly string[]
}

export async function readMarks(from: Directories): Promise<ReadonlyMap<string, Mark>> {
  const marks = new Map<string, Mark>()
  for (const { id, uniqueName, description } of await readGroups(from)) {
    const mark = readCrossTenantMark(uniqueName ?? '')
    if (mark === undefined) continue
    const key = `${mark.partner} ${mark.tenantId}`
    const known = marks.get(key)
    marks.set(key, {
      ...mark,
      made: mark.made && known?.made !== false,
      groups: [...(known?.groups ?? []), id].sort(),
      managed: [...new Set([...(known?.managed ?? []), ...managedIn(description ?? '')])].sort(),
    })
  }
  return marks
}

const describing = 'Mark of guestlist for cross-tenant access settings; has no members. Looks after: '

function describe(managed: readonly string[]): string {
  return `${describing}${managed.length === 0 ? 'nothing' : managed.join(', ')}`
}

function managedIn(description: string): readonly string[] {
  const names: readonly string[] = [...settingNames, ...silent]
  return (/Looks after: (.*)$/.exec(description)?.[1] ?? '').split(', ').filter(name => names.includes(name))
}

/** Its object id. */
export async function makeMark(
  partner: string,
  tenantId: string,
  made: boolean,
  managed: readonly string[],
  entra: GraphWriter,
): Promise<string> {
  const uniqueName = crossTenantMark({ partner, tenantId, made })
  const { id } = await entra.upsert(graphPath`/groups(uniqueName=${odataString(uniqueName)})`, {
    displayName: cut(`guestlist: cross-tenant access settings of ${partner}`, 256),
    description: describe(managed),
    mailEnabled: false,
    mailNickname: fitted(uniqueName.replaceAll('.', '-'), 64),
    securityEnabled: true,
  })
  return id
}

export async function describeMarks(
  marks: readonly string[],
  managed: readonly string[],
  entra: GraphWriter,
): Promise<void> {
  for (const mark of marks) await entra.patch(graphPath`/groups/${mark}`, { description: describe(managed) })
}

export async function removeMarks(marks: readonly string[], entra: GraphWriter): Promise<void> {
  for (const mark of marks) await entra.delete(graphPath`/groups/${mark}`)
}
