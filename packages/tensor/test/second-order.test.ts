/** Second derivatives of every primitive: the gradient's own derivative along a direction. */

import { describe, expect, test } from 'vitest'
import { gradients, hessianVectorProduct, jvp, type Tensor } from '../src/index.ts'
import { sizeOf } from '../src/shape.ts'
import { cases } from './cases/index.ts'
import { numbersFor, numbersOf, weighted } from './numeric.ts'
import { apart, type ProgramCase, relativeError } from './support.ts'

const STEP = 1e-5

function check({ shapes, fn, values = apart }: ProgramCase): void {
  const at = shapes.map((shape, i) => Float64Array.from(values(sizeOf(shape), i + 1, i)))
  const along = numbersFor(shapes, 41)
  const loss = (...xs: Tensor[]): Tensor => weighted(fn(...xs))
  const gradientAt = (factor: number): Float64Array[] =>
    numbersOf(
      (...xs) => gradients(loss(...xs), xs),
      shapes,
      at.map((x, i) => x.map((v, j) => v + factor * along[i]![j]!)),
    )
  const [plus, minus] = [gradientAt(STEP), gradientAt(-STEP)]
  const found = numbersOf(
    (...all) => {
      const [xs, vs] = [all.slice(0, shapes.length), all.slice(shapes.length)]
      const slopes = jvp((...inner: Tensor[]) => gradients(loss(...inner), inner), xs, vs).tangent
      return [...hessianVectorProduct(loss, xs, vs), ...slopes]
    },
    [...shapes, ...shapes],
    [...at, ...along],
  )
  const expected = plus.flatMap((g, i) => [...g.map((v, j) => (v - minus[i]![j]!) / (2 * STEP))])
  const halves = [found.slice(0, shapes.length), found.slice(shapes.length)]
  for (const half of halves) {
    expect(
      relativeError(
        half.flatMap((part) => [...part]),
        expected,
      ),
    ).toBeLessThan(1e-6)
  }
}

const small = ({ shapes }: ProgramCase): boolean => shapes.length > 0 && shapes.every((shape) => sizeOf(shape) < 500)
const covered = Object.entries(cases).filter(([, list]) => list.some(small))

describe.each(covered)('the second derivative of %s', (_, list) => {
  test.each(list.filter(small).map((c, i) => [i, c] as const))(
    'case %i equals differences of the gradient',
    (_i, c) => {
      check(c)
    },
  )
})
