/**
 * Grids of one geographic system on other turns around the Earth (0 to 360 and -180 to 180): which columns of one lie on
 * which turn of the other. Between different systems the transformation itself finds the turn.
 */
import { definitionOf } from '../crs/definition.ts'
import { crsEquals } from '../crs/transform.ts'
import { cropGrid, gridBounds } from '../grid.ts'
import type { Grid } from '../types.ts'

/** Columns `from` to `to` (excluded) of the target, and the source as it lies there. */
export interface Turn {
  readonly from: number
  readonly to: number
  /** That part of the target. */
  readonly target: Grid
  /** The source, moved by whole turns. */
  readonly source: Grid
}

/** The parts of a target that see the source on different turns; undefined where all see it as it is. */
export function turnsOf(target: Grid, source: Grid): readonly Turn[] | undefined {
  const isUpright = [target, source].every(({ affine }) => affine[1] === 0 && affine[3] === 0)
  if (!target.crs.isGeographic || !isUpright || !crsEquals(target.crs, source.crs)) return undefined
  const turn = 360 / definitionOf(source.crs.proj4).degreesPerUnit
  if (!reachesElsewhere(target, source, turn)) return undefined
  const runs = runsOf(target, source, turn)
  if (runs.every(({ turns }) => turns === 0)) return undefined
  return runs.map(({ from, turns }, i) => {
    const to = runs[i + 1]?.from ?? target.width
    const [a, b, c, d, e, f] = source.affine
    return {
      from,
      to,
      target: cropGrid(target, { column: from, row: 0, width: to - from, height: target.height }),
      source: { ...source, affine: [a, b, c + turns * turn, d, e, f] },
    }
  })
}

/** Whether a target has anything of a source that is moved by whole turns; mostly it has not, which is told at once. */
function reachesElsewhere(target: Grid, source: Grid, turn: number): boolean {
  const [[west, , east], [left, , right]] = [gridBounds(source), gridBounds(target)]
  return [-2, -1, 1, 2].some((turns) => west + turns * turn < right && east + turns * turn > left)
}

/** Where runs of columns begin that see the source on the same turn; columns beyond the source go with their neighbours. */
function runsOf(target: Grid, source: Grid, turn: number): { readonly from: number; readonly turns: number }[] {
  const [west, , east] = gridBounds(source)
  const [dx, , left] = target.affine
  const runs: { from: number; turns: number }[] = []
  for (let column = 0; column < target.width; column++) {
    const x = left + (column + 0.5) * dx
    const turns = x >= west && x < east ? 0 : Math.round((x - (west + east) / 2) / turn)
    const isInside = x >= west + turns * turn && x < east + turns * turn
    if (!isInside || runs.at(-1)?.turns === turns) continue
    runs.push({ from: runs.length === 0 ? 0 : column, turns })
  }
  return runs.length === 0 ? [{ from: 0, turns: 0 }] : runs
}
