import { describe, expect, test } from 'vitest'
import { gradients, type Tensor, vmap } from '../src/index.ts'
import { sizeOf } from '../src/shape.ts'
import { cases } from './cases/index.ts'
import { numbersOf, weighted } from './numeric.ts'
import { apart, type ProgramCase, relativeError } from './support.ts'

const SIZE = 3

/** Values and gradients of a case, as one function. */
const withGradients =
  ({ fn }: ProgramCase) =>
  (...xs: Tensor[]): Tensor[] => {
    const y = fn(...xs)
    return [y, ...gradients(weighted(y), xs)]
  }

const subsets = (count: number): boolean[][] =>
  Array.from({ length: 2 ** count - 1 }, (_, bits) =>
    Array.from({ length: count }, (_i, i) => ((bits + 1) >> i) % 2 === 1),
  )

/** Numbers of each input: for a mapped one `SIZE` different sets, one after the other. */
function numbers({ shapes, values = apart }: ProgramCase, mapped: readonly boolean[]): Float64Array[][] {
  return shapes.map((shape, i) =>
    Array.from({ length: SIZE }, (_, slice) => {
      const seed = mapped[i] ? 100 * slice + i + 1 : i + 1
      return Float64Array.from(values(sizeOf(shape), seed, i))
    }),
  )
}

const join = (parts: readonly Float64Array[]): Float64Array => Float64Array.from(parts.flatMap((part) => [...part]))

function check(c: ProgramCase, mapped: readonly boolean[]): void {
  const given = numbers(c, mapped)
  const single = withGradients(c)
  const batched = vmap((...xs: Tensor[]) => single(...xs), { inAxes: mapped.map((on) => (on ? 0 : null)) })
  const shapes = c.shapes.map((shape, i) => (mapped[i] ? [SIZE, ...shape] : shape))
  const actual = numbersOf(
    (...xs) => batched(...xs),
    shapes,
    given.map((slices, i) => (mapped[i] ? join(slices) : slices[0]!)),
  )
  const expected = Array.from({ length: SIZE }, (_, slice) =>
    numbersOf(
      (...xs) => single(...xs),
      c.shapes,
      given.map((slices) => slices[slice]!),
    ),
  )
  actual.forEach((all, output) => {
    expect(relativeError(all, join(expected.map((slice) => slice[output]!)))).toBeLessThan(1e-12)
  })
}

const small = ({ shapes }: ProgramCase): boolean => shapes.length > 0 && shapes.every((shape) => sizeOf(shape) < 500)
const covered = Object.entries(cases).filter(([, list]) => list.some(small))

describe.each(covered)('vmap of %s', (_, list) => {
  test.each(list.filter(small).map((c, i) => [i, c] as const))('case %i equals its slices', (_i, c) => {
    for (const mapped of subsets(c.shapes.length)) check(c, mapped)
  })
})
