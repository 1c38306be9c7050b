/** Distributions of vectors along the last axis. */

import { InputError } from '@ecotope/core'
import {
  add,
  cholesky,
  diagonal,
  div,
  expandDims,
  lgamma,
  log,
  matmul,
  mul,
  randomGamma,
  randomNormal,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  triangularSolve,
} from '@ecotope/tensor'
import { type Distribution, jointShape, LOG_TWO_PI, spread, tensorOf } from './distribution.ts'

/** Gaussian of vectors `[..., d]`, by the lower triangular factor of its covariance, `[..., d, d]`. */
export function multivariateNormal(given: {
  readonly mean: Tensor
  readonly factor: Tensor
}): Distribution<'multivariateNormal'> {
  const { mean, factor } = given
  const d = mean.shape.at(-1) ?? 0
  if (factor.shape.at(-1) !== d || factor.shape.at(-2) !== d) {
    throw new InputError('ShapeMismatch', `multivariateNormal: a mean [..., ${d}] needs a factor [..., ${d}, ${d}]`, {
      data: { mean: mean.shape, factor: factor.shape },
    })
  }
  const batch = jointShape(mean, diagonal(factor))
  return {
    kind: 'multivariateNormal',
    parameters: { mean, factor },
    logProbability: (x) => {
      const z = triangularSolve(factor, expandDims(sub(x, mean), -1))
      const squares = sum(square(squeeze(z, -1)), -1)
      return sub(mul(add(squares, d * LOG_TWO_PI), -0.5), logDiagonal(factor))
    },
    sample: (key, shape = []) => {
      const z = expandDims(randomNormal(key, [...shape, ...batch]), -1)
      return add(squeeze(matmul(factor, z), -1), mean)
    },
    mean: () => spread(mean, [], batch),
    /** Of each component: the covariance's diagonal. */
    variance: () => spread(sum(square(factor), -1), [], batch),
  }
}

/** As `multivariateNormal`, by the covariance itself; `jitter` as in `cholesky`. */
export function multivariateNormalOf(
  given: { readonly mean: Tensor; readonly covariance: Tensor },
  options: { readonly jitter?: number } = {},
): Distribution<'multivariateNormal'> {
  return multivariateNormal({ mean: given.mean, factor: cholesky(given.covariance, options) })
}

/** Sum of the logarithms of a triangular matrix's diagonal: ln det, `[...]`. */
export const logDiagonal = (factor: Tensor): Tensor => sum(log(diagonal(factor)), -1)

/** Shares `[..., k]` that sum to 1. */
export function dirichlet(given: { readonly concentration: Tensor }): Distribution<'dirichlet'> {
  const { concentration } = given
  const total = (): Tensor => sum(concentration, -1, { keepDims: true })
  const share = (): Tensor => div(concentration, total())
  return {
    kind: 'dirichlet',
    parameters: { concentration },
    logProbability: (x) => {
      const powers = sum(mul(sub(concentration, 1), log(tensorOf(x))), -1)
      return sub(powers, logNorm(concentration))
    },
    sample: (key, shape = []) => {
      const parts = randomGamma(key, spread(concentration, shape, concentration.shape))
      return div(parts, sum(parts, -1, { keepDims: true }))
    },
    mean: share,
    variance: () => div(mul(share(), sub(1, share())), add(total(), 1)),
  }
}

/** Logarithm of the multivariate beta function, `[..., k]` to `[...]`. */
export const logNorm = (concentration: Tensor): Tensor =>
  sub(sum(lgamma(concentration), -1), lgamma(sum(concentration, -1)))
