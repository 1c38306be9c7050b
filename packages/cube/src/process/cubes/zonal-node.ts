/**
 * aggregate_spatial: the pixels of each geometry made one value by a reducer. Pixels are read tile by tile (a fold);
 * statistics of all values keep a few numbers per geometry, any other reducer keeps the values until it runs.
 */
import { throwIfAborted } from '@ecotope/core'
import { kernelOf } from '../../cells/kernel.ts'
import {
  type Selection,
  type SelectionFound,
  type SelectionProgress,
  selectionBytes,
  USUAL_PASSES,
} from '../../cells/selection.ts'
import { newArray, type TypedArray } from '../../dtype.ts'
import { type Block, FLOAT64, type Packing } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import type { BlockNode, CubeNode, Fold, SharedFold } from '../../model/node.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import type { Window } from '../../types.ts'
import type { Callback, Value } from '../row.ts'
import { offsets, valueWriter } from './along.ts'
import { axesOf } from './arguments.ts'
import { isAsync, labelled, runner } from './callback.ts'
import { meet } from './coverage.ts'
import { enumerated, otherDimension } from './labels.ts'
import { keepRun, quantilesOf, selectionFor, selectRun } from './zonal-orders.ts'
import { type ZonalReducer, zonalReducer } from './zonal-reducer.ts'
import { type HeldRuns, type Runs, within } from './zonal-runs.ts'
import { type AddRun, joinSums, newSums, SUMMED, SUMS_BYTES, type Sums } from './zonal-sums.ts'
import { type ZonalLayout, type ZonalSpec, ZonalTiles } from './zonal-tiles.ts'

export const COUNT_LABELS = ['value', 'total_count', 'valid_count'] as const

function layoutOf({ node, at, zones, counts }: ZonalSpec): ZonalLayout {
  const { dims } = node.schema
  const place = Math.min(at.x, at.y)
  const kept = dims.flatMap((_, d) => (d === Math.max(at.x, at.y) ? [] : [d]))
  const zone = kept.indexOf(place)
  const out = kept.map((d) => (d === place ? zones : dims[d]!))
  const outer = kept.flatMap((d, k): (readonly [number, number])[] => (k === zone ? [] : [[d, k]]))
  const added: Dimension[] = counts === undefined ? [] : [{ type: 'other', name: counts, labels: [...COUNT_LABELS] }]
  const { grid: _grid, ...rest } = node.schema
  return {
    schema: { ...rest, dims: [...out, ...added], packing: FLOAT64 },
    zone,
    count: counts === undefined ? -1 : out.length,
    outer,
  }
}

/** The node of a reducer whose results fit `packing`. */
export function zonalNode(spec: ZonalSpec, packing: Packing): BlockNode {
  const layout = layoutOf(spec)
  const schema = { ...layout.schema, packing: spec.counts === undefined ? packing : FLOAT64 }
  const job = new ZonalJob(spec, { ...layout, schema })
  return {
    kind: 'blocks',
    label: 'aggregate_spatial',
    inputs: [spec.node],
    schema,
    // Zones lie anywhere: tasks of a few of them each would read the same tiles over and over.
    wholeDimensions: layout.count < 0 ? [layout.zone] : [layout.zone, layout.count],
    needs: (region) => [job.tiles.extent(region)],
    fold: (targetBytes) => job.fold(targetBytes) as Fold,
    async compute(region, inputs, work) {
      const state = job.begin(region)
      job.add(state, inputs)
      throwIfAborted(work.signal)
      return job.end(state)
    },
    scratchBytes: (region) => job.stateBytes(region, Number.POSITIVE_INFINITY),
  }
}

interface State {
  readonly region: Region
  readonly sums: Sums
  /** Find order statistics where the values are too many to be kept, one each. */
  readonly selections: readonly Selection[]
  /** Values of each zone, where they are kept. */
  readonly values: number[][] | undefined
  pass: number
  /** The region without the dimension of counts. */
  readonly shape: readonly number[]
}

/** What workers know of earlier passes. */
interface Progress {
  readonly pass: number
  readonly selections: readonly SelectionProgress[]
}

interface Found {
  readonly sums: Sums
  readonly selections: readonly SelectionFound[]
}

/** Bytes of a value in a list that grows, and once more when it is handed to the reducer; half of all pixels. */
const VALUE_BYTES = 12

/** Values are kept up to this many times the bytes that pieces take. */
const KEPT_SHARE = 2

class ZonalJob {
  readonly #reducer: ZonalReducer | undefined
  /** Probabilities of the order statistics that the reducer needs. */
  readonly #orders: readonly number[]
  readonly #adders: readonly AddRun[]
  readonly #spec: ZonalSpec
  readonly #layout: ZonalLayout
  readonly #runs = new Map<number, Runs>()
  readonly tiles: ZonalTiles

  constructor(spec: ZonalSpec, layout: ZonalLayout) {
    this.#spec = spec
    this.#layout = layout
    this.tiles = new ZonalTiles(spec, layout)
    this.#reducer = zonalReducer(spec.reducer, spec.context)
    const statistics = this.#reducer?.statistics ?? []
    this.#orders = [...new Set(statistics.flatMap(({ probability }) => probability ?? []))]
    this.#adders = [...new Set(statistics.flatMap(({ reducer }) => SUMMED[reducer]?.add ?? []))]
  }

  fold(targetBytes: number): Fold<State> {
    return {
      pieces: (region) => this.tiles.pieces(region, targetBytes),
      count: (region) => this.tiles.count(region, targetBytes),
      begin: (region) => this.begin(region, targetBytes),
      add: (state, inputs) => this.add(state, inputs),
      again: (state) => {
        state.pass++
        return state.selections.map((selection) => selection.again()).includes(true)
      },
      end: (state) => this.end(state),
      passes: (region) => (this.#selects(region, targetBytes) ? USUAL_PASSES : 1),
      stateBytes: (region) => this.stateBytes(region, targetBytes),
      shared: (region) => (this.#keeps(region, targetBytes) ? undefined : this.#shared(region, targetBytes)),
    }
  }

  #shared(region: Region, targetBytes: number): SharedFold<State> {
    return {
      progress: ({ pass, selections }): Progress => ({ pass, selections: selections.map((one) => one.progress()) }),
      resume: (progress) => this.begin(region, targetBytes, progress as Progress),
      found: ({ sums, selections }): Found => ({ sums, selections: selections.map((one) => one.found()) }),
      join: (state, found) => {
        const { sums, selections } = found as Found
        if (state.pass === 0) joinSums(state.sums, sums)
        for (const [k, one] of selections.entries()) state.selections[k]!.join(one)
      },
    }
  }

  /** Whether all values are kept until the reducer runs. */
  #keeps(region: Region, targetBytes: number): boolean {
    return this.#reducer === undefined || (this.#orders.length > 0 && !this.#selects(region, targetBytes))
  }

  /** Order statistics of more values than may be kept are found in several passes. */
  #selects(region: Region, targetBytes: number): boolean {
    const isKnown = this.#reducer !== undefined && this.#orders.length > 0
    return isKnown && this.#valueBytes(region) > KEPT_SHARE * targetBytes
  }

  /** Sums of each zone, and of reducers that need them the values. */
  stateBytes(region: Region, targetBytes: number): number {
    const cells = cellCount(region.shape)
    const sums = SUMS_BYTES * cells
    if (this.#keeps(region, targetBytes)) return sums + this.#valueBytes(region)
    const count = this.#orders.length
    return count === 0 ? sums : sums + count * selectionBytes(cells, targetBytes / count)
  }

  /** Of pixels that may be owned, about half are. */
  #valueBytes(region: Region): number {
    const areas = this.tiles.zonesIn(region).map((i) => this.#spec.windows[i]!.width * this.#spec.windows[i]!.height)
    const planes = this.#layout.outer.reduce((count, [, to]) => count * region.shape[to]!, 1)
    return VALUE_BYTES * planes * areas.reduce((sum, area) => sum + area, 0)
  }

  begin(region: Region, targetBytes = Number.POSITIVE_INFINITY, progress?: Progress): State {
    const shape = region.shape.filter((_, d) => d !== this.#layout.count)
    const n = cellCount(shape)
    const { packing } = this.#spec.node.schema
    const bytes = targetBytes / Math.max(1, this.#orders.length)
    const selection = (probability: number, k: number): Selection =>
      selectionFor(n, probability, packing, bytes, progress?.selections[k])
    return {
      region,
      shape,
      sums: newSums(n),
      selections: this.#selects(region, targetBytes) ? this.#orders.map(selection) : [],
      values: this.#keeps(region, targetBytes) ? Array.from({ length: n }, () => []) : undefined,
      pass: progress?.pass ?? 0,
    }
  }

  add(state: State, [block]: readonly (Block | undefined)[]): void {
    if (block === undefined) return
    const { at } = this.#spec
    const { outer, zone } = this.#layout
    const [read, write] = [stridesOf(block.region.shape), stridesOf(state.shape)]
    const held: Window = {
      column: block.region.start[at.x]!,
      row: block.region.start[at.y]!,
      width: block.region.shape[at.x]!,
      height: block.region.shape[at.y]!,
    }
    const shape = [...state.shape]
    let first = 0
    for (const [from, to] of outer) {
      shape[to] = block.region.shape[from]!
      first += (block.region.start[from]! - state.region.start[to]!) * write[to]!
    }
    const planes = [...offsets(outer, shape, read, write)]
    for (const i of this.tiles.zonesIn(state.region)) {
      if (meet(held, this.#spec.windows[i]) === undefined) continue
      const runs = within(this.#runsFor(i), held, read[at.x]!, read[at.y]!)
      for (const [from, to] of planes) {
        this.#addPlane(state, first + to + (i - state.region.start[zone]!) * write[zone]!, block.data, from, runs)
      }
    }
  }

  #addPlane(s: State, cell: number, data: TypedArray, from: number, { cells, ends, step }: HeldRuns): void {
    const packing = this.#spec.node.schema.packing
    const kept = s.values?.[cell]
    for (let r = 0; r < cells.length; r++) {
      const run = { start: from + cells[r]!, end: from + ends[r]!, step }
      selectRun(s.selections, cell, data, packing, run)
      if (s.pass > 0) continue
      s.sums.total[cell]! += (run.end - run.start) / step
      let valid = kept === undefined ? 0 : keepRun(kept, data, packing, run)
      for (const add of this.#adders) valid = add(s.sums, cell, data, packing, run)
      s.sums.valid[cell]! += valid
    }
  }

  #runsFor(i: number): Runs {
    let runs = this.#runs.get(i)
    if (runs === undefined) {
      runs = this.#spec.runs(i)
      this.#runs.set(i, runs)
    }
    return runs
  }

  end(state: State): Block | Promise<Block> {
    const { sums, selections } = state
    if (this.#reducer !== undefined) {
      // What nothing else has counted, selections have.
      if (this.#adders.length === 0)
        for (let cell = 0; cell < sums.valid.length; cell++)
          sums.valid[cell] = selections[0]?.validOf(cell) ?? sums.valid[cell]!
      const results = this.#made(state, this.#reducer)
      return this.#file(state, [...results])
    }
    const results = enumerated(sums.total.length).map((cell) => this.#result(state, cell))
    if (isAsync(this.#spec.reducer)) return Promise.all(results).then((settled) => this.#file(state, settled))
    return this.#file(state, results as Value[])
  }

  /** What is made of the statistics of each zone. */
  #made(state: State, { statistics, final }: ZonalReducer): Float64Array {
    const inputs = this.#statistics(state, statistics)
    if (final.kind === 'input') return inputs[final.input]!
    const { count, schema: whole } = this.#layout
    const schema = { ...whole, dims: whole.dims.filter((_, d) => d !== count), packing: FLOAT64 }
    const { region } = state
    const start = region.start.filter((_, d) => d !== count)
    const blocks = inputs.map((data) => ({ region: { start, shape: state.shape }, data }))
    const kernel = kernelOf(
      final,
      inputs.map(() => ({ schema })),
      { schema },
    )
    return kernel.run({ start, shape: state.shape }, blocks).data as Float64Array
  }

  #statistics(
    { sums, selections, values }: State,
    statistics: ZonalReducer['statistics'],
  ): Float64Array<ArrayBuffer>[] {
    const results = statistics.map(() => new Float64Array(sums.total.length).fill(Number.NaN))
    for (let cell = 0; cell < sums.total.length; cell++) {
      const kept = values && quantilesOf(values[cell]!, this.#orders)
      const [valid, total] = [sums.valid[cell]!, sums.total[cell]!]
      for (const [k, { reducer, ignoreNodata, probability }] of statistics.entries()) {
        const isMissing = valid === 0 || (!ignoreNodata && valid < total)
        if (isMissing && reducer !== 'countValid') continue
        const order = probability === undefined ? -1 : this.#orders.indexOf(probability)
        results[k]![cell] =
          order < 0 ? SUMMED[reducer]!.result(sums, cell) : (kept?.[order] ?? selections[order]!.resultOf(cell))
      }
    }
    return results
  }

  /** Whether the geometry of a cell is empty or beside the grid: it has no value, whatever the reducer makes of nothing. */
  #isNowhere({ region, shape }: State, cell: number): boolean {
    const { zone } = this.#layout
    const place = Math.floor(cell / stridesOf(shape)[zone]!) % shape[zone]!
    return this.#spec.windows[region.start[zone]! + place] === undefined
  }

  #result(state: State, cell: number): Value | Promise<Value> {
    if (this.#isNowhere(state, cell)) return null
    const { values } = state
    const isTruth = this.#spec.node.schema.packing.isBoolean
    const all = values![cell]!.map((value): Value => (Number.isNaN(value) ? null : isTruth ? value !== 0 : value))
    return runner(this.#spec.reducer)({
      data: labelled(enumerated(all.length), all),
      context: this.#spec.context,
    })
  }

  #file(state: State, results: readonly Value[]): Block {
    const { region, sums } = state
    const { packing } = this.#layout.schema
    const data = newArray(packing.dtype, cellCount(region.shape))
    const write = valueWriter(data, packing, 'aggregate_spatial')
    const { count } = this.#layout
    const labels = count < 0 ? [0] : enumerated(region.shape[count]!).map((i) => region.start[count]! + i)
    results.forEach((result, cell) => {
      const total = sums.total[cell]!
      labels.forEach((label, k) => {
        const value = [total === 0 && this.#isNowhere(state, cell) ? null : result, total, sums.valid[cell]!][label]!
        write(cell * labels.length + k, typeof value === 'number' && Number.isNaN(value) ? null : value)
      })
    })
    return { region, data }
  }
}

/** The sums of all pixels along a dimension of one label, for reducers that need no more; undefined of any other. */
export function spatialSums(node: CubeNode, reducer: Callback, context: Value, name: string): BlockNode | undefined {
  if (zonalReducer(reducer, context) === undefined) return undefined
  const [x, y] = axesOf(node)
  const [width, height] = [node.schema.dims[x]!.labels.length, node.schema.dims[y]!.labels.length]
  const runs = (): Runs => Int32Array.from({ length: 3 * height }, (_, k) => [k / 3, 0, width][k % 3]!)
  const spec = { node, at: { x, y }, reducer, context, counts: undefined, runs }
  const windows = [width * height === 0 ? undefined : { column: 0, row: 0, width, height }]
  return zonalNode({ ...spec, windows, zones: otherDimension(name, [0]) }, FLOAT64)
}
