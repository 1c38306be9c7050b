/** What grows and stands on the terrain before the landslides: forest, fields, river, roads, houses, rock, quarries. */
import type { Random } from '@ecotope/core'
import { fractal, gradientNoise, latticeUniform, smoothstep } from './noise.ts'
import { PIXEL, type Relief } from './relief.ts'
import { roadsOf } from './roads.ts'
import { COVER_NAMES, type CoverName } from './spectra.ts'

/** Degrees of slope for every pixel, from the relief smoothed as a map-maker would see it. */
export interface Ground {
  readonly slope: Float32Array
  /** Downhill unit vector, x east and y south. */
  readonly downX: Float32Array
  readonly downY: Float32Array
  /** Laplacian of height in 1/m: positive in hollows. */
  readonly hollow: Float32Array
}

/** Fractions of two covers a pixel: the first, the second and the share of the second. */
export interface LandCover {
  readonly main: Uint8Array<ArrayBuffer>
  readonly other: Uint8Array<ArrayBuffer>
  readonly share: Float32Array<ArrayBuffer>
}

const code = (name: CoverName): number => COVER_NAMES.indexOf(name)

/** Slope, downhill direction and concavity by central differences of a smoothed height. */
export function groundOf(smooth: Float32Array, side: number): Ground {
  const n = side * side
  const out = {
    slope: new Float32Array(n),
    downX: new Float32Array(n),
    downY: new Float32Array(n),
    hollow: new Float32Array(n),
  }
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const i = y * side + x
      const west = smooth[x > 0 ? i - 1 : i]!
      const east = smooth[x + 1 < side ? i + 1 : i]!
      const north = smooth[y > 0 ? i - side : i]!
      const south = smooth[y + 1 < side ? i + side : i]!
      const gx = (east - west) / (2 * PIXEL)
      const gy = (south - north) / (2 * PIXEL)
      const steep = Math.hypot(gx, gy)
      out.slope[i] = (Math.atan(steep) * 180) / Math.PI
      out.downX[i] = steep > 0 ? -gx / steep : 0
      out.downY[i] = steep > 0 ? -gy / steep : 0
      out.hollow[i] = (west + east + north + south - 4 * smooth[i]!) / (PIXEL * PIXEL)
    }
  }
  return out
}

interface Parcel {
  /** Uniform in [0, 1): decides what the parcel is used for. */
  readonly use: number
  /** Another one: how lush, how fresh. */
  readonly state: number
}

/** Fields as cells around jittered points, about `size` pixels wide and longer along one axis. */
function parcels(seed: number, size: number): (x: number, y: number) => Parcel {
  const [ux, uy, use, state] = [0, 1, 2, 3].map((k) => latticeUniform(seed + k)) as [
    ReturnType<typeof latticeUniform>,
    ReturnType<typeof latticeUniform>,
    ReturnType<typeof latticeUniform>,
    ReturnType<typeof latticeUniform>,
  ]
  return (x, y) => {
    const [cx, cy] = [Math.floor(x / size), Math.floor(y / size)]
    let best = Number.POSITIVE_INFINITY
    let [bx, by] = [cx, cy]
    for (let j = cy - 1; j <= cy + 1; j++) {
      for (let i = cx - 1; i <= cx + 1; i++) {
        const dx = x / size - (i + 0.15 + 0.7 * ux(i, j))
        const dy = y / size - (j + 0.15 + 0.7 * uy(i, j))
        // A sheared metric gives elongated fields.
        const d = dx * dx * 1.6 + dy * dy * 0.8 + 0.5 * dx * dy
        if (d < best) {
          best = d
          ;[bx, by] = [i, j]
        }
      }
    }
    return { use: use(bx, by), state: state(bx, by) }
  }
}

/** Share of forest stands that were felled in the last years. */
const CLEARED = 0.016

// Houses of about ten metres.
const HOUSES = latticeUniform(7)

/** Use of open land by parcel: [upper bound of `use`, cover]. */
const VALLEY_USE: readonly (readonly [number, CoverName])[] = [
  [0.34, 'pasture'],
  [0.5, 'dryGrass'],
  [0.75, 'crop'],
  [0.84, 'soil'],
  [0.9, 'shrub'],
  [1, 'roof'],
]
const SLOPE_USE: readonly (readonly [number, CoverName])[] = [
  [0.46, 'pasture'],
  [0.72, 'dryGrass'],
  [0.92, 'shrub'],
  [1, 'soil'],
]

const pick = (table: readonly (readonly [number, CoverName])[], use: number): CoverName =>
  table.find(([bound]) => use < bound)?.[1] ?? 'pasture'

interface Painter {
  readonly cover: LandCover
  set(i: number, main: CoverName, other?: CoverName, share?: number): void
}

function painter(n: number): Painter {
  const cover = { main: new Uint8Array(n), other: new Uint8Array(n), share: new Float32Array(n) }
  return {
    cover,
    set: (i, main, other = main, share = 0) => {
      cover.main[i] = code(main)
      cover.other[i] = code(other)
      cover.share[i] = share
    },
  }
}

/** Forest on steep and high ground, open land in parcels where people reach. */
function paintVegetation(paint: Painter, relief: Relief, ground: Ground, seed: number): void {
  const { side } = relief
  const patches = fractal(seed, 95, 5)
  const edge = fractal(seed + 1, 14, 3)
  const lush = fractal(seed + 2, 60, 4)
  const field = parcels(seed + 3, 17)
  const stand = parcels(seed + 9, 13)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const i = y * side + x
      const slope = ground.slope[i]!
      const wild =
        1.5 * patches(x, y) +
        0.3 * edge(x, y) +
        (slope - 17) / 13 +
        (relief.aboveRiver[i]! - 130) / 300 +
        (relief.flow[i]! > 8e4 ? 0.5 : 0)
      const green = 0.5 + 0.5 * lush(x, y)
      const { use, state } = stand(x + 5 * edge(x, y), y + 3 * edge(y, x))
      // Stands felled lately: bare at first, then overgrown.
      if (wild > 0.34 && wild < 1.6 && use < CLEARED)
        paint.set(i, state < 0.55 ? 'soil' : 'dryGrass', 'shrub', 0.15 + 0.6 * green * state)
      else if (wild > 0.34)
        paint.set(i, 'forest', 'shrub', smoothstep(1.2, 0.34, wild) * 0.5 * green + 0.12 * (1 - green))
      else if (wild > 0.02) paint.set(i, 'shrub', wild > 0.18 ? 'forest' : 'pasture', 0.45 * Math.abs(edge(x, y)))
      else paintOpen(paint, i, slope, field(x + 6 * edge(x / 2, y / 2), y), green, x, y)
    }
  }
}

function paintOpen(
  paint: Painter,
  i: number,
  slope: number,
  parcel: Parcel,
  green: number,
  x: number,
  y: number,
): void {
  const cover = pick(slope < 9 ? VALLEY_USE : SLOPE_USE, parcel.use)
  if (cover === 'roof') paint.set(i, HOUSES(x >> 1, y >> 1) < 0.3 ? 'roof' : 'pasture', 'dirtRoad', 0.25)
  else if (cover === 'soil') paint.set(i, 'soil', 'dryGrass', 0.1 + 0.45 * parcel.state * green)
  else paint.set(i, cover, 'dryGrass', 0.5 * (1 - green) * parcel.state)
}

/** Bare rock on the steepest convex ground, and eroded patches in steep pasture. */
function paintRock(paint: Painter, relief: Relief, ground: Ground, seed: number): void {
  const { side } = relief
  const patches = fractal(seed, 34, 4)
  const sores = fractal(seed + 1, 13, 3)
  const open = new Set([code('pasture'), code('dryGrass')])
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)]
    const rocky = (ground.slope[i]! - 37) / 7 + 0.9 * patches(x, y) - ground.hollow[i]! * 12
    if (rocky > 0.55) paint.set(i, 'rock', 'shrub', smoothstep(1.4, 0.55, rocky) * 0.6)
    else if (ground.slope[i]! > 9 && open.has(paint.cover.main[i]!)) {
      const bare = smoothstep(0.48, 0.7, sores(x, y))
      if (bare > 0) paint.set(i, 'dryGrass', sores(y, x) > 0 ? 'debris' : 'soil', bare * 0.85)
    }
  }
}

/** River with sand bars, creeks under trees. */
function paintWater(paint: Painter, relief: Relief, seed: number): void {
  const { side, riverDistance, flow, height } = relief
  const width = gradientNoise(seed)
  const bars = fractal(seed + 1, 22, 2)
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)]
    const half = 10 + 3 * width(x / 30, y / 30)
    const distance = riverDistance[i]!
    if (distance < half + 9 && bars(x, y) > 0.32) paint.set(i, 'sand', 'shrub', 0.2)
    if (distance < half) {
      paint.set(i, 'water', 'sand', smoothstep(half - 5, half, distance) * 0.5)
      height[i]! -= 1
    } else if (flow[i]! > 2.5e5) paint.set(i, 'forest', 'water', 0.2)
  }
}

/** Round pits of bright rock beside a road. */
function paintQuarries(paint: Painter, relief: Relief, ground: Ground, road: Float32Array, random: Random): void {
  const { side } = relief
  const wanted = 1 + Math.round(side / 400)
  for (let tries = 0, made = 0; tries < 4000 && made < wanted; tries++) {
    const [cx, cy] = [20 + random.integer(side - 40), 20 + random.integer(side - 40)]
    const at = cy * side + cx
    if (road[at]! > 60 || road[at]! < 20 || ground.slope[at]! < 8 || ground.slope[at]! > 28) continue
    made++
    const [rx, ry] = [5 + random.integer(6), 4 + random.integer(5)]
    const shape = gradientNoise(random.integer(2 ** 31))
    for (let y = cy - 14; y <= cy + 14; y++) {
      for (let x = cx - 14; x <= cx + 14; x++) {
        const inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + 0.5 * shape(x / 4, y / 4)
        const i = y * side + x
        if (inside > 1 || i < 0 || i >= side * side) continue
        paint.set(i, 'quarry', 'soil', smoothstep(0.4, 1, inside) * 0.7)
        relief.height[i]! -= 6 * (1 - Math.max(0, inside))
      }
    }
  }
}

/** Roads with earth banks; asphalt on the one in the valley. */
function paintRoads(paint: Painter, road: Float32Array, paved: Uint8Array, seed: number): void {
  const bank = gradientNoise(seed)
  const side = Math.round(Math.sqrt(road.length))
  for (let i = 0; i < road.length; i++) {
    const distance = road[i]!
    const half = paved[i] === 1 ? 5 : 3.2
    if (distance < half) paint.set(i, paved[i] === 1 ? 'asphalt' : 'dirtRoad', 'dirtRoad', 0.3)
    else if (distance < half + 5 && bank((i % side) / 9, Math.floor(i / side) / 9) > 0.12) {
      paint.set(i, 'soil', 'shrub', 0.4)
    }
  }
}

/** The cover of the scene before the landslides. Lowers the river bed and quarries in `relief.height`. */
export function makeLandCover(random: Random, relief: Relief, ground: Ground): LandCover {
  const seed = random.split('cover').integer(2 ** 30)
  const paint = painter(relief.side * relief.side)
  paintVegetation(paint, relief, ground, seed)
  paintRock(paint, relief, ground, seed + 10)
  paintWater(paint, relief, seed + 20)
  const { distance, paved } = roadsOf(random.split('roads'), relief, ground)
  paintQuarries(paint, relief, ground, distance, random.split('quarries'))
  paintRoads(paint, distance, paved, seed + 30)
  return paint.cover
}
