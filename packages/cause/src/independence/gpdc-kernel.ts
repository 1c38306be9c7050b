/** What a Gaussian process assumes of a curve: how far it varies, how fast, and how much noise there is. */
import { InputError } from '@ecotope/core'

/** A parameter that is fitted inside bounds (positive), or kept. */
export interface KernelParameter {
  /** Where the search starts; default 1. */
  readonly start?: number
  /** Default 1e-5 to 1e5. */
  readonly bounds?: readonly [lower: number, upper: number] | 'fixed'
}

/** variance * exp(-|z - z'|^2 / (2 lengthScale^2)) + noise where z and z' are the same sample. */
export interface KernelOptions {
  /** Default: fixed at 1. */
  readonly variance?: KernelParameter
  /** One for all conditions, or one for each of them. */
  readonly lengthScale?: KernelParameter | readonly KernelParameter[]
  readonly noise?: KernelParameter
}

export type ParameterKind = 'variance' | 'length' | 'noise'

/** A parameter on the scale of its logarithm. */
export interface LogParameter {
  readonly kind: ParameterKind
  /** Which condition a length scale is of; -1: all. */
  readonly axis: number
  readonly start: number
  readonly lower: number
  readonly upper: number
  readonly fixed: boolean
}

const isList = (given: KernelOptions['lengthScale']): given is readonly KernelParameter[] => Array.isArray(given)

function logParameter(kind: ParameterKind, axis: number, given: KernelParameter): LogParameter {
  const { start = 1, bounds = [1e-5, 1e5] } = given
  const [lower, upper] = bounds === 'fixed' ? [start, start] : bounds
  if (!(start > 0 && lower > 0 && upper >= lower && Number.isFinite(upper)))
    throw new InputError('BadKernel', `the ${kind} of the Gaussian process: ${start} in ${lower} to ${upper}`, {
      hint: 'Start and bounds are positive, and the lower bound is not above the upper one.',
      data: { kind, start, bounds },
    })
  const [low, high] = [Math.log(lower), Math.log(upper)]
  const inside = Math.max(low, Math.min(high, Math.log(start)))
  return { kind, axis, start: inside, lower: low, upper: high, fixed: bounds === 'fixed' }
}

/** In the order variance, length scales, noise. Throws `InputError` BadKernel. */
export function kernelParameters(options: KernelOptions, conditions: number): readonly LogParameter[] {
  const { lengthScale = {} } = options
  if (isList(lengthScale) && lengthScale.length !== conditions)
    throw new InputError('BadKernel', `${lengthScale.length} length scales are given for ${conditions} conditions`, {
      hint: 'Give one length scale for all conditions.',
      data: { given: lengthScale.length, conditions },
    })
  const lengths = isList(lengthScale)
    ? lengthScale.map((given, axis) => logParameter('length', axis, given))
    : [logParameter('length', -1, lengthScale)]
  return [
    logParameter('variance', -1, options.variance ?? { bounds: 'fixed' }),
    ...lengths,
    logParameter('noise', -1, options.noise ?? {}),
  ]
}

/** The parameters at one point of the search. */
export interface KernelPoint {
  readonly variance: number
  /** One for each condition. */
  readonly lengths: Float64Array
  readonly noise: number
}

export function kernelPoint(parameters: readonly LogParameter[], theta: Float64Array, conditions: number): KernelPoint {
  const lengths = new Float64Array(conditions)
  const point = { variance: 1, noise: 0 }
  for (const [k, { kind, axis }] of parameters.entries()) {
    const value = Math.exp(theta[k]!)
    if (kind !== 'length') point[kind] = value
    else if (axis < 0) lengths.fill(value)
    else lengths[axis] = value
  }
  return { ...point, lengths }
}
