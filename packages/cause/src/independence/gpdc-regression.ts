/** Gaussian-process regression of one row on others, with the kernel's parameters fitted by evidence. */
import { linalg } from '@ecotope/tensor'
import { type Evidence, evidenceOf } from './gpdc-evidence.ts'
import { type KernelOptions, type KernelPoint, kernelParameters, kernelPoint } from './gpdc-kernel.ts'
import { minimise } from './gpdc-optimise.ts'

export interface GaussianProcessOptions {
  /** Default: length scale and noise, both from 1. */
  readonly kernel?: KernelOptions
  /** Added to the diagonal beside the noise; default 0. */
  readonly nugget?: number
}

export interface GaussianProcess {
  readonly residuals: Float64Array
  readonly logLikelihood: number
  readonly point: KernelPoint
  readonly evaluations: number
  /** The curve at other conditions (one array for each, on the scale of the fit). */
  predict(z: readonly Float64Array[]): Float64Array
}

/** `z`: at least one condition, each as long as `target`. Nothing is standardised here. Throws `InputError` BadKernel. */
export function gaussianProcess(
  z: readonly Float64Array[],
  target: Float64Array,
  { kernel = {}, nugget = 0 }: GaussianProcessOptions = {},
): GaussianProcess {
  const parameters = kernelParameters(kernel, z.length)
  const evidence = evidenceOf({ z, target, parameters, nugget })
  const tried = new Map<string, Evidence>()
  const at = (theta: Float64Array): KernelPoint => kernelPoint(parameters, theta, z.length)
  const bounds = {
    lower: Float64Array.from(parameters, ({ lower }) => lower),
    upper: Float64Array.from(parameters, ({ upper }) => upper),
  }
  const best = minimise(
    (theta) => {
      const found = evidence(at(theta))
      tried.set(theta.join(), found)
      return { value: -found.value, gradient: found.gradient.map((value) => -value) }
    },
    parameters.map(({ start }) => start),
    bounds,
  )
  const point = at(best.x)
  const { weights } = tried.get(best.x.join())!
  const diagonal = point.noise + nugget
  return {
    // (K + noise) w = y, and so what K w leaves of y is noise times w.
    residuals: weights.map((value) => diagonal * value),
    logLikelihood: -best.value,
    point,
    evaluations: best.evaluations,
    predict: (others) => predicted(z, others, weights, point),
  }
}

function predicted(
  z: readonly Float64Array[],
  others: readonly Float64Array[],
  weights: Float64Array,
  { variance, lengths }: KernelPoint,
): Float64Array {
  const [n, m] = [weights.length, others[0]?.length ?? 0]
  const cross = linalg.matrix(m, n)
  for (const [k, values] of others.entries()) {
    const [known, scale] = [z[k]!, 1 / lengths[k]!]
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const d = (values[i]! - known[j]!) * scale
        cross.data[i * n + j]! += d * d
      }
  }
  for (let i = 0; i < cross.data.length; i++) cross.data[i] = variance * Math.exp(-0.5 * cross.data[i]!)
  return linalg.matvec(cross, weights)
}
