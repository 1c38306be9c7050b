/** For every special function, small programs that use it. */

import type { SpecialPrimitive } from '../../src/attributes/special.ts'
import {
  acos,
  add,
  asin,
  atan,
  ceil,
  erf,
  erfc,
  expm1,
  floor,
  lgamma,
  log1p,
  mul,
  polygamma,
  pow,
  round,
  type Tensor,
  tan,
} from '../../src/index.ts'
import { apart, type ProgramCase, positive } from '../support.ts'
import { a, elementwise, ofPositive } from './families.ts'

const scaled = (fn: (x: Tensor) => Tensor, by: (v: number) => number): ProgramCase[] => [
  { shapes: [a], fn, values: (size, seed) => apart(size, seed).map(by) },
]

/** Away from integers and from halves. */
const between = (v: number): number => Math.floor(3 * v) + 0.3

export const specialCases: { readonly [P in SpecialPrimitive]: readonly ProgramCase[] } = {
  erf: elementwise(erf),
  erfc: [...elementwise(erfc), ...scaled(erfc, (v) => 2 * v + 3)],
  expm1: elementwise(expm1),
  log1p: [...scaled(log1p, (v) => v / 2), ...ofPositive(log1p)],
  tan: scaled(tan, (v) => 0.9 * v),
  asin: scaled(asin, (v) => v / 2),
  acos: scaled(acos, (v) => v / 2),
  atan: elementwise(atan),
  floor: scaled((x) => add(floor(x), x), between),
  ceil: scaled((x) => add(ceil(x), x), between),
  round: scaled((x) => add(round(x), x), between),
  lgamma: [...ofPositive(lgamma), ...scaled(lgamma, (v) => 9 * Math.abs(v)), ...scaled(lgamma, between)],
  polygamma: [0, 1, 2, 3].flatMap((order) => [
    ...ofPositive((x) => polygamma(order, x)),
    ...scaled((x) => polygamma(order, x), between),
  ]),
  // The value does not move with the concentration while the numbers drawn stay: no differences to compare with.
  gammaSample: [],
  power: [
    {
      shapes: [a, [3, 1]],
      fn: (x, y) => pow(x, y),
      values: (size, seed, i) => (i === 0 ? positive : apart)(size, seed),
    },
    { shapes: [[], a], fn: (x, y) => mul(pow(x, y), 2), values: positive },
  ],
}
