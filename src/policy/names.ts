// Every kind's documents by name. A name that is taken already is an error at the second document, and there is one
// Organization; the first of a name is the one that references mean.

import type { Problem } from '../model/problem.ts'
import type { Checked, CheckedDocuments } from './check.ts'
import { faultAt, originAt } from './document.ts'
import type { Kind } from './schemas.ts'

export interface Named {
  readonly organization: Checked<'Organization'> | undefined
  readonly partners: ReadonlyMap<string, Checked<'Partner'>>
  readonly apps: ReadonlyMap<string, Checked<'App'>>
  readonly accesses: ReadonlyMap<string, Checked<'Access'>>
  readonly rules: ReadonlyMap<string, Checked<'Rule'>>
}

export function indexNames(documents: CheckedDocuments, report: (problem: Problem) => void): Named {
  const [organization, ...more] = documents.Organization
  if (organization === undefined) {
    const hint = 'write one document of kind Organization: it says which tenant and domain are meant'
    report({ severity: 'error', code: 'no-organization', message: 'no document describes our Organization', hint })
  }
  for (const extra of more) {
    const see = organization === undefined ? {} : { see: originAt(organization.document, '/name') }
    const message = 'there can be one Organization only'
    report(
      faultAt(extra.document, '/name', 'value', {
        severity: 'error',
        code: 'second-organization',
        message,
        hint: 'the first is here:',
        ...see,
      }),
    )
  }
  return {
    organization,
    partners: byName(documents.Partner, report),
    apps: byName(documents.App, report),
    accesses: byName(documents.Access, report),
    rules: byName(documents.Rule, report),
  }
}

function byName<K extends Kind>(
  documents: readonly Checked<K>[],
  report: (problem: Problem) => void,
): ReadonlyMap<string, Checked<K>> {
  const known = new Map<string, Checked<K>>()
  for (const each of documents) {
    if (each.name === '') continue
    const first = known.get(each.name)
    if (first === undefined) {
      known.set(each.name, each)
      continue
    }
    const message = `there is a${/^[AO]/.test(each.kind) ? 'n' : ''} ${each.kind} \`${each.name}\` already`
    const see = originAt(first.document, '/name')
    report(
      faultAt(each.document, '/name', 'value', {
        severity: 'error',
        code: 'duplicate-name',
        message,
        hint: 'the first is here:',
        see,
      }),
    )
  }
  return known
}
