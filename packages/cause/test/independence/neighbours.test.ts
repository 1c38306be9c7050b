import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digammas, entropies, logarithms } from '../../src/independence/count-tables.ts'
import { distanceEstimator } from '../../src/independence/distance-estimator.ts'
import { nearestNeighbours } from '../../src/independence/kd-tree.ts'
import type { KnnProblem } from '../../src/independence/knn-problem.ts'
import { pairwiseSum, spread, standardise } from '../../src/independence/pairwise-sum.ts'
import { rankEstimator } from '../../src/independence/rank-estimator.ts'
import { vectorOrder } from '../../src/independence/vector-order.ts'
import { NumpyRandom } from '../../src/random/pcg64.ts'
import { golden } from './reference.ts'

const row = (count: number, random: NumpyRandom): Float64Array =>
  Float64Array.from({ length: count }, () => random.uniform() + random.uniform())

function problem(count: number, roles: readonly number[], neighbours: number, random: NumpyRandom): KnnProblem {
  return {
    ...{ kind: 'knn', neighbours, transform: 'ranks', moved: 1 },
    rows: roles.map(() => row(count, random)),
    roles: Uint8Array.from(roles),
  }
}

/** Frenzel and Pompe's estimate as it is written, from ranks. */
function slowly({ rows, roles, neighbours }: KnnProblem): number {
  const count = rows[0]!.length
  const ranks = rows.map((values) => values.map((value) => values.filter((other) => other < value).length))
  const within = (t: number, s: number, wanted: readonly number[]): number =>
    Math.max(0, ...ranks.filter((_, i) => wanted.includes(roles[i]!)).map((r) => Math.abs(r[t]! - r[s]!)))
  const psi = digammas(count)
  const all = Array.from({ length: count }, (_, s) => s)
  const terms = all.map((t) => {
    const far = all.map((s) => within(t, s, [0, 1, 2])).sort((a, b) => a - b)[neighbours]!
    const counted = (wanted: readonly number[]): number => all.filter((s) => within(t, s, wanted) < far).length
    return psi[counted([0, 2])]! + psi[counted([1, 2])]! - psi[counted([2])]!
  })
  return psi[neighbours]! - terms.reduce((a, b) => a + b, 0) / count
}

describe('estimates', () => {
  const sets = [
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 2, 2],
    [0, 0, 1],
    [0, 1, 1],
    [0, 1, 1, 2],
    [0, 0, 1, 1, 2, 2],
  ]

  it('from ranks and from distances are those of the definition', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 4, max: 90 }), fc.constantFrom(...sets), (seed, count, roles) => {
        const random = new NumpyRandom(seed)
        const own = problem(count, roles, 1 + (seed % (count - 1)), random)
        const state = random.state()
        const wanted = slowly(own)
        expect(rankEstimator(own)(state)).toBeCloseTo(wanted, 11)
        expect(distanceEstimator(own)(state)).toBeCloseTo(wanted, 11)
      }),
      { numRuns: 60 },
    )
  })

  it('of permuted rows are those of rows that were permuted before', () => {
    const random = new NumpyRandom(4)
    const own = problem(300, [0, 1, 2], 20, random)
    const permutation = random.permutation(300)
    const moved = { ...own, rows: own.rows.map((r, i) => (i === 1 ? Float64Array.from(permutation, (t) => r[t]!) : r)) }
    const state = random.state()
    expect(rankEstimator(own)(state, permutation)).toBe(rankEstimator(moved)(state))
    expect(distanceEstimator(own)(state, permutation)).toBe(distanceEstimator(moved)(state))
  })

  it('do not change when others use the kernel in between', () => {
    const random = new NumpyRandom(5)
    const [a, b] = [problem(200, [0, 1, 2], 9, random), problem(700, [0, 1], 30, random)]
    const state = random.state()
    const [first, second] = [rankEstimator(a), rankEstimator(b)]
    const alone = first(state)
    second(state)
    expect(first(state)).toBe(alone)
  })

  it('grow with dependence, of both kinds alike for few neighbours of many', () => {
    const random = new NumpyRandom(6)
    const own = problem(3000, [0, 1, 2], 12, random)
    const dependent = {
      ...own,
      rows: [own.rows[0]!, own.rows[0]!.map((v, t) => v + 0.3 * own.rows[1]![t]!), own.rows[2]!],
    }
    const state = random.state()
    expect(rankEstimator(own)(state)).toBeLessThan(0.05)
    const value = rankEstimator(dependent)(state)
    expect(value).toBeGreaterThan(0.5)
    expect(distanceEstimator(dependent)(state)).toBeCloseTo(value, 11)
  })
})

describe('neighbours and orders are those of the reference', () => {
  it('where distances are equal', () => {
    for (const { rows, k, neighbours } of golden.neighbours)
      expect([
        ...nearestNeighbours(
          rows.map((values) => Float64Array.from(values)),
          k,
        ),
      ]).toEqual(neighbours)
  })

  it('and where values are equal', () => {
    for (const { values, order } of golden.orders) expect([...vectorOrder(Float64Array.from(values))]).toEqual(order)
  })

  it('neighbours are the nearest', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 20, max: 200 }), fc.integer({ min: 1, max: 3 }), (seed, count, width) => {
        const random = new NumpyRandom(seed)
        const rows = Array.from({ length: width }, () => row(count, random).map((v) => Math.round(v * 20)))
        const k = 4
        const found = nearestNeighbours(rows, k)
        for (let t = 0; t < count; t++) {
          const far = (s: number): number => Math.max(...rows.map((r) => Math.abs(r[t]! - r[s]!)))
          const wanted = Array.from({ length: count }, (_, s) => far(s)).sort((a, b) => a - b)
          expect([...found.subarray(t * k, (t + 1) * k)].map(far)).toEqual(wanted.slice(0, k))
        }
      }),
      { numRuns: 25 },
    )
  })

  it('points at the bound are no neighbours', () => {
    const found = nearestNeighbours([Float64Array.of(0, 1, 5, 5, 9)], 3, 4)
    expect([...found.subarray(0, 6)]).toEqual([0, 1, -1, 1, 0, -1])
    expect(found.subarray(6, 9).toSorted().join()).toBe('-1,2,3')
    expect([...found.subarray(12)]).toEqual([4, -1, -1])
  })

  it('orders are orders, however many values are equal', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 1, max: 40 }),
        (seed, count, levels) => {
          const random = new NumpyRandom(seed)
          const values = Float64Array.from({ length: count }, () => Math.max(0, random.integer(levels) - levels / 2))
          const order = vectorOrder(values)
          expect(new Set(order).size).toBe(count)
          for (let i = 1; i < count; i++) expect(values[order[i]!]!).toBeGreaterThanOrEqual(values[order[i - 1]!]!)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('sums and tables', () => {
  it('are rounded as the reference rounds them', () => {
    for (const { row: values, sum, std } of golden.sums) {
      expect(pairwiseSum(Float64Array.from(values))).toBe(sum)
      expect(spread(Float64Array.from(values))).toBe(std)
    }
    const psi = digammas(20000)
    expect([1, 2, 3, 10, 11, 20, 500, 20000].map((n) => psi[n])).toEqual(golden.digamma)
  })

  it('logarithms are near what Math.log gives', () => {
    const logs = logarithms(3000)
    for (let n = 1; n <= 3000; n++) expect(Math.abs(logs[n]! - Math.log(n))).toBeLessThan(2e-15)
    expect(entropies(10)[10]).toBe(10 * logs[10]!)
  })

  it('standardised rows have mean 0 and deviation 1; constant ones are zero', () => {
    const random = new NumpyRandom(8)
    const values = standardise(row(100, random))
    expect(pairwiseSum(values)).toBeCloseTo(0, 12)
    expect(spread(values)).toBeCloseTo(1, 12)
    expect([...standardise(Float64Array.of(3, 3, 3))]).toEqual([0, 0, 0])
  })
})
