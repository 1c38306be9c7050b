/** Shapes and families of programs that the cases share. */

import type { Tensor } from '../../src/index.ts'
import { apart, type ProgramCase, positive } from '../support.ts'

export const a = [2, 3, 4]
export const image = [2, 4, 6, 8]

export const elementwise = (fn: (x: Tensor) => Tensor): ProgramCase[] => [
  { shapes: [a], fn },
  { shapes: [[]], fn },
]
export const ofPositive = (fn: (x: Tensor) => Tensor): ProgramCase[] => [{ shapes: [a], fn, values: positive }]
/** Operands of one shape, one that broadcasts, and a scalar. Their numbers never tie. */
export const pairs = (fn: (x: Tensor, y: Tensor) => Tensor): ProgramCase[] => {
  const values: ProgramCase['values'] = (size, seed, i) =>
    apart(size, seed).map((v) => (i === 0 ? v : 0.87 * v + 0.011))
  return [
    { shapes: [a, a], fn, values },
    { shapes: [a, [3, 1]], fn, values },
    { shapes: [[], a], fn, values },
  ]
}
export const reductions = (
  fn: (x: Tensor, axes?: number | number[], o?: { keepDims: boolean }) => Tensor,
): ProgramCase[] => [
  { shapes: [a], fn: (x) => fn(x) },
  { shapes: [a], fn: (x) => fn(x, 1) },
  { shapes: [a], fn: (x) => fn(x, [0, 2], { keepDims: true }) },
  { shapes: [[2, 3, 40, 50]], fn: (x) => fn(x, [0, 2, 3]) },
  { shapes: [[3000, 2]], fn: (x) => fn(x, 0) },
]
