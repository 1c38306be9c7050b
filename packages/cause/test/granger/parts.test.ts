import { random } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { type Complex, complex, product, real, solved } from '../../src/granger/complex.ts'
import { intervalsOf, quantile } from '../../src/granger/intervals.ts'
import { centredFeatures, spanOf, without } from '../../src/granger/kernel-span.ts'
import { companion, inverseOfUpper, quadraticForm, spectralRadius } from '../../src/granger/matrices.ts'
import { type Process, reducedTo } from '../../src/granger/reduced.ts'
import { simulator } from '../../src/granger/simulate.ts'
import { frequenciesOf, overFrequencies, spectralMeasures, transferAt } from '../../src/granger/spectral-measure.ts'
import { fitVar } from '../../src/granger/var-model.ts'
import { timeSeries } from '../../src/series/series.ts'
import { allNear, golden, near } from './golden.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 30 })
const runs = { numRuns: 25 }

/** A random stable process with correlated innovations. */
function processOf(seed: number, size: number, order: number): Process {
  const draw = random(seed)
  const raw = Float64Array.from({ length: order * size * size }, () => draw.normal())
  // Scaling lag l by c^l scales every root by c.
  const factor = 0.8 / Math.max(0.8, spectralRadius(raw, size, order))
  const coefficients = raw.map((value, at) => value * factor ** (Math.floor(at / (size * size)) + 1))
  const root = linalg.matrix(size, size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) root.data[i * size + j] = i === j ? 0.5 + draw.uniform() : 0.5 * draw.normal()
  return { size, order, coefficients, sigma: linalg.syrk(root).data }
}

const conjugate = (a: Complex): Complex => {
  const out = complex(a.columns, a.rows)
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < a.columns; j++) {
      out.re[j * a.rows + i] = a.re[i * a.columns + j]!
      out.im[j * a.rows + i] = -a.im[i * a.columns + j]!
    }
  return out
}

/** Spectral density (times 2 pi) of some variables. */
function spectrum(process: Process, kept: readonly number[], frequency: number): Complex {
  const h = transferAt(process, frequency)
  const whole = product(product(h, real(process.size, process.size, process.sigma)), conjugate(h))
  const out = complex(kept.length, kept.length)
  for (const [i, a] of kept.entries())
    for (const [j, b] of kept.entries()) {
      out.re[i * kept.length + j] = whole.re[a * process.size + b]!
      out.im[i * kept.length + j] = whole.im[a * process.size + b]!
    }
  return out
}

describe('matrices', () => {
  test('complex systems are solved', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 6 }), (seed, n) => {
        const draw = random(seed)
        const [a, b] = [complex(n, n), complex(n, 2)]
        for (const part of [a.re, a.im, b.re, b.im]) for (let i = 0; i < part.length; i++) part[i] = draw.normal()
        const back = product(a, solved(a, b))
        allNear(back.re, [...b.re], 1e-9)
        allNear(back.im, [...b.im], 1e-9)
      }),
      runs,
    )
    const turned = solved(
      { rows: 2, columns: 2, re: Float64Array.of(0, 1, 1, 0), im: new Float64Array(4) },
      real(2, 1, Float64Array.of(3, 4)),
    )
    expect([...turned.re]).toEqual([4, 3])
  })

  test('the spectral radius is the largest modulus, of real and of complex roots', () => {
    expect(spectralRadius(Float64Array.of(-0.7), 1, 1)).toBe(0.7)
    near(spectralRadius(Float64Array.of(0.9, 0, 0, -0.95), 2, 1), 0.95, 1e-10)
    // x_t = 2 r cos(w) x_(t-1) - r^2 x_(t-2).
    near(spectralRadius(Float64Array.of(2 * 0.98 * Math.cos(1), -(0.98 ** 2)), 1, 2), 0.98, 1e-10)
    expect(spectralRadius(Float64Array.of(0, 1, 0, 0), 2, 1)).toBe(0)
    near(spectralRadius(Float64Array.of(1, 1, 0, 1), 2, 1), 1, 1e-10)
    expect([...companion(Float64Array.of(0.5, 0.2), 1, 2).data]).toEqual([0.5, 0.2, 1, 0])
  })

  test('triangles and quadratic forms', () => {
    const upper = linalg.fromRows([
      [2, 1, 5],
      [0, 4, 6],
    ])
    allNear(inverseOfUpper(upper, 2).data, [0.5, -0.125, 0, 0.25], 1e-15)
    near(quadraticForm(Float64Array.of(2, 1, 1, 3), Float64Array.of(1, 2)), 7 / 5, 1e-14)
  })
})

describe('what is left when one variable is not seen', () => {
  const shapes = fc.tuple(seeds, fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 3 }))

  test('its innovations are white: the whitening filter flattens the spectrum', () => {
    fc.assert(
      fc.property(shapes, fc.double({ min: 0, max: 0.5, noNaN: true }), ([seed, size, order], frequency) => {
        const process = processOf(seed, size, order)
        const { kept, sigma, whitening } = reducedTo(process, seed % size)
        const white = whitening(frequency)
        const flat = product(product(white, spectrum(process, kept, frequency)), conjugate(white))
        allNear(flat.re, [...sigma], 1e-8)
        allNear(flat.im, new Float64Array(sigma.length), 1e-8)
      }),
      runs,
    )
  })

  test('measures are not negative; their mean is that of the time domain where the own part of the cause is stable', () => {
    let equal = 0
    fc.assert(
      fc.property(shapes, ([seed, size, order]) => {
        const process = processOf(seed, size, order)
        for (const [cause, effect] of [
          [0, 1],
          [1, 0],
        ] as const) {
          const [found] = spectralMeasures(process, frequenciesOf(513), [[cause, effect]])
          const { measure, byFrequency } = found!
          expect(measure).toBeGreaterThan(-1e-12)
          for (const value of byFrequency) expect(value).toBeGreaterThan(-1e-9)
          // Geweke (1982), theorem 2: otherwise the mean is smaller.
          expect(overFrequencies(byFrequency)).toBeLessThan(measure + 3e-3)
          if (size > 2 || ownRadius(process, cause, effect) > 0.95) continue
          near(overFrequencies(byFrequency), measure, 1e-6)
          equal++
        }
      }),
      runs,
    )
    expect(equal).toBeGreaterThan(0)
  })

  /** Largest root of the cause's own lags once its innovations are made uncorrelated with the effect's. */
  function ownRadius({ size, order, coefficients, sigma }: Process, cause: number, effect: number): number {
    const share = sigma[cause * size + effect]! / sigma[effect * (size + 1)]!
    const own = Float64Array.from({ length: order }, (_, lag) => {
      const at = (row: number): number => coefficients[(lag * size + row) * size + cause]!
      return at(cause) - share * at(effect)
    })
    return spectralRadius(own, 1, order)
  }

  test('without a link the measure is 0 at every frequency', () => {
    const process = processOf(3, 2, 2)
    const coefficients = process.coefficients.slice()
    for (const lag of [0, 1]) coefficients[lag * 4 + 2] = 0
    const [none] = spectralMeasures({ ...process, coefficients }, frequenciesOf(9), [[0, 1]])
    allNear(none!.byFrequency, new Float64Array(9), 1e-10)
    near(none!.measure, 0, 1e-12)
  })
})

describe('kernels', () => {
  const draw = random(6)
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: 40 }, () => draw.normal()))
  const value = (kernel: Parameters<typeof centredFeatures>[1], i: number, j: number): number => {
    const dot = columns.reduce((sum, c) => sum + c[i]! * c[j]!, 0)
    const far = columns.reduce((sum, c) => sum + (c[i]! - c[j]!) ** 2, 0)
    return kernel.kind === 'polynomial' ? (1 + dot) ** kernel.degree : Math.exp(-far / (2 * kernel.width ** 2))
  }

  test.each([
    { kind: 'polynomial', degree: 1 },
    { kind: 'polynomial', degree: 2 },
    { kind: 'polynomial', degree: 3 },
    { kind: 'polynomial', degree: 5 },
    { kind: 'gaussian', width: 1.5 },
  ] as const)('features of $kind have the centred kernel as inner products', (kernel) => {
    const features = centredFeatures(columns, kernel)
    const products = linalg.syrk(features)
    const centring = Float64Array.from({ length: 1600 }, (_, at) => (Math.floor(at / 40) === at % 40 ? 1 : 0) - 1 / 40)
    const c = linalg.matrix(40, 40, centring)
    const k = linalg.matrix(
      40,
      40,
      Float64Array.from({ length: 1600 }, (_, at) => value(kernel, Math.floor(at / 40), at % 40)),
    )
    const expected = linalg.matmul(linalg.matmul(c, k), c)
    const scale = Math.max(...expected.data.map(Math.abs))
    allNear(
      products.data.map((x) => x / scale),
      expected.data.map((x) => x / scale),
      1e-11,
    )
  })

  test('spans are orthonormal, and what is left of features is orthogonal to them', () => {
    const own = spanOf(centredFeatures(columns.slice(0, 1), { kind: 'polynomial', degree: 2 }), 1e-9)
    expect(own.directions.rows).toBe(2)
    allNear(linalg.syrk(own.directions).data, [1, 0, 0, 1], 1e-12)
    const rest = without(centredFeatures(columns, { kind: 'polynomial', degree: 2 }), own)
    const along = linalg.matmul(own.directions, rest).data
    allNear(along, new Float64Array(along.length), 1e-11)
    expect(spanOf(rest, 1e-9).directions.rows).toBe(7)
    expect(without(rest, { directions: linalg.matrix(0, 40), size: 0 })).toBe(rest)
  })
})

describe('draws', () => {
  test('simulated series obey the model, with its gaps and masks', () => {
    const holes = golden.var[0]!.series.map((column, v) => column.map((x, t) => (v === 1 && t === 30 ? Number.NaN : x)))
    const masks = holes.map((column) => column.map((_, t) => t < 3))
    const series = timeSeries([
      { columns: holes, masks },
      { columns: holes.map((c) => c.slice(0, 50)), masks: masks.map((m) => m.slice(0, 50)), offset: 300 },
    ])
    const model = fitVar(series, 2, { variables: [0, 1] })
    const drawn = simulator(series, model, 4)(random(2))
    expect(drawn.names).toEqual(['x0', 'x1'])
    expect(drawn.datasets.map(({ length, offset, masks: m }) => [length, offset, m?.length])).toEqual([
      [180, 0, 2],
      [50, 300, 2],
    ])
    expect(drawn.datasets[0]!.columns[1]![30]).toBeNaN()
    expect([...drawn.datasets[0]!.columns[0]!].some(Number.isNaN)).toBe(false)
    const long = {
      ...series,
      datasets: [{ length: 20_000, offset: 0, columns: [0, 1].map(() => new Float64Array(20_000)) }],
    }
    const again = fitVar(simulator(long, model, 1)(random(3)), 2)
    const scale = [1, 10, 0.1, 1]
    for (const [at, value] of model.coefficients.entries())
      expect(Math.abs(again.coefficients[at]! - value) * scale[at % 4]!).toBeLessThan(0.05)
  })

  test('quantiles lie between sorted values', () => {
    expect(quantile([1, 2, 4], 0.5)).toBe(2)
    expect(quantile([1, 2, 4], 0.75)).toBe(3)
    expect(quantile([1, 2, 4], 2)).toBe(4)
    expect(quantile([7], 0.3)).toBe(7)
  })

  test('intervals leave out draws that cannot be fitted, and say so where none can', async () => {
    const series = timeSeries({ columns: golden.var[0]!.series })
    const flat = (fails: (seed: number) => boolean): Parameters<typeof intervalsOf>[2] => ({
      draws: 20,
      at: () => undefined,
      measure: (redrawn) => {
        const { seed } = redrawn.resampling!
        if (fails(seed)) fitVar(timeSeries({ columns: [new Float64Array(20).fill(1)] }), 1)
        return new LagArray(1, 0, seed)
      },
    })
    const some = await intervalsOf(
      series,
      { seed: 0, confidenceLevel: 1 },
      flat((seed) => seed < 5),
    )
    expect([some!.lower.get(0, 0, 0), some!.upper.get(0, 0, 0)]).toEqual([5, 19])
    await expect(
      intervalsOf(
        series,
        {},
        flat(() => true),
      ),
    ).rejects.toThrow(expect.objectContaining({ tag: 'NoIntervals' }))
    const broken = {
      ...flat(() => false),
      measure: (): LagArray => {
        throw new TypeError('ours')
      },
    }
    await expect(intervalsOf(series, {}, broken)).rejects.toThrow('ours')
    expect(await intervalsOf(series, {}, { ...broken, draws: 0 })).toBeUndefined()
  })
})
