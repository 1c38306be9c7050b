/** Shape rules of factorisations and solves. */

import type { MatrixPrimitive } from '../attributes/matrix.ts'
import type { Attributes } from '../primitive.ts'
import { broadcastShapes, showShape } from '../shape.ts'
import { need, needFloat, type Operand, type Rule } from './rule.ts'

function square({ shape }: Operand, what: string): number {
  const fits = shape.length >= 2 && shape.at(-1) === shape.at(-2)
  need(fits, what, `needs square matrices [..., n, n], not ${showShape(shape)}`, { shape })
  return shape.at(-1)!
}

export const matrixShapes: { readonly [P in MatrixPrimitive]: Rule<Attributes[P]> } = {
  cholesky: (inputs, _, what) => {
    needFloat(inputs, what)
    square(inputs[0]!, what)
    return { shape: inputs[0]!.shape, dtype: 'float32' }
  },
  triangularSolve: (inputs, _, what) => {
    needFloat(inputs, what)
    const [l, b] = [inputs[0]!, inputs[1]!.shape]
    const n = square(l, what)
    need(b.length >= 2 && b.at(-2) === n, what, `${showShape(b)} is no right-hand side [..., ${n}, k]`, { shape: b })
    return { shape: [...broadcastShapes(l.shape.slice(0, -2), b.slice(0, -2), what), n, b.at(-1)!], dtype: 'float32' }
  },
}
