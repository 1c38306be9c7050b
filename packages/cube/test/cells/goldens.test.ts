/** Compiled kernels against NumPy's numbers (`oracles/cube/cells.py`). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import type { Packing } from '../../src/model/block.ts'
import { block, schema, whole } from './make.ts'

type Plain = number | null | 'inf' | '-inf'

interface Golden {
  readonly series: readonly {
    readonly values: readonly (readonly Plain[])[]
    readonly reduced: Readonly<Record<string, readonly Plain[]>>
    readonly quantiles: readonly (readonly Plain[])[]
  }[]
  readonly probabilities: readonly number[]
  readonly elementwise: {
    readonly x: readonly Plain[]
    readonly y: readonly Plain[]
    readonly unary: Readonly<Record<string, readonly Plain[]>>
    readonly binary: Readonly<Record<string, readonly Plain[]>>
  }
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cube/cells.json', import.meta.url), 'utf8'),
) as Golden

const numberOf = (value: Plain): number =>
  value === null
    ? Number.NaN
    : value === 'inf'
      ? Number.POSITIVE_INFINITY
      : value === '-inf'
        ? Number.NEGATIVE_INFINITY
        : value

const PACKINGS: readonly (readonly [string, Packing, number])[] = [
  ['float32', { dtype: 'float32', scale: 1, offset: 0 }, 3e-6],
  ['float64', { dtype: 'float64', scale: 1, offset: 0 }, 1e-12],
]

/** Both to a relative tolerance; missing and infinite ones equal. */
function expectAll(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  for (const [i, exact] of expected.entries()) {
    // What float32 has no room for is infinite.
    const value = tolerance > 1e-9 && !Number.isFinite(Math.fround(exact)) ? Math.fround(exact) : exact
    if (Number.isFinite(value)) {
      expect(Math.abs(actual[i]! - value), `${actual[i]} is ${value}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(value)),
      )
    } else expect(actual[i], `element ${i}`).toBe(value)
  }
}

describe.each(PACKINGS)('%s', (_, packing, tolerance) => {
  describe.each(golden.series.map((each) => [each.values.length, each] as const))('series of %d', (length, each) => {
    const columns = each.values[0]!.length
    // Columns of known values next to each other more than once, so that whole registers are filled.
    const width = columns * 3
    const input = schema({ t: length, x: width }, packing)
    const raw = each.values.flatMap((row) => [...row, ...row, ...row].map(numberOf))
    const output = schema({ x: width }, packing)
    const reduce = (reducer: Reducer, probability?: number): ArrayLike<number> => {
      const cell: Cell = {
        kind: 'reduce',
        reducer,
        dim: 't',
        length,
        ...(probability === undefined ? {} : { probability }),
        of: { kind: 'input', input: 0 },
      }
      return kernelOf(cell, [{ schema: input }], { schema: output }).run(whole(output), [block(input, raw)]).data
    }

    it.each(Object.entries(each.reduced))('%s', (reducer, expected) => {
      const thrice = [...expected, ...expected, ...expected].map(numberOf)
      // float32 holds the values around 1000 to 6e-5; a spread of 1 around them to some 1e-4.
      const spread = reducer === 'variance' || reducer === 'sd'
      expectAll(reduce(reducer as Reducer), thrice, spread && packing.dtype === 'float32' ? 2e-4 : tolerance)
    })

    it('quantiles', () => {
      for (const [i, probability] of golden.probabilities.entries()) {
        const expected = each.quantiles[i]!.map(numberOf)
        expectAll(reduce('quantile', probability), [...expected, ...expected, ...expected], tolerance)
      }
    })
  })

  describe('elementwise', () => {
    const { x, y, unary, binary } = golden.elementwise
    const cube = schema({ x: x.length }, packing)
    const compute = (operation: string, inputs: readonly (readonly Plain[])[]): ArrayLike<number> => {
      const cell: Cell = { kind: 'call', operation, args: inputs.map((_, input): Cell => ({ kind: 'input', input })) }
      const blocks = inputs.map((values) => block(cube, values.map(numberOf)))
      return kernelOf(
        cell,
        inputs.map(() => ({ schema: cube })),
        { schema: cube },
      ).run(whole(cube), blocks).data
    }

    it.each(Object.entries(unary))('%s', (operation, expected) => {
      expectAll(compute(operation, [x]), expected.map(numberOf), tolerance)
    })

    it.each(Object.entries(binary))('%s', (operation, expected) => {
      expectAll(compute(operation, [x, y]), expected.map(numberOf), tolerance)
    })
  })
})
