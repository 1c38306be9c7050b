/** The mean of the nearest samples (Fix and Hodges 1951; Stone 1977). */
import { InputError } from '@ecotope/core'
import { type Regressor, sampleMajor } from './regressor.ts'

export interface NeighboursOptions {
  /** Neighbours; default 10. */
  readonly k?: number
  /** All alike (default) or by the inverse of their distance. */
  readonly weights?: 'uniform' | 'distance'
}

/** k nearest neighbours in the Euclidean distance of predictors as they are. Throws `InputError` TooFewSamples. */
export const nearestNeighbours = ({ k = 10, weights = 'uniform' }: NeighboursOptions = {}): Regressor => ({
  name: 'knn',
  fit(rows, target) {
    if (target.length < k)
      throw new InputError('TooFewSamples', `${k} neighbours are asked of ${target.length} samples`, {
        hint: 'Use fewer neighbours or longer series.',
      })
    const known = sampleMajor(rows)
    const width = rows.length
    return {
      predict(asked) {
        const points = sampleMajor(asked)
        const near = new Nearest(k)
        return Float64Array.from({ length: asked[0]?.length ?? 0 }, (_, i) => {
          near.find(known, points.subarray(i * width, (i + 1) * width))
          return weights === 'uniform' ? near.mean(target) : near.weightedMean(target)
        })
      },
    }
  },
})

/** The k nearest of one point, sorted by distance; used again and again. */
class Nearest {
  readonly #distances: Float64Array
  readonly #samples: Int32Array

  constructor(k: number) {
    this.#distances = new Float64Array(k)
    this.#samples = new Int32Array(k)
  }

  find(known: Float64Array, point: Float64Array): void {
    const distances = this.#distances.fill(Number.POSITIVE_INFINITY)
    const samples = this.#samples
    const last = distances.length - 1
    const width = point.length
    for (let i = 0, at = 0; at < known.length; i++, at += width) {
      let distance = 0
      for (let d = 0; d < width; d++) distance += (known[at + d]! - point[d]!) ** 2
      if (distance >= distances[last]!) continue
      let place = last
      while (place > 0 && distances[place - 1]! > distance) {
        distances[place] = distances[place - 1]!
        samples[place] = samples[place - 1]!
        place--
      }
      distances[place] = distance
      samples[place] = i
    }
  }

  mean(target: Float64Array): number {
    let total = 0
    for (const i of this.#samples) total += target[i]!
    return total / this.#samples.length
  }

  /** Samples at distance 0 alone count where there are any. */
  weightedMean(target: Float64Array): number {
    const exact = this.#distances[0] === 0
    let [total, sum] = [0, 0]
    for (const [n, i] of this.#samples.entries()) {
      const distance = this.#distances[n]!
      const weight = exact ? Number(distance === 0) : 1 / Math.sqrt(distance)
      total += weight * target[i]!
      sum += weight
    }
    return total / sum
  }
}
