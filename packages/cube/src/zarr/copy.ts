/** Copies of boxes between arrays of any axis order, and the way from stored numbers to a cube's. */
import type { Numbers } from '../codecs/numbers.ts'
import { type TypedArray, words } from '../dtype.ts'
import { stridesOf } from '../model/region.ts'
import type { Values } from './data-types.ts'

/** An array with a place and a step along each axis. */
export interface Strided {
  readonly values: Values
  readonly offset: number
  readonly strides: readonly number[]
}

/** Runs shorter than this are copied one by one. */
const SHORT = 16

/** Copies `shape` elements between arrays of the same type. */
export function copyStrided(from: Strided, to: Strided, shape: readonly number[]): void {
  if (shape.some((n) => n === 0)) return
  const { lengths, reads, writes } = merged(shape, from.strides, to.strides)
  const last = lengths.length - 1
  const run = lengths[last] ?? 1
  const [read, write] = [reads[last] ?? 1, writes[last] ?? 1]
  const [source, target] = [plain(from.values), plain(to.values)]
  const isRun = read === 1 && write === 1 && run >= SHORT && !Array.isArray(source)
  let a = from.offset
  let b = to.offset
  const at = lengths.map(() => 0)
  for (;;) {
    if (isRun) (target as Uint8Array).set((source as Uint8Array).subarray(a, a + run), b)
    else for (let k = 0; k < run; k++) target[b + k * write] = source[a + k * read] as never
    let d = last - 1
    for (; d >= 0; d--) {
      at[d]!++
      a += reads[d]!
      b += writes[d]!
      if (at[d]! < lengths[d]!) break
      a -= reads[d]! * lengths[d]!
      b -= writes[d]! * lengths[d]!
      at[d] = 0
    }
    if (d < 0) return
  }
}

/** The elements of a box that lie next to each other in its place and in the target. */
export function runLength(shape: readonly number[], to: Strided): number {
  const { lengths, writes } = merged(shape, stridesOf(shape), to.strides)
  return (writes.at(-1) ?? 1) === 1 ? (lengths.at(-1) ?? 1) : 1
}

/** Copies a part of the elements of a box, row-major and from the `at`-th on, to where they belong. */
export function copyPart(values: Values, at: number, to: Strided, shape: readonly number[]): void {
  const { lengths, writes } = merged(shape, stridesOf(shape), to.strides)
  const [run = 1, step = 1] = [lengths.pop(), writes.pop()]
  const [source, target] = [plain(values), plain(to.values)]
  for (let done = 0; done < source.length; ) {
    const within = (at + done) % run
    const count = Math.min(run - within, source.length - done)
    let row = Math.floor((at + done) / run)
    let b = to.offset + within * step
    for (let d = lengths.length - 1; d >= 0; d--) {
      b += (row % lengths[d]!) * writes[d]!
      row = Math.floor(row / lengths[d]!)
    }
    if (step === 1) (target as Uint8Array).set((source as Uint8Array).subarray(done, done + count), b)
    else for (let k = 0; k < count; k++) target[b + k * step] = source[done + k] as never
    done += count
  }
}

/** Fills `shape` elements with one value. */
export function fillStrided(value: unknown, to: Strided, shape: readonly number[]): void {
  if (shape.some((n) => n === 0)) return
  const { lengths, writes } = merged(shape, to.strides, to.strides)
  const last = lengths.length - 1
  const [run, step] = [lengths[last] ?? 1, writes[last] ?? 1]
  const target = to.values as unknown[]
  const at = lengths.map(() => 0)
  let b = to.offset
  for (;;) {
    if (step === 1) target.fill(value, b, b + run)
    else for (let k = 0; k < run; k++) target[b + k * step] = value
    let d = last - 1
    for (; d >= 0; d--) {
      at[d]!++
      b += writes[d]!
      if (at[d]! < lengths[d]!) break
      b -= writes[d]! * lengths[d]!
      at[d] = 0
    }
    if (d < 0) return
  }
}

/** The same walk with axes of one element left out and neighbours that form one run joined. */
function merged(shape: readonly number[], from: readonly number[], to: readonly number[]) {
  const [lengths, reads, writes] = [[] as number[], [] as number[], [] as number[]]
  for (let d = 0; d < shape.length; d++) {
    if (shape[d] === 1) continue
    const k = lengths.length - 1
    const isNext = k >= 0 && reads[k] === shape[d]! * from[d]! && writes[k] === shape[d]! * to[d]!
    if (isNext) {
      lengths[k]! *= shape[d]!
      reads[k] = from[d]!
      writes[k] = to[d]!
    } else {
      lengths.push(shape[d]!)
      reads.push(from[d]!)
      writes.push(to[d]!)
    }
  }
  return { lengths, reads, writes }
}

/** Few kinds of arrays keep the copying loops fast. */
function plain(values: Values): Exclude<Values, Numbers> | TypedArray | Numbers {
  if (Array.isArray(values) || values instanceof BigInt64Array || values instanceof BigUint64Array) return values
  return words(values)
}
