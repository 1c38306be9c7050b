/** What one openEO process is here: its specification, its meaning on values, its kernel. The registry is rows of this. */
import type { OnWarning, WorkOptions } from '@ecotope/core'
import type { Cell } from '../cells/cell.ts'
import type { LayerSet } from '../collection/types.ts'
import type { Geometries } from '../model/geometry.ts'
import type { CubeNode } from '../model/node.ts'

export type Category =
  | 'arrays'
  | 'math'
  | 'statistics'
  | 'logic'
  | 'comparison'
  | 'texts'
  | 'dates'
  | 'cubes'
  | 'masks'
  | 'filters'
  | 'reduce and apply'
  | 'aggregate and resample'
  | 'vector'
  | 'import and export'
  | 'development'

/** An array whose elements have labels. */
export interface LabeledArray {
  readonly kind: 'labeled-array'
  readonly labels: readonly (string | number)[]
  readonly values: readonly Value[]
}

/** A lazy cube as a value of a graph. */
export interface CubeValue {
  readonly kind: 'cube'
  readonly node: CubeNode
}

/** Geometries as a value of a graph: what GeoJSON arguments and `load_geojson` become. */
export interface FeaturesValue {
  readonly kind: 'features'
  readonly features: Geometries
}

/** Layers that keep their own grids and dates, until they are stacked. */
export interface CollectionValue {
  readonly kind: 'collection'
  readonly collection: LayerSet
}

/** What nodes of a graph give. null is missing data; NaN is a number. */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | LabeledArray
  | CubeValue
  | FeaturesValue
  | CollectionValue
  | { readonly [key: string]: Value }

/** A callback as it stands in a graph, with the means to run it and to compile it. */
export interface Callback {
  /** Plain openEO JSON. */
  readonly graph: ProcessGraph
  /** Runs it on values, with the parameters that the process gives and those of the surrounding graph. */
  run(parameters: Readonly<Record<string, Value>>): Value | Promise<Value>
  /** As `run`, for callbacks without asynchronous processes. Throws where there is one. */
  runSync(parameters: Readonly<Record<string, Value>>): Value
}

export interface GraphNode {
  readonly process_id: string
  readonly namespace?: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly result?: boolean
  readonly description?: string
}

export type ProcessGraph = Readonly<Record<string, GraphNode>>

export interface ParameterRow {
  readonly name: string
  readonly summary: string
  /** JSON schema, as openEO writes it (with `subtype`). */
  readonly schema: unknown
  readonly optional?: boolean
  readonly default?: Value
}

/** How regions of the result depend on regions of the data; shown in docs and by `graph explain`. */
export type ChunkRule =
  | 'value'
  | 'metadata'
  | 'cell'
  | 'reduction'
  | 'whole dimension'
  | 'halo'
  | 'footprint'
  | 'source'
  | 'sink'

/** What a process may use of its surroundings. */
export interface ProcessContext extends WorkOptions {
  /** Id of the node in the graph, for messages. */
  readonly node: string
  /** Where relative paths start. */
  readonly folder: string
  readonly onInspect: (entry: { message: string; code: string; level: string; data: Value }) => void
  readonly onWarning?: OnWarning
  /** `skip`: of several files, those that are too damaged to be opened are left out, with a warning. Default `fail`. */
  readonly onError?: 'fail' | 'skip'
  /** Limits of `run_udf`; see `udf/thread.ts` for what holds by default. */
  readonly udfLimits?: { readonly timeoutMs?: number; readonly memoryMb?: number }
  /** Keeps a resource open until the graph's result is closed. */
  readonly keep: (resource: { close(): Promise<void> }) => void
}

/** Arguments after defaults, references and schema checks; callbacks are `Callback`. */
export type Arguments = Readonly<Record<string, Value | Callback | undefined>>

export interface ProcessRow {
  readonly id: string
  readonly category: Category
  readonly summary: string
  readonly parameters: readonly ParameterRow[]
  readonly returns: { readonly summary: string; readonly schema: unknown }
  /** Codes of errors that openEO defines for it, such as `DimensionNotAvailable`. */
  readonly errors?: readonly string[]
  readonly experimental?: boolean
  readonly chunks: ChunkRule
  /** The meaning on values; of cube processes, makes the lazy node. */
  evaluate(args: Arguments, context: ProcessContext): Value | Promise<Value>
  /**
   * The kernel: the cell that this process is within a compiled callback, from its arguments as cells (constants where
   * they are constant, arrays as `CellArray`); undefined where these arguments cannot be compiled.
   */
  cell?(args: Readonly<Record<string, CellArgument>>): CellArgument | undefined
}

/** The dimension that a callback's array runs along (`data` of a reducer), with the cell that gives an element. */
export interface CellArray {
  readonly kind: 'array'
  readonly dim: string
  readonly labels: readonly (string | number)[]
  readonly of: Cell
  /** Only the elements for which this is true are there; the others are missing. */
  readonly kept?: Cell
  /** The elements that are there come first. */
  readonly isCompact?: boolean
  /** The labels tell how many elements there may be, and no more: which has which is known cell by cell. */
  readonly isUnlabelled?: boolean
  /** The elements are positions in an array along the same dimension, each at most once. */
  readonly isPermutation?: boolean
}

/** Arguments inside compiled callbacks: cells, arrays of cells, and plain JSON for options (labels, names, flags). */
export type CellArgument = Cell | CellArray | null | boolean | string | readonly unknown[] | undefined
