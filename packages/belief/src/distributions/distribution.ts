/**
 * Distributions over Tensors, for likelihoods inside Programs: log-probabilities and samples that can be differentiated.
 * Not the beliefs about pixels that predictions are: those are arrays of numbers (`categorical.ts`).
 */

import { InputError } from '@ecotope/core'
import { add, constant, expand, type Operand, type Shape, type Tensor } from '@ecotope/tensor'

/** Parameters by kind. They broadcast against each other; `[..., k]` have their last axis for one event. */
export interface ParameterTable {
  readonly normal: { readonly mean: Tensor; readonly standardDeviation: Tensor }
  /** Mean and standard deviation of the logarithm. */
  readonly logNormal: { readonly location: Tensor; readonly scale: Tensor }
  readonly studentT: { readonly degrees: Tensor; readonly location: Tensor; readonly scale: Tensor }
  readonly gamma: { readonly concentration: Tensor; readonly rate: Tensor }
  readonly beta: { readonly alpha: Tensor; readonly beta: Tensor }
  /** Radians. */
  readonly vonMises: { readonly location: Tensor; readonly concentration: Tensor }
  readonly bernoulli: { readonly logits: Tensor }
  /** Logits `[..., classes]`. */
  readonly categorical: { readonly logits: Tensor }
  readonly poisson: { readonly rate: Tensor }
  /** Variance is mean + mean² / dispersion. */
  readonly negativeBinomial: { readonly mean: Tensor; readonly dispersion: Tensor }
  /** Mean `[..., d]`, lower triangular factor of the covariance `[..., d, d]`. */
  readonly multivariateNormal: { readonly mean: Tensor; readonly factor: Tensor }
  /** Concentration `[..., k]`. */
  readonly dirichlet: { readonly concentration: Tensor }
}

export type Kind = keyof ParameterTable

export interface Distribution<K extends Kind = Kind> {
  readonly kind: K
  readonly parameters: ParameterTable[K]
  /** Logarithm of the density, or of the probability of a count or class, in nats; x broadcasts with the parameters. */
  readonly logProbability: (x: Operand) => Tensor
  /**
   * Samples `[...shape, ...parameters' shape]` of the random numbers named `key`. Continuous ones carry gradients to
   * the parameters, counts and classes do not.
   */
  readonly sample: (key: string, shape?: Shape) => Tensor
  readonly mean: () => Tensor
  readonly variance: () => Tensor
}

export const LOG_TWO_PI = Math.log(2 * Math.PI)

export const tensorOf = (x: Operand): Tensor => (typeof x === 'number' ? constant(x) : x)

/** A parameter that must be positive; of tensors this is not known while tracing. */
export function positive(name: string, x: Operand): Tensor {
  if (typeof x === 'number' && !(x > 0 && x < Number.POSITIVE_INFINITY)) {
    throw new InputError('ParameterOutOfRange', `${name} must be positive and finite, not ${x}`, { data: { name } })
  }
  return tensorOf(x)
}

/** The shape to which parameters broadcast. */
export const jointShape = (...parameters: readonly Tensor[]): Shape =>
  parameters.reduce((joint, next) => add(joint, next)).shape

/** A parameter for each sample: `[...shape, ...batch]`. */
export const spread = (x: Tensor, shape: Shape, batch: Shape): Tensor => expand(x, [...shape, ...batch])
