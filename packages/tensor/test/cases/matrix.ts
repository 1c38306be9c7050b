/** For factorisations and solves, small programs that use them. */

import type { MatrixPrimitive } from '../../src/attributes/matrix.ts'
import {
  add,
  cholesky,
  constant,
  logDeterminant,
  matmul,
  mul,
  solve,
  type Tensor,
  triangularSolve,
} from '../../src/index.ts'
import type { ProgramCase } from '../support.ts'

const eye = (n: number, value: number): Tensor =>
  constant(
    Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? value : 0)),
    [n, n],
  )

/** x x^T and a share of the identity: positive definite for any x. */
const definite = (x: Tensor): Tensor => add(matmul(x, x, { transposeB: true }), eye(x.shape.at(-2)!, 1.5))

/** Away from 0 on the diagonal for any x. */
const regular = (x: Tensor): Tensor => add(mul(x, 0.3), eye(x.shape.at(-1)!, 2))

export const matrixCases: { readonly [P in MatrixPrimitive]: readonly ProgramCase[] } = {
  cholesky: [
    { shapes: [[3, 3]], fn: (x) => cholesky(definite(x)) },
    { shapes: [[2, 2, 5, 5]], fn: (x) => cholesky(definite(x)) },
    { shapes: [[1, 1]], fn: (x) => cholesky(definite(x), { jitter: 0.1 }) },
    { shapes: [[70, 9]], fn: (x) => cholesky(definite(x)) },
    { shapes: [[2, 4, 4]], fn: (x) => logDeterminant(definite(x), { jitter: 1e-2 }) },
    {
      shapes: [
        [4, 4],
        [4, 2],
      ],
      fn: (x, b) => solve(definite(x), b),
    },
  ],
  triangularSolve: [
    ...[true, false].flatMap((lower) =>
      [true, false].map(
        (transpose): ProgramCase => ({
          shapes: [
            [5, 5],
            [5, 2],
          ],
          fn: (l, b) => triangularSolve(regular(l), b, { lower, transpose }),
        }),
      ),
    ),
    {
      shapes: [
        [2, 1, 4, 4],
        [3, 4, 2],
      ],
      fn: (l, b) => triangularSolve(regular(l), b, { unitDiagonal: true }),
    },
    {
      shapes: [
        [71, 71],
        [71, 3],
      ],
      fn: (l, b) => triangularSolve(add(mul(l, 0.03), eye(71, 1)), b, { transpose: true }),
    },
    {
      shapes: [
        [71, 71],
        [71, 3],
      ],
      fn: (l, b) => triangularSolve(add(mul(l, 0.03), eye(71, 1)), b, { lower: false, transpose: true }),
    },
  ],
}
