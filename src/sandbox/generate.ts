// A large tenant as a seed, for `sandbox serve --generate`: the same numbers and the same `seed` give the same tenant.

export interface GeneratedSize {
  readonly guests: number
  readonly groups: number
  readonly apps: number
  /** How many memberships of guests in groups, at most guests × groups. */
  readonly memberships: number
  readonly seed: number
}

const tenantId = '7918d4b5-0442-4a97-be2d-36f9f9962ece'
const initialDomain = 'contoso.onmicrosoft.com'

const givenNames = ['Lee', 'Dana', 'Chloe', 'Omar', 'Priya', 'Jonas', 'Maya', 'Noah', 'Ines', 'Tariq', 'Hanna', 'Yuki']
const surnames = [
  'Gu',
  'Ruiz',
  'Dubois',
  'Haddad',
  'Shah',
  'Berg',
  'Costa',
  'Novak',
  'Keller',
  'Moreau',
  'Sato',
  'Okafor',
]
const partners = ['fabrikam', 'northwind', 'tailspin', 'litware', 'proseware', 'adatum', 'wingtip', 'relecloud']

export function generateSeed(size: GeneratedSize): object {
  const random = generatorOf(size.seed)
  const users = Array.from({ length: size.guests }, (_, index) => guestOf(index, random))
  const groups = groupsOf(size, users, random)
  const applications = Array.from({ length: size.apps }, (_, index) => ({
    displayName: `App ${index + 1}`,
    uniqueName: `generated-app-${index + 1}`,
    identifierUris: [`api://generated-app-${index + 1}`],
  }))
  const servicePrincipals = applications.map(({ uniqueName }, index) => ({
    displayName: uniqueName,
    appRoleAssignmentRequired: true,
    appRoleAssignedTo: groups.length === 0 ? [] : [{ principal: groups[index % groups.length]?.uniqueName }],
  }))
  return {
    tenant: { tenantId, initialDomain, displayName: 'Contoso (generated)' },
    users,
    groups,
    applications,
    servicePrincipals,
  }
}

interface Guest {
  readonly mail: string
}

function guestOf(index: number, random: () => number): Guest {
  const partner = pick(partners, random)
  const [givenName, surname] = [pick(givenNames, random), pick(surnames, random)]
  const mail = `${givenName}.${surname}.${index + 1}@${partner}.example`.toLowerCase()
  const guest = {
    mail,
    displayName: `${givenName} ${surname}`,
    givenName,
    surname,
    companyName: partner,
    userType: 'Guest',
  }
  return guest
}

function groupsOf({ groups, memberships }: GeneratedSize, guests: readonly Guest[], random: () => number) {
  const members = Array.from({ length: groups }, () => new Set<string>())
  const wanted = Math.min(memberships, groups * guests.length)
  for (let made = 0; made < wanted; made++) {
    // Guests in turn, each into a group at random and from there on into the next that lacks the guest.
    const guest = guests[made % guests.length]
    if (guest === undefined) break
    let at = Math.floor(random() * groups)
    while (members[at]?.has(guest.mail) === true) at = (at + 1) % groups
    members[at]?.add(guest.mail)
  }
  return members.map((mails, index) => ({
    displayName: `Group ${index + 1}`,
    uniqueName: `generated-group-${index + 1}`,
    members: [...mails],
  }))
}

function pick<Value>(values: readonly [Value, ...Value[]] | readonly Value[], random: () => number): Value {
  return values[Math.floor(random() * values.length)] as Value
}

// Mulberry32: small, fast, and the same everywhere.
function generatorOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
