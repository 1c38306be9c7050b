/** Copies of boxes between row-major arrays: what slicing, concatenating and padding of blocks come down to. */
import { type TypedArray, words } from '../dtype.ts'
import type { Region } from './region.ts'
import { stridesOf } from './region.ts'

/**
 * Copies the cells `shape` that start at `from` in an array of shape `sourceShape` to `to` in an array of shape
 * `targetShape`. Both arrays have the same type; the boxes lie inside.
 */
export function copyBox(
  source: TypedArray,
  sourceShape: readonly number[],
  from: readonly number[],
  target: TypedArray,
  targetShape: readonly number[],
  to: readonly number[],
  shape: readonly number[],
): void {
  const rank = shape.length
  if (shape.some((length) => length === 0)) return
  const [read, write] = [words(source), words(target)]
  const sourceStrides = stridesOf(sourceShape)
  const targetStrides = stridesOf(targetShape)
  // Trailing dimensions that both arrays hold whole are one run of memory.
  let inner = rank
  let run = 1
  while (inner > 0) {
    inner--
    run *= shape[inner]!
    if (shape[inner] !== sourceShape[inner] || shape[inner] !== targetShape[inner]) break
  }
  let a = 0
  let b = 0
  for (let d = 0; d < rank; d++) {
    a += from[d]! * sourceStrides[d]!
    b += to[d]! * targetStrides[d]!
  }
  const counter = new Array<number>(inner).fill(0)
  for (;;) {
    write.set(read.subarray(a, a + run) as never, b)
    let d = inner - 1
    for (; d >= 0; d--) {
      a += sourceStrides[d]!
      b += targetStrides[d]!
      counter[d]!++
      if (counter[d]! < shape[d]!) break
      a -= sourceStrides[d]! * shape[d]!
      b -= targetStrides[d]! * shape[d]!
      counter[d] = 0
    }
    if (d < 0) return
  }
}

/** The cells of a region of a row-major array of shape `shape`; a copy unless the region is the whole array. */
export function sliceBox(data: TypedArray, shape: readonly number[], region: Region): TypedArray {
  if (region.shape.every((length, d) => length === shape[d])) return data
  const length = region.shape.reduce((product, n) => product * n, 1)
  const target = new (data.constructor as new (length: number) => TypedArray)(length)
  copyBox(
    data,
    shape,
    region.start,
    target,
    region.shape,
    region.shape.map(() => 0),
    region.shape,
  )
  return target
}
