/** Makers of lazy nodes that the cube processes share: cells, selections, concatenation, arrays along a dimension. */
import type { Cell } from '../../cells/cell.ts'
import { DTYPES, newArray, type TypedArray } from '../../dtype.ts'
import type { Block, Packing } from '../../model/block.ts'
import { copyBox } from '../../model/copy.ts'
import type { Dimension } from '../../model/dimension.ts'
import { type BlockNode, type CellNode, type CubeNode, type CubeSchema, dimensionIndex } from '../../model/node.ts'
import { missingRaw, samePacking } from '../../model/packing.ts'
import { cellCount, type Region } from '../../model/region.ts'
import { cutSchema, enumerated } from './labels.ts'

export const BOOLEAN: Packing = { dtype: 'uint8', nodata: 255, scale: 1, offset: 0, isBoolean: true }

export const input = (index: number): Cell => ({ kind: 'input', input: index })
export const constant = (value: number): Cell => ({ kind: 'constant', value })
export const call = (operation: string, ...args: readonly Cell[]): Cell => ({ kind: 'call', operation, args })
export const MISSING: Cell = constant(Number.NaN)

export function cellNode(label: string, inputs: readonly CubeNode[], cell: Cell, schema: CubeSchema): CellNode {
  return { kind: 'cells', label, inputs, cell, schema }
}

/** The same cells under another schema of the same shape and packing. */
export const sameCells = (label: string, node: CubeNode, schema: CubeSchema): CellNode =>
  cellNode(label, [node], input(0), schema)

/** The labels at `indices` of a dimension, in that order. The node itself where that is all of them. */
export function selectNode(label: string, node: CubeNode, dim: string, indices: readonly number[]): CubeNode {
  const d = dimensionIndex(node.schema, dim)
  if (indices.length === node.schema.dims[d]!.labels.length && indices.every((index, i) => index === i)) return node
  return cellNode(label, [node], { kind: 'take', dim, indices, of: input(0) }, cutSchema(node.schema, d, indices))
}

/** The schema's dimension of this name. */
export const dimensionOf = (schema: CubeSchema, name: string): Dimension | undefined =>
  schema.dims.find((dimension) => dimension.name === name)

/** An all-missing (or constant) cell array of a packing. */
export function missingArray(packing: Packing, length: number): TypedArray {
  const data = newArray(packing.dtype, length)
  const raw = missingRaw(packing)
  return raw === 0 ? data : data.fill(raw)
}

/**
 * Cubes one after the other along a dimension; all other dimensions and the packing are alike. A region reads only the
 * inputs that it meets.
 */
export function concatNode(inputs: readonly CubeNode[], dim: string, label = 'concat', joined?: Dimension): BlockNode {
  const first = inputs[0]!.schema
  const d = dimensionIndex(first, dim)
  const lengths = inputs.map((node) => node.schema.dims[d]!.labels.length)
  const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, n) => sum + n, 0))
  const dims = first.dims.map((dimension, i) => (i === d ? (joined ?? joinDimensions(inputs, d)) : dimension))
  const part = (region: Region, i: number): Region | undefined => {
    const from = Math.max(region.start[d]!, starts[i]!)
    const to = Math.min(region.start[d]! + region.shape[d]!, starts[i]! + lengths[i]!)
    if (from >= to) return undefined
    return {
      start: region.start.map((start, k) => (k === d ? from - starts[i]! : start)),
      shape: region.shape.map((length, k) => (k === d ? to - from : length)),
    }
  }
  const schema = { ...first, dims }
  return {
    kind: 'blocks',
    label,
    inputs,
    schema,
    concat: { dim },
    needs: (region) => inputs.map((_, i) => part(region, i)),
    compute(region, blocks) {
      const data = newArray(schema.packing.dtype, cellCount(region.shape))
      blocks.forEach((block, i) => {
        if (block === undefined) return
        const to = region.start.map((start, k) => (k === d ? block.region.start[d]! + starts[i]! - start : 0))
        const from = block.region.shape.map(() => 0)
        copyBox(block.data, block.region.shape, from, data, region.shape, to, block.region.shape)
      })
      return { region, data }
    },
  }
}

function joinDimensions(inputs: readonly CubeNode[], d: number): Dimension {
  const dimension = inputs[0]!.schema.dims[d]!
  const parts = inputs.map((node) => node.schema.dims[d]!)
  const labels = parts.flatMap((part) => part.labels as readonly never[])
  if (dimension.type === 'bands') {
    return { ...dimension, labels, bands: parts.flatMap((part) => (part.type === 'bands' ? part.bands : [])) }
  }
  if (dimension.type === 'geometry') {
    const features = parts.flatMap((part) => (part.type === 'geometry' ? part.features.features : []))
    return { ...dimension, labels, features: { ...dimension.features, features } }
  }
  return { ...dimension, labels }
}

/** The cube unpacked into another packing of floats; the node itself where it has it. */
export function repacked(node: CubeNode, packing: Packing, label = 'unpack'): CubeNode {
  return samePacking(node.schema.packing, packing) ? node : sameCells(label, node, { ...node.schema, packing })
}

/** The region of `dims` that a region of other dimensions, matched by name, has; dimensions that it lacks whole. */
export function regionByName(region: Region, from: readonly Dimension[], dims: readonly Dimension[]): Region {
  const at = dims.map((dimension) => from.findIndex(({ name }) => name === dimension.name))
  return {
    start: at.map((d) => (d < 0 ? 0 : region.start[d]!)),
    shape: at.map((d, k) => (d < 0 ? dims[k]!.labels.length : region.shape[d]!)),
  }
}

/** A block of all of a small array. */
export const blockOf = (region: Region, data: TypedArray): Block => ({ region, data })

export const indicesWhere = (length: number, keep: (i: number) => boolean): number[] => enumerated(length).filter(keep)

/** Cells in another packing; missing ones stay missing. The values have to fit. */
export function repackedArray(data: TypedArray, from: Packing, to: Packing): TypedArray {
  const out = newArray(to.dtype, data.length)
  const missing = missingRaw(to)
  const isFloat = DTYPES[to.dtype].isFloat
  for (let i = 0; i < data.length; i++) {
    const raw = data[i]!
    if (raw === from.nodata || Number.isNaN(raw)) out[i] = missing
    else {
      const value = (raw * from.scale + from.offset - to.offset) / to.scale
      out[i] = isFloat ? value : Math.round(value)
    }
  }
  return out
}
