import { describe, expect, test } from 'vitest'
import { evaluate } from '../src/index.ts'
import { cases } from './cases/index.ts'
import { type ProgramCase, relativeError, traceCase, weightedSum } from './support.ts'

const STEP = 1e-5

/** Central differences of the case's weighted sum with respect to each number of each input. */
function differences(traced: ReturnType<typeof traceCase>): Float64Array[] {
  return Object.keys(traced.inputs).map((name) => {
    const base = Float64Array.from(traced.inputs[name]!)
    return base.map((value, i) => {
      const at = (moved: number): number => {
        const data = base.slice()
        data[i] = moved
        return weightedSum(traced, { ...traced.inputs, [name]: data })
      }
      return (at(value + STEP) - at(value - STEP)) / (2 * STEP)
    })
  })
}

/** Large cases serve the targets' tests; differences need two evaluations per number. */
const small = ({ shapes }: ProgramCase): boolean => shapes.every((shape) => shape.reduce((n, d) => n * d, 1) < 500)

const covered = Object.entries(cases).filter(([, list]) => list.some(small))

describe.each(covered)('the gradient of %s', (_, list) => {
  test.each(list.filter(small).map((c, i) => [i, c] as const))('case %i equals float64 finite differences', (_i, c) => {
    const traced = traceCase(c)
    const values = evaluate(traced.program, traced.inputs)
    differences(traced).forEach((expected, i) => {
      expect(relativeError(values[`g${i}`]!.data, expected)).toBeLessThan(1e-7)
    })
  })
})
