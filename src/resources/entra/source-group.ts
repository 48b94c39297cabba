// Groups of the tenant that others keep and policies read people from. Read with all that is nested in them, never written.

import { type Directories, RequestFailure } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { SourceFault, SourceGroup, SourceMember } from '../source-group.ts'
import { type Group, isInvited, readGroups, type User } from './tenant.ts'

interface Member extends Omit<User, 'userPrincipalName'> {
  readonly '@odata.type'?: string
  /** Without the permission to read users, Graph gives their ids alone. */
  readonly userPrincipalName?: string | null
}

/** Sources by the name, or object id, that policies give them. */
export async function readEntraSources(
  from: Directories,
  named: ReadonlySet<string>,
): Promise<ReadonlyMap<string, SourceGroup>> {
  if (named.size === 0) return new Map()
  const groups = await readGroups(from)
  const ours = new Map(groups.filter(isOurs).map(group => [group.id, group]))
  const found = [...named].map(name => ({ name, match: groupNamed(name, groups) }))
  const there = found.flatMap(({ match }) => ('id' in match ? [match] : []))
  // Not only users: a group of ours within would keep everybody in whom it once let in.
  const lists = await from.entra.listEach<Member>(
    there.map(({ id }) => graphPath`/groups/${id}/transitiveMembers`),
    {
      select: [
        'id',
        'displayName',
        'userPrincipalName',
        'onPremisesUserPrincipalName',
        'mail',
        'otherMails',
        'userType',
        'creationType',
        'externalUserState',
      ],
    },
  )
  const listOf = new Map(there.map(({ id }, index) => [id, lists[index]]))
  return new Map(
    found.map(({ name, match }): [string, SourceGroup] => {
      if (!('id' in match)) return [name, { fault: match }]
      const members = listOf.get(match.id)
      if (members === undefined) return [name, { fault: missing(name) }]
      const own = ours.get(match.id) ?? members.map(({ id }) => ours.get(id)).find(group => group !== undefined)
      if (own !== undefined) return [name, { fault: ownGroup(name, own, own.id !== match.id) }]
      return [name, { members: members.filter(member => typeOf(member) !== 'group').map(each => memberOf(each, name)) }]
    }),
  )
}

/** Every mark of ours begins so. */
function isOurs({ uniqueName }: Group): boolean {
  return uniqueName?.startsWith('guestlist.') === true
}

/** Names are compared as Entra does, without regard to case; an object id wins over a name that looks like one. */
function groupNamed(name: string, groups: readonly Group[]): Group | SourceFault {
  const wanted = name.toLowerCase()
  const byId = groups.find(({ id }) => id.toLowerCase() === wanted)
  if (byId !== undefined) return byId
  const [first, ...more] = groups.filter(({ displayName }) => displayName?.toLowerCase() === wanted)
  if (first === undefined) return missing(name)
  if (more.length === 0) return first
  return {
    code: 'guardrail/source-ambiguous',
    message: `${more.length + 1} groups in Entra are called ${name}`,
    hint: `name one by its object id: ${[first, ...more].map(({ id }) => id).join(', ')}`,
  }
}

function missing(name: string): SourceFault {
  return {
    code: 'guardrail/source-missing',
    message: `no group in Entra is called ${name}`,
    hint: 'was it renamed? Its object id, as membersFrom.entraGroup, outlives a renaming',
  }
}

function ownGroup(name: string, own: Group, isNested: boolean): SourceFault {
  const what = own.displayName ?? own.uniqueName ?? own.id
  return {
    code: 'guardrail/source-own-group',
    message: isNested ? `${name} holds ${what}, a group that guestlist keeps` : `${name} is kept by guestlist itself`,
    hint: 'whom guestlist put there once would stay for ever: name a group that others keep',
  }
}

const things: Readonly<Record<string, string>> = {
  device: 'a device',
  servicePrincipal: 'an application',
  orgContact: 'a mail contact',
}

function memberOf(member: Member, source: string): SourceMember {
  const type = typeOf(member)
  const displayName = member.displayName ?? undefined
  const named = displayName === undefined ? {} : { displayName }
  if (type !== 'user')
    return { name: displayName ?? member.id, ...named, mails: [], thing: things[type] ?? 'not a person' }
  const { mail, userType, userPrincipalName } = member
  if (!userPrincipalName) throw unreadable(source)
  const principalName = (member.onPremisesUserPrincipalName ?? userPrincipalName).toLowerCase()
  const mails = (mail ? [mail] : (member.otherMails ?? [])).map(address => address.toLowerCase())
  return {
    name: mails[0] ?? principalName,
    ...named,
    mails,
    otherMails: (member.otherMails ?? []).map(address => address.toLowerCase()),
    principalName,
    // A guest who was made a member since is no employee.
    isEmployee: userType !== 'Guest' && !isInvited({ ...member, userPrincipalName }),
  }
}

function typeOf(member: Member): string {
  return member['@odata.type']?.replace('#microsoft.graph.', '') ?? 'user'
}

function unreadable(source: string): Error {
  return new RequestFailure(
    403,
    'Authorization_RequestDenied',
    `Microsoft Graph gave members of ${source} without their names. The application probably lacks User.Read.All; after granting it (with admin consent) a new token is needed`,
  )
}
