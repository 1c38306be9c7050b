/**
 * The worked example of docs/causes-of-displacement.md: drought, conflict, prices and displacement in districts of Somalia,
 * month by month. Needs the table of Tarraga et al. (2024) in the folder of reference data. `node bench/somalia.ts` prints the
 * tables of that page, `--write` puts them there; the series of the districts are written to a folder where one is named.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type Discovered,
  discover,
  drawNetwork,
  type EffectEstimate,
  effectOf,
  type LinkAssumptions,
  type LinkFinding,
  type TimeSeries,
  timeSeries,
} from '@ecotope/cause'
import { pictureOf, readTable, type Table } from '@ecotope/cube'

const DATA = resolve(import.meta.dirname, '..', process.env.ECOTOPE_DATA ?? '../shared/data')
export const TABLE = join(DATA, 'causal4migrations_somalia', 'UC2_District_aggregation_data.csv')

const [FIRST, LAST] = ['2016-01', '2023-10']
export const VARIABLES = ['spei', 'conflict', 'sorghum', 'goats', 'displaced'] as const

/** Column, how weeks become a month, and what is made of the month. */
const RULES: readonly (readonly [column: string, of: 'mean' | 'sum', then: 'as is' | 'log1p' | 'log change'])[] = [
  ['SPEI_6M', 'mean', 'as is'],
  ['fatalities', 'sum', 'log1p'],
  ['Red Sorghum Price', 'mean', 'log change'],
  ['Goat Price', 'mean', 'log change'],
  ['IDP_Drought', 'sum', 'log1p'],
]

function months(): string[] {
  const all: string[] = []
  for (let year = 2016; year <= 2023; year++)
    for (let month = 1; month <= 12; month++) all.push(`${year}-${String(month).padStart(2, '0')}`)
  return all.filter((month) => month >= FIRST && month <= LAST)
}

/** Monthly columns of each district, in the order of `VARIABLES`. */
function districtColumns(table: Table): Map<string, Float64Array[]> {
  const values = (name: string) => table.columns.find((column) => column.name === name)!.values
  const clock = months()
  const place = new Map(clock.map((month, k) => [month, k]))
  const [districts, times] = [values('District'), values('time')]
  const raw = new Map<string, { sums: Float64Array[]; counts: Float64Array[] }>()
  const columns = RULES.map(([name]) => values(name))
  for (let row = 0; row < table.rows; row++) {
    // Prices of a month stand in the week that holds its first day; a week belongs to the month of its Sunday.
    const at = place.get(monthOfWeek(String(times[row])))
    if (at === undefined) continue
    const name = String(districts[row])
    const empty = (): Float64Array[] => RULES.map(() => new Float64Array(clock.length))
    const district = raw.get(name) ?? { sums: empty(), counts: empty() }
    raw.set(name, district)
    for (const [k, column] of columns.entries()) {
      const value = column[row]
      if (typeof value !== 'number') continue
      district.sums[k]![at] = district.sums[k]![at]! + value
      district.counts[k]![at] = district.counts[k]![at]! + 1
    }
  }
  return new Map(
    [...raw].map(([name, { sums, counts }]) => [name, RULES.map((rule, k) => monthly(sums[k]!, counts[k]!, rule))]),
  )
}

const monthOfWeek = (monday: string): string => new Date(Date.parse(monday) + 6 * 86_400_000).toISOString().slice(0, 7)

function monthly(sums: Float64Array, counts: Float64Array, [, of, then]: (typeof RULES)[number]): Float64Array {
  const plain = sums.map((sum, t) => (counts[t] === 0 ? Number.NaN : of === 'sum' ? sum : sum / counts[t]!))
  if (then === 'as is') return plain
  if (then === 'log1p') return plain.map((value) => Math.log1p(value))
  return plain.map((value, t) => (t === 0 ? Number.NaN : Math.log(value / plain[t - 1]!)))
}

export interface District {
  readonly name: string
  readonly series: TimeSeries
  /** People displaced by drought in the whole period. */
  readonly displaced: number
}

/** Districts whose series are nearly complete (at most 12 of 94 months missing in any variable), the most displaced first. */
export async function districts(): Promise<District[]> {
  const table = await readTable(TABLE)
  const found = [...districtColumns(table)].map(([name, columns]) => ({
    name,
    series: timeSeries({ columns }, { names: VARIABLES }),
    displaced: columns[4]!.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : Math.expm1(value)), 0),
    missing: Math.max(...columns.map((column) => column.filter(Number.isNaN).length)),
  }))
  return found
    .filter(({ missing, displaced }) => missing <= 12 && displaced > 10_000)
    .sort((a, b) => b.displaced - a.displaced)
}

const LAGS = [0, 1, 2, 3] as const

/**
 * People, prices and conflict do not make the weather: only its own past acts on the SPEI. Everything else is open. `forward`:
 * how a link is marked that can only point this way; `o?>` where it may be a hidden common cause instead.
 */
const known = (forward: '-?>' | 'o?>'): LinkAssumptions =>
  VARIABLES.map((effect, j) => {
    const links = VARIABLES.flatMap((cause, i) =>
      LAGS.flatMap((lag): [string, string][] => {
        if ((lag === 0 && i === j) || (effect === 'spei' && cause !== 'spei')) return []
        return [[`${i},${lag === 0 ? 0 : -lag}`, lag > 0 || cause === 'spei' ? forward : 'o?o']]
      }),
    )
    return new Map(links)
  })

const SEARCH = { tauMax: 3, alpha: 0.05, assumptions: known('-?>') }

/** What is found in each district by itself. */
async function alone(all: readonly District[]) {
  const found: { name: string; displaced: number; into: LinkFinding[] }[] = []
  for (const { name, series, displaced } of all) {
    const { findings } = await discover(series, {
      method: 'pcmci+',
      test: 'robust-parcorr',
      search: SEARCH,
      bootstrap: { draws: 100, seed: 1 },
    })
    const into = findings.links.filter(({ from, to, link }) => to === 'displaced' && from !== to && link !== '<->')
    found.push({ name, displaced, into })
  }
  return found
}

/** All districts as data sets of one system. */
async function together(all: readonly District[]) {
  const series = timeSeries(
    all.map((district) => district.series.datasets[0]!),
    { names: VARIABLES },
  )
  const search = { ...SEARCH, alpha: 0.01 }
  const joint = await discover(series, { method: 'jpcmci+', search, dummies: { space: true, time: false } })
  const hidden = await discover(series, { method: 'lpcmci', search: { ...search, assumptions: known('o?>') } })
  const graph = VARIABLES.map((_, i) =>
    VARIABLES.map((__, j) => LAGS.map((tau) => joint.discovery.graph.get(i, j, tau))),
  )
  const effects: [string, EffectEstimate][] = []
  for (const from of ['spei@0', 'spei@-1', 'spei@-2']) {
    const bootstrap = { draws: 200, seed: 1 }
    const { total } = await effectOf(series, graph, { from: [from], to: ['displaced@0'], bootstrap })
    effects.push([from, total[0]!])
  }
  return { joint, hidden, effects }
}

type Row = readonly (string | number)[]

const markdown = (headings: Row, rows: readonly Row[]): string =>
  [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3))

const across = ({ findings }: Discovered): Row[] =>
  findings.links
    .filter(({ from, to }) => from !== to)
    .map(({ from, lag, link, to, strength, qValue }) => [
      from,
      lag,
      `\`${link}\``,
      to,
      strength.toFixed(3),
      probability(qValue),
    ])

/** The tables of the page by name. */
export async function tables(): Promise<Record<string, string>> {
  const all = await districts()
  const single = await alone(all)
  const { joint, hidden, effects } = await together(all)
  const links = single.flatMap(({ name, displaced, into }) =>
    into.map(({ from, lag, link, strength, qValue, stability }) => [
      ...[name, Math.round(displaced), from, lag, `\`${link}\``, strength.toFixed(2), probability(qValue)],
      `${Math.round(100 * stability!)} %`,
    ]),
  )
  const headings = ['cause', 'lag (months)', 'link', 'effect', 'strength', 'q']
  return {
    districts: markdown(
      ['district', 'displaced by drought', 'cause', 'lag (months)', 'link', 'strength', 'q', 'stability'],
      links,
    ),
    joint: markdown(headings, across(joint)),
    hidden: markdown(headings, across(hidden)),
    effects: markdown(
      ['cause', 'change of log displacement per unit of SPEI', '95 % interval'],
      effects.map(([from, { value, low, high }]) => [
        from,
        value.toFixed(2),
        `${low.toFixed(2)} to ${high.toFixed(2)}`,
      ]),
    ),
    count: `${all.length} districts; in ${single.filter(({ into }) => into.length > 0).length} of them some link into displacement won the vote.`,
  }
}

export const PAGE = resolve(import.meta.dirname, '..', 'docs', 'causes-of-displacement.md')

/** The page with tables put between their marks. */
export function withTables(page: string, made: Readonly<Record<string, string>>): string {
  return Object.entries(made).reduce(
    (text, [name, table]) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- end -->)`),
        (_, head, end) => `${head}\n${table}\n${end}`,
      ),
    page,
  )
}

function write(folder: string, name: string, series: TimeSeries): void {
  mkdirSync(folder, { recursive: true })
  const { columns } = series.datasets[0]!
  const rows = months().map((month, t) =>
    [month, ...columns.map((column) => (Number.isNaN(column[t]!) ? '' : column[t]!))].join(','),
  )
  writeFileSync(join(folder, `${name.replaceAll(' ', '-')}.csv`), `month,${VARIABLES.join(',')}\n${rows.join('\n')}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const all = await districts()
  const [folder] = process.argv.slice(2).filter((text) => !text.startsWith('--'))
  if (folder !== undefined) for (const { name, series } of all) write(folder, name, series)
  const made = await tables()
  if (process.argv.includes('--write')) {
    const { joint } = await together(all)
    writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), made))
    const title = 'Districts of Somalia together, 2016 to 2023'
    const picture = pictureOf(drawNetwork(joint.discovery, { title, strength: 'partial correlation' }))
    writeFileSync(join(dirname(PAGE), 'images', 'displacement.svg'), picture.svg())
  } else console.log(Object.values(made).join('\n\n'))
}
