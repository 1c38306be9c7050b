import { expect, test } from 'vitest'
import { philox, philoxWords, random } from '../src/index.ts'

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10 rounds).
test('philox4x32-10 gives the published known answers', () => {
  expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
  const ones = 0xffffffff
  expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd])
  expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
    0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
  ])
})

test('philoxWords gives the words of the counters in turn', () => {
  const key = [0xa4093822, 0x299f31d0] as const
  const words = philoxWords(4098, key)
  const expected = Array.from({ length: 1025 }, (_, block) => [...philox([block, 0, 0, 0], key)]).flat()
  expect([...words]).toEqual(expected.slice(0, 4098))
})

test('streams repeat, and split streams do not depend on what was drawn', () => {
  const a = random(7)
  const b = random(7)
  expect([a.uniform(), a.uniform()]).toEqual([b.uniform(), b.uniform()])
  expect(a.split('x').uniform()).toBe(random(7).split('x').uniform())
  expect(a.split('x').uniform()).not.toBe(a.split('y').uniform())
})

test('uniform and normal have the moments of their distributions', () => {
  const r = random(1)
  const n = 40_000
  const u = Array.from({ length: n }, () => r.uniform())
  const z = r.normals(n)
  const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((s, x) => s + x, 0) / v.length
  expect(mean(u)).toBeCloseTo(0.5, 2)
  expect(mean(u.map((x) => (x - 0.5) ** 2))).toBeCloseTo(1 / 12, 2)
  expect(Math.abs(mean(z))).toBeLessThan(0.02)
  expect(mean(Array.from(z, (x) => x * x))).toBeCloseTo(1, 1)
})

test('shuffle is a permutation and leaves its argument alone', () => {
  const items = [1, 2, 3, 4, 5, 6, 7]
  const out = random(3).shuffle(items)
  expect([...out].sort((a, b) => a - b)).toEqual(items)
  expect(items).toEqual([1, 2, 3, 4, 5, 6, 7])
})
