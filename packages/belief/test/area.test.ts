import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AreaEstimate, type AreaInput, areaEstimate, isRefusal, type Refusal } from '../src/index.ts'
import { oracle } from './oracle.ts'

/** Olofsson et al. 2014, table 8: deforestation, forest gain, stable forest, stable non-forest. */
const published: AreaInput = {
  names: ['deforestation', 'forest gain', 'stable forest', 'stable non-forest'],
  mapped: [200_000, 150_000, 3_200_000, 6_450_000],
  sample: [
    [66, 0, 5, 4],
    [0, 55, 8, 12],
    [1, 0, 153, 11],
    [2, 1, 9, 313],
  ],
  pixelAreaSquareMetres: 900,
  design: { kind: 'stratified' },
}

function estimated(result: AreaEstimate | Refusal): AreaEstimate {
  if (isRefusal(result)) throw new Error(result.refused)
  return result
}

describe('the worked example of Olofsson et al. 2014', () => {
  const result = estimated(areaEstimate(published))
  const half = (interval: { standardError: number } | undefined): number => 1.96 * (interval?.standardError ?? 0)

  test.each([
    [0, 21_158, 6158],
    [1, 11_686, 3756],
    [2, 285_770, 15_510],
    [3, 581_386, 16_282],
  ])('class %i covers %i ± %i ha', (c, hectares, margin) => {
    const area = result.classes[c]!
    expect(Math.round(area.hectares.estimate)).toBe(hectares)
    expect(Math.round(half(area.hectares))).toBe(margin)
    expect(area.hectares.upper - area.hectares.lower).toBeCloseTo(2 * 1.959964 * area.hectares.standardError, 2)
  })

  test('user’s and overall accuracy with their margins', () => {
    const rounded = (v: number): number => Math.round(v * 100) / 100
    const users = result.classes.map((c) => [rounded(c.usersAccuracy!.estimate), rounded(half(c.usersAccuracy))])
    expect(users).toEqual([
      [0.88, 0.07],
      [0.73, 0.1],
      [0.93, 0.04],
      [0.96, 0.02],
    ])
    expect(result.classes.map((c) => rounded(c.producersAccuracy!.estimate))).toEqual([0.75, 0.85, 0.93, 0.96])
    expect([rounded(result.overallAccuracy.estimate), rounded(half(result.overallAccuracy))]).toEqual([0.95, 0.02])
    expect(result).toMatchObject({ estimator: 'stratified', units: 640, level: 0.95, totalHectares: 900_000 })
  })
})

interface Part {
  proportion: number[]
  producers: number[]
  users: number[]
  overall: number
}

test.each(oracle<{ sample: number[][]; mapped: number[]; value: Part; standardError: Part }[]>('area'))(
  'estimates and standard errors equal the delta method in NumPy',
  ({ sample, mapped, value, standardError }) => {
    const names = mapped.map((_, c) => `class ${c}`)
    const input = { names, sample, mapped, pixelAreaSquareMetres: 100 }
    for (const kind of ['stratified', 'simple'] as const) {
      const result = estimated(areaEstimate({ ...input, design: { kind } }))
      expect(result.overallAccuracy.estimate).toBeCloseTo(value.overall, 12)
      expect(result.overallAccuracy.standardError).toBeCloseTo(standardError.overall, 8)
      result.classes.forEach((c, i) => {
        expect(c.proportion.estimate).toBeCloseTo(value.proportion[i]!, 12)
        expect(c.proportion.standardError).toBeCloseTo(standardError.proportion[i]!, 8)
        expect(c.usersAccuracy!.estimate).toBeCloseTo(value.users[i]!, 12)
        expect(c.usersAccuracy!.standardError).toBeCloseTo(standardError.users[i]!, 8)
        expect(c.producersAccuracy!.estimate).toBeCloseTo(value.producers[i]!, 12)
        expect(c.producersAccuracy!.standardError).toBeCloseTo(standardError.producers[i]!, 8)
      })
    }
  },
)

describe('designs', () => {
  test('a census is exact', () => {
    const sample = [
      [90, 10],
      [5, 895],
    ]
    const result = estimated(
      areaEstimate({
        names: ['scar', 'other'],
        mapped: [100, 900],
        sample,
        pixelAreaSquareMetres: 25,
        design: { kind: 'census' },
      }),
    )
    expect(result.estimator).toBe('census')
    expect(result.classes[0]!.hectares).toMatchObject({
      estimate: 0.2375,
      standardError: 0,
      lower: 0.2375,
      upper: 0.2375,
    })
    expect(result.classes[0]!.usersAccuracy!.estimate).toBeCloseTo(0.9, 12)
    expect(result.classes[0]!.producersAccuracy!.estimate).toBeCloseTo(90 / 95, 12)
    expect(result.overallAccuracy.estimate).toBeCloseTo(0.985, 12)
  })

  test('a census that leaves pixels out is none', () => {
    const result = areaEstimate({ ...published, design: { kind: 'census' } })
    expect(result).toHaveProperty('refused', expect.stringContaining('does not cover every mapped pixel'))
  })

  test('other designs are refused, with the reason given', () => {
    expect(areaEstimate({ ...published, design: { kind: 'other' } })).toHaveProperty(
      'refused',
      expect.stringContaining('neither a probability sample'),
    )
    expect(areaEstimate({ ...published, design: { kind: 'other', reason: 'hand-drawn' } })).toEqual({
      refused: 'hand-drawn',
    })
  })

  test('a stratum with one unit is refused by name; simple random falls back on plain proportions', () => {
    const input: AreaInput = {
      ...published,
      names: ['a', 'b'],
      mapped: [10, 990],
      sample: [
        [1, 0],
        [2, 97],
      ],
    }
    expect(areaEstimate(input)).toHaveProperty('refused', expect.stringContaining('mapped class a'))
    const simple = estimated(areaEstimate({ ...input, design: { kind: 'simple' } }))
    expect(simple.estimator).toBe('direct')
    expect(simple.classes[0]!.proportion.estimate).toBeCloseTo(0.03, 12)
    expect(simple.classes[0]!.proportion.standardError).toBeCloseTo(Math.sqrt((0.03 * 0.97) / 99), 12)
  })

  test('a class that the map lacks needs no units and has no user’s accuracy', () => {
    const result = estimated(
      areaEstimate({
        ...published,
        names: ['a', 'b', 'c'],
        mapped: [500, 500, 0],
        sample: [
          [40, 8, 2],
          [3, 47, 0],
          [0, 0, 0],
        ],
      }),
    )
    expect(result.classes[2]!.usersAccuracy).toBeUndefined()
    expect(result.classes[2]!.producersAccuracy!.estimate).toBe(0)
    expect(result.classes[2]!.proportion.estimate).toBeCloseTo(0.02, 12)
  })

  test('bad shapes and pixel areas are told', () => {
    expect(() => areaEstimate({ ...published, mapped: [1] })).toThrow(/mapped counts/)
    expect(() => areaEstimate({ ...published, pixelAreaSquareMetres: 0 })).toThrow(/positive/)
    expect(() => areaEstimate({ ...published, mapped: [0, 0, 0, 0] })).toThrow(/no classified pixel/)
  })
})

test('areas add up to the map, intervals hold their estimate and grow with the level', () => {
  const counts = fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 3, maxLength: 3 }), {
    minLength: 3,
    maxLength: 3,
  })
  const mapped = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(counts, mapped, fc.constantFrom('stratified' as const, 'simple' as const), (sample, pixels, kind) => {
      const input: AreaInput = {
        names: ['a', 'b', 'c'],
        mapped: pixels,
        sample,
        pixelAreaSquareMetres: 100,
        design: { kind },
      }
      const wide = estimated(areaEstimate({ ...input, level: 0.99 }))
      const narrow = estimated(areaEstimate({ ...input, level: 0.8 }))
      const sum = wide.classes.reduce((s, c) => s + c.hectares.estimate, 0)
      expect(sum).toBeCloseTo(wide.totalHectares, 6)
      for (const [c, area] of wide.classes.entries()) {
        expect(area.hectares.lower).toBeLessThanOrEqual(area.hectares.estimate)
        expect(area.hectares.upper).toBeGreaterThanOrEqual(area.hectares.estimate)
        expect(area.hectares.lower).toBeLessThanOrEqual(narrow.classes[c]!.hectares.lower)
        expect(area.usersAccuracy!.estimate).toBeCloseTo(sample[c]![c]! / sample[c]!.reduce((s, v) => s + v, 0), 12)
      }
    }),
  )
})

test('the interval covers the truth about as often as it says', () => {
  // Simulated maps with known truth: 30 draws of a stratified sample from a fixed population table.
  const population = [
    [800, 200],
    [500, 8500],
  ]
  let state = 12345
  const uniform = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
  let covered = 0
  const draws = 400
  for (let d = 0; d < draws; d++) {
    const sample = population.map((row) => {
      const share = row[0]! / (row[0]! + row[1]!)
      const hits = Array.from({ length: 100 }, uniform).filter((u) => u < share).length
      return [hits, 100 - hits]
    })
    const { classes } = estimated(
      areaEstimate({
        names: ['a', 'b'],
        mapped: [1000, 9000],
        sample,
        pixelAreaSquareMetres: 1e4,
        design: { kind: 'stratified' },
      }),
    )
    if (classes[0]!.hectares.lower <= 1300 && classes[0]!.hectares.upper >= 1300) covered++
  }
  expect(covered / draws).toBeGreaterThan(0.89)
  expect(covered / draws).toBeLessThan(0.99)
})
