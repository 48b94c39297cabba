import { symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadPolicy } from '../../src/policy/load.ts'
import { access, fabrikam, folderOf, load, places, sound, today } from './folder.ts'

const partner = `${fabrikam.slice(0, fabrikam.indexOf('    members'))}    membersFrom: {csv: rosters/people.csv}\n`
const withRoster = (csv: string | Uint8Array) => {
  const { 'fabrikam.yaml': _, ...rest } = sound
  return { ...rest, 'partners/fabrikam.yaml': partner, 'partners/rosters/people.csv': csv }
}
const roster = 'partners/rosters/people.csv'

test('every member has its own line, whatever the quotes, blanks and line ends', async () => {
  const csv =
    '\ufeffaddress,displayName,until\r\nlee@fabrikam.com,"Lee, ""the"" Great",\r\n\r\n  Dana@Fabrikam.com , Dana Ruiz ,2027-03-31\r\nzoe@fabrikam.com'
  const { policy, problems, files } = await load(withRoster(csv))
  expect(problems).toEqual([])
  expect(files).toBe(5)
  expect(policy?.partners.get('fabrikam')?.groups.get('engineers')?.members).toEqual([
    { address: 'dana@fabrikam.com', until: '2027-03-31', inForce: true, origin: { file: roster, line: 4, column: 3 } },
    { address: 'lee@fabrikam.com', inForce: true, origin: { file: roster, line: 2, column: 1 } },
    { address: 'zoe@fabrikam.com', inForce: true, origin: { file: roster, line: 5, column: 1 } },
  ])
  expect(policy?.people.get('lee@fabrikam.com')?.displayName).toBe('Lee, "the" Great')
})

test('columns may come in any order', async () => {
  const { policy, problems } = await load(withRoster('until,address\n2027-01-01,lee@fabrikam.com\n'))
  expect(problems).toEqual([])
  expect(policy?.partners.get('fabrikam')?.groups.get('engineers')?.members[0]?.until).toBe('2027-01-01')
})

test.each<[string, string | Uint8Array, readonly string[], RegExp]>([
  [
    'a foreign address',
    'address\nlee@fabrikam.com\npat@gmail.com\n',
    ['error[foreign-domain] 3:1'],
    /pat@gmail.com is not of fabrikam/,
  ],
  ['the same person twice', 'address\nlee@fabrikam.com\nLEE@fabrikam.com\n', ['error[listed-twice] 3:1'], /twice/],
  ['an unknown column', 'address,name\nlee@fabrikam.com,Lee\n', ['error[unknown-column] 1:9'], /no column `name`/],
  [
    'a column with a near name',
    'adress,displayName\nlee@fabrikam.com,Lee\n',
    ['error[unknown-column] 1:1'],
    /did you mean `address`\?/,
  ],
  ['semicolons', 'address;displayName\nlee@fabrikam.com;Lee\n', ['error[unknown-column] 1:1'], /separated by commas/],
  ['a column twice', 'address,address\na@fabrikam.com,b@fabrikam.com\n', ['error[unknown-column] 1:9'], /there twice/],
  ['no address column', 'displayName\nLee\n', ['error[missing-column] 1:1'], /`address` is missing/],
  [
    'a line without address',
    'displayName,address\nLee,\nDana,dana@fabrikam.com\n',
    ['error[missing-address] 2:5'],
    /has no address/,
  ],
  [
    'too many columns',
    'address,displayName\nlee@fabrikam.com,Lee, Jr.\n',
    ['error[extra-column] 2:23'],
    /more columns than the header/,
  ],
  [
    'a bad date',
    'address,until\nlee@fabrikam.com,31.12.2027\n',
    ['error[bad-date] 2:18'],
    /`31.12.2027` is not a date/,
  ],
  ['a look-alike', 'address\nl\u0435e@fabrikam.com\n', ['error[look-alike] 2:1'], /U\+0435/],
  [
    'several mistakes',
    'address,until\nlee,soon\nx@y.com,\n',
    ['error[bad-address] 2:1', 'error[bad-date] 2:5', 'error[foreign-domain] 3:1'],
    /is not an address/,
  ],
  ['an open quotation mark', 'address,displayName\nlee@fabrikam.com,"Lee\n', ['error[bad-csv] 2:1'], /never closed/],
  [
    'a stray quotation mark',
    'address,displayName\nlee@fabrikam.com,Lee "x"\n',
    ['error[bad-csv] 2:1'],
    /inside a field/,
  ],
  ['nothing', '', ['error[bad-csv] 1:1'], /no header row/],
  ['UTF-16', Buffer.from([0xff, 0xfe, 0x61, 0]), ['error[wrong-encoding] 1:1'], /UTF-16/],
])('%s', async (_, csv, expected, says) => {
  const loaded = await load(withRoster(csv))
  expect(places(loaded)).toEqual(expected.map(place => place.replace('] ', `] ${roster}:`)))
  expect(`${loaded.problems[0]?.message} ${loaded.problems[0]?.hint}`).toMatch(says)
})

test('a roster must be there, and inside the folder', async () => {
  const { [roster]: _, ...without } = withRoster('')
  expect(places(await load(without))).toEqual(['error[missing-file] partners/fabrikam.yaml:9:24'])
  const named = (csv: string) => ({ ...without, 'partners/fabrikam.yaml': partner.replace('rosters/people.csv', csv) })
  expect(places(await load(named('../../../etc/passwd')))).toEqual([
    'error[outside-folder] partners/fabrikam.yaml:9:24',
  ])
  expect(places(await load(named('/etc/passwd')))).toEqual(['error[bad-path] partners/fabrikam.yaml:9:24'])
  expect(places(await load(named('.')))).toEqual(['error[missing-file] partners/fabrikam.yaml:9:24'])
  expect(places(await load({ ...named('../people.csv'), 'people.csv': 'address\nlee@fabrikam.com\n' }))).toEqual([])

  const folder = folderOf(named('link.csv'))
  symlinkSync(
    path.join(folderOf({ 'people.csv': 'address\nlee@fabrikam.com\n' }), 'people.csv'),
    path.join(folder, 'partners/link.csv'),
  )
  expect(places(await loadPolicy(folder, today))).toEqual(['error[outside-folder] partners/fabrikam.yaml:9:24'])
})

test('ten thousand people load in a moment, from YAML and from CSV', async () => {
  const people = Array.from({ length: 10_000 }, (_, index) => `person${index}@fabrikam.com`)
  const yaml =
    fabrikam.slice(0, fabrikam.indexOf('      - ')) +
    people.map(address => `      - {address: ${address}, displayName: Somebody, until: 2027-03-31}\n`).join('')
  const csv = `address,displayName,until\n${people.map(address => `${address},Somebody,2027-03-31\n`).join('')}`
  const rule = 'apiVersion: guestlist/v1\nkind: Rule\nname: r\neach: person\ndeny: size(person.apps) > 1\nmessage: x\n'
  for (const files of [
    { ...sound, 'fabrikam.yaml': yaml, 'rule.yaml': rule, 'access.yaml': access },
    { ...withRoster(csv), 'rule.yaml': rule },
  ]) {
    const began = performance.now()
    const { policy, problems } = await load(files)
    expect(problems).toEqual([])
    expect(policy?.people.size).toBe(10_000)
    expect(performance.now() - began).toBeLessThan(6000)
  }
})
