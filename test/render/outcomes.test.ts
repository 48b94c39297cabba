// What became of a plan: each reason is told once, the most frequent first, with a few names and what to do.

import { expect, test } from 'vitest'
import { type Id, ids } from '../../src/model/id.ts'
import type { Outcome, Trouble } from '../../src/model/outcome.ts'
import { renderOutcomes } from '../../src/render/outcomes.ts'
import { plain } from '../../src/render/paint.ts'
import { aChange, aPlan } from './a-plan.ts'

const person = (index: number): string => `p${index}@fabrikam.com`
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

function failed(id: Id, trouble: Trouble): Outcome {
  return { change: aChange({ id }), status: 'failed', trouble, ms: 1, requestIds: [] }
}

function left(id: Id, because: Id | 'interrupted' | 'refused'): Outcome {
  return { change: aChange({ id }), status: 'not-attempted', because }
}

function done(id: Id): Outcome {
  return { change: aChange({ id }), status: 'done', ms: 1, requestIds: [] }
}

function rendered(outcomes: readonly Outcome[]): string {
  return renderOutcomes(outcomes, aPlan({ changes: outcomes.map(({ change }) => change) }), plain)
}

/** As Graph's client says it: with the request, its id, and the person. */
function quota(index: number): Trouble {
  const requestId = `0b7c3d52-6f0e-4a3e-9a53-${String(index).padStart(12, '0')}`
  const message = `Microsoft Graph answered 403 Directory_QuotaExceeded: no room for ${person(index)} (POST /v1.0/invitations, request-id ${requestId}). Delete some objects.`
  return { code: 'Directory_QuotaExceeded', message, requestId }
}

test('thousands that failed or were left for one reason are told once, and the most frequent first', () => {
  const blocked = { code: 'BadRequest', message: 'The address is blocked.', hint: 'allow the domain' }
  const outcomes = [
    failed(ids.guest('bad@adatum.com'), blocked),
    ...upTo(1204).map(index => failed(ids.guest(person(index)), quota(index))),
    ...upTo(800).map(index => left(ids.guest(person(5000 + index)), 'refused')),
    left(ids.groupMember('adatum', 'all', 'bad@adatum.com'), ids.guest('bad@adatum.com')),
    ...upTo(1204).map(index => left(ids.groupMember('fabrikam', 'all', person(index)), ids.guest(person(index)))),
    left(ids.groupMember('fabrikam', 'all', person(5000)), ids.guest(person(5000))),
  ]
  expect(rendered(outcomes)).toBe(`Applied 0 of 3211 changes: 1205 failed, 2006 not attempted.

  Failed
    ✗ invite p0@fabrikam.com
    ✗ invite p1@fabrikam.com
    ✗ invite p2@fabrikam.com
    ✗ and 1201 more for the same reason
        ${quota(0).message} [Directory_QuotaExceeded]
        request ${quota(0).requestId}
    ✗ invite bad@adatum.com
        The address is blocked. [BadRequest]
        allow the domain

  Not attempted
    · put p0@fabrikam.com into fabrikam/all   needs guest p0@fabrikam.com, which failed
    · put p1@fabrikam.com into fabrikam/all   needs guest p1@fabrikam.com, which failed
    · put p2@fabrikam.com into fabrikam/all   needs guest p2@fabrikam.com, which failed
    · and 1201 more for the same reason
    · invite p5000@fabrikam.com   held back: too many like it were refused in a row
    · invite p5001@fabrikam.com   held back: too many like it were refused in a row
    · invite p5002@fabrikam.com   held back: too many like it were refused in a row
    · and 797 more for the same reason
    · put bad@adatum.com into adatum/all   needs guest bad@adatum.com, which failed
    · put p5000@fabrikam.com into fabrikam/all   needs guest p5000@fabrikam.com, which was not attempted

Once that is resolved, running the same command again continues from here.
`)
})

test('what others changed, and what an interruption cut short, is no failure of ours', () => {
  const stale = { code: 'stale', message: 'somebody renamed the group in between', hint: 'plan again' }
  const outcomes = [
    done(ids.guest(person(1))),
    failed(ids.group('fabrikam', 'all'), stale),
    failed(ids.guest(person(2)), { code: 'interrupted', message: 'interrupted before it was sent' }),
    left(ids.guest(person(3)), 'interrupted'),
  ]
  expect(rendered(outcomes)).toBe(`Applied 1 of 4 changes: 0 failed, 1 changed by others, 1 cut short, 1 not attempted.

  Changed by others since the plan
    ✗ make group fabrikam/all
        somebody renamed the group in between [stale]
        plan again

  Cut short
    ✗ invite p2@fabrikam.com
        interrupted before it was sent [interrupted]

  Not attempted
    · invite p3@fabrikam.com   interrupted

Running the same command again continues from here.
`)
})

test('whoever lost the lease was not interrupted', () => {
  const outcomes = [done(ids.guest(person(1))), left(ids.guest(person(3)), 'interrupted')]
  const plan = aPlan({ changes: outcomes.map(({ change }) => change) })
  expect(renderOutcomes(outcomes, plan, plain, 'the lease was lost')).toContain(
    '· invite p3@fabrikam.com   the lease was lost\n',
  )
})

test('another request failed for another reason, whatever Microsoft Graph says of both', () => {
  const missing = (request: string): Trouble => {
    const message = `Microsoft Graph answered 404 Request_ResourceNotFound: Resource does not exist (${request})`
    return { code: 'Request_ResourceNotFound', message }
  }
  const text = rendered([
    failed(ids.guest(person(1)), missing('POST /v1.0/groups/0b7c3d52-6f0e-4a3e-9a53-000000000001/members/$ref')),
    failed(ids.guest(person(2)), missing('PATCH /v1.0/applications/0b7c3d52-6f0e-4a3e-9a53-000000000002')),
    failed(ids.guest(person(3)), missing('PATCH /v1.0/applications/a-3')),
  ])
  expect(text.split('\n').filter(line => /✗|404/.test(line))).toEqual([
    expect.stringContaining('p2@'),
    expect.stringContaining('p3@'),
    expect.stringContaining('(PATCH '),
    expect.stringContaining('p1@'),
    expect.stringContaining('(POST '),
  ])
})
