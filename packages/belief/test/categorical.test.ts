import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ensembleCategorical,
  fitTemperature,
  mostProbable,
  normalisedEntropy,
  reliability,
  temperatureCalibration,
} from '../src/index.ts'
import { oracle } from './oracle.ts'

interface CalibrationOracle {
  members: number
  classes: number
  labels: number[]
  logits: number[][]
  temperature: number
  nllBefore: number
  nllAfter: number
  bias: { nll: number; temperature: number; bias: number[] }
  vector: { nll: number; scale: number[]; bias: number[] }
  probability: number[]
  total: number[]
  aleatoric: number[]
  nll: number
  brier: number
  brierClass0: number
  ece15: number
  eceBefore15: number
  classwise10: number[]
}

const reference = oracle<CalibrationOracle>('calibration')
const members = reference.logits.map((m) => Float32Array.from(m))
const labels = Int32Array.from(reference.labels)
const every = (values: ArrayLike<number>, step: number): number[] => Array.from(values).filter((_, i) => i % step === 0)

function close(actual: readonly number[], expected: readonly number[], digits: number): void {
  expect(actual.length).toBe(expected.length)
  actual.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i]!, digits)
  })
}

describe('against SciPy and scikit-learn', () => {
  const belief = ensembleCategorical(members, reference.classes, reference.temperature)

  test('probability and entropies', () => {
    close(every(belief.probability, 37), reference.probability, 6)
    close(every(belief.total, 29), reference.total, 6)
    close(every(belief.aleatoric, 29), reference.aleatoric, 6)
  })

  test('temperature of the averaged probability', () => {
    const fit = fitTemperature(members, labels)
    expect(fit.temperature).toBeCloseTo(reference.temperature, 5)
    expect(fit.nllBefore).toBeCloseTo(reference.nllBefore, 9)
    expect(fit.nllAfter).toBeCloseTo(reference.nllAfter, 9)
    expect(fit).toMatchObject({ kind: 'temperature', count: labels.length, atBound: false })
  })

  test('class-wise bias and vector scaling', () => {
    const bias = fitTemperature(members, labels, { kind: 'bias' })
    expect(bias.nllAfter).toBeCloseTo(reference.bias.nll, 8)
    expect(bias.temperature).toBeCloseTo(reference.bias.temperature, 3)
    close(bias.bias, reference.bias.bias, 3)
    const vector = fitTemperature(members, labels, { kind: 'vector' })
    expect(vector.nllAfter).toBeCloseTo(reference.vector.nll, 8)
    close(vector.scale, reference.vector.scale, 3)
    close(vector.bias, reference.vector.bias, 3)
  })

  test('reliability, Brier and log loss', () => {
    const after = reliability(belief.probability, labels)
    expect(after.nll).toBeCloseTo(reference.nll, 6)
    expect(after.brier.score).toBeCloseTo(reference.brier, 6)
    expect(after.ece).toBeCloseTo(reference.ece15, 9)
    const before = ensembleCategorical(members, reference.classes)
    expect(reliability(before.probability, labels).ece).toBeCloseTo(reference.eceBefore15, 9)
    close(reliability(belief.probability, labels, { bins: 10 }).perClassEce, reference.classwise10, 9)
  })
})

describe('ensembleCategorical', () => {
  const logits = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 12, maxLength: 12 })

  test('is a distribution; entropies are ordered and bounded; temperature does not move a single model’s choice', () => {
    fc.assert(
      fc.property(logits, logits, fc.double({ min: 0.1, max: 10, noNaN: true }), (a, b, t) => {
        const k = 3
        const both = [Float32Array.from(a), Float32Array.from(b)]
        const { probability, total, aleatoric, epistemic } = ensembleCategorical(both, k, t)
        for (let i = 0; i < 4; i++) {
          const sum = probability[i]! + probability[4 + i]! + probability[8 + i]!
          expect(sum).toBeCloseTo(1, 5)
          expect(total[i]!).toBeLessThanOrEqual(Math.log(k) + 1e-6)
          expect(aleatoric[i]!).toBeGreaterThanOrEqual(0)
          expect(epistemic[i]!).toBeGreaterThanOrEqual(0)
          expect(epistemic[i]!).toBeLessThanOrEqual(Math.log(2) + 1e-6)
          expect(aleatoric[i]! + epistemic[i]!).toBeCloseTo(total[i]!, 5)
        }
        const one = [both[0]!]
        const warm = mostProbable(ensembleCategorical(one, k, t).probability, k)
        const plain = ensembleCategorical(one, k).probability
        warm.forEach((c, i) => {
          const most = Math.max(plain[i]!, plain[4 + i]!, plain[8 + i]!)
          expect(plain[c * 4 + i]!).toBeCloseTo(most, 5)
        })
      }),
    )
  })

  test('members that agree leave nothing epistemic; members that contradict each other leave nothing else', () => {
    const sure = Float32Array.from([40, -40])
    const agree = ensembleCategorical([sure, sure], 2)
    expect([agree.total[0], agree.epistemic[0]]).toEqual([expect.closeTo(0, 6), expect.closeTo(0, 6)])
    const contradict = ensembleCategorical([sure, Float32Array.from([-40, 40])], 2)
    expect(contradict.aleatoric[0]).toBeCloseTo(0, 6)
    expect(contradict.epistemic[0]).toBeCloseTo(Math.log(2), 6)
    expect(normalisedEntropy(contradict.total, 2)[0]).toBeCloseTo(1, 6)
  })

  test('a pixel’s belief does not depend on how many come with it', () => {
    const [k, n] = [3, 2500]
    const all = [1, 2].map((seed) => random(seed).normals(k * n))
    const whole = ensembleCategorical(all, k)
    for (const i of [0, 1023, 1024, 2047, 2048, 2499]) {
      const one = ensembleCategorical(
        all.map((m) => Float32Array.from([m[i]!, m[n + i]!, m[2 * n + i]!])),
        k,
      )
      expect([whole.probability[i], whole.probability[2 * n + i]]).toEqual([one.probability[0], one.probability[2]])
      expect([whole.total[i], whole.aleatoric[i]]).toEqual([one.total[0], one.aleatoric[0]])
    }
  })

  test('a missing pixel is missing throughout, and an impossible class is no accident', () => {
    const belief = ensembleCategorical([Float32Array.from([Number.NaN, 0, 1, Number.NEGATIVE_INFINITY])], 2)
    expect(Array.from(belief.probability)).toEqual([Number.NaN, 1, Number.NaN, 0])
    expect(Array.from(belief.total)).toEqual([Number.NaN, 0])
    expect(Array.from(mostProbable(belief.probability, 2, 255))).toEqual([255, 0])
  })

  test('wrong shapes are told', () => {
    expect(() => ensembleCategorical([], 2)).toThrow(/at least one member/)
    expect(() => ensembleCategorical([new Float32Array(5)], 2)).toThrow(/array of 2 classes/)
    expect(() => ensembleCategorical([new Float32Array(4), new Float32Array(6)], 2)).toThrow(/differ/)
    expect(() => ensembleCategorical([new Float32Array(4)], 2, 0)).toThrow(/positive/)
    expect(() => ensembleCategorical([new Float32Array(4)], 2, temperatureCalibration(1, 3))).toThrow(/3 classes/)
  })
})

describe('fitTemperature', () => {
  test('finds the temperature that labels were drawn with', () => {
    const n = 20_000
    const stream = random(4)
    const logits = new Float32Array(2 * n)
    const drawn = new Int32Array(n)
    for (let i = 0; i < n; i++) {
      const z = 2 * stream.normal()
      drawn[i] = stream.uniform() < 1 / (1 + Math.exp(-z)) ? 0 : 1
      logits[i] = 3 * z
    }
    expect(fitTemperature([logits], drawn).temperature).toBeCloseTo(3, 0)
  })

  test('unlabelled and missing pixels do not count, weights do', () => {
    const logits = Float32Array.from([2, 2, 2, Number.NaN, -9, 0, 0, 0, 0, 9])
    const marks = Int32Array.from([0, 0, 1, 0, -1])
    const fit = fitTemperature([logits], marks)
    // Two of three right at logit 2 / T: log 2 = 2 / T.
    expect(fit.temperature).toBeCloseTo(2 / Math.log(2), 5)
    expect(fit.count).toBe(3)
    const weighted = fitTemperature([logits], marks, { weights: [2, 1, 1, 1, 1] })
    expect(weighted.temperature).toBeCloseTo(2 / Math.log(3), 5)
  })

  test('labels without an error run into the bound and say so', () => {
    const fit = fitTemperature([Float32Array.from([4, 5, -4, -5])], [0, 0])
    expect(fit.atBound).toBe(true)
    expect(fit.temperature).toBeCloseTo(0.05, 3)
  })

  test('never makes the likelihood worse', () => {
    const values = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 60, maxLength: 60 })
    const classes = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(values, values, classes, (a, b, y) => {
        for (const kind of ['temperature', 'bias', 'vector'] as const) {
          const fit = fitTemperature([Float32Array.from(a), Float32Array.from(b)], y, { kind })
          expect(fit.nllAfter).toBeLessThanOrEqual(fit.nllBefore + 1e-9)
          expect(Number.isFinite(fit.temperature)).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('nothing to fit on is told', () => {
    expect(() => fitTemperature([new Float32Array(4)], [-1, -1])).toThrow(/no labelled pixel/)
    expect(() => fitTemperature([new Float32Array(4)], [0, 2])).toThrow(/not below/)
    expect(() => fitTemperature([], [])).toThrow(/no labelled pixel/)
  })
})
