import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { input } from '../src/apply.ts'
import { constantInit, evaluate, optim, parameter, type Tensor } from '../src/index.ts'
import type { Optimiser } from '../src/optim/index.ts'
import { takeStep } from '../src/optim/transform.ts'
import { layoutOf } from '../src/parameters.ts'

const N = 4
const layout = layoutOf({ w: parameter([2, 2], constantInit(0)) })

interface State {
  readonly parameters: ArrayLike<number>
  readonly moments: readonly ArrayLike<number>[]
}

/** A function that takes steps of an optimiser with given gradients, in float64. */
function stepper(optimiser: Optimiser): (state: State | undefined, gradient: readonly number[], step: number) => State {
  const flat = (name: string): Tensor => input(name, { shape: [N] })
  const [parameters, gradient] = [flat('parameters'), flat('gradient')]
  const moments = optimiser.moments.map((_, i) => flat(`moment${i}`))
  const count = optimiser.numbers(1, 0).length
  const numbers = input('numbers', { shape: [Math.max(1, count)] })
  const next = takeStep(optimiser, { parameters, gradient, moments, numbers, layout })
  const named = (list: readonly Tensor[]): Record<string, Tensor> =>
    Object.fromEntries(list.map((x, i) => [`moment${i}`, x]))
  const program = {
    inputs: { parameters, gradient, numbers, ...named(moments) },
    outputs: { parameters: next.parameters, ...named(next.moments) },
    parameters: { leaves: [], size: 0 },
    leaves: [],
  }
  return (state, g, step) => {
    const before = state ?? { parameters: new Float64Array(N), moments: moments.map(() => new Float64Array(N)) }
    const found = evaluate(program, {
      parameters: before.parameters,
      gradient: g,
      numbers: count === 0 ? [0] : optimiser.numbers(step, undefined),
      ...Object.fromEntries(before.moments.map((moment, i) => [`moment${i}`, moment])),
    })
    return { parameters: found.parameters!.data, moments: moments.map((_, i) => found[`moment${i}`]!.data) }
  }
}

const gradient = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: N, maxLength: N })
const sequence = fc.array(gradient, { minLength: 1, maxLength: 6 })
const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values))

describe('clipping', () => {
  test('by the global norm keeps the direction and bounds the length', () => {
    const step = stepper(optim.chain(optim.clipByGlobalNorm(3), optim.sgd({ learningRate: 1 })))
    fc.assert(
      fc.property(gradient, (g) => {
        const { parameters } = step(undefined, g, 1)
        const length = norm(g)
        expect(norm(parameters)).toBeLessThanOrEqual(3 + 1e-12)
        const share = Math.min(1, 3 / (length + 1e-6))
        g.forEach((v, i) => {
          expect(parameters[i]).toBeCloseTo(-v * share, 9)
        })
      }),
    )
  })

  test('by a norm counts what was scaled before; by a value bounds each number', () => {
    const twice = stepper(optim.chain(optim.scale(-10), optim.clipByGlobalNorm(3), optim.scale(-1)))
    const values = stepper(optim.chain(optim.clipByValue(0.5), optim.sgd({ learningRate: 2 })))
    fc.assert(
      fc.property(gradient, (g) => {
        expect(norm(twice(undefined, g, 1).parameters)).toBeCloseTo(Math.min(3, 10 * norm(g)), 4)
        for (const v of Array.from(values(undefined, g, 1).parameters)) expect(Math.abs(v)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('steps', () => {
  test('the first of Adam is the learning rate, whatever the gradient; those of Lion always are', () => {
    const adam = stepper(optim.adam({ learningRate: 0.1 }))
    const lion = stepper(optim.lion({ learningRate: 0.1 }))
    const away = gradient.filter((g) => g.every((v) => Math.abs(v) > 1e-3))
    fc.assert(
      fc.property(away, away, (g, h) => {
        const first = adam(undefined, g, 1)
        g.forEach((v, i) => {
          expect(first.parameters[i]).toBeCloseTo(-0.1 * Math.sign(v), 5)
        })
        const one = lion(undefined, g, 1)
        const two = lion(one, h, 2)
        for (let i = 0; i < N; i++) {
          expect(Math.abs(two.parameters[i]! - one.parameters[i]!)).toBeCloseTo(0.1, 12)
        }
      }),
    )
  })

  test('Adam and Lion do not change when all gradients are scaled', () => {
    const runs = [optim.adam({ learningRate: 0.1, eps: 1e-300 }), optim.lion({ learningRate: 0.1 })]
    fc.assert(
      fc.property(sequence, (list) => {
        for (const optimiser of runs) {
          const step = stepper(optimiser)
          let [a, b]: [State | undefined, State | undefined] = [undefined, undefined]
          list.forEach((g, i) => {
            const safe = g.map((v) => (Math.abs(v) < 1e-3 ? 1 : v))
            a = step(a, safe, i + 1)
            b = step(
              b,
              safe.map((v) => 8 * v),
              i + 1,
            )
          })
          for (let i = 0; i < N; i++) expect(a!.parameters[i]).toBeCloseTo(b!.parameters[i]!, 9)
        }
      }),
    )
  })

  test('accumulating n gradients is a step with their mean', () => {
    const apart = stepper(optim.accumulate(3, optim.momentum({ learningRate: 0.1 })))
    const joined = stepper(optim.momentum({ learningRate: 0.1 }))
    fc.assert(
      fc.property(fc.array(gradient, { minLength: 6, maxLength: 6 }), (list) => {
        let a: State | undefined
        list.forEach((g, i) => {
          a = apart(a, g, i + 1)
        })
        let b: State | undefined
        for (const part of [0, 1]) {
          const three = list.slice(3 * part, 3 * part + 3)
          const mean = Array.from({ length: N }, (_, i) => three.reduce((sum, g) => sum + g[i]!, 0) / 3)
          b = joined(b, mean, part + 1)
        }
        for (let i = 0; i < N; i++) expect(a!.parameters[i]).toBeCloseTo(b!.parameters[i]!, 9)
      }),
    )
  })

  test('averages stay within what they average, and the parameters take no notice', () => {
    const plain = stepper(optim.sgd({ learningRate: 0.1 }))
    const averages = [optim.exponentialAverage(0.8), optim.stochasticAverage({ start: 2 })]
    fc.assert(
      fc.property(sequence, (list) => {
        for (const average of averages) {
          const optimiser = optim.chain(optim.sgd({ learningRate: 0.1 }), average)
          const step = stepper(optimiser)
          let [a, b]: [State | undefined, State | undefined] = [undefined, undefined]
          const seen = Array.from({ length: N }, () => [0])
          list.forEach((g, i) => {
            a = step(a, g, i + 1)
            b = plain(b, g, i + 1)
            expect(a.parameters).toEqual(b.parameters)
            seen.forEach((values, k) => {
              values.push(a!.parameters[k]!)
              const mean = optim.averageOf(optimiser, a!.moments)![k]!
              expect(mean).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9)
              expect(mean).toBeLessThanOrEqual(Math.max(...values) + 1e-9)
            })
          })
        }
      }),
    )
  })
})
