/** Band normalisation that is recorded with the model: fitted on training pixels only, applied alike everywhere. */
import { InputError } from '@ecotope/core'

/** y = (x − centre) / scale, clipped to ±`limit`; a missing value becomes 0, the mean. */
export interface Normalisation {
  readonly bands: readonly string[]
  readonly centre: readonly number[]
  readonly scale: readonly number[]
  /** In standard deviations; keeps an outlier (a hot pixel, a bad DEM cell) from dominating. */
  readonly limit: number
}

const LIMIT = 10

/** Running mean and variance by band (Welford 1962), so that no raster need be held. */
export interface BandMoments {
  /** Adds values of one band; NaN and infinities are skipped. */
  add(band: number, value: number): void
  readonly count: readonly number[]
  readonly mean: readonly number[]
  standardDeviation(band: number): number
}

export function bandMoments(bands: number): BandMoments {
  const count = new Array<number>(bands).fill(0)
  const mean = new Array<number>(bands).fill(0)
  const squares = new Array<number>(bands).fill(0)
  return {
    count,
    mean,
    add: (band, value) => {
      if (!Number.isFinite(value)) return
      const n = count[band]! + 1
      const delta = value - mean[band]!
      const centre = mean[band]! + delta / n
      count[band] = n
      mean[band] = centre
      squares[band]! += delta * (value - centre)
    },
    standardDeviation: (band) => (count[band]! > 1 ? Math.sqrt(squares[band]! / (count[band]! - 1)) : 0),
  }
}

/** @throws InputError `BandEmpty` where a band has no valid value among the training pixels. */
export function normalisationOf(names: readonly string[], moments: BandMoments): Normalisation {
  names.forEach((name, band) => {
    if (moments.count[band] === 0) {
      throw new InputError('BandEmpty', `band '${name}' has no valid value where labels are`, {
        hint: 'leave this band out, or check its nodata value and extent with ecotope inspect',
        data: { band: name },
      })
    }
  })
  return {
    bands: names,
    centre: [...moments.mean],
    // A constant band carries nothing; scale 1 turns it into zeros instead of dividing by zero.
    scale: names.map((_, band) => moments.standardDeviation(band) || 1),
    limit: LIMIT,
  }
}

/** Normalises `[bands, n]` in place. */
export function normaliseInPlace(values: Float32Array, normalisation: Normalisation): void {
  const n = values.length / normalisation.bands.length
  normalisation.centre.forEach((centre, band) => {
    const inverse = 1 / normalisation.scale[band]!
    const limit = normalisation.limit
    for (let i = band * n; i < (band + 1) * n; i++) {
      const value = (values[i]! - centre) * inverse
      values[i] = value >= -limit && value <= limit ? value : Number.isNaN(value) ? 0 : value < 0 ? -limit : limit
    }
  })
}
