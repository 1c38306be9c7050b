/**
 * Factorisations and solves in operators that every target has: blocks along the diagonal by elimination, the rest by
 * matrix products. ONNX has neither operation.
 */

import type { MatrixPrimitive } from '../attributes/matrix.ts'
import { OnnxGraph, type Value } from '../onnx/graph.ts'
import { type Shape, sizeOf } from '../shape.ts'
import { type Lower, Lowering } from './target.ts'

/** Extent of the blocks. A column of elimination costs some eight small nodes, a block a few products. */
const BLOCK = 32

/** Rows and columns of the last two axes. */
function cut(l: Lowering, x: Value, rows: readonly [number, number], columns: readonly [number, number]): Value {
  const rank = x.shape.length
  return l.slice(x, [rank - 2, rank - 1], [rows[0], columns[0]], [rows[1], columns[1]])
}

const below = (x: Value): number => x.shape.length - 2
const beside = (x: Value): number => x.shape.length - 1

function square(l: Lowering, n: number, at: (row: number, column: number) => number): Value {
  const data = Float32Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n))
  return l.graph.constant(data, [n, n])
}

const zeros = (l: Lowering, shape: Shape): Value => l.expand(l.graph.scalar(0), shape)

function transposed(l: Lowering, x: Value): Value {
  const rank = x.shape.length
  return l.transpose(
    x,
    x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
  )
}

/** Matrices of more blocks than this are eliminated in a loop where there are loops: fewer nodes, as fast, loaded sooner. */
const UNROLLED_BLOCKS = 2

/** The rows of `[a | 1]` after elimination: `[L^T | L^-1]`, with rounding below the diagonal of L^T. */
function eliminated(l: Lowering, joined: Value): Value {
  const n = joined.shape.at(-2)!
  const batch = joined.shape.slice(0, -2)
  let rest = joined
  const rows: Value[] = []
  for (let j = 0; j < n; j++) {
    const row = cut(l, rest, [0, 1], [0, 2 * n])
    const scaled = l.div(row, l.unary('Sqrt', cut(l, row, [0, 1], [j, j + 1])))
    rows.push(scaled)
    if (j === n - 1) break
    const column = l.reshape(cut(l, scaled, [0, 1], [j + 1, n]), [...batch, n - 1 - j, 1])
    rest = l.sub(cut(l, rest, [1, n - j], [0, 2 * n]), l.mul(column, scaled))
  }
  return l.concat(rows, below(joined))
}

/** As `eliminated`, as a loop over rows, which one-hot vectors pick. */
function eliminatedInLoop(l: Lowering, joined: Value): Value {
  const n = joined.shape.at(-2)!
  const batch = joined.shape.slice(0, -2)
  const picks = (length: number, shape: Shape): Value => {
    const data = Float32Array.from({ length: n * length }, (_, k) => (k % (length + 1) === 0 ? 1 : 0))
    return l.graph.constant(data, [n, ...shape])
  }
  const inner = new Lowering(new OnnxGraph(l.graph), l.target, l.rules)
  const rest = inner.graph.argument(joined.shape, 'float32')
  const [rowPick, pivotPick] = [inner.graph.argument([1, n], 'float32'), inner.graph.argument([2 * n, 1], 'float32')]
  const row = inner.matmul(rowPick, rest)
  const scaled = inner.div(row, inner.unary('Sqrt', inner.matmul(row, pivotPick)))
  const column = inner.reshape(cut(inner, scaled, [0, 1], [0, n]), [...batch, n, 1])
  inner.graph.result(inner.sub(rest, inner.mul(column, scaled)))
  inner.graph.result(scaled)
  const [, rows] = l.graph.emitTyped(
    'Scan',
    [joined, picks(n, [1, n]), picks(2 * n, [2 * n, 1])],
    [
      { shape: joined.shape, type: 'float32' },
      { shape: [n, ...scaled.shape], type: 'float32' },
    ],
    { attributes: { body: { graph: inner.graph }, num_scan_inputs: 2 } },
  )
  const order = [...batch.map((_, i) => i + 1), 0, batch.length + 1, batch.length + 2]
  return l.reshape(l.transpose(rows!, order), joined.shape)
}

/** A block's factor and the factor's inverse. */
function eliminate(l: Lowering, a: Value, inLoop: boolean): { readonly factor: Value; readonly inverse: Value } {
  const n = a.shape.at(-1)!
  const unit = l.expand(
    square(l, n, (i, j) => (i === j ? 1 : 0)),
    a.shape,
  )
  const reduced = (inLoop ? eliminatedInLoop : eliminated)(l, l.concat([a, unit], beside(a)))
  const upper = l.mul(
    cut(l, reduced, [0, n], [0, n]),
    square(l, n, (i, j) => (j >= i ? 1 : 0)),
  )
  return { factor: transposed(l, upper), inverse: cut(l, reduced, [0, n], [n, 2 * n]) }
}

/** Column panels from left to right, each taken off what is to its right (right-looking). */
const cholesky: Lower<'cholesky'> = (l, [a]) => {
  const n = a!.shape.at(-1)!
  const batch = a!.shape.slice(0, -2)
  const inLoop = n > UNROLLED_BLOCKS * BLOCK && l.target.controlFlow !== false
  const panels: Value[] = []
  let rest = a!
  for (let start = 0; start < n; start += BLOCK) {
    const size = Math.min(BLOCK, n - start)
    const left = n - start
    const { factor, inverse } = eliminate(l, cut(l, rest, [0, size], [0, size]), inLoop)
    const parts = start === 0 ? [factor] : [zeros(l, [...batch, start, size]), factor]
    if (size < left) {
      const under = l.matmul(cut(l, rest, [size, left], [0, size]), inverse, false, true)
      parts.push(under)
      rest = l.sub(cut(l, rest, [size, left], [size, left]), l.matmul(under, under, false, true))
    }
    panels.push(l.concat(parts, below(a!)))
  }
  return l.concat(panels, beside(a!))
}

/**
 * The inverses of the diagonal blocks of a lower triangular matrix `[..., n, n]`, n a multiple of `block`, as
 * `[..., n / block, block, block]`: from 1 x 1 by doubling, all blocks at once.
 */
function blockInverses(l: Lowering, x: Value, block: number, unitDiagonal: boolean): Value {
  const n = x.shape.at(-1)!
  const batch = x.shape.slice(0, -2)
  const flat = l.reshape(x, [...batch, n * n])
  const take = (shape: Shape, at: (index: readonly number[]) => number): Value => {
    const places = BigInt64Array.from({ length: sizeOf(shape) }, (_, k) => {
      const [m, i, j] = [Math.floor(k / (shape[1]! * shape[2]!)), Math.floor(k / shape[2]!) % shape[1]!, k % shape[2]!]
      return BigInt(at([m, i, j]))
    })
    const indices = l.graph.constant(places, shape)
    return l.graph.emit('Gather', [flat, indices], [...batch, ...shape], { attributes: { axis: batch.length } })
  }
  let inverses = unitDiagonal
    ? l.expand(l.graph.scalar(1), [...batch, n, 1, 1])
    : l.unary(
        'Reciprocal',
        take([n, 1, 1], ([m]) => m! * (n + 1)),
      )
  for (let size = 1; size < block; size *= 2) {
    const count = n / (2 * size)
    const under = take([count, size, size], ([m, i, j]) => (2 * m! * size + size + i!) * n + 2 * m! * size + j!)
    const pairs = l.reshape(inverses, [...batch, count, 2 * size, size])
    const [first, second] = [cut(l, pairs, [0, size], [0, size]), cut(l, pairs, [size, 2 * size], [0, size])]
    const corner = l.unary('Neg', l.matmul(l.matmul(second, under), first))
    const top = l.concat([first, zeros(l, first.shape)], beside(first))
    inverses = l.concat([top, l.concat([corner, second], beside(first))], below(first))
  }
  return inverses
}

/** Up to a multiple of the block: ones on the diagonal, zeros beside it. */
function padded(l: Lowering, x: Value, n: number): Value {
  const missing = n - x.shape.at(-1)!
  if (missing === 0) return x
  const [none, after] = [x.shape.map(() => 0), x.shape.map((_, i) => (i >= below(x) ? missing : 0))]
  return l.add(
    l.pad(x, none, after),
    square(l, n, (i, j) => (i === j && i >= n - missing ? 1 : 0)),
  )
}

const triangularSolve: Lower<'triangularSolve'> = (l, [given, b], { attributes }) => {
  // An upper matrix is a lower one, transposed.
  const matrix = attributes.lower ? given! : transposed(l, given!)
  const forwards = attributes.lower !== attributes.transpose
  const n = matrix.shape.at(-1)!
  let block = BLOCK
  while (block / 2 >= n) block /= 2
  const whole = padded(l, matrix, Math.ceil(n / block) * block)
  const inverses = blockInverses(l, whole, block, attributes.unitDiagonal)
  const count = Math.ceil(n / block)
  const batch = matrix.shape.slice(0, -2)
  const columns = b!.shape.at(-1)!
  const done: Value[] = []
  for (let step = 0; step < count; step++) {
    const i = forwards ? step : count - 1 - step
    const [start, end] = [i * block, Math.min(n, (i + 1) * block)]
    let right = cut(l, b!, [start, end], [0, columns])
    if (step > 0) {
      const known = l.concat(forwards ? done : done.toReversed(), done[0]!.shape.length - 2)
      const beside = forwards ? cut(l, matrix, [start, end], [0, start]) : cut(l, matrix, [end, n], [start, end])
      right = l.sub(right, l.matmul(beside, known, !forwards))
    }
    const own = l.slice(inverses, [batch.length], [i], [i + 1])
    const inverse = cut(l, l.reshape(own, [...batch, block, block]), [0, end - start], [0, end - start])
    done.push(l.matmul(inverse, right, !forwards))
  }
  return l.concat(forwards ? done : done.toReversed(), done[0]!.shape.length - 2)
}

export const matrixRules: { readonly [P in MatrixPrimitive]: Lower<P> } = { cholesky, triangularSolve }
