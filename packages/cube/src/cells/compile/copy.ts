/** Copies boxes of cells between blocks and the memory of a kernel, run by run. */
import type { TypedArray } from '../../dtype.ts'
import { cellCount } from '../../model/region.ts'

/** Rows in a kernel's memory start at different cache sets, however long they are. */
const LINE_BYTES = 64

/** How a box lies in a kernel's memory. */
export interface Layout {
  /** Elements from neighbour to neighbour, per dimension. */
  readonly strides: readonly number[]
  /** Elements in all, gaps included. */
  readonly length: number
  /** Dimensions from this one on are contiguous in the block and in memory. */
  readonly runFrom: number
  readonly run: number
}

/** Lays a box of a block out: contiguous as far as the block is, rows of it apart by a cache line. */
export function layoutOf(box: readonly number[], block: readonly number[], elementBytes: number): Layout {
  let runFrom = box.length
  while (runFrom > 0) {
    runFrom--
    if (box[runFrom] !== block[runFrom]) break
  }
  return spaced(box, runFrom, elementBytes)
}

/** Lays a whole block out: planes apart by a cache line. */
export function planesApart(block: readonly number[], elementBytes: number): Layout {
  return spaced(block, Math.max(0, block.length - 2), elementBytes)
}

function spaced(box: readonly number[], runFrom: number, elementBytes: number): Layout {
  const run = cellCount(box.slice(runFrom))
  const strides = new Array<number>(box.length)
  let step = 1
  for (let d = box.length - 1; d >= 0; d--) {
    if (d === runFrom - 1) step = paddedElements(run, elementBytes)
    strides[d] = step
    step *= box[d]!
  }
  return { strides, length: runFrom === 0 ? run : step, runFrom, run }
}

function paddedElements(run: number, elementBytes: number): number {
  const line = LINE_BYTES / elementBytes
  return Math.ceil(run / line) * line + line
}

/** Short runs are copied element by element: cheaper than a call each. */
const SHORT_RUN = 24

function copyRun(source: TypedArray, from: number, target: TypedArray, to: number, length: number): void {
  if (length > SHORT_RUN) target.set(source.subarray(from, from + length), to)
  else for (let i = 0; i < length; i++) target[to + i] = source[from + i]!
}

/** Steps through the positions of the leading dimensions of a box, with the offsets of two layouts. */
function eachRun(
  box: readonly number[],
  dims: number,
  stridesA: readonly number[],
  stridesB: readonly number[],
  use: (a: number, b: number) => void,
): void {
  const position = new Array<number>(dims).fill(0)
  const runs = cellCount(box.slice(0, dims))
  let a = 0
  let b = 0
  for (let i = 0; i < runs; i++) {
    use(a, b)
    for (let d = dims - 1; d >= 0; d--) {
      a += stridesA[d]!
      b += stridesB[d]!
      if (++position[d]! < box[d]!) break
      a -= stridesA[d]! * box[d]!
      b -= stridesB[d]! * box[d]!
      position[d] = 0
    }
  }
}

/** Copies a box that starts at element `from` of a block into memory at element `to`. */
export function copyIn(
  source: TypedArray,
  from: number,
  sourceStrides: readonly number[],
  box: readonly number[],
  layout: Layout,
  target: TypedArray,
  to: number,
): void {
  eachRun(box, layout.runFrom, sourceStrides, layout.strides, (a, b) =>
    copyRun(source, from + a, target, to + b, layout.run),
  )
}

/** Copies a box out of memory (with its strides) to a block; rows along the last dimension are contiguous in both. */
export function copyOut(
  source: TypedArray,
  from: number,
  sourceStrides: readonly number[],
  box: readonly number[],
  target: TypedArray,
  to: number,
  targetStrides: readonly number[],
): void {
  // Rows that follow each other in both are copied as one.
  let first = Math.max(0, box.length - 1)
  let run = box[first] ?? 1
  while (first > 0 && sourceStrides[first - 1] === run && targetStrides[first - 1] === run) run *= box[--first]!
  eachRun(box, first, sourceStrides, targetStrides, (a, b) => copyRun(source, from + a, target, to + b, run))
}
