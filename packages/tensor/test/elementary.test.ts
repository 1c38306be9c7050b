/** Elementary functions against PyTorch, mpmath and SciPy: values and gradients, in float64 and on float32 targets. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as t from '../src/index.ts'
import {
  constant,
  evaluate,
  gradients,
  mul,
  type Operand,
  type Program,
  type Shape,
  sum,
  type Tensor,
  trace,
} from '../src/index.ts'
import type { Engine } from '../src/run/engine.ts'
import { sizeOf } from '../src/shape.ts'
import { type Golden, oracle } from './oracle-elementary.ts'
import { runOnnx, type TargetName, targetOf, testEngine } from './support.ts'

const indices = (list: readonly number[], shape: Shape): Tensor => constant(list, shape, 'int32')

const unary: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  prodAll: (x) => t.prod(x),
  polygamma1: (x) => t.polygamma(1, x),
  polygamma2: (x) => t.polygamma(2, x),
  polygamma3: (x) => t.polygamma(3, x),
  geluTanh: (x) => t.gelu(x, { approximate: 'tanh' }),
  leakyRelu: (x) => t.leakyRelu(x, 0.2),
  elu: (x) => t.elu(x, 1.5),
  powInteger: (x) => t.pow(x, 3),
  min: (x) => t.min(x, [0, 2]),
  prod: (x) => t.prod(x, 1),
  variance: (x) => t.variance(x, [0, 2]),
  varianceUnbiased: (x) => t.variance(x, 1, { correction: 1, keepDims: true }),
  standardDeviation: (x) => t.standardDeviation(x, -1, { correction: 1 }),
  logSumExp: (x) => t.logSumExp(x, -1),
  logSumExpTwo: (x) => t.logSumExp(x, [0, 2], { keepDims: true }),
  cumsum: (x) => t.cumsum(x, 1),
  sort: (x) => t.sort(x),
  sortDescending: (x) => t.sort(x, 0, { descending: true }),
  topK: (x) => t.topK(x, 2, { axis: 1 }).values,
  gather: (x) => t.gather(x, indices([3, 0, 3, 1, 1, 2], [2, 3]), 1),
  tile: (x) => t.tile(x, [2, 1, 3]),
  roll: (x) => t.roll(x, -2, 1),
  diagonal: t.diagonal,
}

const binary: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  atan2: t.atan2,
  logAddExp: t.logAddExp,
  pow: t.pow,
  scatterAdd: (x, u) => t.scatterAdd(x, indices([3, 0, 3], [3]), u, 1),
  stack: (a, b) => t.stack([a, b], 1),
}

function functionOf(name: string): (...inputs: Tensor[]) => Tensor {
  if (name.startsWith('einsum ')) return (...inputs) => t.einsum(name.slice(7), ...inputs)
  const two = binary[name]
  if (two !== undefined) return (x, y) => two(x!, y!)
  const one = unary[name] ?? (t as unknown as Record<string, (x: Operand) => Tensor>)[name]!
  return (x) => one(x!)
}

function traced({ name, inputs }: Golden): { program: Program; inputs: Record<string, Float32Array<ArrayBuffer>> } {
  const specs = Object.fromEntries(inputs.map(({ shape }, i) => [`x${i}`, { shape }]))
  const program = trace(
    (_, named) => {
      const tensors = Object.values(named)
      const y = functionOf(name)(...tensors)
      const weights = Array.from({ length: sizeOf(y.shape) }, (_, i) => (i % 7) - 2.5)
      // Infinite values have no sum.
      const weighted = sum(mul(name === 'logSumExp' ? t.maximum(y, -1e30) : y, constant(weights, y.shape)))
      const slopes = gradients(weighted, tensors)
      return { y, ...Object.fromEntries(slopes.map((g, i) => [`g${i}`, g])) }
    },
    { parameters: {}, inputs: specs },
  )
  return { program, inputs: Object.fromEntries(inputs.map(({ data }, i) => [`x${i}`, Float32Array.from(data)])) }
}

/** The largest difference, relative to the expected number or, where that is smaller, to `floor`. */
function worst(actual: ArrayLike<number>, expected: readonly number[], floor: number): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  return expected.reduce((most, e, i) => {
    const difference = actual[i] === e ? 0 : Math.abs(actual[i]! - e) / Math.max(Math.abs(e), floor)
    return difference > most || Number.isNaN(difference) ? difference : most
  }, 0)
}

type Outputs = Readonly<Record<string, { readonly data: ArrayLike<number>; readonly shape: Shape }>>

function errors(golden: Golden, outputs: Outputs, floor: number): number[] {
  const slopes = golden.gradients.map((g, i) => worst(outputs[`g${i}`]!.data, g, 1))
  return [worst(outputs.y!.data, golden.value, floor), ...slopes]
}

/** Functions that must keep their relative accuracy however small the result. */
const relative: ReadonlySet<string> = new Set(['expm1', 'log1p', 'sinh', 'erfc'])
const gammas: ReadonlySet<string> = new Set(['lgamma', 'digamma', 'polygamma1', 'polygamma2', 'polygamma3'])

describe('the float64 interpreter', () => {
  test.each(oracle.cases.map((golden) => [golden.name, golden] as const))('%s', (name, golden) => {
    const { program, inputs } = traced(golden)
    const outputs = evaluate(program, inputs)
    expect(outputs.y!.shape).toEqual(golden.shape)
    // PyTorch's hardsigmoid divides by 6 in float32.
    const tolerance = gammas.has(name) ? 2e-13 : name === 'hardSigmoid' ? 2e-8 : 1e-10
    const [value, ...slopes] = errors(golden, outputs, relative.has(name) ? 0 : 1)
    expect(value).toBeLessThan(tolerance)
    for (const slope of slopes) expect(slope).toBeLessThan(Math.max(tolerance, 1e-10))
  })
})

const INF = Number.POSITIVE_INFINITY

/** Without the sign of zero. */
const unsigned = (data: ArrayLike<number>): number[] => Array.from(data, (v) => v + 0)

/** Values that the rest of the line would miss: `[x, y]`. */
const ends: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  erf: [
    [INF, 1],
    [-INF, -1],
    [1e7, 1],
    [-3e12, -1],
    [Number.NaN, Number.NaN],
  ],
  erfc: [
    [INF, 0],
    [1e7, 0],
    [40, 0],
    [-INF, 2],
    [0, 1],
    [Number.NaN, Number.NaN],
  ],
  expm1: [
    [INF, INF],
    [-INF, -1],
    [0, 0],
    [Number.NaN, Number.NaN],
  ],
  log1p: [
    [INF, INF],
    [-1, -INF],
    [0, 0],
    [-2, Number.NaN],
  ],
  lgamma: [
    [INF, INF],
    [0, INF],
    [-3, INF],
    [1, 0],
    [2, 0],
    [Number.NaN, Number.NaN],
  ],
  polygamma1: [[Number.NaN, Number.NaN]],
  sign: [
    [0, 0],
    [INF, 1],
    [-INF, -1],
  ],
  round: [
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-2.5, -2],
    [8388609, 8388609],
  ],
  logSigmoid: [
    [-100, -100],
    [INF, 0],
  ],
}

type Convention = [string, (...x: Tensor[]) => Tensor, number[][], number[], number[][]]

/** Where calculus leaves a choice, ours: values and gradients of the sum. */
const conventions: Convention[] = [
  ['0 to the power 0 is 1, with no slope', (x, y) => t.pow(x!, y!), [[0], [0]], [1], [[0], [0]]],
  ['the power 0 has no slope', (x) => t.pow(x!, 0), [[0, 2]], [1, 1], [[0, 0]]],
  ['0 squared has none', (x, y) => t.pow(x!, y!), [[0], [2]], [0], [[0], [0]]],
  [
    'negative bases have integer powers',
    (x) => t.pow(x!, constant([2, 3, -1])),
    [[-2, -2, -2]],
    [4, -8, -0.5],
    [[-4, 12, -0.25]],
  ],
  ['tied minima share', (x) => t.min(x!), [[3, 1, 1, 2]], [1], [[0, 0.5, 0.5, 0]]],
  ['tied places go to the first', (x) => t.topK(x!, 1).values, [[1, 3, 3]], [3], [[0, 1, 0]]],
  ['a product with a zero', (x) => t.prod(x!), [[2, 0, 5]], [0], [[0, 10, 0]]],
  ['a product with two', (x) => t.prod(x!), [[2, 0, 0, 5]], [0], [[0, 0, 0, 0]]],
  ['the logarithm of no sum', (x) => t.maximum(t.logSumExp(x!), -7), [[-INF, -INF]], [-7], [[0, 0]]],
  ['a sum beside no sum', (x) => t.logSumExp(x!), [[-INF, 2]], [2], [[0, 1]]],
  ['equal terms of logAddExp share', (x, y) => t.logAddExp(x!, y!), [[1], [1]], [1 + Math.LN2], [[0.5], [0.5]]],
  ['logAddExp of nothing', (x, y) => t.maximum(t.logAddExp(x!, y!), -7), [[-INF], [-INF]], [-7], [[0], [0]]],
  [
    'the angle of the origin',
    (y, x) => t.atan2(y!, x!),
    [
      [0, 0],
      [0, -1],
    ],
    [0, Math.PI],
    [
      [1, -1],
      [0, 0],
    ],
  ],
]

const targets: readonly TargetName[] = ['node-cpu', 'portable']

describe.each(targets)('float32 in ONNX Runtime, target %s', (target) => {
  let engine: Engine
  beforeAll(() => {
    engine = testEngine()
  })
  afterAll(() => engine.close())

  test.each(Object.entries(ends))('at its ends, %s', async (name, rows) => {
    const fn = functionOf(name)
    const inputs = { x: Float32Array.from(rows, ([x]) => x) }
    const program = trace((_, { x }) => ({ y: fn(x) }), { parameters: {}, inputs: { x: { shape: [rows.length] } } })
    const expected = rows.map(([, y]) => y)
    expect(unsigned(evaluate(program, inputs).y!.data)).toEqual(expected)
    const { y } = await runOnnx(engine, await targetOf(engine, target), { program, inputs })
    expect(unsigned(y!.data)).toEqual(expected)
  })

  test.each(conventions)('%s', async (_, fn, data, value, slopes) => {
    const specs = Object.fromEntries(data.map((list, i) => [`x${i}`, { shape: [list.length] }]))
    const program = trace(
      (_, named) => {
        const tensors = Object.values(named)
        const y = fn(...tensors)
        const found = gradients(sum(y), tensors)
        return { y, ...Object.fromEntries(found.map((g, i) => [`g${i}`, g])) }
      },
      { parameters: {}, inputs: specs },
    )
    const inputs = Object.fromEntries(data.map((list, i) => [`x${i}`, Float32Array.from(list)]))
    for (const outputs of [
      evaluate(program, inputs),
      await runOnnx(engine, await targetOf(engine, target), { program, inputs }),
    ]) {
      expect(worst(outputs.y!.data, value, 1)).toBeLessThan(1e-6)
      slopes.forEach((slope, i) => {
        expect(worst(outputs[`g${i}`]!.data, slope, 1)).toBeLessThan(1e-6)
      })
    }
  })

  test.each(oracle.cases.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const outputs = await runOnnx(engine, await targetOf(engine, target), traced(golden))
    const [value, ...slopes] = errors(golden, outputs, relative.has(name) ? 1e-37 : 1)
    expect(value).toBeLessThan(2e-6)
    for (const slope of slopes) expect(slope).toBeLessThan(1e-5)
  })
})
