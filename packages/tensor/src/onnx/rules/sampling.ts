/** ONNX's reading of images at given places, and random numbers. */

import { apply, constant } from '../../apply.ts'
import { gatherElements } from '../../ops/indexing.ts'
import {
  abs,
  add,
  and,
  cast,
  clip,
  expand,
  less,
  matmul,
  mul,
  reshape,
  sliceAxis,
  sub,
  where,
} from '../../ops/plain.ts'
import { randomNormal, randomUniform } from '../../ops/random.ts'
import { floor, round } from '../../ops/special.ts'
import type { Tensor } from '../../primitive.ts'
import { range, type Shape, sizeOf, stridesOf } from '../../shape.ts'
import { elementOf } from '../data.ts'
import type { Call, Item, Rule } from '../item.ts'

/** Places folded back into [low, high] at both ends, as often as it takes. */
function reflected(x: Tensor, low: number, high: number): Tensor {
  const span = high - low
  if (span === 0) return mul(x, 0)
  const away = abs(sub(x, low))
  const flips = floor(mul(away, 1 / span))
  const rest = sub(away, mul(flips, span))
  const odd = less(0.5, sub(flips, mul(floor(mul(flips, 0.5)), 2)))
  return where(odd, sub(high, rest), add(rest, low))
}

/** Places in cells along an axis of `extent` from places in [-1, 1]. */
function cells(c: Call, x: Tensor, extent: number): Tensor {
  const corners = c.integer('align_corners', 0) === 1
  const at = corners ? mul(add(x, 1), (extent - 1) / 2) : mul(sub(mul(add(x, 1), extent), 1), 0.5)
  const padding = c.text('padding_mode', 'zeros')
  if (padding === 'zeros') return at
  if (padding === 'border') return clip(at, 0, extent - 1)
  if (padding !== 'reflection') throw c.fail(`padding_mode ${padding}`)
  return clip(corners ? reflected(at, 0, extent - 1) : reflected(at, -0.5, extent - 0.5), 0, extent - 1)
}

/** A cell along one axis that an output reads, and its share. */
interface Tap {
  readonly cell: Tensor
  readonly share: Tensor | undefined
}

function tapsOf(c: Call, at: Tensor): readonly Tap[] {
  const mode = c.text('mode', 'linear')
  if (mode === 'nearest') return [{ cell: round(at), share: undefined }]
  if (mode !== 'linear' && mode !== 'bilinear') throw c.fail(`mode ${mode}`)
  const low = floor(at)
  const share = sub(at, low)
  return [
    { cell: low, share: sub(1, share) },
    { cell: add(low, 1), share },
  ]
}

/** x `[N, C, ...size]` read at a grid `[N, ...out, d]` of places in [-1, 1], the last axis of the image first. */
function sampled(c: Call): Item {
  const [x, grid] = [c.tensor(0), c.tensor(1)]
  const [n, channels, ...size] = x.shape as [number, number, ...number[]]
  const out = grid.shape.slice(1, -1)
  if (grid.shape.at(-1) !== size.length) throw c.fail(`a grid of ${grid.shape.at(-1)} coordinates`)
  // Exact in float32, in which places are reckoned.
  if (sizeOf(size) >= 2 ** 24) throw c.fail('an image of 2^24 pixels or more')
  const count = sizeOf(out)
  const places = reshape(grid, [n, 1, count, size.length])
  const taps = size.map((extent, axis) => {
    const from = size.length - 1 - axis
    return tapsOf(c, cells(c, reshape(sliceAxis(places, 3, from, from + 1), [n, 1, count]), extent))
  })
  const flat = reshape(x, [n, channels, sizeOf(size)])
  const strides = stridesOf(size)
  const corners = taps.reduce<Tap[][]>((lists, own) => lists.flatMap((list) => own.map((tap) => [...list, tap])), [[]])
  const parts = corners.map((corner) => {
    const index = corner.map(({ cell }, axis) => mul(clip(cell, 0, size[axis]! - 1), strides[axis]!)).reduce(add)
    const inside = corner
      .map(({ cell }, axis) => and(less(-0.5, cell), less(cell, size[axis]! - 0.5)))
      .reduce((a, b) => and(a, b))
    const spread = expand(cast(index, 'int32'), [n, channels, count])
    const shares = corner.flatMap(({ share }) => share ?? [])
    return where(inside, shares.reduce(mul, gatherElements(flat, spread, 2)), 0)
  })
  return reshape(parts.reduce(add), [n, channels, ...out])
}

/** Places of the cells of an axis in [-1, 1]. */
function axisOf(extent: number, corners: boolean): number[] {
  return range(0, extent).map((i) => {
    if (corners) return extent === 1 ? 0 : (2 * i) / (extent - 1) - 1
    return (2 * i + 1) / extent - 1
  })
}

/** theta `[N, d, d + 1]` to the grid `[N, ...out, d]` that `GridSample` reads at. */
function affineGrid(c: Call): Item {
  const theta = c.tensor(0)
  const [n, , ...out] = c.values(1) as [number, number, ...number[]]
  const d = out.length
  const lines = out.map((extent) => axisOf(extent, c.integer('align_corners', 0) === 1))
  const strides = stridesOf(out)
  const rows = range(0, sizeOf(out)).flatMap((i) => {
    const at = lines.map((line, axis) => line[Math.floor(i / strides[axis]!) % out[axis]!]!)
    return [...at.reverse(), 1]
  })
  const base = constant(rows, [1, sizeOf(out), d + 1])
  return reshape(matmul(base, theta, { transposeB: true }), [n, ...out, d])
}

/** The adjoint of taking patches: columns `[N, C prod(block), L]` added up to images `[N, C, ...size]`. */
function fromColumns(c: Call): Item {
  const [size, kernel] = [c.values(1), c.values(2)]
  const d = size.length
  const stride = c.integers('strides') ?? size.map(() => 1)
  const dilation = c.integers('dilations') ?? size.map(() => 1)
  const padding = c.integers('pads') ?? [...size, ...size].map(() => 0)
  const cells = sizeOf(kernel)
  const [n, rows] = c.shape(0) as [number, number, number]
  const channels = rows / cells
  const out = size.map((extent, i) => {
    return Math.floor((extent + padding[i]! + padding[i + d]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1
  })
  // Each row of a channel goes to one cell of the window.
  const weight = range(0, rows * cells).map((i) => (Math.floor(i / cells) % cells === i % cells ? 1 : 0))
  const attributes = { stride, dilation, padding, groups: channels, size }
  return apply(
    'convInputGrad',
    [reshape(c.tensor(0), [n, rows, ...out]), constant(weight, [rows, 1, ...kernel])],
    attributes,
  )
}

/** Random numbers by the name of the value, so that nodes differ and a run's seed decides. */
const drawn =
  (normal: boolean, shapeOf: (c: Call) => Shape): Rule =>
  (c) => {
    const { kind } = elementOf(c.integer('dtype', 1), `the result of ${c.node.name}`)
    if (kind !== 'float') throw c.fail('random numbers that are no floats')
    const key = `onnx/${c.node.outputs[0]}`
    const shape = shapeOf(c)
    if (!normal) return randomUniform(key, shape, { low: c.float('low', 0), high: c.float('high', 1) })
    return add(mul(randomNormal(key, shape), c.float('scale', 1)), c.float('mean', 0))
  }

const given = (c: Call): Shape => c.integers('shape') ?? []
const like = (c: Call): Shape => c.shape(0)

export const samplingRules = {
  AffineGrid: affineGrid,
  Col2Im: fromColumns,
  GridSample: sampled,
  RandomNormal: drawn(true, given),
  RandomNormalLike: drawn(true, like),
  RandomUniform: drawn(false, given),
  RandomUniformLike: drawn(false, like),
} as const satisfies Readonly<Record<string, Rule>>
