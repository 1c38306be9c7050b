/** Tests that share conditions beside the same tests one by one, the long way. */

import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { discoverPcmci } from '../../src/discovery/pcmci.ts'
import { independenceTest } from '../../src/independence/table.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { type Node, timeSeries } from '../../src/series/series.ts'

const VARIABLES = 8
const options = { tauMax: 2 }

/** Variables that depend on themselves and their neighbours one step ago. */
function columnsOf(variables: number, steps: number, seed: number): Float64Array[] {
  const rng = random(seed)
  const columns = Array.from({ length: variables }, () => new Float64Array(steps))
  for (let t = 0; t < steps; t++)
    for (const [c, column] of columns.entries()) {
      const before = t === 0 ? 0 : 0.5 * column[t - 1]! + 0.3 * columns[(c + 1) % variables]![t - 1]!
      column[t] = before + rng.normal()
    }
  return columns
}

const series = timeSeries({ columns: columnsOf(VARIABLES, 150, 5) })
const lagged = fc.tuple(fc.nat(VARIABLES - 1), fc.constantFrom(-1, -2)).map(([v, lag]): Node => [v, lag])
const nodes = (most: number): fc.Arbitrary<Node[]> => fc.array(lagged, { maxLength: most })

describe.each(['parcorr', 'robust-parcorr'])('%s', (name) => {
  it('answers as a test by itself', async () => {
    const [quick, slow] = [true, false].map((shortcut) => testerOf(independenceTest(name), series, { shortcut }))
    const shared = quick!.shared!(options)!
    const question = fc.record({ y: fc.nat(VARIABLES - 1), z: nodes(12), asked: fc.array(fc.tuple(lagged, nodes(12))) })
    await fc.assert(
      fc.asyncProperty(question, async ({ y, z, asked }) => {
        expect(shared.given([y, 0], z)).toBe(true)
        const same = (a: Node, b: Node): boolean => a[0] === b[0] && a[1] === b[1]
        for (const [x, more] of [...asked, ...z.map((node): [Node, Node[]] => [node, []])]) {
          const found = shared.test(x, more, 0.1)
          const others = [...z, ...more].filter((node) => !same(node, x))
          const expected = await slow!.ask([x], [[y, 0]], others, { ...options, alpha: 0.1 })
          expect(found?.value).toBeCloseTo(expected.value, 10)
          expect(found?.pValue).toBeCloseTo(expected.pValue, 10)
          expect({ ...found, value: 0, pValue: 0 }).toEqual({ ...expected, value: 0, pValue: 0 })
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('what has to be asked one by one', () => {
  const shared = (columns: Float64Array[]): ReturnType<NonNullable<ReturnType<typeof testerOf>['shared']>> =>
    testerOf(independenceTest('parcorr'), timeSeries({ columns })).shared!(options)
  const [a, b, c] = columnsOf(3, 100, 1) as [Float64Array, Float64Array, Float64Array]
  const sum = a.map((value, t) => value + b[t]! + 1e-5 * c[t]!)

  it('collinear conditions', () => {
    const tests = shared([a, b, sum, c])!
    const near: Node[] = [[0, -1], [1, -1], [2, -1]] // biome-ignore format: one line
    expect(tests.given([3, 0], near)).toBe(false)
    expect(tests.given([3, 0], near.slice(1))).toBe(true)
    expect(tests.test([3, -1], near)).toBeUndefined()
    expect(tests.test([0, -1], [])).toBeUndefined()
    expect(tests.test([3, -1], near.slice(1))).toBeDefined()
  })

  it('constant variables', () => {
    const tests = shared([a, b, new Float64Array(100).fill(2)])!
    expect(tests.given([0, 0], [[2, -1]])).toBe(false)
    expect(tests.given([2, 0], [])).toBe(false)
    expect(tests.given([0, 0], [[1, -1]])).toBe(true)
    expect(tests.test([2, -1], [])).toBeUndefined()
    expect(tests.test([0, -1], [[2, -1]])).toBeUndefined()
  })

  it('more conditions than samples bear, nodes out of reach', () => {
    const tests = shared(columnsOf(6, 18, 3))!
    const all = Array.from({ length: 12 }, (_, k): Node => [k % 6, k < 6 ? -1 : -2])
    expect(tests.given([0, 0], all.slice(0, 11))).toBe(true)
    expect(tests.test([5, -2], all)).toBeDefined()
    expect(tests.test([5, -2], [[5, -3]])).toBeUndefined()
    expect(tests.test([5, -5], [])).toBeUndefined()
    expect(tests.given([0, 0], [[0, -5]])).toBe(false)
  })

  it('missing values: every test loses other samples', () => {
    const holes = a.map((value, t) => (t === 50 ? Number.NaN : value))
    expect(shared([holes, b])).toBeUndefined()
  })
})

it('a search finds the same either way', async () => {
  const columns = columnsOf(12, 200, 8)
  const wide = timeSeries({ columns: [...columns, columns[0]!.map((value, t) => value + 1e-6 * columns[1]![t]!)] })
  const [quick, slow] = await Promise.all(
    [true, false].map((shortcut) =>
      discoverPcmci(testerOf(independenceTest('parcorr'), wide, { shortcut }), { tauMax: 2, maxConditionsX: 3 }),
    ),
  )
  expect(quick!.graph.links).toEqual(slow!.graph.links)
  expect(quick!.parents).toEqual(slow!.parents)
  for (const [at, value] of quick!.values.data.entries()) {
    expect(value).toBeCloseTo(slow!.values.data[at]!, 8)
    expect(quick!.pValues.data[at]).toBeCloseTo(slow!.pValues.data[at]!, 8)
  }
})
