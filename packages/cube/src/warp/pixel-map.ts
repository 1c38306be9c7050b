/**
 * From pixels of a target grid to pixels of a source grid. Exact transformations are dear, so blocks of the target are
 * mapped by bicubic polynomials through exact Chebyshev nodes, checked at exact points; where the check fails the block
 * is divided, at last to exact points. Blocks lie on the target grid, not on windows: a pixel maps the same in every read.
 */
import { definitionOf } from '../crs/definition.ts'
import { crsEquals, transformer } from '../crs/transform.ts'
import { invertAffine } from '../grid.ts'
import type { Affine, Grid, Window } from '../types.ts'

/** Side of the largest block, pixels. */
export const BLOCK = 64
/** Blocks of this side are mapped point by point when polynomials fail. */
const SMALLEST = 8
const DEGREE = 3
const NODES = DEGREE + 1

/** Places where a polynomial is compared with the exact map: corners (the worst for Chebyshev nodes) and inside. */
const CHECKS = [-1, -1, 1, -1, -1, 1, 1, 1, 0, 0, 1, 0.02, -0.55, 1] as const

const NODE = Float64Array.from({ length: NODES }, (_, k) => Math.cos((Math.PI * (2 * k + 1)) / (2 * NODES)))

/** Monomial coefficients from values at the nodes: the inverse of their Vandermonde matrix, by Lagrange polynomials. */
const FROM_NODES: readonly (readonly number[])[] = lagrange()

function lagrange(): number[][] {
  const rows = Array.from({ length: NODES }, () => new Array<number>(NODES).fill(0))
  for (let k = 0; k < NODES; k++) {
    let polynomial = [1]
    let divisor = 1
    for (let j = 0; j < NODES; j++) {
      if (j === k) continue
      const shifted = [0, ...polynomial]
      polynomial = shifted.map((c, i) => c - NODE[j]! * (polynomial[i] ?? 0))
      divisor *= NODE[k]! - NODE[j]!
    }
    for (let i = 0; i < NODES; i++) rows[i]![k] = (polynomial[i] ?? 0) / divisor
  }
  return rows
}

/** Pairs (column, row) of the target, fractions allowed, to pairs of the source, in place. NaN where there is none. */
export type ExactMap = (xy: Float64Array) => void

/** A block of the target whose points can be mapped. */
export interface MappedBlock extends Window {
  /**
   * Source positions of the lattice (column + offset + i, row + offset + j) for i < columns, j < rows, row-major.
   * `offset` 0 gives upper left corners, 0.5 centres.
   */
  positions(offset: number, columns: number, rows: number, xs: Float64Array, ys: Float64Array): void
  /** Bounds of the source positions: [least x, least y, greatest x, greatest y]; NaN where nothing maps. */
  readonly bounds: readonly [number, number, number, number]
}

export interface PixelMap {
  readonly exact: ExactMap
  /** Whether positions along x depend on the column only, those along y on the row only. */
  readonly isUpright: boolean
  /** Blocks that cover a window of the target. */
  blocks(window: Window): MappedBlock[]
}

/**
 * The map between two grids. `tolerance` is the greatest error of a position in source pixels; 0 maps every point
 * exactly. Same CRS: always exact.
 */
export function pixelMap(target: Grid, source: Grid, tolerance: number): PixelMap {
  const exact = exactMap(target, source)
  const isSame = crsEquals(target.crs, source.crs)
  const isExact = tolerance === 0 || isSame
  const mapped = remembered((block) => {
    const polynomial = isExact ? undefined : polynomialBlock(block, exact, tolerance)
    return polynomial ?? (isExact || block.width <= SMALLEST ? exactBlock(block, exact) : undefined)
  })
  return {
    exact,
    isUpright: isSame && [target, source].every(({ affine }) => affine[1] === 0 && affine[3] === 0),
    blocks: (window) => {
      const out: MappedBlock[] = []
      const bottom = window.row + window.height
      const right = window.column + window.width
      for (let row = Math.floor(window.row / BLOCK) * BLOCK; row < bottom; row += BLOCK) {
        for (let column = Math.floor(window.column / BLOCK) * BLOCK; column < right; column += BLOCK)
          divide({ column, row, width: BLOCK, height: BLOCK }, mapped, window, out)
      }
      return out
    },
  }
}

/** A block that is mapped as a whole; undefined where it has to be divided. */
type MapBlock = (block: Window) => MappedBlock | undefined

/** Blocks that are remembered: a window is mapped when its source is looked for, when it is made, and for every date. */
const REMEMBERED = 8192

function remembered(map: MapBlock): MapBlock {
  const known = new Map<string, MappedBlock | undefined>()
  return (block) => {
    const key = `${block.column} ${block.row} ${block.width}`
    if (known.has(key)) return known.get(key)
    const made = map(block)
    if (known.size >= REMEMBERED) known.clear()
    known.set(key, made)
    return made
  }
}

function exactMap(target: Grid, source: Grid): ExactMap {
  const inverse = invertAffine(source.affine)
  if (crsEquals(target.crs, source.crs)) {
    // One after the other, as GDAL does: where positions fall on the border between samples, rounding decides.
    return (xy) => {
      applyAffine(target.affine, xy)
      applyAffine(inverse, xy)
    }
  }
  const transform = transformer(target.crs, source.crs)
  const middle = source.affine[2] + (source.affine[0] * source.width + source.affine[1] * source.height) / 2
  const turn = source.crs.unit === 'degree' ? 360 / definitionOf(source.crs.proj4).degreesPerUnit : undefined
  return (xy) => {
    applyAffine(target.affine, xy)
    transform(xy)
    if (turn !== undefined) nearestTurn(xy, middle, turn)
    applyAffine(inverse, xy)
  }
}

/** Longitudes within half a turn of the source's middle, so that grids from 0 to 360 and across 180 work. */
function nearestTurn(xy: Float64Array, middle: number, turn: number): void {
  for (let i = 0; i < xy.length; i += 2) xy[i] = xy[i]! - turn * Math.round((xy[i]! - middle) / turn)
}

export function applyAffine([a, b, c, d, e, f]: Affine, xy: Float64Array): void {
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i]!
    const y = xy[i + 1]!
    xy[i] = c + x * a + y * b
    xy[i + 1] = f + x * d + y * e
  }
}

function exactBlock(block: Window, exact: ExactMap): MappedBlock {
  const map = (offset: number, columns: number, rows: number): Float64Array => {
    const xy = new Float64Array(columns * rows * 2)
    for (let j = 0, i = 0; j < rows; j++) {
      for (let k = 0; k < columns; k++, i += 2) {
        xy[i] = block.column + offset + k
        xy[i + 1] = block.row + offset + j
      }
    }
    exact(xy)
    return xy
  }
  let bounds: MappedBlock['bounds'] | undefined
  return {
    ...block,
    get bounds() {
      bounds ??= boundsOf(map(0, block.width + 1, block.height + 1))
      return bounds
    },
    positions: (offset, columns, rows, xs, ys) => {
      const xy = map(offset, columns, rows)
      for (let i = 0; i < columns * rows; i++) {
        xs[i] = xy[2 * i]!
        ys[i] = xy[2 * i + 1]!
      }
    },
  }
}

export function boundsOf(xy: Float64Array): MappedBlock['bounds'] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i]!
    const y = xy[i + 1]!
    if (Number.isNaN(x)) continue
    if (x < west) west = x
    if (x > east) east = x
    if (y < south) south = y
    if (y > north) north = y
  }
  return west > east ? [Number.NaN, Number.NaN, Number.NaN, Number.NaN] : [west, south, east, north]
}

function divide(block: Window, map: MapBlock, within: Window, out: MappedBlock[]): void {
  if (block.column >= within.column + within.width || block.row >= within.row + within.height) return
  if (block.column + block.width <= within.column || block.row + block.height <= within.row) return
  const mapped = map(block)
  if (mapped !== undefined) {
    out.push(mapped)
    return
  }
  const half = block.width / 2
  for (const [dx, dy] of [
    [0, 0],
    [half, 0],
    [0, half],
    [half, half],
  ] as const)
    divide({ column: block.column + dx, row: block.row + dy, width: half, height: half }, map, within, out)
}

/** The block as a pair of bicubic polynomials on [-1, 1]², or undefined where these are not exact enough. */
function polynomialBlock(block: Window, exact: ExactMap, tolerance: number): MappedBlock | undefined {
  const half = block.width / 2
  const x0 = block.column + half
  const y0 = block.row + half
  const xy = new Float64Array(2 * NODES * NODES + CHECKS.length)
  for (let k = 0, i = 0; k < NODES * NODES; k++, i += 2) {
    xy[i] = x0 + half * NODE[k % NODES]!
    xy[i + 1] = y0 + half * NODE[Math.floor(k / NODES)]!
  }
  for (let i = 0; i < CHECKS.length; i += 2) {
    xy[2 * NODES * NODES + i] = x0 + half * CHECKS[i]!
    xy[2 * NODES * NODES + i + 1] = y0 + half * CHECKS[i + 1]!
  }
  exact(xy)
  for (const value of xy) if (Number.isNaN(value)) return undefined
  const cx = coefficients(xy, 0)
  const cy = coefficients(xy, 1)
  for (let i = 0; i < CHECKS.length; i += 2) {
    const at = 2 * NODES * NODES + i
    if (Math.abs(evaluate(cx, CHECKS[i]!, CHECKS[i + 1]!) - xy[at]!) > tolerance) return undefined
    if (Math.abs(evaluate(cy, CHECKS[i]!, CHECKS[i + 1]!) - xy[at + 1]!) > tolerance) return undefined
  }
  return {
    ...block,
    bounds: boundsOf(edges(cx, cy, block.width)),
    positions: (offset, columns, rows, xs, ys) => {
      fill(cx, half, offset, columns, rows, xs)
      fill(cy, half, offset, columns, rows, ys)
    },
  }
}

/** Source positions of the pixel corners along the border of a block: a smooth map has its extremes there. */
function edges(cx: Float64Array, cy: Float64Array, side: number): Float64Array {
  const xy = new Float64Array(8 * (side + 1))
  let at = 0
  const add = (u: number, v: number): void => {
    xy[at++] = evaluate(cx, u, v)
    xy[at++] = evaluate(cy, u, v)
  }
  for (let i = 0; i <= side; i++) {
    const u = (2 * i) / side - 1
    add(u, -1)
    add(u, 1)
    add(-1, u)
    add(1, u)
  }
  return xy
}

/** Coefficients c[4j + i] of uⁱ vʲ. */
function coefficients(xy: Float64Array, component: 0 | 1): Float64Array {
  const out = new Float64Array(NODES * NODES)
  for (let j = 0; j < NODES; j++) {
    for (let i = 0; i < NODES; i++) {
      let sum = 0
      for (let q = 0; q < NODES; q++) {
        for (let p = 0; p < NODES; p++) {
          sum += FROM_NODES[j]![q]! * FROM_NODES[i]![p]! * xy[2 * (q * NODES + p) + component]!
        }
      }
      out[j * NODES + i] = sum
    }
  }
  return out
}

function evaluate(c: Float64Array, u: number, v: number): number {
  let sum = 0
  for (let j = NODES - 1; j >= 0; j--) {
    const at = j * NODES
    sum = sum * v + (c[at]! + u * (c[at + 1]! + u * (c[at + 2]! + u * c[at + 3]!)))
  }
  return sum
}

/** Evaluates on a lattice: one cubic in u per row, then Horner. */
function fill(c: Float64Array, half: number, offset: number, columns: number, rows: number, out: Float64Array): void {
  const step = 1 / half
  for (let j = 0, at = 0; j < rows; j++) {
    const v = (offset + j) * step - 1
    const a0 = c[0]! + v * (c[4]! + v * (c[8]! + v * c[12]!))
    const a1 = c[1]! + v * (c[5]! + v * (c[9]! + v * c[13]!))
    const a2 = c[2]! + v * (c[6]! + v * (c[10]! + v * c[14]!))
    const a3 = c[3]! + v * (c[7]! + v * (c[11]! + v * c[15]!))
    for (let i = 0; i < columns; i++, at++) {
      const u = (offset + i) * step - 1
      out[at] = a0 + u * (a1 + u * (a2 + u * a3))
    }
  }
}
