/** The parts of GPDC: the optimiser on known functions, the evidence by finite differences, distances by the definition. */
import { linalg } from '@ecotope/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { distanceCorrelation, distanceSample, toUniform, uniformPlaces } from '../../src/independence/gpdc-distance.ts'
import { evidenceOf } from '../../src/independence/gpdc-evidence.ts'
import { inverseFrom } from '../../src/independence/gpdc-inverse.ts'
import { type KernelOptions, kernelParameters, kernelPoint } from '../../src/independence/gpdc-kernel.ts'
import { factorKernel } from '../../src/independence/gpdc-low-rank.ts'
import { type Evaluation, minimise } from '../../src/independence/gpdc-optimise.ts'
import { gaussianProcess } from '../../src/independence/gpdc-regression.ts'
import { NumpyRandom } from '../../src/random/pcg64.ts'

const box = (lower: number[], upper: number[]) => ({
  lower: Float64Array.from(lower),
  upper: Float64Array.from(upper),
})

describe('minimisation inside bounds', () => {
  const rosenbrock = ([x, y]: Float64Array): Evaluation => ({
    value: 100 * (y! - x! ** 2) ** 2 + (1 - x!) ** 2,
    gradient: Float64Array.of(-400 * x! * (y! - x! ** 2) - 2 * (1 - x!), 200 * (y! - x! ** 2)),
  })

  test('a curved valley', () => {
    const found = minimise(rosenbrock, [-1.2, 1], box([-5, -5], [5, 5]))
    expect(found.x[0]).toBeCloseTo(1, 4)
    expect(found.x[1]).toBeCloseTo(1, 4)
    expect(found.evaluations).toBeLessThan(60)
  })

  test('a minimum at a bound', () => {
    const found = minimise(rosenbrock, [-1.2, 1], box([-5, -5], [0.5, 5]))
    expect(found.x[0]).toBe(0.5)
    expect(found.x[1]).toBeCloseTo(0.25, 5)
  })

  test('a start outside is brought inside, and a start at the minimum stays', () => {
    const bowl = (x: Float64Array): Evaluation => ({
      value: x.reduce((sum, v) => sum + v * v, 0),
      gradient: x.map((v) => 2 * v),
    })
    expect([...minimise(bowl, [9, -9], box([1, -5], [5, -2])).x]).toEqual([1, -2])
    expect(minimise(bowl, [0, 0], box([-1, -1], [1, 1])).evaluations).toBe(1)
  })

  test('a wall of infinite values is backed away from', () => {
    const walled = ([x]: Float64Array): Evaluation => ({
      value: x! > 0.5 ? Number.POSITIVE_INFINITY : -x!,
      gradient: Float64Array.of(-1),
    })
    const found = minimise(walled, [0], box([-2], [2]))
    expect(Number.isFinite(found.value)).toBe(true)
    expect(found.x[0]).toBeLessThanOrEqual(0.5)
  })

  test('quadratics in a box: no step along the projected gradient is left', () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 9, maxLength: 9 }),
        fc.array(number, { minLength: 3, maxLength: 3 }),
        (a, b) => {
          const quadratic = (x: Float64Array): Evaluation => {
            const gradient = Float64Array.from(b)
            let value = 0
            for (let i = 0; i < 3; i++) {
              let own = 0
              for (let j = 0; j < 3; j++) own += a[3 * i + j]! * x[j]!
              value += 0.5 * own * own + b[i]! * x[i]! + 0.05 * x[i]! ** 2
              gradient[i]! += 0.1 * x[i]!
              for (let j = 0; j < 3; j++) gradient[j]! += a[3 * i + j]! * own
            }
            return { value, gradient }
          }
          const { x, gradient } = minimise(quadratic, [0, 0, 0], box([-1, -1, -1], [1, 1, 1]))
          for (let i = 0; i < 3; i++) {
            const kept = Math.max(-1, Math.min(1, x[i]! - gradient[i]!)) - x[i]!
            expect(Math.abs(kept)).toBeLessThan(1e-2)
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('evidence', () => {
  const random = new NumpyRandom(3)
  const draw = (n: number): Float64Array => Float64Array.from({ length: n }, () => 4 * random.uniform() - 2)
  const z = [draw(60), draw(60)]
  const target = z[0]!.map((value, i) => Math.sin(2 * value) + 0.3 * z[1]![i]! + 0.2 * random.uniform())
  const kernel: KernelOptions = { variance: {}, lengthScale: [{}, {}] }

  /** Both ways give the same numbers: long lengths go by the low rank, short ones by the full matrix. */
  test.each([
    ['low rank', [0.3, 2, 2.5, -1]],
    ['full matrix', [-0.4, -1, -0.5, -2]],
  ])('gradient by finite differences: %s', (_, theta) => {
    const parameters = kernelParameters(kernel, 2)
    const at = evidenceOf({ z, target, parameters, nugget: 0.01 })
    const value = (shift: number, k: number): number =>
      at(
        kernelPoint(
          parameters,
          Float64Array.from(theta, (v, i) => (i === k ? v + shift : v)),
          2,
        ),
      ).value
    const { gradient } = at(kernelPoint(parameters, Float64Array.from(theta), 2))
    for (const [k, slope] of gradient.entries()) {
      const numeric = (value(1e-5, k) - value(-1e-5, k)) / 2e-5
      expect(Math.abs(slope - numeric)).toBeLessThan(1e-5 * (1 + Math.abs(numeric)))
    }
  })

  test('the low rank stands for the whole matrix, and is refused where it is not low', () => {
    const factor = factorKernel(
      z.map((row) => row.map((value) => value / 3)),
      1e-14,
      60,
    )!
    for (let i = 0; i < 60; i += 7)
      for (let j = 0; j < 60; j += 5) {
        let sum = 0
        for (let k = 0; k < factor.rows; k++) sum += factor.data[k * 60 + i]! * factor.data[k * 60 + j]!
        const square = z.reduce((total, row) => total + ((row[i]! - row[j]!) / 3) ** 2, 0)
        expect(sum).toBeCloseTo(Math.exp(-0.5 * square), 12)
      }
    expect(
      factorKernel(
        z.map((row) => row.map((value) => value * 20)),
        1e-14,
        20,
      ),
    ).toBeUndefined()
  })

  test.each([5, 256, 301])('the inverse by halves, order %i', (n) => {
    const matrix = linalg.matrix(n, n)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) matrix.data[i * n + j] = Math.exp(-Math.abs(i - j) / 9) + (i === j ? 0.5 : 0)
    const inverse = inverseFrom(linalg.cholesky(matrix).lower)
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) inverse.data[j * n + i] = inverse.data[i * n + j]!
    const product = linalg.matmul(matrix, inverse)
    const worst = product.data.reduce((most, v, at) => Math.max(most, Math.abs(v - (at % (n + 1) === 0 ? 1 : 0))), 0)
    expect(worst).toBeLessThan(1e-12)
  })

  test('long samples: the gradient where the inverse is made by halves', () => {
    const conditions = [draw(320), draw(320)]
    const y = conditions[0]!.map((value, i) => Math.tanh(2 * value) + 0.2 * conditions[1]![i]!)
    const parameters = kernelParameters({}, 2)
    const at = evidenceOf({ z: conditions, target: y, parameters, nugget: 0 })
    const value = (k: number, shift: number): number =>
      at(
        kernelPoint(
          parameters,
          Float64Array.from([0, -1.5, -1], (v, i) => (i === k ? v + shift : v)),
          2,
        ),
      ).value
    const { gradient } = at(kernelPoint(parameters, Float64Array.of(0, -1.5, -1), 2))
    for (const k of [1, 2]) {
      const numeric = (value(k, 1e-5) - value(k, -1e-5)) / 2e-5
      expect(Math.abs(gradient[k]! - numeric)).toBeLessThan(1e-5 * (1 + Math.abs(numeric)))
    }
  })

  test('residuals are what the curve leaves', () => {
    const fit = gaussianProcess(z, target)
    const curve = fit.predict(z)
    for (const [i, value] of target.entries()) expect(value - curve[i]!).toBeCloseTo(fit.residuals[i]!, 10)
  })
})

describe('distance correlation', () => {
  /** By doubly centred matrices. */
  function byDefinition(a: number[], b: number[]): number {
    const n = a.length
    const centred = (v: number[]): number[][] => {
      const d = v.map((x) => v.map((y) => Math.abs(x - y)))
      const rows = d.map((row) => row.reduce((s, x) => s + x, 0) / n)
      const all = rows.reduce((s, x) => s + x, 0) / n
      return d.map((row, i) => row.map((x, j) => x - rows[i]! - rows[j]! + all))
    }
    const [p, q] = [centred(a), centred(b)]
    const product = (u: number[][], v: number[][]): number =>
      u.reduce((s, row, i) => s + row.reduce((t, x, j) => t + x * v[i]![j]!, 0), 0) / n ** 2
    const scale = Math.sqrt(product(p, p) * product(q, q))
    return scale > 1e-14 ? Math.sqrt(Math.max(0, product(p, q) / scale)) : 0
  }

  test('equals the definition, ties included', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 })), {
          minLength: 4,
          maxLength: 30,
        }),
        (pairs) => {
          const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)]
          const fast = distanceCorrelation(distanceSample(Float64Array.from(a)), distanceSample(Float64Array.from(b)))
          expect(fast).toBeCloseTo(byDefinition(a, b), 6)
        },
      ),
    ))

  test('uniform places: equal values share the last one; buckets sort as comparison does', () => {
    expect([...toUniform(Float64Array.of(3, 1, 3, 2))]).toEqual([1, 0.25, 1, 0.5])
    const random = new NumpyRandom(1)
    const values = Float64Array.from({ length: 300 }, () => random.uniform() ** 3)
    expect([...uniformPlaces(values)]).toEqual([...toUniform(values)].map((place) => Math.round(place * 300)))
  })
})
