/**
 * Landslide scars: they start on steep ground, follow the slope downhill, and have the sizes and elongations of real
 * ones (`statistics.ts`). Outlines are drawn a little smoother than what is on the ground, as a mapper would.
 */
import type { Random } from '@ecotope/core'
import { type Crs, type Feature, type Grid, type Polygon, type Position, polygonise } from '@ecotope/cube'
import type { Ground } from './landcover.ts'
import { gradientNoise, sampleField } from './noise.ts'
import { PIXEL, type Relief } from './relief.ts'
import { SCAR_STATISTICS } from './statistics.ts'

/** A place on a scar's track, in pixels of the scene. */
interface TrackPoint {
  readonly x: number
  readonly y: number
  /** Way from the crown over the whole length, in [0, 1]. */
  readonly s: number
  /** Half width at unit scale, pixels. */
  readonly radius: number
}

export interface Scar {
  readonly track: readonly TrackPoint[]
  /** Scale of the half widths that gives the wanted area. */
  readonly scale: number
  /** Mean half width at unit scale, pixels: bumps of the outline are in proportion. */
  readonly breadth: number
  readonly seed: number
  /** Share of the scar that plants have taken back, in [0, 1). */
  readonly regrowth: number
  /** Share of deep, pale subsoil in what is bare; the rest is topsoil like that of the fields. In [0, 1). */
  readonly pale: number
  /** Outline as mapped, pixels of the scene; closed. */
  readonly outline: readonly Position[]
  readonly areaSquareMetres: number
}

/** Where scars may lie: pixels [first, last) along both axes. */
export interface Frame {
  readonly first: number
  readonly last: number
}

/** What decides a scar's ground plan. */
type Plan = Pick<Scar, 'track' | 'scale' | 'breadth' | 'seed'>

/** Distance inside (positive) or outside a scar at a place, pixels, and how far down the track it is. */
export function insideScar(scar: Plan, x: number, y: number, ragged: number): readonly [depth: number, s: number] {
  let depth = Number.NEGATIVE_INFINITY
  let at = 0
  for (const point of scar.track) {
    const r = point.radius * scar.scale
    const d = r - Math.hypot(x - point.x, y - point.y)
    if (d > depth) {
      depth = d
      at = point.s
    }
  }
  // Too far for any bump to matter.
  const radius = scar.breadth * scar.scale
  if (depth < -3 - 0.7 * radius) return [depth, at]
  const bump = 2 + 0.9 * radius
  depth += (0.3 + 0.4 * radius) * wobble(scar.seed + 1)(x / bump, y / bump)
  depth += (0.15 + 0.2 * radius) * wobble(scar.seed + 2)((2 * x) / bump, (2 * y) / bump)
  if (ragged > 0) depth += ragged * wobble(scar.seed)(x / 2.6, y / 2.6)
  return [depth, at]
}

const wobbles = new Map<number, (x: number, y: number) => number>()
function wobble(seed: number): (x: number, y: number) => number {
  let noise = wobbles.get(seed)
  if (noise === undefined) {
    if (wobbles.size > 512) wobbles.clear()
    noise = gradientNoise(seed)
    wobbles.set(seed, noise)
  }
  return noise
}

/** Half width along the track: rounded crown, a waist, a toe that spreads or tapers. */
function profile(random: Random): (s: number) => number {
  const spread = 0.6 + 0.8 * random.uniform()
  const waist = 0.35 * random.uniform()
  return (s) => {
    const ends = Math.sqrt(Math.max(0, 1 - Math.abs(2 * s - 1) ** 2.6))
    return ends * (1 + (spread - 1) * (2 * s - 1) - waist * Math.exp(-(((s - 0.55) / 0.18) ** 2)))
  }
}

/** The way down from a start: inertia and slope; undefined when it leaves the frame, meets the river or runs flat. */
function walk(
  start: readonly [number, number],
  length: number,
  relief: Relief,
  ground: Ground,
  frame: Frame,
): [number, number][] | undefined {
  const { side } = relief
  let [x, y] = start
  let [vx, vy] = [0, 0]
  const out: [number, number][] = []
  for (let way = 0; way <= length; way += 0.5) {
    if (x < frame.first || y < frame.first || x >= frame.last || y >= frame.last) return undefined
    const i = Math.round(y) * side + Math.round(x)
    const flat = ground.slope[i]! < 7 || relief.riverDistance[i]! < 24
    if (flat) return way > 0.75 * length ? out : undefined
    const keep = out.length === 0 ? 0 : 0.86
    vx = keep * vx + (1 - keep) * sampleField(ground.downX, side, side, x, y)
    vy = keep * vy + (1 - keep) * sampleField(ground.downY, side, side, x, y)
    const speed = Math.hypot(vx, vy)
    if (speed < 1e-3) return undefined
    out.push([x, y])
    x += (0.5 * vx) / speed
    y += (0.5 * vy) / speed
  }
  return out
}

/** Pixels inside at a scale, on a lattice of half pixels around the track: a raster for area and outline. */
function raster(scar: Plan): {
  mask: Uint8Array
  x0: number
  y0: number
  width: number
  height: number
  count: number
} {
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { x, y, radius } of scar.track) {
    const r = radius * scar.scale * 1.35 + 3
    west = Math.min(west, x - r)
    east = Math.max(east, x + r)
    north = Math.min(north, y - r)
    south = Math.max(south, y + r)
  }
  const [x0, y0] = [Math.floor(west), Math.floor(north)]
  const width = Math.ceil((east - x0) * 2) + 1
  const height = Math.ceil((south - y0) * 2) + 1
  const mask = new Uint8Array(width * height)
  let count = 0
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [depth] = insideScar(scar, x0 + column / 2, y0 + row / 2, 0)
      if (depth <= 0) continue
      mask[row * width + column] = 1
      count++
    }
  }
  return { mask, x0, y0, width, height, count }
}

/** Drops vertices that lie closer than `tolerance` to the line through those kept (Douglas and Peucker 1973). */
function simplify(line: readonly Position[], tolerance: number): Position[] {
  const first = line[0]!
  const last = line[line.length - 1]!
  const [dx, dy] = [last[0]! - first[0]!, last[1]! - first[1]!]
  const length = Math.hypot(dx, dy)
  let farthest = 0
  let at = 0
  for (let i = 1; i + 1 < line.length; i++) {
    const [px, py] = [line[i]![0]! - first[0]!, line[i]![1]! - first[1]!]
    const d = length === 0 ? Math.hypot(px, py) : Math.abs(px * dy - py * dx) / length
    if (d > farthest) {
      farthest = d
      at = i
    }
  }
  if (farthest <= tolerance) return [first, last]
  return [...simplify(line.slice(0, at + 1), tolerance).slice(0, -1), ...simplify(line.slice(at), tolerance)]
}

/** How far a mapped outline strays from the smooth one, pixels. */
const OUTLINE_TOLERANCE = 0.22

const PLANE: Crs = { name: 'pixels', proj4: '+proj=utm +zone=23', unit: 'metre', isGeographic: false }

/** The largest outline of a scar's raster with its corners cut, in pixels of the scene. */
function outlineOf(scar: Plan): Position[] {
  const { mask, x0, y0, width, height } = raster(scar)
  // Centres of the half-pixel lattice lie at x0 + column / 2.
  const grid: Grid = { crs: PLANE, affine: [0.5, 0, x0 - 0.25, 0, 0.5, y0 - 0.25], width, height }
  const shells = polygonise(mask, grid, { ignore: 0 }).features.map((f) => (f.geometry as Polygon).coordinates[0]!)
  const ring = shells.reduce((a, b) => (b.length > a.length ? b : a))
  const middles = ring.slice(1).map((p, i): Position => [(p[0]! + ring[i]![0]!) / 2, (p[1]! + ring[i]![1]!) / 2])
  const half = Math.floor(middles.length / 2)
  const thinned = [
    ...simplify(middles.slice(0, half + 1), OUTLINE_TOLERANCE).slice(0, -1),
    ...simplify([...middles.slice(half), middles[0]!], OUTLINE_TOLERANCE),
  ]
  return thinned
}

/** A scar of an area and length from a start, or undefined when the ground does not allow it. */
function grow(
  random: Random,
  start: readonly [number, number],
  area: number,
  length: number,
  relief: Relief,
  ground: Ground,
  frame: Frame,
): Scar | undefined {
  const pixels = length / PIXEL
  const line = walk(start, pixels * 0.91, relief, ground, frame)
  if (line === undefined || line.length < 6) return undefined
  const width = profile(random)
  const noise = gradientNoise(random.integer(2 ** 31))
  const radius = area / length / PIXEL / 2
  const point = ([x, y]: [number, number], k: number): TrackPoint => {
    const s = k / (line.length - 1)
    return {
      x,
      y,
      s,
      radius: Math.max(0.35, radius * width(Math.min(0.985, Math.max(0.015, s))) * (1.25 + 0.35 * noise(s * 5, 0))),
    }
  }
  // Disks a third of their radius apart have a smooth outline.
  const stride = Math.max(1, Math.round(0.7 * radius))
  const track = line.map(point).filter((_, k) => k % stride === 0)
  // Large slides gather from several heads.
  if (area > 9000 && random.uniform() < 0.5) {
    const [sx, sy] = [
      start[0] + (random.uniform() - 0.5) * 3.2 * radius,
      start[1] + (random.uniform() - 0.5) * 3.2 * radius,
    ]
    const second = walk([sx, sy], pixels * 0.5, relief, ground, frame)
    for (const [k, place] of (second ?? []).entries())
      if (k % stride === 0) track.push({ ...point(place, k), s: (0.5 * k) / (2 * pixels) })
  }
  const seed = random.integer(2 ** 30)
  const breadth = track.reduce((sum, p) => sum + p.radius, 0) / track.length
  let scale = 1
  for (let k = 0; k < 5; k++) {
    const covered = (raster({ track, scale, breadth, seed }).count * PIXEL * PIXEL) / 4
    scale *= Math.min(1.6, Math.max(0.6, Math.sqrt(area / Math.max(covered, 1))))
  }
  const outline = outlineOf({ track, scale, breadth, seed })
  const regrowth = random.uniform() < 0.6 ? 0.3 * random.uniform() : 0.15 + 0.5 * random.uniform()
  return { track, scale, breadth, seed, regrowth, pale: random.uniform(), outline, areaSquareMetres: area }
}

/** How prone a pixel is to slide: steep, hollow, without rock at the surface. */
function proneness(relief: Relief, ground: Ground, road: number, i: number): number {
  const slope = ground.slope[i]!
  if (slope < 24 || slope > 47 || relief.riverDistance[i]! < 60) return 0
  return (
    Math.exp(-(((slope - 34) / 6) ** 2)) *
    (1 + Math.min(3, Math.max(-0.8, 60 * ground.hollow[i]!))) *
    (road < 40 ? 1.5 : 1)
  )
}

export interface ScarOptions {
  /** Share of the frame's area that scars cover. */
  readonly share: number
}

/** Scars of a scene, none touching another, until they cover the wanted share of the frame. */
export function makeScars(
  random: Random,
  relief: Relief,
  ground: Ground,
  frame: Frame,
  { share }: ScarOptions,
): Scar[] {
  const { side } = relief
  const span = frame.last - frame.first
  const total = (span * PIXEL) ** 2
  const taken = new Uint8Array(side * side)
  const scars: Scar[] = []
  const { logArea, logLength, areaRange } = SCAR_STATISTICS
  let covered = 0
  for (let tries = 0; covered < share * total && tries < 4000; tries++) {
    const draw = random.split(tries)
    const area = Math.exp(logArea.mean + logArea.sd * draw.normal())
    const room = (share + 0.004) * total - covered
    if (area < areaRange[0] || area > Math.min(areaRange[1], 0.08 * total, room)) continue
    const length = Math.exp(logLength.intercept + logLength.slope * Math.log(area) + logLength.sd * draw.normal())
    // An area once drawn is kept until a place is found for it, so that large ones are not lost.
    for (let place = 0; place < 150; place++) {
      const [x, y] = [frame.first + 4 + draw.uniform() * (span - 8), frame.first + 4 + draw.uniform() * (span - 8)]
      const i = Math.round(y) * side + Math.round(x)
      if (draw.uniform() > 0.6 * proneness(relief, ground, 99, i)) continue
      const scar = grow(draw.split(place), [x, y], area, length, relief, ground, frame)
      if (scar === undefined || touches(scar, taken, side, frame)) continue
      scars.push(scar)
      covered += area
      break
    }
  }
  return scars
}

/** Whether a scar comes near another or leaves the frame; when not, its ground is taken. */
function touches(scar: Scar, taken: Uint8Array, side: number, frame: Frame): boolean {
  const disks = scar.track.map(({ x, y, radius }) => ({ x, y, r: radius * scar.scale * 1.2 + 2 }))
  const visit = (each: (i: number) => boolean): boolean =>
    disks.some(({ x, y, r }) => {
      for (let row = Math.ceil(y - r); row <= y + r; row++) {
        for (let column = Math.ceil(x - r); column <= x + r; column++) {
          if (row < frame.first || column < frame.first || row >= frame.last || column >= frame.last) return true
          if ((row - y) ** 2 + (column - x) ** 2 <= r * r && each(row * side + column)) return true
        }
      }
      return false
    })
  if (visit((i) => taken[i] === 1)) return true
  visit((i) => {
    taken[i] = 1
    return false
  })
  return false
}

/** Scars as features: outlines by a function from pixels to coordinates. */
export function scarFeatures(scars: readonly Scar[], place: (x: number, y: number) => Position): Feature[] {
  return scars.map((scar, i) => ({
    geometry: { type: 'Polygon', coordinates: [scar.outline.map((p) => place(p[0]!, p[1]!))] },
    properties: { id: i + 1, class: 'landslide' },
  }))
}
