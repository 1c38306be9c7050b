/**
 * The mountain: uplift against rivers that cut (stream power law) and slopes that fail above a critical angle, solved
 * from coarse to fine. A main river crosses the scene and carries everything away.
 */
import type { Random } from '@ecotope/core'
import { contributingArea, type Drainage, drain } from './drainage.ts'
import { blur, fieldOf, fractal, latticeUniform, type Noise, sampleField, smoothstep } from './noise.ts'

/** Metres per pixel of the scene. */
export const PIXEL = 5

export interface Relief {
  /** Pixels on a side. */
  readonly side: number
  /** Metres above the sea, `[side, side]`. */
  readonly height: Float32Array<ArrayBuffer>
  /** Contributing area in m². */
  readonly flow: Float32Array<ArrayBuffer>
  readonly drainage: Drainage
  /** Distance to the middle of the main river, metres. */
  readonly riverDistance: Float32Array<ArrayBuffer>
  /** Height above the nearest reach of the river, metres. */
  readonly aboveRiver: Float32Array<ArrayBuffer>
}

const LEVELS = [
  { factor: 8, steps: 180, creeps: 1, share: 0.035 },
  { factor: 4, steps: 30, creeps: 1, share: 0.14 },
  { factor: 2, steps: 7, creeps: 3, share: 0.18 },
  { factor: 1, steps: 2, creeps: 5, share: 0.2 },
] as const

// Uplift per step (m) over erodibility: slope = (UPLIFT / ERODIBILITY) · area^-EXPONENT at steady state.
const UPLIFT = 1.8
const ERODIBILITY = 0.095
const EXPONENT = 0.45
const BASE_METRES = 780
const RIVER_FALL = 0.006

/** The river's middle line: y in metres for x in metres, and its height. */
interface River {
  readonly y: (x: number) => number
  readonly height: (x: number) => number
}

function riverOf(random: Random, extent: number): River {
  const [a, b, c] = [random.uniform() * 6.28, random.uniform() * 6.28, random.uniform() * 6.28]
  const centre = extent * (0.36 + 0.28 * random.uniform())
  const tilt = (random.uniform() - 0.5) * 0.3
  return {
    y: (x) =>
      centre +
      tilt * (x - extent / 2) +
      extent * (0.055 * Math.sin((5.1 * x) / extent + a) + 0.028 * Math.sin((13 * x) / extent + b)) +
      18 * Math.sin(x / 74 + c),
    height: (x) => BASE_METRES + RIVER_FALL * (extent - x),
  }
}

/** For every pixel: distance to the river and the river's height there, by marching along the line. */
function riverFields(
  river: River,
  side: number,
  pixel: number,
): { distance: Float32Array<ArrayBuffer>; level: Float32Array<ArrayBuffer> } {
  const distance = new Float32Array(side * side)
  const level = new Float32Array(side * side)
  const points = Float64Array.from({ length: side + 1 }, (_, i) => river.y(i * pixel))
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [x, y] = [(column + 0.5) * pixel, (row + 0.5) * pixel]
      let best = Number.POSITIVE_INFINITY
      let at = x
      const reach = Math.min(side, Math.ceil(Math.abs(points[column]! - y) / pixel) + 1)
      const stride = reach > 60 ? 4 : 1
      for (let k = Math.max(0, column - reach); k <= Math.min(side, column + reach); k += stride) {
        const d = (points[k]! - y) ** 2 + (k * pixel - x) ** 2
        if (d < best) {
          best = d
          at = k * pixel
        }
      }
      distance[row * side + column] = Math.sqrt(best)
      level[row * side + column] = river.height(at)
    }
  }
  return { distance, level }
}

/** A field at twice the resolution. */
function refine(field: Float32Array, side: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(4 * side * side)
  for (let y = 0; y < 2 * side; y++) {
    for (let x = 0; x < 2 * side; x++) {
      out[y * 2 * side + x] = sampleField(field, side, side, (x - 0.5) / 2, (y - 0.5) / 2)
    }
  }
  return out
}

interface Rock {
  readonly uplift: Float32Array
  readonly erodibility: Float32Array
  /** Tangent of the steepest stable slope. */
  readonly critical: Float32Array
}

function rockOf(seed: number, side: number, pixel: number): Rock {
  const [a, b, c] = [
    fractal(seed, 1400 / pixel, 3),
    fractal(seed + 1, 420 / pixel, 4),
    fractal(seed + 2, 260 / pixel, 4),
  ]
  return {
    uplift: fieldOf((x, y) => UPLIFT * (1 + 0.6 * a(x, y)), side, side),
    erodibility: fieldOf((x, y) => ERODIBILITY * Math.exp(0.9 * b(x, y)), side, side),
    critical: fieldOf((x, y) => 0.95 + 0.3 * c(x, y), side, side),
  }
}

/** One step: uplift, then incision solved implicitly from the outlets upwards (Braun and Willett 2013, eq. 11, n = 1). */
function erode(
  height: Float32Array,
  side: number,
  pixel: number,
  outlets: Uint8Array,
  rock: Rock,
  wobble: Noise,
): Drainage {
  const drainage = drain(height, side, outlets, wobble)
  const area = contributingArea(drainage)
  const { order, receivers, steps } = drainage
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!
    if (outlets[i] === 1) continue
    const base = height[receivers[i]!]!
    const length = steps[i]! * pixel
    const cut = (rock.erodibility[i]! * (area[i]! * pixel * pixel) ** EXPONENT) / length
    const raised = (height[i]! + rock.uplift[i]! + cut * base) / (1 + cut)
    height[i] = Math.min(raised, base + rock.critical[i]! * length)
  }
  return drainage
}

/** Soil creep: explicit diffusion, `share` at most 0.2. */
function creep(height: Float32Array, side: number, outlets: Uint8Array, share: number): void {
  const before = Float32Array.from(height)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const i = y * side + x
      if (outlets[i] === 1) continue
      const west = before[x > 0 ? i - 1 : i]!
      const east = before[x + 1 < side ? i + 1 : i]!
      const north = before[y > 0 ? i - side : i]!
      const south = before[y + 1 < side ? i + side : i]!
      height[i] = before[i]! + share * (west + east + north + south - 4 * before[i]!)
    }
  }
}

/** Pixels of the river's line; they keep their height. */
function outletsOf(distance: Float32Array, level: Float32Array, height: Float32Array, pixel: number): Uint8Array {
  return Uint8Array.from(distance, (d, i) => {
    if (d > Math.max(pixel * 0.75, 8)) return 0
    height[i] = level[i]!
    return 1
  })
}

/** Alluvium: ground close to the river's level becomes a flat valley floor that widens and narrows. */
function fillValley(
  height: Float32Array,
  level: Float32Array,
  distance: Float32Array,
  side: number,
  seed: number,
): void {
  const width = fractal(seed + 7, 130, 3)
  for (let i = 0; i < height.length; i++) {
    const above = Math.max(0, height[i]! - level[i]!)
    const depth = 20 * (1 + 0.8 * width(i % side, Math.floor(i / side))) * smoothstep(380, 140, distance[i]!)
    height[i] = level[i]! + 1.2 + (above * above) / (above + depth)
  }
}

/** Bumps of rock, soil and trees that a fine elevation model shows: stronger on steep ground. */
function roughen(height: Float32Array, side: number, seed: number): void {
  const coarse = fractal(seed + 11, 26, 4, 0.55)
  const smooth = blur(height, side, side, 3)
  for (let y = 1; y + 1 < side; y++) {
    for (let x = 1; x + 1 < side; x++) {
      const i = y * side + x
      const slope = Math.hypot(smooth[i + 1]! - smooth[i - 1]!, smooth[i + side]! - smooth[i - side]!) / (2 * PIXEL)
      height[i]! += (0.15 + 3.2 * slope * slope) * coarse(x, y)
    }
  }
}

/** The terrain of a square scene, `side` a multiple of 8. */
export function makeRelief(random: Random, side: number): Relief {
  const seed = random.split('relief').integer(2 ** 31)
  const river = riverOf(random.split('river'), side * PIXEL)
  let n = side / LEVELS[0].factor
  let height = fieldOf(fractal(seed + 3, 9, 3), n, n).map((v) => BASE_METRES + 60 + 30 * v)
  for (const { factor, steps, creeps, share } of LEVELS) {
    const pixel = PIXEL * factor
    if (factor !== LEVELS[0].factor) {
      height = refine(height, n)
      n *= 2
      const bumps = fractal(seed + factor * 17, 6, 3)
      for (let i = 0; i < height.length; i++) height[i]! += 0.09 * pixel * bumps(i % n, Math.floor(i / n))
    }
    const { distance, level } = riverFields(river, n, pixel)
    const outlets = outletsOf(distance, level, height, pixel)
    const rock = rockOf(seed + 5, n, pixel)
    for (let step = 0; step < steps; step++) {
      erode(height, n, pixel, outlets, rock, latticeUniform(seed + factor * 1000 + step))
      for (let k = 0; k < creeps; k++) creep(height, n, outlets, share)
    }
  }
  return finish(height, side, river, seed)
}

function finish(height: Float32Array<ArrayBuffer>, side: number, river: River, seed: number): Relief {
  const { distance, level } = riverFields(river, side, PIXEL)
  const outlets = outletsOf(distance, level, height, PIXEL)
  creep(height, side, outlets, 0.18)
  fillValley(height, level, distance, side, seed)
  roughen(height, side, seed)
  const filled = Float32Array.from(height)
  const drainage = drain(filled, side, outlets)
  const flow = contributingArea(drainage).map((pixels) => pixels * PIXEL * PIXEL)
  const aboveRiver = height.map((z, i) => z - level[i]!)
  return { side, height, flow, drainage, riverDistance: distance, aboveRiver }
}
