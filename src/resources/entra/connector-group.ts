// Which connectors reach a published app: a group that the policy names. Graph lets people choose it, and an application only
// where the tenant allows; where it does not, a person is told which step to take. Nothing waits for that.

import { type Directories, type DirectoryWriters, RequestFailure } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { Waiting } from '../../model/plan.ts'
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
  perform,
}

interface Named {
  readonly app: ResolvedApp
  readonly name: string
  readonly groupId: string
}

/** Apps whose group the policy names by its id; without the id, a person sees to it. */
function namedGroups(policy: ResolvedPolicy): readonly Named[] {
  const groups = policy.organization.spec.applicationProxy?.connectorGroups ?? []
  return [...policy.apps.values()].flatMap(app => {
    const group = groups.find(({ name }) => name === app.spec.proxy?.connectorGroup)
    return group?.id === undefined ? [] : [{ app, name: group.name, groupId: group.id.toLowerCase() }]
  })
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
  if (groups === 'refused') return { resources: [], blocked: named.map(byHand) }

  const known = new Set(groups.map(({ id }) => id.toLowerCase()))
  const found = new Map((await readApps(from, policy)).map(each => [each.name, each]))
  const published = named.flatMap(each => {
    const { publishing, registered } = found.get(each.app.name) ?? {}
    return publishing === undefined || registered === undefined ? [] : [{ ...each, registered }]
  })
  const chosen = await unlessRefused(
    from.entra.getEach<Group>(
      published.map(({ registered }) => graphPath`/applications/${registered.id}/connectorGroup`),
      { version: 'beta', select: ['id', 'name'] },
    ),
  )
  if (chosen === 'refused') return { resources: [], blocked: named.map(byHand) }
  const resources = published.flatMap(({ app, name, groupId, registered }, index): Observed<ConnectorGroupSpec>[] => {
    const group = chosen[index]
    if (group === undefined) return []
    const isWanted = group.id.toLowerCase() === groupId
    return [
      {
        id: ids.connectorGroup(app.name),
        app: app.name,
        objectId: registered.id,
        owned: true,
        needs: [ids.appProxy(app.name)],
        spec: { connectorGroup: isWanted ? name : `${group.name ?? 'unnamed'} (${group.id})` },
      },
    ]
  })
  const blocked = named.filter(({ groupId }) => !known.has(groupId)).map(unknown)
  const hopeless = new Set(blocked.map(({ id }) => id))
  return { resources: resources.filter(({ id }) => !hopeless.has(id)), blocked }
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

function unknown({ app, name, groupId }: Named): Waiting {
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
  try {
    await entra.setReference(
      graphPath`/applications/${objectId}/connectorGroup`,
      graphPath`/onPremisesPublishingProfiles/applicationProxy/connectorGroups/${named.groupId}`,
      'beta',
    )
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.status !== 403) throw error
    const message = `the tenant does not let an application put ${app} into a connector group`
    throw new Failure('connector-group-refused', message, `a person does it: ${stepFor(named)}; ${thenLeaveOut}`)
  }
  return { objectId }
}
