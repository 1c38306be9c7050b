/**
 * Geometries burnt into a raster, equal to GDAL's `gdal_rasterize` (3.6) to the pixel: a pixel belongs to a polygon when
 * its centre does; later features overwrite. Scan lines only; edges that touch pixels are in `touched.ts`, points and
 * thin lines in `thin.ts`.
 */
import type { Geometries, Geometry, GeometryFeature } from '../model/geometry.ts'
import type { Feature, Grid, Polygon, Position, Window } from '../types.ts'
import { signedArea } from './rings.ts'
import { burnLines, burnPoints } from './thin.ts'
import { burnTouched } from './touched.ts'

export interface RasteriseOptions<F extends GeometryFeature = Feature> {
  /** The value a feature burns; NaN leaves the feature out. */
  readonly value: (feature: F, index: number) => number
  /** Also burn every pixel that an edge or a line passes through. Default false. */
  readonly allTouched?: boolean
  /** Value of pixels that no feature covers. Default 0. */
  readonly fill?: number
  /** Part of the grid to make; default all of it. The result is the same as a crop of the whole. */
  readonly window?: Window
}

/** Rings of one polygon in pixel coordinates, one after the other. */
export interface PixelRings {
  readonly x: Float64Array
  readonly y: Float64Array
  /** Where ring i starts; one more entry than rings. */
  readonly starts: readonly number[]
  readonly west: number
  readonly east: number
  readonly north: number
  readonly south: number
}

/** A rectangle of pixels being filled. */
export interface Canvas<A extends Float64Array | Int32Array = Float64Array | Int32Array> {
  readonly data: A
  readonly window: Window
  readonly grid: Grid
}

/** CRS to pixel coordinates. Written with GDAL's order of operations, so that ties on pixel centres fall alike. */
function inverseAffine(grid: Grid): readonly [number, number, number, number, number, number] {
  const [a, b, c, d, e, f] = grid.affine
  if (b === 0 && d === 0) return [1 / a, 0, -c / a, 0, 1 / e, -f / e]
  const determinant = a * e - b * d
  const inverse = 1 / determinant
  return [e * inverse, -b * inverse, (b * f - c * e) * inverse, -d * inverse, a * inverse, (-a * f + c * d) * inverse]
}

/** The rings of a polygon in pixel coordinates. Every ring runs clockwise in the CRS: the rule for horizontal edges depends on it. */
const pixelRings = (rings: Polygon['coordinates'], grid: Grid): PixelRings => pixelParts(rings, grid, runsClockwise)

/** Rings or lines in pixel coordinates; those for which `keeps` is false are turned round. */
function pixelParts(
  rings: readonly (readonly Position[])[],
  grid: Grid,
  keeps: (ring: readonly Position[]) => boolean,
): PixelRings {
  const [ia, ib, ic, id, ie, jf] = inverseAffine(grid)
  const count = rings.reduce((sum, ring) => sum + ring.length, 0)
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  const starts = [0]
  let n = 0
  let [west, east, north, south] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const ring of rings) {
    const forward = keeps(ring)
    for (let i = 0; i < ring.length; i++) {
      const position = ring[forward ? i : ring.length - 1 - i]!
      const px = ic + position[0]! * ia + position[1]! * ib
      const py = jf + position[0]! * id + position[1]! * ie
      if (px < west) west = px
      if (px > east) east = px
      if (py < north) north = py
      if (py > south) south = py
      x[n] = px
      y[n] = py
      n++
    }
    starts.push(n)
  }
  return { x, y, starts, west, east, north, south }
}

/** Coordinates nearer than this are the same to GDAL when it tells the sense of a ring. */
const EPSILON = 1e-5

/**
 * The sense of a ring at its lowest vertex, of these the rightmost; by its area where two vertices lie there or beside
 * it. Of rings that cross themselves the area may say otherwise.
 */
function runsClockwise(ring: Polygon['coordinates'][number]): boolean {
  const [start, end] = [ring[0]!, ring.at(-1)!]
  const count = start[0] === end[0] && start[1] === end[1] ? ring.length - 1 : ring.length
  const at = (i: number) => ring[(i + count) % count]!
  let lowest = 0
  let isDouble = false
  for (let i = 1; i < count; i++) {
    const [dx, dy] = [at(i)[0]! - at(lowest)[0]!, at(i)[1]! - at(lowest)[1]!]
    if (dy < 0 || (dy === 0 && dx > 0)) {
      lowest = i
      isDouble = false
    } else if (dx === 0 && dy === 0) isDouble = true
  }
  const [x, y] = at(lowest) as readonly [number, number]
  const [before, after] = [at(lowest - 1), at(lowest + 1)].map((p) => [p[0]! - x, p[1]! - y] as const)
  const isBeside = [before!, after!].some((p) => Math.abs(p[0]) < EPSILON && Math.abs(p[1]) < EPSILON)
  const turn = after![0] * before![1] - before![0] * after![1]
  return isDouble || isBeside || turn === 0 ? signedArea(ring) < 0 : turn < 0
}

const round = (x: number): number => Math.floor(x + 0.5)

/** Fills columns [from, to) of a row where they lie in the window. */
function span({ data, window }: Canvas, row: number, from: number, to: number, value: number): void {
  const start = Math.max(from - window.column, 0)
  const end = Math.min(to - window.column, window.width)
  if (start < end) data.fill(value, (row - window.row) * window.width + start, (row - window.row) * window.width + end)
}

/** Edges that reach the window's rows, sorted by the first row whose centre they may meet. */
function edgesByRow(
  rings: PixelRings,
  first: number,
  last: number,
): { from: Int32Array; to: Int32Array; rows: Int32Array } {
  const list: { from: number; to: number; row: number }[] = []
  for (let r = 0; r + 1 < rings.starts.length; r++) {
    const start = rings.starts[r]!
    const end = rings.starts[r + 1]!
    for (let i = start; i < end; i++) {
      const from = i === start ? end - 1 : i - 1
      const top = Math.min(rings.y[from]!, rings.y[i]!)
      const bottom = Math.max(rings.y[from]!, rings.y[i]!)
      // The first row with a centre at or below the top.
      const row = Math.max(first, Math.ceil(top - 0.5))
      if (row <= last && row + 0.5 <= bottom) list.push({ from, to: i, row })
    }
  }
  list.sort((p, q) => p.row - q.row)
  return {
    from: Int32Array.from(list, (edge) => edge.from),
    to: Int32Array.from(list, (edge) => edge.to),
    rows: Int32Array.from(list, (edge) => edge.row),
  }
}

/** Burns the pixels whose centres lie inside the rings (even-odd over all rings of the polygon). */
function burnFilled(canvas: Canvas, rings: PixelRings, value: number): void {
  const { window } = canvas
  const first = Math.max(window.row, Math.trunc(rings.north))
  const last = Math.min(window.row + window.height - 1, Math.trunc(rings.south))
  const edges = edgesByRow(rings, first, last)
  let active: number[] = []
  let next = 0
  for (let row = first; row <= last; row++) {
    const centre = row + 0.5
    while (next < edges.rows.length && edges.rows[next]! <= row) active.push(next++)
    if (active.length === 0 && next < edges.rows.length) {
      row = edges.rows[next]! - 1
      continue
    }
    const crossings: number[] = []
    active = active.filter((k) => {
      const [i, j] = [edges.from[k]!, edges.to[k]!]
      const [yi, yj] = [rings.y[i]!, rings.y[j]!]
      if (yi === yj) {
        // A horizontal edge on the centre line: filled below the polygon's interior only.
        if (yi === centre && rings.x[i]! > rings.x[j]!) span(canvas, row, round(rings.x[j]!), round(rings.x[i]!), value)
        return false
      }
      const [top, bottom] = yi < yj ? [i, j] : [j, i]
      const [y1, y2] = [rings.y[top]!, rings.y[bottom]!]
      if (centre >= y2) return false
      const [x1, x2] = [rings.x[top]!, rings.x[bottom]!]
      if (centre >= y1) crossings.push(round(((centre - y1) * (x2 - x1)) / (y2 - y1) + x1))
      return true
    })
    crossings.sort((p, q) => p - q)
    for (let k = 0; k + 1 < crossings.length; k += 2) span(canvas, row, crossings[k]!, crossings[k + 1]!, value)
  }
}

/** Whether what was brought to pixel coordinates may meet the window. */
function meets({ west, east, north, south }: PixelRings, { column, row, width, height }: Window): boolean {
  return !(east < column || west > column + width || south < row || north > row + height)
}

/** Burns one polygon into a canvas that was made before; parts of several one after the other, so that they may overlap. */
function burnPolygon(canvas: Canvas, part: Polygon['coordinates'], value: number, allTouched: boolean): void {
  const rings = pixelRings(part, canvas.grid)
  if (!meets(rings, canvas.window)) return
  burnFilled(canvas, rings, value)
  if (allTouched) burnTouched(canvas, rings, value)
}

function burnLine(canvas: Canvas, line: readonly Position[], value: number, allTouched: boolean): void {
  const parts = pixelParts([line], canvas.grid, () => true)
  if (!meets(parts, canvas.window)) return
  if (allTouched) burnTouched(canvas, parts, value, true)
  else burnLines(canvas, parts, value)
}

type Burn<T> = (canvas: Canvas, coordinates: T, value: number, allTouched: boolean) => void

const burnPoint: Burn<readonly Position[]> = (canvas, points, value) =>
  burnPoints(
    canvas,
    pixelParts([points], canvas.grid, () => true),
    value,
  )

/** One after the other. */
const each =
  <T>(burn: Burn<T>): Burn<readonly T[]> =>
  (canvas, parts, value, allTouched) => {
    for (const part of parts) burn(canvas, part, value, allTouched)
  }

const BURNS: { readonly [T in Geometry['type']]: Burn<Extract<Geometry, { type: T }>['coordinates']> } = {
  Point: (canvas, point, value, allTouched) => burnPoint(canvas, [point], value, allTouched),
  MultiPoint: burnPoint,
  LineString: burnLine,
  MultiLineString: each(burnLine),
  Polygon: burnPolygon,
  MultiPolygon: each(burnPolygon),
}

const isInt32 = (value: number): boolean => Number.isInteger(value) && Math.abs(value) <= 0x7fffffff

/**
 * Values of polygons, lines and points on a grid, row-major, `[window.height, window.width]`: Int32Array when every
 * value is an integer of 32 bits, else Float64Array. Features must be in the grid's CRS (see `transformFeatures`).
 */
export function rasterise<F extends GeometryFeature>(
  features: Omit<Geometries, 'features'> & { readonly features: readonly F[] },
  grid: Grid,
  options: RasteriseOptions<F>,
): Int32Array | Float64Array {
  const window = options.window ?? { column: 0, row: 0, width: grid.width, height: grid.height }
  const values = features.features.map((feature, i) => options.value(feature, i))
  const fill = options.fill ?? 0
  const integers = isInt32(fill) && values.every((value) => Number.isNaN(value) || isInt32(value))
  const size = window.width * window.height
  const data = integers ? new Int32Array(size) : new Float64Array(size)
  if (fill !== 0) data.fill(fill)
  const canvas: Canvas = { data, window, grid }
  features.features.forEach(({ geometry }, i) => {
    const value = values[i]!
    if (Number.isNaN(value) || geometry === null) return
    const burn = BURNS[geometry.type] as Burn<Geometry['coordinates']>
    burn(canvas, geometry.coordinates, value, options.allTouched ?? false)
  })
  return data
}
