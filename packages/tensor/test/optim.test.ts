import { readFileSync } from 'node:fs'
import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashed } from '../../../oracles/tensor/unet.ts'
import { input } from '../src/apply.ts'
import {
  add,
  constantInit,
  createTrainer,
  evaluate,
  gradients,
  initialise,
  matmul,
  mul,
  normalInit,
  optim,
  type ParameterTree,
  parameter,
  reshape,
  sliceAxis,
  square,
  sub,
  sum,
  type Tensor,
} from '../src/index.ts'
import type { Optimiser } from '../src/optim/index.ts'
import { takeStep } from '../src/optim/transform.ts'
import { layoutOf } from '../src/parameters.ts'
import { relativeError } from './support.ts'

interface Oracle {
  readonly rates: readonly number[]
  readonly optimisers: Readonly<Record<string, readonly (readonly number[])[]>>
  readonly schedules: Readonly<Record<string, readonly number[]>>
}

const oracle = JSON.parse(
  readFileSync(new URL('../../../oracles/tensor/optim.json', import.meta.url), 'utf8'),
) as Oracle

const tree = { w: parameter([5, 3], constantInit(0)), c: parameter([3], constantInit(0)) }
const initial = Float32Array.from([...hashed(15, 13), ...hashed(3, 14)])
const batch = { a: hashed(60, 11), b: hashed(36, 12).map((v) => 3 * v) }
const residuals = (w: Tensor, c: Tensor, a: Tensor, b: Tensor): Tensor => sum(square(sub(add(matmul(a, w), c), b)))

const { chain } = optim
const rows: Readonly<Record<string, Optimiser>> = {
  sgd: optim.sgd(),
  sgdDecay: optim.sgd({ weightDecay: 0.3 }),
  momentum: optim.momentum({ decay: 0.8, weightDecay: 0.3 }),
  nesterov: optim.momentum({ decay: 0.8, nesterov: true, weightDecay: 0.3 }),
  adam: optim.adam(),
  adamDecay: optim.adam({ beta1: 0.8, beta2: 0.95, eps: 1e-5, weightDecay: 0.3 }),
  adamW: optim.adamW({ weightDecay: 0.3 }),
  clippedValue: chain(optim.clipByValue(4), optim.adam()),
  clippedNorm: chain(optim.clipByGlobalNorm(20), optim.momentum({ decay: 0.8 })),
  lion: optim.lion({ weightDecay: 0.3 }),
  lionOther: optim.lion({ beta1: 0.8, beta2: 0.95 }),
  ema: chain(optim.sgd(), optim.exponentialAverage(0.7)),
  swa: chain(optim.sgd(), optim.stochasticAverage({ start: 2, every: 2 })),
  accumulated: optim.accumulate(2, optim.adam()),
}

/** Steps in float64: the parameters, or their average where the optimiser keeps one, after each. */
function exactSteps(optimiser: Optimiser, layout = layoutOf(tree)): Float64Array[] {
  const flat = (name: string): Tensor => input(name, { shape: [layout.size] })
  const [a, b] = [input('a', { shape: [12, 5] }), input('b', { shape: [12, 3] })]
  const parameters = flat('parameters')
  const moments = optimiser.moments.map((_, i) => flat(`moment${i}`))
  const numbers = input('numbers', { shape: [optimiser.numbers(1, 0).length] })
  const [w, c] = [reshape(sliceAxis(parameters, 0, 0, 15), [5, 3]), sliceAxis(parameters, 0, 15, 18)]
  const gradient = gradients(residuals(w, c, a, b), [parameters])[0]!
  const next = takeStep(optimiser, { parameters, gradient, moments, numbers, layout })
  const inputs = Object.fromEntries([a, b, parameters, numbers, ...moments].map((x) => [nameOf(x), x]))
  const outputs = { parameters: next.parameters, ...Object.fromEntries(next.moments.map((m, i) => [`moment${i}`, m])) }
  const program = { inputs, outputs, parameters: { leaves: [], size: 0 }, leaves: [] }
  let state: Record<string, ArrayLike<number>> = {
    parameters: initial,
    ...Object.fromEntries(
      optimiser.moments.map((start, i) => [`moment${i}`, start === 'parameters' ? initial : initial.map(() => 0)]),
    ),
  }
  return oracle.rates.map((rate, i) => {
    const found = evaluate(program, {
      a: batch.a,
      b: Float64Array.from(hashed(36, 12), (v) => 3 * v),
      ...state,
      numbers: optimiser.numbers(i + 1, rate),
    })
    state = Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data]))
    const average = optimiser.average === undefined ? 'parameters' : `moment${optimiser.average}`
    return found[average]!.data
  })
}

const nameOf = (x: Tensor): string => (x as Tensor<'input'>).attributes.name

describe.each(Object.entries(rows))('%s takes the steps of the oracle', (name, optimiser) => {
  const expected = oracle.optimisers[name]!

  test('in float64', () => {
    exactSteps(optimiser).forEach((found, i) => {
      expect(relativeError(found, expected[i]!)).toBeLessThan(1e-9)
    })
  })

  test('in the trainer', async () => {
    const trainer = await createTrainer({
      parameters: tree,
      initial,
      batch: { a: { shape: [12, 5] }, b: { shape: [12, 3] } },
      loss: (p, { a, b }) => ({ loss: residuals(p.w, p.c, a, b) }),
      optimiser,
      threads: 1,
    })
    for (const [i, learningRate] of oracle.rates.entries()) {
      await trainer.step(batch, { learningRate })
      const { parameters, moments } = await trainer.state()
      expect(relativeError(optim.averageOf(optimiser, moments) ?? parameters, expected[i]!)).toBeLessThan(2e-6)
    }
    await trainer.close()
  })
})

describe('schedules equal those of torch.optim.lr_scheduler', () => {
  const s = optim.schedules
  test.each([
    ['constant', s.constant(0.5)],
    ['warmUp', s.warmUp({ peak: 0.5, steps: 8 })],
    ['linear', s.linear({ from: 0.1, to: 0.45, steps: 25 })],
    ['cosine', s.cosine({ peak: 0.5, steps: 30, floor: 0.1 })],
    ['warmUpCosine', s.warmUpCosine({ peak: 0.5, steps: 30, warmUpSteps: 8, floor: 0.1 })],
    ['exponential', s.exponential({ start: 0.5, factor: 0.9 })],
    ['staircase', s.exponential({ start: 0.5, factor: 0.5, every: 7, staircase: true })],
    [
      'piecewise',
      s.piecewise(0.5, [
        [5, 0.05],
        [6, 0.005],
        [20, 0.0005],
      ]),
    ],
    ['oneCycle', s.oneCycle({ peak: 0.5, steps: 40 })],
  ])('%s', (name, schedule) => {
    oracle.schedules[name]!.forEach((expected, step) => {
      expect(schedule(step)).toBeCloseTo(expected, 12)
    })
  })

  test('rise to their peak, fall to their floor and stay there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 0.9, noNaN: true }), (steps, share) => {
        const warmUpSteps = Math.round(share * steps)
        const schedule = s.warmUpCosine({ peak: 1, steps, warmUpSteps, floor: 0.01 })
        const rates = Array.from({ length: steps }, (_, step) => schedule(step))
        expect(Math.min(...rates)).toBeGreaterThan(0)
        expect(Math.max(...rates)).toBeLessThanOrEqual(1)
        for (let i = warmUpSteps + 1; i < steps; i++) expect(rates[i]!).toBeLessThanOrEqual(rates[i - 1]!)
        expect(schedule(10 * steps)).toBeCloseTo(0.01, 12)
      }),
    )
  })
})

describe('chains', () => {
  const names = Object.keys(rows)

  test('a chain of chains is the chain of their parts', () => {
    const nested = chain(chain(optim.clipByValue(4)), chain(chain(optim.scaleByAdam()), optim.scaleByLearningRate()))
    expect(exactSteps(nested)).toEqual(exactSteps(rows.clippedValue!))
  })

  test('learning rates come from the step, else from the optimiser, else not at all', () => {
    const given = optim.sgd({ learningRate: optim.schedules.linear({ from: 1, to: 0, steps: 10 }) })
    expect(given.numbers(1, undefined)).toEqual([-1])
    expect(given.numbers(6, undefined)).toEqual([-0.5])
    expect(given.numbers(6, 0.25)).toEqual([-0.25])
    expect(() => optim.sgd().numbers(1, undefined)).toThrow(/learning rate/)
  })

  test('scalings commute with each other and act on the update', () => {
    const halved = chain(optim.scale(0.5), optim.sgd(), optim.scaleBySchedule(optim.schedules.constant(2)))
    expect(exactSteps(halved)).toEqual(exactSteps(optim.sgd()))
  })

  test('a chain without numbers or moments is a step as it is', async () => {
    const trainer = await createTrainer({
      parameters: { x: parameter([3], constantInit(0)) },
      initial: Float32Array.of(1, 2, 3),
      batch: {},
      loss: (p) => ({ loss: sum(mul(p.x, p.x)) }),
      optimiser: optim.scale(-0.5),
      threads: 1,
    })
    const { loss, gradientNorm } = await trainer.step({})
    expect(loss).toBe(14)
    expect(gradientNorm).toBeCloseTo(Math.sqrt(56), 5)
    expect([...(await trainer.parameters())]).toEqual([0, 0, 0])
    await trainer.close()
  })

  test.each(names)('%s never touches leaves that are not trainable, and moves the others', async (name) => {
    const mixed: ParameterTree = {
      a: parameter([4, 3], normalInit(1)),
      statistics: parameter([2, 3], normalInit(1), { trainable: false, decay: true }),
      b: [parameter([3], normalInit(1), { decay: true })],
    }
    const { leaves } = layoutOf(mixed)
    expect(leaves.map(({ trainable, decay }) => [trainable, decay])).toEqual([
      [true, true],
      [false, false],
      [true, true],
    ])
    const first = initialise(mixed, random(4))
    const optimiser = rows[name]!
    const trainer = await createTrainer({
      parameters: mixed,
      initial: first,
      batch: {},
      loss: (p) => {
        const { a, statistics, b } = p as unknown as { a: Tensor; statistics: Tensor; b: Tensor[] }
        return { loss: sum(square(add(matmul(statistics, a, { transposeB: true }), sum(square(b[0]!))))) }
      },
      optimiser,
      threads: 1,
    })
    for (let i = 0; i < 4; i++) await trainer.step({}, { learningRate: 1e-3 })
    const { parameters, moments } = await trainer.state()
    await trainer.close()
    expect(parameters.slice(12, 18)).toEqual(first.slice(12, 18))
    for (const i of [0, 11, 18, 20]) expect(parameters[i]).not.toBe(first[i])
    for (const moment of moments) {
      const kept = [...moment.slice(12, 18)]
      expect([JSON.stringify(kept.map(() => 0)), JSON.stringify([...first.slice(12, 18)])]).toContain(
        JSON.stringify(kept.map((v) => v + 0)),
      )
    }
  })
})

describe('hyper-parameters out of range are input errors', () => {
  const s = optim.schedules
  test.each<readonly [string, () => unknown]>([
    ['clip by a norm of 0', () => optim.clipByGlobalNorm(0)],
    ['clip by an infinite norm', () => optim.clipByGlobalNorm(Number.POSITIVE_INFINITY)],
    ['clip by a negative value', () => optim.clipByValue(-1)],
    ['momentum of 1', () => optim.momentum({ decay: 1 })],
    ['beta1 of 1', () => optim.adam({ beta1: 1 })],
    ['negative beta2', () => optim.adamW({ beta2: -0.1 })],
    ['eps of 0', () => optim.adam({ eps: 0 })],
    ['NaN', () => optim.lion({ beta1: Number.NaN })],
    ['negative decay', () => optim.sgd({ weightDecay: -1 })],
    ['negative learning rate', () => optim.sgd({ learningRate: -1 })],
    ['a step whose rate is no number', () => optim.adam().numbers(1, Number.NaN)],
    ['a step with a negative rate', () => optim.sgd({ learningRate: 1 }).numbers(1, -1)],
    ['a schedule that gives no number', () => optim.adamW({ learningRate: () => Number.NaN }).numbers(1, undefined)],
    ['average decay of 1', () => optim.exponentialAverage(1)],
    ['average every 0 steps', () => optim.stochasticAverage({ every: 0 })],
    ['accumulate over half a step', () => optim.accumulate(0.5, optim.sgd())],
    ['cosine over no steps', () => s.cosine({ peak: 1, steps: 0 })],
    ['a floor above the peak', () => s.cosine({ peak: 1, steps: 5, floor: 2 })],
    ['a peak of 0', () => s.warmUp({ peak: 0, steps: 5 })],
    [
      'boundaries that do not rise',
      () =>
        s.piecewise(1, [
          [5, 1],
          [5, 2],
        ]),
    ],
    ['one cycle without a rise', () => s.oneCycle({ peak: 1, steps: 10, rise: 0.01 })],
  ])('%s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ tag: 'ParameterOutOfRange' }))
  })
})
