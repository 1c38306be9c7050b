/** Convolutions, pooling and their kin. */
import type { Pooling, Stencil, Tensor } from '../../primitive.ts'
import { cropped } from '../formula.ts'
import { cropView, depthOf, Unsupported } from '../layout.ts'
import { asImage, type Image, imageExtent, type Planner, type Value } from '../planner.ts'
import type { Pair, Reach } from '../steps.ts'
import { PANEL } from '../wasm/products.ts'
import { panelsOf } from '../weights.ts'
import { fixed, type Rule } from './rule.ts'

/** Values for rows and columns; a signal has one row. */
const pair = (list: readonly number[], one: number): Pair =>
  list.length === 1 ? [one, list[0]!] : [list[0]!, list[1]!]

function reachOf(kernel: readonly number[], { stride, dilation, padding }: Stencil | Pooling): Reach {
  if (kernel.length > 2) throw new Unsupported('volumes')
  return {
    kernel: pair(kernel, 1),
    stride: pair(stride, 1),
    dilation: pair(dilation, 1),
    before: pair(padding.slice(0, kernel.length), 0),
  }
}

const is = ([a, b]: Pair, value: number): boolean => a === value && b === value

/** Below so many pixels a side, tiles of 4 x 4 are mostly edge. */
const LEAST_SIDE = 4

function conv(planner: Planner, node: Tensor<'conv'>, inputs: readonly Value[]): Value {
  const image = asImage(planner, inputs[0]!)
  const w = planner.rounded(fixed(inputs[1], 'weights'))
  const [outputs, perGroup] = node.inputs[1]!.shape as [number, number]
  const reach = reachOf(node.inputs[1]!.shape.slice(2), node.attributes)
  const { groups } = node.attributes
  const bias = inputs[2] === undefined ? undefined : fixed(inputs[2], 'biases')
  const to = planner.newImage(imageExtent(node.shape))
  const weighted = { w, outputs, bias, to, reach }
  if (groups === 1) product(planner, image, weighted)
  else if (perGroup === 1 && outputs === groups) depthwise(planner, image, weighted)
  else grouped(planner, image, weighted, groups)
  return planner.stored(to, node.shape)
}

/** A step per group, from its channels to its channels: whole vectors are written, so that groups must consist of them. */
function grouped(planner: Planner, image: Image, whole: Weighted, groups: number): void {
  const [inputs, outputs] = [image.extent.c / groups, whole.outputs / groups]
  if (outputs % 4 !== 0) throw new Unsupported(`convolutions in groups of ${outputs} output channels`)
  const expression = planner.expression(image)
  const size = whole.w.length / groups
  for (let group = 0; group < groups; group++) {
    const extent = { ...image.extent, c: inputs }
    const start = { n: 0, c: group * inputs, h: 0, w: 0 }
    const parts = [{ channels: inputs, expression: cropped(expression, start, extent) }]
    const to = cropView(whole.to, { ...start, c: group * outputs }, { ...whole.to.extent, c: outputs })
    const bias = whole.bias?.slice(group * outputs, (group + 1) * outputs)
    const w = whole.w.slice(group * size, (group + 1) * size)
    product(planner, { ...image, extent, parts }, { w, outputs, bias, to, reach: whole.reach })
  }
}

interface Weighted {
  readonly w: Float32Array<ArrayBuffer>
  readonly outputs: number
  readonly bias: Float64Array | undefined
  readonly to: ReturnType<Planner['newImage']>
  readonly reach: Reach
}

function product(planner: Planner, image: Image, { w, outputs, bias, to, reach }: Weighted): void {
  const from = planner.source(image)
  const inputs = from.parts.map(({ channels }) => channels)
  const step = { from, to, bias: planner.perChannel(bias, outputs), moments: undefined }
  const { kernel, stride, dilation, before } = reach
  const large = Math.min(to.extent.h, to.extent.w) >= LEAST_SIDE
  if (large && is(kernel, 3) && is(stride, 1) && is(dilation, 1)) {
    const weights = planner.constant({ data: w, packing: { kind: 'winograd', outputs, inputs } })
    planner.emit('winograd', { ...step, before, weights })
    return
  }
  const taps = kernel[0] * kernel[1]
  const weights = planner.constant({ data: w, packing: { kind: 'panels', outputs, inputs, taps } })
  planner.emit('gathered', { ...step, reach, weights })
}

/** Kernels of windows, and of softmax, are written out tap by tap and vector by vector. */
const MOST_TAPS = 256
const MOST_CLASSES = 256

function checkTaps({ kernel: [rows, columns] }: Reach): void {
  if (rows * columns > MOST_TAPS) throw new Unsupported(`windows of ${rows} x ${columns}`)
}

function depthwise(planner: Planner, image: Image, { w, outputs, bias, to, reach }: Weighted): void {
  checkTaps(reach)
  const taps = reach.kernel[0] * reach.kernel[1]
  const depth = depthOf([outputs])
  const data = new Float32Array(taps * depth)
  w.forEach((value, i) => {
    data[(i % taps) * depth + Math.floor(i / taps)] = value
  })
  const weights = planner.plain(data)
  planner.emit('window', {
    from: planner.aligned(image),
    to,
    reach,
    fill: 0,
    combine: 'weighted',
    weights,
    bias: planner.perChannel(bias, outputs),
  })
}

function pooled(combine: 'max' | 'sum', planner: Planner, node: Tensor, x: Value, reach: Reach): Value {
  checkTaps(reach)
  const to = planner.newImage(imageExtent(node.shape))
  const fill = combine === 'max' ? Number.NEGATIVE_INFINITY : 0
  const from = planner.aligned(asImage(planner, x))
  planner.emit('window', { from, to, reach, fill, combine, weights: undefined, bias: undefined })
  return planner.stored(to, node.shape)
}

const halving: Reach = { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], before: [0, 0] }

/** x `[N, I, H, W]`, w `[I, O, ...factor]` to windows that do not overlap. */
function spread(planner: Planner, node: Tensor, inputs: readonly Value[], factor: Pair): Value {
  const image = asImage(planner, inputs[0]!)
  const w = fixed(inputs[1], 'weights')
  const [from, to] = [planner.source(image), planner.newImage(imageExtent(node.shape))]
  const [channels, outputs] = [image.extent.c, to.extent.c]
  const taps = factor[0] * factor[1]
  const wide = panelsOf(outputs) * PANEL
  const data = new Float32Array(taps * wide * channels)
  for (let i = 0; i < w.length; i++) {
    const [tap, o, c] = [i % taps, Math.floor(i / taps) % outputs, Math.floor(i / (taps * outputs))]
    data[(tap * wide + o) * channels + c] = w[i]!
  }
  const inputsOf = from.parts.map((part) => part.channels)
  const weights = planner.constant({
    data,
    packing: { kind: 'panels', outputs: taps * wide, inputs: inputsOf, taps: 1 },
  })
  const bias = planner.perChannel(inputs[2] === undefined ? undefined : fixed(inputs[2], 'biases'), outputs)
  planner.emit('spread', { from, to, factor, weights, bias, moments: undefined })
  return planner.stored(to, node.shape)
}

const convInputGrad: Rule<'convInputGrad'> = (planner, node, inputs) => {
  const { stride, dilation, padding, groups, size } = node.attributes
  const kernel = node.inputs[1]!.shape.slice(2)
  const g = node.inputs[0]!.shape.slice(2)
  const apart = kernel.every((k, i) => k === stride[i] && g[i]! * k === size[i])
  if (groups !== 1 || kernel.length > 2 || !apart || dilation.some((d) => d !== 1) || padding.some((n) => n !== 0)) {
    throw new Unsupported('transposed convolutions whose windows overlap')
  }
  return spread(planner, node, inputs, pair(kernel, 1))
}

const groupNorm: Rule<'groupNorm'> = (planner, node, [x, scale, bias]) => {
  const { groups, eps, overBatch, activation } = node.attributes
  const image = stored(planner, asImage(planner, x!), node)
  const { extent } = image
  const moments = planner.momentsOf(image)
  const table = { n: extent.n, c: extent.c, h: 1, w: 1 }
  const [factor, summand] = [planner.newImage(table), planner.newImage(table)]
  planner.emit('normalise', {
    extent,
    moments,
    groups,
    eps,
    overBatch,
    scale: planner.perChannel(fixed(scale, 'scales'), extent.c),
    bias: planner.perChannel(fixed(bias, 'biases'), extent.c),
    factor,
    summand,
  })
  return planner.elementwise(node, planner.normalised(image, factor, summand, activation === 'relu'))
}

/** What is normalised is read twice: an expression that costs anything is stored first. */
function stored(planner: Planner, image: Image, { inputs }: Tensor): Image {
  return planner.stored(planner.view(image), inputs[0]!.shape)
}

/** Sums over all of each channel's pixels. */
const overPixels = (axes: readonly number[], node: Tensor): boolean => {
  const rank = node.inputs[0]!.shape.length
  return rank > 2 && axes.length === rank - 2 && axes.every((axis, i) => axis === i + 2)
}

const total =
  (mean: boolean): Rule<'sum' | 'mean'> =>
  (planner, node, [x]) => {
    if (!overPixels(node.attributes.axes, node)) throw new Unsupported('sums over other axes than all of space')
    const image = asImage(planner, x!)
    const to = planner.newImage({ ...image.extent, h: 1, w: 1 })
    planner.emit('total', { extent: image.extent, moments: planner.momentsOf(image), mean, to })
    return planner.stored(to, node.shape)
  }

const max: Rule<'max'> = (planner, node, [x]) => {
  if (!overPixels(node.attributes.axes, node)) throw new Unsupported('maxima over other axes than all of space')
  const image = asImage(planner, x!)
  const to = planner.newImage({ ...image.extent, h: 1, w: 1 })
  planner.emit('peak', { from: planner.aligned(image), to })
  return planner.stored(to, node.shape)
}

const softmax =
  (logarithm: boolean): Rule<'softmax' | 'logSoftmax'> =>
  (planner, node, [x]) => {
    if (node.attributes.axis !== 1) throw new Unsupported('softmax along other axes than channels')
    if (node.shape[1]! > MOST_CLASSES) throw new Unsupported(`softmax over ${node.shape[1]} channels`)
    const to = planner.newImage(imageExtent(node.shape))
    planner.emit('softmax', { from: planner.aligned(asImage(planner, x!)), to, logarithm })
    return planner.stored(to, node.shape)
  }

/** x `[N, I]` times fixed weights. */
const matmul: Rule<'matmul'> = (planner, node, inputs) => {
  const { transposeA, transposeB } = node.attributes
  const [a, b] = node.inputs as readonly [Tensor, Tensor]
  if (a.shape.length !== 2 || b.shape.length !== 2 || transposeA) throw new Unsupported('products of images')
  const given = fixed(inputs[1], 'weights')
  const image = asImage(planner, inputs[0]!)
  const [n, outputs] = node.shape as [number, number]
  const channels = a.shape[1]!
  const at = (o: number, i: number): number => (transposeB ? o * channels + i : i * outputs + o)
  const w = Float32Array.from({ length: outputs * channels }, (_, k) => {
    return given[at(Math.floor(k / channels), k % channels)]!
  })
  const to = planner.newImage({ n, c: outputs, h: 1, w: 1 })
  const reach: Reach = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], before: [0, 0] }
  product(planner, image, { w, outputs, bias: undefined, to, reach })
  return planner.stored(to, node.shape)
}

export const spatialRules = {
  conv,
  up2: ((planner, node, inputs) => spread(planner, node, inputs, [2, 2])) satisfies Rule<'up2'>,
  convInputGrad,
  maxPool: ((planner, node, [x]) => {
    return pooled('max', planner, node, x!, reachOf(node.attributes.kernel, node.attributes))
  }) satisfies Rule<'maxPool'>,
  maxPool2: ((planner, node, [x]) => pooled('max', planner, node, x!, halving)) satisfies Rule<'maxPool2'>,
  sumPool2: ((planner, node, [x]) => pooled('sum', planner, node, x!, halving)) satisfies Rule<'sumPool2'>,
  upsample2: ((planner, node, [x]) => {
    const to = planner.newImage(imageExtent(node.shape))
    planner.emit('enlarge', { from: planner.aligned(asImage(planner, x!)), to, factor: [2, 2] })
    return planner.stored(to, node.shape)
  }) satisfies Rule<'upsample2'>,
  groupNorm,
  sum: total(false),
  mean: total(true),
  max,
  softmax: softmax(false),
  logSoftmax: softmax(true),
  matmul,
} as const
