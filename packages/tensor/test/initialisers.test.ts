import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  constantInit,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initialiser,
  identityInit,
  initialise,
  lecunNormal,
  lecunUniform,
  normalInit,
  orthogonalInit,
  parameter,
  type Shape,
  truncatedNormalInit,
  uniformInit,
} from '../src/index.ts'

const draw = (init: Initialiser, shape: Shape, seed = 5): Float64Array =>
  Float64Array.from(initialise({ w: parameter(shape, init) }, random(seed)))

const meanOf = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length
const momentOf = (values: Float64Array, power: number): number => meanOf(values.map((v) => v ** power))

/** Standard deviation of a standard normal variable cut off at two: 1 − 4 φ(2) / (2 Φ(2) − 1). */
const CUT = Math.sqrt(1 - (4 * 0.05399096651318806) / 0.9544997361036416)

describe('moments', () => {
  // [out, in, kernel] with fan in 40 · 9 = 360 and fan out 60 · 9 = 540.
  const shape = [60, 40, 3, 3]
  const normal = 3
  const uniform = 9 / 5
  test.each<readonly [string, Initialiser, number, number | undefined]>([
    ['heNormal', heNormal(), 2 / 360, normal],
    ['heNormal of outputs', heNormal({ fan: 'out' }), 2 / 540, normal],
    ['heNormal of a number', heNormal({ fan: 7 }), 2 / 7, normal],
    ['heUniform', heUniform(), 2 / 360, uniform],
    ['lecunNormal', lecunNormal(), 1 / 360, normal],
    ['lecunUniform', lecunUniform({ fan: 'average' }), 1 / 450, uniform],
    ['glorotNormal', glorotNormal(), 2 / 900, normal],
    ['glorotUniform with gain', glorotUniform({ gain: 3 }), 18 / 900, uniform],
    ['normal', normalInit(0.2), 0.04, normal],
    ['truncated normal', truncatedNormalInit(0.2), (0.2 * CUT) ** 2, undefined],
    ['uniform', uniformInit(-0.5, 0.5), 1 / 12, uniform],
  ])('%s: mean 0, the variance, the kurtosis', (_, init, variance, kurtosis) => {
    const values = draw(init, shape)
    const n = values.length
    expect(Math.abs(meanOf(values))).toBeLessThan(5 * Math.sqrt(variance / n))
    // Of n numbers the variance of the second moment is at most 2 σ⁴ / n, of the fourth 96 σ⁸ / n.
    expect(Math.abs(momentOf(values, 2) / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n))
    if (kurtosis !== undefined) {
      expect(Math.abs(momentOf(values, 4) / variance ** 2 - kurtosis)).toBeLessThan(5 * Math.sqrt(96 / n))
    }
  })

  test('bounds', () => {
    const bounded: readonly (readonly [Initialiser, number])[] = [
      [heUniform(), Math.sqrt(6 / 360)],
      [glorotUniform(), Math.sqrt(6 / 900)],
      [truncatedNormalInit(0.2), 0.4],
    ]
    for (const [init, bound] of bounded) {
      const largest = Math.max(...draw(init, shape).map(Math.abs))
      expect(largest).toBeLessThanOrEqual(bound)
      expect(largest).toBeGreaterThan(0.99 * bound)
    }
    const skewed = draw(uniformInit(2, 5), [1000])
    expect(Math.min(...skewed)).toBeGreaterThanOrEqual(2)
    expect(Math.max(...skewed)).toBeLessThan(5)
    expect(meanOf(skewed)).toBeCloseTo(3.5, 0)
  })

  test('fans of dense weights [out, in] and of vectors', () => {
    expect(momentOf(draw(heNormal(), [50, 400]), 2)).toBeCloseTo(2 / 400, 3)
    expect(momentOf(draw(lecunNormal(), [4000]), 2) * 4000).toBeCloseTo(1, 1)
  })
})

describe('orthogonal', () => {
  test('rows or columns, whichever are fewer, have length gain and right angles', () => {
    const extent = fc.integer({ min: 1, max: 12 })
    fc.assert(
      fc.property(extent, extent, fc.integer({ min: 1, max: 3 }), (rows, inputs, taps) => {
        const columns = inputs * taps
        const w = draw(orthogonalInit({ gain: 1.5 }), [rows, inputs, taps])
        const wide = rows <= columns
        const [count, length] = wide ? [rows, columns] : [columns, rows]
        const at = (i: number, k: number): number => (wide ? w[i * columns + k]! : w[k * columns + i]!)
        for (let i = 0; i < count; i++) {
          for (let j = 0; j <= i; j++) {
            let product = 0
            for (let k = 0; k < length; k++) product += at(i, k) * at(j, k)
            expect(product).toBeCloseTo(i === j ? 2.25 : 0, 5)
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  test('directions are uniform: entries of many draws have mean 0 and variance 1 / n', () => {
    const values = Float64Array.from(
      Array.from({ length: 400 }, (_, seed) => [...draw(orthogonalInit(), [5, 5], seed)]).flat(),
    )
    expect(Math.abs(meanOf(values))).toBeLessThan(0.02)
    expect(momentOf(values, 2)).toBeCloseTo(1 / 5, 6)
  })
})

describe('identity', () => {
  test('of matrices, also oblong ones', () => {
    expect([...draw(identityInit(), [2, 3])]).toEqual([1, 0, 0, 0, 1, 0])
    expect([...draw(identityInit({ gain: 2 }), [3, 2])]).toEqual([2, 0, 0, 2, 0, 0])
  })

  test('of kernels sits in the middle', () => {
    const w = draw(identityInit(), [2, 2, 3, 3])
    expect([...w].flatMap((v, i) => (v === 0 ? [] : [[i, v]]))).toEqual([
      [4, 1],
      [31, 1],
    ])
  })

  test('even kernels and vectors have none', () => {
    expect(() => draw(identityInit(), [2, 2, 2, 2])).toThrow(/no identity/)
    expect(() => draw(identityInit(), [2])).toThrow(/no identity/)
  })
})

test('a constant, and a fan that is not positive', () => {
  expect([...draw(constantInit(0.5), [2, 2])]).toEqual([0.5, 0.5, 0.5, 0.5])
  expect(() => draw(heNormal({ fan: 0 }), [2, 2])).toThrow(/fan must be positive/)
})

test('the same seed draws the same numbers, another seed others', () => {
  for (const init of [heNormal(), heUniform(), truncatedNormalInit(1), orthogonalInit()]) {
    expect(draw(init, [4, 4], 1)).toEqual(draw(init, [4, 4], 1))
    expect(draw(init, [4, 4], 1)).not.toEqual(draw(init, [4, 4], 2))
  }
})
