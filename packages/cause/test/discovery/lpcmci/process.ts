/** The series and options of oracles/cause/lpcmci.py, made again from their description. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LpcmciOptions } from '../../../src/discovery/lpcmci/options.ts'
import type { TestOptions } from '../../../src/independence/test.ts'
import { type TimeSeries, timeSeries } from '../../../src/series/series.ts'

export interface ProcessSpec {
  readonly seed: number
  readonly variables: number
  readonly hidden: number
  readonly length: number
  readonly links: number
  readonly lag: number
  readonly nonlinear: boolean
  readonly missing?: number
  readonly digits?: number
}

/** Columns of a table below the folder of real series. */
export interface FileSpec {
  readonly file: string
  readonly columns: readonly string[]
  readonly separator?: string
  /** Lines after the head that are no data. */
  readonly skip?: number
  /** Only rows with this value in this column. */
  readonly where?: readonly [column: string, value: string]
  readonly rows?: number
}

export interface GoldenCase {
  readonly series: ProcessSpec | FileSpec
  readonly options: Readonly<Record<string, number | boolean>>
  readonly assumptions?: readonly Readonly<Record<string, string>>[]
  readonly test?: Readonly<Record<string, string | number>>
  readonly graph: readonly string[]
  readonly p_matrix: readonly (readonly (readonly (number | string)[])[])[]
  readonly val_matrix: readonly (readonly (readonly (number | string)[])[])[]
  readonly error?: string
}

const BURN_IN = 200

/** xorshift32 (Marsaglia 2003). */
class Draw {
  #state: number

  constructor(seed: number) {
    this.#state = Number((BigInt(seed) * 2654435761n + 1n) & 0xffffffffn) || 1
  }

  uniform(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 4294967296
  }

  below(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  noise(): number {
    let total = -6
    for (let k = 0; k < 12; k++) total += this.uniform()
    return total
  }
}

/** Nearly normal, with unit variance. */
export function whiteNoise(seed: number, length: number): Float64Array {
  const draw = new Draw(seed)
  return Float64Array.from({ length }, () => draw.noise())
}

interface ProcessLink {
  readonly i: number
  readonly lag: number
  readonly size: number
  readonly bent: boolean
}

export function columnsOf(spec: ProcessSpec): Float64Array[] {
  const draw = new Draw(spec.seed)
  const n = spec.variables + spec.hidden
  const own = Array.from({ length: n }, () => 0.2 + 0.7 * draw.uniform())
  const links = drawLinks(draw, spec, n, own)
  const order = Array.from({ length: n }, (_, k) => k)
  for (let k = n - 1; k > 0; k--) {
    const other = draw.below(k + 1)
    ;[order[k], order[other]] = [order[other]!, order[k]!]
  }
  const length = spec.length + BURN_IN
  const x = own.map(() => new Float64Array(length))
  for (let t = 0; t < length; t++)
    for (let j = 0; j < n; j++) {
      let value = draw.noise()
      if (t > 0) value += own[j]! * x[j]![t - 1]!
      for (const { i, lag, size, bent } of links[j]!) {
        if (t < lag) continue
        const cause = x[i]![t - lag]!
        value += size * (bent ? (3 * cause * cause) / (1 + cause * cause) : cause)
      }
      x[j]![t] = value
    }
  const columns = order.slice(spec.hidden).map((k) => x[k]!.slice(BURN_IN))
  for (let t = 0; t < spec.length; t++)
    for (const column of columns) if (draw.uniform() < (spec.missing ?? 0)) column[t] = Number.NaN
  if (spec.digits === undefined) return columns
  const scale = 10 ** spec.digits
  return columns.map((column) => column.map((value) => Math.floor(value * scale + 0.5) / scale))
}

/** Scales coefficients in `own` too, so that the process stays bounded. */
function drawLinks(draw: Draw, spec: ProcessSpec, n: number, own: number[]): ProcessLink[][] {
  const links = own.map((): ProcessLink[] => [])
  for (let k = 0; k < spec.links; k++) {
    const [first, second, lag] = [draw.below(n), draw.below(n), draw.below(spec.lag + 1)]
    const sign = draw.uniform() < 0.5 ? 1 : -1
    const size = sign * (0.25 + 0.5 * draw.uniform())
    const bent = spec.nonlinear && draw.uniform() < 0.5
    if (first === second) continue
    const [i, j] = lag === 0 && first > second ? [second, first] : [first, second]
    links[j]!.push({ i, lag, size, bent })
  }
  for (const [j, into] of links.entries()) {
    let total = own[j]!
    for (const { size } of into) total += Math.abs(size)
    if (total <= 0.95) continue
    own[j] = (own[j]! * 0.95) / total
    links[j] = into.map((link) => ({ ...link, size: (link.size * 0.95) / total }))
  }
  return links
}

/** The folder of real series. */
export const dataFolder = process.env.ECOTOPE_DATA ?? join(import.meta.dirname, '../../../../../../shared/data')

export function seriesOf(spec: ProcessSpec | FileSpec): TimeSeries {
  if (!('file' in spec)) return timeSeries({ columns: columnsOf(spec) })
  const lines = readFileSync(join(dataFolder, spec.file), 'utf8')
    .trim()
    .split(/\r\n?|\n/)
  const [names, ...cells] = lines.map((line) => line.split(spec.separator ?? ','))
  const at = (name: string): number => names!.indexOf(name)
  const rows = cells
    .slice(spec.skip ?? 0)
    .filter((row) => spec.where === undefined || row[at(spec.where[0])] === spec.where[1])
    .slice(0, spec.rows)
  const number = (cell: string): number => (['', 'NaN', '-9999'].includes(cell) ? Number.NaN : Number(cell))
  return timeSeries(
    { columns: spec.columns.map((name) => rows.map((row) => number(row[at(name)]!))) },
    { names: spec.columns },
  )
}

/** Our names of the reference's options. */
const NAMES = {
  tau_min: 'tauMin',
  tau_max: 'tauMax',
  pc_alpha: 'alpha',
  n_preliminary_iterations: 'preliminaryPhases',
  max_cond_px: 'maxConditionsX',
  max_p_global: 'maxConditions',
  max_p_non_ancestral: 'maxConditionsNonAncestral',
  max_q_global: 'maxCombinations',
  max_pds_set: 'maxCandidates',
  prelim_with_collider_rules: 'preliminaryColliders',
  parents_of_lagged: 'parentsOfLagged',
  prelim_only: 'preliminaryOnly',
  break_once_separated: 'stopOnceSeparated',
  no_non_ancestral_phase: 'skipNonAncestral',
  use_a_pds_t_for_majority: 'ancestralVotes',
  orient_contemp: 'orientContemporaneous',
  update_middle_marks: 'updateMiddleMarks',
  prelim_rules: 'preliminaryRules',
  fix_all_edges_before_final_orientation: 'fixBeforeLastRules',
  auto_first: 'ownPastFirst',
  remember_only_parents: 'rememberOnlyParents',
  no_apr: 'withoutApr',
} as const satisfies Record<string, keyof LpcmciOptions>

export function optionsOf({ options, assumptions }: Pick<GoldenCase, 'options' | 'assumptions'>): LpcmciOptions {
  const entries = Object.entries(options).map(([name, value]) => [NAMES[name as keyof typeof NAMES], value] as const)
  return {
    ...(Object.fromEntries(entries) as unknown as LpcmciOptions),
    ...(assumptions && { assumptions: assumptions.map((own) => new Map(Object.entries(own))) }),
  }
}

const SIGNIFICANCE: Readonly<Record<string, NonNullable<TestOptions['significance']>>> = {
  analytic: 'analytic',
  shuffle_test: 'shuffle',
  fixed_thres: 'threshold',
}

export function testOf(test: GoldenCase['test'] = {}): {
  readonly name: string
  readonly options: Record<string, unknown>
} {
  const { name = 'parcorr', significance, sig_samples, ...others } = test
  const own: Readonly<Record<string, string>> = {
    knn: 'neighbours',
    shuffle_neighbors: 'shuffleNeighbours',
    sig_blocklength: 'shuffleBlock',
  }
  return {
    name: String(name),
    options: {
      ...(significance !== undefined && { significance: SIGNIFICANCE[significance] }),
      ...(sig_samples !== undefined && { shuffles: sig_samples }),
      ...Object.fromEntries(Object.entries(others).map(([key, value]) => [own[key] ?? key, value])),
    },
  }
}
