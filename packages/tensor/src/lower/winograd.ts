/**
 * 3 x 3 convolutions by Winograd's F(4 x 4, 3 x 3) (Lavin and Gray 2016): 36 products per 4 x 4 outputs and channel
 * pair instead of 144. Stride 1, padding 1, extents divisible by 4. Tiles are transformed by convolutions with
 * constant weights; value numbering shares the input's tiles between the forward pass and the weight gradient.
 */

import type { Value } from '../onnx/graph.ts'
import type { Shape } from '../shape.ts'
import { extents } from './portable.ts'
import type { Lowering } from './target.ts'

type Matrix = readonly (readonly number[])[]

/** Points 0, 1, -1, 2, -2 and infinity. */
const OUTPUT: Matrix = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
]
const INPUT: Matrix = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
]
const KERNEL: Matrix = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
]

const transposed = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map((row) => row[j]!))
const mirrored = (m: Matrix): Matrix => m.map((row) => row.toReversed())

/** The two-dimensional transform of a one-dimensional one: the Kronecker product of a matrix with itself. */
function square(l: Lowering, m: Matrix, shape: Shape): Value {
  const data = m.flatMap((a) => m.flatMap((b) => a.flatMap((x) => b.map((y) => x * y))))
  return l.graph.constant(Float32Array.from(data), shape)
}

/** `[N, C, H, W]` in tiles to `[36, C, tiles]`, by a convolution that reads each tile's window. */
function tiles(l: Lowering, x: Value, transform: Value, pad: number): Value {
  const [n, c, h, w] = extents(x)
  const size = transform.shape[2]!
  const attributes = { kernel_shape: [size, size], strides: [4, 4], pads: [pad, pad, pad, pad] }
  const flat = l.reshape(x, [n * c, 1, h, w])
  const v = l.graph.emit('Conv', [flat, transform], [n * c, 36, h / 4, w / 4], { attributes })
  const count = (h * w) / 16
  return l.reshape(l.transpose(l.reshape(v, [n, c, 36, count]), [2, 1, 0, 3]), [36, c, n * count])
}

const inputTiles = (l: Lowering, x: Value): Value => tiles(l, x, square(l, INPUT, [36, 1, 6, 6]), 1)
const gradientTiles = (l: Lowering, g: Value): Value => tiles(l, g, square(l, transposed(OUTPUT), [36, 1, 4, 4]), 0)

/** `[O, C, 3, 3]` to `[36, O, C]`. */
function kernels(l: Lowering, w: Value, mirror: boolean): Value {
  const [o, c] = extents(w)
  const transform = square(l, mirror ? mirrored(KERNEL) : KERNEL, [36, 9])
  return l.reshape(l.matmul(transform, l.reshape(w, [o * c, 9]), false, true), [36, o, c])
}

/** `[36, O, tiles]` to the image `[N, O, H, W]`. */
function assemble(l: Lowering, m: Value, shape: Shape): Value {
  const [n, o, h, w] = [shape[0]!, shape[1]!, shape[2]!, shape[3]!]
  const count = (h * w) / 16
  const y = l.matmul(square(l, OUTPUT, [16, 36]), l.reshape(m, [36, o * n * count]))
  const pixels = l.transpose(l.reshape(y, [16, o, n, count]), [2, 0, 1, 3])
  const attributes = { blocksize: 4, mode: 'DCR' }
  return l.graph.emit('DepthToSpace', [l.reshape(pixels, [n, 16 * o, h / 4, w / 4])], shape, { attributes })
}

export function winogradConv(l: Lowering, x: Value, w: Value, shape: Shape): Value {
  return assemble(l, l.matmul(kernels(l, w, false), inputTiles(l, x)), shape)
}

export function winogradInputGrad(l: Lowering, g: Value, w: Value, shape: Shape): Value {
  return assemble(l, l.matmul(kernels(l, w, true), inputTiles(l, g), true), shape)
}

export function winogradWeightGrad(l: Lowering, g: Value, x: Value, shape: Shape): Value {
  const product = l.matmul(gradientTiles(l, g), inputTiles(l, x), false, true)
  const [o, c] = [shape[0]!, shape[1]!]
  return l.reshape(l.matmul(l.reshape(product, [36, o * c]), square(l, KERNEL, [36, 9]), true), shape)
}
