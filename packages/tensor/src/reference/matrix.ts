/** The float64 meaning of factorisations and solves. */

import type { MatrixPrimitive, Triangle } from '../attributes/matrix.ts'
import { broadcastStrides, type Float64Dense, offsets, zeros } from './array.ts'
import type { Evaluate } from './index.ts'

/** Row by row (Golub and Van Loan 2013, section 4.2); the root of a negative pivot is NaN, and so is what follows. */
function cholesky({ shape, data }: Float64Dense): Float64Dense {
  const n = shape.at(-1)!
  const out = zeros(shape)
  for (let start = 0; start < data.length; start += n * n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = data[start + i * n + j]!
        for (let k = 0; k < j; k++) sum -= out.data[start + i * n + k]! * out.data[start + j * n + k]!
        out.data[start + i * n + j] = i === j ? Math.sqrt(sum) : sum / out.data[start + j * n + j]!
      }
    }
  }
  return out
}

/** Where the matrix of each element of the batch starts. */
function starts(shape: readonly number[], batch: readonly number[]): Int32Array {
  const size = shape.at(-1)! * shape.at(-2)!
  return offsets(batch, broadcastStrides(shape.slice(0, -2), batch)).map((at) => at * size)
}

function triangularSolve([l, b]: readonly Float64Dense[], shape: readonly number[], how: Triangle): Float64Dense {
  const out = zeros(shape)
  const [n, columns] = [shape.at(-2)!, shape.at(-1)!]
  const [fromL, fromB] = [starts(l!.shape, shape.slice(0, -2)), starts(b!.shape, shape.slice(0, -2))]
  const forwards = how.lower !== how.transpose
  fromL.forEach((l0, batch) => {
    const at = (i: number, k: number): number => l!.data[l0 + (how.transpose ? k * n + i : i * n + k)]!
    for (let c = 0; c < columns; c++) {
      const place = (i: number): number => (batch * n + i) * columns + c
      for (let step = 0; step < n; step++) {
        const i = forwards ? step : n - 1 - step
        let sum = b!.data[fromB[batch]! + i * columns + c]!
        for (let before = 0; before < step; before++) {
          const k = forwards ? before : n - 1 - before
          sum -= at(i, k) * out.data[place(k)]!
        }
        out.data[place(i)] = how.unitDiagonal ? sum : sum / at(i, i)
      }
    }
  })
  return out
}

export const matrixReferences: { readonly [P in MatrixPrimitive]: Evaluate<P> } = {
  cholesky: ([a]) => cholesky(a!),
  triangularSolve: (inputs, { shape, attributes }) => triangularSolve(inputs, shape, attributes),
}
