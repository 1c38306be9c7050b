/** The row of aggregate_spatial. */
import { FLOAT64 } from '../../model/block.ts'
import type { ProcessRow } from '../row.ts'
import { isCube } from '../schema.ts'
import { probedPacking } from './apply.ts'
import {
  after,
  callbackOf,
  cubeOf,
  cubeValue,
  geometriesArgument,
  horizontalOf,
  optionalText,
  refuseDimension,
} from './arguments.ts'
import { contextOf, labelled, probe, sampleValues } from './callback.ts'
import { place } from './coverage.ts'
import { dimensionOfFeatures, geometryDimension } from './geometries.ts'
import { enumerated } from './labels.ts'
import {
  CONTEXT,
  GEOMETRIES,
  givesCube,
  optional,
  parameter,
  RASTER_DATA,
  REDUCER,
  TEXT_OR_NULL,
  VECTOR,
} from './schemas.ts'
import { unitsOfRows } from './units.ts'
import { zonalNode } from './zonal-node.ts'
import { runsOf } from './zonal-runs.ts'

const SAMPLED = 4

export const zonalRows: readonly ProcessRow[] = [
  {
    id: 'aggregate_spatial',
    category: 'aggregate and resample',
    summary: 'Makes one value of the pixels in each geometry.',
    parameters: [
      RASTER_DATA,
      parameter('geometries', GEOMETRIES, 'polygons, lines or points'),
      REDUCER,
      optional('target_dimension', TEXT_OR_NULL, 'also counts pixels, as labels of this new dimension'),
      CONTEXT,
    ],
    returns: givesCube('a vector cube with the values', VECTOR),
    errors: ['TargetDimensionExists'],
    chunks: 'reduction',
    evaluate: (args) => {
      const node = cubeOf(args)
      const counts = optionalText(args, 'target_dimension')
      if (counts !== undefined) refuseDimension(node, counts, 'TargetDimensionExists')
      const at = horizontalOf(node)
      const given = args.geometries
      const geometries = geometriesArgument(args, 'geometries')
      const zones = (isCube(given) ? geometryDimension(given.node) : undefined) ?? dimensionOfFeatures(geometries)
      const [reducer, context] = [callbackOf(args, 'reducer'), contextOf(args)]
      const data = labelled(enumerated(SAMPLED), sampleValues(node.schema.packing, SAMPLED))
      const placed = place(geometries, at.grid)
      const runs = (zone: number) => runsOf(placed, zone)
      const spec = { node, at, windows: placed.windows, runs, reducer, context, zones, counts }
      if (counts !== undefined) return cubeValue(zonalNode(spec, FLOAT64))
      return after(probe(reducer, { data, context }), (sample) => {
        const zonal = zonalNode(spec, probedPacking(sample))
        return cubeValue({ ...zonal, schema: unitsOfRows(node.schema, zonal.schema, reducer) })
      })
    },
  },
]
