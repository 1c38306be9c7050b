/** For every primitive, small programs that use it: the gradient and target tests run them all. */

import {
  abs,
  add,
  and,
  cast,
  clip,
  concat,
  constant,
  conv2d,
  cos,
  div,
  equal,
  exp,
  expand,
  greater,
  groupNorm,
  less,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  maxPool2,
  mean,
  minimum,
  mul,
  neg,
  not,
  pad,
  pow,
  relu,
  reshape,
  reverse,
  sigmoid,
  silu,
  sin,
  sliceAxis,
  softmax,
  softplus,
  sqrt,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  up2,
  upsample2,
  where,
} from '../src/index.ts'
import { apply } from '../src/node.ts'
import type { Primitive, Stencil } from '../src/primitive.ts'
import { apart, type ProgramCase, positive } from './support.ts'

const a = [2, 3, 4]
const image = [2, 4, 6, 8]

const elementwise = (fn: (x: Tensor) => Tensor): ProgramCase[] => [
  { shapes: [a], fn },
  { shapes: [[]], fn },
]
const ofPositive = (fn: (x: Tensor) => Tensor): ProgramCase[] => [{ shapes: [a], fn, values: positive }]
/** Operands of one shape, one that broadcasts, and a scalar. Their numbers never tie. */
const pairs = (fn: (x: Tensor, y: Tensor) => Tensor): ProgramCase[] => {
  const values: ProgramCase['values'] = (size, seed, i) =>
    apart(size, seed).map((v) => (i === 0 ? v : 0.87 * v + 0.011))
  return [
    { shapes: [a, a], fn, values },
    { shapes: [a, [3, 1]], fn, values },
    { shapes: [[], a], fn, values },
  ]
}
const reductions = (fn: (x: Tensor, axes?: number | number[], o?: { keepDims: boolean }) => Tensor): ProgramCase[] => [
  { shapes: [a], fn: (x) => fn(x) },
  { shapes: [a], fn: (x) => fn(x, 1) },
  { shapes: [a], fn: (x) => fn(x, [0, 2], { keepDims: true }) },
  { shapes: [[2, 3, 40, 50]], fn: (x) => fn(x, [0, 2, 3]) },
  { shapes: [[3000, 2]], fn: (x) => fn(x, 0) },
]

const point: Stencil = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] }
const same: Stencil = { stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1] }
const wide: Stencil = { stride: [2, 1], dilation: [1, 2], padding: [0, 2, 1, 1] }
const grouping = { groups: 2, eps: 1e-3, overBatch: false }
const batchwise = { groups: 4, eps: 1e-3, overBatch: true }

export const cases: { readonly [P in Primitive]: readonly ProgramCase[] } = {
  input: [{ shapes: [a], fn: (x) => x }],
  parameter: [],
  constant: [
    { shapes: [[3]], fn: (x) => add(x, constant([1, 2, 3])) },
    { shapes: [a], fn: (x) => mul(x, 2) },
  ],
  neg: elementwise(neg),
  exp: elementwise(exp),
  log: ofPositive(log),
  sqrt: ofPositive(sqrt),
  abs: elementwise(abs),
  sin: elementwise(sin),
  cos: elementwise(cos),
  sigmoid: elementwise(sigmoid),
  tanh: elementwise(tanh),
  relu: elementwise(relu),
  softplus: elementwise(softplus),
  silu: elementwise(silu),
  powConstant: [
    ...[2, 3, 5, -1, 0, 1].flatMap((exponent) => elementwise((x) => pow(x, exponent))),
    ...[0.5, -0.5, -2, 1.7].flatMap((exponent) => ofPositive((x) => pow(x, exponent))),
  ],
  clip: elementwise((x) => clip(x, -0.5, 0.7)),
  stopGradient: [{ shapes: [a], fn: (x) => mul(x, stopGradient(constant(2, a))) }],
  cast: [{ shapes: [a], fn: (x) => mul(x, cast(greater(stopGradient(x), 0.1), 'float32')) }],
  not: [{ shapes: [a], fn: (x) => where(not(greater(x, 0.1)), x, 0) }],
  add: pairs(add),
  sub: pairs(sub),
  mul: pairs(mul),
  div: pairs((x, y) => div(x, add(y, 2.5))),
  minimum: pairs(minimum),
  maximum: pairs(maximum),
  greater: pairs((x, y) => where(greater(x, y), mul(x, 2), y)),
  less: pairs((x, y) => where(less(x, y), mul(x, 2), y)),
  equal: pairs((x, y) => where(equal(x, y), mul(x, 2), y)),
  and: pairs((x, y) => where(and(greater(x, 0), greater(y, 0)), mul(x, y), y)),
  where: [{ shapes: [a, [4], [2, 1, 1]], fn: (x, y, z) => where(greater(x, 0), y, z) }],
  sum: reductions(sum),
  mean: reductions(mean),
  max: reductions(max).slice(0, 3),
  softmax: [
    { shapes: [a], fn: (x) => softmax(x) },
    { shapes: [image], fn: (x) => softmax(x, 1) },
  ],
  logSoftmax: [
    { shapes: [a], fn: (x) => logSoftmax(x) },
    { shapes: [image], fn: (x) => logSoftmax(x, 1) },
  ],
  reshape: [{ shapes: [a], fn: (x) => reshape(x, [4, -1]) }],
  transpose: [{ shapes: [a], fn: (x) => transpose(x, [2, 0, 1]) }],
  slice: [{ shapes: [a], fn: (x) => sliceAxis(x, -1, 1, 3) }],
  pad: [{ shapes: [a], fn: (x) => pad(x, [0, 1, 2], [3, 0, 1], 0.5) }],
  concat: [{ shapes: [a, [2, 1, 4]], fn: (x, y) => concat([x, y, x], 1) }],
  expand: [{ shapes: [[3, 1]], fn: (x) => expand(x, [2, 3, 4]) }],
  reverse: [{ shapes: [a], fn: (x) => reverse(x, [0, -1]) }],
  matmul: [
    {
      shapes: [
        [3, 4],
        [4, 5],
      ],
      fn: (x, y) => matmul(x, y),
    },
    {
      shapes: [
        [2, 3, 4],
        [4, 5],
      ],
      fn: (x, y) => matmul(x, y),
    },
    {
      shapes: [
        [2, 1, 4, 3],
        [3, 5, 4],
      ],
      fn: (x, y) => matmul(x, y, { transposeA: true, transposeB: true }),
    },
    {
      shapes: [
        [2, 4, 3],
        [2, 4, 5],
      ],
      fn: (x, y) => matmul(x, y, { transposeA: true }),
    },
    {
      shapes: [
        [2, 3, 4],
        [5, 4],
      ],
      fn: (x, y) => matmul(x, y, { transposeB: true }),
    },
  ],
  conv: [
    { shapes: [image, [3, 4, 3, 3], [3]], fn: (x, w, bias) => conv2d(x, w, { bias }) },
    { shapes: [image, [6, 4, 3, 3]], fn: (x, w) => conv2d(x, w) },
    { shapes: [image, [3, 4, 1, 1]], fn: (x, w) => conv2d(x, w) },
    { shapes: [image, [2, 4, 3, 3]], fn: (x, w) => conv2d(x, w, { stride: 2 }) },
    { shapes: [image, [2, 4, 2, 4]], fn: (x, w) => conv2d(x, w, { padding: 'valid', stride: [2, 3] }) },
    { shapes: [image, [2, 4, 5, 3]], fn: (x, w) => conv2d(x, w, { dilation: [1, 2] }) },
    {
      shapes: [
        [1, 2, 5, 5],
        [3, 2, 1, 1],
      ],
      fn: (x, w) => conv2d(x, w, { padding: [1, 0, 0, 2], stride: 3 }),
    },
  ],
  convInputGrad: [
    {
      shapes: [
        [2, 3, 6, 8],
        [3, 4, 3, 3],
      ],
      fn: (g, w) => apply('convInputGrad', [g, w], { ...same, size: [6, 8] }),
    },
    {
      shapes: [
        [2, 2, 3, 7],
        [2, 3, 3, 3],
      ],
      fn: (g, w) => apply('convInputGrad', [g, w], { ...wide, size: [6, 8] }),
    },
  ],
  convWeightGrad: [
    {
      shapes: [
        [2, 3, 6, 8],
        [2, 4, 6, 8],
      ],
      fn: (g, x) => apply('convWeightGrad', [g, x], { ...same, kernel: [3, 3] }),
    },
    {
      shapes: [
        [2, 3, 6, 8],
        [2, 4, 6, 8],
      ],
      fn: (g, x) => apply('convWeightGrad', [g, x], { ...point, kernel: [1, 1] }),
    },
    {
      shapes: [
        [2, 2, 3, 7],
        [2, 3, 6, 8],
      ],
      fn: (g, x) => apply('convWeightGrad', [g, x], { ...wide, kernel: [3, 3] }),
    },
  ],
  up2: [
    { shapes: [[2, 3, 2, 3], [3, 2, 2, 2], [2]], fn: (x, w, bias) => up2(x, w, { bias }) },
    {
      shapes: [
        [1, 3, 2, 3],
        [3, 2, 2, 2],
      ],
      fn: (x, w) => up2(x, w),
    },
  ],
  up2InputGrad: [
    {
      shapes: [
        [2, 2, 4, 6],
        [3, 2, 2, 2],
      ],
      fn: (g, w) => apply('up2InputGrad', [g, w], {}),
    },
  ],
  up2WeightGrad: [
    {
      shapes: [
        [2, 2, 4, 6],
        [2, 3, 2, 3],
      ],
      fn: (g, x) => apply('up2WeightGrad', [g, x], {}),
    },
  ],
  maxPool2: [
    { shapes: [image], fn: maxPool2 },
    { shapes: [[1, 2, 5, 7]], fn: maxPool2 },
  ],
  maxPool2Grad: [
    {
      shapes: [[2, 4, 3, 4], image],
      fn: (g, x) => apply('maxPool2Grad', [g, stopGradient(x), stopGradient(maxPool2(x))], {}),
    },
  ],
  sumPool2: [{ shapes: [image], fn: (x) => apply('sumPool2', [x], {}) }],
  upsample2: [{ shapes: [image], fn: upsample2 }],
  reluMask: [{ shapes: [a, a], fn: (g, y) => apply('reluMask', [g, y], {}) }],
  siluGrad: [{ shapes: [a, a], fn: (g, x) => apply('siluGrad', [g, x], {}) }],
  groupNorm: [
    {
      shapes: [image, [4], [4]],
      fn: (x, s, b) => groupNorm(x, s, b, { groups: 4, overBatch: true, activation: 'relu' }),
    },
    { shapes: [image, [4], [4]], fn: (x, s, b) => groupNorm(x, s, b, { groups: 2, overBatch: true }) },
    { shapes: [image, [4], [4]], fn: (x, s, b) => groupNorm(x, s, b, { groups: 2 }) },
    { shapes: [image, [4], [4]], fn: (x, s, b) => groupNorm(x, s, b, { groups: 4, activation: 'relu' }) },
    {
      shapes: [[1, 3, 5, 7], [3], [3]],
      fn: (x, s, b) => groupNorm(x, s, b, { groups: 1, activation: 'silu', eps: 1e-2 }),
    },
  ],
  groupNormInputGrad: [
    { shapes: [image, image, [4]], fn: (g, x, s) => apply('groupNormInputGrad', [g, x, s], batchwise) },
    { shapes: [image, image, [4]], fn: (g, x, s) => apply('groupNormInputGrad', [g, x, s], grouping) },
  ],
  groupNormScaleGrad: [
    { shapes: [image, image], fn: (g, x) => apply('groupNormScaleGrad', [g, x], grouping) },
    { shapes: [image, image], fn: (g, x) => apply('groupNormScaleGrad', [g, x], batchwise) },
  ],
}
