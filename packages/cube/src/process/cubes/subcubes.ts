/** Parts of a cube handed to callbacks as cubes of their own (or arrays), and what comes back. */
import { InputError, type WorkOptions } from '@ecotope/core'
import { DTYPES, newArray, type TypedArray } from '../../dtype.ts'
import type { Block, Packing } from '../../model/block.ts'
import { copyBox, sliceBox } from '../../model/copy.ts'
import type { Dimension } from '../../model/dimension.ts'
import { memorySource } from '../../model/memory.ts'
import { type CubeSchema, shapeOf } from '../../model/node.ts'
import { samePacking } from '../../model/packing.ts'
import { cellCount, type Region } from '../../model/region.ts'
import { formatInstant, dateOf as instantOf, parseInstant, secondsOf } from '../../model/time.ts'
import type { DType } from '../../types.ts'
import type { Callback, LabeledArray, Value } from '../row.ts'
import { elementsOf, isCube } from '../schema.ts'
import { valueReader, valueWriter } from './along.ts'
import { cubeValue } from './arguments.ts'
import { labelled } from './callback.ts'
import { readWhole } from './direct.ts'
import { cutDimension, enumerated, gridAxis, type Label } from './labels.ts'
import { missingArray, repackedArray } from './nodes.ts'

/** A box that may reach beyond the cube. */
export interface Box {
  readonly start: readonly number[]
  readonly shape: readonly number[]
}

/** The part of a box inside a cube of a shape. */
export function clip(box: Box, shape: readonly number[]): Region {
  const start = box.start.map((from) => Math.max(0, from))
  const end = box.start.map((from, d) => Math.min(shape[d]!, from + box.shape[d]!))
  return { start, shape: start.map((from, d) => Math.max(0, end[d]! - from)) }
}

/** Labels of a dimension from `start` on; beyond its ends they go on at the distance of the last two. */
function stretched(dimension: Dimension, start: number, length: number): Dimension {
  const n = dimension.labels.length
  if (start >= 0 && start + length <= n) {
    return cutDimension(
      dimension,
      enumerated(length).map((i) => start + i),
    )
  }
  const labels = enumerated(length).map((i) => labelAt(dimension, start + i))
  if (dimension.type === 'bands') {
    return { ...dimension, labels: labels.map(String), bands: labels.map((label) => ({ name: String(label) })) }
  }
  return dimension.type === 'geometry'
    ? { type: 'other', name: dimension.name, labels }
    : ({ ...dimension, labels } as Dimension)
}

function labelAt(dimension: Dimension, i: number): Label {
  const labels = dimension.labels as readonly Label[]
  const n = labels.length
  if (i >= 0 && i < n) return labels[i]!
  const [near, next] = i < 0 ? [0, 1] : [n - 1, n - 2]
  const steps = i < 0 ? i : i - (n - 1)
  const along = (read: (label: Label) => number | undefined): number | undefined => {
    const [a, b] = [read(labels[near]!), n > 1 ? read(labels[next]!) : undefined]
    if (a === undefined) return undefined
    return a + steps * (b === undefined ? 1 : i < 0 ? b - a : a - b)
  }
  if (dimension.type === 'temporal') {
    const { calendar } = dimension
    const seconds = along((label) => {
      const date = parseInstant(String(label), calendar)
      return date === undefined ? undefined : secondsOf(date, calendar)
    })
    return seconds === undefined ? `beyond ${i}` : formatInstant(instantOf(seconds, calendar))
  }
  return along((label) => (typeof label === 'number' ? label : undefined)) ?? `beyond ${i}`
}

/** The schema of a box of a cube, which may reach beyond it. */
export function boxSchema(schema: CubeSchema, box: Box, packing: Packing): CubeSchema {
  const dims = schema.dims.map((dimension, d) => stretched(dimension, box.start[d]!, box.shape[d]!))
  const { grid, ...rest } = schema
  if (grid === undefined) return { ...rest, dims, packing }
  const at = (axis: 'x' | 'y') => schema.dims.findIndex((dimension) => gridAxis(dimension) === axis)
  const [x, y] = [at('x'), at('y')]
  const [a, b, c, d, e, f] = grid.affine
  const [column, row] = [box.start[x]!, box.start[y]!]
  const affine = [a, b, c + a * column + b * row, d, e, f + d * column + e * row] as const
  return { ...rest, dims, packing, grid: { crs: grid.crs, affine, width: box.shape[x]!, height: box.shape[y]! } }
}

/** Cells of a box from a block that covers its part inside the cube; the rest is missing. */
export function boxCells(box: Box, shape: readonly number[], block: Block, from: Packing, to: Packing): TypedArray {
  const inside = clip(box, shape)
  const isWhole = inside.shape.every((length, d) => length === box.shape[d])
  const data = isWhole ? newArray(to.dtype, cellCount(box.shape)) : missingArray(to, cellCount(box.shape))
  if (cellCount(inside.shape) === 0) return data
  const source = inside.start.map((at, d) => at - block.region.start[d]!)
  const target = inside.start.map((at, d) => at - box.start[d]!)
  if (samePacking(from, to)) {
    copyBox(block.data, block.region.shape, source, data, box.shape, target, inside.shape)
    return data
  }
  // Only what the box needs is packed anew: a block holds many boxes.
  const part = sliceBox(block.data, block.region.shape, { start: source, shape: inside.shape })
  const origin = inside.shape.map(() => 0)
  copyBox(repackedArray(part, from, to), inside.shape, origin, data, box.shape, target, inside.shape)
  return data
}

/**
 * Bytes that a callback on a part takes, beside the block it is cut from: the part and what it is packed as, and a
 * result of each of its processes, of numbers in arrays for parts that are lines.
 */
export function partBytes(cells: number, process: Callback, { line }: SubCubeOptions, from: DType, to: DType): number {
  const results = Object.keys(process.graph).length
  return cells * (2 * DTYPES[from].bytes + results * (line === undefined ? DTYPES[to].bytes : 32))
}

export interface SubCubeOptions {
  readonly label: string
  readonly context: Value
  /** The dimension that parts run along, where they are rows of cells: they become labelled arrays. */
  readonly line?: string
  /** Labels may change as long as their number stays. */
  readonly freeLabels?: boolean
}

export interface SubCubeResult {
  readonly packing: Packing
  readonly data: TypedArray
  /** Whether nobody else can refer to the array. */
  readonly isNew?: boolean
}

function argumentFor(data: TypedArray, schema: CubeSchema, options: SubCubeOptions): Value {
  const line = schema.dims.find(({ name }) => name === options.line)
  if (line === undefined) return cubeValue(memorySource(data, schema, options.label))
  const read = valueReader(data, schema.packing)
  const array: LabeledArray = labelled(
    line.labels as readonly Label[],
    enumerated(data.length).map((i) => read(i)),
  )
  return array
}

/** Runs a callback on a sub-cube. Throws `DataCubePropertiesImmutable` where the result has other dimensions. */
export async function runOnPart(
  process: Callback,
  data: TypedArray,
  schema: CubeSchema,
  options: SubCubeOptions,
  work: WorkOptions,
): Promise<SubCubeResult> {
  const result = await process.run({ data: argumentFor(data, schema, options), context: options.context })
  if (isCube(result)) {
    const aligned = inOrder(schema, result.node.schema, options)
    const block = await readWhole(result.node, work)
    const packing = result.node.schema.packing
    const isNew = result.node.kind === 'cells'
    if (aligned.every((from, d) => from === d)) return { packing, data: block.data, isNew }
    return { packing, data: transposed(block.data, shapeOf(result.node.schema), aligned), isNew: true }
  }
  const values = elementsOf(result)
  const count = cellCount(shapeOf(schema))
  if (values === undefined || values.length !== count) throw immutable(options.label, 'the number of values')
  return arrayResult(values, schema, options.label)
}

function arrayResult(values: readonly Value[], schema: CubeSchema, label: string): SubCubeResult {
  const isTruth = values.some((value) => typeof value === 'boolean')
  const packing: Packing = isTruth
    ? { dtype: 'uint8', nodata: 255, scale: 1, offset: 0, isBoolean: true }
    : { dtype: 'float64', scale: 1, offset: 0 }
  const data = newArray(packing.dtype, cellCount(shapeOf(schema)))
  const write = valueWriter(data, packing, label)
  values.forEach((value, i) => {
    write(i, value)
  })
  return { packing, data }
}

function immutable(label: string, what: string): InputError {
  return new InputError('DataCubePropertiesImmutable', `${label}: the callback changed ${what}`, {
    hint: 'it has to return a cube of the same dimensions and labels, the overlap included',
  })
}

/** For each dimension of the part, which of the result it is. */
function inOrder(part: CubeSchema, result: CubeSchema, { label, freeLabels }: SubCubeOptions): number[] {
  if (part.dims.length !== result.dims.length) throw immutable(label, 'the dimensions')
  return part.dims.map((dimension) => {
    const d = result.dims.findIndex((other) => other.name === dimension.name)
    const other = result.dims[d]
    if (other === undefined) throw immutable(label, `the dimension ${dimension.name}`)
    const isSame = freeLabels
      ? other.labels.length === dimension.labels.length
      : other.labels.length === dimension.labels.length && other.labels.every((one, i) => one === dimension.labels[i])
    if (!isSame) throw immutable(label, `the labels of ${dimension.name}`)
    return d
  })
}

/** The array with dimension `order[d]` of the source as dimension d. */
function transposed(data: TypedArray, shape: readonly number[], order: readonly number[]): TypedArray {
  const out = newArrayLike(data)
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((product, n) => product * n, 1))
  const to = order.map((d) => shape[d]!)
  const counter = to.map(() => 0)
  for (let i = 0; i < data.length; i++) {
    out[i] = data[counter.reduce((sum, k, d) => sum + k * strides[order[d]!]!, 0)]!
    for (let d = to.length - 1; d >= 0; d--) {
      counter[d]!++
      if (counter[d]! < to[d]!) break
      counter[d] = 0
    }
  }
  return out
}

const newArrayLike = (data: TypedArray): TypedArray =>
  new (data.constructor as new (n: number) => TypedArray)(data.length)
