/** Gathering, scattering, sorting, running sums and einsum on random shapes, against loops written out. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  all,
  any,
  argMax,
  argMin,
  argSort,
  cast,
  constant,
  cumsum,
  einsum,
  evaluate,
  flattenAxes,
  gather,
  gatherElements,
  greaterEqual,
  lowerTriangle,
  mul,
  oneHot,
  type Program,
  type Shape,
  scatterAdd,
  scatterAddElements,
  sort,
  squeeze,
  stack,
  sum,
  type Tensor,
  tile,
  topK,
  trace,
  upperTriangle,
  where,
} from '../src/index.ts'
import type { Engine } from '../src/run/engine.ts'
import { sizeOf, stridesOf } from '../src/shape.ts'
import { apart, relativeError, runOnnx, type TargetName, targetOf, testEngine } from './support.ts'

type Numbers = ArrayLike<number>
type Index = readonly number[]

/** Every index of a shape in row-major order. */
function indicesOf(shape: Shape): Index[] {
  const strides = stridesOf(shape)
  return Array.from({ length: sizeOf(shape) }, (_, at) => shape.map((n, i) => Math.floor(at / strides[i]!) % n))
}

const offset = (shape: Shape, index: Index): number => {
  return stridesOf(shape).reduce((sum, stride, i) => sum + stride * index[i]!, 0)
}

const programOf = (shapes: readonly Shape[], fn: (...inputs: Tensor[]) => Tensor): Program => {
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }]))
  return trace((_, named) => ({ y: fn(...Object.values(named)) }), { parameters: {}, inputs })
}

function run(shapes: readonly Shape[], data: readonly Numbers[], fn: (...inputs: Tensor[]) => Tensor) {
  return evaluate(programOf(shapes, fn), Object.fromEntries(data.map((d, i) => [`x${i}`, d]))).y!
}

const shapeWith = (rank: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: rank, maxLength: rank })

/** A shape, one of its axes, and indices into that axis. */
const taking = fc.integer({ min: 1, max: 4 }).chain((rank) =>
  fc.record({ shape: shapeWith(rank), axis: fc.nat(rank - 1), seed: fc.nat(1000) }).chain(({ shape, axis, seed }) =>
    fc.record({
      shape: fc.constant(shape),
      axis: fc.constant(axis),
      seed: fc.constant(seed),
      places: fc.array(fc.nat(shape[axis]! - 1), { minLength: 1, maxLength: 6 }),
    }),
  ),
)

const places = (list: readonly number[], shape: Shape = [list.length]): Tensor => constant(list, shape, 'int32')

describe('on random shapes, equal to loops', () => {
  test('gather and its adjoint', () => {
    fc.assert(
      fc.property(taking, ({ shape, axis, seed, places: list }) => {
        const x = apart(sizeOf(shape), seed)
        const y = run([shape], [x], (t) => gather(t, places(list), axis))
        const taken = shape.with(axis, list.length)
        expect(y.shape).toEqual(taken)
        const loop = indicesOf(taken).map((at) => x[offset(shape, at.with(axis, list[at[axis]!]!))]!)
        expect([...y.data]).toEqual(loop)

        const updates = apart(sizeOf(taken), seed + 1)
        const z = run([shape, taken], [x, updates], (t, u) => scatterAdd(t, places(list), u, axis))
        const sums = Float64Array.from(x)
        indicesOf(taken).forEach((at, i) => {
          sums[offset(shape, at.with(axis, list[at[axis]!]!))]! += updates[i]!
        })
        expect(relativeError(z.data, sums)).toBeLessThan(1e-14)
      }),
    )
  })

  test('gatherElements and its adjoint', () => {
    fc.assert(
      fc.property(taking, ({ shape, axis, seed, places: list }) => {
        const x = apart(sizeOf(shape), seed)
        const taken = shape.with(axis, list.length)
        const each = indicesOf(taken).map((_, i) => list[(i * 7 + seed) % list.length]!)
        const y = run([shape], [x], (t) => gatherElements(t, places(each, taken), axis))
        expect([...y.data]).toEqual(indicesOf(taken).map((at, i) => x[offset(shape, at.with(axis, each[i]!))]!))

        const updates = apart(each.length, seed + 1)
        const z = run([shape, taken], [x, updates], (t, u) => scatterAddElements(t, places(each, taken), u, axis))
        const sums = Float64Array.from(x)
        indicesOf(taken).forEach((at, i) => {
          sums[offset(shape, at.with(axis, each[i]!))]! += updates[i]!
        })
        expect(relativeError(z.data, sums)).toBeLessThan(1e-14)
      }),
    )
  })

  test('sort, argSort, topK', () => {
    fc.assert(
      fc.property(taking, fc.boolean(), ({ shape, axis, seed }, descending) => {
        // Few distinct numbers, so that ties happen.
        const x = apart(sizeOf(shape), seed).map((v) => Math.round(v))
        const sorted = run([shape], [x], (t) => sort(t, axis, { descending }))
        const order = run([shape], [x], (t) => argSort(t, axis, { descending }))
        const k = Math.ceil(shape[axis]! / 2)
        const top = run([shape], [x], (t) => topK(t, k, { axis, largest: descending }).indices)
        for (const lead of indicesOf(shape.with(axis, 1))) {
          const values = Array.from({ length: shape[axis]! }, (_, i) => x[offset(shape, lead.with(axis, i))]!)
          const expected = values
            .map((_, i) => i)
            .sort((p, q) => (descending ? -1 : 1) * (values[p]! - values[q]!) || p - q)
          expected.forEach((place, i) => {
            const at = offset(shape, lead.with(axis, i))
            expect(order.data[at]).toBe(place)
            expect(sorted.data[at]).toBe(values[place])
            if (i < k) expect(top.data[offset(top.shape, lead.with(axis, i))]).toBe(place)
          })
        }
      }),
    )
  })

  test('cumsum', () => {
    fc.assert(
      fc.property(taking, fc.boolean(), fc.boolean(), ({ shape, axis, seed }, exclusive, reverse) => {
        const x = apart(sizeOf(shape), seed)
        const y = run([shape], [x], (t) => cumsum(t, axis, { exclusive, reverse }))
        const loop = indicesOf(shape).map((at) => {
          const i = at[axis]!
          let total = 0
          for (let j = 0; j < shape[axis]!; j++) {
            const counts = (reverse ? j > i : j < i) || (j === i && !exclusive)
            if (counts) total += x[offset(shape, at.with(axis, j))]!
          }
          return total
        })
        expect(relativeError(y.data, loop)).toBeLessThan(1e-13)
      }),
    )
  })

  test('einsum', () => {
    const labels = fc.uniqueArray(fc.constantFrom(...'abcde'), { minLength: 0, maxLength: 4 })
    const specs = fc.tuple(labels, labels, labels).chain(([a, b, c]) => {
      const known = [...new Set([...a, ...b, ...c])]
      return fc.record({ terms: fc.constant([a, b, c]), output: fc.shuffledSubarray(known) })
    })
    fc.assert(
      fc.property(specs, fc.nat(1000), ({ terms, output }, seed) => {
        const extent: Readonly<Record<string, number>> = { a: 2, b: 3, c: 1, d: 4, e: 2 }
        const shapeOf = (list: readonly string[]): number[] => list.map((label) => extent[label]!)
        const data = terms.map((term, i) => apart(sizeOf(shapeOf(term)), seed + i))
        const spec = `${terms.map((term) => term.join('')).join(',')}->${output.join('')}`
        const y = run(terms.map(shapeOf), data, (...t) => einsum(spec, ...t))
        const every = [...new Set(terms.flat())]
        const loop = new Float64Array(sizeOf(shapeOf(output)))
        for (const at of indicesOf(shapeOf(every))) {
          const pick = (list: readonly string[]): number => {
            return offset(
              shapeOf(list),
              list.map((label) => at[every.indexOf(label)]!),
            )
          }
          loop[pick(output)]! += terms.reduce((product, term, i) => product * data[i]![pick(term)]!, 1)
        }
        expect(y.shape).toEqual(shapeOf(output))
        expect(relativeError(y.data, loop)).toBeLessThan(1e-12)
      }),
    )
  })
})

describe.each(['node-cpu', 'portable'] as TargetName[])('on target %s', (name) => {
  let engine: Engine
  beforeAll(() => {
    engine = testEngine()
  })
  afterAll(() => engine.close())

  async function onnx(program: Program, inputs: Record<string, Float32Array<ArrayBuffer>>): Promise<number[]> {
    const { y } = await runOnnx(engine, await targetOf(engine, name), { program, inputs })
    return Array.from(y!.data, Number)
  }

  test('ties go by place', async () => {
    const x = Float32Array.of(1, 3, 3, 0, 0, 3)
    const of = (fn: (t: Tensor) => Tensor): Promise<number[]> => onnx(programOf([[6]], fn), { x0: x })
    expect(await of((t) => cast(argSort(t), 'float32'))).toEqual([3, 4, 0, 1, 2, 5])
    expect(await of((t) => cast(argSort(t, 0, { descending: true }), 'float32'))).toEqual([1, 2, 5, 0, 3, 4])
    expect(await of((t) => cast(argMax(t), 'float32'))).toEqual([1])
    expect(await of((t) => cast(argMin(t, 0, { keepDims: true }), 'float32'))).toEqual([3])
  })

  test('running sums keep infinities to themselves, and long ones their digits', async () => {
    const holes = Float32Array.of(1, 2, Number.NEGATIVE_INFINITY, 4)
    const y = await onnx(
      programOf([[4]], (t) => cumsum(t, 0)),
      { x0: holes },
    )
    expect(y).toEqual([1, 3, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])
    const long = new Float32Array(2 * 30_000).fill(0.1)
    for (const reverse of [false, true]) {
      const program = programOf([[2, 30_000]], (t) => cumsum(t, 1, { reverse }))
      const expected = evaluate(program, { x0: long }).y!.data
      expect(relativeError(await onnx(program, { x0: long }), expected)).toBeLessThan(5e-6)
    }
  })

  test('many updates of few and of many rows accumulate', async () => {
    for (const rows of [7, 500]) {
      const list = Array.from({ length: 2000 }, (_, i) => (i * i) % rows)
      const program = programOf([[2000, 16]], (u) => scatterAdd(constant(0, [rows, 16]), places(list), u))
      const x0 = Float32Array.from(apart(2000 * 16, 5))
      expect(relativeError(await onnx(program, { x0 }), evaluate(program, { x0 }).y!.data)).toBeLessThan(2e-6)
    }
  })

  test('integers and bools pass through shapes, choices and comparisons', async () => {
    const program = programOf([[4]], (x) => {
      const list = mul(gather(stack([places([3, 1]), places([0, 2])]), places([1, 0]), 1), 2)
      const flat = tile(flattenAxes(squeeze(list)), [1])
      const chosen = where(greaterEqual(flat, 2), flat, -1)
      return mul(x, cast(chosen, 'float32'))
    })
    expect(await onnx(program, { x0: Float32Array.of(1, 1, 1, 1) })).toEqual([2, 6, 4, -1])
    const bits = programOf([[3]], (x) => {
      const some = any(lowerTriangle(3), 0)
      const every = all(upperTriangle(3), 1)
      return sum(mul(x, mul(cast(some, 'float32'), cast(every, 'float32'))))
    })
    expect(await onnx(bits, { x0: Float32Array.of(1, 2, 4) })).toEqual([1])
    const hot = programOf([[3]], (x) => mul(oneHot(places([2, 0, 5]), 3), x))
    expect(await onnx(hot, { x0: Float32Array.of(1, 2, 4) })).toEqual([0, 0, 4, 1, 0, 0, 0, 0, 0])
  })
})

describe('mistakes are refused with names', () => {
  const x = constant(apart(12, 1), [3, 4])
  const rows: [string, () => unknown, RegExp][] = [
    ['float indices', () => gather(x, constant([0, 1])), /indices are int32, not float32/],
    ['an axis that is not there', () => gather(x, places([0]), 2), /axis 2 is not one of/],
    ['updates of another shape', () => scatterAdd(x, places([0, 1]), constant(0, [3, 4])), /updates \[3, 4\]/],
    ['elements beside another shape', () => gatherElements(x, places([0, 1]), 1), /do not fit \[3, 4\]/],
    ['too large a k', () => topK(x, 5), /k = 5 is not in 1 to 4/],
    ['a choice between dtypes', () => where(lowerTriangle(2), x, places([1])), /chooses float32 or int32/],
    ['fractions as integers', () => constant([0.5], [1], 'int32'), /not all numbers are int32/],
    ['a letter twice', () => einsum('ii->i', constant(0, [3, 3])), /repeats i/],
    ['extents that differ', () => einsum('ij,jk', x, x), /j is both 4 and 3/],
    ['too few letters', () => einsum('i->i', x), /does not label the axes of \[3, 4\]/],
    ['an output from nowhere', () => einsum('ij->k', x), /no operand has the output's k/],
    ['too few operands', () => einsum('ij,jk', x), /names 2 operands, 1 are given/],
    ['a wide axis', () => squeeze(x, 0), /longer than 1/],
  ]
  test.each(rows)('%s', (_, fn, message) => {
    expect(fn).toThrow(message)
  })

  test('an index outside, in the interpreter', () => {
    expect(() => run([[3]], [[1, 2, 3]], (t) => gather(t, places([3])))).toThrow(/index 3 is not in 0 to 2/)
  })
})
