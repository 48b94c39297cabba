// The certificates that the Organization trusts its domain controllers by, from the file that the policy names.

import { realpath } from 'node:fs/promises'
import type { Organization } from '../model/policy.generated.ts'
import type { Sourced } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import { locate, readSource } from './read.ts'

/** The text of activeDirectory.caFile; undefined if none is named. `folder` holds the policies. */
export async function readAuthority(
  folder: string,
  { spec, origin }: Sourced<Organization>,
): Promise<string | undefined> {
  const named = spec.activeDirectory?.caFile
  if (named === undefined) return undefined
  const found = await locate(await realpath(folder), origin.file, named)
  if ('code' in found) throw new Failure(found.code, `activeDirectory.caFile: ${found.message}`, found.hint)
  const reading = await readSource(found.real, found.file)
  if ('source' in reading) return reading.source.text
  throw new Failure(reading.problem.code, `${found.file}: ${reading.problem.message}`, reading.problem.hint)
}
