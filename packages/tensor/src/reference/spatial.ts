/** Convolutions and pooling of the reference interpreter, by their definitions. */

import type { SpatialPrimitive } from '../attributes/spatial.ts'
import type { Pooling, Stencil, Window } from '../primitive.ts'
import { type Shape, sizeOf } from '../shape.ts'
import { type Float64Dense, gather, map, zeros } from './array.ts'
import type { Evaluate, EvaluatedPrimitive } from './index.ts'

type Three = readonly [number, number, number]

/** Extents, strides, offsets of 1 to 3 spatial axes as those of a volume: leading axes of one element do not matter. */
function three(list: readonly number[], fill: number): Three {
  const full = [fill, fill, ...list].slice(-3)
  return [full[0]!, full[1]!, full[2]!]
}

/**
 * Calls `visit` with the positions of output, input and kernel element (in their volumes) wherever a window of extent
 * `kernel` over an image of extent `size` reads an element of the image, in the order of the output, then the kernel.
 */
function eachTap(
  size: readonly number[],
  kernel: readonly number[],
  out: readonly number[],
  { stride, dilation, padding }: Window,
  visit: (y: number, x: number, k: number) => void,
): void {
  const [d, h, w] = three(size, 1)
  const [kd, kh, kw] = three(kernel, 1)
  const [od, oh, ow] = three(out, 1)
  const [step, spread, before] = [three(stride, 1), three(dilation, 1), three(padding.slice(0, size.length), 0)]
  for (let i = 0; i < od * oh * ow; i++) {
    const at = [Math.floor(i / (oh * ow)), Math.floor(i / ow) % oh, i % ow] as const
    for (let k = 0; k < kd * kh * kw; k++) {
      const z = at[0] * step[0] + Math.floor(k / (kh * kw)) * spread[0] - before[0]
      const y = at[1] * step[1] + (Math.floor(k / kw) % kh) * spread[1] - before[1]
      const x = at[2] * step[2] + (k % kw) * spread[2] - before[2]
      if (z >= 0 && z < d && y >= 0 && y < h && x >= 0 && x < w) visit(i, (z * h + y) * w + x, k)
    }
  }
}

/**
 * Calls `visit` with the offsets of output, input and weight for every product of a convolution of x `[N, C, ...]`
 * with w `[O, C/groups, ...]`. The convolution and both of its gradients are sums over these products.
 */
export function eachProduct(
  x: Shape,
  w: Shape,
  y: Shape,
  { groups, ...window }: Stencil,
  visit: (y: number, x: number, w: number) => void,
): void {
  const [n, c, o, perGroup] = [x[0]!, x[1]!, y[1]!, w[1]!]
  const [pixels, cells, taps] = [sizeOf(x.slice(2)), sizeOf(y.slice(2)), sizeOf(w.slice(2))]
  eachTap(x.slice(2), w.slice(2), y.slice(2), window, (to, from, tap) => {
    for (let sample = 0; sample < n; sample++) {
      for (let out = 0; out < o; out++) {
        const first = Math.floor((out * groups) / o) * perGroup
        for (let i = 0; i < perGroup; i++) {
          visit(
            (sample * o + out) * cells + to,
            (sample * c + first + i) * pixels + from,
            (out * perGroup + i) * taps + tap,
          )
        }
      }
    }
  })
}

/** Zeros of a shape `[N, C, ...]`, or each channel's bias. */
function biased(bias: Float64Dense | undefined, shape: Shape): Float64Dense {
  const y = zeros(shape)
  if (bias === undefined) return y
  const pixels = sizeOf(shape.slice(2))
  return { shape, data: y.data.map((_, i) => bias.data[Math.floor(i / pixels) % shape[1]!]!) }
}

export function conv([x, w, bias]: readonly Float64Dense[], stencil: Stencil, shape: Shape): Float64Dense {
  const y = biased(bias, shape)
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
  const y = biased(bias, shape)
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

/** For each element of max pooling's result, where in x its first maximum is. */
function peaks(x: Float64Dense, pooling: Pooling, shape: Shape): Int32Array {
  const [pixels, cells] = [sizeOf(x.shape.slice(2)), sizeOf(shape.slice(2))]
  const at = new Int32Array(sizeOf(shape)).fill(-1)
  eachTap(x.shape.slice(2), pooling.kernel, shape.slice(2), pooling, (to, from) => {
    for (let plane = 0; plane < shape[0]! * shape[1]!; plane++) {
      const [cell, pixel] = [plane * cells + to, plane * pixels + from]
      if (at[cell] === -1 || x.data[pixel]! > x.data[at[cell]!]!) at[cell] = pixel
    }
  })
  return at
}

function maxPoolGrad([g, x]: readonly Float64Dense[], pooling: Pooling): Float64Dense {
  const dx = zeros(x!.shape)
  peaks(x!, pooling, g!.shape).forEach((to, i) => {
    dx.data[to]! += g!.data[i]!
  })
  return dx
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
  maxPool: ([x], { attributes, shape }) => gather(x!, shape, peaks(x!, attributes, shape)),
  maxPoolGrad: (inputs, { attributes }) => maxPoolGrad(inputs, attributes),
  maxPoolTake: ([u, x], { attributes, shape }) => gather(u!, shape, peaks(x!, attributes, shape)),
  maxPool2: (inputs, { shape }) => maxPool2(inputs, shape),
}
