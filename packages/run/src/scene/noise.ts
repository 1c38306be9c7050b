/** Smooth random fields over the plane: gradient noise and its sums. A value depends on seed and place only. */

export type Noise = (x: number, y: number) => number

/** A 32-bit mix of two lattice coordinates and a seed (finaliser of MurmurHash3). */
function hash(x: number, y: number, seed: number): number {
  let h = (Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ seed) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A uniform number in [0, 1) for every lattice point. */
export function latticeUniform(seed: number): Noise {
  return (x, y) => hash(x | 0, y | 0, seed) / 2 ** 32
}

const GRADIENTS = Float64Array.from({ length: 128 }, (_, i) => {
  const angle = (Math.floor(i / 2) * Math.PI) / 32
  return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)
})

const fade = (t: number): number => t * t * t * (t * (t * 6 - 15) + 10)

/** Gradient noise of unit wavelength, about [-1, 1] (Perlin 2002). */
export function gradientNoise(seed: number): Noise {
  const corner = (x: number, y: number, dx: number, dy: number): number => {
    const g = (hash(x, y, seed) & 63) * 2
    return GRADIENTS[g]! * dx + GRADIENTS[g + 1]! * dy
  }
  return (x, y) => {
    const x0 = Math.floor(x)
    const y0 = Math.floor(y)
    const dx = x - x0
    const dy = y - y0
    const u = fade(dx)
    const v = fade(dy)
    const top = corner(x0, y0, dx, dy) * (1 - u) + corner(x0 + 1, y0, dx - 1, dy) * u
    const bottom = corner(x0, y0 + 1, dx, dy - 1) * (1 - u) + corner(x0 + 1, y0 + 1, dx - 1, dy - 1) * u
    return (top * (1 - v) + bottom * v) * 1.5
  }
}

/** Fractional Brownian motion: octaves of halved wavelength and `gain` times the amplitude, about [-1, 1]. */
export function fractal(seed: number, wavelength: number, octaves: number, gain = 0.5): Noise {
  const layers = Array.from({ length: octaves }, (_, i) => gradientNoise((seed + Math.imul(i, 0x9e3779b1)) | 0))
  const scale = 1 / layers.reduce((sum, _, i) => sum + gain ** i * 0.75, 0)
  return (x, y) => {
    let frequency = 1 / wavelength
    let amplitude = scale
    let sum = 0
    for (const layer of layers) {
      sum += amplitude * layer(x * frequency, y * frequency)
      frequency *= 2
      amplitude *= gain
    }
    return sum
  }
}

/** Samples a noise at every pixel, shape `[height, width]`. */
export function fieldOf(noise: Noise, width: number, height: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(width * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) out[y * width + x] = noise(x, y)
  return out
}

/** 0 below `low`, 1 above `high`, smooth between (reversed where low > high). */
export function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)))
  return t * t * (3 - 2 * t)
}

/** Bilinear value of a field at a position in pixels (0 = centre of the first pixel), held at the border. */
export function sampleField(field: Float32Array, width: number, height: number, x: number, y: number): number {
  const cx = Math.min(width - 1, Math.max(0, x))
  const cy = Math.min(height - 1, Math.max(0, y))
  const x0 = Math.min(width - 2, Math.floor(cx))
  const y0 = Math.min(height - 2, Math.floor(cy))
  const u = cx - x0
  const v = cy - y0
  const i = y0 * width + x0
  const top = field[i]! * (1 - u) + field[i + 1]! * u
  const bottom = field[i + width]! * (1 - u) + field[i + width + 1]! * u
  return top * (1 - v) + bottom * v
}

/** Box-blurred copy, three passes: close to a Gaussian of standard deviation `radius` pixels. */
export function blur(field: Float32Array, width: number, height: number, radius: number): Float32Array<ArrayBuffer> {
  let from = Float32Array.from(field)
  const half = Math.max(1, Math.round(Math.sqrt(radius * radius + 0.25)))
  for (let pass = 0; pass < 3; pass++) from = boxes(boxes(from, width, height, half), height, width, half)
  return from
}

/** One pass along rows; returns the transpose. */
function boxes(field: Float32Array, width: number, height: number, half: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(width * height)
  const span = 2 * half + 1
  for (let y = 0; y < height; y++) {
    const row = y * width
    let sum = field[row]! * half
    for (let x = 0; x <= half; x++) sum += field[row + Math.min(width - 1, x)]!
    for (let x = 0; x < width; x++) {
      out[x * height + y] = sum / span
      sum += field[row + Math.min(width - 1, x + half + 1)]! - field[row + Math.max(0, x - half)]!
    }
  }
  return out
}
