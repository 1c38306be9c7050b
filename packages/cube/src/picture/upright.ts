/** Views with north up and east right, however the rows and columns of their grids run. Rotated grids stay. */
import { isNorthUp } from '../grid.ts'
import type { Grid } from '../types.ts'
import type { ReadView } from './read-view.ts'
import type { ViewValues } from './view.ts'

type Planes = ViewValues['means']

/** The view mirrored where its rows run north or its columns run west. */
export function upright(read: ReadView): ReadView {
  const { view, values } = read
  const { grid } = view.schema
  if (grid === undefined || !isNorthUp(grid)) return read
  const [flipX, flipY] = [grid.affine[0] < 0, grid.affine[4] > 0]
  if (!flipX && !flipY) return read
  const mirror = (planes: Planes): Planes =>
    planes.map((bands) => bands.map((plane) => mirrored(plane, view.width, flipX, flipY)))
  return {
    ...read,
    view: { ...view, schema: { ...view.schema, grid: mirroredGrid(grid, flipX, flipY) } },
    values: { means: mirror(values.means), middles: mirror(values.middles) },
  }
}

function mirroredGrid(grid: Grid, flipX: boolean, flipY: boolean): Grid {
  const [a, b, c, d, e, f] = grid.affine
  const [west, north] = [flipX ? c + a * grid.width : c, flipY ? f + e * grid.height : f]
  return { ...grid, affine: [flipX ? -a : a, b, west, d, flipY ? -e : e, north] }
}

function mirrored(plane: Float64Array, width: number, flipX: boolean, flipY: boolean): Float64Array {
  const height = plane.length / width
  return plane.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    return plane[(flipY ? height - 1 - y : y) * width + (flipX ? width - 1 - x : x)]!
  })
}
