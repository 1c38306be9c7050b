/**
 * Which pixels belong to geometries, as openEO has it: of polygons those whose centre lies inside or on an edge, of
 * points the nearest, of lines all whose area the line passes. Per window, so that masks stay lazy.
 */
import { invertAffine, pixelToCrs } from '../../grid.ts'
import type { Geometries, Geometry } from '../../model/geometry.ts'
import type { BlockNode, CubeSchema } from '../../model/node.ts'
import type { Bounds, Grid, Position, Window } from '../../types.ts'
import { rasterise } from '../../vector/rasterise.ts'
import { onGrid } from '../../vector/turns.ts'
import type { Horizontal } from './arguments.ts'
import { boundsOf, broughtTo, isPolygonal, pathsOf } from './geometries.ts'
import { BOOLEAN } from './nodes.ts'

/** Geometries on a grid, with the window of pixels that each may own. */
export interface Placed {
  readonly grid: Grid
  readonly geometries: Geometries
  /** Undefined of empty geometries and of those beside the grid. */
  readonly windows: readonly (Window | undefined)[]
}

/** Moves geometries to the grid's reference system and finds where they lie. */
export function place(geometries: Geometries, grid: Grid): Placed {
  const there = broughtTo(geometries, grid)
  const features = there.features.map((feature) =>
    feature.geometry === null ? feature : { ...feature, geometry: onGrid(feature.geometry, grid) },
  )
  const moved = { ...there, features }
  const inverse = invertAffine(grid.affine)
  return { grid, geometries: moved, windows: moved.features.map(({ geometry }) => windowOf(geometry, grid, inverse)) }
}

function windowOf(geometry: Geometry | null, grid: Grid, inverse: Grid['affine']): Window | undefined {
  const bounds = boundsOf(geometry)
  if (bounds === undefined) return undefined
  const { columns, rows } = pixelSpan(bounds, inverse)
  const column = Math.max(0, Math.floor(columns[0]))
  const row = Math.max(0, Math.floor(rows[0]))
  const right = Math.min(grid.width, Math.floor(columns[1]) + 1)
  const bottom = Math.min(grid.height, Math.floor(rows[1]) + 1)
  return right > column && bottom > row ? { column, row, width: right - column, height: bottom - row } : undefined
}

/** The extent of bounds in pixel coordinates. */
function pixelSpan([west, south, east, north]: Bounds, inverse: Grid['affine']) {
  const corners = [pixelToCrs(inverse, west, south), pixelToCrs(inverse, east, south)]
  corners.push(pixelToCrs(inverse, west, north), pixelToCrs(inverse, east, north))
  const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])]
  return { columns: [Math.min(...xs), Math.max(...xs)] as const, rows: [Math.min(...ys), Math.max(...ys)] as const }
}

/** Pixels of a window that a geometry owns, row-major, 0 or 1. */
export function burn(geometry: Geometry | null, { grid, geometries }: Placed, window: Window): ArrayLike<number> {
  if (geometry === null) return new Uint8Array(window.width * window.height)
  const inverse = invertAffine(grid.affine)
  if (isPolygonal(geometry)) {
    const feature = { geometry, properties: {} } as never
    const list = { crs: grid.crs, features: [feature], label: geometries.label }
    const inside = rasterise(list, grid, { value: () => 1, window })
    burnEdges(geometry, inverse, window, inside)
    return inside
  }
  const out = new Uint8Array(window.width * window.height)
  const set = (column: number, row: number): void => {
    const [x, y] = [column - window.column, row - window.row]
    if (x >= 0 && y >= 0 && x < window.width && y < window.height) out[y * window.width + x] = 1
  }
  for (const path of pathsOf(geometry))
    burnPath(
      path.map((position) => toPixel(position, inverse)),
      set,
    )
  return out
}

const toPixel = (position: Position, inverse: Grid['affine']) => pixelToCrs(inverse, position[0]!, position[1]!)

/** How far from an edge, in pixels, a centre counts as on it: what rounding makes of coordinates. */
const ON_EDGE = 1e-8

/** Adds the pixels of a window whose centres lie on edges, which rasterising counts on two sides of four only. */
function burnEdges(
  geometry: Geometry,
  inverse: Grid['affine'],
  { column, row, width, height }: Window,
  out: Int32Array | Float64Array,
): void {
  for (const ring of pathsOf(geometry)) {
    // Centres of the window's pixels are at 0, 1, 2, ...
    const points = ring.map((position) => {
      const [x, y] = toPixel(position, inverse)
      return [x - column - 0.5, y - row - 0.5] as const
    })
    for (let i = 1; i < points.length; i++) {
      const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!]
      const last = Math.min(height - 1, Math.floor(Math.max(y0, y1) + ON_EDGE))
      for (let r = Math.max(0, Math.ceil(Math.min(y0, y1) - ON_EDGE)); r <= last; r++) {
        const [from, to] = crossing(x0, y0, x1, y1, r)
        const end = Math.min(width - 1, Math.floor(to + ON_EDGE))
        for (let c = Math.max(0, Math.ceil(from - ON_EDGE)); c <= end; c++) out[r * width + c] = 1
      }
    }
  }
}

/** Where a segment is at a height: one place, or all of it where it runs along. */
function crossing(x0: number, y0: number, x1: number, y1: number, y: number): readonly [from: number, to: number] {
  if (Math.abs(y1 - y0) <= ON_EDGE) return [Math.min(x0, x1), Math.max(x0, x1)]
  const x = x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)
  return [x, x]
}

function burnPath(path: readonly (readonly [number, number])[], set: (column: number, row: number) => void): void {
  path.forEach(([x, y], i) => {
    set(Math.floor(x), Math.floor(y))
    const next = path[i + 1]
    if (next !== undefined) walk(x, y, next[0], next[1], set)
  })
}

/** Every pixel that the segment passes: from one crossing of a pixel edge to the next. */
function walk(x: number, y: number, toX: number, toY: number, set: (column: number, row: number) => void): void {
  const [dx, dy] = [toX - x, toY - y]
  const [stepX, stepY] = [Math.sign(dx), Math.sign(dy)]
  let [column, row] = [Math.floor(x), Math.floor(y)]
  let nextX = stepX === 0 ? Infinity : (column + (stepX > 0 ? 1 : 0) - x) / dx
  let nextY = stepY === 0 ? Infinity : (row + (stepY > 0 ? 1 : 0) - y) / dy
  while (Math.min(nextX, nextY) <= 1) {
    if (nextX <= nextY) {
      column += stepX
      nextX = (column + (stepX > 0 ? 1 : 0) - x) / dx
    } else {
      row += stepY
      nextY = (row + (stepY > 0 ? 1 : 0) - y) / dy
    }
    set(column, row)
  }
}

/** The common part of two windows; undefined where they do not meet. */
export function meet(a: Window, b: Window | undefined): Window | undefined {
  if (b === undefined) return undefined
  const column = Math.max(a.column, b.column)
  const row = Math.max(a.row, b.row)
  const width = Math.min(a.column + a.width, b.column + b.width) - column
  const height = Math.min(a.row + a.height, b.row + b.height) - row
  return width > 0 && height > 0 ? { column, row, width, height } : undefined
}

/** A cube of the horizontal dimensions that is true where any of the geometries owns the pixel. */
export function insideNode(placed: Placed, schema: CubeSchema, at: Horizontal, label: string): BlockNode {
  const dims = schema.dims.filter((_, d) => d === at.x || d === at.y)
  const isRowMajor = at.y < at.x
  const [x, y] = isRowMajor ? [1, 0] : [0, 1]
  return {
    kind: 'blocks',
    label,
    inputs: [],
    schema: { dims, grid: at.grid, packing: BOOLEAN },
    needs: () => [],
    compute(region) {
      const [width, height] = [region.shape[x]!, region.shape[y]!]
      const window = { column: region.start[x]!, row: region.start[y]!, width, height }
      const data = new Uint8Array(width * height)
      const stride = isRowMajor ? [1, width] : [height, 1]
      placed.geometries.features.forEach(({ geometry }, i) => {
        const part = meet(window, placed.windows[i])
        if (part === undefined) return
        const burnt = burn(geometry, placed, part)
        for (let k = 0; k < burnt.length; k++) {
          if (burnt[k] === 0) continue
          const column = part.column - window.column + (k % part.width)
          const row = part.row - window.row + Math.floor(k / part.width)
          data[column * stride[0]! + row * stride[1]!] = 1
        }
      })
      return { region, data }
    },
  }
}
