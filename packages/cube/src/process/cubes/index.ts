/** All processes on cubes, one file per category. */
import type { ProcessRow } from '../row.ts'
import { applyRows } from './apply.ts'
import { climateRows } from './climate.ts'
import { convertRows } from './convert.ts'
import { curveRows } from './curve-rows.ts'
import { dimensionRows } from './dimensions.ts'
import { filterRows } from './filters.ts'
import { gapRows } from './gaps.ts'
import { indexRows } from './indices.ts'
import { kernelRows } from './kernel.ts'
import { loadRows } from './load.ts'
import { maskRows } from './masks.ts'
import { mergeRows } from './merge.ts'
import { neighborhoodRows } from './neighborhood.ts'
import { polygonRows } from './polygons.ts'
import { resampleRows } from './resample.ts'
import { reshapeRows } from './reshape.ts'
import { temporalRows } from './temporal.ts'
import { vectorRows } from './vector.ts'
import { windowRows } from './windows.ts'
import { zonalRows } from './zonal.ts'

export const cubeRows: readonly ProcessRow[] = [
  ...dimensionRows,
  ...reshapeRows,
  ...filterRows,
  ...maskRows,
  ...mergeRows,
  ...applyRows,
  ...convertRows,
  ...kernelRows,
  ...temporalRows,
  ...gapRows,
  ...climateRows,
  ...resampleRows,
  ...windowRows,
  ...indexRows,
  ...curveRows,
  ...neighborhoodRows,
  ...polygonRows,
  ...zonalRows,
  ...vectorRows,
  ...loadRows,
]
