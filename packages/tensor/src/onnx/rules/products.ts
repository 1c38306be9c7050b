/** ONNX's products of matrices. */

import { einsum } from '../../ops/einsum.ts'
import { add, matmul, mul, reshape } from '../../ops/plain.ts'
import type { Tensor } from '../../primitive.ts'
import type { Call, Item, Rule } from '../item.ts'

/** As numpy.matmul: a vector on either side counts as a matrix, and its axis vanishes. */
function product(c: Call): Item {
  const [a, b] = [c.tensor(0), c.tensor(1)]
  const left = a.shape.length === 1 ? reshape(a, [1, -1]) : a
  const right = b.shape.length === 1 ? reshape(b, [-1, 1]) : b
  const y = matmul(left, right)
  const kept = y.shape.filter((_, i) => {
    const fromEnd = y.shape.length - i
    return !((fromEnd === 2 && a.shape.length === 1) || (fromEnd === 1 && b.shape.length === 1))
  })
  return c.as(c.kind(0), reshape(y, kept))
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor))

function gemm(c: Call): Item {
  const transposeA = c.integer('transA', 0) === 1
  const transposeB = c.integer('transB', 0) === 1
  const y = scaled(matmul(c.tensor(0), c.tensor(1), { transposeA, transposeB }), c.float('alpha', 1))
  return c.has(2) ? add(y, scaled(c.tensor(2), c.float('beta', 1))) : y
}

export const productRules = {
  Einsum: (c) => einsum(c.text('equation', '').replaceAll(' ', ''), ...c.tensors()),
  Gemm: gemm,
  MatMul: product,
} as const satisfies Readonly<Record<string, Rule>>
