/** Random leaves: equal everywhere, distributed as they say, and differentiable where they say so. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  cast,
  constant,
  type Draw,
  draw,
  drawsOf,
  evaluate,
  gammaDerivative,
  gradients,
  gumbelSoftmax,
  log,
  mean,
  mul,
  randomBernoulli,
  randomCategorical,
  randomGamma,
  randomNormal,
  randomUniform,
  type Shape,
  sum,
  type Tensor,
  trace,
} from '../src/index.ts'
import type { Engine } from '../src/run/engine.ts'
import { oracle } from './oracle-elementary.ts'
import { relativeError, runOnnx, type TargetName, targetOf, testEngine } from './support.ts'

const N = 20_000

function sample(y: () => Tensor, options: { seed?: number; step?: number } = {}): Float64Array {
  const program = trace(() => ({ y: y() }), { parameters: {}, inputs: {} })
  return evaluate(program, {}, [], { seed: 1, ...options }).y!.data
}

const uniform = (key: string, shape: Shape): Omit<Draw, 'name'> => ({ key, shape, distribution: 'uniform' })

describe('draws', () => {
  test('depend on seed, step, key, shape and distribution, and on nothing else', () => {
    const base = draw(1, 2, uniform('a', [8]))
    expect(draw(1, 2, uniform('a', [8]))).toEqual(base)
    const others = [
      draw(2, 2, uniform('a', [8])),
      draw(1, 3, uniform('a', [8])),
      draw(1, 2, uniform('b', [8])),
      draw(1, 2, uniform('a', [2, 4])),
      draw(1 + 2 ** 40, 2, uniform('a', [8])),
    ]
    for (const other of others) expect(other).not.toEqual(base)
  })

  test('are inside their range, whatever the key', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.integer({ min: 1, max: 99 }), (key, seed, n) => {
        const u = draw(seed, 0, uniform(key, [n]))
        expect(u.length).toBe(n)
        expect(u.every((v) => v >= 0 && v < 1)).toBe(true)
        expect(draw(seed, 0, { key, shape: [n], distribution: 'normal' }).every(Number.isFinite)).toBe(true)
      }),
    )
  })

  test('are listed once per key and shape', () => {
    const program = trace(
      () => ({
        y: add(randomNormal('a', [2]), mul(randomNormal('a', [2]), randomUniform('a', [2]))),
        z: randomNormal('a', [3]),
      }),
      { parameters: {}, inputs: {} },
    )
    expect(drawsOf(program)).toEqual([
      { name: 'random.0', key: 'a', distribution: 'normal', shape: [2] },
      { name: 'random.1', key: 'a', distribution: 'uniform', shape: [2] },
      { name: 'random.2', key: 'a', distribution: 'normal', shape: [3] },
    ])
  })
})

/** The largest distance between the share of samples below each quantile and its probability (Kolmogorov, Smirnov). */
function distance(samples: Float64Array, quantiles: readonly number[]): number {
  const sorted = samples.toSorted()
  let below = 0
  return quantiles.reduce((most, q, i) => {
    while (below < sorted.length && sorted[below]! <= q) below++
    return Math.max(most, Math.abs(below / sorted.length - oracle.quantiles.p![i]!))
  }, 0)
}

/** The bound that samples of the right distribution pass with probability 0.999. */
const KOLMOGOROV = 1.95 / Math.sqrt(N)

describe('distributions', () => {
  test('normal', () => {
    const x = sample(() => randomNormal('x', [N]))
    expect(distance(x, oracle.quantiles.normal!)).toBeLessThan(KOLMOGOROV)
    expect(Math.abs(x.reduce((s, v) => s + v, 0) / N)).toBeLessThan(4 / Math.sqrt(N))
    expect(x.reduce((s, v) => s + v * v, 0) / N).toBeCloseTo(1, 1)
    const lag = x.reduce((s, v, i) => s + v * (x[i + 1] ?? 0), 0) / N
    expect(Math.abs(lag)).toBeLessThan(4 / Math.sqrt(N))
  })

  test('uniform between bounds', () => {
    const x = sample(() => randomUniform('x', [N], { low: -2, high: 3 }))
    const quantiles = oracle.quantiles.p!.map((p) => 5 * p - 2)
    expect(distance(x, quantiles)).toBeLessThan(KOLMOGOROV)
  })

  test.each([0.3, 1, 4.5, 60])('gamma of concentration %d', (a) => {
    const x = sample(() => randomGamma('x', constant(a, [N])))
    expect(distance(x, oracle.quantiles[`gamma ${a.toFixed(1)}`]!)).toBeLessThan(KOLMOGOROV)
    const average = x.reduce((s, v) => s + v, 0) / N
    expect(Math.abs(average / a - 1)).toBeLessThan(4 / Math.sqrt(a * N))
  })

  test('Bernoulli and categorical', () => {
    const bits = sample(() => cast(randomBernoulli('x', 0.3, [N]), 'float32'))
    expect(Math.abs(bits.reduce((s, v) => s + v, 0) / N - 0.3)).toBeLessThan(0.015)
    const p = [0.1, 0.2, 0.7]
    const chosen = sample(() => randomCategorical('x', add(log(constant(p)), constant(0, [N, 3]))))
    const across = sample(() => randomCategorical('x', add(log(constant(p, [3, 1])), constant(0, [3, N])), 0))
    for (const list of [chosen, across]) {
      expect(list.length).toBe(N)
      p.forEach((share, i) => {
        expect(Math.abs(list.filter((v) => v === i).length / N - share)).toBeLessThan(0.015)
      })
    }
  })
})

describe('gradients through samples', () => {
  test('a gamma sample moves with its concentration as in PyTorch, and as its quantile does', () => {
    for (const { concentration, sample: z, torch, quantile } of oracle.gammaGradients) {
      const program = trace((_, { a, z }) => ({ y: gammaDerivative(a!, z!) }), {
        parameters: {},
        inputs: { a: { shape: [z.length] }, z: { shape: [z.length] } },
      })
      const inputs = { a: new Float64Array(z.length).fill(concentration), z }
      const { data } = evaluate(program, inputs).y!
      data.forEach((slope, i) => {
        if (z[i]! < 1e-30) return
        expect(Math.abs(slope / quantile[i]! - 1)).toBeLessThan(2e-4)
        // The approximation in PyTorch is the coarser one.
        expect(Math.abs(slope / torch[i]! - 1)).toBeLessThan(1e-3)
      })
    }
  })

  test('of the mean of gamma variates, and of uniform bounds', () => {
    const program = trace(
      (_, { a, b }) => {
        const gamma = mean(randomGamma('g', a!, [N]))
        const width = mean(randomUniform('u', [N], { high: b! }))
        return { a: gradients(gamma, [a!])[0]!, b: gradients(width, [b!])[0]! }
      },
      { parameters: {}, inputs: { a: { shape: [] }, b: { shape: [] } } },
    )
    for (const a of [0.4, 3]) {
      const out = evaluate(program, { a: [a], b: [2] })
      expect(Math.abs(out.a!.data[0]! - 1)).toBeLessThan(0.05)
      expect(Math.abs(out.b!.data[0]! - 0.5)).toBeLessThan(0.02)
    }
  })

  test('second derivatives of gamma variates are the differences of the first', () => {
    const slope = (a: readonly number[]) => {
      const program = trace(
        (_, { a }) => {
          const g = gradients(sum(randomGamma('g', a!)), [a!])[0]!
          return { g, h: gradients(sum(g), [a!])[0]! }
        },
        { parameters: {}, inputs: { a: { shape: [12] } } },
      )
      return evaluate(program, { a })
    }
    // As a function of both: the derivative of the slope along the quantile's path.
    const derivative = (a: readonly number[], z: ArrayLike<number>) => {
      const inputs = { a: { shape: [12] }, z: { shape: [12] } } as const
      return evaluate(
        trace((_, { a, z }) => ({ y: gammaDerivative(a, z) }), { parameters: {}, inputs }),
        { a, z },
      ).y!.data
    }
    const a = Array.from({ length: 12 }, (_, i) => 0.4 + 0.6 * i)
    const z = evaluate(
      trace((_, { a }) => ({ z: randomGamma('g', a) }), { parameters: {}, inputs: { a: { shape: [12] } } }),
      { a },
    ).z!.data
    const { g, h } = slope(a)
    const step = 1e-5
    const moved = (sign: number) => {
      return derivative(
        a.map((v) => v + sign * step),
        z.map((v, i) => v + sign * step * g!.data[i]!),
      )
    }
    const [above, below] = [moved(1), moved(-1)]
    const expected = above.map((v, i) => (v - below[i]!) / (2 * step))
    expect(relativeError(h!.data, expected)).toBeLessThan(1e-5)
  })

  test('a hard Gumbel sample is one-hot, with the gradient of the soft one', () => {
    const of = (hard: boolean, axis: number) => {
      const program = trace(
        (_, { x }) => {
          const y = gumbelSoftmax('k', x!, { hard, axis, temperature: 0.7 })
          return { y, g: gradients(sum(mul(y, constant([1, -2, 3, 4, 0, 1], [2, 3]))), [x!])[0]! }
        },
        { parameters: {}, inputs: { x: { shape: [2, 3] } } },
      )
      return evaluate(program, { x: [1, 2, 3, 0.5, -1, 0] })
    }
    for (const axis of [0, 1]) {
      const [hard, soft] = [of(true, axis), of(false, axis)]
      expect(hard.y!.data.every((v) => Math.abs(v) < 1e-12 || Math.abs(v - 1) < 1e-12)).toBe(true)
      expect(hard.y!.data.reduce((s, v) => s + v, 0)).toBeCloseTo(axis === 0 ? 3 : 2)
      expect(relativeError(hard.g!.data, soft.g!.data)).toBeLessThan(1e-12)
    }
  })
})

describe.each(['node-cpu', 'portable'] as TargetName[])('on target %s', (name) => {
  let engine: Engine
  beforeAll(() => {
    engine = testEngine()
  })
  afterAll(() => engine.close())

  test('gamma variates and their gradients equal the interpreter', async () => {
    const shape = [6, 50]
    const program = trace(
      (_, { a }) => {
        const y = randomGamma('g', a!)
        return { y, g: gradients(sum(y), [a!])[0]! }
      },
      { parameters: {}, inputs: { a: { shape } } },
    )
    const a = Float32Array.from({ length: 300 }, (_, i) => [0.2, 0.8, 1.5, 7, 40, 900][Math.floor(i / 50)]!)
    const expected = evaluate(program, { a })
    const actual = await runOnnx(engine, await targetOf(engine, name), { program, inputs: { a } })
    for (let row = 0; row < 6; row++) {
      for (const [output, tolerance] of [
        ['y', 3e-6],
        ['g', 1e-4],
      ] as const) {
        const of = (data: ArrayLike<number>): number[] => Array.from(data).slice(50 * row, 50 * row + 50)
        expect(relativeError(of(actual[output]!.data), of(expected[output]!.data))).toBeLessThan(tolerance)
      }
    }
  })
})
