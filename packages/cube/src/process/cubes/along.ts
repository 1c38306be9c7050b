/**
 * Interpreted callbacks on arrays along a dimension: each array of cells becomes openEO values (null is missing), the
 * callback runs, and what it returns becomes cells again. The slow way, for what does not compile.
 */
import { InputError } from '@ecotope/core'
import { DTYPES, newArray, type TypedArray } from '../../dtype.ts'
import type { Block, Packing } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import type { BlockNode, CubeNode, CubeSchema } from '../../model/node.ts'
import { missingRaw } from '../../model/packing.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import type { Value } from '../row.ts'
import { elementsOf } from '../schema.ts'
import { regionByName } from './nodes.ts'

/** The openEO value of a cell. */
export function valueReader(data: TypedArray, packing: Packing): (index: number) => Value {
  const { nodata, scale, offset, isBoolean } = packing
  return (index) => {
    const raw = data[index]!
    if (raw === nodata || Number.isNaN(raw)) return null
    return isBoolean ? raw !== 0 : raw * scale + offset
  }
}

/** Files an openEO value as a cell. Throws InputError `NotANumber` for texts and arrays. */
export function valueWriter(data: TypedArray, packing: Packing, label: string): (index: number, value: Value) => void {
  const missing = missingRaw(packing)
  const { scale, offset } = packing
  const [least, greatest] = DTYPES[packing.dtype].range
  const isFloat = DTYPES[packing.dtype].isFloat
  return (index, value) => {
    const number = typeof value === 'boolean' ? Number(value) : value
    if (number === null || number === undefined) data[index] = missing
    else if (typeof number !== 'number') throw notANumber(label, value)
    else if (isFloat) data[index] = (number - offset) / scale
    else if (Number.isNaN(number)) data[index] = missing
    else data[index] = Math.min(greatest, Math.max(least, Math.round((number - offset) / scale)))
  }
}

export function notANumber(label: string, value: unknown): InputError {
  const what = typeof value === 'string' ? `the text ${JSON.stringify(value)}` : 'something that is no single value'
  return new InputError('NotANumber', `${label}: a callback gave ${what} for a cell`, {
    hint: 'cells of cubes are numbers or true and false; let the callback give one of these',
    data: { value },
  })
}

export interface AlongSpec {
  readonly label: string
  readonly node: CubeNode
  /** The dimension that arrays run along; one that the cube does not have makes each cell an array. */
  readonly dim: string
  readonly schema: CubeSchema
  /** The dimension of the result that results run along; undefined where there is one value per array. */
  readonly target?: string
  /** From one array to the values at the result's indices `from` to `to`. */
  readonly run: (values: readonly Value[], from: number, to: number) => Values | Promise<Values>
  readonly isAsync: boolean
}
export type Values = readonly Value[]

/** A node that holds `dim` whole and runs a function on each array along it. */
export function alongNode(spec: AlongSpec): BlockNode {
  const { label, node, schema, dim, target } = spec
  const inner = new Set([dim, ...(target === undefined ? [] : [target])])
  const plan = walkOf(node.schema.dims, schema.dims, dim, target)
  return {
    kind: 'blocks',
    label,
    schema,
    inputs: [node],
    wholeDimensions: schema.dims.flatMap((dimension, d) => (dimension.name === target ? [d] : [])),
    needs(region) {
      const needed = regionByName(region, schema.dims, node.schema.dims)
      return [wholeOf(needed, node.schema.dims, inner)]
    },
    compute: (region, inputs) => compute(spec, plan, region, inputs[0]!),
  }
}

/** The region with the named dimensions whole. */
export function wholeOf(region: Region, dims: readonly Dimension[], names: ReadonlySet<string>): Region {
  return {
    start: region.start.map((start, d) => (names.has(dims[d]!.name) ? 0 : start)),
    shape: region.shape.map((length, d) => (names.has(dims[d]!.name) ? dims[d]!.labels.length : length)),
  }
}

export interface Walk {
  readonly along: number
  readonly target: number
  /** Pairs of dimensions (of input, of result) that both have. */
  readonly shared: readonly (readonly [number, number])[]
}

export function walkOf(
  from: readonly Dimension[],
  to: readonly Dimension[],
  dim: string,
  target: string | undefined,
): Walk {
  const shared = to.flatMap(({ name }, d): (readonly [number, number])[] => {
    const at = from.findIndex((dimension) => dimension.name === name)
    return name === target || name === dim || at < 0 ? [] : [[at, d]]
  })
  return {
    along: from.findIndex(({ name }) => name === dim),
    target: to.findIndex(({ name }) => name === target),
    shared,
  }
}

/** Offsets into input and result of every array, in row-major order of the shared dimensions. */
export function* offsets(
  shared: readonly (readonly [number, number])[],
  shape: readonly number[],
  inputStrides: readonly number[],
  outputStrides: readonly number[],
): Generator<readonly [number, number]> {
  const lengths = shared.map(([, d]) => shape[d]!)
  const counter = lengths.map(() => 0)
  for (let n = cellCount(lengths); n > 0; n--) {
    let a = 0
    let b = 0
    counter.forEach((k, i) => {
      a += k * inputStrides[shared[i]![0]]!
      b += k * outputStrides[shared[i]![1]]!
    })
    yield [a, b]
    for (let i = counter.length - 1; i >= 0; i--) {
      counter[i]!++
      if (counter[i]! < lengths[i]!) break
      counter[i] = 0
    }
  }
}

/** Asynchronous callbacks under way at the same time, so that the thread of a UDF never waits for the next array. */
const BATCH = 512

function compute(spec: AlongSpec, plan: Walk, region: Region, block: Block): Block | Promise<Block> {
  const data = newArray(spec.schema.packing.dtype, cellCount(region.shape))
  const inputStrides = stridesOf(block.region.shape)
  const outputStrides = stridesOf(region.shape)
  const read = valueReader(block.data, spec.node.schema.packing)
  const write = valueWriter(data, spec.schema.packing, spec.label)
  // Without a dimension to run along, each cell is a row of its own.
  const length = plan.along < 0 ? 1 : block.region.shape[plan.along]!
  const step = plan.along < 0 ? 0 : inputStrides[plan.along]!
  const from = plan.target < 0 ? 0 : region.start[plan.target]!
  const to = plan.target < 0 ? 1 : from + region.shape[plan.target]!
  const outputStep = plan.target < 0 ? 0 : outputStrides[plan.target]!
  const arrays = offsets(plan.shared, region.shape, inputStrides, outputStrides)
  const gather = (at: number): Value[] => Array.from({ length }, (_, i) => read(at + i * step))
  const file = (at: number, values: Values): void => {
    for (let i = from; i < to; i++) write(at + (i - from) * outputStep, values[i - from] ?? null)
  }
  if (!spec.isAsync) {
    for (const [a, b] of arrays) file(b, spec.run(gather(a), from, to) as Values)
    return { region, data }
  }
  const fileAll = async (batch: readonly (readonly [number, number])[]): Promise<void> => {
    const results = await Promise.all(batch.map(([a]) => spec.run(gather(a), from, to)))
    for (const [i, [, b]] of batch.entries()) file(b, results[i]!)
  }
  return (async () => {
    let batch: (readonly [number, number])[] = []
    for (const pair of arrays) {
      if (batch.push(pair) < BATCH) continue
      await fileAll(batch)
      batch = []
    }
    await fileAll(batch)
    return { region, data }
  })()
}

/** The elements of what a callback returned for an array. Throws InputError `NotAnArray`. */
export function arrayOf(label: string, value: Value): readonly Value[] {
  const values = elementsOf(value)
  if (values !== undefined) return values
  throw new InputError('NotAnArray', `${label}: the callback has to return an array`, {
    hint: 'to get a single value per array, use reduce_dimension',
    data: { value },
  })
}
