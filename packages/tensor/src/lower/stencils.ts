/**
 * Forms of convolutions that are not plain images of one group: signals, depthwise kernels, and strides. Each is right
 * on its own conditions only; `node-cpu.ts` chooses, and `bench/tensor/forms.ts` shows by which measurements.
 */

import type { Value } from '../onnx/graph.ts'
import type { Stencil } from '../primitive.ts'
import { range, type Shape, sizeOf } from '../shape.ts'
import { blockedConv, blockedWeight, fromBlocks, toBlocks } from './nchwc.ts'
import { extents, plainConv } from './portable.ts'
import { interleave } from './taps.ts'
import type { Lowering } from './target.ts'

/** A signal as an image of one row; so are its stencil, its kernel and its shapes. */
export function asImage(s: Stencil): Stencil {
  const [before, after] = s.padding as [number, number]
  return { ...s, stride: [1, ...s.stride], dilation: [1, ...s.dilation], padding: [0, before, 0, after] }
}

export const withRow = (shape: Shape): Shape => [shape[0]!, shape[1]!, 1, shape[2]!]

/** Whether groups fit the blocked layout: one channel in and out of each, or whole blocks of both. `w` is a weight's shape. */
export function groupsFitBlocks(l: Lowering, w: Shape, groups: number): boolean {
  const b = l.target.nchwcBlock
  const [o, c] = [w[0]!, w[1]!]
  if (b === 0 || groups === 1) return false
  return c === 1 && o === groups ? o % b === 0 : c % b === 0 && (o / groups) % b === 0
}

/** Depthwise weights `[C, 1, kh, kw]` as C/B, kh, kw, B. */
function blockedDepthwise(l: Lowering, w: Value): Value {
  const b = l.target.nchwcBlock
  const [c, , kh, kw] = extents(w)
  return l.reshape(l.transpose(l.reshape(w, [c / b, b, kh * kw]), [0, 2, 1]), w.shape)
}

/** A convolution in groups through the blocked layout: 0.7 of the time for 4 groups, 0.3 to 0.6 for depthwise ones. */
export function groupedBlocks(l: Lowering, inputs: readonly Value[], s: Stencil, shape: Shape): Value {
  const [x, w, ...bias] = inputs as [Value, Value, ...Value[]]
  const weight = w.shape[1] === 1 ? blockedDepthwise(l, w) : blockedWeight(l, w)
  return fromBlocks(l, blockedConv(l, [toBlocks(l, x), weight, ...bias], w.shape.slice(2), s, shape), shape)
}

/** Taps per phase of a kernel moved by a stride. */
const phaseTaps = (kernel: readonly number[], stride: readonly number[]): number[] =>
  kernel.map((k, i) => Math.ceil(k / stride[i]!))

/** A kernel's taps by the phase of the stride that they serve, each phase reversed: `[O, C, t, s, t', s', ...]`. */
function phasedTaps(l: Lowering, w: Value, stride: readonly number[]): Value {
  const [o, c, ...kernel] = w.shape as [number, number, ...number[]]
  const taps = phaseTaps(kernel, stride)
  const lack = kernel.map((k, i) => taps[i]! * stride[i]! - k)
  const full = l.pad(w, new Array<number>(w.shape.length).fill(0), [0, 0, ...lack])
  const cells = l.reshape(full, [o, c, ...taps.flatMap((t, i) => [t, stride[i]!])])
  return l.reverse(
    cells,
    taps.map((_, i) => 2 + 2 * i),
  )
}

/**
 * The input gradient of a strided convolution (dilation 1, one group) without multiplying by the zeros of a dilated
 * gradient: each of the stride's phases is a convolution of its own with every s-th tap, all of them at once as output
 * channels, which are shuffled into place (sub-pixel convolution, Shi et al. 2016). With 64 to 128 channels, 3 x 3 and
 * stride 2 it takes 13 ms instead of 33.
 */
export function phasedInputGrad(l: Lowering, g: Value, w: Value, s: Stencil, shape: Shape): Value {
  const [o, c, ...kernel] = w.shape as [number, number, ...number[]]
  const { stride, padding } = s
  const axes = range(0, kernel.length)
  const taps = phaseTaps(kernel, stride)
  const size = axes.map((i) => Math.ceil((padding[i]! + shape[i + 2]!) / stride[i]!))
  const after = axes.map((i) => size[i]! - g.shape[i + 2]!)
  const nothing = [0, 0, ...axes.map(() => 0)]
  const image = l.pad(g, nothing, [0, 0, ...after.map((n) => Math.min(0, n))])
  const around = [...taps.map((t) => t - 1), ...after.map((n) => Math.max(0, n))]
  const stencil = { stride: axes.map(() => 1), dilation: axes.map(() => 1), padding: around, groups: 1 }
  const b = l.target.nchwcBlock
  const blocks = axes.length === 2 && b > 0 && c % b === 0 && o % b === 0
  const [phaseAxes, tapAxes] = [axes.map((i) => 3 + 2 * i), axes.map((i) => 2 + 2 * i)]
  const order = blocks ? [...phaseAxes, 1, 0, ...tapAxes] : [1, ...phaseAxes, 0, ...tapAxes]
  const phases = sizeOf(stride)
  const weight = l.reshape(l.transpose(phasedTaps(l, w, stride), order), [c * phases, o, ...taps])
  const mixed = [shape[0]!, c * phases, ...size]
  const y = blocks
    ? shuffleBlocks(l, blockedConv(l, [toBlocks(l, image), blockedWeight(l, weight)], taps, stencil, mixed), stride, c)
    : interleave(l, l.reshape(plainConv(l, [image, weight], stencil, mixed), [shape[0]!, c, phases, ...size]), stride)
  return l.slice(
    y,
    axes.map((i) => i + 2),
    axes.map((i) => padding[i]!),
    axes.map((i) => padding[i]! + shape[i + 2]!),
  )
}

/** As `interleave`, for channels `[N, S C, H, W]` in blocks: whole blocks are moved. The result is a plain image. */
function shuffleBlocks(l: Lowering, y: Value, stride: readonly number[], c: number): Value {
  const b = l.target.nchwcBlock
  const [n, , rows, columns] = extents(y)
  const [sv, sh] = stride as [number, number]
  const cells = l.transpose(l.reshape(y, [n, sv, sh, c / b, rows, columns, b]), [0, 3, 4, 1, 5, 2, 6])
  const shape = [n, c, rows * sv, columns * sh]
  return fromBlocks(l, l.reshape(cells, shape), shape)
}
