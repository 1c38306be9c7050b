/** The random polygons of oracles/raster/shapes.py, number by number, and the grid that they lie on. */
import { parseCrs } from '../../src/crs/crs.ts'
import type { Feature, Grid, MultiPolygon } from '../../src/types.ts'

const SIZE = 10
const [WEST, NORTH] = [500000, 5000000]

export const grid: Grid = {
  crs: parseCrs('EPSG:32632'),
  affine: [SIZE, 0, WEST, 0, -SIZE, NORTH],
  width: 64,
  height: 48,
}

type Point = readonly [x: number, y: number]

/** mulberry32: numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function direction(part: number): Point {
  const quarter = Math.floor(part * 4)
  const t = part * 4 - quarter
  let [x, y] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)]
  for (let k = 0; k < quarter; k++) [x, y] = [-y, x]
  return [x, y]
}

function ring(points: readonly Point[], grain: number): number[][] {
  const out = points.map(([x, y]) => {
    const px = Math.trunc(x * grain + 1e6) - 1e6
    const py = Math.trunc(y * grain + 1e6) - 1e6
    return [WEST + SIZE * (px / grain), NORTH - SIZE * (py / grain)]
  })
  return [...out, out[0]!]
}

function star(draw: () => number, cx: number, cy: number, radius: number, ragged: number): Point[] {
  const n = 5 + Math.floor(draw() * 8)
  return Array.from({ length: n }, (_, k) => {
    const [x, y] = direction((k + 0.8 * draw()) / n)
    const r = radius * (1 - ragged * draw())
    return [cx + r * x, cy + r * y]
  })
}

const towards = (points: readonly Point[], cx: number, cy: number, part: number): Point[] =>
  points.map(([x, y]) => [cx + part * (x - cx), cy + part * (y - cy)])

function coordinates(index: number): number[][][][] {
  const draw = generator(index * 7919 + 1)
  const grain = index % 10 === 9 ? 2 : 1024
  const [cx, cy] = [-4 + 72 * draw(), -4 + 56 * draw()]
  const radius = 1 + 14 * draw() * draw()
  switch (index % 6) {
    case 0:
      return [[ring(star(draw, cx, cy, radius, 0.7), grain)]]
    case 1: {
      const outer = star(draw, cx, cy, radius, 0.5)
      return [[ring(outer, 1024), ring(towards(outer, cx, cy, 0.4), 1024)]]
    }
    case 2: {
      const one = star(draw, cx, cy, radius, 0.6)
      const two = star(draw, cx + 2.2 * radius + 1, cy, radius, 0.6)
      return [[ring(one, grain)], [ring(two, grain)]]
    }
    case 3:
      return [[ring(star(draw, cx, cy, 0.02 + 0.7 * draw(), 0.3), 1048576)]]
    case 4: {
      const outer = star(draw, cx, cy, radius, 0)
      const near = towards(outer.slice(1, 3), cx, cy, 0.2)
      return [[ring(outer, 1024), ring([outer[0]!, ...near], 1024)]]
    }
    default: {
      const [x, y, a] = [Math.trunc(cx), Math.trunc(cy), 1 + Math.trunc(radius / 2)]
      const box = (u: number, v: number): Point[] => [
        [u, v],
        [u + a, v],
        [u + a, v + a],
        [u, v + a],
      ]
      return [[ring(box(x, y), 1024)], [ring(box(x + a, y + a), 1024)]]
    }
  }
}

/** Polygon number `index` of the oracles. */
export function shape(index: number): Feature & { readonly geometry: MultiPolygon } {
  return { geometry: { type: 'MultiPolygon', coordinates: coordinates(index) }, properties: { index } }
}
