/**
 * How images lie in the engine's memory: pixel after pixel, each with its channels side by side, filled up to a multiple
 * of four. All offsets and strides are in float32 numbers.
 */
import { InputError } from '@ecotope/core'
import type { Shape } from '../shape.ts'

/** Samples, channels, rows, columns. */
export interface Extent {
  readonly n: number
  readonly c: number
  readonly h: number
  readonly w: number
}

/** Numbers of a buffer read as an image; a stride of 0 repeats, and `c` is 1, or 0 where all channels are one. */
export interface View {
  readonly buffer: number
  readonly offset: number
  readonly extent: Extent
  readonly strides: Extent
}

/** Channels as they are stored. */
export const padded = (channels: number): number => Math.ceil(channels / 4) * 4

/** Numbers of a pixel whose parts are filled up one by one. */
export const depthOf = (parts: readonly number[]): number => parts.reduce((sum, n) => sum + padded(n), 0)

export const vectors = (channels: number): number => Math.ceil(channels / 4)

/** A whole buffer as an image. */
export function imageIn(buffer: number, extent: Extent): View {
  const { c, h, w } = extent
  const pixel = padded(c)
  return { buffer, offset: 0, extent, strides: { n: h * w * pixel, c: 1, h: w * pixel, w: pixel } }
}

/** Numbers of the buffer of `imageIn`. */
export const numbersOf = ({ n, c, h, w }: Extent): number => n * h * w * padded(c)

export const sameExtent = (a: Extent, b: Extent): boolean => a.n === b.n && a.c === b.c && a.h === b.h && a.w === b.w

/** A shape of two to four axes as an image; undefined for others. */
export function extentOf(shape: Shape): Extent | undefined {
  const [n = 1, c = 1, ...space] = shape
  if (shape.length < 2 || space.length > 2 || shape.includes(0)) return undefined
  return space.length === 2 ? { n, c, h: space[0]!, w: space[1]! } : { n, c, h: 1, w: space[0] ?? 1 }
}

/** Whether two views are of the same numbers in the same order. */
export const sameView = (a: View, b: View): boolean =>
  a.buffer === b.buffer && a.offset === b.offset && sameExtent(a.extent, b.extent) && sameExtent(a.strides, b.strides)

/** The view repeated to an extent, as broadcasting wants it. */
export function broadcastView(view: View, extent: Extent): View {
  const along = (axis: keyof Extent): number => (view.extent[axis] === 1 && extent[axis] !== 1 ? 0 : view.strides[axis])
  return { ...view, extent, strides: { n: along('n'), c: along('c'), h: along('h'), w: along('w') } }
}

/** Part of a view. Channels start at a multiple of four. */
export function cropView(view: View, start: Extent, extent: Extent): View {
  const { n, c, h, w } = view.strides
  return { ...view, extent, offset: view.offset + start.n * n + start.c * c + start.h * h + start.w * w }
}

/** The view with axes in reverse order: strides become negative. */
export function reversedView(view: View, axes: readonly ('n' | 'h' | 'w')[]): View {
  const { extent, strides } = view
  const along = (axis: 'n' | 'h' | 'w'): number => (axes.includes(axis) ? -strides[axis] : strides[axis])
  const skipped = axes.reduce((sum, axis) => sum + (extent[axis] - 1) * strides[axis], 0)
  return {
    ...view,
    offset: view.offset + skipped,
    strides: { n: along('n'), c: strides.c, h: along('h'), w: along('w') },
  }
}

/** What a program has that this engine does not; the program then runs elsewhere. */
export class Unsupported extends InputError {
  constructor(what: string) {
    super('NotPlanned', `the image engine does not have ${what}`)
  }
}
