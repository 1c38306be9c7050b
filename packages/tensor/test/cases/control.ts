/** For every primitive of control flow, small programs that use it. */

import { apply } from '../../src/apply.ts'
import type { ControlPrimitive } from '../../src/attributes/control.ts'
import {
  add,
  checkpoint,
  concat,
  div,
  exp,
  matmul,
  mean,
  mul,
  reshape,
  scan,
  sin,
  type Tensor,
  tanh,
} from '../../src/index.ts'
import type { ProgramCase } from '../support.ts'
import { a } from './families.ts'

/** A leaky recurrent cell: carry, results and what it takes from outside all matter to the value. */
function recurrent(reverse: boolean, unroll = 1): ProgramCase['fn'] {
  return (x, h, w) => {
    const { carry, ys } = scan(
      (state: Tensor, now: Tensor) => {
        const next = tanh(add(matmul(state, w!), now))
        return { carry: next, y: mul(next, sin(now)) }
      },
      h!,
      x!,
      { reverse, unroll },
    )
    return concat([reshape(carry, [1, ...carry.shape]), ys], 0)
  }
}

const sequence = (length: number): ProgramCase['shapes'] => [
  [length, 2, 3],
  [2, 3],
  [3, 3],
]

/** Two carries, one without gradient; no sequence; results that the gradient does not need. */
const counting =
  (length: number): ProgramCase['fn'] =>
  (x) => {
    const { carry } = scan(
      ({ total, count }: { total: Tensor; count: Tensor }) => ({
        carry: { total: mul(total, add(sin(x!), div(1, add(count, 1)))), count: add(count, 1) },
      }),
      { total: x!, count: mul(x!, 0) },
      null,
      { length },
    )
    return carry.total
  }

/** A loop in a loop, both long enough not to be unrolled. */
const nested: ProgramCase['fn'] = (x) =>
  scan(
    (outer: Tensor, row: Tensor) => {
      const inner = scan(
        (sum: Tensor, v: Tensor) => ({ carry: add(mul(sum, 0.9), sin(v)), y: mul(sum, v) }),
        outer,
        row,
      )
      return { carry: inner.carry, y: inner.ys }
    },
    mean(x),
    x,
  ).ys

export const controlCases: { readonly [P in ControlPrimitive]: readonly ProgramCase[] } = {
  identity: [{ shapes: [a], fn: (x) => mul(apply('identity', [x], {}), x) }],
  barrier: [{ shapes: [a, a], fn: (x, token) => exp(apply('barrier', [x, token], {})) }],
  output: [],
  call: [
    { shapes: [a], fn: (x) => checkpoint((v: Tensor) => sin(mul(v, v)))(x) },
    {
      shapes: [
        [3, 3],
        [3, 3],
      ],
      fn: (x, w) => checkpoint((v: Tensor) => tanh(matmul(v, w)))(checkpoint((v: Tensor) => matmul(v, w))(x)),
    },
  ],
  scan: [
    { shapes: sequence(4), fn: recurrent(false) },
    { shapes: sequence(4), fn: recurrent(true) },
    { shapes: sequence(20), fn: recurrent(false) },
    { shapes: sequence(20), fn: recurrent(true) },
    { shapes: sequence(21), fn: recurrent(false, 7) },
    { shapes: [[2, 3]], fn: counting(5) },
    { shapes: [[2, 3]], fn: counting(18) },
    { shapes: [[18, 17]], fn: nested },
  ],
}
