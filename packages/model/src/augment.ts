/** Augmentation of training tiles: the symmetries of the square, brightness and noise. Works on one tile in place of a copy. */
import { type Random, random } from '@ecotope/core'

export interface Augmentation {
  /** Mirror left-right with probability one half. */
  readonly flips: boolean
  /** Turn by 0, 90, 180 or 270 degrees. */
  readonly quarterTurns: boolean
  /** Standard deviation of a gain and an offset per tile, in standard deviations of a band. */
  readonly brightness: number
  /** Standard deviation of white noise, in standard deviations of a band. */
  readonly noise: number
}

/** One of the eight symmetries: where the pixel of the output at (row, column) comes from in the input. */
export interface Symmetry {
  readonly mirror: boolean
  readonly turns: 0 | 1 | 2 | 3
}

export function drawSymmetry(augmentation: Augmentation, draw: Random): Symmetry {
  const turns = augmentation.quarterTurns ? draw.integer(4) : 0
  return { mirror: augmentation.flips && draw.uniform() < 0.5, turns: turns as Symmetry['turns'] }
}

/** Index map of a symmetry on an n x n tile: output pixel i is input pixel `map[i]`. */
export function symmetryMap(n: number, { mirror, turns }: Symmetry): Int32Array {
  const map = new Int32Array(n * n)
  const last = n - 1
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      let r = row
      let c = mirror ? last - column : column
      for (let t = 0; t < turns; t++) [r, c] = [c, last - r]
      map[row * n + column] = r * n + c
    }
  }
  return map
}

/** Writes `layers` layers of an n x n tile, moved by a symmetry, to `target` from `offset`. */
export function applySymmetry(
  source: Float32Array,
  target: Float32Array,
  offset: number,
  layers: number,
  map: Int32Array,
): void {
  const n = map.length
  for (let layer = 0; layer < layers; layer++) {
    const from = layer * n
    const to = offset + layer * n
    for (let i = 0; i < n; i++) target[to + i] = source[from + map[i]!]!
  }
}

/** White noise is cut from a table at random places: drawing each number anew costs as much as a training step. */
const TABLE = 2 ** 16
const RUN = 256
let table: Float32Array | undefined

function addNoise(values: Float32Array, start: number, end: number, deviation: number, draw: Random): void {
  table ??= random(TABLE).normals(TABLE)
  for (let from = start; from < end; from += RUN) {
    const shift = draw.integer(TABLE - RUN) - from
    const to = Math.min(from + RUN, end)
    for (let i = from; i < to; i++) values[i] = values[i]! + deviation * table[i + shift]!
  }
}

/** Gain and offset (one for all bands, as illumination acts) and white noise on normalised values, in place. */
export function disturb(
  values: Float32Array,
  start: number,
  end: number,
  augmentation: Augmentation,
  draw: Random,
): void {
  const { brightness, noise } = augmentation
  if (brightness === 0 && noise === 0) return
  const gain = 1 + brightness * draw.normal()
  const shift = brightness * draw.normal()
  for (let i = start; i < end; i++) values[i] = values[i]! * gain + shift
  if (noise > 0) addNoise(values, start, end, noise, draw)
}
