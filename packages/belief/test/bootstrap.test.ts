import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { quantile } from '../src/bootstrap.ts'
import {
  type BootstrapInterval,
  blockBootstrap,
  type ConfusionMatrix,
  isRefusal,
  type Refusal,
  scores,
} from '../src/index.ts'

const accuracy = (matrix: ConfusionMatrix): number => scores(matrix, ['a', 'b']).overallAccuracy

function interval(result: BootstrapInterval | Refusal): BootstrapInterval {
  if (isRefusal(result)) throw new Error(result.refused)
  return result
}

/** Blocks of 100 pixels whose accuracy is itself drawn: what makes pixels of one block alike. */
function blocks(count: number, spread: number, seed: number): ConfusionMatrix[] {
  const stream = random(seed)
  return Array.from({ length: count }, () => {
    const right = Math.round(100 * Math.min(1, Math.max(0, 0.8 + spread * stream.normal())))
    return [
      [right, 100 - right],
      [0, 0],
    ]
  })
}

describe('blockBootstrap', () => {
  test('gives the standard error of a mean over blocks', () => {
    const drawn = blocks(60, 0.1, 1)
    const result = interval(blockBootstrap(drawn, accuracy, { seed: 1 }))
    const perBlock = drawn.map((matrix) => matrix[0]![0]! / 100)
    const mean = perBlock.reduce((s, v) => s + v, 0) / 60
    const sd = Math.sqrt(perBlock.reduce((s, v) => s + (v - mean) ** 2, 0) / 60)
    expect(result.estimate).toBeCloseTo(mean, 12)
    expect(result.standardError / (sd / Math.sqrt(60))).toBeGreaterThan(0.9)
    expect(result.standardError / (sd / Math.sqrt(60))).toBeLessThan(1.1)
    expect(result.upper - result.lower).toBeCloseTo(2 * 1.96 * result.standardError, 2)
  })

  test('repeats with its seed, changes with another', () => {
    const drawn = blocks(12, 0.1, 2)
    const once = blockBootstrap(drawn, accuracy, { seed: 5, replicates: 300 })
    expect(blockBootstrap(drawn, accuracy, { seed: 5, replicates: 300 })).toEqual(once)
    expect(blockBootstrap(drawn, accuracy, { seed: 6, replicates: 300 })).not.toEqual(once)
  })

  test.each(['percentile', 'bca'] as const)('%s covers the truth about as often as it says', (kind) => {
    let covered = 0
    const trials = 120
    for (let t = 0; t < trials; t++) {
      const result = interval(blockBootstrap(blocks(30, 0.08, 100 + t), accuracy, { seed: t, replicates: 300, kind }))
      if (result.lower <= 0.8 && result.upper >= 0.8) covered++
    }
    expect(covered / trials).toBeGreaterThan(0.86)
  })

  test('identical blocks have no spread; empty ones do not count', () => {
    const same: ConfusionMatrix = [
      [8, 2],
      [1, 9],
    ]
    const empty: ConfusionMatrix = [
      [0, 0],
      [0, 0],
    ]
    const result = interval(blockBootstrap([same, same, same, empty], accuracy, { seed: 1, kind: 'bca' }))
    expect(result).toMatchObject({ estimate: 0.85, blocks: 3 })
    expect(result.lower).toBeCloseTo(0.85, 12)
    expect(result.upper).toBeCloseTo(0.85, 12)
  })

  test('two blocks are refused, bad options are told', () => {
    expect(blockBootstrap(blocks(2, 0.1, 1), accuracy, { seed: 1 })).toHaveProperty(
      'refused',
      expect.stringContaining('only 2 blocks'),
    )
    expect(() => blockBootstrap(blocks(5, 0.1, 1), accuracy, { seed: 1, level: 95 })).toThrow(/between 0 and 1/)
    expect(() => blockBootstrap(blocks(5, 0.1, 1), accuracy, { seed: 1, replicates: 3 })).toThrow(/100 replicates/)
  })
})

test('quantiles interpolate as NumPy does', () => {
  const sorted = Float64Array.from([1, 2, 4, 8])
  expect([0, 0.25, 0.5, 0.9, 1].map((p) => quantile(sorted, p))).toEqual([1, 1.75, 3, expect.closeTo(6.8, 12), 8])
})
