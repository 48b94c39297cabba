// The rights as commands that a person can run, for the documentation: Contoso's places, one paragraph for each kind of
// place.

import { type Place, type Places, type Right, sddlOf } from './service-account.ts'

/** PowerShell, for a Windows domain controller. */
export function dsaclsCommands(rights: readonly Right[], places: Places): string {
  const paragraphs = byPlaces(rights).map(({ on, of }) => {
    const lines = of.map(right => {
      const granted = (attribute: string): string => `"\${account}:${permission(right, attribute)}"`
      const inherited = right.of === undefined ? '' : right.rights === 'CC' ? ' /I:T' : ' /I:S'
      if (right.attributes === undefined) return `  dsacls $place${inherited} /G ${granted('')}`
      const names = right.attributes.map(name => `'${name}'`).join(', ')
      return `  foreach ($name in ${names}) {\n    dsacls $place${inherited} /G ${granted('$name')}\n  }`
    })
    const listed = dns(on, places).map(dn => `'${dn}'`)
    return [`foreach ($place in ${listed.join(', ')}) {`, ...lines, '}'].join('\n')
  })
  return ["$account = 'CORP\\svc-guestlist'", ...paragraphs].join('\n')
}

/** `Permissions;property;class of the objects below`, without what is empty at the end. */
function permission({ rights, of }: Right, attribute: string): string {
  return (rights === 'CC' ? [rights, of] : [rights, attribute, of]).join(';').replace(/;+$/, '')
}

/** For a shell on a Samba domain controller. */
export function sambaCommands(rights: readonly Right[], places: Places, guids: ReadonlyMap<string, string>): string {
  const account = 'sid=$(samba-tool user show svc-guestlist --attributes=objectSid | sed -n "s/^objectSid: //p")'
  const paragraphs = byPlaces(rights).map(({ on, of }) => {
    const sddl = of.flatMap(right => sddlOf(right, '$sid', guids)).join('\\\n')
    const listed = dns(on, places).map(dn => `'${dn}'`)
    return [
      `for place in ${listed.join(' ')}; do`,
      `  samba-tool dsacl set --action=allow --objectdn="$place" --sddl="\\\n${sddl}"`,
      'done',
    ].join('\n')
  })
  return [account, ...paragraphs].join('\n')
}

function byPlaces(rights: readonly Right[]): readonly { on: readonly Place[]; of: readonly Right[] }[] {
  const groups = new Map<string, { on: readonly Place[]; of: Right[] }>()
  for (const right of rights) {
    const group = groups.get(right.on.join()) ?? { on: right.on, of: [] }
    group.of.push(right)
    groups.set(right.on.join(), group)
  }
  return [...groups.values()]
}

function dns(on: readonly Place[], places: Places): readonly string[] {
  return on.flatMap(place => places[place])
}
