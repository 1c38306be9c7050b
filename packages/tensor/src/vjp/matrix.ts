/** Vector-Jacobian products of factorisations and solves (Murray 2016, "Differentiation of the Cholesky decomposition"). */

import { apply, constant } from '../apply.ts'
import type { MatrixPrimitive, Triangle } from '../attributes/matrix.ts'
import { add, matmul, mul, neg, transpose } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import type { Vjp } from './index.ts'
import { unbroadcast } from './plain.ts'

/** Factors `[n, n]`: `on` below the diagonal (above it for `upper`), `diagonal` there, else 0. */
function mask(n: number, { lower, diagonal }: { readonly lower: boolean; readonly diagonal: number }): Tensor {
  const at = (i: number, j: number): number => (i === j ? diagonal : i > j === lower ? 1 : 0)
  return constant(
    Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n)),
    [n, n],
  )
}

const swap = (x: Tensor): Tensor => {
  const rank = x.shape.length
  return transpose(
    x,
    x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
  )
}

const backwards: Triangle = { lower: true, transpose: true, unitDiagonal: false }

export const matrixVjps: { readonly [P in MatrixPrimitive]: Vjp<P> } = {
  // Equation 10: L^-T phi(L^T g) L^-1, made symmetric; phi takes the lower triangle and half of the diagonal.
  cholesky: (l, g) => {
    const n = l.shape.at(-1)!
    const phi = mul(matmul(l, g, { transposeA: true }), mask(n, { lower: true, diagonal: 0.5 }))
    const left = apply('triangularSolve', [l, phi], backwards)
    const s = apply('triangularSolve', [l, swap(left)], backwards)
    return [mul(add(s, swap(s)), 0.5)]
  },
  triangularSolve: (x, g) => {
    const [l, b] = [x.inputs[0]!, x.inputs[1]!]
    const { lower, transpose: transposed, unitDiagonal } = x.attributes
    const back = apply('triangularSolve', [l, g], { lower, transpose: !transposed, unitDiagonal })
    const outer = transposed ? matmul(x, back, { transposeB: true }) : matmul(back, x, { transposeB: true })
    const byL = mul(neg(outer), mask(l.shape.at(-1)!, { lower, diagonal: unitDiagonal ? 0 : 1 }))
    return [unbroadcast(byL, l.shape), unbroadcast(back, b.shape)]
  },
}
