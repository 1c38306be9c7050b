/** The samples of a test: rows of X, Y and Z at their lags, over the time steps that all of them have. */
import { InputError } from '@ecotope/core'
import { drawBlocks } from './resampling.ts'
import { type DataSet, type Node, nodeName, type TimeSeries } from './series.ts'

/**
 * How many steps at the beginning are not used. `2xtau-max`: all tests of one search share their samples. `max-lag`: as many
 * samples as these nodes allow. `2xtau-max-future`: as many as `2xtau-max`, but the earliest ones.
 */
export type CutOff = '2xtau-max' | 'tau-max' | 'max-lag' | 'max-lag-or-tau-max' | '2xtau-max-future'

/** For whose masked values samples are left out: any of the letters x, y, z; empty: masks are not used. */
export type MaskType = '' | 'x' | 'y' | 'z' | 'xy' | 'xz' | 'yz' | 'xyz'

/** Roles of rows. */
export const X = 0
export const Y = 1
export const Z = 2
export const EXTRA = 3

export interface Samples {
  /** One array per row, each of `count` values without NaN. Rows of X come first, then Y, Z, extra. */
  readonly rows: readonly Float64Array[]
  /** Role of each row: X, Y, Z or EXTRA. */
  readonly roles: Uint8Array
  /** Nodes of the rows. */
  readonly nodes: readonly Node[]
  readonly count: number
  /** Discrete (1) or continuous (0), where the series say so. */
  readonly types?: readonly Uint8Array[]
  readonly weights?: readonly Float64Array[]
  /** Time steps (rows of the data set) of the present, one array per data set. */
  readonly points: readonly Int32Array[]
}

export interface SamplesOptions {
  readonly tauMax: number
  /** Default `2xtau-max`. */
  readonly cutOff?: CutOff
  /** Default: none. */
  readonly maskType?: MaskType
  readonly extra?: readonly Node[]
  /** Whether nodes of Z that are in X or Y are dropped; default true. */
  readonly removeOverlaps?: boolean
}

export interface NodeSets {
  readonly x: readonly Node[]
  readonly y: readonly Node[]
  readonly z: readonly Node[]
  readonly extra: readonly Node[]
}

function components(vectors: NonNullable<TimeSeries['vectors']>, [variable, lag]: Node): Node[] {
  const parts = vectors[variable]
  if (parts === undefined)
    throw new InputError('BadNode', `there is no variable ${variable}: variables are 0 to ${vectors.length - 1}`, {
      data: { variable },
    })
  return parts.map(([column, own]): Node => [column, own + lag])
}

/** Nodes in order, each once, without those that are in `others`. */
function distinct(nodes: readonly Node[], ...others: readonly (readonly Node[])[]): Node[] {
  const out: Node[] = []
  for (const node of nodes) if (!has(out, node) && !others.some((other) => has(other, node))) out.push(node)
  return out
}

/** Sets are short: looking through them beats hashing. */
function has(nodes: readonly Node[], [variable, lag]: Node): boolean {
  for (let k = 0; k < nodes.length; k++) if (nodes[k]![0] === variable && nodes[k]![1] === lag) return true
  return false
}

/** Nodes as columns: vectors taken apart, doubles removed, Z without X and Y. */
export function nodeSets(
  series: TimeSeries,
  x: readonly Node[],
  y: readonly Node[],
  z: readonly Node[],
  options: Pick<SamplesOptions, 'extra' | 'removeOverlaps'> = {},
): NodeSets {
  const apart = (nodes: readonly Node[]): readonly Node[] =>
    series.vectors === undefined ? nodes : nodes.flatMap((node) => components(series.vectors!, node))
  const [xs, ys] = [distinct(apart(x)), distinct(apart(y))]
  const [zs, extra] = [apart(z), apart(options.extra ?? [])]
  if (options.removeOverlaps === false) return { x: xs, y: ys, z: distinct(zs), extra: distinct(extra) }
  const rest = distinct(zs, xs, ys)
  return { x: xs, y: ys, z: rest, extra: distinct(extra, xs, ys, rest) }
}

/**
 * Steps cut off at the beginning of each data set. Never fewer than the nodes reach back (vectors with lags of their own may
 * reach further than twice the largest lag; the reference then takes values from the end of the series).
 */
export function maxLagOf(nodes: readonly Node[], tauMax: number, cutOff: CutOff): number {
  const own = nodes.reduce((most, [, lag]) => Math.max(most, -lag), 0)
  const rules: Record<CutOff, number> = {
    '2xtau-max': Math.max(own, 2 * tauMax),
    'tau-max': Math.max(own, tauMax),
    'max-lag': own,
    'max-lag-or-tau-max': Math.max(own, tauMax),
    '2xtau-max-future': own,
  }
  return rules[cutOff]
}

function rolesOf({ x, y, z, extra }: NodeSets): Uint8Array {
  const roles = new Uint8Array(x.length + y.length + z.length + extra.length)
  roles.fill(Y, x.length)
  roles.fill(Z, x.length + y.length)
  return roles.fill(EXTRA, x.length + y.length + z.length)
}

/**
 * The samples that X, Y and Z share. Columns of the data sets follow one another.
 * Throws `InputError`: BadNode (positive lag, unknown variable), NoSamples (none left, with the reason).
 */
export function samplesOf(
  series: TimeSeries,
  x: readonly Node[],
  y: readonly Node[],
  z: readonly Node[],
  options: SamplesOptions,
): Samples {
  const sets = nodeSets(series, x, y, z, options)
  const nodes = [...sets.x, ...sets.y, ...sets.z, ...sets.extra]
  checkNodes(series, nodes)
  const roles = rolesOf(sets)
  const cutOff = options.cutOff ?? '2xtau-max'
  const maxLag = maxLagOf(nodes, options.tauMax, cutOff)
  const points = series.datasets.map((dataset) => {
    const present = presentSteps(series, dataset, { maxLag, tauMax: options.tauMax, cutOff })
    return usable(series, dataset, nodes, roles, present, maxLag, options.maskType ?? '')
  })
  const count = points.reduce((sum, { length }) => sum + length, 0)
  if (count === 0) throw noSamples(series, nodes, maxLag)
  const gather = <A extends Float64Array | Uint8Array>(
    make: (count: number) => A,
    from: (set: DataSet) => readonly A[] | undefined,
  ): A[] | undefined => {
    const sets = series.datasets.map(from)
    if (sets.includes(undefined)) return undefined
    return nodes.map(([column, lag]) => {
      const row = make(count)
      let at = 0
      for (const [index, set] of sets.entries()) at = copy(row, at, set![column]!, points[index]!, lag)
      return row
    })
  }
  const types = gather(bytes, (set) => set.types)
  const weights = gather(floats, (set) => set.weights)
  const rows = gather(floats, (set) => set.columns)!
  return { rows, roles, nodes, count, points, ...(types && { types }), ...(weights && { weights }) }
}

const bytes = (count: number): Uint8Array => new Uint8Array(count)
const floats = (count: number): Float64Array => new Float64Array(count)

/** Appends the values at the points, `lag` steps later; where it ends. */
function copy<A extends Float64Array | Uint8Array>(
  row: A,
  at: number,
  values: A,
  points: Int32Array,
  lag: number,
): number {
  const many = points.length
  if (many === 0) return at
  if (points[many - 1]! - points[0]! === many - 1 && adjoining(points)) {
    row.set(values.subarray(points[0]! + lag, points[many - 1]! + lag + 1), at)
    return at + many
  }
  for (let i = 0; i < many; i++) row[at + i] = values[points[i]! + lag]!
  return at + many
}

/** Whether each point follows the one before. */
export function adjoining(points: Int32Array): boolean {
  for (let i = 1; i < points.length; i++) if (points[i] !== points[i - 1]! + 1) return false
  return points.length > 0
}

export interface CutOffRule {
  readonly maxLag: number
  readonly tauMax: number
  readonly cutOff: CutOff
}

/** All tests of a search ask for the same steps. */
const steps = new WeakMap<TimeSeries, Map<string, Int32Array>>()

/** Rows of a data set that may be the present, in order; drawn in blocks where the series are resampled. */
export function presentSteps(series: TimeSeries, dataset: DataSet, rule: CutOffRule): Int32Array {
  let known = steps.get(series)
  if (known === undefined) {
    known = new Map()
    steps.set(series, known)
  }
  const key = `${series.datasets.indexOf(dataset)},${rule.maxLag},${rule.cutOff},${rule.tauMax}`
  const found = known.get(key) ?? drawnSteps(series, dataset, rule)
  known.set(key, found)
  return found
}

function drawnSteps(series: TimeSeries, dataset: DataSet, { maxLag, tauMax, cutOff }: CutOffRule): Int32Array {
  const from = (least: number): Int32Array => {
    if (series.referencePoints !== undefined)
      return series.referencePoints
        .map((point) => point - dataset.offset)
        .filter((point) => point >= least && point < dataset.length)
        .sort((a, b) => a - b)
    return Int32Array.from({ length: Math.max(0, dataset.length - least) }, (_, i) => i + least)
  }
  const all = from(maxLag)
  const kept = cutOff === '2xtau-max-future' ? all.subarray(0, Math.min(all.length, from(2 * tauMax).length)) : all
  return series.resampling === undefined || kept.length === 0 ? kept : drawBlocks(kept, series.resampling)
}

interface Gaps {
  readonly missing: Uint8Array
  readonly masked: Uint8Array
}

const gaps = new WeakMap<DataSet, Gaps>()

/** Columns with missing values, and with masked ones. */
function gapsOf(dataset: DataSet): Gaps {
  let found = gaps.get(dataset)
  if (found === undefined) {
    const { columns, masks } = dataset
    const any = (column: Float64Array): number => (column.some(Number.isNaN) ? 1 : 0)
    found = {
      missing: Uint8Array.from(columns, any),
      masked: Uint8Array.from(columns, (_, c) => (masks?.[c]?.includes(1) ? 1 : 0)),
    }
    gaps.set(dataset, found)
  }
  return found
}

function usable(
  series: TimeSeries,
  dataset: DataSet,
  nodes: readonly Node[],
  roles: Uint8Array,
  present: Int32Array,
  maxLag: number,
  maskType: MaskType,
): Int32Array {
  const { missing, masked } = gapsOf(dataset)
  const many = present.length
  const reach = series.missingUpToMaxLag ? maxLag : 0
  let drop: Uint8Array | undefined
  for (let row = 0; row < nodes.length; row++) {
    const [column, lag] = nodes[row]!
    if (missing[column]) {
      drop ??= new Uint8Array(many)
      const values = dataset.columns[column]!
      for (let i = 0; i < many; i++)
        if (Number.isNaN(values[present[i]! + lag]!)) drop.fill(1, i, Math.min(many, i + reach + 1))
    }
    if (masked[column] && maskType.includes('xyze'[roles[row]!]!)) {
      drop ??= new Uint8Array(many)
      const mask = dataset.masks![column]!
      for (let i = 0; i < many; i++) drop[i]! |= mask[present[i]! + lag]!
    }
  }
  if (drop === undefined) return present
  return without(present, drop)
}

function without(present: Int32Array, drop: Uint8Array): Int32Array {
  const out = new Int32Array(present.length)
  let at = 0
  for (let i = 0; i < present.length; i++) if (drop[i] === 0) out[at++] = present[i]!
  return out.subarray(0, at)
}

function checkNodes(series: TimeSeries, nodes: readonly Node[]): void {
  const width = series.datasets[0]!.columns.length
  const bad = nodes.find(([column, lag]) => !(column >= 0 && column < width) || lag > 0)
  if (bad === undefined) return
  throw new InputError(
    'BadNode',
    `there is no [variable, lag] [${bad}]: variables are 0 to ${width - 1}, lags not positive`,
    {
      data: { node: bad },
    },
  )
}

function noSamples(series: TimeSeries, nodes: readonly Node[], maxLag: number): InputError {
  const names = nodes.map((node) => (series.vectors === undefined ? nodeName(series, node) : `[${node}]`)).join(', ')
  const longest = Math.max(...series.datasets.map(({ length }) => length))
  return new InputError('NoSamples', `no time step has values of all of ${names}`, {
    hint:
      longest <= maxLag
        ? `The series have ${longest} steps and ${maxLag} are cut off at the beginning: use a smaller largest lag.`
        : 'Missing or masked values leave nothing: drop the variable, use a smaller largest lag, or fill gaps.',
    data: { nodes, maxLag },
  })
}
