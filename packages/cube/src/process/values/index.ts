/** Rows of all processes on values. */
import type { ProcessRow } from '../row.ts'
import { arrayRows } from './arrays.ts'
import { comparisonRows } from './comparison.ts'
import { dateRows } from './dates.ts'
import { developmentRows } from './development.ts'
import { functionalRows } from './functional.ts'
import { logicRows } from './logic.ts'
import { mathRows } from './math.ts'
import { sortingRows } from './sorting.ts'
import { stacRows } from './stac.ts'
import { statisticsRows } from './statistics.ts'
import { textRows } from './texts.ts'
import { udfRows } from './udf.ts'

export const valueRows: readonly ProcessRow[] = [
  ...arrayRows,
  ...sortingRows,
  ...functionalRows,
  ...mathRows,
  ...statisticsRows,
  ...logicRows,
  ...comparisonRows,
  ...textRows,
  ...dateRows,
  ...developmentRows,
  ...udfRows,
  ...stacRows,
]
