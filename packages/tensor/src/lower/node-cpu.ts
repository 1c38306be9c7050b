/**
 * Lowering of the spatial primitives for onnxruntime-node on a processor: the forms that were measured to be fastest,
 * with the portable rules wherever their conditions do not hold. `bench/tensor/forms.ts` times the forms of convolutions
 * and of their gradients side by side.
 */

import type { SpatialPrimitive } from '../attributes/spatial.ts'
import type { Value } from '../onnx/graph.ts'
import type { Stencil, Tensor } from '../primitive.ts'
import { type Shape, sizeOf } from '../shape.ts'
import { blockedGroupNorm, blockedPool, blockedRelu, blockedUnary } from './blocked.ts'
import { fillsBlocks, fitsBlocks, nchwcConv, nchwcInputGrad } from './nchwc.ts'
import { groupNorm, groupNormInputGrad, groupNormScaleGrad } from './norm.ts'
import { adjointImage, adjointWeight, extents, plainConv, portableSpatial, resize2 } from './portable.ts'
import { shiftWeightGrad } from './shift-gemm.ts'
import { asImage, groupedBlocks, groupsFitBlocks, phasedInputGrad, withRow } from './stencils.ts'
import type { Lower, Lowering } from './target.ts'
import { blockedUp2, blockedUp2InputGrad, blockedUp2WeightGrad } from './up2.ts'
import { winogradConv, winogradInputGrad, winogradWeightGrad } from './winograd.ts'

/** Above this many pixels the other forms are as fast as Winograd and need less memory. */
const WINOGRAD_PIXELS = 1024
/** Winograd pays from this many channels on: the smaller count, and for other than weight gradients the larger. */
const WINOGRAD_LEAST = 64
const WINOGRAD_MOST = 128

/** What decides on the form of a convolution. */
interface Case {
  /** One group, stride 1, odd kernel, padding that keeps the extents. */
  readonly same: boolean
  /** `same` with a 3 x 3 kernel and dilation 1. */
  readonly three: boolean
  readonly pixels: number
  readonly tiled: boolean
  readonly c: number
  readonly o: number
}

function caseOf(image: Shape, weight: Shape, { stride, dilation, padding, groups }: Stencil): Case {
  const [o, c, kh, kw] = [weight[0]!, weight[1]!, weight[2]!, weight[3]!]
  const [h, w] = [image[2]!, image[3]!]
  const kept = (axis: 0 | 1, kernel: number): boolean => {
    const reach = dilation[axis]! * (kernel - 1)
    return stride[axis] === 1 && padding[axis] === reach / 2 && padding[axis + 2] === reach / 2
  }
  const same = groups === 1 && kept(0, kh) && kept(1, kw)
  const three = same && kh === 3 && kw === 3 && dilation[0] === 1 && dilation[1] === 1
  return { same, three, pixels: h * w, tiled: h % 4 === 0 && w % 4 === 0, c, o }
}

/** Small images with many channels. */
function winogradFits(l: Lowering, { three, tiled, pixels, c, o }: Case): boolean {
  return l.target.winograd && three && tiled && pixels <= WINOGRAD_PIXELS && Math.min(c, o) >= WINOGRAD_LEAST
}

function winogradThroughout(l: Lowering, kind: Case): boolean {
  return winogradFits(l, kind) && Math.max(kind.c, kind.o) >= WINOGRAD_MOST
}

const isDense = ({ dilation }: Stencil): boolean => dilation.every((n) => n === 1)

const isPoint = (weight: Shape): boolean => weight[2] === 1 && weight[3] === 1

function plainStencil({ stride, dilation, padding, groups }: Stencil): Stencil {
  return { stride, dilation, padding, groups }
}

/** A rule for images applied to signals: images, weights and the stencil get a row. */
function onRow<P extends 'conv' | 'convInputGrad'>(
  l: Lowering,
  rule: Lower<P>,
  [a, b, ...bias]: readonly Value[],
  node: Tensor<P>,
): Value {
  const row = (v: Value): Value => l.reshape(v, withRow(v.shape))
  const image = { ...node, attributes: asImage(node.attributes), shape: withRow(node.shape) } as Tensor<P>
  return l.reshape(rule(l, [row(a!), row(b!), ...bias], image), node.shape)
}

const conv: Lower<'conv'> = (l, inputs, node) => {
  const { attributes, shape } = node
  if (attributes.stride.length === 1) return onRow(l, conv, inputs, node)
  if (attributes.stride.length === 3) return plainConv(l, inputs, attributes, shape)
  if (attributes.groups > 1) {
    const fits = groupsFitBlocks(l, inputs[1]!.shape, attributes.groups)
    return fits ? groupedBlocks(l, inputs, plainStencil(attributes), shape) : plainConv(l, inputs, attributes, shape)
  }
  const [x, w, bias] = inputs as [Value, Value, Value | undefined]
  const kind = caseOf(x.shape, w.shape, attributes)
  if (winogradThroughout(l, kind)) {
    const y = winogradConv(l, x, w, shape)
    return bias === undefined ? y : l.add(y, l.reshape(bias, [1, shape[1]!, 1, 1]))
  }
  const stays = l.target.fixedWeights && l.blocks.has(x)
  const fits = fitsBlocks(l, kind.c, kind.o) || (!isPoint(w.shape) && fillsBlocks(l, kind.c, kind.o))
  if (stays || ((l.target.fixedWeights || !isPoint(w.shape)) && fits))
    return nchwcConv(l, inputs, plainStencil(attributes), shape)
  return plainConv(l, inputs, attributes, shape)
}

const convInputGrad: Lower<'convInputGrad'> = (l, [g, w], node) => {
  const { attributes, shape } = node
  const { stride, groups } = attributes
  if (stride.length === 1) return onRow(l, convInputGrad, [g!, w!], node)
  const still = stride.every((s) => s === 1)
  const dense = isDense(attributes)
  if (sizeOf(w!.shape.slice(2)) === 1) return portableSpatial.convInputGrad(l, [g!, w!], node)
  if (groups === 1 && !still && dense) return phasedInputGrad(l, g!, w!, attributes, shape)
  if (stride.length === 3) return portableSpatial.convInputGrad(l, [g!, w!], node)
  const kind = caseOf(shape, w!.shape, attributes)
  if (winogradThroughout(l, kind)) return winogradInputGrad(l, g!, w!, shape)
  if (groups > 1) {
    if (!groupsFitBlocks(l, w!.shape, groups)) return portableSpatial.convInputGrad(l, [g!, w!], node)
    const { image, stencil } = adjointImage(l, g!, w!, attributes, shape)
    return groupedBlocks(l, [image, adjointWeight(l, w!, groups)], stencil, shape)
  }
  if (!still && dense) return phasedInputGrad(l, g!, w!, attributes, shape)
  if (still && fillsBlocks(l, kind.c, kind.o)) {
    const { image, stencil } = adjointImage(l, g!, w!, attributes, shape)
    return nchwcInputGrad(l, image, w!, stencil, shape)
  }
  return portableSpatial.convInputGrad(l, [g!, w!], node)
}

const convWeightGrad: Lower<'convWeightGrad'> = (l, [g, kept], node) => {
  const x = l.recall(kept!)
  const { attributes, shape } = node
  const { stride, groups } = attributes
  if (stride.length !== 2 || groups > 1) return portableSpatial.convWeightGrad(l, [g!, x], node)
  const kind = caseOf(x.shape, shape, attributes)
  if (winogradFits(l, kind)) return winogradWeightGrad(l, g!, x, shape)
  const [, , h, w] = extents(x)
  if (kind.three && h > 1 && w > 1) return shiftWeightGrad(l, g!, x)
  return portableSpatial.convWeightGrad(l, [g!, x], node)
}

function inBlocks(l: Lowering, weight: Shape): boolean {
  const b = l.target.nchwcBlock
  return b > 0 && weight[0]! % b === 0 && weight[1]! % b === 0
}

/** 1 where y > 0, else 0: comparisons are scalar kernels in ONNX Runtime, this is a vector one. */
function positive(l: Lowering, y: Value): Value {
  return l.unary('HardSigmoid', y, { alpha: { float: 1e38 }, beta: { float: 0 } })
}

/** 1 where x is its window's maximum y (else below it), by the same means. */
function atPeak(l: Lowering, x: Value, y: Value): Value {
  const below = l.sub(x, resize2(l, y, x.shape))
  return l.unary('HardSigmoid', below, { alpha: { float: 1e38 }, beta: { float: 1 } })
}

const silu = (l: Lowering, x: Value): Value => l.unary('QuickGelu', x, { alpha: { float: 1 } }, 'com.microsoft')

/** The derivative of y = x s is s + y (1 - s), where s = sigmoid(x). */
const siluGrad: Lower<'siluGrad'> = (l, [g, kept]) => {
  const x = l.recall(kept!)
  const s = l.unary('Sigmoid', x)
  const y = x === kept ? silu(l, x) : l.mul(x, s)
  return l.mul(g!, l.add(s, l.mul(y, l.sub(l.graph.scalar(1), s))))
}

/** An image in blocks keeps neither the normalised values nor their SiLU: a gradient makes both from the operand. */
const siluInBlocks: Lower<'silu'> = (l, [x]) => {
  const y = blockedUnary(l, x!, (inside) => silu(l, inside))
  if (y === null) return silu(l, x!)
  return l.forget(y, () => {
    const again = l.recall(x!)
    return l.mul(again, l.unary('Sigmoid', again))
  })
}

const groupNormInBlocks: Lower<'groupNorm'> = (l, inputs, node) => {
  const [x, scale, bias] = inputs as [Value, Value, Value]
  const y = blockedGroupNorm(l, [x, scale, bias], node.attributes)
  return y === null ? groupNorm(l, inputs, node) : l.forget(y, () => groupNorm(l, inputs, node))
}

/** Compares with the maximum of the very values that it is given, so that rounding cannot part them. */
const maxPool2Grad: Lower<'maxPool2Grad'> = (l, [g, kept, peak], node) => {
  const x = l.recall(kept!)
  const shape = peak!.shape
  const y = x === kept ? peak! : portableSpatial.maxPool2(l, [x], { ...node, shape } as unknown as Tensor<'maxPool2'>)
  const mask = atPeak(l, x, y)
  const ties = portableSpatial.sumPool2(l, [mask], { shape } as Tensor<'sumPool2'>)
  return l.mul(resize2(l, l.div(g!, ties), x.shape), mask)
}

export const nodeCpuSpatial: { readonly [P in SpatialPrimitive]: Lower<P> } = {
  ...portableSpatial,
  conv,
  convInputGrad,
  convWeightGrad,
  up2: (l, inputs, node) =>
    inBlocks(l, inputs[1]!.shape) ? blockedUp2(l, inputs, node.shape) : portableSpatial.up2(l, inputs, node),
  up2InputGrad: (l, [g, w], node) =>
    inBlocks(l, w!.shape)
      ? blockedUp2InputGrad(l, g!, w!, node.shape)
      : portableSpatial.up2InputGrad(l, [g!, w!], node),
  up2WeightGrad: (l, [g, x], node) =>
    inBlocks(l, node.shape)
      ? blockedUp2WeightGrad(l, g!, l.recall(x!), node.shape)
      : portableSpatial.up2WeightGrad(l, [g!, l.recall(x!)], node),
  maxPool2Grad,
  maxPool2: (l, [x], node) => blockedPool(l, 'MaxPool', x!, node.shape) ?? portableSpatial.maxPool2(l, [x!], node),
  relu: (l, [x]) => blockedRelu(l, x!) ?? l.unary('Relu', x!),
  reluMask: (l, [g, y]) => l.mul(g!, positive(l, l.recall(y!))),
  silu: siluInBlocks,
  siluGrad,
  groupNorm: groupNormInBlocks,
  groupNormInputGrad,
  groupNormScaleGrad,
}
