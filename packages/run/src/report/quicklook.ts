/** Small views of large cubes, read piece by piece: memory stays at one piece whatever the cube's size. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import type { BandCube, Window } from '@ecotope/cube'
import type { ClassRaster, ClassStyle, RampName, RampRaster, RgbRaster } from './types.ts'

interface ViewOptions extends WorkOptions {
  /** Longest side of the view, pixels; default 640. */
  readonly maxSize?: number
}

export interface QuicklookOptions extends ViewOptions {
  /** Names or indices: three give a colour picture, one a ramp. Default: red, green, blue by role, else the first. */
  readonly bands?: readonly (string | number)[]
  /** Percentiles that become the ends of the scale; default [2, 98]. Ignored where `range` is given. */
  readonly percentileStretch?: readonly [low: number, high: number]
  /** Fixed ends of the scale, such as [0, 1] for a probability. */
  readonly range?: readonly [low: number, high: number]
  readonly ramp?: RampName
  /** What the quantity is; default: the band's name. */
  readonly legend?: string
}

/** Pixels of one piece that is read at once. */
const PIECE = 512

/** A decimated view of a cube: block averages of what is not missing. */
export async function quicklook(cube: BandCube, options: QuicklookOptions = {}): Promise<RgbRaster | RampRaster> {
  const chosen = chosenBands(cube, options.bands)
  const view = viewOf(cube, options.maxSize)
  const means = await averages(cube, chosen, view, options)
  const [low, high] = options.percentileStretch ?? [2, 98]
  const ends = means.map((mean) => options.range ?? percentileRange(mean, low, high))
  const names = chosen.map((b) => cube.bands[b]!.name)
  if (means.length === 1) {
    const band = cube.bands[chosen[0]!]!
    return {
      kind: 'ramp',
      ...view,
      data: means[0]!,
      range: ends[0]!,
      legend: options.legend ?? band.name,
      ...(band.unit === undefined ? {} : { unit: band.unit }),
      ...(options.ramp === undefined ? {} : { ramp: options.ramp }),
    }
  }
  const stretch = options.range ? '' : `, each stretched between its percentiles ${low} and ${high}`
  return { kind: 'rgb', ...view, data: toRgba(means, ends), legend: options.legend ?? `${names.join(', ')}${stretch}` }
}

/** A decimated view of a class raster (first band): nearest neighbour, so that no class is invented. */
export async function classQuicklook(
  cube: BandCube,
  classes: readonly ClassStyle[],
  options: ViewOptions = {},
): Promise<ClassRaster> {
  const view = viewOf(cube, options.maxSize)
  const data = new Int16Array(view.width * view.height).fill(-1)
  const { width, height } = cube.grid
  const column = Array.from({ length: view.width }, (_, x) => Math.floor(((x + 0.5) * width) / view.width))
  const row = Array.from({ length: view.height }, (_, y) => Math.floor(((y + 0.5) * height) / view.height))
  for await (const { window, values } of pieces(cube, options)) {
    for (let y = 0; y < view.height; y++) {
      const sourceRow = row[y]! - window.row
      if (sourceRow < 0 || sourceRow >= window.height) continue
      for (let x = 0; x < view.width; x++) {
        const sourceColumn = column[x]! - window.column
        if (sourceColumn < 0 || sourceColumn >= window.width) continue
        const value = values[sourceRow * window.width + sourceColumn]!
        data[y * view.width + x] = value >= 0 && value < classes.length ? value : -1
      }
    }
  }
  return { kind: 'classes', ...view, data, classes }
}

const RGB_ROLES = ['red', 'green', 'blue'] as const

function chosenBands(cube: BandCube, wanted: readonly (string | number)[] | undefined): number[] {
  if (wanted === undefined) {
    const roles = RGB_ROLES.map((role) => cube.bands.findIndex((band) => band.role === role))
    if (roles.every((b) => b >= 0)) return roles
    return cube.bands.length === 3 ? [0, 1, 2] : [0]
  }
  if (wanted.length !== 1 && wanted.length !== 3) {
    throw new InputError('BadBands', `a quicklook shows one or three bands, not ${wanted.length}`)
  }
  return wanted.map((name) => {
    const index = typeof name === 'number' ? name : cube.bands.findIndex((band) => band.name === name)
    if (!cube.bands[index]) {
      throw new InputError('BadBands', `${cube.label} has no band ${name}`, {
        hint: `it has ${cube.bands.map((band) => band.name).join(', ')}`,
      })
    }
    return index
  })
}

interface View {
  readonly width: number
  readonly height: number
  readonly metresPerPixel?: number
  readonly northDeg?: number
}

const METRES: Record<BandCube['grid']['crs']['unit'], number> = {
  metre: 1,
  foot: 0.3048,
  'us-foot': 1200 / 3937,
  degree: 111_320,
}

/** Size and ground scale of the view; degrees of longitude are shortened by the cosine of the middle latitude. */
function viewOf({ grid }: BandCube, maxSize = 640): View {
  const shrink = Math.min(1, maxSize / Math.max(grid.width, grid.height))
  const width = Math.max(1, Math.round(grid.width * shrink))
  const height = Math.max(1, Math.round(grid.height * shrink))
  const [a, b, , d, e, f] = grid.affine
  const middle = f + (d * grid.width) / 2 + (e * grid.height) / 2
  const shorten = grid.crs.unit === 'degree' ? Math.cos((middle * Math.PI) / 180) : 1
  const unit = METRES[grid.crs.unit]
  const metresPerPixel = (Math.hypot(a * shorten, d) * unit * grid.width) / width
  // North is where y grows: the direction in the picture that moves y up and leaves x alone.
  const det = a * e - b * d
  const northDeg = (Math.atan2(-b / det, -a / det) * 180) / Math.PI
  return { width, height, metresPerPixel, ...(Math.abs(northDeg) > 0.05 ? { northDeg } : {}) }
}

interface Piece {
  readonly window: Window
  readonly values: Float32Array
}

async function* pieces(cube: BandCube, options: WorkOptions): AsyncGenerator<Piece> {
  const { width, height } = cube.grid
  for (let row = 0; row < height; row += PIECE) {
    for (let column = 0; column < width; column += PIECE) {
      throwIfAborted(options.signal)
      const window = { column, row, width: Math.min(PIECE, width - column), height: Math.min(PIECE, height - row) }
      yield { window, values: await cube.read(window, options) }
    }
  }
}

async function averages(
  cube: BandCube,
  chosen: readonly number[],
  view: View,
  options: WorkOptions,
): Promise<Float32Array[]> {
  const n = view.width * view.height
  const sums = chosen.map(() => new Float64Array(n))
  const counts = chosen.map(() => new Uint32Array(n))
  const { width, height } = cube.grid
  for await (const { window, values } of pieces(cube, options)) {
    const size = window.width * window.height
    const target = Int32Array.from({ length: window.width }, (_, x) =>
      Math.floor(((window.column + x + 0.5) * view.width) / width),
    )
    chosen.forEach((band, b) => {
      for (let y = 0; y < window.height; y++) {
        const line = Math.floor(((window.row + y + 0.5) * view.height) / height) * view.width
        const from = band * size + y * window.width
        for (let x = 0; x < window.width; x++) {
          const value = values[from + x]!
          if (!Number.isFinite(value)) continue
          const at = line + target[x]!
          sums[b]![at] = sums[b]![at]! + value
          counts[b]![at] = counts[b]![at]! + 1
        }
      }
    })
  }
  return sums.map((sum, b) => Float32Array.from(sum, (s, i) => (counts[b]![i]! > 0 ? s / counts[b]![i]! : Number.NaN)))
}

function percentileRange(values: Float32Array, low: number, high: number): [number, number] {
  const finite = values.filter((v) => !Number.isNaN(v)).sort()
  if (finite.length === 0) return [0, 1]
  const at = (p: number): number => finite[Math.min(finite.length - 1, Math.floor((p / 100) * finite.length))]!
  const ends: [number, number] = [at(low), at(high)]
  return ends[1] > ends[0] ? ends : [finite[0]!, finite.at(-1)! > finite[0]! ? finite.at(-1)! : finite[0]! + 1]
}

function toRgba(
  means: readonly Float32Array[],
  ends: readonly (readonly [number, number])[],
): Uint8ClampedArray<ArrayBuffer> {
  const n = means[0]!.length
  const out = new Uint8ClampedArray(4 * n)
  for (let i = 0; i < n; i++) {
    if (means.some((mean) => Number.isNaN(mean[i]!))) continue
    means.forEach((mean, b) => {
      const [low, high] = ends[b]!
      // A mild gamma lifts the dark ground that most scenes are made of.
      out[4 * i + b] = 255 * Math.min(1, Math.max(0, (mean[i]! - low) / (high - low))) ** 0.85
    })
    out[4 * i + 3] = 255
  }
  return out
}
