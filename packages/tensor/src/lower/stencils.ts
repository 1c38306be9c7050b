/**
 * Forms of convolutions that are not plain images of one group: signals, depthwise kernels, and strides. Each is right
 * on its own conditions only; `node-cpu.ts` chooses, and `bench/tensor/forms.ts` shows by which measurements.
 */

import type { Value } from '../onnx/graph.ts'
import type { Stencil } from '../primitive.ts'
import type { Shape } from '../shape.ts'
import { blockedConv, blockedWeight, fromBlocks, toBlocks } from './nchwc.ts'
import { extents, plainConv, tapProducts } from './portable.ts'
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

/** A convolution in groups through the blocked layout. */
export function groupedBlocks(l: Lowering, inputs: readonly Value[], s: Stencil, shape: Shape): Value {
  const [x, w, ...bias] = inputs as [Value, Value, ...Value[]]
  const weight = w.shape[1] === 1 ? blockedDepthwise(l, w) : blockedWeight(l, w)
  return fromBlocks(l, blockedConv(l, [toBlocks(l, x), weight, ...bias], w.shape.slice(2), s, shape), shape)
}

/** Taps per phase of a kernel moved by a stride. */
const phaseTaps = (kernel: readonly number[], stride: readonly number[]): number[] =>
  kernel.map((k, i) => Math.ceil(k / stride[i]!))

/** Where the phases of a stride lie in an image of `shape`, and how a kernel of so many taps reads a gradient for them. */
function phaseLayout(g: Value, kernel: readonly number[], s: Stencil, shape: Shape) {
  const taps = phaseTaps(kernel, s.stride) as [number, number]
  const rows = Math.ceil((s.padding[0]! + shape[2]!) / s.stride[0]!)
  const columns = Math.ceil((s.padding[1]! + shape[3]!) / s.stride[1]!)
  const after = [rows - g.shape[2]!, columns - g.shape[3]!] as const
  const padding = [taps[0] - 1, taps[1] - 1, Math.max(0, after[0]), Math.max(0, after[1])]
  const crop = [0, 0, Math.min(0, after[0]), Math.min(0, after[1])]
  const stencil: Stencil = { stride: [1, 1], dilation: [1, 1], padding, groups: 1 }
  return { taps, rows, columns, crop, stencil }
}

/** A kernel's taps by the phase of the stride that they serve, each phase reversed: `[O, C, t, s, t', s']`. */
function phasedTaps(l: Lowering, w: Value, s: Stencil): Value {
  const [o, c, kh, kw] = extents(w)
  const [sv, sh] = s.stride as [number, number]
  const [tv, th] = phaseTaps([kh, kw], s.stride) as [number, number]
  const full = l.pad(w, [0, 0, 0, 0], [0, 0, tv * sv - kh, th * sh - kw])
  return l.reverse(l.reshape(full, [o, c, tv, sv, th, sh]), [2, 4])
}

/** The part of the shuffled phases that is the image, without the padding before it. */
function unpadded(l: Lowering, y: Value, s: Stencil, shape: Shape): Value {
  const [top, left] = [s.padding[0]!, s.padding[1]!]
  return l.slice(y, [2, 3], [top, left], [top + shape[2]!, left + shape[3]!])
}

/**
 * The input gradient of a strided convolution (dilation 1, one group, two axes) without multiplying by the zeros of a
 * dilated gradient: each of the stride's phases is a convolution of its own with every s-th tap, all of them at once as
 * output channels, which are shuffled into place (sub-pixel convolution, Shi et al. 2016).
 */
export function phasedInputGrad(l: Lowering, g: Value, w: Value, s: Stencil, shape: Shape): Value {
  const [o, c] = extents(w)
  const [sv, sh] = s.stride as [number, number]
  const { taps, rows, columns, crop, stencil } = phaseLayout(g, w.shape.slice(2), s, shape)
  const b = l.target.nchwcBlock
  const blocks = b > 0 && c % b === 0 && o % b === 0
  const order = blocks ? [3, 5, 1, 0, 2, 4] : [1, 3, 5, 0, 2, 4]
  const weight = l.reshape(l.transpose(phasedTaps(l, w, s), order), [c * sv * sh, o, ...taps])
  const image = l.pad(g, [0, 0, 0, 0], crop)
  const phases = [shape[0]!, c * sv * sh, rows, columns]
  const full = [shape[0]!, c, rows * sv, columns * sh]
  if (!blocks) return unpadded(l, shuffle(l, plainConv(l, [image, weight], stencil, phases), [sv, sh], full), s, shape)
  const y = blockedConv(l, [toBlocks(l, image), blockedWeight(l, weight)], taps, stencil, phases)
  return unpadded(l, fromBlocks(l, shuffleBlocks(l, y, [sv, sh], full), full), s, shape)
}

type Two = readonly [number, number]

function shuffleBlocks(l: Lowering, y: Value, [sv, sh]: Two, shape: Shape): Value {
  const b = l.target.nchwcBlock
  const [n, , rows, columns] = extents(y)
  const cells = l.reshape(y, [n, sv, sh, shape[1]! / b, rows, columns, b])
  return l.reshape(l.transpose(cells, [0, 3, 4, 1, 5, 2, 6]), shape)
}

function shuffle(l: Lowering, y: Value, [sv, sh]: Two, shape: Shape): Value {
  const [n, , rows, columns] = extents(y)
  if (sv === sh) {
    const attributes = { blocksize: sv, mode: 'CRD' }
    return l.graph.emit('DepthToSpace', [y], shape, { attributes })
  }
  const cells = l.reshape(y, [n, shape[1]!, sv, sh, rows, columns])
  return l.reshape(l.transpose(cells, [0, 1, 4, 2, 5, 3]), shape)
}

/**
 * The weight gradient of a strided convolution (dilation 1, one group, two axes) as that of a convolution of stride 1
 * with the stride's phases of the input as channels.
 */
export function phasedWeightGrad(l: Lowering, g: Value, x: Value, s: Stencil, shape: Shape): Value {
  const [o, c, kh, kw] = [shape[0]!, shape[1]!, shape[2]!, shape[3]!]
  const [sv, sh] = s.stride as [number, number]
  const [tv, th] = phaseTaps([kh, kw], s.stride) as [number, number]
  const [n, , h, w] = extents(g)
  const [rows, columns] = [h + tv - 1, w + th - 1]
  const [top, left] = [s.padding[0]!, s.padding[1]!]
  const [, , xh, xw] = extents(x)
  const padded = l.pad(x, [0, 0, top, left], [0, 0, rows * sv - xh - top, columns * sh - xw - left])
  const cells = l.transpose(l.reshape(padded, [n, c, rows, sv, columns, sh]), [0, 3, 5, 1, 2, 4])
  const image = l.reshape(cells, [n, sv * sh * c, rows, columns])
  const taps = tapProducts(l, g, image, { ...UNIT, groups: 1 }, [o, sv * sh * c, tv, th])
  const kernel = l.transpose(l.reshape(taps, [o, sv, sh, c, tv, th]), [0, 3, 4, 1, 5, 2])
  return l.slice(l.reshape(kernel, [o, c, tv * sv, th * sh]), [2, 3], [0, 0], [kh, kw])
}

const UNIT = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] } as const
