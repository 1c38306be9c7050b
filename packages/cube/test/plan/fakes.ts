/** Cubes for the tests of the planner: sources that count what is decoded, nodes with halos, whole dimensions and folds. */
import { InputError } from '@ecotope/core'
import { newArray, type TypedArray } from '../../src/dtype.ts'
import type { ArraySource } from '../../src/model/array-source.ts'
import { FLOAT32, FLOAT64, type Packing } from '../../src/model/block.ts'
import { copyBox, sliceBox } from '../../src/model/copy.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import type { BlockNode, CubeNode, CubeSchema, SourceNode } from '../../src/model/node.ts'
import { shapeOf } from '../../src/model/node.ts'
import { alignRegion, cellCount, type Region, regionText, splitRegion } from '../../src/model/region.ts'
import { evaluateRegion } from '../../src/plan/evaluate.ts'

export const other = (name: string, length: number): Dimension => ({
  type: 'other',
  name,
  labels: Array.from({ length }, (_, i) => i),
})

export const schemaOf = (sides: Readonly<Record<string, number>>, packing: Packing = FLOAT32): CubeSchema => ({
  dims: Object.entries(sides).map(([name, length]) => other(name, length)),
  packing,
})

export interface FakeSource {
  readonly node: SourceNode
  /** How often each stored chunk has been decoded, by its region. */
  readonly decoded: Map<string, number>
  /** Regions of chunks (as text) that cannot be read. */
  readonly broken: Set<string>
  readonly data: TypedArray
}

export interface FakeOptions {
  readonly packing?: Packing
  readonly narrows?: boolean
  readonly value?: (i: number) => number
  readonly label?: string
}

/** A source over made-up numbers, stored in chunks, with a count of what is decoded. */
export function fakeSource(
  sides: Readonly<Record<string, number>>,
  chunks: readonly number[],
  options: FakeOptions = {},
): FakeSource {
  const schema = schemaOf(sides, options.packing)
  const data = newArray(schema.packing.dtype, cellCount(shapeOf(schema)))
  const value = options.value ?? ((i) => (i * 7919) % 251)
  for (let i = 0; i < data.length; i++) data[i] = value(i)
  const decoded = new Map<string, number>()
  const broken = new Set<string>()
  const source = sourceOver({ schema, data, chunks, decoded, broken, narrows: options.narrows ?? true, origin: [] })
  return {
    node: { kind: 'source', schema, label: options.label ?? 'fake', inputs: [], source },
    decoded,
    broken,
    data,
  }
}

interface Stored {
  readonly schema: CubeSchema
  readonly data: TypedArray
  readonly chunks: readonly number[]
  readonly decoded: Map<string, number>
  readonly broken: Set<string>
  readonly narrows: boolean
  /** Tells narrowed arrays apart. */
  readonly origin: readonly string[]
}

function sourceOver(stored: Stored): ArraySource {
  const { schema, data, chunks, decoded, broken } = stored
  const shape = shapeOf(schema)
  return {
    schema,
    chunks,
    handle: { format: 'fake', path: `fake${stored.origin.join('')}` },
    storedChunkBytes: cellCount(chunks),
    read: (region) => {
      for (const part of splitRegion(region, chunks)) {
        const chunk = alignRegion(part, chunks, shape)
        const key = [...stored.origin, regionText(chunk)].join('/')
        if (broken.has(regionText(chunk))) {
          const index = chunk.start.map((s, d) => s / chunks[d]!)
          const data = { path: 'fake', chunk: index }
          return Promise.reject(new InputError('CorruptChunk', `chunk ${index.join('.')} is damaged`, { data }))
        }
        decoded.set(key, (decoded.get(key) ?? 0) + 1)
      }
      return Promise.resolve(sliceBox(data, shape, region))
    },
    ...(stored.narrows ? { narrow: (d: number, indices: readonly number[]) => narrowed(stored, d, indices) } : {}),
    close: () => Promise.resolve(),
  }
}

/** As a file whose bands are stored apart would do it: chunks of one label along the dimension. */
function narrowed(stored: Stored, d: number, indices: readonly number[]): ArraySource | undefined {
  if (stored.chunks[d] !== 1) return undefined
  const shape = shapeOf(stored.schema)
  const dims = stored.schema.dims.map((dim, k) =>
    k === d ? ({ ...dim, labels: indices.map((i) => dim.labels[i]!) } as Dimension) : dim,
  )
  const schema = { ...stored.schema, dims }
  const target = newArray(schema.packing.dtype, cellCount(shapeOf(schema)))
  for (const [to, from] of indices.entries()) {
    const at = (n: number) => shape.map((_, k) => (k === d ? n : 0))
    const one = shape.map((n, k) => (k === d ? 1 : n))
    copyBox(stored.data, shape, at(from), target, shapeOf(schema), at(to), one)
  }
  return sourceOver({ ...stored, schema, data: target, origin: [...stored.origin, `[${d}:${indices.join()}]`] })
}

/** Sums over a square of cells with the given reach along the last two dimensions; missing beyond the edge is 0. */
export function boxSum(input: CubeNode, reach: number, label = 'box'): BlockNode {
  const shape = shapeOf(input.schema)
  const rank = shape.length
  const grown = (region: Region): Region => {
    const start = region.start.map((s, d) => (d < rank - 2 ? s : Math.max(0, s - reach)))
    const end = region.start.map((s, d) =>
      d < rank - 2 ? s + region.shape[d]! : Math.min(shape[d]!, s + region.shape[d]! + reach),
    )
    return { start, shape: start.map((s, d) => end[d]! - s) }
  }
  return {
    kind: 'blocks',
    label,
    inputs: [input],
    schema: { ...input.schema, packing: FLOAT64 },
    needs: (region) => [grown(region)],
    compute: (region, [block]) => {
      const { start, shape: size } = block!.region
      const [h, w] = [size[rank - 2]!, size[rank - 1]!]
      const [oh, ow] = [region.shape[rank - 2]!, region.shape[rank - 1]!]
      const out = new Float64Array(cellCount(region.shape))
      for (let i = 0; i < out.length; i++) {
        const [plane, row, column] = [Math.floor(i / (oh * ow)), Math.floor(i / ow) % oh, i % ow]
        const y = row + region.start[rank - 2]! - start[rank - 2]!
        const x = column + region.start[rank - 1]! - start[rank - 1]!
        let sum = 0
        for (let b = Math.max(0, y - reach); b <= Math.min(h - 1, y + reach); b++)
          for (let a = Math.max(0, x - reach); a <= Math.min(w - 1, x + reach); a++)
            sum += block!.data[(plane * h + b) * w + a]!
        out[i] = sum
      }
      return { region, data: out }
    },
  }
}

/** Running sums along one dimension, which a task therefore has to hold whole. */
export function runningSum(input: CubeNode, dim: number, label = 'running sum'): BlockNode {
  const shape = shapeOf(input.schema)
  const whole = (region: Region): Region => ({
    start: region.start.map((s, d) => (d === dim ? 0 : s)),
    shape: region.shape.map((n, d) => (d === dim ? shape[d]! : n)),
  })
  return {
    kind: 'blocks',
    label,
    inputs: [input],
    schema: { ...input.schema, packing: FLOAT64 },
    wholeDimensions: [dim],
    needs: (region) => [whole(region)],
    compute: (region, [block]) => {
      const all = whole(region)
      const out = Float64Array.from(block!.data)
      const step = cellCount(all.shape.slice(dim + 1))
      for (let i = 0; i < out.length; i++) if (Math.floor(i / step) % shape[dim]! > 0) out[i]! += out[i - step]!
      const at = { start: region.start.map((s, d) => (d === dim ? s : 0)), shape: region.shape }
      return { region, data: sliceBox(out, all.shape, at) }
    },
  }
}

/** The whole cube in one region, without fusion: what every plan has to equal. */
export async function wholeOf(node: CubeNode): Promise<number[]> {
  const shape = shapeOf(node.schema)
  const block = await evaluateRegion(node, { start: shape.map(() => 0), shape })
  return [...block.data]
}
