/** Loops: against plain loops in float64, what they carry and draw, and what they refuse. */

import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { input } from '../src/apply.ts'
import {
  add,
  cast,
  checkpoint,
  constant,
  gather,
  grad,
  greater,
  matmul,
  mul,
  randomNormal,
  reshape,
  scan,
  sin,
  square,
  stack,
  sum,
  type Tensor,
  tanh,
  transpose,
  valueAndGrad,
  vmap,
} from '../src/index.ts'
import { numbersFor, numbersOf, weighted } from './numeric.ts'

const dot = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((total, x, i) => total + x.reduce((s, v, j) => s + v * b[i]![j]!, 0), 0)

describe('derivatives of derivatives', () => {
  const length = 3
  const cell = (s: Tensor, x: Tensor, w: Tensor): Tensor => sin(add(mul(s, w), x))
  const looped = (s: Tensor, xs: Tensor, w: Tensor): Tensor =>
    scan((c: Tensor, x: Tensor) => ({ carry: cell(c, x, w) }), s, xs).carry
  const plain = (s: Tensor, xs: Tensor, w: Tensor): Tensor =>
    Array.from({ length }, (_, t) => gather(xs, constant(t, [], 'int32'))).reduce((c, x) => cell(c, x, w), s)

  /** The sum of a function's gradients, each by a pass of its own. */
  const slope =
    (f: typeof plain): typeof plain =>
    (s, xs, w) =>
      add(add(grad(f)(s, xs, w), sum(grad(f, { argument: 1 })(s, xs, w))), grad(f, { argument: 2 })(s, xs, w))

  test.each([1, 2, 3, 4])('order %i equals that of a plain loop', (order) => {
    const nth = (f: typeof plain): typeof plain =>
      Array.from({ length: order - 1 }).reduce<typeof plain>((inner) => slope(inner), f)
    const of = (f: typeof plain) =>
      numbersOf((s, xs, w) => [slope(nth(f))(s!, xs!, w!)], [[], [length], []], numbersFor([[], [length], []]))
    expect(of(looped)[0]![0]).toBeCloseTo(of(plain)[0]![0]!, 10)
  })
})

describe('scan', () => {
  test('gives what a plain loop gives, forwards and backwards', () => {
    const looped = (s: Tensor, xs: readonly Tensor[]): Tensor =>
      stack(
        xs.map((x) => {
          s = tanh(add(s, x))
          return s
        }),
      )
    const step = (s: Tensor, x: Tensor): { carry: Tensor; y: Tensor } => {
      const next = tanh(add(s, x))
      return { carry: next, y: next }
    }
    const rows = numbersFor([[3], [5, 3]])
    const parts = (x: Tensor): Tensor[] => [0, 1, 2, 3, 4].map((t) => gather(x, constant([t], [], 'int32')))
    const [a, b, c, d] = numbersOf(
      (s, x) => [
        scan(step, s!, x!).ys,
        looped(s!, parts(x!)),
        scan(step, s!, x!, { reverse: true }).ys,
        stack(Array.from(vectorsOf(looped(s!, parts(x!).reverse()))).reverse()),
      ],
      [[3], [5, 3]],
      rows,
    )
    expect(a).toEqual(b)
    expect(c).toEqual(d)
  })

  const vectorsOf = (x: Tensor): Tensor[] =>
    Array.from({ length: x.shape[0]! }, (_, t) => gather(x, constant([t], [], 'int32')))

  test('computes once what does not depend on the step, and closes over what is outside', () => {
    const w = input('w', { shape: [3, 3] })
    const { ys } = scan(
      (s: Tensor, x: Tensor) => ({ carry: matmul(s, transpose(w, [1, 0])), y: mul(s, x) }),
      input('s', { shape: [2, 3] }),
      input('x', { shape: [20, 2, 3] }),
    )
    const loop = ys.inputs[0]!
    expect(loop.op).toBe('scan')
    expect(loop.inputs.map(({ op }) => op)).toEqual(['input', 'input', 'transpose'])
  })

  test('carries integers and conditions without a gradient', () => {
    const fn = (x: Tensor): Tensor => {
      const start = { value: x, wet: greater(x, 0) }
      const { carry } = scan(
        ({ value, wet }: typeof start) => ({
          carry: { value: mul(value, add(cast(wet, 'float32'), 0.5)), wet: greater(sin(value), 0) },
        }),
        start,
        null,
        { length: 4 },
      )
      return weighted(carry.value)
    }
    const x = numbersFor([[5]])
    const [y, g] = numbersOf(
      (v) => {
        const { value, gradient } = valueAndGrad(fn)(v!)
        return [value, gradient]
      },
      [[5]],
      x,
    )
    expect(dot([g!], x) / y![0]!).toBeCloseTo(1, 12)
  })

  test('refuses a carry that changes, and sequences of different lengths', () => {
    const s = input('s', { shape: [2] })
    expect(() => scan((c: Tensor) => ({ carry: reshape(c, [2, 1]) }), s, null, { length: 3 })).toThrow(
      /the carry was float32 \[2\] and becomes float32 \[2, 1\]/,
    )
    const xs = { a: input('a', { shape: [3] }), b: input('b', { shape: [4] }) }
    expect(() => scan((c: Tensor) => ({ carry: c }), s, xs)).toThrow(/sequences of one length are needed, not of 3, 4/)
    expect(() => scan((c: Tensor) => ({ carry: c }), s, null)).toThrow(InputError)
  })
})

describe('random numbers in bodies', () => {
  const noise = (): Tensor => randomNormal('noise', [3])
  const x = numbersFor([[3]])
  const walk = (step: (s: Tensor) => Tensor, start: Tensor): Tensor =>
    scan((s: Tensor) => ({ carry: step(s), y: s }), start, null, { length: 6 }).ys

  test('are drawn anew at every step, as if they had come as a sequence', () => {
    const [inside, given, nested] = numbersOf(
      (s) => [
        walk((v) => add(tanh(v), noise()), s!),
        scan((v: Tensor, e: Tensor) => ({ carry: add(tanh(v), e), y: v }), s!, randomNormal('noise', [6, 3])).ys,
        scan((v: Tensor) => ({ carry: v, y: walk((u) => add(u, noise()), v) }), s!, null, { length: 2 }).ys,
      ],
      [[3]],
      x,
    )
    expect(inside).toEqual(given)
    expect(new Set(nested).size).toBe(3 + 2 * 5 * 3)
  })

  test('are the same when a checkpoint computes again, and for all elements of a mapped axis', () => {
    const fn = (v: Tensor): Tensor => sum(mul(square(v), noise()))
    const [plain, again, mapped] = numbersOf(
      (s) => [grad(fn)(s!), grad(checkpoint(fn))(s!), vmap(fn)(stack([s!, s!]))],
      [[3]],
      x,
    )
    expect(plain).toEqual(again)
    expect(mapped![0]).toBe(mapped![1])
  })
})
