import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ConformalKind, conformalSets, ensembleCategorical, fitConformal } from '../src/index.ts'

const K = 4

/** Pixels whose labels follow softmax(2 z), stated by a model that is `sharpness` times as sure. */
function drawn(n: number, seed: number, sharpness: number): { probability: Float32Array; labels: Int32Array } {
  const stream = random(seed)
  const logits = Float32Array.from(stream.normals(K * n), (z) => 2 * z)
  const truth = ensembleCategorical([logits], K).probability
  const labels = Int32Array.from({ length: n }, (_, i) => {
    let u = stream.uniform()
    for (let c = 0; c < K; c++) {
      u -= truth[c * n + i]!
      if (u < 0) return c
    }
    return K - 1
  })
  return { probability: ensembleCategorical([logits], K, 1 / sharpness).probability, labels }
}

function coverage(sets: Uint8Array, labels: Int32Array): { covered: number; size: number } {
  const n = labels.length
  let covered = 0
  labels.forEach((y, i) => {
    covered += sets[y * n + i]!
  })
  return { covered: covered / n, size: sets.reduce((s, v) => s + v, 0) / n }
}

describe.each(['lac', 'aps'] as const)('%s sets', (kind: ConformalKind) => {
  test.each([0.05, 0.1, 0.3])('miss about %f of new pixels, however over-confident the model', (alpha) => {
    for (const sharpness of [1, 3]) {
      const past = drawn(4000, 1, sharpness)
      const fit = fitConformal(past.probability, past.labels, { alpha, kind, seed: 2 })
      const future = drawn(4000, 9, sharpness)
      const { covered, size } = coverage(conformalSets(future.probability, K, fit), future.labels)
      expect(covered).toBeGreaterThan(1 - alpha - 0.025)
      if (kind === 'lac') expect(covered).toBeLessThan(1 - alpha + 0.025)
      expect(size).toBeLessThanOrEqual(K)
    }
  })

  test('grow as misses must become rarer', () => {
    const { probability, labels } = drawn(500, 3, 1)
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (a, b) => {
          const sets = [Math.min(a, b), Math.max(a, b)].map((alpha) =>
            conformalSets(probability, K, fitConformal(probability, labels, { alpha, kind })),
          )
          sets[1]!.forEach((inside, at) => {
            expect(inside).toBeLessThanOrEqual(sets[0]![at]!)
          })
        },
      ),
      { numRuns: 20 },
    )
  })

  test('too few labels for the promise give the full set; missing pixels none', () => {
    const fit = fitConformal(Float32Array.from([0.9, 0.1]), [0], { alpha: 0.1, kind })
    expect(fit.threshold).toBe(Number.POSITIVE_INFINITY)
    const sets = conformalSets(Float32Array.from([0.9, Number.NaN, 0.1, Number.NaN]), 2, fit)
    expect(Array.from(sets)).toEqual([1, 0, 1, 0])
  })
})

test('adaptive sets are never empty; least ambiguous ones may be', () => {
  const { probability, labels } = drawn(2000, 5, 1)
  const aps = conformalSets(probability, K, fitConformal(probability, labels, { alpha: 0.6, kind: 'aps' }))
  const lac = conformalSets(probability, K, fitConformal(probability, labels, { alpha: 0.6, kind: 'lac' }))
  const empty = (sets: Uint8Array): number =>
    Array.from({ length: 2000 }, (_, i) => [0, 1, 2, 3].every((c) => sets[c * 2000 + i] === 0)).filter(Boolean).length
  expect(empty(aps)).toBe(0)
  expect(empty(lac)).toBeGreaterThan(0)
})

test('bad input is told', () => {
  expect(() => fitConformal(new Float32Array(2), [0], { alpha: 1 })).toThrow(/between 0 and 1/)
  expect(() => fitConformal(new Float32Array(2), [-1], { alpha: 0.1 })).toThrow(/no labelled pixel/)
  expect(() => fitConformal(new Float32Array(2), [2], { alpha: 0.1 })).toThrow(/not below/)
  expect(() => fitConformal(new Float32Array(0), [], { alpha: 0.1 })).toThrow(/no labelled pixel/)
})
