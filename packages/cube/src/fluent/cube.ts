/**
 * The cube as its users see it: a value with openEO processes as methods. Every method makes another lazy cube; nothing
 * is read before `compute`, `save` or `plot`. Computing is the planner's work, meaning the processes'.
 */
import { InputError, VERSION } from '@ecotope/core'
import { sinkFor } from '../format/formats.ts'
import { runGraph } from '../graph/evaluate.ts'
import type { Dimension, TemporalDimension } from '../model/dimension.ts'
import { type CubeNode, dimensionIndex, shapeOf } from '../model/node.ts'
import { wholeRegion } from '../model/region.ts'
import { type Picture, type PlotOptions, plot } from '../picture/plot.ts'
import { computeCube } from '../plan/compute.ts'
import { type Explanation, explain } from '../plan/explain.ts'
import { memorySink } from '../plan/memory-sink.ts'
import type { PlanOptions } from '../plan/plan.ts'
import { type Saved, saveCube, saveGraph } from '../plan/save.ts'
import { registry } from '../process/registry.ts'
import type { CubeValue, GraphNode, ProcessGraph, Value } from '../process/row.ts'
import { describeOutput } from '../stac/item.ts'
import type { Band, Bounds, DType, Features, Grid } from '../types.ts'
import type { ZonalOptions, ZonalTable } from '../zonal/statistics.ts'
import { requireAligned } from './aligned.ts'
import { parseBytes } from './bytes.ts'
import {
  epsgOf,
  ownBand,
  ownIndex,
  ownLabel,
  renaming,
  requireBands,
  type SelectOptions,
  startOf,
  summary,
} from './choosing.ts'
import { type DateComponent, groupedBy } from './components.ts'
import { type CubeArray, cubeArray } from './cube-array.ts'
import { cellsRead } from './cube-source.ts'
import { type CallbackInput, Expression, graphOf, valueParameter } from './expression.ts'
import type { ComputeCubeOptions, InterpolateOptions, Period, SaveCubeOptions } from './options.ts'
import { type Derived, derived, type Step, stepOf } from './plain.ts'
import { type Extreme, Reductions, requireNumbers } from './reductions.ts'
import { cubeFor } from './skipping.ts'
import { hasGraph, mapDerived, processGraphOf } from './steps.ts'
import {
  type EveryDays,
  type Interval,
  intervalsOf,
  type RollingOptions,
  stepsBefore,
  type WindowLength,
  windowsOf,
} from './windows.ts'
import { zonalOfCube } from './zones.ts'

/** Cells below which threads cost more than they gain. */
const MANY_CELLS = 2 ** 22

/** What processes hand to their callbacks. */
const reducerParameters = ['data', 'context']
const applyParameters = ['x', 'context']
const mergeParameters = ['x', 'y', 'context']

export class Cube extends Reductions<Cube> implements Derived {
  readonly [derived] = true
  readonly node: CubeNode
  readonly step: Step | undefined

  /** Made by `open`, `cubeOf` and by the processes of other cubes. */
  constructor(node: CubeNode, step?: Step) {
    super()
    this.node = node
    this.step = step
  }

  /** The cube that a process makes; arguments may hold cubes. Throws what the process throws. */
  static process(process: string, args: Readonly<Record<string, unknown>>, namespace?: string): Cube {
    const step = stepOf(process, args, namespace)
    const value = evaluate(step)
    if (!(value instanceof Promise)) return cubeOf(value, step)
    throw new InputError('WaitsForCallback', `${process} has to wait for its callback or for data`, {
      hint: 'use processAsync',
      data: { process },
    })
  }

  get dims(): readonly Dimension[] {
    return this.node.schema.dims
  }
  get shape(): readonly number[] {
    return shapeOf(this.node.schema)
  }
  /** Where the pixels lie; undefined where the cube has no x and y. */
  get grid(): Grid | undefined {
    return this.node.schema.grid
  }
  get bands(): readonly Band[] {
    return this.dims.flatMap((dimension) => (dimension.type === 'bands' ? dimension.bands : []))
  }
  /** The labels of a dimension. Throws InputError `DimensionNotAvailable`. */
  labels(dimension: string): readonly (string | number)[] {
    return this.#dimension(dimension).labels
  }

  #dimension(dimension: string): Dimension {
    const found = this.dims[dimensionIndex(this.node.schema, dimension)]
    if (found !== undefined) return found
    throw new InputError('DimensionNotAvailable', `the cube has no dimension "${dimension}"`, {
      hint: `it has ${this.dims.map(({ name }) => name).join(', ')}`,
      data: { dimension },
    })
  }

  /** Any process that takes `data` and gives a cube: `cube.process('mask_polygon', { mask })`. */
  process(process: string, args: Readonly<Record<string, unknown>> = {}): Cube {
    return Cube.process(process, { data: this, ...args })
  }

  /** As `process`, for those that have to wait: UDFs, `apply_neighborhood`, `trim_cube`, `vector_buffer`. */
  async processAsync(process: string, args: Readonly<Record<string, unknown>> = {}): Promise<Cube> {
    const step = stepOf(process, { data: this, ...args })
    return cubeOf(await evaluate(step), step)
  }

  protected override elementwise(process: string, args: Readonly<Record<string, unknown>> = {}): Cube {
    const own = valueParameter(process)
    const other = Object.entries(args).find((entry): entry is [string, Cube] => entry[1] instanceof Cube)
    if (other === undefined) return this.apply((x) => Expression.process(process, { [own]: x, ...args }))
    const [name, cube] = other
    requireAligned(this.node.schema, cube.node.schema)
    return this.merge(cube, (a, b) => Expression.process(process, { ...args, [own]: a, [name]: b }))
  }

  // --- Choosing

  /** One band by its name or common name, without the bands dimension. Throws `InputError('NoBand')`. */
  band(name: string): Cube {
    const dimension = this.#typed('bands')
    const own = ownBand(this.node.schema, name)
    return this.reduce(dimension, (data) => data.label(own))
  }
  /** Bands by name or common name, in this order. Throws `InputError('NoBand')`. */
  filterBands(names: readonly string[]): Cube {
    requireBands(this.node.schema, names)
    return this.process('filter_bands', { bands: names })
  }
  /** Instants from `from` up to, not including, `to`; of a month (`2020-06`) or year its first instant. */
  filterTemporal(from: string | null, to: string | null): Cube {
    return this.process('filter_temporal', { extent: [startOf(from), startOf(to)] })
  }
  /** Bounds in longitude and latitude, or in the CRS that is named. */
  filterBbox(bounds: Bounds, crs: string | number = 4326): Cube {
    const [west, south, east, north] = bounds
    return this.process('filter_bbox', { extent: { west, south, east, north, crs: epsgOf(crs) } })
  }
  /** One cell of a dimension, which is dropped; -1 is the last. Throws InputError `NoLabel`. */
  isel(dimension: string, index: number): Cube {
    const own = ownIndex(this.labels(dimension), dimension, index)
    return this.reduce(dimension, (data) => data.at(own))
  }
  /** One label of a dimension, which is dropped; an instant however it is written. Throws InputError `NoLabel`. */
  sel(dimension: string, label: string | number, options: SelectOptions = {}): Cube {
    const own = ownLabel(this.#dimension(dimension), label, options)
    return this.reduce(dimension, (data) => data.label(own))
  }

  // --- Cell by cell

  /** `process(x)` of every cell: a function over expressions, the name of a process, or openEO JSON. */
  apply(process: CallbackInput): Cube {
    return this.process('apply', { process: callback(process, applyParameters) })
  }
  /**
   * Cells stored as another type, as xarray's `astype` and encodings: `cube.astype('int16', { scale: 1e-4, nodata: -32768 })`.
   * Integers are rounded and kept within their range. Throws InputError `NoNodata` where cells may be missing.
   */
  astype(
    type: DType,
    options: { readonly nodata?: number; readonly scale?: number; readonly offset?: number } = {},
  ): Cube {
    return Cube.process('convert_data_type', { data: this, data_type: type, ...options }, 'ecotope')
  }
  /** Whether the value is one of these, such as classes of a mask. */
  in(values: readonly number[]): Cube {
    return this.apply((x) => x.in(values))
  }
  /** Missing (or `replacement`) where `mask` is true or not 0. The mask may lack dimensions, such as t or bands. */
  mask(mask: Cube, replacement?: number): Cube {
    const isMissing = replacement === undefined || Number.isNaN(replacement)
    return this.process('mask', { mask, ...(isMissing ? {} : { replacement }) })
  }
  /** Missing outside of the polygons (GeoJSON); with `inside`, within them. */
  maskPolygon(geojson: object, inside = false): Cube {
    return this.process('mask_polygon', { mask: geojson, inside })
  }
  /** (nir - red) / (nir + red); bands by their roles unless named. Bands become one value. */
  ndvi(options: { readonly nir?: string; readonly red?: string } = {}): Cube {
    return this.process('ndvi', { ...options })
  }
  /** Puts cubes together: along bands or dates that differ, by `resolve(x, y)` where they overlap. */
  merge(other: Cube, resolve?: CallbackInput): Cube {
    const resolver = resolve === undefined ? {} : { overlap_resolver: callback(resolve, mergeParameters) }
    return Cube.process('merge_cubes', { cube1: this, cube2: other, ...resolver })
  }

  // --- Along dimensions

  /** One value from all along a dimension, which is dropped: `cube.reduce('t', 'median')`. */
  override reduce(dimension: string, reducer: CallbackInput): Cube {
    return this.process('reduce_dimension', { dimension, reducer: callback(reducer, reducerParameters) })
  }
  /** Another array of values along a dimension: sorted, cumulated, interpolated ... */
  applyDimension(dimension: string, process: CallbackInput): Cube {
    return this.process('apply_dimension', { dimension, process: callback(process, reducerParameters) })
  }
  /** Missing cells from known ones before and after them, as xarray's `interpolate_na`, `ffill` and `bfill`. */
  interpolateNa(dimension: string, options: InterpolateOptions = {}): Cube {
    const { maxGap, useCoordinate, ...rest } = options
    const args = { dimension, ...rest, max_gap: maxGap ?? null, use_coordinate: useCoordinate ?? true }
    return Cube.process('interpolate_na', { data: this, ...args }, 'ecotope')
  }
  /** One value per period that has any date; labels as openEO writes them (`2020-06`). */
  aggregateTemporalPeriod(period: Period, reducer: CallbackInput): Cube {
    return this.process('aggregate_temporal_period', { period, reducer: callback(reducer, reducerParameters) })
  }
  /** One value per interval `[from, to)`, null is without end; or per so many days, `{ days: 16 }`. Labels are their starts. */
  aggregateTemporal(spans: readonly Interval[] | EveryDays, reducer: CallbackInput, labels?: readonly string[]): Cube {
    const intervals = 'days' in spans ? intervalsOf(this.#temporal(), spans) : spans
    const args = { intervals, reducer: callback(reducer, reducerParameters) }
    return this.process('aggregate_temporal', labels === undefined ? args : { ...args, labels })
  }
  /** One value per month, hour ... whatever the year; labels as `climatological_normal` has them. Callbacks see no dates. */
  groupBy(dimension: string, component: DateComponent, reducer: CallbackInput): Cube {
    const time = this.#temporal(dimension)
    const { standIns, ...groups } = groupedBy(time, component)
    const args = { dimension, ...groups, reducer: callback(reducer, reducerParameters) }
    return this.process('rename_labels', renaming(time, standIns)).process('aggregate_temporal', args)
  }

  /**
   * One value per date from the window that ends with it (or lies around it), as xarray's `rolling`: `window` dates, or
   * those of so many days. Missing where the window has fewer than `minPeriods` values that are not (default: all of
   * `window` dates; 1 where it is a number of days). Throws InputError `BadWindow`, `NotAscending`.
   */
  rolling(window: WindowLength, reducer: CallbackInput, options: RollingOptions = {}): Cube {
    const time = this.#temporal(options.dimension)
    const { center = false, minPeriods = typeof window === 'number' ? window : 1 } = options
    const intervals = windowsOf(time, window, center)
    const over = (each: CallbackInput): Cube => this.#aggregate(time, intervals, each)
    return over(reducer).mask(over('count').lt(minPeriods))
  }
  /** The value so many dates before (after, where negative); missing where there is none. */
  shift(steps = 1, dimension?: string): Cube {
    const time = this.#temporal(dimension)
    const only: CallbackInput = (data) => data.reduce('first', { ignore_nodata: false })
    return this.#aggregate(time, stepsBefore(time, steps), only)
  }
  /** What has changed since so many dates before; missing where there is none. */
  difference(steps = 1, dimension?: string): Cube {
    return this.subtract(this.shift(steps, dimension))
  }

  // --- In space

  /** On another lattice; pixel size in units of the CRS. `near` unless another method is named. */
  resample(options: { readonly crs?: string | number; readonly resolution?: number; readonly method?: string }): Cube {
    const { crs, resolution, method } = options
    return this.process('resample_spatial', {
      ...(crs === undefined ? {} : { projection: epsgOf(crs) }),
      ...(resolution === undefined ? {} : { resolution }),
      ...(method === undefined ? {} : { method }),
    })
  }
  /** On the grid of another cube. */
  resampleLike(target: Cube, method?: string): Cube {
    return this.process('resample_cube_spatial', { target, ...(method === undefined ? {} : { method }) })
  }
  /** Convolution with a small matrix (rows of weights). */
  applyKernel(kernel: readonly (readonly number[])[], factor = 1): Cube {
    return this.process('apply_kernel', { kernel, factor })
  }
  /** One value per polygon (GeoJSON) from its pixels: a vector cube. */
  aggregateSpatial(geometries: object, reducer: CallbackInput): Cube {
    return this.process('aggregate_spatial', { geometries, reducer: callback(reducer, reducerParameters) })
  }

  /**
   * Statistics of polygons in which each pixel counts by the share of it that is covered; `aggregateSpatial` counts
   * pixels by their centres, as openEO says. Polygons in the cube's CRS or another.
   */
  zonal(features: Features, options: ZonalOptions): Promise<ZonalTable> {
    return zonalOfCube(this.node, features, options)
  }

  // --- Results

  /** Reads and computes; physical values, NaN where missing. */
  compute(options: ComputeCubeOptions = {}): Promise<CubeArray> {
    return cubeFor(this, options, (node) => this.#computed(node, options))
  }
  async #computed(node: CubeNode, options: ComputeCubeOptions): Promise<CubeArray> {
    const graph = options.region === undefined ? this.#graph() : undefined
    const isLarge = options.workers !== undefined || cellsRead(node) >= MANY_CELLS
    if (graph === undefined || !isLarge) return cubeArray(node.schema, await computeCube(node, options))
    const { sink, result } = memorySink()
    const { failed } = await saveGraph(graph, 'memory', { ...options, node, sink, sinkModule: MEMORY_SINKS })
    for (const chunk of failed) options.onFailedChunk?.(chunk)
    return cubeArray(node.schema, { region: wholeRegion(this.shape), data: result() })
  }
  /**
   * Computes within the budget and writes: GeoTIFF, Zarr, NetCDF ... by the extension. The path holds the old file or
   * the whole new one; a killed run to GeoTIFF or Zarr goes on when it is called again. A STAC item is written beside maps.
   * Throws what computing and writing throw; `BudgetTooSmall`, `UnknownFormat`, `OutputIsInput`.
   */
  async save(path: string, options: SaveCubeOptions = {}): Promise<Saved> {
    const { budget, format, ...rest } = options
    const sink = sinkFor(path, format)
    const all = { ...rest, ...(budget === undefined ? {} : { budgetBytes: parseBytes(budget) }), sink }
    const graph = this.#graph()
    return cubeFor(this, options, async (node) => {
      const saved = await (graph === undefined ? saveCube(node, path, all) : saveGraph(graph, path, { ...all, node }))
      if (graph !== undefined && options.dryRun !== true) {
        await describeOutput(node, { path, format: sink.format, graph, software: { Ecotope: VERSION } })
      }
      return saved
    })
  }
  /** A picture, as SVG or PNG: true colour, classes or a scale, several dates side by side, lines where there is no x and y. */
  plot(options: PlotOptions = {}): Promise<Picture> {
    return cubeFor(this, options, (node) => plot(node, options))
  }
  /** What computing will do: fused nodes, chunks, memory, bytes read. `explainText` writes it for people. */
  explain(options: PlanOptions = {}): Explanation {
    return explain(this.node, options)
  }
  /** Plain openEO JSON that makes this cube. Throws InputError `NotAGraph` where arrays in memory went in. */
  toProcessGraph(): ProcessGraph {
    return processGraphOf(this)
  }
  /** One line per dimension. */
  override toString(): string {
    const lines = this.dims.map(({ name, type, labels }) => `  ${name} (${type}): ${summary(labels)}`)
    return [`Cube ${this.node.label}: ${this.shape.join(' x ')}`, ...lines].join('\n')
  }

  /** The graph; undefined where an array in memory went in. */
  #graph(): ProcessGraph | undefined {
    return hasGraph(this) ? processGraphOf(this) : undefined
  }

  protected override numbered(dimension: string, since: string, extreme: Extreme): this {
    const own = this.#dimension(dimension)
    if (own.type === 'temporal')
      return Cube.process('number_dates', { data: this, dimension, since }, 'ecotope') as this
    requireNumbers(own, extreme)
    return this
  }

  /** Aggregates to the dates that there are. */
  #aggregate({ name, labels }: TemporalDimension, intervals: readonly Interval[], reducer: CallbackInput): Cube {
    const args = { intervals, labels, dimension: name, reducer: callback(reducer, reducerParameters) }
    return this.process('aggregate_temporal', args)
  }

  #temporal(name = this.#typed('temporal')): TemporalDimension {
    const found = this.dims.find((dimension) => dimension.name === name)
    if (found?.type === 'temporal') return found
    throw new InputError('DimensionNotAvailable', `the cube has no dimension of dates "${name}"`, {
      hint: `its dimensions are ${this.dims.map((dimension) => dimension.name).join(', ')}`,
      data: { dimension: name },
    })
  }

  #typed(type: Dimension['type']): string {
    const found = this.dims.find((dimension) => dimension.type === type)
    if (found !== undefined) return found.name
    throw new InputError('DimensionNotAvailable', `the cube has no dimension of the type ${type}`)
  }
}

const callback = (input: CallbackInput, parameters: readonly string[]): { process_graph: ProcessGraph } => ({
  process_graph: graphOf(input, parameters),
})

const MEMORY_SINKS = new URL('../plan/memory-sink.ts', import.meta.url).href

/** Evaluates one process; the cubes among its arguments are parameters of a graph of one node. */
function evaluate({ process, args }: Step): Value | Promise<Value> {
  const values: Record<string, Value> = {}
  const written = mapDerived(args, (input) => {
    const name = `cube${Object.keys(values).length + 1}`
    values[name] = { kind: 'cube', node: (input as Cube).node }
    return { from_parameter: name }
  }) as GraphNode['arguments']
  const graph = { [process]: { process_id: process, arguments: written, result: true } }
  const scope = { values, names: Object.keys(values) }
  const context = { folder: '.', onInspect: () => undefined, keep: () => undefined }
  return runGraph(graph, scope, { registry, context, plans: new WeakMap() }, '')
}

function cubeOf(value: Value, step: Step): Cube {
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'cube')
    return new Cube((value as CubeValue).node, step)
  throw new InputError('NotACube', `${step.process} gives no cube`, { data: { process: step.process } })
}
