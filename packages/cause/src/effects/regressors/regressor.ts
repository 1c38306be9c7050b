/** What an effect is estimated with: any model that is fitted to rows and predicts from rows. Users may bring their own. */

/** A fitted model. */
export interface FittedModel {
  /** `rows`: one array per predictor, in the order of fitting. One value per sample. */
  predict(rows: readonly Float64Array[]): Float64Array
  /** One per predictor, where the model is linear. */
  readonly coefficients?: Float64Array
  /** What the user should know, such as predictors that are collinear. */
  readonly concern?: string
}

export interface Regressor {
  /** As on the command line. */
  readonly name: string
  /** `rows`: one array per predictor (at least one), each of the length of `target`, without NaN. */
  fit(rows: readonly Float64Array[], target: Float64Array): FittedModel
}

/** Mean and population standard deviation of a row; 1 instead of a deviation of 0. */
export interface Scale {
  readonly middle: number
  readonly spread: number
}

/** The value of each sample: rows read as columns. */
export function sampleMajor(rows: readonly Float64Array[], scales?: readonly Scale[]): Float64Array {
  const width = rows.length
  const count = rows[0]?.length ?? 0
  const out = new Float64Array(width * count)
  for (let k = 0; k < width; k++) {
    const { middle, spread } = scales?.[k] ?? { middle: 0, spread: 1 }
    const row = rows[k]!
    for (let i = 0; i < count; i++) out[i * width + k] = (row[i]! - middle) / spread
  }
  return out
}
