/**
 * Group normalisation and its gradient for the node CPU target. Scale, shift and ReLU are one `FusedConv` with a
 * 1 x 1 kernel per sample and channel; sums are taken per channel first, and the variance of centred values.
 */

import type { Value } from '../onnx/graph.ts'
import type { Grouping, Tensor } from '../primitive.ts'
import { sizeOf } from '../shape.ts'
import { extents } from './portable.ts'
import { sumRows } from './reduce.ts'
import type { Lower, Lowering } from './target.ts'

/** The extents of one application: M values in each of G groups of C/G channels. */
interface Layout {
  readonly n: number
  readonly c: number
  readonly groups: number
  readonly perGroup: number
  readonly pixels: number
  readonly overBatch: boolean
}

interface Statistics {
  /** `[N, G, 1]`, or `[1, G, 1]` over the batch; so is the next. */
  readonly mean: Value
  /** 1 / standard deviation. */
  readonly inverse: Value
}

export function layoutOf(x: Value, { groups, overBatch }: Grouping): Layout {
  const [n, c, h, w] = extents(x)
  return { n, c, groups, perGroup: c / groups, pixels: h * w, overBatch }
}

/** Sums over each channel's pixels, `[N, G, C/G]`. */
function channelSums(l: Lowering, x: Value, { n, c, groups, perGroup, pixels }: Layout): Value {
  return l.reshape(sumRows(l, l.reshape(x, [n * c, pixels])), [n, groups, perGroup])
}

/** Sums of products over each channel's pixels, `[N, G, C/G]`: a product of a row with a column each. */
function channelDots(l: Lowering, a: Value, b: Value, { n, c, groups, perGroup, pixels }: Layout): Value {
  const rows = (x: Value): Value => l.reshape(x, [n * c, 1, pixels])
  return l.reshape(l.matmul(rows(a), rows(b), false, true), [n, groups, perGroup])
}

/** Mean over what shares statistics, from sums per channel: `[N, G, 1]`, or `[1, G, 1]` over the batch. */
export function groupMean(l: Lowering, sums: Value, { n, perGroup, pixels, overBatch }: Layout): Value {
  const count = perGroup * pixels * (overBatch ? n : 1)
  return l.scale(l.reduce('ReduceSum', sums, overBatch ? [0, 2] : [2], true), 1 / count)
}

/** One number per sample and channel, `[N, G, C/G]`. */
export function forEach(l: Lowering, v: Value, { n, groups, perGroup }: Layout): Value {
  return l.expand(v, [n, groups, perGroup])
}

/** Under which `Lowering.moments` keeps the statistics of x. */
export function momentKey(x: Value, { groups, eps, overBatch }: Grouping): string {
  return `${x.name} ${groups} ${eps} ${overBatch}`
}

function statistics(l: Lowering, x: Value, layout: Layout, eps: number): Statistics {
  const known = l.moments.get(momentKey(x, { ...layout, eps }))
  if (known !== undefined) return { mean: known[0], inverse: known[1] }
  const { n, groups, perGroup, pixels } = layout
  const mean = groupMean(l, channelSums(l, x, layout), layout)
  const centred = l.sub(l.reshape(x, [n, groups, perGroup * pixels]), mean)
  const variance = groupMean(l, channelDots(l, centred, centred, layout), layout)
  const inverse = l.unary('Reciprocal', l.unary('Sqrt', l.add(variance, l.graph.scalar(eps))))
  return { mean, inverse }
}

interface Affine {
  readonly x: Value
  /** One per sample and channel, `[N, G, C/G]`. */
  readonly factor: Value
  readonly offset?: Value
  /** Added to the result, of x's shape. */
  readonly addend?: Value
  readonly relu?: boolean
}

/** factor x + offset + addend, then ReLU if wanted, in one pass. */
function affine(l: Lowering, { x, factor, offset, addend, relu = false }: Affine): Value {
  const [n, c, h, w] = extents(x)
  const image = (v: Value): Value => l.reshape(v, [1, n * c, h, w])
  const inputs = [
    image(x),
    l.reshape(factor, [n * c, 1, 1, 1]),
    offset === undefined ? null : l.reshape(offset, [n * c]),
  ]
  if (addend !== undefined) inputs.push(image(addend))
  else if (offset === undefined) inputs.pop()
  const plain = { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: n * c }
  const attributes = relu ? { ...plain, activation: 'Relu' } : plain
  return l.reshape(
    l.graph.emit('FusedConv', inputs, [1, n * c, h, w], { attributes, domain: 'com.microsoft' }),
    x.shape,
  )
}

const grouped = (l: Lowering, v: Value, { groups, perGroup }: Layout): Value => l.reshape(v, [1, groups, perGroup])

export const groupNorm: Lower<'groupNorm'> = (l, [x, scale, bias], { attributes }) => {
  const layout = layoutOf(x!, attributes)
  const { mean, inverse } = statistics(l, x!, layout, attributes.eps)
  const factor = l.mul(inverse, grouped(l, scale!, layout))
  const offset = l.sub(grouped(l, bias!, layout), l.mul(mean, factor))
  const [each, shift] = [forEach(l, factor, layout), forEach(l, offset, layout)]
  return affine(l, { x: x!, factor: each, offset: shift, relu: attributes.activation === 'relu' })
}

interface Sums extends Statistics {
  readonly layout: Layout
  /** Sum of g per channel. */
  readonly g: Value
  /** Sum of g times the normalised x per channel. */
  readonly gNormal: Value
}

function gradientSums(l: Lowering, g: Value, x: Value, grouping: Grouping): Sums {
  const layout = layoutOf(x, grouping)
  const { mean, inverse } = statistics(l, x, layout, grouping.eps)
  const sums = channelSums(l, g, layout)
  const gNormal = l.mul(l.sub(channelDots(l, g, x, layout), l.mul(sums, mean)), inverse)
  return { layout, mean, inverse, g: sums, gNormal }
}

/** With x' the normalised x: inverse (g scale - mean(g scale) - x' mean(g scale x')), written as factors of g and x. */
export const groupNormInputGrad: Lower<'groupNormInputGrad'> = (l, [g, x, scale], { attributes }) => {
  const sums = gradientSums(l, g!, x!, attributes)
  const { layout, mean, inverse } = sums
  const weights = grouped(l, scale!, layout)
  const level = groupMean(l, l.mul(sums.g, weights), layout)
  const slope = groupMean(l, l.mul(sums.gNormal, weights), layout)
  const steep = l.mul(slope, l.mul(inverse, inverse))
  const each = (v: Value): Value => forEach(l, v, layout)
  const offset = l.sub(l.mul(steep, mean), l.mul(level, inverse))
  const addend = affine(l, { x: x!, factor: each(l.unary('Neg', steep)), offset: each(offset) })
  return affine(l, { x: g!, factor: each(l.mul(inverse, weights)), addend })
}

export const groupNormScaleGrad: Lower<'groupNormScaleGrad'> = (l, [g, x], { attributes, shape }) => {
  const { gNormal } = gradientSums(l, g!, x!, attributes)
  return l.reshape(l.reduce('ReduceSum', gNormal, [0], false), shape)
}

/** As `momentKey`, for a layer normalisation. */
const rowKey = (x: Value, eps: number): string => `${x.name} ${eps}`

/** The normalised values; the operator's mean and inverse standard deviation, `[..., 1]`, are kept for the gradient. */
export const layerNorm: Lower<'layerNorm'> = (l, [x, scale, bias], { attributes: { eps }, shape }) => {
  const level = [...shape.slice(0, -1), 1]
  const attributes = { axis: -1, epsilon: { float: eps } }
  const [y, mean, inverse] = l.graph.emitAll('LayerNormalization', [x!, scale!, bias!], [shape, level, level], {
    attributes,
  }) as [Value, Value, Value]
  l.moments.set(rowKey(x!, eps), [mean, inverse])
  return y
}

interface RowSums {
  /** `[R, C]`: x less its mean, and g times that. */
  readonly centred: Value
  readonly product: Value
  /** `[R, 1]`. */
  readonly inverse: Value
}

function rowSums(l: Lowering, g: Value, x: Value, eps: number): RowSums {
  const c = x.shape.at(-1)!
  const rows = sizeOf(x.shape) / c
  if (!l.moments.has(rowKey(x, eps))) {
    layerNorm(l, [x, l.graph.filled(1, [c]), l.graph.filled(0, [c])], {
      attributes: { eps },
      shape: x.shape,
    } as Tensor<'layerNorm'>)
  }
  const [mean, inverse] = l.moments.get(rowKey(x, eps))!
  const centred = l.sub(l.reshape(x, [rows, c]), l.reshape(mean, [rows, 1]))
  return { centred, product: l.mul(l.reshape(g, [rows, c]), centred), inverse: l.reshape(inverse, [rows, 1]) }
}

/** inverse (g' - mean(g')) - centred inverse^3 mean(g' centred), where g' = g scale; means as matrix products. */
export const layerNormInputGrad: Lower<'layerNormInputGrad'> = (l, [g, x, scale], { attributes: { eps }, shape }) => {
  const { centred, product, inverse } = rowSums(l, g!, x!, eps)
  const [rows, c] = [centred.shape[0]!, shape.at(-1)!]
  const weights = l.scale(l.reshape(scale!, [c, 1]), 1 / c)
  const flat = l.reshape(g!, [rows, c])
  const level = l.mul(l.matmul(flat, weights), inverse)
  const slope = l.mul(l.matmul(product, weights), l.mul(inverse, l.mul(inverse, inverse)))
  const scaled = l.mul(l.mul(flat, l.reshape(scale!, [1, c])), inverse)
  return l.reshape(l.sub(l.sub(scaled, level), l.mul(centred, slope)), shape)
}

export const layerNormScaleGrad: Lower<'layerNormScaleGrad'> = (l, [g, x], { attributes: { eps }, shape }) => {
  const { product, inverse } = rowSums(l, g!, x!, eps)
  return l.reshape(l.matmul(l.reshape(inverse, [1, inverse.shape[0]!]), product), shape)
}
