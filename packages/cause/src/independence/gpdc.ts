/**
 * GPDC (Runge et al. 2019, Sci. Adv. 5): X and Y less Gaussian-process regressions on Z, brought to uniform places, and their
 * distance correlation.
 */
import { InputError } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { type Samples, X, Y, Z } from '../series/samples.ts'
import { blockLength } from '../statistics/autocorrelation.ts'
import { standardised } from '../statistics/moments.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { distanceCorrelation, distanceSample, toUniform } from './gpdc-distance.ts'
import { independentCorrelations, shuffledCorrelations } from './gpdc-null.ts'
import { type GaussianProcessOptions, gaussianProcess } from './gpdc-regression.ts'
import { shufflePValue } from './shuffle.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

export interface GpdcOptions extends TestOptions {
  /** Kernel of the regressions, where its search starts and its bounds. */
  readonly gaussianProcess?: GaussianProcessOptions
  /** Draws of an analytic null distribution; default: `shuffles`. */
  readonly nullDraws?: number
}

/** Fewer samples have no distance correlation worth the name. */
const LEAST_SAMPLES = 4
/** Fits that are remembered, and so not made again for another test of the same variable and conditions. */
const REMEMBERED = 512

interface Fit {
  readonly residuals: Float64Array
  /** -Infinity without conditions. */
  readonly logLikelihood: number
}

/**
 * The test. `analytic` p-values come from independent uniform samples of the same size, drawn once for each size; `shuffle`
 * permutes the residuals of X. Throws `InputError` NotUnivariate, TooFewSamples, NoAnalyticInterval, BadKernel,
 * BlockTooLong, BadConfidence.
 */
export function gpdc(options: GpdcOptions = {}): IndependenceTest {
  const { significance = 'analytic', shuffles = 500, seed = 42, maskType = '', confidence } = options
  if (confidence === 'analytic')
    throw new InputError('NoAnalyticInterval', 'gpdc has no analytic interval of its value', {
      hint: "Use confidence 'bootstrap'.",
    })
  const random = new NumpyRandom(seed)
  const fitted = rememberedFits(options.gaussianProcess)
  const nulls = new Map<number, Float64Array>()
  const residuals = (samples: Samples): [Float64Array, Float64Array] => {
    const { x, y, z } = rowsOf(samples)
    return [fitted(z, x).residuals, fitted(z, y).residuals]
  }
  const value = (samples: Samples): number => {
    const [x, y] = residuals(samples)
    return distanceCorrelation(distanceSample(toUniform(x)), distanceSample(toUniform(y)))
  }
  const analytic = (found: number, { count }: Samples): number => {
    const known = nulls.get(count) ?? independentCorrelations(count, options.nullDraws ?? shuffles, random)
    nulls.set(count, known)
    return known.reduce((count, drawn) => count + (drawn > Math.abs(found) ? 1 : 0), 0) / known.length
  }
  const shuffle = (found: number, samples: Samples): number => {
    const [x, y] = residuals(samples)
    const block = options.shuffleBlock ?? blockLength([x])
    const drawn = shuffledCorrelations(x, y, block, shuffles, random)
    return shufflePValue(found, drawn)
  }
  return {
    name: 'gpdc',
    significance,
    twoSided: false,
    maskType,
    options,
    value,
    pValue: (found, samples) => (significance === 'shuffle' ? shuffle : analytic)(found, samples),
    criterion: (samples) => {
      const { y, z } = rowsOf(samples)
      return -fitted(z, y).logLikelihood
    },
    ...(confidence && { interval: (samples: Samples) => bootstrapInterval(samples, options, random, value) }),
  }
}

interface Rows {
  readonly x: Float64Array
  readonly y: Float64Array
  readonly z: readonly Float64Array[]
}

function rowsOf({ rows, roles, count }: Samples): Rows {
  const of = (role: number): Float64Array[] => rows.filter((_, i) => roles[i] === role)
  const [xs, ys, z] = [of(X), of(Y), of(Z)]
  if (xs.length > 1 || ys.length !== 1)
    throw new InputError('NotUnivariate', `gpdc tests one X and one Y, not ${xs.length} and ${ys.length}`, {
      hint: 'Use pairwise-mult for variables that are vectors.',
      data: { x: xs.length, y: ys.length },
    })
  if (count < LEAST_SAMPLES)
    throw new InputError('TooFewSamples', `gpdc has ${count} samples and needs at least ${LEAST_SAMPLES}`, {
      hint: 'Use longer series, a smaller largest lag, or fill gaps.',
      data: { samples: count, needed: LEAST_SAMPLES },
    })
  // Where X is Y (in a score) the samples have one row for both.
  return { x: xs[0] ?? ys[0]!, y: ys[0]!, z }
}

/** Regressions by content; the oldest are forgotten. */
function rememberedFits(options: GaussianProcessOptions | undefined) {
  const known = new Map<string, Fit>()
  return (z: readonly Float64Array[], target: Float64Array): Fit => {
    if (z.length === 0) return { residuals: target, logLikelihood: Number.NEGATIVE_INFINITY }
    const key = [target, ...z].map(fingerprint).join()
    const found = known.get(key)
    if (found !== undefined) return found
    const { residuals, logLikelihood } = gaussianProcess(z.map(standardised), standardised(target), options)
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value!)
    const fit = { residuals, logLikelihood }
    known.set(key, fit)
    return fit
  }
}

/** 64 bits of the content (two multiplicative hashes of 32). */
function fingerprint(row: Float64Array): string {
  const words = new Int32Array(row.slice().buffer)
  let [a, b] = [0x811c9dc5, 0x9e3779b9]
  for (const word of words) {
    a = Math.imul(a ^ word, 0x01000193)
    a ^= a >>> 15
    b = Math.imul(b + word, 0x85ebca6b)
    b ^= b >>> 13
  }
  return `${row.length}.${a >>> 0}.${b >>> 0}`
}
