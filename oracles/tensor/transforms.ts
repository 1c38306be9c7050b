/** The programs of transforms.py: a network, a transformer block, a simulator, a Gaussian process. */

import {
  add,
  addAll,
  cholesky,
  constant,
  conv2d,
  div,
  exp,
  gelu,
  groupNorm,
  log,
  logDeterminant,
  matmul,
  mean,
  mul,
  reshape,
  type Shape,
  scan,
  sigmoid,
  softmax,
  softplus,
  solve,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
  triangularSolve,
} from '@ecotope/tensor'
import { hashed } from './unet.ts'

/** The same numbers as in Python, in float64. */
export function numbers(shape: Shape, seed: number, scale = 1, shift = 0): Float64Array {
  const size = shape.reduce((n, extent) => n * extent, 1)
  return Float64Array.from(hashed(size, seed), (v) => v * scale + shift)
}

const fixed = (shape: Shape, seed: number): Tensor => constant(numbers(shape, seed), shape)

function network(w1: Tensor, scale: Tensor, bias: Tensor, w2: Tensor): Tensor {
  const h = groupNorm(conv2d(fixed([2, 3, 6, 6], 1), w1), scale, bias, { groups: 4, activation: 'silu' })
  return mean(square(conv2d(h, w2)))
}

function layerNormed(x: Tensor, scale: Tensor, bias: Tensor): Tensor {
  const centred = sub(x, mean(x, -1, { keepDims: true }))
  const variance = mean(square(centred), -1, { keepDims: true })
  return add(mul(div(centred, exp(mul(log(add(variance, 1e-5)), 0.5))), scale), bias)
}

function block(...p: Tensor[]): Tensor {
  const [wq, wk, wv, wo, scale, bias, w1, w2] = p as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
  const x = fixed([2, 5, 8], 2)
  const normal = layerNormed(x, scale, bias)
  const heads = (w: Tensor): Tensor => transpose(reshape(matmul(normal, w), [2, 5, 2, 4]), [0, 2, 1, 3])
  const weights = softmax(div(matmul(heads(wq), heads(wk), { transposeB: true }), 2))
  const mixed = reshape(transpose(matmul(weights, heads(wv)), [0, 2, 1, 3]), [2, 5, 8])
  const attended = add(x, matmul(mixed, wo))
  return mean(square(add(attended, matmul(gelu(matmul(attended, w1)), w2))))
}

/** Twelve days of a leaky bucket for four pixels: `[12, 4]`. */
export function runoff(capacity: Tensor, rate: Tensor, store: Tensor): Tensor {
  return scan(
    (before: Tensor, rain: Tensor) => {
      const filled = add(before, softplus(mul(rain, 3)))
      const loss = mul(filled, sigmoid(mul(rate, sub(div(filled, capacity), 1))))
      return { carry: sub(filled, loss), y: loss }
    },
    store,
    fixed([12, 4], 3),
  ).ys
}

const simulator = (capacity: Tensor, rate: Tensor, store: Tensor): Tensor => mean(square(runoff(capacity, rate, store)))

const identity = (n: number): Tensor =>
  constant(
    Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
    [n, n],
  )

/** Negative log marginal likelihood of a Gaussian process, n = 40. */
function process(lengths: Tensor, noise: Tensor): Tensor {
  const z = div(fixed([40, 3], 4), lengths)
  const squares = sum(square(z), -1, { keepDims: true })
  const distances = sub(add(squares, transpose(squares, [1, 0])), mul(matmul(z, z, { transposeB: true }), 2))
  const l = cholesky(add(exp(mul(distances, -0.5)), mul(noise, identity(40))))
  const a = triangularSolve(l, fixed([40, 1], 5))
  return add(mul(sum(square(a)), 0.5), sum(mul(log(sum(mul(l, identity(40)), -1)), 1)))
}

/** Two batches of factors, solves and determinants. */
function factors(a: Tensor, b: Tensor): Tensor {
  const m = add(matmul(a, a, { transposeB: true }), identity(6))
  const dot = (x: Tensor, seed: number): Tensor => sum(mul(x, fixed(x.shape, seed)))
  return addAll([
    dot(cholesky(m), 6),
    dot(solve(m, b), 7),
    sum(logDeterminant(m)),
    dot(triangularSolve(add(mul(a, 0.2), identity(6)), b, { lower: false }), 8),
    dot(triangularSolve(a, b, { transpose: true, unitDiagonal: true }), 9),
  ])
}

interface TransformCase {
  readonly fn: (...p: Tensor[]) => Tensor
  readonly shapes: readonly Shape[]
  readonly scale: number
  readonly shifts: readonly number[]
}

const square8: Shape = [8, 8]

export const programs = {
  network: {
    fn: network as TransformCase['fn'],
    shapes: [[8, 3, 3, 3], [8], [8], [2, 8, 1, 1]],
    scale: 0.5,
    shifts: [0, 1, 0, 0],
  },
  block: {
    fn: block,
    shapes: [square8, square8, square8, square8, [8], [8], [8, 16], [16, 8]],
    scale: 0.5,
    shifts: [0, 0, 0, 0, 1, 0, 0, 0],
  },
  simulator: { fn: simulator as TransformCase['fn'], shapes: [[4], [4], [4]], scale: 0.3, shifts: [2, 1.5, 1] },
  factors: {
    fn: factors as TransformCase['fn'],
    shapes: [
      [2, 6, 6],
      [6, 2],
    ],
    scale: 0.5,
    shifts: [0, 0],
  },
  process: { fn: process as TransformCase['fn'], shapes: [[3], [1]], scale: 0.2, shifts: [1, 0.5] },
} satisfies Record<string, TransformCase>
