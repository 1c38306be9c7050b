/** Gradients that meet at one node: the same one twice, negated ones, strips beside each other, apart and overlapping. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apply } from '../src/apply.ts'
import {
  add,
  concat,
  constant,
  evaluate,
  gradients,
  mul,
  neg,
  pad,
  sliceAxis,
  sub,
  sum,
  type Tensor,
  trace,
} from '../src/index.ts'
import { topological } from '../src/primitive.ts'

const N = 4
const weights = [1, 10, 100, 1000]

/** The gradient of a weighted sum of a linear function, at any point the same. */
function gradientOf(fn: (x: Tensor) => Tensor): readonly number[] {
  const program = trace(
    (_, { x }) => {
      const y = fn(x)
      const w = constant(Array.from({ length: y.shape[0]! }, (_, i) => weights[i % N]! + Math.floor(i / N)))
      return { g: gradients(sum(mul(y, w)), [x])[0]! }
    },
    { parameters: {}, inputs: { x: { shape: [N] } } },
  )
  return [...evaluate(program, { x: [0, 0, 0, 0] }).g!.data]
}

describe('the gradient of', () => {
  const times = (factor: number): number[] => weights.map((w) => factor * w)
  const cases: readonly [string, (x: Tensor) => Tensor, readonly number[]][] = [
    ['x + x', (x) => add(x, x), times(2)],
    ['x + x + x', (x) => add(add(x, x), x), times(3)],
    ['x - x', (x) => sub(x, x), times(0)],
    ['-x - x', (x) => sub(neg(x), x), times(-2)],
    ['(x + x) + (x - x)', (x) => add(add(x, x), sub(x, x)), times(2)],
    ['halves swapped', (x) => concat([sliceAxis(x, 0, 2, 4), sliceAxis(x, 0, 0, 2)], 0), [100, 1000, 1, 10]],
    ['one slice twice', (x) => concat([sliceAxis(x, 0, 1, 3), sliceAxis(x, 0, 1, 3)], 0), [0, 101, 1010, 0]],
    ['both ends added', (x) => add(sliceAxis(x, 0, 0, 1), sliceAxis(x, 0, 3, 4)), [1, 0, 0, 1]],
    ['overlapping slices', (x) => add(sliceAxis(x, 0, 0, 3), sliceAxis(x, 0, 1, 4)), [1, 11, 110, 100]],
  ]
  test.each(cases)('%s', (_, fn, expected) => {
    expect(gradientOf(fn)).toEqual(expected)
  })
})

test('strips that lie beside each other are joined, not added', () => {
  const { outputs } = trace(
    (_, { x }) => {
      const halves = [sliceAxis(x, 0, 0, 2), sliceAxis(x, 0, 2, 4)].map((half, i) => mul(half, i + 2))
      return { g: gradients(sum(add(halves[0]!, halves[1]!)), [x])[0]! }
    },
    { parameters: {}, inputs: { x: { shape: [N] } } },
  )
  const made = topological([outputs.g!]).map(({ op }) => op)
  expect(made).toContain('concat')
  expect(made).not.toContain('pad')
})

type Step = readonly [kind: 'add' | 'sub' | 'neg' | 'swap' | 'shift' | 'middle', a: number, b: number]

/** Linear maps of vectors, on a growing pool that begins with x; the result uses all of them. */
function linear(x: Tensor, steps: readonly Step[]): Tensor {
  const pool: Tensor[] = [x]
  for (const [kind, i, j] of steps) {
    const [a, b] = [pool[i % pool.length]!, pool[j % pool.length]!]
    const made = {
      add: () => add(a, b),
      sub: () => sub(a, b),
      neg: () => neg(a),
      swap: () => concat([sliceAxis(a, 0, 2, 4), sliceAxis(b, 0, 0, 2)], 0),
      shift: () => pad(sliceAxis(a, 0, 0, 3), [1], [0]),
      middle: () => pad(sliceAxis(a, 0, 1, 3), [1], [1]),
    }[kind]()
    pool.push(made)
  }
  return pool.reduce((total, part) => add(total, part))
}

test('random linear functions: the gradient is the matrix applied to the weights', () => {
  const kind = fc.constantFrom<Step[0]>('add', 'sub', 'neg', 'swap', 'shift', 'middle')
  const steps = fc.array(fc.tuple(kind, fc.nat(20), fc.nat(20)), { maxLength: 8 })
  fc.assert(
    fc.property(steps, (list) => {
      const program = trace((_, { x }) => ({ y: linear(x, list) }), {
        parameters: {},
        inputs: { x: { shape: [N] } },
      })
      const columns = weights.map((_, i) => evaluate(program, { x: weights.map((_, j) => Number(i === j)) }).y!.data)
      const expected = columns.map((column) => column.reduce((total, v, i) => total + v * weights[i]!, 0))
      expect(gradientOf((x) => linear(x, list)).map((v) => v + 0)).toEqual(expected.map((v) => v + 0))
    }),
    { numRuns: 300 },
  )
})

test('a composite that has one tensor as two operands', () => {
  // silu'(x) x, whose derivative is silu''(x) x + silu'(x).
  const program = trace(
    (_, { x }) => {
      const first = apply('siluGrad', [x, x], {})
      return { first, second: gradients(sum(first), [x])[0]! }
    },
    { parameters: {}, inputs: { x: { shape: [N] } } },
  )
  const at = (shift: number) => evaluate(program, { x: [-1.5, -0.2, 0.4, 2].map((v) => v + shift) })
  const [up, down] = [at(1e-5).first!.data, at(-1e-5).first!.data]
  at(0).second!.data.forEach((v, i) => {
    expect(v).toBeCloseTo((up[i]! - down[i]!) / 2e-5, 8)
  })
})
