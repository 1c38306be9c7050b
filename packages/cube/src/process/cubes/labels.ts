/** Dimensions with other labels: cut, renamed, enumerated; and the grid that spatial ones then carry. */
import { cropGrid, isNorthUp } from '../../grid.ts'
import { type Dimension, isLevels } from '../../model/dimension.ts'
import type { CubeSchema } from '../../model/node.ts'
import type { Grid } from '../../types.ts'
import { dateOfLabel, secondsOfLabel } from './instants.ts'

export type Label = string | number

/** Text that is the same for equal labels: instants by their time however they are written, geometries by their shape. */
export function keyOf(dimension: Dimension, i: number): string {
  if (dimension.type === 'geometry') return JSON.stringify(dimension.features.features[i]!.geometry)
  const label = dimension.labels[i]!
  if (dimension.type !== 'temporal' || dateOfLabel(label, dimension) === undefined) return String(label)
  return String(secondsOfLabel(label, dimension))
}

/** The indices in a dimension of each label of another, -1 where it lacks one. */
export function indicesIn(dimension: Dimension, wanted: Dimension): number[] {
  const index = new Map(dimension.labels.map((_, i) => [keyOf(dimension, i), i]))
  return wanted.labels.map((_, i) => index.get(keyOf(wanted, i)) ?? -1)
}

/** 0, 1, 2, ... */
export const enumerated = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** The dimension with the labels at these indices, in their order; -1 is not allowed. */
export function cutDimension(dimension: Dimension, indices: readonly number[]): Dimension {
  const pick = <T>(list: readonly T[]): T[] => indices.map((i) => list[i]!)
  switch (dimension.type) {
    case 'bands':
      return { ...dimension, labels: pick(dimension.labels), bands: pick(dimension.bands) }
    case 'geometry': {
      const features = { ...dimension.features, features: pick(dimension.features.features) }
      return { ...dimension, labels: pick(dimension.labels), features }
    }
    default:
      return { ...dimension, labels: pick<never>(dimension.labels as readonly never[]) }
  }
}

/**
 * The dimension with other labels, as many as before. What openEO enumerates becomes numbers in any type of dimension,
 * of time too, which the types of labels do not tell; names of bands are texts always.
 */
export function relabelled(dimension: Dimension, labels: readonly Label[]): Dimension {
  if (dimension.type === 'temporal') {
    const { period: _, ...plain } = dimension
    return { ...plain, labels: labels as never }
  }
  if (isLevels(dimension)) {
    // What the new ones count in is not known.
    const { unit: _, ...plain } = dimension
    return { ...plain, labels: labels as never }
  }
  if (dimension.type !== 'bands') return { ...dimension, labels: labels as never }
  const names = labels.map(String)
  return { ...dimension, labels: names, bands: names.map((name, i) => ({ ...dimension.bands[i], name })) }
}

/** The dimension with another number of labels: enumerated from zero, as openEO says of computed ones. */
export function recounted(dimension: Dimension, length: number): Dimension {
  const labels = enumerated(length)
  if (dimension.type === 'bands') {
    const names = labels.map(String)
    return { ...dimension, labels: names, bands: names.map((name) => ({ name })) }
  }
  if (dimension.type === 'geometry') return { type: 'other', name: dimension.name, labels }
  return relabelled(dimension, labels)
}

export const otherDimension = (name: string, labels: readonly Label[], unit?: string): Dimension => ({
  type: 'other',
  name,
  labels,
  ...(unit === undefined ? {} : { unit }),
})

/** Start and step of indices at equal distances; a single index has the step 1. Undefined where they are not equal. */
function progression(indices: readonly number[]): readonly [start: number, step: number] | undefined {
  if (indices.length < 2) return [indices[0] ?? 0, 1]
  const step = indices[1]! - indices[0]!
  if (step === 0 || indices.some((index, i) => i > 0 && index - indices[i - 1]! !== step)) return undefined
  return [indices[0]!, step]
}

/**
 * The grid that is left of `grid` after columns (axis x) or rows (axis y) were picked: a crop, one of larger or turned
 * pixels where every second or the reverse was picked, undefined where the picked ones are not evenly spaced.
 */
export function gridOfPicked(grid: Grid, axis: 'x' | 'y', indices: readonly number[]): Grid | undefined {
  const found = progression(indices)
  if (found === undefined) return undefined
  const [start, step] = found
  const count = indices.length
  const window =
    axis === 'x'
      ? { column: start, row: 0, width: count, height: grid.height }
      : { column: 0, row: start, width: grid.width, height: count }
  const cropped = cropGrid(grid, window)
  if (step === 1) return cropped
  if (!isNorthUp(grid)) return undefined
  const [a, b, c, d, e, f] = cropped.affine
  // The first centre stays where it is while the pixel grows around it.
  const affine =
    axis === 'x'
      ? ([a * step, b, c + (a - a * step) / 2, d, e, f] as const)
      : ([a, b, c, d, e * step, f + (e - e * step) / 2] as const)
  return { ...cropped, affine }
}

/** The axis of the horizontal grid that a dimension is, if any. */
export function gridAxis(dimension: Dimension): 'x' | 'y' | undefined {
  return dimension.type === 'spatial' && dimension.axis !== 'z' ? dimension.axis : undefined
}

/** The schema with the labels at these indices of one dimension. */
export function cutSchema(schema: CubeSchema, d: number, indices: readonly number[]): CubeSchema {
  const { grid, ...rest } = schema
  const dims = schema.dims.map((dimension, i) => (i === d ? cutDimension(dimension, indices) : dimension))
  const axis = gridAxis(schema.dims[d]!)
  const kept = grid === undefined || axis === undefined ? grid : gridOfPicked(grid, axis, indices)
  return { ...rest, dims, ...(kept === undefined ? {} : { grid: kept }) }
}

/** The schema with other dimensions; the grid stays where both of its axes do. */
export function withDims(schema: CubeSchema, dims: readonly Dimension[]): CubeSchema {
  const { grid, ...rest } = schema
  const axes = dims.map(gridAxis)
  const spans = (axis: 'x' | 'y', length: number): boolean => dims[axes.indexOf(axis)]?.labels.length === length
  const keeps = grid !== undefined && spans('x', grid.width) && spans('y', grid.height)
  return { ...rest, dims, ...(keeps ? { grid } : {}) }
}

/** Labels of the columns or rows of a grid: centres in the CRS; of rotated grids, cell numbers + 0.5. */
export function centresOf(grid: Grid, axis: 'x' | 'y'): number[] {
  const [a, , c, , e, f] = grid.affine
  const length = axis === 'x' ? grid.width : grid.height
  if (!isNorthUp(grid)) return Array.from({ length }, (_, i) => i + 0.5)
  return Array.from({ length }, (_, i) => (axis === 'x' ? c + a * (i + 0.5) : f + e * (i + 0.5)))
}

/** The schema on another grid: same dimensions, other labels of x and y. */
export function onGrid(schema: CubeSchema, grid: Grid): CubeSchema {
  const dims = schema.dims.map((dimension) => {
    const axis = gridAxis(dimension)
    return axis === undefined ? dimension : ({ ...dimension, labels: centresOf(grid, axis) } as Dimension)
  })
  return { ...schema, dims, grid }
}
