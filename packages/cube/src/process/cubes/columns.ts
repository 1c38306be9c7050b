/**
 * Rows of cells along a dimension, gathered as columns of float64 numbers (NaN is missing), some hundred at a time, for
 * loops that need a whole row: running results, sorts, fits.
 */
import { DTYPES, newArray, type TypedArray } from '../../dtype.ts'
import type { Block, Packing } from '../../model/block.ts'
import type { BlockNode, CubeNode, CubeSchema } from '../../model/node.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import { walkOf, wholeOf } from './along.ts'
import { regionByName } from './nodes.ts'

/** Computes `count` columns from those of each input: the numbers of column c lie from `c * length` on. */
export type ColumnLoop = (inputs: readonly Float64Array[], count: number, result: Float64Array) => void

export interface ColumnsSpec {
  readonly label: string
  /** Cubes of the same dimensions, in order, and the same labels but for `dim`. */
  readonly inputs: readonly CubeNode[]
  /** The dimension that columns run along. */
  readonly dim: string
  /** The dimension of the result that its columns run along. */
  readonly target: string
  /** With floats as they are for a packing. */
  readonly schema: CubeSchema
  /** Makes the loop for one block, with what it needs for itself. */
  readonly loop: () => ColumnLoop
}

/** Numbers of columns that are gathered at once, so that they stay in the cache. */
const TILE_NUMBERS = 1 << 14

/** A node that holds `dim` of the inputs whole. */
export function columnsNode(spec: ColumnsSpec): BlockNode {
  const { label, inputs, schema, dim, target } = spec
  const inner = new Set([dim, target])
  return {
    kind: 'blocks',
    label,
    schema,
    inputs,
    wholeDimensions: schema.dims.flatMap((dimension, d) => (dimension.name === target ? [d] : [])),
    needs: (region) =>
      inputs.map((node) => wholeOf(regionByName(region, schema.dims, node.schema.dims), node.schema.dims, inner)),
    compute: (region, blocks) => compute(spec, region, blocks as readonly Block[]),
  }
}

/** Adds to `offsets` where each of the next columns starts, in row-major order of the shared dimensions. */
class Starts {
  readonly #lengths: readonly number[]
  readonly #strides: readonly (readonly number[])[]
  readonly #counter: number[]
  readonly #at: number[]

  constructor(lengths: readonly number[], strides: readonly (readonly number[])[]) {
    this.#lengths = lengths
    this.#strides = strides
    this.#counter = lengths.map(() => 0)
    this.#at = strides.map(() => 0)
  }

  next(offsets: readonly Int32Array[], count: number): void {
    const last = this.#lengths.length - 1
    for (let c = 0; c < count; c++) {
      for (let k = 0; k < offsets.length; k++) offsets[k]![c] = this.#at[k]!
      for (let d = last; d >= 0; d--) {
        const isOver = ++this.#counter[d]! === this.#lengths[d]
        for (let k = 0; k < offsets.length; k++)
          this.#at[k]! += this.#strides[k]![d]! * (isOver ? 1 - this.#lengths[d]! : 1)
        if (!isOver) break
        this.#counter[d] = 0
      }
    }
  }
}

function compute({ inputs, dim, target, schema, loop }: ColumnsSpec, region: Region, blocks: readonly Block[]): Block {
  const data = newArray(schema.packing.dtype, cellCount(region.shape))
  const from = inputs[0]!.schema.dims
  const walk = walkOf(from, schema.dims, dim, target)
  const outStrides = stridesOf(region.shape)
  const inStrides = blocks.map((block) => stridesOf(block.region.shape))
  const shared = walk.shared.map(([, d]) => region.shape[d]!)
  const columns = cellCount(shared)
  const [first, length] = [region.start[walk.target]!, region.shape[walk.target]!]
  const whole = schema.dims[walk.target]!.labels.length
  const lengths = blocks.map((block) => block.region.shape[walk.along]!)
  const tile = Math.max(1, Math.min(columns, Math.floor(TILE_NUMBERS / Math.max(whole, ...lengths))))
  const gathered = lengths.map((n) => new Float64Array(n * tile))
  const result = new Float64Array(whole * tile)
  const offsets = [...blocks, data].map(() => new Int32Array(tile))
  const starts = new Starts(shared, [
    ...inStrides.map((strides) => walk.shared.map(([d]) => strides[d]!)),
    walk.shared.map(([, d]) => outStrides[d]!),
  ])
  const run = loop()
  for (let done = 0; done < columns; done += tile) {
    const count = Math.min(tile, columns - done)
    starts.next(offsets, count)
    for (const [k, block] of blocks.entries()) {
      const { packing } = inputs[k]!.schema
      gather(block.data, packing, offsets[k]!, count, inStrides[k]![walk.along]!, lengths[k]!, gathered[k]!)
    }
    run(gathered, count, result)
    scatter(data, offsets.at(-1)!, count, outStrides[walk.target]!, result, whole, first, length)
  }
  return { region, data }
}

function gather(
  data: TypedArray,
  { nodata, scale, offset, dtype }: Packing,
  starts: Int32Array,
  count: number,
  step: number,
  length: number,
  into: Float64Array,
): void {
  const isPlain =
    scale === 1 && offset === 0 && (nodata === undefined || (DTYPES[dtype].isFloat && Number.isNaN(nodata)))
  for (let i = 0; i < length; i++) {
    const at = i * step
    if (isPlain) for (let c = 0; c < count; c++) into[c * length + i] = data[starts[c]! + at]!
    else
      for (let c = 0; c < count; c++) {
        const raw = data[starts[c]! + at]!
        into[c * length + i] = raw === nodata ? Number.NaN : raw * scale + offset
      }
  }
}

/** Files the numbers `first` to `first + length` of each column. */
function scatter(
  data: TypedArray,
  starts: Int32Array,
  count: number,
  step: number,
  from: Float64Array,
  whole: number,
  first: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    const at = i * step
    for (let c = 0; c < count; c++) data[starts[c]! + at] = from[c * whole + first + i]!
  }
}
