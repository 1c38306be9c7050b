/** For every primitive on images, small programs that use it. */

import { apply } from '../../src/apply.ts'
import type { SpatialPrimitive, Stencil, Window } from '../../src/attributes/spatial.ts'
import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  groupNorm,
  maxPool,
  maxPool2,
  pad,
  relu,
  silu,
  stopGradient,
  up2,
  upsample2,
} from '../../src/index.ts'
import type { ProgramCase } from '../support.ts'
import { a, elementwise, image } from './families.ts'

const point: Stencil = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0], groups: 1 }
const same: Stencil = { stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1], groups: 1 }
const strided: Window = { stride: [2, 2], dilation: [1, 1], padding: [1, 1, 0, 0] }
const wide: Stencil = { stride: [2, 1], dilation: [1, 2], padding: [0, 2, 1, 1], groups: 1 }
const volume = [1, 2, 4, 5, 6]
const grouping = { groups: 2, eps: 1e-3, overBatch: false }
const batchwise = { groups: 4, eps: 1e-3, overBatch: true }

export const spatialCases: { readonly [P in SpatialPrimitive]: readonly ProgramCase[] } = {
  relu: elementwise(relu),
  silu: elementwise(silu),
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
    {
      shapes: [
        [2, 3, 9],
        [4, 3, 3],
      ],
      fn: (x, w) => conv1d(x, w, { dilation: 2 }),
    },
    { shapes: [[2, 4, 10], [6, 2, 4], [6]], fn: (x, w, bias) => conv1d(x, w, { bias, stride: 3, groups: 2 }) },
    { shapes: [image, [4, 1, 3, 3]], fn: (x, w) => conv2d(x, w, { groups: 4 }) },
    { shapes: [image, [8, 1, 3, 2], [8]], fn: (x, w, bias) => conv2d(x, w, { bias, groups: 4, stride: 2 }) },
    { shapes: [image, [6, 2, 3, 3]], fn: (x, w) => conv2d(x, w, { groups: 2, padding: 2, dilation: [2, 1] }) },
    { shapes: [volume, [3, 2, 3, 3, 3], [3]], fn: (x, w, bias) => conv3d(x, w, { bias }) },
    {
      shapes: [volume, [4, 1, 2, 3, 1]],
      fn: (x, w) => conv3d(x, w, { groups: 2, stride: [1, 2, 3], padding: [1, 0, 2, 0, 1, 0] }),
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
    {
      // The gradient touches none of the input.
      shapes: [
        [1, 1, 1, 1],
        [1, 2, 1, 1],
      ],
      fn: (g, w) => apply('convInputGrad', [g, w], { ...point, stride: [3, 3], padding: [1, 1, 1, 1], size: [1, 1] }),
    },
    { shapes: [[2, 3, 5], [3, 2, 4], [2]], fn: (x, w, bias) => convTranspose1d(x, w, { bias, stride: 3 }) },
    {
      shapes: [
        [1, 4, 3, 4],
        [4, 3, 3, 2],
      ],
      fn: (x, w) => convTranspose2d(x, w, { stride: [2, 3], padding: 1, groups: 2, outputPadding: [1, 2] }),
    },
    {
      shapes: [[1, 4, 2, 3, 2], [4, 1, 2, 2, 2], [2]],
      fn: (x, w, bias) => convTranspose3d(x, w, { bias, stride: 2, groups: 2 }),
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
    {
      shapes: [
        [2, 6, 3, 7],
        [2, 4, 6, 8],
      ],
      fn: (g, x) => apply('convWeightGrad', [g, x], { ...wide, groups: 2, kernel: [3, 3] }),
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
  maxPool: [
    { shapes: [[2, 2, 9]], fn: (x) => maxPool(x, { kernel: 3, stride: 2, padding: 1 }) },
    { shapes: [image], fn: (x) => maxPool(x, { kernel: [2, 3], stride: [1, 2], padding: [1, 0, 0, 2] }) },
    { shapes: [image], fn: (x) => maxPool(x, { kernel: 3 }) },
    { shapes: [[1, 2, 7, 6]], fn: (x) => maxPool(x, { kernel: 2, stride: 3, dilation: [2, 1] }) },
    { shapes: [volume], fn: (x) => maxPool(x, { kernel: [2, 3, 2], stride: 2, padding: [0, 1, 1, 0, 0, 0] }) },
  ],
  maxPoolGrad: [
    {
      shapes: [[2, 4, 3, 4], image],
      fn: (g, x) => {
        const [fixed, pooling] = [stopGradient(x), { ...strided, kernel: [3, 3] }]
        return apply('maxPoolGrad', [g, fixed, apply('maxPool', [fixed], pooling)], pooling)
      },
    },
  ],
  maxPoolTake: [
    {
      shapes: [image, image],
      fn: (u, x) => {
        const [fixed, pooling] = [stopGradient(x), { ...strided, kernel: [3, 3] }]
        return apply('maxPoolTake', [u, fixed, apply('maxPool', [fixed], pooling)], pooling)
      },
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
  sumPool2: [
    { shapes: [image], fn: (x) => apply('sumPool2', [x], {}) },
    { shapes: [[1, 2, 2, 3]], fn: (x) => apply('sumPool2', [pad(x, [0, 0, 2, 2], [0, 0, 2, 3])], {}) },
  ],
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
