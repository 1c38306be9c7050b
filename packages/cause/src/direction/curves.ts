/** Nonlinear regressions that additive-noise models are made of: what a curve of the predictors leaves of a target. */
import { linalg } from '@ecotope/tensor'
import { type GaussianProcessOptions, gaussianProcess } from '../independence/gpdc-regression.ts'
import { standardised } from '../statistics/moments.ts'

export interface GaussianProcessCurve extends GaussianProcessOptions {
  readonly kind: 'gaussian-process'
}

/** Kernel exp(-gamma |z - z'|^2), no constant. */
export interface KernelRidgeCurve {
  readonly kind: 'kernel-ridge'
  /** Per squared standard deviation; default 1 over the number of predictors. */
  readonly gamma?: number
  /** Penalty; default: the power of 10 from 1e-4 to 10 that predicts left-out samples best. */
  readonly penalty?: number
}

export type Curve = GaussianProcessCurve | KernelRidgeCurve

type Residuals = (predictors: readonly Float64Array[], target: Float64Array) => Float64Array

const kinds: { readonly [K in Curve['kind']]: (curve: Curve & { kind: K }) => Residuals } = {
  'gaussian-process': (curve) => (predictors, target) => gaussianProcess(predictors, target, curve).residuals,
  'kernel-ridge': (curve) => (predictors, target) => ridgeResiduals(predictors, target, curve),
}

/**
 * Residuals of the target at mean 0 and standard deviation 1, which is what the curve is fitted to; without predictors, the target
 * itself.
 */
export function residualsBy(curve: Curve): Residuals {
  const fit = (kinds[curve.kind] as (own: Curve) => Residuals)(curve)
  return (predictors, target) => {
    const y = standardised(target)
    return predictors.length === 0 ? y : fit(predictors.map(standardised), y)
  }
}

const PENALTIES: readonly number[] = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]

function ridgeResiduals(
  z: readonly Float64Array[],
  target: Float64Array,
  { gamma = 1 / z.length, penalty }: KernelRidgeCurve,
): Float64Array {
  const n = target.length
  const kernel = linalg.matrix(n, n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let square = 0
      for (const row of z) square += (row[i]! - row[j]!) ** 2
      kernel.data[i * n + j] = Math.exp(-gamma * square)
      kernel.data[j * n + i] = kernel.data[i * n + j]!
    }
  if (penalty === undefined) return bestLeftOut(kernel, target)
  for (let i = 0; i < n; i++) kernel.data[i * (n + 1)]! += penalty
  const weights = linalg.choleskySolve(linalg.cholesky(kernel), linalg.matrix(n, 1, target)).data
  return weights.map((weight) => penalty * weight)
}

/** All penalties by one decomposition; the left-out error of a sample is its residual over 1 less its leverage. */
function bestLeftOut(kernel: linalg.Matrix, target: Float64Array): Float64Array {
  const n = target.length
  const { values, vectors } = linalg.symmetricEigen(kernel)
  const turned = linalg.matvec(vectors, target, { transpose: true })
  let best = target
  let least = Number.POSITIVE_INFINITY
  for (const penalty of PENALTIES) {
    const kept = values.map((value) => penalty / (Math.max(0, value) + penalty))
    const residuals = linalg.matvec(
      vectors,
      turned.map((value, k) => value * kept[k]!),
    )
    let error = 0
    for (let i = 0; i < n; i++) {
      let own = 0
      for (let k = 0; k < n; k++) own += vectors.data[i * n + k]! ** 2 * kept[k]!
      error += (residuals[i]! / own) ** 2
    }
    if (error < least) [best, least] = [residuals, error]
  }
  return best
}
