/**
 * aggregate_spatial: the pixels of each geometry made one value by a reducer. Pixels are read tile by tile (a fold);
 * usual reducers keep a few numbers per geometry, any other keeps the values until it runs.
 */
import { throwIfAborted } from '@ecotope/core'
import { quantileOfSorted } from '../../cells/reducers.ts'
import { Selection, selectionBytes, USUAL_PASSES } from '../../cells/selection.ts'
import { DTYPES, newArray, type TypedArray } from '../../dtype.ts'
import { type Block, FLOAT64, type Packing } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import type { BlockNode, CubeNode, CubeSchema, Fold } from '../../model/node.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import type { Window } from '../../types.ts'
import type { Callback, Value } from '../row.ts'
import { offsets, valueWriter } from './along.ts'
import { axesOf } from './arguments.ts'
import { isAsync, labelled, runner } from './callback.ts'
import { meet } from './coverage.ts'
import { enumerated, otherDimension } from './labels.ts'
import { withWindow } from './planes.ts'
import { pieces as boxes } from './reshape.ts'
import { type HeldRuns, type Runs, within } from './zonal-runs.ts'
import { ADDERS, type AddRun, addMoments, keepRun, STREAMED, type Sums, selectRun } from './zonal-sums.ts'

/** The name of the reducer where it is a single usual process of all values that ignores missing ones. */
function usualName(reducer: Callback): string | undefined {
  const nodes = Object.values(reducer.graph)
  const [only] = nodes
  if (nodes.length !== 1 || only === undefined || !USUAL.has(only.process_id)) return undefined
  const { data, ...rest } = only.arguments as { data?: { from_parameter?: string }; ignore_nodata?: boolean }
  const isPlain = Object.keys(rest).every((key) => key === 'ignore_nodata') && rest.ignore_nodata !== false
  return data?.from_parameter === 'data' && isPlain && only.namespace === undefined ? only.process_id : undefined
}

const MEDIAN = 'median'
const USUAL: ReadonlySet<string> = new Set([...Object.keys(STREAMED), MEDIAN])

/** Cells that are read at one time. */
const PIECE_CELLS = 1 << 21

export interface ZonalSpec {
  readonly node: CubeNode
  /** Indices of the dimensions with the axes x and y. */
  readonly at: { readonly x: number; readonly y: number }
  /** The pixels that each zone may own; undefined where none. */
  readonly windows: readonly (Window | undefined)[]
  /** The pixels that a zone owns: row, first column, length of each run, one after the other. */
  readonly runs: (zone: number) => Runs
  readonly reducer: Callback
  readonly context: Value
  /** The dimension of geometries. */
  readonly zones: Dimension
  /** Name of the dimension of value, total_count and valid_count. */
  readonly counts: string | undefined
}

export const COUNT_LABELS = ['value', 'total_count', 'valid_count'] as const

/** Where the dimensions of input and result lie. */
interface Layout {
  readonly schema: CubeSchema
  readonly zone: number
  readonly count: number
  readonly outer: readonly (readonly [input: number, output: number])[]
}

function layoutOf({ node, at, zones, counts }: ZonalSpec): Layout {
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
    needs: (region) => [job.extent(region)],
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

interface State extends Sums {
  readonly region: Region
  /** Finds medians where the values are too many to be kept. */
  readonly selection: Selection | undefined
  pass: number
  /** The region without the dimension of counts. */
  readonly shape: readonly number[]
}

/** Bytes of a value in a list that grows, and once more when it is handed to the reducer; half of all pixels. */
const VALUE_BYTES = 12

/** Values are kept up to this many times the bytes that pieces take. */
const KEPT_SHARE = 2

/** Pixels of a tile along an axis, where the source has no chunks of a sensible size. */
const TILE = 512

/** The size of tiles: chunks of the source below, as far as its pixels are those of the cube, or some of them. */
function tileOf(node: CubeNode, x: number, y: number): readonly [number, number] {
  let source = node
  while (source.kind !== 'source' && source.inputs.length > 0) source = source.inputs[0]!
  const along = (d: number): number => {
    const { name } = node.schema.dims[d]!
    const at = source.schema.dims.findIndex((dimension) => dimension.name === name)
    const chunk = source.kind === 'source' && at >= 0 ? source.source.chunks[at]! : TILE
    return chunk > 2 * TILE ? TILE : chunk * Math.max(1, Math.round(TILE / chunk))
  }
  return [along(x), along(y)]
}

class ZonalJob {
  readonly streamed: string | undefined
  readonly #isMedian: boolean
  readonly #spec: ZonalSpec
  readonly #layout: Layout
  readonly #runs = new Map<number, Runs>()
  readonly #addRun: AddRun
  readonly #tile: readonly [number, number]

  constructor(spec: ZonalSpec, layout: Layout) {
    this.#spec = spec
    this.#layout = layout
    const name = usualName(spec.reducer)
    this.streamed = name === MEDIAN ? undefined : name
    this.#isMedian = name === MEDIAN
    this.#tile = tileOf(spec.node, spec.at.x, spec.at.y)
    this.#addRun = ADDERS[this.streamed ?? ''] ?? addMoments
  }

  #zonesIn(region: Region): number[] {
    const { zone } = this.#layout
    return enumerated(region.shape[zone]!)
      .map((i) => region.start[zone]! + i)
      .filter((i) => this.#spec.windows[i] !== undefined)
  }

  #windowOf(region: Region): Window | undefined {
    const windows = this.#zonesIn(region).map((i) => this.#spec.windows[i]!)
    if (windows.length === 0) return undefined
    const least = (of: (w: Window) => number) => windows.reduce((a, w) => Math.min(a, of(w)), Infinity)
    const [column, row] = [least((w) => w.column), least((w) => w.row)]
    const width = -least((w) => -w.column - w.width) - column
    return { column, row, width, height: -least((w) => -w.row - w.height) - row }
  }

  fold(targetBytes: number): Fold<State> {
    return {
      pieces: (region) => this.pieces(region, targetBytes),
      begin: (region) => this.begin(region, targetBytes),
      add: (state, inputs) => this.add(state, inputs),
      again: (state) => {
        state.pass++
        return state.selection?.again() === true
      },
      end: (state) => this.end(state),
      passes: (region) => (this.#selects(region, targetBytes) ? USUAL_PASSES : 1),
      stateBytes: (region) => this.stateBytes(region, targetBytes),
    }
  }

  /** Medians of more values than may be kept are found in several passes. */
  #selects(region: Region, targetBytes: number): boolean {
    return this.#isMedian && this.#valueBytes(region) > KEPT_SHARE * targetBytes
  }

  /** Sums of each zone, and of reducers that need them the values. */
  stateBytes(region: Region, targetBytes: number): number {
    const sums = 64 * cellCount(region.shape)
    if (this.streamed !== undefined) return sums
    if (this.#selects(region, targetBytes)) return sums + selectionBytes(cellCount(region.shape), targetBytes)
    return sums + this.#valueBytes(region)
  }

  /** Of pixels that may be owned, about half are. */
  #valueBytes(region: Region): number {
    const areas = this.#zonesIn(region).map((i) => this.#spec.windows[i]!.width * this.#spec.windows[i]!.height)
    const planes = this.#layout.outer.reduce((count, [, to]) => count * region.shape[to]!, 1)
    return VALUE_BYTES * planes * areas.reduce((sum, area) => sum + area, 0)
  }

  #inputRegion(region: Region, window: Window, part?: Region): Region {
    const { node, at } = this.#spec
    const start = node.schema.dims.map(() => 0)
    const shape = [...start]
    this.#layout.outer.forEach(([from, to], k) => {
      start[from] = region.start[to]! + (part?.start[k] ?? 0)
      shape[from] = part?.shape[k] ?? region.shape[to]!
    })
    return withWindow({ start, shape }, at.x, at.y, window)
  }

  extent(region: Region): Region | undefined {
    const window = this.#windowOf(region)
    return window === undefined ? undefined : this.#inputRegion(region, window)
  }

  /** The size of tiles, of which a budget may want smaller ones. */
  #tileWithin(cells: number): readonly [number, number] {
    let [width, height] = this.#tile
    while (width * height > Math.max(1, cells)) {
      if (height >= width) height = Math.ceil(height / 2)
      else width = Math.ceil(width / 2)
    }
    return [width, height]
  }

  /** Tiles in which zones lie, some planes at a time. */
  *pieces(region: Region, targetBytes: number): Generator<readonly (Region | undefined)[]> {
    const window = this.#windowOf(region)
    if (window === undefined) return
    const zones = this.#zonesIn(region).map((i) => this.#spec.windows[i]!)
    const planes = this.#layout.outer.map(([, to]) => region.shape[to]!)
    const cells = Math.min(PIECE_CELLS, targetBytes / DTYPES[this.#spec.node.schema.packing.dtype].bytes)
    const [width, height] = this.#tileWithin(cells)
    for (let row = window.row - (window.row % height); row < window.row + window.height; row += height) {
      for (
        let column = window.column - (window.column % width);
        column < window.column + window.width;
        column += width
      ) {
        const tile = meet({ column, row, width, height }, window)
        if (tile === undefined || !zones.some((zone) => meet(tile, zone) !== undefined)) continue
        const most = Math.max(1, Math.floor(cells / (tile.width * tile.height)))
        for (const part of boxes(planes, most)) yield [this.#inputRegion(region, tile, part)]
      }
    }
  }

  begin(region: Region, targetBytes = Number.POSITIVE_INFINITY): State {
    const shape = region.shape.filter((_, d) => d !== this.#layout.count)
    const n = cellCount(shape)
    const zeros = () => new Float64Array(n)
    const selects = this.#selects(region, targetBytes)
    const options = { probability: 0.5, ignoreNodata: true, type: 'float64', bytes: targetBytes } as const
    return {
      region,
      shape,
      selection: selects ? new Selection(n, options) : undefined,
      pass: 0,
      total: zeros(),
      valid: zeros(),
      first: zeros(),
      sum: zeros(),
      squares: zeros(),
      least: zeros().fill(Infinity),
      greatest: zeros().fill(-Infinity),
      values: this.streamed === undefined && !selects ? Array.from({ length: n }, () => []) : undefined,
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
    for (const i of this.#zonesIn(state.region)) {
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
      if (s.pass === 0) s.total[cell]! += (run.end - run.start) / step
      if (s.selection !== undefined) selectRun(s, s.selection, cell, data, packing, run)
      else if (kept !== undefined) keepRun(s, cell, kept, data, packing, run)
      else this.#addRun(s, cell, data, packing, run)
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
    const results: (Value | Promise<Value>)[] = enumerated(state.total.length).map((cell) => this.#result(state, cell))
    if (isAsync(this.#spec.reducer)) return Promise.all(results).then((settled) => this.#file(state, settled))
    return this.#file(state, results as Value[])
  }

  #result(state: State, cell: number): Value | Promise<Value> {
    // A geometry without pixels has no value, whatever the reducer makes of nothing.
    if (state.total[cell] === 0) return null
    if (this.#isMedian) return state.valid[cell] === 0 ? null : medianOf(state, cell)
    if (this.streamed !== undefined) return state.valid[cell] === 0 ? null : STREAMED[this.streamed]!(state, cell)
    const isTruth = this.#spec.node.schema.packing.isBoolean
    const values = state.values![cell]!.map(
      (value): Value => (Number.isNaN(value) ? null : isTruth ? value !== 0 : value),
    )
    return runner(this.#spec.reducer)({
      data: labelled(enumerated(values.length), values),
      context: this.#spec.context,
    })
  }

  #file(state: State, results: readonly Value[]): Block {
    const { region } = state
    const { packing } = this.#layout.schema
    const data = newArray(packing.dtype, cellCount(region.shape))
    const write = valueWriter(data, packing, 'aggregate_spatial')
    const { count } = this.#layout
    const labels = count < 0 ? [0] : enumerated(region.shape[count]!).map((i) => region.start[count]! + i)
    results.forEach((result, cell) => {
      labels.forEach((label, k) => {
        write(cell * labels.length + k, [result, state.total[cell]!, state.valid[cell]!][label]!)
      })
    })
    return { region, data }
  }
}

function medianOf({ selection, values }: State, cell: number): number {
  if (selection !== undefined) return selection.resultOf(cell)
  return quantileOfSorted(Float64Array.from(values![cell]!.filter((value) => !Number.isNaN(value))).sort(), 0.5)
}

/** The sums of all pixels along a dimension of one label, for reducers that need no more; undefined of any other. */
export function spatialSums(node: CubeNode, reducer: Callback, name: string): BlockNode | undefined {
  if (usualName(reducer) === undefined) return undefined
  const [x, y] = axesOf(node)
  const [width, height] = [node.schema.dims[x]!.labels.length, node.schema.dims[y]!.labels.length]
  const runs = (): Runs => Int32Array.from({ length: 3 * height }, (_, k) => [k / 3, 0, width][k % 3]!)
  const spec = { node, at: { x, y }, reducer, context: null, counts: undefined, runs }
  const windows = [width * height === 0 ? undefined : { column: 0, row: 0, width, height }]
  return zonalNode({ ...spec, windows, zones: otherDimension(name, [0]) }, FLOAT64)
}
