/** Series redrawn from an autoregression: its residuals drawn with replacement, whole time steps at once. */
import { random } from '@ecotope/core'
import { type TimeSeries, timeSeries } from '../series/series.ts'
import type { Autoregression } from './autoregression.ts'

/** Steps left out at the beginning, while the start is forgotten. */
const WARM_UP = 100

/** Draw number `index` under a seed; as long as the samples of the model allow. */
export function redrawnSeries(series: TimeSeries, model: Autoregression, index: number, seed: number): TimeSeries {
  const { lags, coefficients, intercepts, residuals, lagged } = model
  const draw = random(seed).split(`var-lingam ${index}`)
  const steps = WARM_UP + lagged.count + lags
  const columns = residuals.map(() => new Float64Array(steps))
  for (let t = 0; t < steps; t++) {
    const at = draw.integer(lagged.count)
    for (const [effect, column] of columns.entries()) {
      let value = intercepts[effect]! + residuals[effect]![at]!
      for (let lag = 1; lag <= Math.min(lags, t); lag++) {
        const row = coefficients[lag - 1]![effect]!
        for (let cause = 0; cause < row.length; cause++) value += row[cause]! * columns[cause]![t - lag]!
      }
      column[t] = value
    }
  }
  return timeSeries({ columns: columns.map((column) => column.subarray(WARM_UP)) }, { names: series.names })
}
