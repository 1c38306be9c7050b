/** The pieces of the simulated scene: noise, drainage, light, shapes. */
import { random } from '@ecotope/core'
import type { Polygon } from '@ecotope/cube'
import { assert as check, double, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contributingArea, drain, Heap } from '../../src/scene/drainage.ts'
import { lightOf } from '../../src/scene/light.ts'
import {
  blur,
  fieldOf,
  fractal,
  gradientNoise,
  latticeUniform,
  sampleField,
  smoothstep,
} from '../../src/scene/noise.ts'
import { shapeOf } from '../../src/scene/shape.ts'
import { COVERS } from '../../src/scene/spectra.ts'

describe('noise', () => {
  it('depends on place and seed only, stays near [-1, 1], and is smooth', async () => {
    const [a, b, other] = [fractal(5, 20, 4), fractal(5, 20, 4), fractal(6, 20, 4)]
    let differs = false
    await check(
      property(double({ min: -500, max: 500, noNaN: true }), double({ min: -500, max: 500, noNaN: true }), (x, y) => {
        expect(a(x, y)).toBe(b(x, y))
        expect(Math.abs(a(x, y))).toBeLessThan(1.6)
        expect(Math.abs(a(x + 1e-4, y) - a(x, y))).toBeLessThan(1e-3)
        differs ||= a(x, y) !== other(x, y)
      }),
    )
    expect(differs).toBe(true)
  })

  it('is 0 on lattice points, and uniform hashes have mean 1/2', () => {
    const noise = gradientNoise(3)
    expect(Math.abs(noise(7, -4))).toBe(0)
    const uniform = latticeUniform(9)
    let sum = 0
    for (let i = 0; i < 10000; i++) sum += uniform(i % 100, Math.floor(i / 100))
    expect(sum / 10000).toBeCloseTo(0.5, 1)
  })

  it('blurs without changing level or total', () => {
    const field = fieldOf(fractal(1, 6, 3), 40, 30)
    expect(blur(new Float32Array(1200).fill(3), 40, 30, 2).every((v) => Math.abs(v - 3) < 1e-5)).toBe(true)
    const spike = new Float32Array(1200)
    spike[15 * 40 + 20] = 1
    const spread = blur(spike, 40, 30, 2)
    expect(spread.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4)
    expect(spread[15 * 40 + 22]).toBeCloseTo(spread[17 * 40 + 20]!, 6)
    expect(sampleField(field, 40, 30, 12, 7)).toBeCloseTo(field[7 * 40 + 12]!, 6)
    expect(sampleField(field, 40, 30, 12.5, 7)).toBeCloseTo((field[7 * 40 + 12]! + field[7 * 40 + 13]!) / 2, 6)
    expect([smoothstep(1, 2, 0), smoothstep(1, 2, 1.5), smoothstep(2, 1, 0)]).toEqual([0, 0.5, 1])
  })
})

describe('drainage', () => {
  it('sorts by height', () => {
    const heap = new Heap(200)
    const source = random(4)
    const keys = Array.from({ length: 200 }, () => source.uniform())
    keys.forEach((key, i) => {
      heap.push(i, key)
    })
    const out = keys.map(() => keys[heap.pop()]!)
    expect(out).toEqual([...keys].sort((a, b) => a - b))
  })

  it('drains every pixel to the outlets, through hollows too', () => {
    const side = 24
    const rough = fractal(8, 5, 3)
    const height = fieldOf((x, y) => y * 0.2 + 4 * rough(x, y), side, side)
    const outlets = Uint8Array.from(height, (_, i) => (i < side ? 1 : 0))
    const drainage = drain(height, side, outlets)
    expect(new Set(drainage.order).size).toBe(side * side)
    for (let i = 0; i < side * side; i++) {
      let at = i
      for (let k = 0; k < side * side && outlets[at] === 0; k++) {
        expect(height[drainage.receivers[at]!]!).toBeLessThan(height[at]!)
        at = drainage.receivers[at]!
      }
      expect(outlets[at]).toBe(1)
    }
    const area = contributingArea(drainage)
    let total = 0
    for (let i = 0; i < side; i++) total += area[i]!
    expect(total).toBe(side * side)
  })
})

describe('light', () => {
  const side = 40
  const sun = { azimuthDeg: 90, elevationDeg: 45 }

  it('is 1 on level ground', () => {
    const { direct, sky } = lightOf(new Float32Array(side * side), side, sun)
    expect(direct.every((v) => Math.abs(v - 1) < 1e-6)).toBe(true)
    expect(sky.every((v) => v === 1)).toBe(true)
  })

  it('casts a shadow as long as the wall is high, away from the sun', () => {
    const wall = fieldOf((x) => (x === 30 ? 50 : 0), side, side)
    const { direct } = lightOf(wall, side, sun)
    const row = 20 * side
    // 50 m under 45 degrees: ten pixels of 5 m to the west.
    expect(direct[row + 22]).toBe(0)
    expect(direct[row + 17]).toBeCloseTo(1, 6)
    expect(direct[row + 36]).toBeCloseTo(1, 6)
  })
})

describe('shapeOf', () => {
  it('measures a turned rectangle', () => {
    const [c, s] = [Math.cos(0.5), Math.sin(0.5)]
    const ring = [
      [0, 0],
      [60, 0],
      [60, 20],
      [0, 20],
      [0, 0],
    ].map(([x, y]) => [x! * c - y! * s + 4e5, x! * s + y! * c + 7e6])
    const polygon: Polygon = { type: 'Polygon', coordinates: [ring] }
    const shape = shapeOf(polygon)
    expect(shape.areaSquareMetres).toBeCloseTo(1200, 4)
    expect(shape.length).toBeCloseTo(60, 4)
    expect(shape.width).toBeCloseTo(20, 4)
    expect(shape.bearingDeg).toBeCloseTo((0.5 * 180) / Math.PI, 3)
    expect(shape.solidity).toBeCloseTo(1, 6)
  })
})

describe('spectra', () => {
  it('are reflectances, and plants have a red edge', () => {
    for (const { spectrum } of Object.values(COVERS)) {
      for (const value of spectrum) expect(value > 0 && value < 0.6).toBe(true)
    }
    for (const name of ['forest', 'shrub', 'crop', 'pasture'] as const) {
      const [, , red, redEdge, nir] = COVERS[name].spectrum
      expect(red < redEdge && redEdge < nir).toBe(true)
    }
  })
})
