/** Grids whose pixels lie on one lattice: tiles of one projection, which can be joined without resampling. */
import { crsEquals } from '../crs/transform.ts'
import { intersectWindows, invertAffine, isNorthUp, pixelToCrs, wholeWindow } from '../grid.ts'
import type { Affine, Grid, Window } from '../types.ts'

/** An offset within this share of a pixel of a whole one counts as whole: files round their corners. */
const ON_LATTICE = 1e-3

export interface Offset {
  readonly column: number
  readonly row: number
}

/** Where the first pixel of `grid` lies in `target`, in whole pixels; undefined where their pixels do not coincide. */
export function offsetIn(target: Grid, grid: Grid): Offset | undefined {
  // The images of one file share their grid, and there may be thousands.
  if (grid === target) return { column: 0, row: 0 }
  if (!crsEquals(target.crs, grid.crs)) return undefined
  const inverse = invertAffine(target.affine)
  const [x0, y0] = pixelToCrs(inverse, ...corner(grid, 0, 0))
  const [x1, y1] = pixelToCrs(inverse, ...corner(grid, grid.width, grid.height))
  const [column, row] = [Math.round(x0), Math.round(y0)]
  const errors = [x0 - column, y0 - row, x1 - column - grid.width, y1 - row - grid.height]
  return errors.every((error) => Math.abs(error) <= ON_LATTICE) && !isFlipped(target, grid)
    ? { column, row }
    : undefined
}

const corner = (grid: Grid, column: number, row: number): [number, number] => pixelToCrs(grid.affine, column, row)

/** Two corners cannot tell a transposed grid from a straight one. */
function isFlipped(target: Grid, grid: Grid): boolean {
  return [0, 1, 3, 4].some((k) => Math.sign(round(target.affine[k]!)) !== Math.sign(round(grid.affine[k]!)))
}

const round = (value: number): number => (Math.abs(value) < 1e-12 ? 0 : value)

/** The smallest grid on the lattice of the first that covers all; all have to lie on one lattice. */
export function joinGrids(grids: readonly Grid[]): Grid {
  const [first] = grids
  if (first === undefined) throw new RangeError('no grids to join')
  let [left, top, right, bottom] = [0, 0, first.width, first.height]
  for (const grid of grids) {
    const { column, row } = offsetIn(first, grid) ?? { column: 0, row: 0 }
    left = Math.min(left, column)
    top = Math.min(top, row)
    right = Math.max(right, column + grid.width)
    bottom = Math.max(bottom, row + grid.height)
  }
  const [a, b, , d, e] = first.affine
  const [c, f] = pixelToCrs(first.affine, left, top)
  const affine: Affine = [a, b, c, d, e, f]
  return { crs: first.crs, affine, width: right - left, height: bottom - top }
}

/** Whether boxes of pixels, each at its offset in a grid, leave no pixel of the grid out. */
export function covers(grid: Grid, boxes: Iterable<Window>): boolean {
  let left: Window[] = [wholeWindow(grid)]
  for (const box of boxes) {
    left = left.flatMap((window) => without(window, box))
    if (left.length === 0) return true
  }
  return left.length === 0
}

/** What a box leaves of a window: above, below, left and right of it. */
function without(window: Window, box: Window): Window[] {
  const { column, row, width, height } = intersectWindows(window, box)
  if (width === 0) return [window]
  const [right, bottom] = [column + width, row + height]
  return [
    { ...window, height: row - window.row },
    { ...window, row: bottom, height: window.row + window.height - bottom },
    { column: window.column, row, width: column - window.column, height },
    { column: right, row, width: window.column + window.width - right, height },
  ].filter((part) => part.width > 0 && part.height > 0)
}

/** Puts grids that lie on one lattice together, in order of first occurrence; gives their indices. */
export function lattices(grids: readonly Grid[]): number[][] {
  const groups: number[][] = []
  for (const [i, grid] of grids.entries()) {
    const group = groups.find(([first]) => offsetIn(grids[first!]!, grid) !== undefined)
    if (group === undefined) groups.push([i])
    else group.push(i)
  }
  return groups
}

/** For listings: `10980 x 10980 pixels of 10 x 10 m, EPSG:32632`. */
export function gridText(grid: Grid): string {
  const [a, b, , d, e] = grid.affine
  const [dx, dy] = [Math.hypot(a, d), Math.hypot(b, e)].map((value) => String(Number(value.toPrecision(6))))
  const unit = grid.crs.unit === 'metre' ? 'm' : grid.crs.unit === 'degree' ? '°' : grid.crs.unit
  const turned = isNorthUp(grid) ? '' : ', rotated'
  return `${grid.width} x ${grid.height} pixels of ${dx} x ${dy} ${unit}, ${grid.crs.code ?? grid.crs.name}${turned}`
}
