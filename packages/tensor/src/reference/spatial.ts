/** Convolutions and pooling of the reference interpreter, by their definitions. */

import type { SpatialPrimitive } from '../attributes/spatial.ts'
import type { Stencil } from '../primitive.ts'
import type { Shape } from '../shape.ts'
import { type Float64Dense, map, zeros } from './array.ts'
import type { Evaluate, EvaluatedPrimitive } from './index.ts'

/**
 * Calls `visit` with the offsets of output, input and weight for every product of a convolution of x `[N, C, H, W]`
 * with w `[O, C, kh, kw]`. The convolution and both of its gradients are sums over these products.
 */
export function eachProduct(
  x: Shape,
  w: Shape,
  y: Shape,
  { stride, dilation, padding }: Stencil,
  visit: (y: number, x: number, w: number) => void,
): void {
  const [n, c, h, width] = x as [number, number, number, number]
  const [o, , kh, kw] = w as [number, number, number, number]
  const [, , oh, ow] = y as [number, number, number, number]
  for (let sample = 0; sample < n; sample++) {
    for (let out = 0; out < o; out++) {
      for (let channel = 0; channel < c; channel++) {
        for (let ki = 0; ki < kh; ki++) {
          for (let kj = 0; kj < kw; kj++) {
            const weight = ((out * c + channel) * kh + ki) * kw + kj
            for (let i = 0; i < oh; i++) {
              const row = i * stride[0] + ki * dilation[0] - padding[0]
              if (row < 0 || row >= h) continue
              const from = ((sample * c + channel) * h + row) * width
              const to = ((sample * o + out) * oh + i) * ow
              for (let j = 0; j < ow; j++) {
                const column = j * stride[1] + kj * dilation[1] - padding[1]
                if (column >= 0 && column < width) visit(to + j, from + column, weight)
              }
            }
          }
        }
      }
    }
  }
}

export function conv([x, w, bias]: readonly Float64Dense[], stencil: Stencil, shape: Shape): Float64Dense {
  const y = zeros(shape)
  const pixels = shape[2]! * shape[3]!
  if (bias !== undefined) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = bias.data[Math.floor(i / pixels) % shape[1]!]!
  }
  eachProduct(x!.shape, w!.shape, shape, stencil, (a, b, c) => {
    y.data[a]! += x!.data[b]! * w!.data[c]!
  })
  return y
}

export function convInputGrad([g, w]: readonly Float64Dense[], stencil: Stencil, shape: Shape): Float64Dense {
  const dx = zeros(shape)
  eachProduct(shape, w!.shape, g!.shape, stencil, (a, b, c) => {
    dx.data[b]! += g!.data[a]! * w!.data[c]!
  })
  return dx
}

export function convWeightGrad([g, x]: readonly Float64Dense[], stencil: Stencil, shape: Shape): Float64Dense {
  const dw = zeros(shape)
  eachProduct(x!.shape, shape, g!.shape, stencil, (a, b, c) => {
    dw.data[c]! += g!.data[a]! * x!.data[b]!
  })
  return dw
}

/** As `eachProduct`, for the transposed convolution of x `[N, C, H, W]` with w `[C, O, 2, 2]`. */
export function eachUp2Product(x: Shape, w: Shape, visit: (y: number, x: number, w: number) => void): void {
  const [n, c, h, width] = x as [number, number, number, number]
  const o = w[1]!
  for (let sample = 0; sample < n; sample++) {
    for (let channel = 0; channel < c; channel++) {
      for (let out = 0; out < o; out++) {
        for (let tap = 0; tap < 4; tap++) {
          const [di, dj] = [tap >> 1, tap & 1]
          const weight = (channel * o + out) * 4 + tap
          for (let i = 0; i < h; i++) {
            const to = ((sample * o + out) * 2 * h + 2 * i + di) * 2 * width + dj
            const from = ((sample * c + channel) * h + i) * width
            for (let j = 0; j < width; j++) visit(to + 2 * j, from + j, weight)
          }
        }
      }
    }
  }
}

export function up2([x, w, bias]: readonly Float64Dense[], shape: Shape): Float64Dense {
  const y = zeros(shape)
  const pixels = shape[2]! * shape[3]!
  if (bias !== undefined) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = bias.data[Math.floor(i / pixels) % shape[1]!]!
  }
  eachUp2Product(x!.shape, w!.shape, (a, b, c) => {
    y.data[a]! += x!.data[b]! * w!.data[c]!
  })
  return y
}

export function up2InputGrad([g, w]: readonly Float64Dense[], shape: Shape): Float64Dense {
  const dx = zeros(shape)
  eachUp2Product(shape, w!.shape, (a, b, c) => {
    dx.data[b]! += g!.data[a]! * w!.data[c]!
  })
  return dx
}

export function up2WeightGrad([g, x]: readonly Float64Dense[], shape: Shape): Float64Dense {
  const dw = zeros(shape)
  eachUp2Product(x!.shape, shape, (a, b, c) => {
    dw.data[c]! += g!.data[a]! * x!.data[b]!
  })
  return dw
}

export function maxPool2([x]: readonly Float64Dense[], shape: Shape): Float64Dense {
  const y = zeros(shape)
  const [h, w] = [shape[2]!, shape[3]!]
  for (let i = 0; i < y.data.length; i++) {
    const [plane, row, column] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w]
    const at = (plane * 2 * h + 2 * row) * 2 * w + 2 * column
    const d = x!.data
    y.data[i] = Math.max(d[at]!, d[at + 1]!, d[at + 2 * w]!, d[at + 2 * w + 1]!)
  }
  return y
}

export const spatialReferences: { readonly [P in SpatialPrimitive & EvaluatedPrimitive]: Evaluate<P> } = {
  relu: ([x]) => map(x!, (v) => Math.max(v, 0)),
  silu: ([x]) => map(x!, (v) => v / (1 + Math.exp(-v))),
  conv: (inputs, { attributes, shape }) => conv(inputs, attributes, shape),
  convInputGrad: (inputs, { attributes, shape }) => convInputGrad(inputs, attributes, shape),
  convWeightGrad: (inputs, { attributes, shape }) => convWeightGrad(inputs, attributes, shape),
  up2: (inputs, { shape }) => up2(inputs, shape),
  up2InputGrad: (inputs, { shape }) => up2InputGrad(inputs, shape),
  up2WeightGrad: (inputs, { shape }) => up2WeightGrad(inputs, shape),
  maxPool2: (inputs, { shape }) => maxPool2(inputs, shape),
}
