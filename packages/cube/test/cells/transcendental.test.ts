/** exp, ln and power on registers: units in the last place beside Math, and what is infinite, zero or missing. */
import { describe, expect, it } from 'vitest'
import type { Cell } from '../../src/cells/cell.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { evaluatorOf } from '../../src/cells/operations.ts'
import { FLOAT32, FLOAT64 } from '../../src/model/block.ts'
import { schema, whole } from './make.ts'

const COUNT = 40_000
const INFINITY = Number.POSITIVE_INFINITY
const AWKWARD = [
  0,
  -0,
  1,
  -1,
  INFINITY,
  -INFINITY,
  Number.NaN,
  2,
  0.5,
  1e-40,
  5e-324,
  3,
  -3,
  88.7,
  89,
  -104,
  -745,
  709.7,
  710,
]

type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Arguments over the whole range in which results are neither 0 nor infinite, awkward pairs first. */
function argumentsOf(operation: string, make: (length: number) => Numbers): [Numbers, Numbers] {
  const [x, y] = [make(COUNT), make(COUNT)]
  const next = uniform(7)
  const isSmall = x instanceof Float32Array
  for (let i = 0; i < COUNT; i++) {
    if (operation === 'exp') x[i] = (next() - 0.5) * (isSmall ? 190 : 1440)
    else if (operation === 'ln') x[i] = Math.exp((next() - 0.5) * (i % 2 === 0 ? 4 : 170))
    else x[i] = next() * 20 * (next() < 0.2 ? -1 : 1)
    const exponent = (next() - 0.5) * 10
    y[i] = next() < 0.4 ? Math.round(exponent) : exponent
  }
  for (const [i, a] of AWKWARD.entries()) {
    for (const [j, b] of AWKWARD.entries()) {
      x[i * AWKWARD.length + j] = a
      y[i * AWKWARD.length + j] = b
    }
  }
  return [x, y]
}

/** The distance from `value` to the next number of the type, at least that of the least normal numbers. */
function unit(value: number, isSmall: boolean): number {
  const exponent = Math.floor(Math.log2(Math.abs(value)))
  return 2 ** Math.max(exponent - (isSmall ? 23 : 52), isSmall ? -149 : -1074)
}

describe.each([
  ['float32', FLOAT32, (n: number) => new Float32Array(n)],
  ['float64', FLOAT64, (n: number) => new Float64Array(n)],
] as const)('%s', (_, packing, make) => {
  it.each<[string, number]>([
    ['exp', 1.5],
    ['ln', 1.5],
    ['power', 1],
  ])('%s within %d units', (operation, limit) => {
    const [x, y] = argumentsOf(operation, make)
    const cube = schema({ x: COUNT }, packing)
    const args: Cell[] = (operation === 'power' ? [0, 1] : [0]).map((input) => ({ kind: 'input', input }))
    const kernel = kernelOf({ kind: 'call', operation, args }, [{ schema: cube }, { schema: cube }], { schema: cube })
    const region = whole(cube)
    const { data } = kernel.run(region, [
      { region, data: x },
      { region, data: y },
    ])
    const evaluate = evaluatorOf(operation)!
    const isSmall = packing === FLOAT32
    let worst = 0
    for (let i = 0; i < COUNT; i++) {
      const exact = evaluate([x[i]!, y[i]!].slice(0, args.length))
      const rounded = isSmall ? Math.fround(exact) : exact
      if (Number.isFinite(rounded) && rounded !== 0)
        worst = Math.max(worst, Math.abs(data[i]! - exact) / unit(exact, isSmall))
      else if (rounded !== data[i]) expect(data[i], `${operation}(${x[i]}, ${y[i]})`).toBe(rounded)
    }
    expect(worst).toBeLessThan(limit)
  })
})

it('exponents that are constants', () => {
  const cube = schema({ x: 9 }, FLOAT32)
  const values = Float32Array.of(-2, -1, -0.5, 0, 0.5, 1, 2, 3, Number.NaN)
  for (const exponent of [2, 3, 0.5, -1, 0, 1]) {
    const args: Cell[] = [
      { kind: 'input', input: 0 },
      { kind: 'constant', value: exponent },
    ]
    const kernel = kernelOf({ kind: 'call', operation: 'power', args }, [{ schema: cube }], { schema: cube })
    const { data } = kernel.run(whole(cube), [{ region: whole(cube), data: values }])
    for (const [i, x] of values.entries()) {
      const expected = Math.fround(evaluatorOf('power')!([x, exponent]))
      if (Number.isFinite(expected))
        expect(Math.abs(data[i]! - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2e-7)
      else expect(data[i]).toBe(expected)
    }
  }
})
