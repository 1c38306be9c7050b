/** Columns of a box in degrees, wherever the grid counts its longitudes from: 350 E is 10 W. */
import { InputError } from '@ecotope/core'
import type { Dimension } from '../../model/dimension.ts'
import type { CubeNode } from '../../model/node.ts'
import type { Grid } from '../../types.ts'
import type { Horizontal } from './arguments.ts'
import { centresOf } from './labels.ts'
import { sameCells, selectNode } from './nodes.ts'

/** The grid's own longitudes first: a column that lies in the box twice is taken once. */
const TURNS = [0, 360, -360] as const

/** How far the ends of a grid around the Earth may be from meeting, in cells. */
const SEAM = 0.02

interface Column {
  readonly index: number
  readonly longitude: number
}

/**
 * The cube cut to the columns of a box in degrees whose longitudes are not (all) those of its grid: the result has
 * those of the box. A box with `west` beyond `east` crosses the antimeridian. undefined where columns can be compared
 * as they are. Throws InputError `TornExtent`.
 */
export function cutAcross(
  node: CubeNode,
  at: Horizontal,
  west: number,
  east: number,
  label: string,
): CubeNode | undefined {
  const { grid } = at
  if (!grid.crs.isGeographic || grid.affine[1] !== 0 || grid.affine[3] !== 0) return undefined
  const columns = columnsIn(grid, west, west > east ? east + 360 : east)
  const centres = centresOf(grid, 'x')
  const isTurned = columns.some(({ index, longitude }) => longitude !== centres[index])
  if (!isTurned && west <= east) return undefined
  refuseGap(columns, grid, node.label)
  const taken = selectNode(
    label,
    node,
    at.xName,
    columns.map(({ index }) => index),
  )
  if (columns.length === 0) return taken
  const longitudes = columns.map(({ longitude }) => longitude)
  const [a, b, , d, e, f] = grid.affine
  const schema = {
    ...taken.schema,
    dims: taken.schema.dims.map(
      (dim, i): Dimension => (i === at.x ? ({ ...dim, labels: longitudes } as Dimension) : dim),
    ),
    grid: { ...grid, affine: [a, b, longitudes[0]! - a / 2, d, e, f] as const, width: columns.length },
  }
  return taken === node ? sameCells(label, node, schema) : { ...taken, schema }
}

/** In the order of the grid's steps, east or west. */
function columnsIn(grid: Grid, west: number, east: number): Column[] {
  const step = grid.affine[0]
  const found = new Map<number, number>()
  for (const [index, centre] of centresOf(grid, 'x').entries()) {
    const turn = TURNS.find((by) => centre - by >= west && centre - by <= east)
    if (turn !== undefined) found.set(index, centre - turn)
  }
  const columns = [...found].map(([index, longitude]) => ({ index, longitude }))
  columns.sort((a, b) => (a.longitude - b.longitude) * Math.sign(step))
  // Files that repeat their first column at the end have it twice.
  return columns.filter(({ longitude }, i) => {
    const before = columns[i - 1]
    return before === undefined || Math.abs(longitude - before.longitude) > Math.abs(step) / 2
  })
}

function refuseGap(columns: readonly Column[], { affine: [step] }: Grid, label: string): void {
  const torn = columns.findIndex(
    ({ longitude }, i) =>
      i > 0 && Math.abs(longitude - columns[i - 1]!.longitude - step) > (SEAM + 1e-6) * Math.abs(step),
  )
  if (torn < 0) return
  const [from, to] = [columns[torn - 1]!.longitude, columns[torn]!.longitude]
  throw new InputError('TornExtent', `${label}: the box reaches over both ends of the grid, which do not meet`, {
    hint: `there is nothing between ${from} and ${to} degrees; filter what lies on either side by a box of its own`,
    data: { from, to },
  })
}
