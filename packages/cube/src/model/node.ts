/**
 * A lazy cube as the planner sees it: what it is (schema), what it is made from (inputs), and how one region of it is
 * computed. Process rows make nodes, the planner fuses and cuts them into tasks. A node holds no cells.
 */
import type { WorkOptions } from '@ecotope/core'
import type { Cell } from '../cells/cell.ts'
import type { Band, Grid } from '../types.ts'
import type { ArraySource } from './array-source.ts'
import type { Block, Packing } from './block.ts'
import type { Dimension } from './dimension.ts'
import type { Region } from './region.ts'

export interface CubeSchema {
  readonly dims: readonly Dimension[]
  /** Of the dimensions with the axes x and y, where the cube has both. */
  readonly grid?: Grid
  readonly packing: Packing
  /** Unit of the values, in UCUM or CF writing, where all bands share it. */
  readonly unit?: string
  /** What the cells show, of a cube without a dimension of bands: a variable of a file. */
  readonly band?: Band
}

interface NodeBase {
  readonly schema: CubeSchema
  /** What made it, for people: `ndvi`, `s2/20200601.tif`. */
  readonly label: string
  readonly inputs: readonly CubeNode[]
}

/** Cells that a file (or memory) holds. */
export interface SourceNode extends NodeBase {
  readonly kind: 'source'
  readonly source: ArraySource
}

/**
 * Every cell is an expression over cells of the inputs: arithmetic, masks, reductions over whole dimensions, selections
 * of labels. All such nodes fuse with each other by substitution and run as one kernel.
 */
export interface CellNode extends NodeBase {
  readonly kind: 'cells'
  readonly cell: Cell
}

/** Anything else: halos, warps, sorts along a dimension, interpreted callbacks, UDFs. */
export interface BlockNode extends NodeBase {
  readonly kind: 'blocks'
  /** The region of each input that a region of this cube needs; undefined where it needs none of it. */
  needs(region: Region): readonly (Region | undefined)[]
  /** Pure: the same region gives the same block. Inputs are as `needs` asked. */
  compute(region: Region, inputs: readonly (Block | undefined)[], work: WorkOptions): Block | Promise<Block>
  /** Bytes beyond inputs and output while `compute` runs. */
  scratchBytes?(region: Region): number
  /**
   * For nodes that read far more than they give (zonal statistics, sums over a whole image): the needed regions in
   * pieces, which a planner may compute and add one after the other. `compute` stays the same thing in one go. As a
   * function, it gets the bytes that a piece (and what is kept between pieces) should take.
   */
  readonly fold?: Fold | ((targetBytes: number) => Fold)
  /** Set on a concatenation of the inputs along `dim`, in order, so that selections can be passed on to them. */
  readonly concat?: { readonly dim: string }
  /** Dimensions that a task has to hold whole (by index in `schema.dims`), such as the sorted one. */
  readonly wholeDimensions?: readonly number[]
}

/** Inputs that are taken in piece by piece; the pieces of a region together are what `needs` asks for. */
export interface Fold<State = unknown> {
  /** Regions of the inputs, in the order in which `add` wants them. */
  pieces(region: Region): Iterable<readonly (Region | undefined)[]>
  begin(region: Region): State
  add(state: State, inputs: readonly (Block | undefined)[], work: WorkOptions): void | Promise<void>
  /** Ends a pass: whether all pieces have to be added once more. Default: one pass is enough. */
  again?(state: State): boolean
  end(state: State, work: WorkOptions): Block | Promise<Block>
  /** Passes as a rule. Default 1. */
  passes?(region: Region): number
  /** How many pieces there are, where that is known without making them. */
  count?(region: Region): number
  /** Bytes of the state while a piece is added. Default: those that the node's `scratchBytes` tells. */
  stateBytes?(region: Region): number
  /** How several workers each take in some of the pieces of a region. Default: they cannot. */
  shared?(region: Region): SharedFold<State> | undefined
}

/** One pass of a fold by several workers; what crosses between them is plain data. */
export interface SharedFold<State = unknown> {
  /** What earlier passes found, for workers. */
  progress(state: State): unknown
  /** A worker's own state, which takes in pieces from the one with this index on. */
  resume(progress: unknown, from: number): State
  /** What a worker found. */
  found(state: State): unknown
  /** Takes in what a worker found; called in the order of pieces. */
  join(state: State, found: unknown): void
}

/** How a node takes its inputs in pieces of about these bytes; undefined where it needs them all at once. */
export function foldWithin({ fold }: BlockNode, targetBytes: number): Fold | undefined {
  return typeof fold === 'function' ? fold(targetBytes) : fold
}

export type CubeNode = SourceNode | CellNode | BlockNode

export function shapeOf(schema: CubeSchema): number[] {
  return schema.dims.map((dimension) => dimension.labels.length)
}

export function dimensionIndex(schema: CubeSchema, name: string): number {
  return schema.dims.findIndex((dimension) => dimension.name === name)
}
