/**
 * The exact part of every pixel that a polygon covers, as runs of pixels along rows. Each edge adds the signed area to
 * its right, row by row; the running sum along a row is the covered part (the accumulation of scan converters).
 */
import { invertAffine } from '../grid.ts'
import type { Grid, MultiPolygon, Polygon, Window } from '../types.ts'
import { rasterise } from '../vector/rasterise.ts'
import { partsOf, signedArea } from '../vector/rings.ts'

/** Run i: pixels [columns[i], columns[i] + lengths[i]) of row rows[i], each covered by fractions[i] in (0, 1]. */
export interface Coverage {
  readonly count: number
  readonly rows: Int32Array
  readonly columns: Int32Array
  readonly lengths: Int32Array
  readonly fractions: Float64Array
}

export const ZONE_RULES = ['coverage', 'centre', 'touched'] as const

/**
 * `coverage`: pixels count by the part that is covered. `centre`: fully where the centre is inside (as `rasterise`).
 * `touched`: fully where any of it is touched (as `rasterise` with `allTouched`).
 */
export type ZoneRule = (typeof ZONE_RULES)[number]

/** Pixels that are accumulated at one time. */
const STRIP_CELLS = 2 ** 18
/** What rounding leaves of an area that is none. */
const NOTHING = 1e-13

/** Edges of a geometry in pixels of a grid, shells and holes running in opposite directions. */
export interface ZoneEdges {
  /** x1, y1, x2, y2 of every edge. */
  readonly xy: Float64Array
  readonly west: number
  readonly east: number
  readonly north: number
  readonly south: number
}

/** The edges of a geometry in the grid's CRS. A position that is not finite counts as absent. */
export function edgesOf(geometry: Polygon | MultiPolygon, grid: Grid): ZoneEdges {
  const [a, b, c, d, e, f] = invertAffine(grid.affine)
  // The orientation of the grid turns signs; with it, shells run so that their inside is on the right.
  const turned = Math.sign(a * e - b * d)
  const parts = partsOf(geometry)
  const xy = new Float64Array(4 * parts.flat().reduce((sum, ring) => sum + ring.length, 0))
  let [west, east, north, south] = [Infinity, -Infinity, Infinity, -Infinity]
  let n = 0
  for (const rings of parts) {
    for (const [i, ring] of rings.entries()) {
      const backwards = Math.sign(signedArea(ring)) * turned > 0 !== (i === 0)
      let [px, py] = [Number.NaN, Number.NaN]
      for (let k = 0; k <= ring.length; k++) {
        const position = ring[k % ring.length]!
        const x = a * position[0]! + b * position[1]! + c
        const y = d * position[0]! + e * position[1]! + f
        if (!Number.isFinite(x + y)) continue
        if (x < west) west = x
        if (x > east) east = x
        if (y < north) north = y
        if (y > south) south = y
        if (px !== x || py !== y) {
          if (!Number.isNaN(px)) {
            xy.set(backwards ? [x, y, px, py] : [px, py, x, y], n)
            n += 4
          }
          px = x
          py = y
        }
      }
    }
  }
  return { xy: xy.subarray(0, n), west, east, north, south }
}

/** The pixels of the grid that the edges' bounds meet. */
export function zoneWindow({ west, east, north, south }: ZoneEdges, grid: Grid): Window {
  const column = Math.max(0, Math.floor(west))
  const row = Math.max(0, Math.floor(north))
  const width = Math.max(0, Math.min(grid.width, Math.ceil(east)) - column)
  const height = Math.max(0, Math.min(grid.height, Math.ceil(south)) - row)
  return width > 0 && height > 0 ? { column, row, width, height } : { column: 0, row: 0, width: 0, height: 0 }
}

/**
 * The pixels of a window (default: all of the grid) that a geometry in the grid's CRS covers, by rows from north to
 * south and columns from west to east. Parts of multipolygons must not overlap.
 */
export function coverageOf(
  geometry: Polygon | MultiPolygon,
  grid: Grid,
  window?: Window,
  rule: ZoneRule = 'coverage',
): Coverage {
  const { count, rows, columns, lengths, fractions } = passingCoverage(
    geometry,
    edgesOf(geometry, grid),
    grid,
    window,
    rule,
  )
  return {
    count,
    rows: rows.slice(0, count),
    columns: columns.slice(0, count),
    lengths: lengths.slice(0, count),
    fractions: fractions.slice(0, count),
  }
}

/** As `coverageOf`, from edges that were made before, in longer arrays that the next call overwrites. */
export function passingCoverage(
  geometry: Polygon | MultiPolygon,
  edges: ZoneEdges,
  grid: Grid,
  window: Window | undefined,
  rule: ZoneRule,
): Coverage {
  runs.clear()
  if (rule === 'coverage') coveredParts(edges, grid, window)
  else wholePixels(geometry, edges, grid, window, rule === 'touched')
  return runs.passing()
}

function coveredParts(edges: ZoneEdges, grid: Grid, window: Window | undefined): void {
  const zone = zoneWindow(edges, grid)
  const column = Math.max(zone.column, window?.column ?? 0)
  const row = Math.max(zone.row, window?.row ?? 0)
  const width =
    Math.min(zone.column + zone.width, window === undefined ? Infinity : window.column + window.width) - column
  const bottom = Math.min(zone.row + zone.height, window === undefined ? Infinity : window.row + window.height)
  if (width <= 0) return
  const strip = Math.max(1, Math.floor(STRIP_CELLS / (width + 2)))
  for (let top = row; top < bottom; top += strip) {
    const height = Math.min(strip, bottom - top)
    const canvas = canvasOf(width, height)
    accumulate(canvas, edges.xy, column, top)
    sweep(canvas, column, top)
  }
}

interface Canvas {
  /** Changes of the covered part from the pixel to the left; two columns more than the window. */
  readonly sums: Float64Array
  /** 1 where an edge passes. */
  readonly touched: Uint8Array
  readonly width: number
  readonly height: number
}

let sums = new Float64Array(0)
let touched = new Uint8Array(0)

/** Cleared arrays, the same memory each time. */
function canvasOf(width: number, height: number): Canvas {
  const cells = (width + 2) * height
  if (sums.length < cells) {
    sums = new Float64Array(Math.max(cells, STRIP_CELLS))
    touched = new Uint8Array(sums.length)
  }
  sums.fill(0, 0, cells)
  touched.fill(0, 0, cells)
  return { sums, touched, width, height }
}

/** Adds every edge, in pixels relative to (column, row). */
function accumulate(canvas: Canvas, xy: Float64Array, column: number, row: number): void {
  const { height } = canvas
  for (let i = 0; i < xy.length; i += 4) {
    const x1 = xy[i]! - column
    const y1 = xy[i + 1]! - row
    const x2 = xy[i + 2]! - column
    const y2 = xy[i + 3]! - row
    // Of an edge along a row the sums know nothing, but its pixels are partly covered.
    if (y1 === y2) {
      if (y1 >= 0 && y1 < height) markFlat(canvas, Math.floor(y1), Math.min(x1, x2), Math.max(x1, x2))
      continue
    }
    const down = y2 > y1
    const sign = down ? -1 : 1
    const [xa, ya, xb, yb] = down ? [x1, y1, x2, y2] : [x2, y2, x1, y1]
    const slope = (xb - xa) / (yb - ya)
    const first = Math.max(0, Math.floor(ya))
    const last = Math.min(height - 1, Math.ceil(yb) - 1)
    for (let r = first; r <= last; r++) {
      const from = Math.max(ya, r)
      const to = Math.min(yb, r + 1)
      const xFrom = from === ya ? xa : xa + (from - ya) * slope
      const xTo = to === yb ? xb : xa + (to - ya) * slope
      addInRow(canvas, r, xFrom, xTo, sign * (to - from))
    }
  }
}

function markFlat({ touched, width }: Canvas, row: number, from: number, to: number): void {
  const start = Math.max(0, Math.floor(from))
  const end = Math.min(width, Math.ceil(to))
  if (start < end) touched.fill(1, row * (width + 2) + start, row * (width + 2) + end)
}

/** A piece of an edge within one row that rises by `rise` (with sign) while x goes from xa to xb. */
function addInRow({ sums, touched, width }: Canvas, row: number, xa: number, xb: number, rise: number): void {
  const line = row * (width + 2)
  let left = Math.min(xa, xb)
  const right = Math.max(xa, xb)
  if (left >= width) return
  if (right <= 0) {
    sums[line] = sums[line]! + rise
    return
  }
  const first = Math.max(0, Math.floor(left))
  // Within one pixel, or too short across to be divided.
  if (right <= first + 1 && left >= 0) {
    addInPixel(sums, touched, line, first, (left + right) / 2 - first, rise)
    return
  }
  if (right - left < NOTHING) {
    addInPixel(sums, touched, line, first, 0, rise)
    return
  }
  const perColumn = rise / (right - left)
  if (left < 0) {
    sums[line] = sums[line]! - left * perColumn
    left = 0
  }
  const end = Math.min(right, width)
  for (let c = first; c < end; c++) {
    const from = Math.max(left, c)
    const to = Math.min(end, c + 1)
    addInPixel(sums, touched, line, c, (from + to) / 2 - c, (to - from) * perColumn)
  }
}

/** The area to the right of a piece whose middle is `middle` from the pixel's left side. */
function addInPixel(
  sums: Float64Array,
  touched: Uint8Array,
  line: number,
  column: number,
  middle: number,
  rise: number,
): void {
  const at = line + column
  const beyond = rise * middle
  sums[at] = sums[at]! + (rise - beyond)
  sums[at + 1] = sums[at + 1]! + beyond
  touched[at] = 1
}

/** The first touched column from `column` on; `width` where there is none. */
function nextTouched(touched: Uint8Array, line: number, column: number, width: number): number {
  // Most are near, where a call of the engine's search costs more than looking.
  const near = Math.min(width, column + 32)
  let c = column
  while (c < near && touched[line + c] === 0) c++
  if (c < near || near === width) return c
  const found = touched.indexOf(1, line + c) - line
  return found < 0 || found > width ? width : found
}

/** Running sums to runs. Pixels that no edge passes are in or out, whatever rounding says. */
function sweep({ sums, touched, width, height }: Canvas, column: number, top: number): void {
  for (let r = 0; r < height; r++) {
    const line = r * (width + 2)
    let sum = 0
    for (let c = 0; c < width; ) {
      sum += sums[line + c]!
      if (touched[line + c] === 1) {
        const part = Math.min(1, Math.abs(sum))
        if (part > NOTHING) runs.add(top + r, column + c, 1, part)
        c++
        continue
      }
      const end = nextTouched(touched, line, c + 1, width)
      // The pixel after the last touched one may still bring a change; then all are alike.
      if (Math.round(Math.abs(sum)) >= 1) runs.add(top + r, column + c, end - c, 1)
      c = end
    }
  }
}

/** Runs as they are found, in arrays that grow. */
class RunList {
  count = 0
  #rows = new Int32Array(256)
  #columns = new Int32Array(256)
  #lengths = new Int32Array(256)
  #fractions = new Float64Array(256)

  clear(): void {
    this.count = 0
  }

  add(row: number, column: number, length: number, fraction: number): void {
    const last = this.count - 1
    const joins = last >= 0 && this.#rows[last] === row && this.#fractions[last] === fraction
    if (joins && this.#columns[last]! + this.#lengths[last]! === column) {
      this.#lengths[last]! += length
      return
    }
    if (this.count === this.#rows.length) this.#grow()
    this.#rows[this.count] = row
    this.#columns[this.count] = column
    this.#lengths[this.count] = length
    this.#fractions[this.count] = fraction
    this.count++
  }

  #grow(): void {
    const wider = <A extends Int32Array | Float64Array>(to: A, from: A): A => {
      to.set(from)
      return to
    }
    const n = 2 * this.count
    this.#rows = wider(new Int32Array(n), this.#rows)
    this.#columns = wider(new Int32Array(n), this.#columns)
    this.#lengths = wider(new Int32Array(n), this.#lengths)
    this.#fractions = wider(new Float64Array(n), this.#fractions)
  }

  /** The runs in memory that the next ones take. */
  passing(): Coverage {
    const coverage = { count: this.count, rows: this.#rows, columns: this.#columns }
    return { ...coverage, lengths: this.#lengths, fractions: this.#fractions }
  }
}

/** The one list of a thread: made anew for every zone, its arrays would cost more than the runs. */
const runs = new RunList()

/** Runs of whole pixels, as `rasterise` burns them. */
function wholePixels(
  geometry: Polygon | MultiPolygon,
  edges: ZoneEdges,
  grid: Grid,
  window: Window | undefined,
  allTouched: boolean,
): void {
  const zone = zoneWindow(edges, grid)
  // GDAL's rule for touched pixels may reach one pixel further.
  const column = Math.max(0, window?.column ?? 0, zone.column - 1)
  const row = Math.max(0, window?.row ?? 0, zone.row - 1)
  const right = Math.min(
    grid.width,
    zone.column + zone.width + 1,
    window === undefined ? Infinity : window.column + window.width,
  )
  const bottom = Math.min(
    grid.height,
    zone.row + zone.height + 1,
    window === undefined ? Infinity : window.row + window.height,
  )
  const width = right - column
  if (zone.width === 0 || width <= 0) return
  const features = { crs: grid.crs, features: [{ geometry, properties: {} }], label: 'zone' }
  const strip = Math.max(1, Math.floor(STRIP_CELLS / width))
  for (let top = row; top < bottom; top += strip) {
    const height = Math.min(strip, bottom - top)
    const burnt = rasterise(features, grid, { value: () => 1, allTouched, window: { column, row: top, width, height } })
    for (let r = 0; r < height; r++) {
      let at = burnt.indexOf(1, r * width)
      while (at >= 0 && at < (r + 1) * width) {
        const zero = burnt.indexOf(0, at)
        const end = zero < 0 || zero > (r + 1) * width ? (r + 1) * width : zero
        runs.add(top + r, column + at - r * width, end - at, 1)
        at = burnt.indexOf(1, end)
      }
    }
  }
}
