/** Transforms of transforms, in float64 against finite differences or against plain loops. */

import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { input } from '../src/apply.ts'
import {
  add,
  cast,
  checkpoint,
  constant,
  cumsum,
  gather,
  gatherElements,
  grad,
  hessianVectorProduct,
  jvp,
  matmul,
  mul,
  reshape,
  type Shape,
  scan,
  sin,
  sliceAxis,
  softplus,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
  trace,
  transpose,
  vmap,
} from '../src/index.ts'
import { type LoweringTarget, portable } from '../src/lower/target.ts'
import { range } from '../src/shape.ts'
import { numbersFor, numbersOf, slopeAlong, weighted } from './numeric.ts'
import { relativeError, testEngine, worstError } from './support.ts'

type Pair = readonly [Tensor, Tensor]

/** A bucket that leaks: a small simulator of `steps` steps for a vector of pixels, with two parameters. */
function simulate(steps: (x: Tensor) => Tensor, rate: Tensor, rain: Tensor): Tensor {
  const { carry, ys } = scan(
    (state: { store: Tensor }, now: { rain: Tensor }) => {
      const filled = add(state.store, softplus(now.rain))
      const loss = mul(filled, steps(mul(rate, filled)))
      return { carry: { store: sub(filled, loss) }, y: loss }
    },
    { store: mul(rate, 0.3) },
    { rain },
  )
  return add(weighted(ys), weighted(carry.store))
}

const bounded = (x: Tensor): Tensor => mul(square(tanh(x)), 0.5)

/** The same, each step computed again in the gradient; and with the state of every step stacked by hand. */
const forms: Record<string, (rate: Tensor, rain: Tensor) => Tensor> = {
  scan: (rate, rain) => simulate(bounded, rate, rain),
  'checkpoint in scan': (rate, rain) => simulate(checkpoint(bounded), rate, rain),
  'scan in checkpoint': checkpoint((rate: Tensor, rain: Tensor) => simulate(bounded, rate, rain)),
  'gradient in scan': (rate, rain) => simulate((x) => grad((v: Tensor) => sum(mul(bounded(v), v)))(x), rate, rain),
  'vmap of scan': (rate, rain) => {
    const one = (r: Tensor, x: Tensor): Tensor => {
      const { ys } = scan((s: Tensor, now: Tensor) => ({ carry: tanh(add(mul(s, r), now)), y: s }), r, x)
      return ys
    }
    return weighted(vmap(one, { inAxes: [0, 1] })(rate, rain))
  },
  'vmap in scan': (rate, rain) => simulate((x) => vmap((v: Tensor) => mul(bounded(v), sin(v)))(x), rate, rain),
}

const shapes = [[4], [7, 4]]
const at = numbersFor(shapes)
const along = numbersFor(shapes, 31)
const dot = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((total, x, i) => total + x.reduce((s, v, j) => s + v * b[i]![j]!, 0), 0)

describe.each(Object.entries(forms))('derivatives of %s', (_, fn) => {
  const slope = slopeAlong(fn as never, shapes, at, along)
  const pair = (p: Pair): Tensor => fn(...p)

  test('grad', () => {
    const slopes = numbersOf((a, b) => grad(pair)([a!, b!]), shapes, at)
    expect(dot(slopes, along) / slope).toBeCloseTo(1, 7)
  })

  test('jvp', () => {
    const [forward] = numbersOf(
      (a, b, u, v) => [jvp(fn, [a!, b!], [u!, v!]).tangent],
      [...shapes, ...shapes],
      [...at, ...along],
    )
    expect(forward![0]! / slope).toBeCloseTo(1, 7)
  })

  test('hessianVectorProduct, and jvp of grad', () => {
    const moved = (factor: number): Float64Array[] =>
      numbersOf(
        (a, b) => grad(pair)([a!, b!]),
        shapes,
        at.map((x, i) => x.map((v, j) => v + factor * along[i]![j]!)),
      )
    const [plus, minus] = [moved(1e-5), moved(-1e-5)]
    const all = [...shapes, ...shapes]
    const product = numbersOf((a, b, u, v) => hessianVectorProduct(fn, [a!, b!], [u!, v!]), all, [...at, ...along])
    const forward = numbersOf((a, b, u, v) => jvp(grad(pair), [[a!, b!] as Pair], [[u!, v!] as Pair]).tangent, all, [
      ...at,
      ...along,
    ])
    plus.forEach((g, i) => {
      const expected = g.map((v, j) => (v - minus[i]![j]!) / 2e-5)
      expect(relativeError(product[i]!, expected)).toBeLessThan(1e-7)
      expect(relativeError(forward[i]!, product[i]!)).toBeLessThan(1e-11)
    })
  })

  test('vmap of grad, grad of vmap, jvp of vmap', () => {
    const many = [[3, 4], shapes[1]!]
    const batch = [Float64Array.from([...at[0]!, ...at[0]!.map((v) => v * 0.5), ...at[0]!.map((v) => 0.1 - v)]), at[1]!]
    const single = [0, 1, 2].map(
      (k) => numbersOf((a, b) => [grad(fn)(a!, b!)], shapes, [batch[0]!.slice(4 * k, 4 * k + 4), at[1]!])[0]!,
    )
    const expected = single.flatMap((g) => [...g])
    const total = (rates: Tensor, rain: Tensor): Tensor => sum(vmap(fn, { inAxes: [0, null] })(rates, rain))
    const [inner, outer, tangent] = numbersOf(
      (a, b) => [
        vmap(grad(fn), { inAxes: [0, null] })(a!, b!),
        grad(total)(a!, b!),
        jvp((rates: Tensor) => vmap(fn, { inAxes: [0, null] })(rates, b!), [a!], [constant(1, [3, 4])]).tangent,
      ],
      many,
      batch,
    )
    expect(relativeError(inner!, expected)).toBeLessThan(1e-12)
    expect(relativeError(outer!, expected)).toBeLessThan(1e-12)
    const sums = single.map((g) => g.reduce((s, v) => s + v, 0))
    expect(relativeError(tangent!, sums)).toBeLessThan(1e-12)
  })
})

describe('vmap', () => {
  test('over other axes, trees, and nested', () => {
    const [x, y] = numbersFor([
      [2, 3],
      [3, 4],
    ])
    const outer = (a: Tensor, b: Tensor): Tensor =>
      vmap((u: Tensor) => vmap((v: Tensor) => sum(mul(u, v)), { inAxes: 1 })(b))(a)
    const [product, expected] = numbersOf(
      (a, b) => [outer(a!, b!), matmul(a!, b!)],
      [
        [2, 3],
        [3, 4],
      ],
      [x!, y!],
    )
    expect(relativeError(product!, expected!)).toBeLessThan(1e-14)
    const mapped = vmap(
      ({ p, q }: { p: Tensor; q: readonly Tensor[] }, scale: number) => ({ r: mul(mul(p, q[0]!), scale), s: q[0]! }),
      { inAxes: [{ p: 1, q: null }, null], outAxes: { r: -1, s: null } },
    )
    const { r, s } = mapped({ p: input('p', { shape: [5, 2] }), q: [input('q', { shape: [5] })] }, 2)
    expect([r.shape, s.shape]).toEqual([[5, 2], [5]])
  })

  test('gathers by mapped indices', () => {
    const table = constant([0, 10, 20, 30, 40, 50], [2, 3])
    const which = cast(constant([0, 1, 1, 0, 1, 0]), 'int32')
    const rows = reshape(which, [3, 2])
    const [a, b, c] = numbersOf(
      () => [
        vmap((i: Tensor) => gather(table, i, 0), { inAxes: 0 })(rows),
        vmap((i: Tensor, x: Tensor) => gather(x, i, 0), { inAxes: [0, 1] })(rows, table),
        vmap((i: Tensor, x: Tensor) => gatherElements(x, i, 0), { inAxes: [0, 1] })(rows, table),
      ],
      [],
      [],
    )
    const expected = [
      [0, 30],
      [40, 10],
      [50, 20],
    ].flat()
    expect(Array.from(a!)).toEqual([0, 10, 20, 30, 40, 50, 30, 40, 50, 0, 10, 20, 30, 40, 50, 0, 10, 20])
    expect(Array.from(b!)).toEqual(expected)
    expect(Array.from(c!)).toEqual(expected)
  })

  test('refuses extents that differ, and results without an axis', () => {
    const [two, three] = [input('a', { shape: [2] }), input('b', { shape: [3] })]
    expect(() => vmap(add)(two, three)).toThrow(/the mapped axes have the extents 2, 3/)
    expect(() => vmap(add, { inAxes: [null, null] })(two, two)).toThrow(/nothing is mapped/)
    expect(() => vmap((x: Tensor) => x, { outAxes: null })(two)).toThrow(/depends on a mapped argument/)
    expect(() => vmap(add)(two, three)).toThrow(InputError)
  })
})

describe('on random shapes (property)', () => {
  const extents = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })

  test('vmap over any axis, to any axis, equals the primitive with that axis moved', () => {
    fc.assert(
      fc.property(extents, fc.nat(), fc.nat(), (shape, from, to) => {
        const [axis, out] = [from % shape.length, to % shape.length]
        const fn = (x: Tensor): Tensor => cumsum(reshape(mul(x, x), [-1]), 0)
        const x = numbersFor([shape])
        const rest = range(0, shape.length).filter((i) => i !== axis)
        const [actual, expected] = numbersOf(
          (v) => {
            const rows = reshape(transpose(v!, [axis, ...rest]), [shape[axis]!, -1])
            const direct = cumsum(mul(rows, rows), 1)
            const placed = out === 0 ? direct : transpose(direct, [1, 0])
            return [vmap(fn, { inAxes: axis, outAxes: Math.min(out, 1) })(v!), placed]
          },
          [shape],
          x,
        )
        expect(actual).toEqual(expected)
      }),
    )
  })

  test('scan of any length, either way, and its gradient equal the loop written out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), extents, fc.boolean(), (length, shape, reverse) => {
        const step = (s: Tensor, x: Tensor): Tensor => tanh(add(mul(s, 0.8), x))
        const looped = (s: Tensor, xs: Tensor): Tensor => {
          const ys: Tensor[] = []
          for (const k of range(0, length)) {
            const t = reverse ? length - 1 - k : k
            s = step(s, reshape(sliceAxis(xs, 0, t, t + 1), shape))
            ys[t] = s
          }
          return weighted(stack(ys))
        }
        const scanned = (s: Tensor, xs: Tensor): Tensor =>
          weighted(
            scan(
              (c: Tensor, x: Tensor) => {
                const next = step(c, x)
                return { carry: next, y: next }
              },
              s,
              xs,
              { reverse },
            ).ys,
          )
        const all = [shape, [length, ...shape]]
        const [a, b, c, d] = numbersOf(
          (s, xs) => [...grad((p: Pair) => looped(...p))([s!, xs!]), ...grad((p: Pair) => scanned(...p))([s!, xs!])],
          all,
          numbersFor(all),
        )
        expect(relativeError(c!, a!)).toBeLessThan(1e-13)
        expect(relativeError(d!, b!)).toBeLessThan(1e-13)
      }),
      { numRuns: 40 },
    )
  })
})

describe('transforms in ONNX Runtime equal the float64 reference', () => {
  const long: Shape[] = [[4], [20, 4], [4], [20, 4]]
  const program = trace(
    (_, { a, b, u, v }) => {
      const fn = forms.scan!
      const [byRate, byRain] = hessianVectorProduct(fn, [a, b], [u, v])
      return {
        tangent: jvp(fn, [a, b], [u, v]).tangent,
        byRate,
        byRain,
        each: vmap(grad(fn), { inAxes: [null, 0] })(a, stack([b, v])),
        again: jvp(grad(forms['checkpoint in scan']!), [a, b], [u, v]).tangent,
      }
    },
    { parameters: {}, inputs: { a: { shape: [4] }, b: { shape: [20, 4] }, u: { shape: [4] }, v: { shape: [20, 4] } } },
  )
  const inputs = Object.fromEntries(
    ['a', 'b', 'u', 'v'].map((name, i) => [name, Float32Array.from(numbersFor(long, 5)[i]!)]),
  )

  test.each<[string, LoweringTarget]>([
    ['portable', portable],
    ['portable without control flow', { ...portable, controlFlow: false }],
    ['node-cpu', { name: 'node-cpu', nchwcBlock: 0, winograd: false, fixedWeights: false }],
  ])('%s', async (_, target) => {
    const engine = testEngine()
    expect(await worstError(engine, target, { program, inputs })).toBeLessThan(5e-6)
    await engine.close()
  })
})
