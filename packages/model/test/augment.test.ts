import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { applySymmetry, disturb, drawSymmetry, type Symmetry, symmetryMap } from '../src/augment.ts'

const all: Symmetry[] = [false, true].flatMap((mirror) => ([0, 1, 2, 3] as const).map((turns) => ({ mirror, turns })))
const n = 5
const maps = all.map((symmetry) => symmetryMap(n, symmetry))
const compose = (a: Int32Array, b: Int32Array): string => b.map((i) => a[i]!).join()

describe('the symmetries of a tile', () => {
  test('are the dihedral group of the square: eight, closed, with inverses', () => {
    const keys = new Set(maps.map((map) => map.join()))
    expect(keys.size).toBe(8)
    const identity = maps[0]!.join()
    expect(identity).toBe(Array.from({ length: n * n }, (_, i) => i).join())
    for (const a of maps) {
      for (const b of maps) expect(keys.has(compose(a, b))).toBe(true)
      expect(maps.some((b) => compose(a, b) === identity)).toBe(true)
    }
  })

  test('keep neighbours neighbours', () => {
    for (const map of maps) {
      for (let row = 0; row < n; row++) {
        for (let column = 0; column + 1 < n; column++) {
          const [a, b] = [map[row * n + column]!, map[row * n + column + 1]!]
          const [rows, columns] = [Math.abs(Math.floor(a / n) - Math.floor(b / n)), Math.abs((a % n) - (b % n))]
          expect(rows + columns).toBe(1)
        }
      }
    }
  })

  test('a mirror goes left-right, a turn by a quarter', () => {
    const moved = (symmetry: Symmetry): number[] => {
      const out = new Float32Array(5)
      applySymmetry(Float32Array.of(1, 2, 3, 4), out, 1, 1, symmetryMap(2, symmetry))
      return [...out.subarray(1)]
    }
    expect(moved({ mirror: true, turns: 0 })).toEqual([2, 1, 4, 3])
    expect(moved({ mirror: false, turns: 2 })).toEqual([4, 3, 2, 1])
    expect([
      [2, 4, 1, 3],
      [3, 1, 4, 2],
    ]).toContainEqual(moved({ mirror: false, turns: 1 }))
  })

  test('are drawn alike where wished, and not where not', () => {
    const draw = random(1)
    const seen = new Map<string, number>()
    const on = { flips: true, quarterTurns: true, brightness: 0, noise: 0 }
    for (let i = 0; i < 4000; i++) {
      const key = JSON.stringify(drawSymmetry(on, draw))
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
    expect(seen.size).toBe(8)
    for (const count of seen.values()) expect(Math.abs(count - 500)).toBeLessThan(100)
    const off = { ...on, flips: false, quarterTurns: false }
    for (let i = 0; i < 50; i++) expect(drawSymmetry(off, draw)).toEqual({ mirror: false, turns: 0 })
  })
})

describe('brightness and noise', () => {
  const augmentation = { flips: false, quarterTurns: false, brightness: 0, noise: 0 }
  const values = (): Float32Array => Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i))

  test('touch only their part, and nothing when off', () => {
    const out = values()
    disturb(out, 1000, 2000, { ...augmentation, noise: 0.5 }, random(1))
    expect(out.subarray(0, 1000)).toEqual(values().subarray(0, 1000))
    expect(out.subarray(2000)).toEqual(values().subarray(2000))
    expect(out.subarray(1000, 2000)).not.toEqual(values().subarray(1000, 2000))
    const same = values()
    disturb(same, 0, 4000, augmentation, random(1))
    expect(same).toEqual(values())
  })

  test('noise has the deviation that was asked for', () => {
    const out = new Float32Array(40_000)
    disturb(out, 0, out.length, { ...augmentation, noise: 0.25 }, random(1))
    const mean = out.reduce((a, b) => a + b, 0) / out.length
    const deviation = Math.sqrt(out.reduce((a, b) => a + (b - mean) ** 2, 0) / out.length)
    expect(Math.abs(mean)).toBeLessThan(0.005)
    expect(Math.abs(deviation - 0.25)).toBeLessThan(0.005)
  })

  test('brightness is one gain and one offset for the whole tile', () => {
    const before = values()
    const after = values()
    disturb(after, 0, after.length, { ...augmentation, brightness: 0.2 }, random(3))
    const gain = (after[1]! - after[0]!) / (before[1]! - before[0]!)
    const offset = after[0]! - gain * before[0]!
    after.forEach((v, i) => {
      expect(v).toBeCloseTo(gain * before[i]! + offset, 4)
    })
    expect(gain).not.toBe(1)
  })
})
