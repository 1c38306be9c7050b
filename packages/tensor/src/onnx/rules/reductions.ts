/** ONNX's reductions and softmax. */

import { abs, log, logSoftmax, max, mean, softmax, sqrt, square, sum } from '../../ops/plain.ts'
import { logSumExp, min, prod } from '../../ops/reductions.ts'
import type { Tensor } from '../../primitive.ts'
import { range } from '../../shape.ts'
import type { Rule } from '../item.ts'

type Options = { readonly keepDims: boolean }
type Reduce = (x: Tensor, axes: readonly number[], options: Options) => Tensor

/** Axes are an attribute up to opset 17 (13 for sums) and an operand since; none means all, unless told otherwise. */
const reduction =
  (fn: Reduce): Rule =>
  (c) => {
    const given = c.axes('axes', 1)
    const none = given === undefined || given.length === 0
    if (none && c.integer('noop_with_empty_axes', 0) === 1) return c.item(0)
    const axes = none ? range(0, c.rank(0)) : given
    return c.as(c.kind(0), fn(c.tensor(0), axes, { keepDims: c.integer('keepdims', 1) === 1 }))
  }

const along =
  (fn: (x: Tensor, axis: number) => Tensor): Rule =>
  (c) =>
    c.as('float', fn(c.tensor(0), c.axis('axis', -1)))

export const reductionRules = {
  LogSoftmax: along(logSoftmax),
  ReduceL1: reduction((x, axes, o) => sum(abs(x), axes, o)),
  ReduceL2: reduction((x, axes, o) => sqrt(sum(square(x), axes, o))),
  ReduceLogSum: reduction((x, axes, o) => log(sum(x, axes, o))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction(max),
  ReduceMean: reduction(mean),
  ReduceMin: reduction(min),
  ReduceProd: reduction(prod),
  ReduceSum: reduction(sum),
  ReduceSumSquare: reduction((x, axes, o) => sum(square(x), axes, o)),
  Softmax: along(softmax),
} as const satisfies Readonly<Record<string, Rule>>
