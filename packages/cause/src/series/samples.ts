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

const key = ([variable, lag]: Node): string => `${variable},${lag}`

function unique(nodes: readonly Node[]): Node[] {
  return [...new Map(nodes.map((node) => [key(node), node])).values()]
}

function without(nodes: readonly Node[], ...others: readonly (readonly Node[])[]): Node[] {
  const drop = new Set(others.flat().map(key))
  return nodes.filter((node) => !drop.has(key(node)))
}

/** Nodes as columns: vectors taken apart, doubles removed, Z without X and Y. */
export function nodeSets(
  series: TimeSeries,
  x: readonly Node[],
  y: readonly Node[],
  z: readonly Node[],
  options: Pick<SamplesOptions, 'extra' | 'removeOverlaps'> = {},
): NodeSets {
  const apart = (nodes: readonly Node[]): Node[] =>
    unique(
      series.vectors === undefined
        ? nodes
        : nodes.flatMap(([v, lag]) => series.vectors![v]!.map(([column, own]): Node => [column, own + lag])),
    )
  const [xs, ys, zs, extra] = [apart(x), apart(y), apart(z), apart(options.extra ?? [])]
  if (options.removeOverlaps === false) return { x: xs, y: ys, z: zs, extra }
  const rest = without(zs, xs, ys)
  return { x: xs, y: ys, z: rest, extra: without(extra, xs, ys, rest) }
}

/** Steps cut off at the beginning of each data set. */
export function maxLagOf(nodes: readonly Node[], tauMax: number, cutOff: CutOff): number {
  const own = nodes.reduce((most, [, lag]) => Math.max(most, -lag), 0)
  const rules: Record<CutOff, number> = {
    '2xtau-max': 2 * tauMax,
    'tau-max': tauMax,
    'max-lag': own,
    'max-lag-or-tau-max': Math.max(own, tauMax),
    '2xtau-max-future': own,
  }
  return rules[cutOff]
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
  const roles = Uint8Array.from([sets.x, sets.y, sets.z, sets.extra].flatMap((set, role) => set.map(() => role)))
  const cutOff = options.cutOff ?? '2xtau-max'
  const maxLag = maxLagOf(nodes, options.tauMax, cutOff)
  const points = series.datasets.map((dataset) => {
    const present = presentSteps(series, dataset, { maxLag, tauMax: options.tauMax, cutOff })
    return usable(series, dataset, nodes, roles, present, maxLag, options.maskType ?? '')
  })
  const count = points.reduce((sum, { length }) => sum + length, 0)
  if (count === 0) throw noSamples(series, nodes, maxLag)
  const gather = <A extends Float64Array | Uint8Array>(
    make: A,
    from: (set: DataSet) => readonly A[] | undefined,
  ): A[] | undefined =>
    series.datasets.every((set) => from(set) !== undefined)
      ? nodes.map(([column, lag]) => {
          const row = new (make.constructor as new (n: number) => A)(count)
          let at = 0
          for (const [index, dataset] of series.datasets.entries()) {
            const values = from(dataset)![column]!
            for (const t of points[index]!) row[at++] = values[t + lag]!
          }
          return row
        })
      : undefined
  const types = gather(new Uint8Array(0), (set) => set.types)
  const weights = gather(new Float64Array(0), (set) => set.weights)
  const rows = gather(new Float64Array(0), (set) => set.columns)!
  return { rows, roles, nodes, count, points, ...(types && { types }), ...(weights && { weights }) }
}

interface CutOffRule {
  readonly maxLag: number
  readonly tauMax: number
  readonly cutOff: CutOff
}

/** Rows of a data set that may be the present, in order; drawn in blocks where the series are resampled. */
function presentSteps(series: TimeSeries, dataset: DataSet, { maxLag, tauMax, cutOff }: CutOffRule): Int32Array {
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
  return series.resampling === undefined ? kept : drawBlocks(kept, series.resampling)
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
  const drop = new Uint8Array(present.length)
  const reach = series.missingUpToMaxLag ? maxLag : 0
  for (const [row, [column, lag]] of nodes.entries()) {
    const values = dataset.columns[column]!
    const mask = maskType.includes('xyze'[roles[row]!]!) ? dataset.masks?.[column] : undefined
    for (let i = 0; i < present.length; i++) {
      const t = present[i]! + lag
      if (Number.isNaN(values[t]!)) drop.fill(1, i, Math.min(present.length, i + reach + 1))
      if (mask?.[t] === 1) drop[i] = 1
    }
  }
  return present.filter((_, i) => drop[i] === 0)
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
