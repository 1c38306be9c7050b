/** Class rasters to polygons along pixel edges: one feature a region, holes taken out, rings valid. Smooths nothing. */
import { InputError } from '@ecotope/core'
import { pixelAreasSquareMetres } from '../ground.ts'
import type { Feature, Features, Grid, Position } from '../types.ts'
import { type Loops, Outliner } from './outlines.ts'
import { type ClassArray, findRuns, joinRuns, regionAreas } from './regions.ts'
import { geometryOf, type Rings } from './rings.ts'

export interface PolygoniseOptions {
  /** 4: pixels of a region share edges (default). 8: sharing a corner is enough; such regions become multipolygons. */
  readonly connectedness?: 4 | 8
  /** Smaller regions are left out, in m² on the ground. Default 0. */
  readonly minAreaSquareMetres?: number
  /** Value that is no region, such as nodata. */
  readonly ignore?: number
  /** Name of a value, written as the property `class`; default the value itself. */
  readonly name?: (value: number) => string
  /** Refuses results with more vertices. Default 40 million. */
  readonly maxVertices?: number
}

const MOST_VERTICES = 40e6

/** Loops of a region, by index. */
interface Outline {
  readonly shells: number[]
  readonly holes: Map<number, number[]>
}

function trace(
  classes: ClassArray,
  grid: Grid,
  options: PolygoniseOptions,
): { loops: Loops; groups: Int32Array; areas: Float64Array } {
  const { width, height } = grid
  const runs = findRuns(classes, width, height, options.ignore)
  const regions = joinRuns(classes, width, runs, 0)
  const groups = options.connectedness === 8 ? joinRuns(classes, width, runs, 1) : regions
  const areas = regionAreas(runs, groups, pixelAreasSquareMetres(grid))
  const least = options.minAreaSquareMetres ?? 0
  const most = options.maxVertices ?? MOST_VERTICES
  const outliner = new Outliner(classes, width, height)
  for (let row = 0; row < height; row++) {
    for (let run = runs.rows[row]!; run < runs.rows[row + 1]!; run++) {
      if (areas[groups[run]!]! < least) continue
      for (let column = runs.starts[run]!; column < runs.ends[run]!; column++) {
        if (outliner.isOpen(column, row)) outliner.trace(column, row, regions[run]!)
      }
    }
    if (outliner.loops.points.length / 2 > most) throw tooMany(most)
  }
  return { loops: outliner.loops, groups, areas }
}

function tooMany(most: number): InputError {
  return new InputError('TooManyPolygons', `the raster's regions have more than ${most} vertices`, {
    hint: 'Raise the smallest area, or smooth the classes first.',
    data: { maxVertices: most },
  })
}

/** Loops gathered by feature, in the order in which regions start. */
function gather(loops: Loops, groups: Int32Array): Map<number, Outline> {
  const outlines = new Map<number, Outline>()
  for (let loop = 0; loop < loops.starts.length; loop++) {
    const region = loops.regions.data[loop]!
    const group = groups[region]!
    let outline = outlines.get(group)
    if (outline === undefined) {
      outline = { shells: [], holes: new Map() }
      outlines.set(group, outline)
    }
    if (loops.shells.data[loop] === 1) outline.shells.push(loop)
    else {
      const holes = outline.holes.get(region)
      if (holes === undefined) outline.holes.set(region, [loop])
      else holes.push(loop)
    }
  }
  return outlines
}

/** A loop as a closed ring in CRS coordinates, reversed where the affine does not mirror the y axis. */
function ringOf(loops: Loops, loop: number, { affine }: Grid): Position[] {
  const [a, b, c, d, e, f] = affine
  const start = loops.starts.data[loop]!
  const end = loop + 1 < loops.starts.length ? loops.starts.data[loop + 1]! : loops.points.length / 2
  const ring: Position[] = []
  for (let i = start; i < end; i++) {
    const x = loops.points.data[2 * i]!
    const y = loops.points.data[2 * i + 1]!
    ring.push([a * x + b * y + c, d * x + e * y + f])
  }
  // Shells run clockwise on the screen: counter-clockwise in the CRS only when the y axis points down there too.
  if (a * e - b * d < 0) ring.reverse()
  ring.push(ring[0]!)
  return ring
}

/**
 * Regions of equal class as polygons in the grid's CRS, in reading order; `classes` has shape `[height, width]`.
 * Properties: `class` (its name or value) and `areaSquareMetres`. Shells run counter-clockwise, holes clockwise, for any
 * affine. Same areas as GDAL's polygonize; a region that touches itself at a corner stays valid here.
 * Throws `InputError` (`ShapeMismatch`, `TooManyPolygons`).
 */
export function polygonise(classes: ClassArray, grid: Grid, options: PolygoniseOptions = {}): Features {
  const { width, height } = grid
  if (classes.length !== width * height) {
    throw new InputError('ShapeMismatch', `${classes.length} classes do not fill a grid of ${width} x ${height} pixels`)
  }
  const { loops, groups, areas } = trace(classes, grid, options)
  const features: Feature[] = []
  for (const [group, { shells, holes }] of gather(loops, groups)) {
    const parts = shells.map((shell): Rings => {
      const inner = holes.get(loops.regions.data[shell]!) ?? []
      return [ringOf(loops, shell, grid), ...inner.map((hole) => ringOf(loops, hole, grid))]
    })
    const first = loops.starts.data[shells[0]!]!
    const value = valueAt(classes, width, loops, first)
    const name = options.name?.(value) ?? value
    features.push({ geometry: geometryOf(parts), properties: { class: name, areaSquareMetres: areas[group]! } })
  }
  return { crs: grid.crs, features, label: 'polygonise' }
}

/** The class right of the edge that leaves a vertex eastwards: every shell starts with one. */
function valueAt(classes: ClassArray, width: number, loops: Loops, vertex: number): number {
  return classes[loops.points.data[2 * vertex + 1]! * width + loops.points.data[2 * vertex]!]!
}
