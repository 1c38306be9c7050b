/**
 * A lazy cube as the planner sees it: what it is (schema), what it is made from (inputs), and how one region of it is
 * computed. Process rows make nodes, the planner fuses and cuts them into tasks. A node holds no cells.
 */
import type { WorkOptions } from '@ecotope/core'
import type { Cell } from '../cells/cell.ts'
import type { Grid } from '../types.ts'
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
  /** Dimensions that a task has to hold whole (by index in `schema.dims`), such as the sorted one. */
  readonly wholeDimensions?: readonly number[]
}

export type CubeNode = SourceNode | CellNode | BlockNode

export function shapeOf(schema: CubeSchema): number[] {
  return schema.dims.map((dimension) => dimension.labels.length)
}

export function dimensionIndex(schema: CubeSchema, name: string): number {
  return schema.dims.findIndex((dimension) => dimension.name === name)
}
