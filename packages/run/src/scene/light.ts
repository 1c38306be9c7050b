/** Sunlight on the terrain: what each pixel receives directly, with cast shadows, and from the sky. */
import { PIXEL } from './relief.ts'

export interface Sun {
  /** Clockwise from north. */
  readonly azimuthDeg: number
  /** Above the horizon. */
  readonly elevationDeg: number
}

export interface Light {
  /** Direct light relative to level ground, 0 in shadow. */
  readonly direct: Float32Array<ArrayBuffer>
  /** Share of the sky seen, by slope alone. */
  readonly sky: Float32Array<ArrayBuffer>
}

/** Softness of a shadow's edge, metres above the ray. */
const PENUMBRA = 3

/** How much of the sun's disk clears the ridges, by marching towards it in steps that grow with distance. */
function visible(
  height: Float32Array,
  side: number,
  x: number,
  y: number,
  stepX: number,
  stepY: number,
  rise: number,
  top: number,
): number {
  const start = height[y * side + x]!
  let clear = 1
  for (let way = 1.5; ; way += 1 + way * 0.012) {
    const ray = start + way * rise
    if (ray > top) return clear
    const column = Math.round(x + way * stepX)
    const row = Math.round(y + way * stepY)
    if (column < 0 || row < 0 || column >= side || row >= side) return clear
    const margin = ray - height[row * side + column]!
    if (margin < -PENUMBRA) return 0
    if (margin < PENUMBRA) clear = Math.min(clear, 0.5 + margin / (2 * PENUMBRA))
  }
}

/** Light on a square scene of heights in metres. */
export function lightOf(height: Float32Array, side: number, sun: Sun): Light {
  const azimuth = (sun.azimuthDeg * Math.PI) / 180
  const elevation = (sun.elevationDeg * Math.PI) / 180
  const [east, north, up] = [
    Math.sin(azimuth) * Math.cos(elevation),
    Math.cos(azimuth) * Math.cos(elevation),
    Math.sin(elevation),
  ]
  const rise = PIXEL * Math.tan(elevation)
  const top = height.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const direct = new Float32Array(side * side)
  const sky = new Float32Array(side * side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const i = y * side + x
      const gx = (height[x + 1 < side ? i + 1 : i]! - height[x > 0 ? i - 1 : i]!) / (2 * PIXEL)
      const gy = (height[y > 0 ? i - side : i]! - height[y + 1 < side ? i + side : i]!) / (2 * PIXEL)
      const norm = Math.sqrt(1 + gx * gx + gy * gy)
      const facing = (up - gx * east - gy * north) / norm
      sky[i] = (1 + 1 / norm) / 2
      if (facing > 0)
        direct[i] = (facing / up) * visible(height, side, x, y, Math.sin(azimuth), -Math.cos(azimuth), rise, top)
    }
  }
  return { direct, sky }
}
