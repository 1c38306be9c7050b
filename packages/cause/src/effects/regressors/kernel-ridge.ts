/** Kernel ridge regression (Saunders et al. 1998) with a Gaussian kernel: smooth curves without gradient descent. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { deviation, mean } from '../../statistics/moments.ts'
import { type Regressor, sampleMajor } from './regressor.ts'

export interface KernelRidgeOptions {
  /** Added to the diagonal of the kernel matrix; default 1. */
  readonly alpha?: number
  /** Of exp(-gamma d²); default 1 over the number of predictors. */
  readonly gamma?: number
  /** Whether predictors are scaled to deviation 1 and the target is centred; default true. */
  readonly standardize?: boolean
}

const MOST_SAMPLES = 5000

/** Throws `InputError` TooManySamples above 5,000: the work grows with their cube. */
export const kernelRidge = ({ alpha = 1, gamma, standardize = true }: KernelRidgeOptions = {}): Regressor => ({
  name: 'kernel-ridge',
  fit(rows, target) {
    const n = target.length
    if (n > MOST_SAMPLES)
      throw new InputError('TooManySamples', `kernel ridge regression of ${n} samples is too much work`, {
        hint: `Use at most ${MOST_SAMPLES} samples, or the forest or knn estimator.`,
      })
    const scales = rows.map((row) =>
      standardize ? { middle: mean(row), spread: deviation(row) || 1 } : { middle: 0, spread: 1 },
    )
    const known = sampleMajor(rows, scales)
    const width = rows.length
    const sharpness = gamma ?? 1 / width
    const kernel = linalg.matrix(n, n)
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        const value = closeness(known, i * width, known, j * width, width, sharpness) + (i === j ? alpha : 0)
        kernel.data[i * n + j] = value
        kernel.data[j * n + i] = value
      }
    const middle = standardize ? mean(target) : 0
    const right = linalg.matrix(
      n,
      1,
      target.map((value) => value - middle),
    )
    const weights = linalg.choleskySolve(linalg.cholesky(kernel), right).data
    return {
      predict(asked) {
        const points = sampleMajor(asked, scales)
        return Float64Array.from({ length: asked[0]?.length ?? 0 }, (_, i) => {
          let value = middle
          for (let j = 0; j < n; j++)
            value += weights[j]! * closeness(points, i * width, known, j * width, width, sharpness)
          return value
        })
      },
    }
  },
})

function closeness(
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  width: number,
  sharpness: number,
): number {
  let distance = 0
  for (let d = 0; d < width; d++) distance += (a[atA + d]! - b[atB + d]!) ** 2
  return Math.exp(-sharpness * distance)
}
