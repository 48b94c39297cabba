import { describe, expect, test } from 'vitest'
import { anna, dana, errorOf, eventual, lee, people, type Served, serve } from './served.ts'

const seed = {
  users: [
    anna,
    { ...lee, createdDateTime: '2026-03-01T00:00:00Z' },
    {
      ...dana,
      accountEnabled: false,
      otherMails: ['dana@home.example'],
      employeeLeaveDateTime: '2027-01-01T00:00:00Z',
    },
  ],
  groups: [
    {
      displayName: 'Engineers',
      uniqueName: 'engineers',
      description: 'Field',
      members: [lee.mail, dana.mail],
      owners: [anna.mail],
    },
    { displayName: 'Sync', onPremisesSyncEnabled: true },
  ],
  applications: [{ displayName: 'Orders', tags: ['one', 'two'] }],
  servicePrincipals: [{ displayName: 'Orders', tags: ['three'], appRoleAssignedTo: [{ principal: 'Engineers' }] }],
}

function mailsOf(body: { value: { mail: string }[] }): string[] {
  return body.value.map(user => user.mail).sort()
}

async function filtered(graph: Served, filter: string, headers = {}, more = '', path = '/users') {
  return graph.get(`${path}?$filter=${encodeURIComponent(filter)}${more}`, headers)
}

describe('$select', () => {
  test('without it only the default properties are given', async () => {
    const graph = await serve(people)
    const { body } = await graph.get('/users')
    expect(Object.keys(body.value[0]).sort()).toEqual([
      ...['businessPhones', 'displayName', 'givenName', 'id', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation'],
      ...['preferredLanguage', 'surname', 'userPrincipalName'],
    ])
  })

  test('just the selected properties are given, null or empty where there is no value', async () => {
    const graph = await serve(people)
    const { body } = await graph.get(
      `/users/${graph.id('users', lee.mail)}?$select=userType,companyName,proxyAddresses`,
    )
    expect(body).toEqual({
      '@odata.context': `${graph.url}/v1.0/$metadata#users(userType,companyName,proxyAddresses)/$entity`,
      userType: 'Guest',
      companyName: null,
      proxyAddresses: [],
    })
  })

  test('an unknown property is refused', async () => {
    const graph = await serve(people)
    expect(errorOf(await graph.get('/users?$select=id,shoeSize'))).toEqual([
      400,
      'BadRequest',
      "Parsing OData Select and Expand failed: Could not find a property named 'shoeSize' on type 'microsoft.graph.user'.",
    ])
  })

  test('a property that only one object can show is refused on a collection', async () => {
    const graph = await serve(people)
    expect(errorOf(await graph.get('/users?$select=aboutMe'))[0]).toBe(501)
    expect((await graph.get('/users?$select=aboutMe')).body.error.code).toBe('NotImplemented')
    expect((await graph.get(`/users/${graph.id('users', lee.mail)}?$select=aboutMe`)).status).toBe(200)
  })
})

describe('$filter without advanced parameters', () => {
  test.each([
    ["userType eq 'Guest'", [dana.mail, lee.mail]],
    ["userType in ('Guest')", [dana.mail, lee.mail]],
    ["userType eq 'guest' and accountEnabled eq false", [dana.mail]],
    ["mail eq 'LEE@fabrikam.com'", [lee.mail]],
    ["mail in ('lee@fabrikam.com', 'anna@contoso.com')", [anna.mail, lee.mail]],
    ["startsWith(displayName, 'le') or startsWith(mail,'anna@')", [anna.mail, lee.mail]],
    ["startswith(userPrincipalName,'lee_')", [lee.mail]],
    ["creationType eq 'Invitation'", [dana.mail, lee.mail]],
    ["externalUserState eq 'Accepted'", [dana.mail, lee.mail]],
    ["otherMails/any(x:x eq 'dana@home.example')", [dana.mail]],
    ["otherMails/any(m:startsWith(m,'lee'))", [lee.mail]],
    [
      "identities/any(c:c/issuerAssignedId eq 'anna@acme.onmicrosoft.com' and c/issuer eq 'acme.onmicrosoft.com')",
      [anna.mail],
    ],
    ['createdDateTime ge 2026-02-01T00:00:00Z', [lee.mail]],
    ['createdDateTime le 2026-02-01', [anna.mail, dana.mail]],
    ["(userType eq 'Guest' and accountEnabled eq true) or displayName eq 'Anna'", [anna.mail, lee.mail]],
    ["displayName eq 'O''Brien'", []],
    ['onPremisesSyncEnabled eq true', []],
  ])('%s', async (filter, mails) => {
    const graph = await serve(seed)
    const { status, body } = await filtered(graph, filter)
    expect([status, mailsOf(body)]).toEqual([200, mails])
  })

  test.each([
    ["userType ne 'Guest'", /Operator 'ne' is not supported/],
    ["not(userType eq 'Guest')", /Operator 'not' is not supported/],
    ["endsWith(mail,'@fabrikam.com')", /Operator 'endsWith' is not supported/],
    ["companyName eq 'Fabrikam'", /for property 'companyName' of resource 'User'/],
    ["startsWith(companyName,'Fab')", /for property 'companyName'/],
    ["onPremisesImmutableId eq 'x'", /for property 'onPremisesImmutableId'/],
    ["employeeType eq 'x'", /for property 'employeeType'/],
    ["onPremisesExtensionAttributes/extensionAttribute1 eq 'Guest'", /extensionAttribute1/],
    ['employeeLeaveDateTime le 2027-01-01T00:00:00Z', /for property 'employeeLeaveDateTime'/],
    ['mail eq null', /for property 'mail'/],
    ['otherMails/$count eq 0', /for property 'otherMails'/],
  ])('%s needs them', async (filter, message) => {
    const graph = await serve(seed)
    expect(errorOf(await filtered(graph, filter))).toEqual([
      400,
      'Request_UnsupportedQuery',
      expect.stringMatching(message),
    ])
    // Each of the two alone is not enough.
    expect((await filtered(graph, filter, eventual)).status).toBe(400)
    expect((await filtered(graph, filter, {}, '&$count=true')).status).toBe(400)
    expect((await filtered(graph, filter, eventual, '&$count=true')).status).toBe(200)
  })

  test.each([
    ["contains(displayName,'e')", 'Request_UnsupportedQuery', /displayName/],
    ["passwordProfile/password eq 'x'", 'Request_UnsupportedQuery', /passwordProfile/],
    ["faxNumber eq 'x'", 'Request_UnsupportedQuery', /faxNumber/],
    ["mail gt 'a'", 'Request_UnsupportedQuery', /mail/],
    ["identities/any(c:c/issuerAssignedId eq 'x')", 'Request_UnsupportedQuery', /identities/],
    ["shoeSize eq '42'", 'BadRequest', /Could not find a property named 'shoeSize'/],
    ["otherMails eq 'x'", 'BadRequest', /incompatible types/],
    ["accountEnabled eq 'true'", 'BadRequest', /'Edm.Boolean' and 'Edm.String'/],
    ['mail eq 5', 'BadRequest', /'Edm.String' and 'Edm.Int32'/],
    ["mail eq 'open", 'BadRequest', /unterminated string literal/],
    ["mail eq 'a' and", 'BadRequest', /Syntax error at position 15/],
    ["mail is 'a'", 'BadRequest', /Syntax error at position 5/],
    ['mail eq', 'BadRequest', /Syntax error/],
    ["mail eq 'a' 'b'", 'BadRequest', /Syntax error/],
    ["(mail eq 'a'", 'BadRequest', /Syntax error/],
    ["mail eq 'a'; drop", 'BadRequest', /Syntax error/],
  ])('%s is refused altogether', async (filter, code, message) => {
    const graph = await serve(seed)
    expect(errorOf(await filtered(graph, filter, eventual, '&$count=true'))).toEqual([
      400,
      code,
      expect.stringMatching(message),
    ])
  })

  test.each(['or', 'in'])('more than 15 alternatives by %s are refused', async by => {
    const graph = await serve(seed)
    const filter = (count: number) => {
      const values = Array.from({ length: count }, (_, index) => `'${index}'`)
      return by === 'in' ? `mail in (${values.join(',')})` : values.map(value => `mail eq ${value}`).join(' or ')
    }
    expect((await filtered(graph, filter(15))).status).toBe(200)
    expect(errorOf(await filtered(graph, filter(16)))[2]).toMatch(/Too many child clauses .* 16\. Max allowed: 15/)
  })
})

describe('$filter as an advanced query', () => {
  test.each([
    ["userType ne 'Guest'", [anna.mail]],
    ["not(userType eq 'Guest')", [anna.mail]],
    ["not startsWith(displayName,'Le')", [anna.mail, dana.mail]],
    ["endsWith(mail,'@FABRIKAM.com')", [dana.mail, lee.mail]],
    ["companyName eq 'fabrikam'", [dana.mail]],
    ['companyName ne null', [dana.mail]],
    ['companyName eq null', [anna.mail, lee.mail]],
    ['employeeLeaveDateTime le 2027-06-01T00:00:00Z', [dana.mail]],
    ['otherMails/$count eq 0', [anna.mail]],
    ["otherMails/any(x:endsWith(x,'home.example'))", [dana.mail]],
  ])('%s', async (filter, mails) => {
    const graph = await serve(seed)
    const { status, body } = await filtered(graph, filter, eventual, '&$count=true')
    expect([status, mailsOf(body), body['@odata.count']]).toEqual([200, mails, mails.length])
  })
})

test.each([
  ['/groups', "displayName eq 'engineers'", 1],
  ['/groups', 'onPremisesSyncEnabled eq true', 1],
  ['/groups', "startsWith(displayName,'S')", 1],
  ['/applications', "displayName eq 'Orders'", 1],
  ['/applications', "tags/any(t:t eq 'two')", 1],
  ['/servicePrincipals', "tags/any(t:t eq 'two')", 1],
  ['/servicePrincipals', "tags/any(t:t eq 'three')", 1],
  ['/servicePrincipals', "tags/any(t:t eq 'four')", 0],
])('%s can be filtered by %s', async (path, filter, count) => {
  const graph = await serve(seed)
  expect((await filtered(graph, filter, {}, '', path)).body.value).toHaveLength(count)
})

test.each([
  ['/groups', "uniqueName eq 'engineers'"],
  ['/groups', 'createdDateTime ge 2021-11-01'],
])('%s cannot be filtered by %s', async (path, filter) => {
  const graph = await serve(seed)
  expect(errorOf(await filtered(graph, filter, eventual, '&$count=true', path))[1]).toBe('Request_UnsupportedQuery')
})

describe('$count', () => {
  test('is ignored as an option without the header', async () => {
    const graph = await serve(people)
    expect((await graph.get('/users?$count=true')).body).not.toHaveProperty(['@odata.count'])
  })

  test('is given with the header', async () => {
    const graph = await serve(people)
    expect((await graph.get('/users?$count=true&$top=1', eventual)).body['@odata.count']).toBe(3)
  })

  test('as a segment needs the header', async () => {
    const graph = await serve(people)
    expect(errorOf(await graph.get('/users/$count'))).toEqual([
      400,
      'Request_BadRequest',
      '$count is not currently supported.',
    ])
    const counted = await graph.get("/users/$count?$filter=userType eq 'Guest'", eventual)
    expect([counted.body, counted.headers.get('content-type')]).toEqual(['2', 'text/plain'])
  })
})

describe('$orderby', () => {
  test.each([
    ['displayName', ['Anna', 'Dana Ruiz', 'Lee Gu']],
    ['displayName desc', ['Lee Gu', 'Dana Ruiz', 'Anna']],
  ])('%s', async (order, names) => {
    const graph = await serve(people)
    const { body } = await graph.get(`/users?$orderby=${order}`)
    expect(body.value.map((user: { displayName: string }) => user.displayName)).toEqual(names)
  })

  test.each([
    ['/users?$orderby=createdDateTime', 400],
    ['/users?$orderby=mail', 400],
    ["/users?$orderby=displayName&$filter=userType eq 'Guest'", 400],
    ['/applications?$orderby=displayName', 400],
  ])('%s needs an advanced query, or is never possible', async (path, status) => {
    const graph = await serve(seed)
    expect(errorOf(await graph.get(path))).toEqual([
      status,
      'Request_UnsupportedQuery',
      'Sorting not supported for current query.',
    ])
    expect((await graph.get(`${path}&$count=true`, eventual)).status).toBe(path.includes('=mail') ? 400 : 200)
  })
})

describe('$search', () => {
  test('needs the header', async () => {
    const graph = await serve(people)
    const path = '/users?$search="displayName:ruiz"'
    expect(errorOf(await graph.get(path))[1]).toBe('Request_UnsupportedQuery')
    expect(mailsOf((await graph.get(path, eventual)).body)).toEqual([dana.mail])
  })

  test('takes alternatives', async () => {
    const graph = await serve(people)
    const { body } = await graph.get('/users?$search="displayName:ruiz" OR "mail:lee"', eventual)
    expect(mailsOf(body)).toEqual([dana.mail, lee.mail])
  })
})

describe('$expand', () => {
  test('shows at most 20 members, with their types', async () => {
    const users = Array.from({ length: 25 }, (_, index) => ({ mail: `p${index}@x.example`, userType: 'Guest' }))
    const graph = await serve({ users, groups: [{ displayName: 'All', members: users.map(user => user.mail) }] })
    const { body } = await graph.get('/groups?$expand=members($select=id)')
    expect(body.value[0].members).toHaveLength(20)
    expect(body.value[0].members[0]).toEqual({
      '@odata.type': '#microsoft.graph.user',
      id: graph.id('users', 'p0@x.example'),
    })
  })

  test("shows users' sponsors and manager", async () => {
    const graph = await serve({ users: [anna, { ...lee, sponsors: [anna.mail], manager: anna.mail }] })
    const { body } = await graph.get(`/users/${graph.id('users', lee.mail)}?$expand=sponsors($select=mail)`)
    expect(body.sponsors).toEqual([{ '@odata.type': '#microsoft.graph.user', mail: anna.mail }])
    const managed = await graph.get(`/users/${graph.id('users', lee.mail)}?$expand=manager($select=mail)`)
    expect(managed.body.manager).toMatchObject({ mail: anna.mail })
  })

  test("shows groups' owners, and assignments of a service principal", async () => {
    const graph = await serve(seed)
    expect((await graph.get('/groups?$expand=owners($select=mail)')).body.value[0].owners).toMatchObject([
      { mail: anna.mail },
    ])
    const { body } = await graph.get('/servicePrincipals?$expand=appRoleAssignedTo')
    expect(body.value[0].appRoleAssignedTo).toMatchObject([{ principalDisplayName: 'Engineers' }])
  })

  test.each(['members,owners', 'photo', 'members($filter=id eq 1)'])('%s is refused', async expand => {
    const graph = await serve(seed)
    expect((await graph.get(`/groups?$expand=${expand}`)).status).toBe(400)
  })

  test('is no part of an advanced query', async () => {
    const graph = await serve(seed)
    expect(errorOf(await graph.get('/groups?$expand=members&$count=true', eventual))[1]).toBe(
      'Request_UnsupportedQuery',
    )
  })
})

test.each(['$apply=x', '$skip=5', '$top=0', '$top=1000', '$top=many', '$count=maybe'])(
  '%s is refused',
  async option => {
    const graph = await serve(people)
    expect((await graph.get(`/users?${option}`)).status).toBe(400)
  },
)
