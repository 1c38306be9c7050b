/** What each tap of a window reads of an image, as views. */

import type { Value } from '../onnx/graph.ts'
import type { Window } from '../primitive.ts'
import { range } from '../shape.ts'
import type { Lowering } from './target.ts'

/** Every multi-index below `extents`, in row-major order. */
export function indices(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>((list, n) => list.flatMap((head) => range(0, n).map((i) => [...head, i])), [[]])
}

/** What each tap of the kernel reads, `[N, C, ...out]` each, in the kernel's order; `fill` lies around the image. */
export function tapViews(
  l: Lowering,
  x: Value,
  kernel: readonly number[],
  out: readonly number[],
  s: Window,
  fill = 0,
): Value[] {
  const d = kernel.length
  const offsets = indices(kernel).map((tap) => tap.map((k, axis) => k * s.dilation[axis]!))
  if (l.target.name === 'node-cpu' && d === 2 && s.stride[0] === s.stride[1] && s.stride[0]! > 1) {
    return phaseViews(l, x, offsets, out, s, fill)
  }
  const around = (from: number): number[] => [0, 0, ...s.padding.slice(from, from + d)]
  const padded = l.pad(x, around(0), around(d), fill)
  const axes = range(2, 2 + d)
  const steps = s.stride.every((step) => step === 1) ? undefined : s.stride
  return offsets.map((starts) => {
    const ends = starts.map((start, axis) => start + (out[axis]! - 1) * s.stride[axis]! + 1)
    return l.slice(padded, axes, starts, ends, steps)
  })
}

/** The same for an image and one stride: every s-th element first comes together, since slices with steps are slow. */
function phaseViews(
  l: Lowering,
  x: Value,
  offsets: readonly (readonly number[])[],
  out: readonly number[],
  { stride, padding }: Window,
  fill: number,
): Value[] {
  const [n, c, h, w] = x.shape as [number, number, number, number]
  const step = stride[0]!
  const last = offsets.at(-1)!
  const [rows, columns] = [0, 1].map((i) => out[i]! + Math.floor(last[i]! / step)) as [number, number]
  const after = [rows * step - h - padding[0]!, columns * step - w - padding[1]!] as const
  const padded = l.pad(x, [0, 0, padding[0]!, padding[1]!], [0, 0, ...after], fill)
  const shape = [n, step * step * c, rows, columns]
  const phases = l.graph.emit('SpaceToDepth', [padded], shape, { attributes: { blocksize: step } })
  const cells = l.reshape(phases, [n, step * step, c, rows, columns])
  return offsets.map(([i, j]) => {
    const phase = (i! % step) * step + (j! % step)
    const [top, left] = [Math.floor(i! / step), Math.floor(j! / step)]
    const view = l.slice(cells, [1, 3, 4], [phase, top, left], [phase + 1, top + out[0]!, left + out[1]!])
    return l.reshape(view, [n, c, ...out])
  })
}

/** `[N, C, S, ...]`, in which S counts the phases of a stride, as one image: a phase holds every s-th element of it. */
export function interleave(l: Lowering, x: Value, stride: readonly number[]): Value {
  const [n, c, phases, ...size] = x.shape as [number, number, number, ...number[]]
  const d = size.length
  const full = [n, c, ...size.map((extent, i) => extent * stride[i]!)]
  if (phases === 1) return l.reshape(x, full)
  if (d === 2 && stride[0] === stride[1]) {
    const channels = l.reshape(x, [n, c * phases, ...size])
    return l.graph.emit('DepthToSpace', [channels], full, { attributes: { blocksize: stride[0]!, mode: 'CRD' } })
  }
  const cells = l.reshape(x, [n, c, ...stride, ...size])
  const order = range(0, d).flatMap((i) => [2 + d + i, 2 + i])
  return l.reshape(l.transpose(cells, [0, 1, ...order]), full)
}
