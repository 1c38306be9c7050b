/** Entropies and divergences in closed form, a rule per kind that has one. */

import { InputError } from '@ecotope/core'
import {
  add,
  cos,
  diagonal,
  digamma,
  div,
  expand,
  expandDims,
  lgamma,
  log,
  logSoftmax,
  mul,
  neg,
  sigmoid,
  softmax,
  softplus,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  triangularSolve,
} from '@ecotope/tensor'
import { logBesselZero, resultant } from './circular.ts'
import { logBeta } from './continuous.ts'
import { type Distribution, jointShape, type Kind, LOG_TWO_PI, type ParameterTable } from './distribution.ts'
import { logDiagonal, logNorm } from './multivariate.ts'

type Rule<K extends Kind> = (p: ParameterTable[K]) => Tensor
type Pairs<K extends Kind> = (p: ParameterTable[K], q: ParameterTable[K]) => Tensor

const total = (terms: readonly Tensor[]): Tensor => terms.reduce((sum, term) => add(sum, term))

const entropies = {
  normal: ({ mean, standardDeviation }) =>
    expand(add(log(standardDeviation), (1 + LOG_TWO_PI) / 2), jointShape(mean, standardDeviation)),
  logNormal: ({ location, scale }) => add(add(log(scale), location), (1 + LOG_TWO_PI) / 2),
  studentT: ({ degrees, location, scale }) => {
    const half = mul(degrees, 0.5)
    const above = add(half, 0.5)
    const tail = mul(above, sub(digamma(above), digamma(half)))
    const each = total([tail, mul(log(degrees), 0.5), logBeta(half, 0.5), log(scale)])
    return expand(each, jointShape(degrees, location, scale))
  },
  gamma: ({ concentration: a, rate }) => total([a, neg(log(rate)), lgamma(a), mul(sub(1, a), digamma(a))]),
  beta: ({ alpha: a, beta: b }) => {
    const joint = add(a, b)
    const parts = add(mul(sub(a, 1), digamma(a)), mul(sub(b, 1), digamma(b)))
    return add(sub(logBeta(a, b), parts), mul(sub(joint, 2), digamma(joint)))
  },
  vonMises: ({ location, concentration: k }) => {
    const each = add(add(logBesselZero(k), LOG_TWO_PI), mul(k, sub(1, resultant(k))))
    return expand(each, jointShape(location, k))
  },
  bernoulli: ({ logits }) => sub(softplus(logits), mul(logits, sigmoid(logits))),
  categorical: ({ logits }) => neg(sum(mul(softmax(logits), logSoftmax(logits)), -1)),
  multivariateNormal: ({ mean, factor }) => {
    const half = add(logDiagonal(factor), ((mean.shape.at(-1) ?? 0) * (1 + LOG_TWO_PI)) / 2)
    return expand(half, jointShape(mean, diagonal(factor)).slice(0, -1))
  },
  dirichlet: ({ concentration: a }) => {
    const joint = sum(a, -1)
    const parts = sum(mul(sub(a, 1), digamma(a)), -1)
    return sub(add(logNorm(a), mul(sub(joint, a.shape.at(-1) ?? 0), digamma(joint))), parts)
  },
} satisfies { readonly [K in Kind]?: Rule<K> }

const normalDivergence = (meanP: Tensor, scaleP: Tensor, meanQ: Tensor, scaleQ: Tensor): Tensor => {
  const squares = add(square(div(scaleP, scaleQ)), square(div(sub(meanP, meanQ), scaleQ)))
  return add(mul(sub(squares, 1), 0.5), log(div(scaleQ, scaleP)))
}

const divergences = {
  normal: (p, q) => normalDivergence(p.mean, p.standardDeviation, q.mean, q.standardDeviation),
  logNormal: (p, q) => normalDivergence(p.location, p.scale, q.location, q.scale),
  gamma: ({ concentration: a, rate: r }, { concentration: b, rate: s }) =>
    total([mul(sub(a, b), digamma(a)), sub(lgamma(b), lgamma(a)), mul(b, log(div(r, s))), mul(a, div(sub(s, r), r))]),
  beta: (p, q) => {
    const [a, b] = [sub(p.alpha, q.alpha), sub(p.beta, q.beta)]
    return total([
      sub(logBeta(q.alpha, q.beta), logBeta(p.alpha, p.beta)),
      mul(a, digamma(p.alpha)),
      mul(b, digamma(p.beta)),
      neg(mul(add(a, b), digamma(add(p.alpha, p.beta)))),
    ])
  },
  vonMises: (p, q) => {
    const norms = sub(
      add(logBesselZero(q.concentration), q.concentration),
      add(logBesselZero(p.concentration), p.concentration),
    )
    const aligned = sub(p.concentration, mul(q.concentration, cos(sub(p.location, q.location))))
    return add(norms, mul(aligned, resultant(p.concentration)))
  },
  bernoulli: (p, q) =>
    total([mul(sigmoid(p.logits), sub(p.logits, q.logits)), neg(softplus(p.logits)), softplus(q.logits)]),
  categorical: (p, q) => sum(mul(softmax(p.logits), sub(logSoftmax(p.logits), logSoftmax(q.logits))), -1),
  poisson: ({ rate: p }, { rate: q }) => add(mul(p, log(div(p, q))), sub(q, p)),
  multivariateNormal: (p, q) => {
    const across = triangularSolve(q.factor, p.factor)
    const apart = squeeze(triangularSolve(q.factor, expandDims(sub(p.mean, q.mean), -1)), -1)
    const squares = add(sum(square(across), [-2, -1]), sum(square(apart), -1))
    const determinants = sub(logDiagonal(q.factor), logDiagonal(p.factor))
    return add(mul(sub(squares, p.mean.shape.at(-1) ?? 0), 0.5), determinants)
  },
  dirichlet: ({ concentration: a }, { concentration: b }) => {
    const expected = sub(digamma(a), digamma(sum(a, -1, { keepDims: true })))
    return add(sub(logNorm(b), logNorm(a)), sum(mul(sub(a, b), expected), -1))
  },
} satisfies { readonly [K in Kind]?: Pairs<K> }

/** Entropy in nats; that of continuous distributions may be negative. Not of counts, which have no closed form. */
export function entropy<K extends keyof typeof entropies>({ kind, parameters }: Distribution<K>): Tensor {
  return (entropies[kind] as unknown as Rule<K>)(parameters)
}

/**
 * Kullback and Leibler's divergence of q from p, in nats: the mean of ln p(x) − ln q(x) under p. Raises `InputError`
 * (`KindMismatch`) unless both are of one kind.
 */
export function klDivergence<K extends keyof typeof divergences>(p: Distribution<K>, q: Distribution<K>): Tensor {
  if (p.kind !== q.kind) {
    throw new InputError('KindMismatch', `the divergence of ${q.kind} from ${p.kind} has no closed form`, {
      hint: 'Estimate it: the mean of p.logProbability(x) − q.logProbability(x) over samples x of p.',
    })
  }
  return (divergences[p.kind] as unknown as Pairs<K>)(p.parameters, q.parameters)
}
