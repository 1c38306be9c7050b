/** Max pooling and its gradient in standard operators, without indices: the first maximum is found by comparisons. */

import type { Value } from '../onnx/graph.ts'
import type { Pooling } from '../primitive.ts'
import { range, type Shape, sizeOf } from '../shape.ts'
import { indices, interleave, tapViews } from './taps.ts'
import type { Lower, Lowering } from './target.ts'

/** The least float32: what lies beside the image wins nowhere. */
const LEAST = -3.4028234663852886e38

export const maxPool: Lower<'maxPool'> = (l, [x], { attributes, shape }) => {
  const { kernel, stride, dilation, padding } = attributes
  if (dilation.every((n) => n === 1)) {
    const pool = { kernel_shape: kernel, strides: stride, pads: padding }
    return l.graph.emit('MaxPool', [x!], shape, { attributes: pool })
  }
  // WebGPU's pooling knows no dilation.
  const views = tapViews(l, x!, kernel, shape.slice(2), attributes, LEAST)
  return views.reduce((most, view) => l.binary('Max', most, view))
}

/** 1 where a equals its upper bound b, else 0. */
function atBound(l: Lowering, a: Value, b: Value): Value {
  if (l.target.name === 'node-cpu') {
    // Comparisons are scalar kernels in ONNX Runtime, this is a vector one.
    return l.unary('HardSigmoid', l.sub(a, b), { alpha: { float: 1e38 }, beta: { float: 1 } })
  }
  const same = l.graph.emit('Equal', [a, b], b.shape, { type: 'bool' })
  return l.graph.emit('Cast', [same], b.shape, { attributes: { to: 1 } })
}

/** For each tap of the window, 1 where it reads the window's first maximum, else 0. */
function firstPeaks(l: Lowering, x: Value, y: Value, pooling: Pooling): Value[] {
  const views = tapViews(l, x, pooling.kernel, y.shape.slice(2), pooling, LEAST)
  let taken: Value | undefined
  return views.map((view) => {
    const peak = atBound(l, view, y)
    const first = taken === undefined ? peak : l.unary('Relu', l.sub(peak, taken))
    taken = taken === undefined ? peak : l.binary('Max', taken, peak)
    return first
  })
}

/** The adjoint of `tapViews`: adds each tap's part `[N, C, ...out]` where the tap reads, in an image of `shape`. */
function scatterTaps(l: Lowering, parts: readonly Value[], pooling: Pooling, shape: Shape): Value {
  const { kernel, stride, dilation, padding } = pooling
  const axes = range(0, kernel.length)
  const out = parts[0]!.shape.slice(2)
  const reach = axes.map((i) => Math.floor(((kernel[i]! - 1) * dilation[i]!) / stride[i]!))
  const sums = new Map<number, Value>()
  indices(kernel).forEach((tap, t) => {
    const offset = tap.map((k, i) => k * dilation[i]!)
    const phase = offset.reduce((sum, o, i) => sum * stride[i]! + (o % stride[i]!), 0)
    const before = offset.map((o, i) => Math.floor(o / stride[i]!))
    const after = before.map((b, i) => reach[i]! - b)
    const part = l.pad(parts[t]!, [0, 0, ...before], [0, 0, ...after])
    const sum = sums.get(phase)
    sums.set(phase, sum === undefined ? part : l.add(sum, part))
  })
  const nothing = l.expand(l.graph.scalar(0), [shape[0]!, shape[1]!, ...out.map((n, i) => n + reach[i]!)])
  const phases = range(0, sizeOf(stride)).map((phase) => sums.get(phase) ?? nothing)
  const stacked = phases.map((phase) => l.reshape(phase, [shape[0]!, shape[1]!, 1, ...phase.shape.slice(2)]))
  const full = interleave(l, l.concat(stacked, 2), stride)
  const ends = axes.map((i) => padding[i]! + shape[i + 2]!)
  const beyond = axes.map((i) => Math.max(0, ends[i]! - full.shape[i + 2]!))
  const wide = l.pad(full, [0, 0, ...axes.map(() => 0)], [0, 0, ...beyond])
  return l.slice(
    wide,
    axes.map((i) => i + 2),
    axes.map((i) => padding[i]!),
    ends,
  )
}

export const maxPoolGrad: Lower<'maxPoolGrad'> = (l, [g, x, y], { attributes, shape }) => {
  const parts = firstPeaks(l, x!, y!, attributes).map((first) => l.mul(first, g!))
  return scatterTaps(l, parts, attributes, shape)
}

export const maxPoolTake: Lower<'maxPoolTake'> = (l, [u, x, y], { attributes }) => {
  const views = tapViews(l, u!, attributes.kernel, y!.shape.slice(2), attributes)
  const parts = firstPeaks(l, x!, y!, attributes).map((first, t) => l.mul(first, views[t]!))
  return parts.reduce((sum, part) => l.add(sum, part))
}
