import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { input } from '../src/apply.ts'
import {
  add,
  cast,
  constant,
  exp,
  grad,
  gradients,
  greater,
  hessianVectorProduct,
  jvp,
  matmul,
  mul,
  pow,
  sigmoid,
  silu,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  valueAndGrad,
  vjp,
} from '../src/index.ts'
import { numbersFor, numbersOf, slopeAlong, weighted } from './numeric.ts'
import { relativeError } from './support.ts'

const scalar = (fn: (x: Tensor) => Tensor, at: number): number =>
  numbersOf((x) => [fn(x!)], [[]], [Float64Array.of(at)])[0]![0]!

describe('grad', () => {
  test('of grad of grad: the third derivative of x^5 is 60 x^2', () => {
    expect(scalar(grad(grad(grad((x: Tensor) => pow(x, 5)))), 1.5)).toBeCloseTo(135, 10)
  })

  test('takes other arguments and what it closes over as constant', () => {
    // d/dx of x (d/dy of x y at y = x) = d/dx of x x = 2 x; were the two x confused, it would be 4 x.
    const product = (x: Tensor): Tensor => mul(x, grad((y: Tensor) => mul(x, y))(x))
    expect(scalar(grad(product), 3)).toBeCloseTo(6, 12)
    expect(scalar((x) => grad((y: Tensor, z: Tensor) => mul(y, z))(x, x), 3)).toBeCloseTo(3, 12)
  })

  test('with respect to another argument, and to trees', () => {
    const fn = (p: { w: Tensor; b: readonly Tensor[] }, x: Tensor): Tensor => sum(mul(mul(p.w, x), p.b[0]!))
    const [w, b, x] = [input('w', { shape: [2] }), input('b', { shape: [2] }), input('x', { shape: [2] })]
    const tree = grad(fn)({ w, b: [b] }, x)
    expect([tree.w.shape, tree.b[0]!.shape]).toEqual([[2], [2]])
    const byX = numbersOf(
      (x0, x1, x2) => [grad(fn, { argument: 1 })({ w: x0!, b: [x1!] }, x2!)],
      [[2], [2], [2]],
      [Float64Array.of(1, 2), Float64Array.of(3, 5), Float64Array.of(7, 11)],
    )
    expect(Array.from(byX[0]!)).toEqual([3, 10])
  })

  test('gives the value too, and zeros for what does not matter', () => {
    const { value, gradient } = valueAndGrad((p: { a: Tensor; b: Tensor }) => sum(square(p.a)))({
      a: constant([1, 2]),
      b: constant([3]),
    })
    const [v, a, b] = numbersOf(() => [value, gradient.a, gradient.b], [], [])
    expect([...v!, ...a!, ...b!]).toEqual([5, 2, 4, 0])
  })

  test('stops at stopGradient, integers and comparisons', () => {
    expect(
      scalar(
        grad((x: Tensor) => mul(x, stopGradient(x))),
        3,
      ),
    ).toBe(3)
    expect(
      scalar(
        grad((x: Tensor) => mul(x, cast(greater(x, 0), 'float32'))),
        3,
      ),
    ).toBe(1)
    expect(
      scalar(
        grad((x: Tensor) => mul(x, cast(cast(x, 'int32'), 'float32'))),
        3.7,
      ),
    ).toBe(3)
  })

  test('refuses what has no gradient', () => {
    expect(() => grad((x: Tensor) => x)(input('x', { shape: [2] }))).toThrow(/must give a scalar, not \[2\]/)
    expect(() => grad((x: Tensor) => x, { argument: 1 })(constant(1))).toThrow(/no argument 1 among 1/)
    expect(() => grad((x: number) => constant(x))(2)).toThrow(/holds tensors, not number/)
    expect(() => gradients(input('x', { shape: [2] }), [])).toThrow(InputError)
  })
})

const shapes = [
  [3, 4],
  [4, 2],
]
/** A small network with a nonlinearity of every order. */
const network = (x: Tensor, w: Tensor): Tensor => weighted(tanh(mul(silu(matmul(x, w)), sigmoid(matmul(x, w)))))
const at = numbersFor(shapes)
const along = numbersFor(shapes, 11)
const dot = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((total, x, i) => total + x.reduce((s, v, j) => s + v * b[i]![j]!, 0), 0)

describe('jvp, vjp and products with the Hessian', () => {
  test('jvp equals finite differences and the product with the gradient', () => {
    const expected = slopeAlong(network as never, shapes, at, along)
    const [forward] = numbersOf(
      (x, w, u, v) => [jvp(network, [x!, w!], [u!, v!]).tangent],
      [...shapes, ...shapes],
      [...at, ...along],
    )
    expect(forward![0]! / expected).toBeCloseTo(1, 7)
    const slopes = numbersOf((x, w) => vjp(network, x!, w!).pullback(constant(1)), shapes, at)
    expect(dot(slopes, along) / expected).toBeCloseTo(1, 7)
  })

  test('jvp of trees, of outputs that do not depend on the argument, and of jvp', () => {
    const fn = (p: { x: Tensor }): { a: Tensor; b: Tensor } => ({ a: sin(p.x), b: constant([1, 2]) })
    const x = constant([0.3, 0.7])
    const { tangent } = jvp(fn, [{ x }], [{ x: constant([1, 10]) }])
    const [a, b] = numbersOf(() => [tangent.a, tangent.b], [], [])
    expect(relativeError(a!, [Math.cos(0.3), 10 * Math.cos(0.7)])).toBeLessThan(1e-14)
    expect(Array.from(b!)).toEqual([0, 0])
    const one = constant(1)
    const twice = (v: Tensor): Tensor => jvp((u: Tensor) => jvp(exp, [u], [one]).tangent, [v], [one]).tangent
    expect(scalar((v) => twice(mul(v, 2)), 0.5)).toBeCloseTo(Math.E, 12)
  })

  test('hessianVectorProduct equals differences of the gradient, and jvp of grad', () => {
    const products = (form: (x: Tensor, w: Tensor, u: Tensor, v: Tensor) => readonly Tensor[]): Float64Array[] =>
      numbersOf((x, w, u, v) => form(x!, w!, u!, v!), [...shapes, ...shapes], [...at, ...along])
    const pearlmutter = products((x, w, u, v) => hessianVectorProduct(network, [x, w], [u, v]))
    const slope = (p: readonly [Tensor, Tensor]): readonly [Tensor, Tensor] =>
      grad((q: readonly [Tensor, Tensor]) => network(...q))(p)
    const forward = products((x, w, u, v) => jvp(slope, [[x, w]], [[u, v]]).tangent)
    const gradient = (factor: number): Float64Array[] =>
      numbersOf(
        (x, w) => slope([x!, w!]),
        shapes,
        at.map((x, i) => x.map((n, j) => n + factor * along[i]![j]!)),
      )
    const [plus, minus] = [gradient(1e-5), gradient(-1e-5)]
    plus.forEach((g, i) => {
      const expected = g.map((n, j) => (n - minus[i]![j]!) / 2e-5)
      expect(relativeError(pearlmutter[i]!, expected)).toBeLessThan(1e-8)
      expect(relativeError(forward[i]!, expected)).toBeLessThan(1e-8)
    })
  })

  test('a pullback may be used more than once; forms that do not fit are refused', () => {
    const x = constant([1, 2, 3])
    const { pullback } = vjp((v: Tensor) => square(v), x)
    const [a, b] = numbersOf(() => [...pullback(x), ...pullback(sub(x, 1))], [], [])
    expect([Array.from(a!), Array.from(b!)]).toEqual([
      [2, 8, 18],
      [0, 4, 12],
    ])
    expect(() => pullback(constant(1))).toThrow(/vjp: expects the shapes \[3\], not \[\]/)
    expect(() => jvp((v: Tensor) => add(v, 1), [x], [constant(1)])).toThrow(/jvp: expects/)
  })
})
