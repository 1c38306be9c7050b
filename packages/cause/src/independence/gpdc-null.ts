/** Distance correlations of independent samples: the null distributions of the GPDC test. */
import type { NumpyRandom } from '../random/pcg64.ts'
import { distanceCorrelation, distanceSample, rearranged, toUniform, uniformPlaces } from './gpdc-distance.ts'
import { blockShuffler } from './shuffle.ts'

/** Sorted distance correlations of `draws` pairs of independent uniform samples, each brought to uniform places. */
export function independentCorrelations(samples: number, draws: number, random: NumpyRandom): Float64Array {
  const places = distanceSample(Float64Array.from({ length: samples }, (_, i) => (i + 1) / samples))
  const draw = (): Int32Array => uniformPlaces(Float64Array.from({ length: samples }, () => random.uniform()))
  return Float64Array.from({ length: draws }, () => {
    const [x, y] = [draw(), draw()]
    // Only how the places pair off matters: y in the order of x.
    const paired = new Int32Array(samples)
    for (let i = 0; i < samples; i++) paired[x[i]! - 1] = y[i]! - 1
    return distanceCorrelation(places, rearranged(places, paired))
  }).sort()
}

/**
 * Distance correlations after x is shuffled in blocks of `block` steps; a rest at the end that is shorter than a block is put
 * before a random block.
 */
export function shuffledCorrelations(
  x: Float64Array,
  y: Float64Array,
  block: number,
  draws: number,
  random: NumpyRandom,
): Float64Array {
  const [own, other] = [distanceSample(toUniform(x)), distanceSample(toUniform(y))]
  const shuffle = blockShuffler(x.length, block, random)
  return Float64Array.from({ length: draws }, () => distanceCorrelation(other, rearranged(own, shuffle())))
}
