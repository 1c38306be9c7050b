/** Every primitive of the image engine against the float64 interpreter, on shapes that fill nothing evenly. */
import { describe, expect, test } from 'vitest'
import { constant } from '../../src/apply.ts'
import {
  abs,
  add,
  and,
  cast,
  ceil,
  clip,
  concat,
  conv1d,
  conv2d,
  convTranspose2d,
  div,
  elu,
  equal,
  erf,
  exp,
  expand,
  expm1,
  floor,
  gelu,
  greater,
  greaterEqual,
  groupNorm,
  hardSwish,
  leakyRelu,
  less,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  maxPool,
  maxPool2,
  mean,
  meanPool,
  meanPool2,
  minimum,
  mul,
  neg,
  not,
  or,
  pad,
  pow,
  relu,
  reshape,
  resize,
  reverse,
  round,
  type Shape,
  sigmoid,
  silu,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  up2,
  where,
} from '../../src/index.ts'
import { sizeOf } from '../../src/shape.ts'
import { errorOf, normals, programOf } from './support.ts'

const fixed = (shape: Shape, seed = 50): Tensor => constant(normals(sizeOf(shape), seed), shape)

interface Case {
  readonly shapes: readonly Shape[]
  readonly fn: (...x: readonly Tensor[]) => Tensor
}

const image: Shape = [2, 5, 7, 6]
const one = (fn: (x: Tensor) => Tensor, shape = image): Case => ({ shapes: [shape], fn: (x) => fn(x!) })
const two = (fn: (x: Tensor, y: Tensor) => Tensor, other = image): Case => ({
  shapes: [image, other],
  fn: (x, y) => fn(x!, y!),
})

const elementwise: Readonly<Record<string, Case>> = {
  neg: one(neg),
  abs: one(abs),
  exp: one(exp),
  'exp of large numbers': one((x) => exp(mul(x, 20))),
  expm1: one(expm1),
  'expm1 of small numbers': one((x) => mul(expm1(mul(x, 1e-3)), 1e3)),
  log: one((x) => log(add(square(x), 0.01))),
  'log of large and small numbers': one((x) => log(exp(mul(x, 15)))),
  sqrt: one((x) => sqrt(abs(x))),
  sigmoid: one(sigmoid),
  tanh: one(tanh),
  'tanh of small and large numbers': one((x) => add(mul(tanh(mul(x, 1e-3)), 1e3), tanh(mul(x, 30)))),
  softplus: one(softplus),
  'softplus far below 0': one((x) => mul(softplus(sub(x, 12)), 1e5)),
  relu: one(relu),
  silu: one(silu),
  erf: one(erf),
  gelu: one((x) => gelu(x)),
  'gelu by tanh': one((x) => gelu(x, { approximate: 'tanh' })),
  elu: one((x) => elu(x)),
  leakyRelu: one((x) => leakyRelu(x)),
  hardSwish: one(hardSwish),
  clip: one((x) => clip(x, -0.5, 1)),
  'floor, ceil, round': one((x) => add(add(floor(mul(x, 3)), mul(ceil(mul(x, 5)), 7)), mul(round(mul(x, 2)), 31))),
  powers: one((x) => add(add(pow(x, 2), pow(x, 5)), add(pow(add(abs(x), 1), -0.5), pow(add(abs(x), 1), -3)))),
  stopGradient: one((x) => add(stopGradient(x), 1)),
  'add, sub, mul, div': two((x, y) => div(mul(add(x, y), sub(x, 2)), add(abs(y), 1))),
  'minimum, maximum': two((x, y) => add(minimum(x, y), mul(maximum(x, 0.3), 3))),
  masks: two((x, y) => where(or(and(greater(x, 0), less(y, 0)), not(greaterEqual(x, y))), x, mul(y, 2))),
  'masks that are equal': two((x, y) => cast(equal(greater(x, 0), greater(y, 0.5)), 'float32')),
  'infinities that differ': two((x, y) => {
    const [high, low] = [x, y].map((v, i) =>
      maxPool(where(greater(v, 0), v, i === 0 ? Infinity : -Infinity), { kernel: 2 }),
    )
    return add(minimum(high!, 9), maximum(low!, -5))
  }),
  'a mask as numbers': two((x, y) => add(cast(greater(x, y), 'float32'), cast(equal(x, x), 'float32'))),
  'broadcasting over pixels': two((x, y) => mul(x, y), [2, 5, 1, 1]),
  'broadcasting over channels': two((x, y) => mul(x, y), [2, 1, 7, 6]),
  'broadcasting over samples and rows': two((x, y) => add(x, y), [1, 5, 1, 6]),
  'a fixed number for each channel': one((x) => mul(x, fixed([5, 1, 1]))),
  'a fixed image': one((x) => mul(x, fixed([7, 6]))),
  expand: { shapes: [[2, 5, 1, 1]], fn: (x) => add(expand(x!, image), 1) },
}

const flat = (x: Tensor): Tensor => reshape(x, [2, 5, 42])

const chain = (x: Tensor): Tensor => {
  let y = x
  for (let i = 0; i < 40; i++) y = add(mul(y, 0.9), tanh(x))
  return y
}

const arranged: Readonly<Record<string, Case>> = {
  'a join, read by a convolution': {
    shapes: [
      [1, 6, 5, 9],
      [1, 3, 5, 9],
    ],
    fn: (x, y) => conv2d(concat([relu(x!), y!, mul(y!, 2)], 1), fixed([7, 12, 3, 3])),
  },
  'a join of whole vectors': {
    shapes: [
      [2, 4, 5, 3],
      [2, 6, 5, 3],
    ],
    fn: (x, y) => tanh(concat([silu(x!), y!], 1)),
  },
  'a slice of channels': one((x) => mul(slice(x, [0, 1, 0, 0], [2, 4, 7, 6]), 2)),
  'a slice of everything': one((x) => slice(relu(x), [1, 2, 1, 3], [2, 5, 6, 6])),
  'a slice read by a convolution': one((x) => conv2d(slice(x, [0, 3, 2, 1], [2, 5, 7, 6]), fixed([4, 2, 3, 3]))),
  'a slice of a convolution in groups, normalised': one(
    (x) => {
      const y = conv2d(x, fixed([8, 3, 3, 3]), { groups: 2 })
      return groupNorm(slice(y, [0, 0, 0, 0], [2, 4, 7, 6]), fixed([4]), fixed([4], 4), { groups: 1 })
    },
    [2, 6, 7, 6],
  ),
  'rows and columns in reverse order': one((x) => reverse(x, [2, 3])),
  'a mirrored image through a convolution and back': one((x) => {
    return reverse(relu(conv2d(reverse(x, [3]), fixed([6, 5, 3, 3]))), [3])
  }),
  'a mirrored join': one((x) => {
    const y = reverse(concat([mul(x, fixed([7, 1])), relu(x)], 1), [0, 2])
    return conv2d(y, fixed([4, 10, 3, 3]))
  }),
  'a mirrored image, normalised, sliced and renamed': one((x) => {
    const y = groupNorm(reverse(conv2d(x, fixed([8, 5, 3, 3])), [2]), fixed([8]), fixed([8], 4), { groups: 2 })
    return reshape(slice(reverse(y, [0, 3]), [0, 1, 2, 0], [2, 6, 7, 4]), [2, 5, 20])
  }),
  'a mirrored signal': one((x) => reverse(mul(x, 2), [2]), [2, 5, 9]),
  pad: one((x) => pad(x, [0, 0, 1, 2], [0, 0, 3, 0], 0.7)),
  'another shape of the same pixels': one((x) => mul(reshape(x, [2, 5, 6, 7]), 2)),
  'a flat shape': one((x) => flat(relu(x))),
  'a flat shape of part of an image': one((x) => reshape(slice(x, [0, 0, 1, 0], [2, 3, 7, 6]), [2, 3, 36])),
  'a flat shape of what repeats': { shapes: [[2, 5, 1, 6]], fn: (x) => flat(expand(x!, image)) },
  'channels that repeat': { shapes: [[2, 1, 7, 6]], fn: (x) => expand(x!, image) },
  'rows that repeat, padded': { shapes: [[2, 5, 1, 6]], fn: (x) => pad(expand(x!, image), [0, 0, 1, 1], [0, 0, 1, 1]) },
  'a join along rows': { shapes: [image, [2, 5, 3, 6]], fn: (x, y) => mul(concat([relu(x!), y!], 2), 2) },
  'an input as it is': one((x) => x),
  'a value of several readers': one((x) => {
    const y = add(mul(x, 2), relu(x))
    return add(mul(y, y), maxPool(y, { kernel: 3, stride: 1, padding: 1 }))
  }),
  'a long chain': one(chain),
  softmax: one((x) => softmax(mul(x, 3), 1)),
  'softmax of whole vectors': one((x) => softmax(x, 1), [1, 8, 3, 2]),
  logSoftmax: one((x) => logSoftmax(x, 1)),
}

const stencils: Readonly<Record<string, Case>> = {
  '3 x 3': one((x) => conv2d(x, fixed([9, 5, 3, 3]), { bias: fixed([9], 3) })),
  '3 x 3 without padding': one((x) => conv2d(x, fixed([3, 5, 3, 3]), { padding: 'valid' })),
  '3 x 3 of padding on one side': one((x) => conv2d(x, fixed([3, 5, 3, 3]), { padding: [2, 0, 1, 3] })),
  '3 x 3 of many channels': one((x) => conv2d(x, fixed([70, 37, 3, 3])), [1, 37, 9, 17]),
  '3 x 3 on one row': one((x) => conv2d(x, fixed([3, 5, 3, 3])), [1, 5, 1, 9]),
  '3 x 3 on one pixel': one((x) => conv2d(x, fixed([3, 5, 3, 3])), [2, 5, 1, 1]),
  '3 x 3 of strides': one((x) => conv2d(x, fixed([6, 5, 3, 3]), { stride: 2, padding: 1 })),
  '3 x 3 of dilation': one((x) => conv2d(x, fixed([6, 5, 3, 3]), { dilation: [2, 1], padding: 2 })),
  '1 x 1': one((x) => conv2d(x, fixed([11, 5, 1, 1]), { bias: fixed([11], 3) })),
  '1 x 1 of strides': one((x) => conv2d(x, fixed([11, 5, 1, 1]), { stride: [2, 3] })),
  '7 x 7 of strides': one((x) => conv2d(x, fixed([4, 3, 7, 7]), { stride: 2, padding: 3 }), [1, 3, 15, 14]),
  '5 x 2': one((x) => conv2d(x, fixed([4, 5, 5, 2]), { padding: [2, 0, 2, 1], dilation: [1, 3] }), [1, 5, 8, 150]),
  'each channel by itself': one((x) => conv2d(x, fixed([5, 1, 3, 3]), { groups: 5, stride: 2, padding: 1 })),
  '3 x 3 in groups': one((x) => conv2d(x, fixed([12, 3, 3, 3]), { groups: 3, bias: fixed([12], 3) }), [2, 9, 7, 6]),
  '5 x 5 in groups, normalised': one(
    (x) => {
      const y = conv2d(relu(x), fixed([8, 3, 5, 5]), { groups: 2, stride: 2, padding: 2 })
      return groupNorm(y, fixed([8]), fixed([8], 4), { groups: 2 })
    },
    [2, 6, 9, 6],
  ),
  'a signal': one((x) => conv1d(x, fixed([6, 5, 4]), { stride: 3, padding: 2 }), [2, 5, 300]),
  up2: one((x) => up2(x, fixed([5, 3, 2, 2]), { bias: fixed([3], 9) })),
  'a transposed convolution': one((x) => convTranspose2d(x, fixed([5, 9, 3, 2]), { stride: [3, 2] })),
  maxPool2: one(maxPool2, [2, 5, 6, 8]),
  maxPool: one((x) => maxPool(x, { kernel: [3, 2], stride: [2, 1], padding: 1 })),
  meanPool2: one(meanPool2, [2, 5, 6, 8]),
  meanPool: one((x) => meanPool(x, { kernel: 3, stride: 2 })),
  'nearest neighbour by 2 and 4': one((x) => resize(x, [28, 24], { mode: 'nearest' })),
  'bilinear by 2': one((x) => mul(resize(x, [14, 12]), 1)),
}

const statistics: Readonly<Record<string, Case>> = {
  'norm of groups, after a convolution': one((x) => {
    return groupNorm(conv2d(x, fixed([8, 5, 3, 3])), fixed([8], 3), fixed([8], 4), { groups: 2, activation: 'silu' })
  }),
  'norm of a product': one((x) => {
    return groupNorm(conv2d(x, fixed([6, 5, 1, 1])), fixed([6], 3), fixed([6], 4), { groups: 3, activation: 'relu' })
  }),
  'norm of an enlarged image': one((x) =>
    groupNorm(up2(x, fixed([5, 4, 2, 2])), fixed([4]), fixed([4], 4), { groups: 4 }),
  ),
  'norm over the batch': one((x) => groupNorm(x, fixed([5], 3), fixed([5], 4), { groups: 5, overBatch: true })),
  'means over pixels': one((x) => mul(x, sigmoid(mean(x, [2, 3], { keepDims: true })))),
  'sums over pixels': one((x) => sum(mul(x, 2), [2, 3])),
  'maxima over pixels': one((x) => max(sub(x, 9), [2, 3])),
  'squeeze and excitation': one((x) => {
    const gate = sigmoid(
      add(matmul(relu(matmul(mean(x, [2, 3]), fixed([5, 3]))), fixed([5, 3], 2), { transposeB: true }), 1),
    )
    return mul(x, reshape(gate, [2, 5, 1, 1]))
  }),
}

describe.each(Object.entries({ elementwise, arranged, stencils, statistics }))('%s', (_, cases) => {
  test.each(Object.entries(cases))('%s', async (_name, { shapes, fn }) => {
    expect(await errorOf(programOf(shapes, fn))).toBeLessThan(3e-6)
  })
})

test('the variance of numbers far from 0 keeps its digits', async () => {
  // Rounding x itself costs 1e-4 of a standard deviation here; a mean of squares less a squared mean would lose all.
  const norm = programOf([[2, 5, 40, 30]], (x) => {
    return groupNorm(add(x!, 3000), fixed([5], 3), fixed([5], 4), { groups: 5 })
  })
  expect(await errorOf(norm)).toBeLessThan(2e-4)
})
