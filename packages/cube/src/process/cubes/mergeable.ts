/** What keeps cubes from being merged, said before anything is joined. */
import { InputError } from '@ecotope/core'
import { distinctUnits } from '../../cf/units.ts'
import { crsEquals } from '../../crs/transform.ts'
import { type Dimension, isLevels } from '../../model/dimension.ts'
import type { CubeNode } from '../../model/node.ts'
import { gridAxis } from './labels.ts'

function incompatible(message: string, hint: string, data: Record<string, unknown> = {}): InputError {
  return new InputError('IncompatibleDataCubes', message, { hint, data })
}

/** Throws where labels that are put on one axis do not count the same. */
function checkUnits(dimension: string, [first, second]: readonly string[]): void {
  if (second === undefined) return
  const text = `${dimension} counts in ${first} in one cube and in ${second} in the other`
  throw incompatible(text, 'give one of them the labels of the other with rename_labels', { dimension })
}

/** Throws where dimensions of the same name are not of the same kind. */
export function checkDimensions(a: Dimension, b: Dimension): void {
  if (a.type !== b.type) {
    const text = `the dimension ${a.name} is ${a.type} in one cube and ${b.type} in the other`
    throw incompatible(text, 'rename one of them', { dimension: a.name })
  }
  if (a.type === 'temporal' && b.type === 'temporal' && a.labels.length > 0 && b.labels.length > 0) {
    // The label 2020-05 would be a week of one cube and a month of the other.
    const [first, second] = [a.period, b.period]
    if (first !== undefined && second !== undefined && first !== second)
      throw incompatible(
        `${a.name} counts by ${first} in one cube and by ${second} in the other`,
        'aggregate one first',
      )
  }
  if (isLevels(a) && isLevels(b)) checkUnits(a.name, distinctUnits([a.unit, b.unit]))
  if (a.type !== 'geometry' || b.type !== 'geometry') return
  if (!crsEquals(a.features.crs, b.features.crs)) {
    throw incompatible(`the geometries of ${a.name} have different reference systems`, 'use vector_reproject first')
  }
  const kinds = new Set(
    [a, b].flatMap((one) => one.features.features.map(({ geometry }) => geometry?.type.replace('Multi', ''))),
  )
  kinds.delete(undefined)
  if (kinds.size > 1) {
    throw new InputError('IncompatibleGeometryTypes', `${[...kinds].join(' and ')} geometries cannot be merged`, {
      hint: 'merge cubes of points, of lines, or of polygons only',
      data: { types: [...kinds] },
    })
  }
}

/** Throws where the cubes name the same axis differently, so that the result would have it twice. */
export function refuseTwoAxes(dims: readonly Dimension[]): void {
  for (const axis of ['x', 'y'] as const) {
    const names = dims.filter((dimension) => gridAxis(dimension) === axis).map(({ name }) => name)
    if (names.length < 2) continue
    const text = `the axis ${axis} is ${names.join(' in one cube and ')} in the other`
    throw incompatible(text, 'give both the same name with rename_dimension', { dimensions: names })
  }
}

export function refuseMixture(first: CubeNode, second: CubeNode): void {
  const isVector = (node: CubeNode): boolean => node.schema.dims.some(({ type }) => type === 'geometry')
  const isRaster = (node: CubeNode): boolean => node.schema.dims.some((dimension) => gridAxis(dimension) !== undefined)
  if ((isVector(first) && isRaster(second)) || (isRaster(first) && isVector(second))) {
    throw incompatible('a raster cube and a vector cube cannot be merged', 'use aggregate_spatial to get a vector cube')
  }
}
