/** Zonal statistics of a cube: its polygons brought to the cube's reference system. */
import { InputError } from '@ecotope/core'
import type { Geometries } from '../model/geometry.ts'
import type { CubeNode } from '../model/node.ts'
import { broughtTo } from '../process/cubes/geometries.ts'
import type { Features } from '../types.ts'
import { type ZonalOptions, type ZonalTable, zonalStatistics } from '../zonal/statistics.ts'
import { sourceOfCube } from './cube-source.ts'

/** Statistics of polygons in any CRS. Throws what `zonalStatistics` throws, InputError `NotFeatures`, `OutsideCrs`. */
export async function zonalOfCube(node: CubeNode, features: Features, options: ZonalOptions): Promise<ZonalTable> {
  const given: Partial<Features> = features ?? {}
  if (given.crs?.proj4 === undefined || !Array.isArray(given.features)) {
    throw new InputError('NotFeatures', 'zonal statistics need features with their reference system', {
      hint: 'read them with readPolygons(path), or give { crs, features, label }; aggregateSpatial takes GeoJSON',
    })
  }
  const { grid } = node.schema
  const there = grid === undefined ? features : (broughtTo(features as Geometries, grid) as Features)
  return await zonalStatistics(sourceOfCube(node), there, options)
}
