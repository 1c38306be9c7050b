/** The float64 meaning of gathering, scattering, sorting and running sums. */

import { InputError } from '@ecotope/core'
import type { IndexingPrimitive } from '../attributes/indexing.ts'
import { type Shape, sizeOf } from '../shape.ts'
import { type Float64Dense, zeros } from './array.ts'
import type { Evaluate } from './index.ts'

/** Extents before, of and after an axis. */
function around(shape: Shape, axis: number): { outer: number; extent: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), extent: shape[axis]!, inner: sizeOf(shape.slice(axis + 1)) }
}

function checked(index: number, extent: number): number {
  if (Number.isInteger(index) && index >= 0 && index < extent) return index
  throw new InputError('IndexOutOfRange', `index ${index} is not in 0 to ${extent - 1}`, { data: { index, extent } })
}

/** Pairs of offsets that `gather` copies between: `full` in the indexed array, `part` in the taken one. */
function eachTaken(
  full: Shape,
  indices: Float64Dense,
  axis: number,
  visit: (full: number, part: number) => void,
): void {
  const { outer, extent, inner } = around(full, axis)
  const count = indices.data.length
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++) {
      const from = (o * extent + checked(indices.data[j]!, extent)) * inner
      const to = (o * count + j) * inner
      for (let i = 0; i < inner; i++) visit(from + i, to + i)
    }
  }
}

/** As `eachTaken`, for one index per element. */
function eachElement(
  full: Shape,
  indices: Float64Dense,
  axis: number,
  visit: (full: number, part: number) => void,
): void {
  const { extent, inner } = around(full, axis)
  const { extent: count } = around(indices.shape, axis)
  indices.data.forEach((index, at) => {
    const o = Math.floor(at / (count * inner))
    visit((o * extent + checked(index, extent)) * inner + (at % inner), at)
  })
}

/** Calls `visit` with the offset of the first element of every run along an axis, and the step within it. */
function eachRun(shape: Shape, axis: number, visit: (start: number, step: number, run: number) => void): void {
  const { outer, extent, inner } = around(shape, axis)
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * extent * inner + i, inner, o * inner + i)
}

const argTopK: Evaluate<'argTopK'> = ([x], { attributes: { axis, k, largest }, shape }) => {
  const out = zeros(shape)
  const { extent, inner } = around(x!.shape, axis)
  eachRun(x!.shape, axis, (start, step, run) => {
    const value = (place: number): number => x!.data[start + place * step]!
    const order = Array.from({ length: extent }, (_, place) => place)
    order.sort((p, q) => (largest ? value(q) - value(p) : value(p) - value(q)) || p - q)
    const to = Math.floor(run / inner) * k * inner + (run % inner)
    for (let j = 0; j < k; j++) out.data[to + j * inner] = order[j]!
  })
  return out
}

const cumsum: Evaluate<'cumsum'> = ([x], { attributes: { axis, exclusive, reverse }, shape }) => {
  const out = zeros(shape)
  const extent = shape[axis]!
  eachRun(shape, axis, (start, step) => {
    let sum = 0
    for (let j = 0; j < extent; j++) {
      const at = start + (reverse ? extent - 1 - j : j) * step
      const before = sum
      sum += x!.data[at]!
      out.data[at] = exclusive ? before : sum
    }
  })
  return out
}

export const indexingReferences: { readonly [P in IndexingPrimitive]: Evaluate<P> } = {
  gather: ([x, indices], { attributes: { axis }, shape }) => {
    const out = zeros(shape)
    eachTaken(x!.shape, indices!, axis, (full, part) => {
      out.data[part] = x!.data[full]!
    })
    return out
  },
  scatterSum: ([updates, indices], { attributes: { axis }, shape }) => {
    const out = zeros(shape)
    eachTaken(shape, indices!, axis, (full, part) => {
      out.data[full]! += updates!.data[part]!
    })
    return out
  },
  gatherElements: ([x, indices], { attributes: { axis }, shape }) => {
    const out = zeros(shape)
    eachElement(x!.shape, indices!, axis, (full, part) => {
      out.data[part] = x!.data[full]!
    })
    return out
  },
  scatterSumElements: ([updates, indices], { attributes: { axis }, shape }) => {
    const out = zeros(shape)
    eachElement(shape, indices!, axis, (full, part) => {
      out.data[full]! += updates!.data[part]!
    })
    return out
  },
  argTopK,
  cumsum,
}
