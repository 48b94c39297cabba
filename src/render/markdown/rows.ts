// Who gains and who loses what, as a table: a row for each group with its exact count; where there is no room for that, a row
// for each app or each partner.

import type { EffectGroup } from '../effect-groups.ts'
import { reasonOf } from '../effect-groups.ts'
import { type LaterGroup, turnOf } from '../later.ts'
import { count } from '../layout.ts'
import type { Detail, Pen } from './detail.ts'

interface Row {
  readonly sign: string
  /** Accesses. */
  readonly number: number
  readonly cells: readonly string[]
}

/** What a row is made of, whether it happens now or later. */
interface Item {
  readonly sign: string
  readonly app: string
  readonly appName: string
  readonly hosting: 'cloud' | 'on-premises' | undefined
  readonly partner: string
  readonly people: readonly string[]
  readonly row: (detail: Detail, pen: Pen) => readonly string[]
}

const heads = ['', 'Who', 'Reaches', 'As', 'When', 'Because']

/** With one empty line before and after, or nothing. */
export function effectsTable(
  groups: readonly EffectGroup[],
  later: readonly LaterGroup[],
  detail: Detail,
  pen: Pen,
): readonly string[] {
  const items = [...groups.map(ofEffect), ...later.map(ofLater)]
  if (items.length === 0) return []
  const rows = detail.by === 'group' ? items.map(item => rowOf(item, detail, pen)) : coarse(items, detail.by, pen)
  return [
    lineOf(heads),
    lineOf(heads.map(() => '---')),
    ...fewest(rows, detail.rows).map(({ sign, number, cells }) => lineOf([`${sign} **${number}**`, ...cells])),
  ]
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function rowOf(item: Item, detail: Detail, pen: Pen): Row {
  return { sign: item.sign, number: item.people.length, cells: item.row(detail, pen) }
}

function ofEffect(group: EffectGroup): Item {
  const { effect, app, appName, hosting, partner, people, through, role, until, hasEnded, because } = group
  return {
    sign: effect === 'gain' ? '➕' : '➖',
    app,
    appName,
    hosting,
    partner,
    people: people.map(({ person }) => person),
    row: (detail, pen) => {
      const names = people.map(({ person, until: own }) => {
        const end =
          own === until ? '' : ` (${own === null ? 'no end' : `${hasEnded ? 'ended' : 'until'} ${pen.text(own)}`})`
        return `${pen.code(person)}${end}`
      })
      const when =
        effect === 'gain' ? (until === null ? 'no end' : `until ${until}`) : hasEnded ? `ended ${until}` : 'now'
      const why = because.length === 0 ? pen.text(reasonOf(group)) : because.map(pen.place).join(', ')
      const of = through.length === 0 ? partner : `${partner}/${through.join(', ')}`
      return [who(names, of, detail, pen), reaches(app, hosting, pen), pen.text(role), pen.text(when), why]
    },
  }
}

const laterSigns = { begins: '⏳', longer: '⏩', shorter: '⏪' } as const

function ofLater(group: LaterGroup): Item {
  const { kind, app, appName, hosting, partner, people, role, because } = group
  return {
    sign: laterSigns[kind],
    app,
    appName,
    hosting,
    partner,
    people,
    row: (detail, pen) => [
      who(people.map(pen.code), partner, detail, pen),
      reaches(app, hosting, pen),
      pen.text(role),
      pen.text(turnOf(group)),
      because.map(pen.place).join(', '),
    ],
  }
}

function who(names: readonly string[], of: string, { names: most }: Detail, pen: Pen): string {
  const group = pen.text(of)
  if (most === 0) return group
  const rest = names.length - most
  const shown = rest > 0 ? [...names.slice(0, most), `and ${rest} more`] : names
  return `${shown.join(', ')}<br><sub>${group}</sub>`
}

function reaches(app: string, hosting: Item['hosting'], pen: Pen): string {
  return `**${pen.text(app)}**${hosting === 'on-premises' ? ' (on-premises)' : ''}`
}

/** The largest first: they are what stays. */
function coarse(items: readonly Item[], by: 'app' | 'partner', pen: Pen): readonly Row[] {
  const alike = ({ sign, appName, partner }: Item): string => JSON.stringify([sign, by === 'app' ? appName : partner])
  const rows = [...Map.groupBy(items, alike).values()].flatMap(same => {
    const [first] = same
    if (first === undefined) return []
    const people = count(new Set(same.flatMap(({ people }) => people)).size, 'person', 'people')
    const partners = count(new Set(same.map(({ partner }) => partner)).size, 'partner')
    const apps = count(new Set(same.map(({ appName }) => appName)).size, 'app')
    const cells =
      by === 'app'
        ? [`${people} of ${partners}`, reaches(first.app, first.hosting, pen)]
        : [`${people} of ${pen.text(first.partner)}`, apps]
    const number = same.reduce((sum, { people }) => sum + people.length, 0)
    return [{ sign: first.sign, number, cells: [...cells, '', '', ''] }]
  })
  return rows.sort((a, b) => b.number - a.number)
}

/** What has no row is counted by its sign. */
function fewest(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows
  const rest = Map.groupBy(rows.slice(most), ({ sign }) => sign)
  return [
    ...rows.slice(0, most),
    ...[...rest].map(([sign, others]) => ({
      sign,
      number: others.reduce((sum, { number }) => sum + number, 0),
      cells: ['others', count(others.length, 'more app'), '', '', ''],
    })),
  ]
}
