// Which connectors reach a published app: a group that the policy names. Graph lets people choose it, and an application only
// where the tenant allows; where it does not, a person is told which step to take. Nothing waits for that.

import { type Directories, type DirectoryWriters, RequestFailure } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Assigned, Change, Desired, Observed } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { readApps } from './published-apps.ts'

type ConnectorGroupSpec = {
  /** As the policy calls it; of another, the name and id that the tenant knows. */
  readonly connectorGroup: string
}

interface Group {
  readonly id: string
  readonly name?: string | null
}

const groupsPath = '/onPremisesPublishingProfiles/applicationProxy/connectorGroups'

export const connectorGroup: ResourceKind<ConnectorGroupSpec> = {
  plane: 'entra',
  name: 'connector-group',
  desire,
  observe,
  normalize: spec => spec,
  risk: () => 'neutral',

  named({ app }, policy) {
    const groupId = namedGroups(policy).find(each => each.app.name === app)?.groupId
    return groupId === undefined ? {} : { connectorGroupId: groupId }
  },

  perform,
}

interface Named {
  readonly app: ResolvedApp
  readonly name: string
  /** Left out: the tenant's group of that name; where an application may not see it, a person sees to it. */
  readonly groupId?: string
}

function namedGroups(policy: ResolvedPolicy): readonly Named[] {
  const groups = policy.organization.spec.applicationProxy?.connectorGroups ?? []
  return [...policy.apps.values()].flatMap(app => {
    const group = groups.find(({ name }) => name === app.spec.proxy?.connectorGroup)
    if (group === undefined) return []
    return [{ app, name: group.name, ...(group.id === undefined ? {} : { groupId: group.id.toLowerCase() }) }]
  })
}

/** The group that is meant; undefined if the tenant has none such. */
function meant({ groupId, name }: Named, groups: readonly Group[]): Group | undefined {
  return groups.find(group =>
    groupId === undefined ? group.name?.toLowerCase() === name.toLowerCase() : group.id.toLowerCase() === groupId,
  )
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<ConnectorGroupSpec>> {
  for (const { app, name } of namedGroups(policy)) {
    yield {
      id: ids.connectorGroup(app.name),
      app: app.name,
      needs: [ids.appProxy(app.name)],
      because: [app.origins.proxy],
      spec: { connectorGroup: name },
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<ConnectorGroupSpec>> {
  const named = namedGroups(policy)
  if (named.length === 0) return { resources: [] }
  const groups = await unlessRefused(from.entra.list<Group>(groupsPath, { version: 'beta', select: ['id', 'name'] }))
  const found = new Map((await readApps(from, policy)).map(each => [each.name, each]))
  const seen = named.map(each => {
    const { publishing, registered } = found.get(each.app.name) ?? {}
    return { ...each, registered: publishing === undefined ? undefined : registered }
  })
  if (groups === 'refused') return inTheDark(seen)

  const published = seen.flatMap(each =>
    each.registered === undefined ? [] : [{ ...each, objectId: each.registered.id }],
  )
  const chosen = await unlessRefused(
    from.entra.getEach<Group>(
      published.map(({ objectId }) => graphPath`/applications/${objectId}/connectorGroup`),
      { version: 'beta', select: ['id', 'name'] },
    ),
  )
  if (chosen === 'refused') return inTheDark(seen)
  const hopeless = seen.filter(each => meant(each, groups) === undefined)
  const resources = published.flatMap((each, index): Observed<ConnectorGroupSpec>[] => {
    const [group, wanted] = [chosen[index], meant(each, groups)]
    if (group === undefined || wanted === undefined) return []
    const isWanted = group.id.toLowerCase() === wanted.id.toLowerCase()
    return [observed(each, each.objectId, isWanted ? each.name : `${group.name ?? 'unnamed'} (${group.id})`)]
  })
  const dark = inTheDark(hopeless)
  return {
    resources: [...resources, ...dark.resources],
    findings: dark.findings ?? [],
    blocked: hopeless.flatMap(each =>
      each.groupId === undefined ? [] : [unknown({ ...each, groupId: each.groupId })],
    ),
  }
}

interface Seen extends Named {
  /** Of an app that is published. */
  readonly registered: { readonly id: string } | undefined
}

/** Groups that cannot be seen: with an id a person is asked for them in every plan; without one the policy's word is taken. */
function inTheDark(seen: readonly Seen[]): Observation<ConnectorGroupSpec> {
  const left = seen.filter(({ groupId }) => groupId === undefined)
  return {
    resources: left.map(each => observed(each, each.registered?.id ?? '', each.name)),
    findings: left.flatMap(each => (each.registered === undefined ? [leftToPeople(each)] : [])),
    blocked: seen.filter(({ groupId }) => groupId !== undefined).map(byHand),
  }
}

function observed({ app }: Named, objectId: string, chosen: string): Observed<ConnectorGroupSpec> {
  return {
    id: ids.connectorGroup(app.name),
    app: app.name,
    objectId,
    owned: true,
    needs: [ids.appProxy(app.name)],
    spec: { connectorGroup: chosen },
  }
}

function leftToPeople(named: Named): FindingAt {
  return {
    severity: 'warning',
    code: 'connector-group-by-hand',
    message: `guestlist cannot choose the connector group ${named.name} for ${named.app.name}: until a person does, the default group serves it`,
    hint: `once it is published: ${stepFor(named)}`,
    at: named.app.origins.proxy,
  }
}

/** The answer, or that the tenant gives it to people only. */
async function unlessRefused<Answer>(reading: Promise<Answer>): Promise<Answer | 'refused'> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof RequestFailure && error.status === 403) return 'refused'
    throw error
  }
}

function stepFor({ app, name }: Named): string {
  return `Entra admin center, Enterprise applications, ${app.spec.displayName}, Application proxy, Connector Group: ${name}`
}

const thenLeaveOut = "then leave out the group's `id` in the Organization, and it is left to people"

function byHand(named: Named): Waiting {
  const message = `the tenant lets no application choose it: a person does, once ${named.app.name} is published (${stepFor(named)}); ${thenLeaveOut}`
  return { id: ids.connectorGroup(named.app.name), for: 'person', message }
}

function unknown({ app, name, groupId }: Named & { readonly groupId: string }): Waiting {
  const message = `the tenant has no connector group ${groupId}: correct the \`id\` of ${name} in the Organization`
  return { id: ids.connectorGroup(app.name), for: 'person', message }
}

async function perform(
  { id, app, before, after, needs }: Change<ConnectorGroupSpec>,
  { entra }: DirectoryWriters,
  assigned: (id: Id) => Assigned,
  policy: ResolvedPolicy,
): Promise<Assigned> {
  const named = namedGroups(policy).find(each => each.app.name === app)
  const [published] = needs
  if (after === undefined || named === undefined || published === undefined)
    throw new Error(`${id} lacks what it needs`)
  const { objectId } = before ?? assigned(published)
  const groups =
    named.groupId === undefined ? await entra.list<Group>(groupsPath, { version: 'beta', select: ['id', 'name'] }) : []
  const groupId = named.groupId ?? meant(named, groups)?.id
  if (groupId === undefined)
    throw new Failure('not-there', `the tenant has no connector group ${named.name} any more`, 'plan again')
  try {
    await entra.setReference(
      graphPath`/applications/${objectId}/connectorGroup`,
      graphPath`/onPremisesPublishingProfiles/applicationProxy/connectorGroups/${groupId}`,
      'beta',
    )
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.status !== 403) throw error
    const message = `the tenant does not let an application put ${app} into a connector group`
    throw new Failure('connector-group-refused', message, `a person does it: ${stepFor(named)}; ${thenLeaveOut}`)
  }
  return { objectId }
}
