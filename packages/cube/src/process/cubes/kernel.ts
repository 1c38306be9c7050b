/** apply_kernel: weighted sums over the pixels around each pixel, with five ways to go on beyond the border. */
import { InputError, throwIfAborted } from '@ecotope/core'
import { newArray } from '../../dtype.ts'
import type { BlockNode, CubeNode } from '../../model/node.ts'
import { floatPacking } from '../../model/packing.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import type { ProcessRow } from '../row.ts'
import { elementsOf } from '../schema.ts'
import { axesOf, cubeOf, cubeValue } from './arguments.ts'
import { RowKernel, rowBytes, type Tap, type Taps } from './kernel-rows.ts'
import { planeOffsets, withWindow } from './planes.ts'
import { givesCube, optional, parameter, RASTER, RASTER_DATA } from './schemas.ts'

export type Border = number | 'replicate' | 'reflect' | 'reflect_pixel' | 'wrap'

const modulo = (i: number, n: number): number => ((i % n) + n) % n

/** The index in 0 to n - 1 that stands for index i of an axis that goes on beyond its border. */
const BEYOND: Readonly<Record<string, (i: number, n: number) => number>> = {
  replicate: (i, n) => Math.min(n - 1, Math.max(0, i)),
  reflect: (i, n) => {
    const k = modulo(i, 2 * n)
    return k < n ? k : 2 * n - 1 - k
  },
  reflect_pixel: (i, n) => {
    if (n === 1) return 0
    const k = modulo(i, 2 * n - 2)
    return k < n ? k : 2 * n - 2 - k
  },
  wrap: modulo,
}

/** For positions `start - reach` to `start + length + reach`: the index of the axis, -1 for the constant of the border. */
function sourcesOf(start: number, length: number, reach: number, n: number, border: Border): Int32Array {
  const beyond = typeof border === 'number' ? undefined : BEYOND[border]!
  return Int32Array.from({ length: length + 2 * reach }, (_, k) => {
    const i = start - reach + k
    return i >= 0 && i < n ? i : (beyond?.(i, n) ?? -1)
  })
}

function span(sources: Int32Array): readonly [start: number, length: number] {
  let [first, last] = [Infinity, -1]
  for (const i of sources) {
    if (i < 0) continue
    first = Math.min(first, i)
    last = Math.max(last, i)
  }
  return last < 0 ? [0, 0] : [first, last - first + 1]
}

export interface KernelSpec {
  /** Rows of weights, odd in number and length. The row above the pixel is the one before the middle. */
  readonly weights: readonly (readonly number[])[]
  readonly factor: number
  readonly border: Border
  readonly replaceInvalid: number
}

/** Weights that are not zero, all of them or those of a column and a row. */
function tapsOf({ weights, factor }: KernelSpec): Taps {
  const listed = (rows: readonly (readonly number[])[], times: number): Tap[] =>
    rows.flatMap((row, dy) => row.map((w, dx) => ({ dy, dx, weight: w * times }))).filter(({ weight }) => weight !== 0)
  const [width, height] = [weights[0]!.length, weights.length]
  const parts = separated(weights)
  if (parts === undefined) return { width, height, along: [], all: listed(weights, factor) }
  const column = parts.column.map((weight) => [weight])
  return { width, height, along: listed([parts.row], 1), all: listed(column, factor) }
}

/**
 * A kernel that is a column times a row, as those of means and of Gauss are: its parts, exact to rounding. Undefined
 * of any other, and where rounding could show.
 */
export function separated(weights: KernelSpec['weights']): { column: number[]; row: number[] } | undefined {
  const flat = weights.flat()
  const top = flat.reduce((most, w) => (Math.abs(w) > Math.abs(most) ? w : most), 0)
  if (top === 0 || weights.length < 3 || weights[0]!.length < 3) return undefined
  const [j, i] = [Math.floor(flat.indexOf(top) / weights[0]!.length), flat.indexOf(top) % weights[0]!.length]
  const row = [...weights[j]!]
  const column = weights.map((line) => line[i]! / top)
  const isProduct = weights.every((line, y) =>
    line.every((w, x) => Math.abs(w - column[y]! * row[x]!) <= 4 * Number.EPSILON * Math.abs(top)),
  )
  return isProduct ? { column, row } : undefined
}

/** A pixel's weighted sum over its neighbourhood. Halo: half the kernel on each side. */
export function kernelNode(node: CubeNode, spec: KernelSpec): BlockNode {
  const [x, y] = axesOf(node)
  const { schema } = node
  const [reachX, reachY] = [(spec.weights[0]!.length - 1) / 2, (spec.weights.length - 1) / 2]
  const [width, height] = [schema.dims[x]!.labels.length, schema.dims[y]!.labels.length]
  const packing = floatPacking(schema.packing)
  const taps = tapsOf(spec)
  const axes = (region: Region) => ({
    columns: sourcesOf(region.start[x]!, region.shape[x]!, reachX, width, spec.border),
    rows: sourcesOf(region.start[y]!, region.shape[y]!, reachY, height, spec.border),
  })
  return {
    kind: 'blocks',
    label: 'apply_kernel',
    inputs: [node],
    schema: { ...schema, packing },
    needs(region) {
      const { columns, rows } = axes(region)
      const [column, wide] = span(columns)
      const [row, high] = span(rows)
      return [withWindow(region, x, y, { column, row, width: wide, height: high })]
    },
    scratchBytes: (region) => rowBytes(region.shape[x]! + 2 * reachX, taps),
    async compute(region, [block], work) {
      const data = newArray(packing.dtype, cellCount(region.shape))
      const { columns, rows } = axes(region)
      const { start, shape } = block!.region
      const [from, to] = [stridesOf(shape), stridesOf(region.shape)]
      const kernel = new RowKernel(
        {
          columns: columns.map((i) => (i < 0 ? i : i - start[x]!)),
          rows: rows.map((i) => (i < 0 ? i : i - start[y]!)),
          ...{ stepX: from[x]!, stepY: from[y]!, packing: schema.packing },
          outside: typeof spec.border === 'number' ? spec.border : 0,
          replaceInvalid: spec.replaceInvalid,
        },
        taps,
      )
      const target = { data, stepX: to[x]!, stepY: to[y]! }
      for (const [plane, place] of planeOffsets(x, y, block!.region, region)) {
        throwIfAborted(work.signal)
        kernel.run(block!.data, plane, target, place)
      }
      return { region, data }
    },
  }
}

function weightsOf(value: unknown): number[][] {
  const rows = (elementsOf(value) ?? []).map((row) => (elementsOf(row) ?? []) as number[])
  const lengths = new Set(rows.map((row) => row.length))
  if (rows.length % 2 === 1 && lengths.size === 1 && rows[0]!.length % 2 === 1) return rows
  const what =
    lengths.size > 1 ? 'has rows of different lengths' : `has ${rows.length} x ${rows[0]?.length ?? 0} weights`
  throw new InputError('KernelDimensionsUneven', `the kernel ${what}`, {
    hint: 'give an odd number of rows with the same odd number of weights, so that there is a middle',
    data: { rows: rows.length, columns: [...lengths] },
  })
}

const KERNEL = { type: 'array', subtype: 'kernel', items: { type: 'array', items: { type: 'number' } } }
const BORDER = [{ type: 'string', enum: Object.keys(BEYOND) }, { type: 'number' }]

export const kernelRows: readonly ProcessRow[] = [
  {
    id: 'apply_kernel',
    category: 'reduce and apply',
    summary: 'Weighted sums over the pixels around each pixel.',
    parameters: [
      RASTER_DATA,
      parameter('kernel', KERNEL, 'rows of weights along y, each along x'),
      optional('factor', { type: 'number' }, 'the sums are multiplied by it', 1),
      optional('border', BORDER, 'what lies beyond the border: a number, or pixels again', 0),
      optional('replace_invalid', { type: 'number' }, 'takes the place of missing and infinite values', 0),
    ],
    returns: givesCube('a cube of the same dimensions', RASTER),
    errors: ['KernelDimensionsUneven'],
    chunks: 'halo',
    evaluate: (args) =>
      cubeValue(
        kernelNode(cubeOf(args), {
          weights: weightsOf(args.kernel),
          factor: Number(args.factor ?? 1),
          border: (args.border ?? 0) as Border,
          replaceInvalid: Number(args.replace_invalid ?? 0),
        }),
      ),
  },
]
