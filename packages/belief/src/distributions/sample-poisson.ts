/** Poisson variates in a fixed graph: by inversion where the rate is small, by rejection where it is not. */

import {
  abs,
  add,
  and,
  cast,
  constant,
  cumsum,
  div,
  exp,
  expand,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  lgamma,
  log,
  maximum,
  minimum,
  mul,
  or,
  randomUniform,
  reshape,
  sliceAxis,
  sqrt,
  stopGradient,
  sub,
  sum,
  type Tensor,
  where,
} from '@ecotope/tensor'

/** Rates from here on are sampled by rejection. */
const SMALL = 10
/** Counts that inversion looks at: at a rate of 10 more come up with probability 3e-13. */
const COUNTS = 40
/** Each is accepted with probability 0.78 or more, so that all fail with less than 1e-13. */
const ATTEMPTS = 20
/** In place of a uniform number of 0, where a logarithm follows. */
const LEAST = 2 ** -25

/** As many counts as have a distribution function below a uniform number. */
function byInversion(key: string, rate: Tensor): Tensor {
  const counts = constant(
    Array.from({ length: COUNTS }, (_, k) => k),
    [COUNTS, ...rate.shape.map(() => 1)],
  )
  const probability = exp(sub(sub(mul(counts, log(rate)), rate), lgamma(add(counts, 1))))
  const uniform = randomUniform(`${key}/inversion`, rate.shape)
  return sum(cast(less(cumsum(probability, 0), uniform), 'float32'), 0)
}

/** Transformed rejection with squeeze (Hörmann 1993, algorithm PTRS). */
function byRejection(key: string, rate: Tensor): Tensor {
  const shape = [ATTEMPTS, ...rate.shape]
  const b = add(mul(sqrt(rate), 2.53), 0.931)
  const a = add(mul(b, 0.02483), -0.059)
  const inverseAlpha = add(div(1.1328, sub(b, 3.4)), 1.1239)
  const bound = sub(0.9277, div(3.6224, sub(b, 2)))
  const u = sub(randomUniform(`${key}/u`, shape), 0.5)
  const v = maximum(randomUniform(`${key}/v`, shape), LEAST)
  const edge = maximum(sub(0.5, abs(u)), LEAST)
  const count = floor(add(add(mul(add(div(mul(a, 2), edge), b), u), rate), 0.43))
  const kept = maximum(count, 0)
  const proposal = sub(log(mul(v, inverseAlpha)), log(add(div(a, mul(edge, edge)), b)))
  const target = sub(sub(mul(kept, log(rate)), rate), lgamma(add(kept, 1)))
  const inside = and(greaterEqual(count, 0), or(greaterEqual(edge, 0.013), lessEqual(v, edge)))
  const squeezed = and(greaterEqual(edge, 0.07), lessEqual(v, bound))
  const accepted = or(squeezed, and(inside, lessEqual(proposal, target)))
  let chosen = floor(rate)
  for (let i = ATTEMPTS - 1; i >= 0; i--) {
    const at = (x: Tensor): Tensor => reshape(sliceAxis(x, 0, i, i + 1), rate.shape)
    chosen = where(at(accepted), at(kept), chosen)
  }
  return chosen
}

/** Counts for a rate of any shape, float32, without gradient. */
export function samplePoisson(key: string, rate: Tensor): Tensor {
  const fixed = stopGradient(rate)
  const small = byInversion(key, minimum(fixed, SMALL))
  const large = byRejection(key, maximum(fixed, SMALL))
  return stopGradient(where(greater(expand(fixed, rate.shape), SMALL), large, small))
}
