/** Independence by HSIC, additive noise and RESIT, against the authors' software and on models whose truth is known. */
import { readFileSync } from 'node:fs'
import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { additiveNoise } from '../../src/direction/additive-noise.ts'
import { type Curve, residualsBy } from '../../src/direction/curves.ts'
import { hsicSample, hsicTest } from '../../src/direction/hsic.ts'
import { resit } from '../../src/direction/resit.ts'
import { timeSeries } from '../../src/series/series.ts'
import { standardised } from '../../src/statistics/moments.ts'

interface Golden {
  readonly curved: number[][]
  readonly hsic: { readonly x: number[]; readonly y: number[]; readonly statistic: number; readonly p: number }[]
  readonly noise: number[][]
  readonly noise_hsic: { readonly statistic: number; readonly p: number }
  readonly resit: Readonly<Record<string, { readonly order: number[]; readonly matrix: number[][] }>>
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/direction.json', import.meta.url), 'utf8'),
)
const curved = golden.curved.map((column) => Float64Array.from(column))
const sampleOf = (...columns: number[]) => hsicSample(columns.map((k) => curved[k]!))

describe('HSIC', () => {
  test('statistics and gamma p-values of the authors, down to the tails', () => {
    for (const { x, y, statistic, p } of golden.hsic) {
      const found = hsicTest(sampleOf(...x), sampleOf(...y))
      expect(found.statistic).toBeCloseTo(statistic, 10)
      expect(found.pValue / p).toBeCloseTo(1, 7)
    }
    const [a, b] = golden.noise.map((column) => hsicSample([Float64Array.from(column)]))
    const found = hsicTest(a!, b!)
    expect(found.statistic).toBeCloseTo(golden.noise_hsic.statistic, 10)
    expect(found.pValue).toBeCloseTo(golden.noise_hsic.p, 10)
  })

  test('permutations: the same statistic, p-values near those of gamma, the same for the same seed', () => {
    const [a, b] = golden.noise.map((column) => hsicSample([Float64Array.from(column)]))
    const options = { significance: 'permutation', permutations: 400 } as const
    const found = hsicTest(a!, b!, options)
    expect(found.statistic).toBeCloseTo(golden.noise_hsic.statistic, 10)
    expect(Math.abs(found.pValue - golden.noise_hsic.p)).toBeLessThan(0.02)
    expect(hsicTest(a!, b!, options)).toEqual(found)
    expect(hsicTest(sampleOf(0), sampleOf(2), options).pValue).toBe(1 / 401)
  })

  test('p-values of independent samples are uniform: few are small', () => {
    const draw = random(9)
    let small = 0
    for (let k = 0; k < 200; k++) {
      const [x, y] = [0, 1].map(() => hsicSample([Float64Array.from({ length: 60 }, () => draw.normal())]))
      if (hsicTest(x!, y!).pValue < 0.1) small++
    }
    expect(small).toBeGreaterThan(6)
    expect(small).toBeLessThan(36)
  })

  test('too few samples, and samples that are all alike', () => {
    expect(() => hsicSample([Float64Array.of(1, 2, 3)])).toThrow(expect.objectContaining({ tag: 'TooFewSamples' }))
    expect(() => hsicSample([new Float64Array(20)])).toThrow(expect.objectContaining({ tag: 'ConstantSample' }))
  })
})

/** A curve with uniform noise. */
function pair(seed: number, n: number, f: (x: number) => number, noise: number): [Float64Array, Float64Array] {
  const draw = random(seed)
  const x = Float64Array.from({ length: n }, () => 4 * draw.uniform() - 2)
  return [x, x.map((value) => f(value) + noise * (draw.uniform() - 0.5))]
}

describe('additive noise between two', () => {
  const curves: Curve[] = [{ kind: 'gaussian-process' }, { kind: 'kernel-ridge' }]
  test.each(curves.map((curve) => [curve.kind, curve] as const))('a cubic curve: %s', (_, curve) => {
    const [x, y] = pair(1, 200, (v) => v ** 3 / 2 + v, 2)
    expect(additiveNoise(x, y, { curve })).toMatchObject({ direction: 'forward', tendency: 'forward' })
    expect(additiveNoise(y, x, { curve })).toMatchObject({ direction: 'backward', tendency: 'backward' })
  })

  test('Gaussian and linear is undecided; a hidden cause of both makes both models fail', () => {
    const draw = random(3)
    const x = Float64Array.from({ length: 200 }, () => draw.normal())
    const y = x.map((value) => value + draw.normal())
    expect(additiveNoise(x, y).direction).toBe('undecided')
    const angle = Float64Array.from({ length: 200 }, () => 2 * Math.PI * draw.uniform())
    const circle = [angle.map(Math.cos), angle.map(Math.sin)].map((v) => v.map((value) => value + 0.1 * draw.normal()))
    expect(additiveNoise(circle[0]!, circle[1]!).direction).toBe('neither')
  })

  test('arrays of other lengths', () => {
    expect(() => additiveNoise(new Float64Array(9), new Float64Array(8))).toThrow(
      expect.objectContaining({ tag: 'ColumnLength' }),
    )
  })

  test('kernel ridge: the given penalty solves its equations, and the chosen one is among the best', () => {
    const [x, y] = pair(5, 60, Math.sin, 0.4)
    const given = residualsBy({ kind: 'kernel-ridge', gamma: 0.7, penalty: 0.3 })([x], y)
    const [zs, ys] = [standardised(x), standardised(y)]
    for (let i = 0; i < 60; i += 9) {
      let fit = 0
      for (let j = 0; j < 60; j++) fit += Math.exp(-0.7 * (zs[i]! - zs[j]!) ** 2) * (given[j]! / 0.3)
      expect(fit + given[i]!).toBeCloseTo(ys[i]!, 10)
    }
    const spread = (v: Float64Array): number => Math.sqrt(v.reduce((s, value) => s + value ** 2, 0) / v.length)
    expect(spread(residualsBy({ kind: 'kernel-ridge' })([x], y))).toBeLessThan(0.35)
  })
})

describe('RESIT', () => {
  const cases: [string, Curve, number][] = [
    ['kernel-ridge', { kind: 'kernel-ridge', gamma: 0.5, penalty: 0.1 }, 0.05],
    ['gaussian-process', { kind: 'gaussian-process' }, 0.01],
  ]
  test.each(cases)('the graph of the authors by %s', async (name, curve, alpha) => {
    const found = await resit(timeSeries({ columns: golden.curved }), { curve, alpha })
    const { order, matrix } = golden.resit[name]!
    expect(found.order).toEqual(order)
    for (const [effect, row] of matrix.entries())
      for (const [cause, value] of row.entries()) expect(found.graph.get(cause, effect, 0) === '-->').toBe(value === 1)
  })

  test('series: the order inside the step and the lag', async () => {
    const draw = random(8)
    const n = 180
    const [x, y] = [new Float64Array(n), new Float64Array(n)]
    for (let t = 1; t < n; t++) {
      x[t] = 0.5 * x[t - 1]! + 2 * (draw.uniform() - 0.5)
      y[t] = Math.tanh(2 * x[t - 1]!) + 1.5 * x[t]! ** 3 + 0.8 * (draw.uniform() - 0.5)
    }
    const found = await resit(timeSeries({ columns: [x, y] }), { tauMax: 1, curve: { kind: 'kernel-ridge' } })
    expect(found.order).toEqual([0, 1])
    expect(found.graph.get(0, 1, 0)).toBe('-->')
    expect(found.graph.get(1, 0, 0)).toBe('<--')
    expect(found.graph.get(0, 1, 1)).toBe('-->')
    expect(found.values.get(0, 1, 0)).toBeGreaterThan(0.5)
    expect(found.pValues.get(0, 1, 1)).toBeLessThan(0.01)
  })

  test('bad input', async () => {
    const constant = timeSeries({ columns: [[1, 2, 3, 4, 5, 6, 7], new Array(7).fill(2)] })
    await expect(resit(constant)).rejects.toMatchObject({ tag: 'ConstantVariable' })
    const short = timeSeries({
      columns: [
        [1, 2, 3, 4, 5],
        [2, 1, 2, 4, 3],
      ],
    })
    await expect(resit(short, { tauMax: 1 })).rejects.toMatchObject({ tag: 'TooFewSamples' })
    await expect(resit(short, { alpha: 2 })).rejects.toMatchObject({ tag: 'BadLevel' })
  })

  test('can be stopped', async () => {
    const stop = AbortSignal.abort()
    await expect(resit(timeSeries({ columns: golden.curved }), { signal: stop })).rejects.toMatchObject({
      name: 'Cancelled',
    })
  })
})
