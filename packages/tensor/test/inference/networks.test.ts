/** Random small networks: values that several steps read, joins, slices, norms after anything, against float64. */
import { type Random, random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { constant } from '../../src/apply.ts'
import {
  add,
  concat,
  conv2d,
  convTranspose2d,
  gelu,
  groupNorm,
  maxPool,
  mean,
  meanPool,
  mul,
  type Program,
  pad,
  relu,
  resize,
  type Shape,
  sigmoid,
  silu,
  slice,
  softmax,
  sub,
  type Tensor,
  tanh,
} from '../../src/index.ts'
import { sizeOf } from '../../src/shape.ts'
import { errorOf, inputsOf, normals, programOf, runPlan } from './support.ts'

/** Numbers of a generator, as a network's builder wants them. */
class Draws {
  readonly #source: Random
  #seed = 0
  constructor(seed: number) {
    this.#source = random(seed)
  }

  /** From 0 on, below n. */
  below(n: number): number {
    return this.#source.integer(n)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** Fixed numbers of a spread that keeps a layer's output near its input's. */
  weights(shape: Shape, fanIn: number): Tensor {
    const numbers = normals(sizeOf(shape), this.#seed++)
    return constant(
      numbers.map((v) => v / Math.sqrt(fanIn)),
      shape,
    )
  }
}

type Layer = (x: Tensor, draws: Draws) => Tensor

const channels = (x: Tensor): number => x.shape[1]!
const small = (x: Tensor): boolean => Math.max(x.shape[2]!, x.shape[3]!) <= 12
const large = (x: Tensor): boolean => Math.min(x.shape[2]!, x.shape[3]!) >= 4

const conv =
  (kernel: number, stride = 1): Layer =>
  (x, draws) => {
    const o = 1 + draws.below(12)
    const w = draws.weights([o, channels(x), kernel, kernel], channels(x) * kernel ** 2)
    return conv2d(x, w, { stride, padding: kernel >> 1, bias: draws.weights([o], 4) })
  }

const norm: Layer = (x, draws) => {
  const c = channels(x)
  const groups = draws.pick([1, 2, 3, c].filter((n) => c % n === 0))
  const [scale, bias] = [draws.weights([c], 1), draws.weights([c], 1)]
  return groupNorm(x, scale, bias, { groups, eps: 0.1, activation: draws.pick(['none', 'relu', 'silu']) })
}

const sliced: Layer = (x, draws) => {
  const from = draws.below(channels(x))
  const to = from + 1 + draws.below(channels(x) - from)
  const [n, , h, w] = x.shape as [number, number, number, number]
  return slice(x, [0, from, 0, draws.below(Math.min(w, 2))], [n, to, h, w])
}

const layers: readonly Layer[] = [
  conv(3),
  conv(3),
  conv(1),
  conv(5),
  (x, draws) => (large(x) ? conv(3, 2)(x, draws) : x),
  norm,
  norm,
  (x, draws) => draws.pick([relu, silu, tanh, sigmoid, (v: Tensor) => gelu(v)])(x),
  (x) => (large(x) ? maxPool(x, { kernel: 2 }) : x),
  (x) => (large(x) ? meanPool(x, { kernel: 3, stride: 2 }) : x),
  (x, draws) => (small(x) ? convTranspose2d(x, draws.weights([channels(x), 5, 2, 2], channels(x)), { stride: 2 }) : x),
  (x) => (small(x) ? resize(x, [2 * x.shape[2]!, 2 * x.shape[3]!], { mode: 'nearest' }) : x),
  (x) => mul(x, sigmoid(mean(x, [2, 3], { keepDims: true }))),
  (x) => pad(x, [0, 0, 1, 0], [0, 0, 0, 2], 0.5),
  (x) => softmax(x, 1),
  sliced,
]

const sameSpace = (a: Tensor, b: Tensor): boolean => a.shape[2] === b.shape[2] && a.shape[3] === b.shape[3]

/** A layer on one of the values so far, then perhaps a sum or a join with another of the same extents. */
function grown(values: readonly Tensor[], draws: Draws): Tensor {
  const y = draws.pick(layers)(draws.pick(values), draws)
  const others = values.filter((other) => sameSpace(other, y))
  if (others.length === 0 || draws.below(3) > 0) return y
  const other = draws.pick(others)
  if (channels(other) === channels(y)) return draws.pick([add, sub, mul])(y, other)
  const joined = concat([y, other], 1)
  return draws.below(2) === 0 ? conv(3)(joined, draws) : conv(1)(relu(joined), draws)
}

function network(seed: number): Program {
  const draws = new Draws(seed)
  const shape = [1 + draws.below(2), 1 + draws.below(9), 5 + draws.below(12), 5 + draws.below(12)]
  return programOf([shape], (x) => {
    const values = [x!]
    for (let i = 0; i < 9; i++) values.push(grown(values.slice(-4), draws))
    return values.at(-1)!
  })
}

describe('random networks', () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))('number %i equals the float64 interpreter', async (seed) => {
    expect(await errorOf(network(seed), seed)).toBeLessThan(1e-5)
  })

  test.each([3, 14, 15])('number %i gives the same bytes on three threads, and again', async (seed) => {
    const program = network(seed)
    const inputs = inputsOf(program)
    const one = await runPlan(program, inputs)
    const three = await runPlan(program, inputs, { threads: 3, runs: 3 })
    expect(three).toEqual(one)
  })
})
