/** Series as an autoregression would have made them, its residuals drawn anew: for bootstraps with and without a link. */
import type { Random } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import type { DataSet, TimeSeries } from '../series/series.ts'
import { mean } from '../statistics/moments.ts'
import { residualsOf } from './causality.ts'
import { spectralRadius } from './matrices.ts'
import type { VarModel } from './var-model.ts'

/**
 * The model fitted again under the condition that `cause` takes no part in the equation of `effect` (indices in the model).
 * Only what residuals and simulations need is renewed.
 */
export function withoutLink(model: VarModel, cause: number, effect: number): VarModel {
  const size = model.names.length
  const slopes = size * model.order
  const rows = Array.from({ length: model.order }, (_, lag) => lag * size + cause)
  const place = (row: number): number => (Math.floor(row / size) * size + effect) * size + (row % size)
  const block = linalg.matrix(
    rows.length,
    rows.length,
    rows.flatMap((a) => rows.map((b) => model.inverse.data[a * slopes + b]!)),
  )
  const removed = linalg.matrix(
    rows.length,
    1,
    rows.map((row) => model.coefficients[place(row)]!),
  )
  const weights = linalg.solve(block, removed).data
  const coefficients = model.coefficients.slice()
  const intercepts = model.intercepts.slice()
  for (let row = 0; row < slopes; row++) {
    const change = rows.reduce((sum, r, i) => sum + model.inverse.data[row * slopes + r]! * weights[i]!, 0)
    coefficients[place(row)]! -= change
    intercepts[effect]! += change * mean(model.samples.rows[row]!)
  }
  for (const row of rows) coefficients[place(row)] = 0
  const radius = spectralRadius(coefficients, size, model.order)
  return { ...model, coefficients, intercepts, spectralRadius: radius, stable: radius < 1 }
}

/** Steps before the first one that is kept, until the start is forgotten. */
const warmUp = (order: number): number => 100 + 20 * order

/**
 * Draws series of the model's variables, with the lengths, masks and gaps of the series that it was fitted to. Residuals
 * are drawn in blocks of neighbours, all variables at one time. The model has to be stable.
 */
export function simulator(series: TimeSeries, model: VarModel, blockLength: number): (random: Random) => TimeSeries {
  const residuals = residualsOf(model)
  const start = startOf(model)
  return (random) => ({
    names: model.names,
    missingUpToMaxLag: series.missingUpToMaxLag,
    ...(series.referencePoints && { referencePoints: series.referencePoints }),
    datasets: series.datasets.map((dataset) => {
      const columns = simulated(model, residuals, start, dataset.length, blockLength, random)
      return likeDataset(dataset, model.variables, columns)
    }),
  })
}

const startOf = ({ samples, order, names }: VarModel): number[] =>
  names.map((_, v) => mean(samples.rows[order * names.length + v]!))

function likeDataset(dataset: DataSet, variables: readonly number[], columns: readonly Float64Array[]): DataSet {
  for (const [at, v] of variables.entries())
    for (let t = 0; t < dataset.length; t++) if (Number.isNaN(dataset.columns[v]![t]!)) columns[at]![t] = Number.NaN
  const masks = dataset.masks && variables.map((v) => dataset.masks![v]!)
  return { length: dataset.length, columns, offset: dataset.offset, ...(masks && { masks }) }
}

function simulated(
  { names, order, coefficients, intercepts, count }: VarModel,
  residuals: readonly Float64Array[],
  start: readonly number[],
  length: number,
  blockLength: number,
  random: Random,
): Float64Array[] {
  const size = names.length
  const skipped = warmUp(order)
  const all = names.map((_, v) => new Float64Array(order + skipped + length).fill(start[v]!, 0, order))
  let from = 0
  for (let t = order; t < order + skipped + length; t++) {
    from = (t - order) % blockLength === 0 ? random.integer(count - blockLength + 1) : from + 1
    for (let effect = 0; effect < size; effect++) {
      let value = intercepts[effect]! + residuals[effect]![from]!
      for (let lag = 0; lag < order; lag++)
        for (let cause = 0; cause < size; cause++)
          value += coefficients[(lag * size + effect) * size + cause]! * all[cause]![t - lag - 1]!
      all[effect]![t] = value
    }
  }
  return all.map((column) => column.slice(order + skipped))
}
