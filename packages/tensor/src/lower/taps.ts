/** What each tap of a window reads of an image, as views. */

import type { Value } from '../onnx/graph.ts'
import type { Window } from '../primitive.ts'
import { range } from '../shape.ts'
import type { Lowering } from './target.ts'

/** Every multi-index below `extents`, in row-major order. */
export function indices(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>((list, n) => list.flatMap((head) => range(0, n).map((i) => [...head, i])), [[]])
}

/** What each tap of the kernel reads, `[N, C, ...out]` each, in the kernel's order. */
export function tapViews(
  l: Lowering,
  x: Value,
  kernel: readonly number[],
  out: readonly number[],
  s: Window,
  fill = 0,
): Value[] {
  const d = kernel.length
  const around = (from: number): number[] => [0, 0, ...s.padding.slice(from, from + d)]
  const padded = l.pad(x, around(0), around(d), fill)
  const axes = range(2, 2 + d)
  const steps = s.stride.every((step) => step === 1) ? undefined : s.stride
  return indices(kernel).map((tap) => {
    const starts = tap.map((k, axis) => k * s.dilation[axis]!)
    const ends = starts.map((start, axis) => start + (out[axis]! - 1) * s.stride[axis]! + 1)
    return l.slice(padded, axes, starts, ends, steps)
  })
}
