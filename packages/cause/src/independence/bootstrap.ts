/** Intervals of a statistic by drawing blocks of samples with replacement. */
import { InputError } from '@ecotope/core'
import type { NumpyRandom } from '../random/pcg64.ts'
import type { Samples } from '../series/samples.ts'
import { blockLength } from '../statistics/autocorrelation.ts'
import type { TestOptions } from './test.ts'

/** Rows at other samples. */
export function resampled(samples: Samples, order: Int32Array): Samples {
  const take = <A extends Float64Array | Uint8Array>(row: A): A => {
    const out = new (row.constructor as new (n: number) => A)(order.length)
    for (let i = 0; i < order.length; i++) out[i] = row[order[i]!]!
    return out
  }
  return {
    ...samples,
    rows: samples.rows.map(take),
    count: order.length,
    ...(samples.types && { types: samples.types.map(take) }),
    ...(samples.weights && { weights: samples.weights.map(take) }),
  }
}

type Level = Pick<TestOptions, 'confidenceLevel' | 'confidenceSamples' | 'confidenceBlock'>

/** The level of intervals. Throws `InputError` BadConfidence. */
export function confidenceLevel({ confidenceLevel: level = 0.9 }: Level): number {
  if (level >= 0.5 && level < 1) return level
  throw new InputError('BadConfidence', `the level of intervals is ${level}`, {
    hint: 'Use a level from 0.5 to below 1.',
  })
}

/**
 * Lower and upper bound. Draws move the stream on as the reference's do: all starts of a draw at once.
 * Throws `InputError` BadConfidence, BlockTooLong.
 */
export function bootstrapInterval(
  samples: Samples,
  options: Level,
  random: NumpyRandom,
  statistic: (samples: Samples) => number,
): [number, number] {
  const rank = bounds(options)
  const draw = drawer(samples, options, random)
  const values = new Float64Array(options.confidenceSamples ?? 100)
  for (let i = 0; i < values.length; i++) values[i] = statistic(draw())
  return rank(values)
}

function bounds(options: Level): (values: Float64Array) => [number, number] {
  const level = confidenceLevel(options)
  const draws = options.confidenceSamples ?? 100
  if ((draws * (1 - level)) / 2 < 1)
    throw new InputError('BadConfidence', `${draws} draws are too few for intervals of level ${level}`, {
      hint: `Use at least ${Math.ceil(2 / (1 - level))} draws, better many more.`,
      data: { draws, level },
    })
  const upper = 1 - (1 - level) / 2
  return (values) => {
    const sorted = values.toSorted()
    return [sorted[Math.trunc((1 - upper) * draws)]!, sorted[Math.trunc(upper * draws)]!]
  }
}

function drawer(samples: Samples, options: Level, random: NumpyRandom): () => Samples {
  const { count } = samples
  const block = options.confidenceBlock ?? blockLength(samples.rows)
  if (!(block >= 1 && block <= count))
    throw new InputError('BlockTooLong', `a block of ${block} steps does not fit into ${count} samples`, {
      hint: 'Use a shorter bootstrap block.',
      data: { block, samples: count },
    })
  const order = new Int32Array(count)
  const starts = new Int32Array(Math.ceil(count / block))
  return () => {
    for (let k = 0; k < starts.length; k++) starts[k] = random.integer(count - block + 1)
    for (let at = 0; at < count; at++) order[at] = starts[Math.floor(at / block)]! + (at % block)
    return resampled(samples, order)
  }
}
