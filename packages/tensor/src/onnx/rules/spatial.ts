/** ONNX's convolutions and pooling. */

import { max, mean, pad } from '../../ops/plain.ts'
import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  maxPool,
  meanPool,
} from '../../ops/spatial.ts'
import type { Tensor } from '../../primitive.ts'
import { range } from '../../shape.ts'
import type { Call, Item, Rule } from '../item.ts'

interface Stencil {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  /** Before each axis, then after each. */
  readonly padding: readonly number[]
}

/** How a window moves, padding worked out for `SAME_UPPER`, `SAME_LOWER` and `VALID`. */
function stencilOf(c: Call, kernel: readonly number[]): Stencil {
  const d = kernel.length
  const stride = c.integers('strides') ?? new Array<number>(d).fill(1)
  const dilation = c.integers('dilations') ?? new Array<number>(d).fill(1)
  const auto = c.text('auto_pad', 'NOTSET')
  const explicit = c.integers('pads') ?? new Array<number>(2 * d).fill(0)
  if (auto === 'NOTSET') return { kernel, stride, dilation, padding: explicit }
  if (auto === 'VALID') return { kernel, stride, dilation, padding: explicit.map(() => 0) }
  const totals = kernel.map((k, i) => {
    const extent = c.shape(0)[i + 2]!
    const reach = dilation[i]! * (k - 1) + 1
    return Math.max(0, (Math.ceil(extent / stride[i]!) - 1) * stride[i]! + reach - extent)
  })
  const less = totals.map((n) => Math.floor(n / 2))
  const more = totals.map((n) => Math.ceil(n / 2))
  return { kernel, stride, dilation, padding: auto === 'SAME_LOWER' ? [...more, ...less] : [...less, ...more] }
}

const convolutions = [conv1d, conv2d, conv3d] as const
const transposed = [convTranspose1d, convTranspose2d, convTranspose3d] as const

function ofRank<T>(c: Call, list: readonly T[]): T {
  const fn = list[c.rank(0) - 3]
  if (fn === undefined) throw c.fail(`${c.rank(0) - 2} spatial axes; one to three are supported`)
  return fn
}

const withBias = (c: Call): { readonly bias?: Tensor } => (c.has(2) ? { bias: c.tensor(2) } : {})

function convolution(c: Call): Item {
  const { kernel: _, ...stencil } = stencilOf(c, c.shape(1).slice(2))
  const groups = c.integer('group', 1)
  return ofRank(c, convolutions)(c.tensor(0), c.tensor(1), { ...stencil, groups, ...withBias(c) })
}

function transposedConvolution(c: Call): Item {
  const { kernel: _, ...stencil } = stencilOf(c, c.shape(1).slice(2))
  c.require('auto_pad', 'NOTSET')
  if (c.integers('output_shape') !== undefined) throw c.fail('output_shape', 'Export with pads and output_padding.')
  const groups = c.integer('group', 1)
  const outputPadding = c.integers('output_padding') ?? stencil.stride.map(() => 0)
  return ofRank(c, transposed)(c.tensor(0), c.tensor(1), { ...stencil, groups, outputPadding, ...withBias(c) })
}

/** Cells after each axis that rounding up adds: the last window may reach beyond the padding, but starts before it. */
function ceiling(c: Call, { kernel, stride, dilation, padding }: Stencil): number[] {
  const d = kernel.length
  if (c.integer('ceil_mode', 0) === 0) return kernel.map(() => 0)
  return kernel.map((k, i) => {
    const inside = c.shape(0)[i + 2]! + padding[i]!
    const full = inside + padding[i + d]! - dilation[i]! * (k - 1) - 1
    const windows = Math.ceil(full / stride[i]!) + 1
    const count = (windows - 1) * stride[i]! >= inside ? windows - 1 : windows
    return Math.max(0, (count - 1) * stride[i]! - full)
  })
}

function kernelOf(c: Call): readonly number[] {
  const kernel = c.integers('kernel_shape')
  if (kernel === undefined) throw c.fail('kernel_shape is missing')
  return kernel
}

function maximumPool(c: Call): Item {
  if (c.node.outputs[1]) throw c.fail('the indices of the maxima are not given', 'Use max pooling without indices.')
  const stencil = stencilOf(c, kernelOf(c))
  const extra = ceiling(c, stencil)
  const d = extra.length
  const padding = stencil.padding.map((n, i) => (i < d ? n : n + extra[i - d]!))
  return maxPool(c.tensor(0), { ...stencil, padding })
}

/** Cells that rounding up adds never count; those of the padding do where `count_include_pad` says so. */
function meanPooling(c: Call): Item {
  const { padding, ...moves } = stencilOf(c, kernelOf(c))
  const extra = ceiling(c, { padding, ...moves })
  const d = extra.length
  const beyond = [...extra.map(() => 0), ...extra]
  const x = c.tensor(0)
  if (c.integer('count_include_pad', 0) === 0) {
    return meanPool(x, { ...moves, padding: padding.map((n, i) => n + beyond[i]!), countIncludePad: false })
  }
  const padded = pad(x, [0, 0, ...padding.slice(0, d)], [0, 0, ...padding.slice(d)])
  return meanPool(padded, { ...moves, padding: beyond, countIncludePad: false })
}

const spatialAxes = (c: Call): number[] => range(2, c.rank(0))

export const spatialRules = {
  AveragePool: meanPooling,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  GlobalAveragePool: (c) => mean(c.tensor(0), spatialAxes(c), { keepDims: true }),
  GlobalMaxPool: (c) => max(c.tensor(0), spatialAxes(c), { keepDims: true }),
  MaxPool: maximumPool,
} as const satisfies Readonly<Record<string, Rule>>
