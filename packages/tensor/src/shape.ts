/** Arithmetic on shapes and axes. Knows nothing of primitives. */

import { InputError } from '@ecotope/core'

/** Extents per axis, row-major. `[]` is a scalar. */
export type Shape = readonly number[]

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const extent of shape) size *= extent
  return size
}

/** Whether all extents are positive integers: there are no empty tensors. */
export const isShape = (shape: Shape): boolean => shape.every((extent) => Number.isInteger(extent) && extent > 0)

/** Raises `InputError` unless all extents are positive integers. */
export function checkShape(shape: Shape): void {
  if (isShape(shape)) return
  throw new InputError('ShapeMismatch', `a shape has positive integers, not ${showShape(shape)}`, { data: { shape } })
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i])
}

/** `[2, 3]` as text, for messages. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/** The shape to which two shapes broadcast (trailing axes aligned, extents equal or 1). */
export function broadcastShapes(a: Shape, b: Shape, what: string): Shape {
  const rank = Math.max(a.length, b.length)
  const out: number[] = []
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1
    const y = b[b.length - rank + i] ?? 1
    if (x !== y && x !== 1 && y !== 1) {
      throw new InputError('ShapeMismatch', `${what}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast`, {
        data: { a, b },
      })
    }
    out.push(x === 1 ? y : x)
  }
  return out
}

/** Axes in [0, rank), ascending and unique; negative ones count from the end. */
export function normaliseAxes(axes: readonly number[], rank: number, what: string): readonly number[] {
  const out = axes.map((axis) => (axis < 0 ? axis + rank : axis))
  for (const axis of out) {
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank) {
      throw new InputError('AxisOutOfRange', `${what}: axis ${axis} is not one of the ${rank} axes`, { data: { axes } })
    }
  }
  return [...new Set(out)].sort((a, b) => a - b)
}

/** The shape after reducing `axes` (already normalised). */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((extent, i) => (axes.includes(i) ? 1 : extent))
  return shape.filter((_, i) => !axes.includes(i))
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i]!
  }
  return strides
}

/** Integers from `start` up to but without `end`. */
export function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i)
}
