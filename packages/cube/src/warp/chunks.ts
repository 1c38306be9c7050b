/**
 * The pieces that GDAL cuts a warp into, and the resolution of each: kernels are widened by the ratio of a chunk's size to
 * that of the source under it, and a chunk that lies half beside the source is halved. Not its limit of memory: chunks
 * are those of a warper that may use as much as it likes.
 */
import { parseCrs } from '../crs/crs.ts'
import { crsEquals, transformer } from '../crs/transform.ts'
import { intersectWindows, invertAffine } from '../grid.ts'
import type { Grid, Window } from '../types.ts'
import { applyAffine, type ExactMap, pixelMap } from './pixel-map.ts'

export interface Chunk extends Window {
  /** Target pixels per source pixel along each axis. */
  readonly scale: readonly [x: number, y: number]
  /** What the chunk can see of the source; zero size where it lies beside it. */
  readonly source: Window
}

export interface Chunks {
  /** The chunks that meet a window of the target. They are cut when first asked for. */
  within(window: Window): Chunk[]
}

interface Part extends Chunk {
  halves?: readonly [Part, Part]
  readonly isSparse: boolean
}

/** Chunks are halved while a side is longer than this and less than half of what they map to is source. */
const LONGEST = 100
const SPARSE = 0.5

/** `radius` is that of the kernel in source pixels at equal resolutions. */
export function chunksOf(target: Grid, source: Grid, radius: number): Chunks {
  const there = pixelMap(target, source, 0).exact
  const inside = sourceInside(target, source)
  const hasPole = containsPole(target, source)
  const measure = (window: Window): Part => measured(window, seenBy(window, there, inside, hasPole), source, radius)
  const root = measure({ column: 0, row: 0, width: target.width, height: target.height })
  const collect = (part: Part, window: Window, out: Chunk[]): Chunk[] => {
    const met = intersectWindows(part, window)
    if (met.width === 0 || met.height === 0) return out
    if (!part.isSparse) return [...out, part]
    part.halves ??= halvesOf(part).map(measure) as [Part, Part]
    return collect(part.halves[1], window, collect(part.halves[0], window, out))
  }
  return { within: (window) => collect(root, window, []) }
}

function halvesOf({ column, row, width, height }: Window): Window[] {
  const across = width > height
  const first = Math.floor((across ? width : height) / 2)
  return across
    ? [
        { column, row, width: first, height },
        { column: column + first, row, width: width - first, height },
      ]
    : [
        { column, row, width, height: first },
        { column, row: row + first, width, height: height - first },
      ]
}

/** Least and greatest source positions of a chunk, and whether some places of it have none. */
interface Seen {
  readonly least: [x: number, y: number]
  readonly most: [x: number, y: number]
  readonly hasFailed: boolean
}

/** Places per side that are looked at. */
const STEPS = 20

/**
 * Along the border of the chunk; where that fails or a pole is inside, everywhere, and from the source as well: around
 * poles and across the meridian of 180 degrees the chunk's own places miss the ends of the source.
 */
function seenBy(window: Window, there: ExactMap, inside: SourceInside, hasPole: boolean): Seen {
  const border = hasPole ? undefined : seenAt(borderOf(window), there)
  if (border !== undefined && !border.hasFailed) return border
  const seen = seenAt(latticeOf(window), there)
  inside(window, (x, y) => extend(seen, x, y))
  return seen
}

function seenAt(places: Float64Array, there: ExactMap): Seen {
  there(places)
  const hasFailed = places.some((value) => Number.isNaN(value))
  const seen: Seen = { least: [Infinity, Infinity], most: [-Infinity, -Infinity], hasFailed }
  for (let i = 0; i < places.length; i += 2) {
    if (!Number.isNaN(places[i]!)) extend(seen, places[i]!, places[i + 1]!)
  }
  return seen
}

function extend({ least, most }: Seen, x: number, y: number): void {
  least[0] = Math.min(least[0], x)
  least[1] = Math.min(least[1], y)
  most[0] = Math.max(most[0], x)
  most[1] = Math.max(most[1], y)
}

function borderOf({ column, row, width, height }: Window): Float64Array {
  const out: number[] = []
  for (let i = 0; i <= STEPS; i++) {
    const [x, y] = [column + (i / STEPS) * width, row + (i / STEPS) * height]
    out.push(x, row, x, row + height, column, y, column + width, y)
  }
  return Float64Array.from(out)
}

/** Parts of a side: half a pixel, equal steps, and half a pixel before the end. */
const ratios = (size: number): number[] => [
  0.5 / size,
  ...Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS),
  1 - 0.5 / size,
]

function latticeOf({ column, row, width, height }: Window): Float64Array {
  const [across, down] = [ratios(width), ratios(height)]
  return Float64Array.from(down.flatMap((v) => across.flatMap((u) => [column + u * width, row + v * height])))
}

/** Calls back with the source's places (a lattice of them) that lie within a window of the target. */
type SourceInside = (window: Window, found: (x: number, y: number) => void) => void

function sourceInside(target: Grid, source: Grid): SourceInside {
  let places: Float64Array | undefined
  let mapped: Float64Array | undefined
  return ({ column, row, width, height }, found) => {
    places ??= latticeOf({ column: 0, row: 0, width: source.width, height: source.height })
    if (mapped === undefined) {
      mapped = places.slice()
      pixelMap(source, target, 0).exact(mapped)
    }
    for (let i = 0; i < mapped.length; i += 2) {
      const [x, y] = [mapped[i]! - column, mapped[i + 1]! - row]
      if (x >= 0 && x <= width && y >= 0 && y <= height) found(places[i]!, places[i + 1]!)
    }
  }
}

/** Not quite the poles: their longitude does not come back. */
const POLES = [0, -89.9999, 0, 89.9999]

/**
 * Whether a pole is inside the target. GDAL asks this of degrees in the source as if they were coordinates of the target,
 * and looks at more places than it needs to where the target holds its system's origin; so do we.
 */
function containsPole(target: Grid, source: Grid): boolean {
  if (crsEquals(target.crs, source.crs)) return false
  const poles = Float64Array.from(POLES)
  if (!source.crs.isGeographic) {
    transformer(parseCrs('+proj=longlat'), source.crs)(poles)
    transformer(source.crs, target.crs)(poles)
  }
  applyAffine(invertAffine(target.affine), poles)
  const isWithin = (i: number): boolean =>
    poles[i]! >= 0 && poles[i]! <= target.width && poles[i + 1]! >= 0 && poles[i + 1]! <= target.height
  return isWithin(0) || isWithin(2)
}

interface Side {
  readonly first: number
  readonly size: number
  readonly scale: number
  /** Source pixels under the chunk, as if the source went on. */
  readonly wanted: number
}

/** Source pixels more on each side where some places have no position. */
const UNSURE = 10
/** Below this ratio of resolutions GDAL widens the kernels. */
export const WIDENS = 0.95
/** A chunk that sees more of a side than this is given all of it. */
const NEARLY_ALL = 0.9

function measured(window: Window, seen: Seen, source: Grid, radius: number): Part {
  const sides = [source.width, source.height] as const
  const [x, y] = ([0, 1] as const).map((axis) =>
    sideOf(seen, axis, sides[axis], radius, axis === 0 ? window.width : window.height),
  ) as [Side, Side]
  const isBeside = sides.some((size, axis) => !(seen.least[axis]! <= size && seen.most[axis]! >= 0))
  if (isBeside) return { ...window, scale: [1, 1], source: { column: 0, row: 0, width: 0, height: 0 }, isSparse: false }
  const filled = (x.size * y.size) / Math.max(1, x.wanted * y.wanted)
  return {
    ...window,
    scale: [x.scale, y.scale],
    source: { column: x.first, row: y.first, width: x.size, height: y.size },
    isSparse: filled > 0 && filled < SPARSE && Math.max(window.width, window.height) > LONGEST,
  }
}

function sideOf({ least, most, hasFailed }: Seen, axis: 0 | 1, length: number, radius: number, pixels: number): Side {
  const from = nearWhole(least[axis])
  const to = nearWhole(most[axis])
  const ratio = Math.max(1e-3, pixels / (to - from))
  const reach = (ratio < WIDENS ? Math.ceil(radius / ratio) : radius) + (hasFailed ? UNSURE : 0)
  const start = Math.trunc(Math.max(0, from))
  const end = Math.trunc(Math.min(Math.ceil(to), length))
  const isAll = end - start > NEARLY_ALL * length
  const first = isAll ? 0 : Math.max(0, Math.min(start - reach, length))
  const size = isAll ? length : Math.max(0, Math.min(length - first, end - first + reach))
  const covered = Math.max(0, Math.min(length - start, to - from))
  return { first, size, wanted: to - from + 2 * reach, scale: scaleOf(pixels, size, covered) }
}

const nearWhole = (value: number): number => (Math.abs(value - Math.round(value)) < 1e-6 ? Math.round(value) : value)

/** A scale near 1 or 1/2, 1/3, ... is taken as exactly that. */
function scaleOf(pixels: number, size: number, covered: number): number {
  if (size >= pixels && size <= pixels + (size - covered)) return 1
  const scale = pixels / covered
  if (!(scale < 1)) return scale
  const whole = Math.round(1 / scale)
  return Math.abs(1 / scale - whole) < 0.05 ? 1 / whole : scale
}
