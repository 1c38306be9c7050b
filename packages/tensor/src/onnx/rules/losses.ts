/** ONNX's losses of classes, which networks exported with their loss end in. */

import { constant } from '../../apply.ts'
import { oneHot } from '../../ops/indexing.ts'
import { and, div, equal, expand, logSoftmax, mul, neg, not, reshape, sum, transpose, where } from '../../ops/plain.ts'
import type { Tensor } from '../../primitive.ts'
import { range } from '../../shape.ts'
import type { Call, Rule } from '../item.ts'

/** Minus the weighted logarithm at each target's class; targets of `ignore_index` and outside the classes count as nothing. */
function classLoss(c: Call, logs: Tensor): Tensor {
  const [, classes, ...rest] = logs.shape as [number, number, ...number[]]
  const target = c.raw(1)
  const given = c.attribute('ignore_index')?.integer
  const hot = equal(oneHot(target, classes), 1)
  const counted = given === undefined ? hot : and(hot, reshape(not(equal(target, given)), [...target.shape, 1]))
  // [N, ..., C] to [N, C, ...]
  const last = counted.shape.length - 1
  const chosen = transpose(counted, [0, last, ...range(1, last)])
  const weights = reshape(c.optional(2) ?? constant(1, [classes]), [1, classes, ...rest.map(() => 1)])
  // Chosen, not multiplied: logarithms may be infinite.
  const each = sum(where(chosen, mul(neg(logs), weights), 0), 1)
  const reduction = c.text('reduction', 'mean')
  if (reduction === 'none') return each
  if (reduction === 'sum') return sum(each)
  if (reduction !== 'mean') throw c.fail(`reduction ${reduction}`)
  return div(sum(each), sum(where(chosen, expand(weights, logs.shape), 0)))
}

export const lossRules = {
  NegativeLogLikelihoodLoss: (c) => c.as('float', classLoss(c, c.tensor(0))),
  SoftmaxCrossEntropyLoss: (c) => {
    const logs = logSoftmax(c.tensor(0), 1)
    return [c.as('float', classLoss(c, logs)), c.as('float', logs)]
  },
} as const satisfies Readonly<Record<string, Rule>>
