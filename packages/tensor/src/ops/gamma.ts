/** Gamma variates whose gradient reaches the concentration, by implicit differentiation of the distribution function. */

import { apply, constant, type Operand, operand, randomLeaf } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import {
  abs,
  add,
  and,
  cast,
  div,
  exp,
  expand,
  greater,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  reshape,
  sliceAxis,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  where,
} from './plain.ts'
import { digamma, expm1 } from './special.ts'

/** The smallest normal float32: samples are not smaller, so that their logarithm exists. */
const LEAST = 1.1754943508222875e-38
/** Candidates per sample. Each is accepted with probability 0.95 or more, so that all fail with less than 4e-11. */
const ATTEMPTS = 8

/** Marsaglia and Tsang 2000 for a concentration of 1 or more; where every candidate fails, the mode's neighbour d. */
function largeGamma(key: string, concentration: Tensor): Tensor {
  const shape = [ATTEMPTS, ...concentration.shape]
  const d = sub(concentration, 1 / 3)
  const normal = randomLeaf('normal', `${key}/normal`, shape)
  const root = add(div(normal, sqrt(mul(d, 9))), 1)
  const v = mul(root, square(root))
  const bound = add(mul(square(normal), 0.5), mul(d, add(sub(1, v), log(maximum(v, LEAST)))))
  const accepted = and(greater(v, 0), less(log(randomLeaf('uniform', `${key}/accept`, shape)), bound))
  let chosen: Tensor = constant(1, concentration.shape)
  for (let i = ATTEMPTS - 1; i >= 0; i--) {
    const at = (x: Tensor): Tensor => reshape(sliceAxis(x, 0, i, i + 1), concentration.shape)
    chosen = where(at(accepted), at(v), chosen)
  }
  return mul(d, chosen)
}

/** Gauss and Legendre's rule on [0, end]. */
function legendre(n: number, end: number): { nodes: number[]; weights: number[] } {
  const nodes: number[] = []
  const weights: number[] = []
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 1
    for (let step = 0; step < 8; step++) {
      let [before, value] = [1, x]
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k]
      slope = (n * (before - x * value)) / (1 - x * x)
      x -= value / slope
    }
    nodes.push(((x + 1) * end) / 2)
    weights.push(end / ((1 - x * x) * slope * slope))
  }
  return { nodes, weights }
}

const RULE = legendre(24, 10)

/** Below this sample the power series, from it on the quadrature. Together within 6e-5 relative. */
const SMALL = 1.5
const TERMS = 12

/** z sum t(k) (digamma(a + k + 1) - log z) with t(k) = z^k / (a (a + 1) ... (a + k)), from DLMF 8.7.1. */
function seriesDerivative(a: Tensor, z: Tensor): Tensor {
  let term = div(1, a)
  let gap = sub(digamma(add(a, 1)), log(z))
  let total = mul(term, gap)
  for (let k = 1; k < TERMS; k++) {
    const next = div(1, add(a, k))
    term = mul(term, mul(z, next))
    gap = add(gap, next)
    total = add(total, mul(term, gap))
  }
  return mul(z, total)
}

/**
 * z times the integral over s > 0 of exp(-h(s)) (|log z - digamma(a)| + s), h(s) = z (exp(y) - 1) - a y with y = s above
 * the sample where log z > digamma(a), else y = -s below it. On that side the integrand has one sign and h grows.
 */
function integralDerivative(a: Tensor, z: Tensor): Tensor {
  const gap = sub(log(z), digamma(a))
  const side = sub(mul(cast(greater(gap, 0), 'float32'), 2), 1)
  const slope = mul(sub(z, a), side)
  // Where h reaches about 1: the scale of the integrand.
  const scale = div(2, add(slope, sqrt(add(square(slope), mul(z, 2)))))
  const column = (x: Tensor): Tensor => reshape(x, [...x.shape, 1])
  const s = mul(column(scale), constant(RULE.nodes))
  const y = mul(s, column(side))
  const h = sub(mul(column(z), expm1(y)), mul(column(a), y))
  const integrand = mul(mul(exp(neg(h)), add(s, column(abs(gap)))), constant(RULE.weights))
  return mul(mul(z, scale), sum(integrand, -1))
}

/**
 * The derivative of a gamma sample z with respect to its concentration a at a fixed value of the distribution function,
 * -(dP(a, z) / da) / p(z; a) (Figurnov et al. 2018, equation 8). Within 1e-4 relative for a from 0.01 to 1e5.
 */
export function gammaDerivative(concentration: Tensor, sample: Tensor): Tensor {
  const z = maximum(sample, LEAST)
  const near = seriesDerivative(concentration, minimum(z, SMALL))
  return where(less(z, SMALL), near, integralDerivative(concentration, maximum(z, SMALL)))
}

/**
 * Gamma variates of rate 1 in `shape` (default that of the concentration, which is positive and must broadcast to it).
 * Gradients are those of implicit reparameterisation. For a rate divide by it; Beta and Dirichlet follow by normalising.
 */
export function randomGamma(key: string, concentration: Operand, shape = operand(concentration).shape): Tensor {
  const alpha = expand(operand(concentration), shape)
  const a = stopGradient(alpha)
  const small = less(a, 1)
  const large = largeGamma(key, add(a, cast(small, 'float32')))
  // A sample of a + 1 times U^(1 / a) is one of a.
  const uniform = maximum(randomLeaf('uniform', `${key}/boost`, shape), 2 ** -25)
  const boost = where(small, div(log(uniform), a), 0)
  return apply('gammaSample', [maximum(mul(large, exp(boost)), LEAST), alpha], {})
}
