/** Lowering of gathering, scattering, sorting and running sums. */

import type { IndexingPrimitive } from '../attributes/indexing.ts'
import { elementType, type Value } from '../onnx/graph.ts'
import type { Attributes } from '../primitive.ts'
import { range, type Shape, sizeOf } from '../shape.ts'
import type { Lower, Lowering } from './target.ts'

/**
 * Up to this extent a product with one-hot rows is faster on a processor than `ScatterElements` (4096 rows of 64:
 * 0.4 against 1.1 ms for 32 rows, 1.8 against 0.7 ms for 512). `ScatterND` would be faster still, but its threads lose
 * updates where indices repeat (onnxruntime 1.30).
 */
const ONE_HOT_EXTENT = 128
/** Elsewhere it is the form that needs no atomic sums, as long as the one-hot matrix is small. */
const ONE_HOT_ELEMENTS = 2 ** 22

function fitsOneHot(l: Lowering, extent: number, count: number): boolean {
  return l.target.name === 'node-cpu' ? extent <= ONE_HOT_EXTENT : extent * count <= ONE_HOT_ELEMENTS
}

/** The sum over updates `[outer, count, inner]` as one matrix product per outer index. */
function oneHotSum(l: Lowering, updates: Value, indices: Value, extent: number): Value {
  const [outer, count, inner] = updates.shape as [number, number, number]
  const places = l.graph.constant(Int32Array.from(range(0, extent)), [extent, 1])
  const hit = l.graph.emit('Equal', [places, l.reshape(indices, [1, count])], [extent, count], { type: 'bool' })
  const rows = l.graph.emit('Cast', [hit], [extent, count], { attributes: { to: elementType.float32 } })
  // Without an outer extent the product stays a plain one, which processors run faster.
  if (outer === 1) return l.reshape(l.matmul(rows, l.reshape(updates, [count, inner])), [1, extent, inner])
  return l.matmul(l.reshape(rows, [1, extent, count]), updates)
}

function scatterElements(l: Lowering, updates: Value, indices: Value, axis: number, shape: Shape): Value {
  const zeros = l.expand(l.graph.scalar(0), shape)
  return l.graph.emit('ScatterElements', [zeros, indices, updates], shape, { attributes: { axis, reduction: 'add' } })
}

const scatterSum: Lower<'scatterSum'> = (l, [updates, indices], { attributes: { axis, extent }, shape }) => {
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))]
  const count = sizeOf(indices!.shape)
  const flat = l.reshape(updates!, [outer, count, inner])
  if (fitsOneHot(l, extent, count)) return l.reshape(oneHotSum(l, flat, indices!, extent), shape)
  // Along the last axis `ScatterElements` runs almost twice as fast, transposes included.
  const each = l.expand(l.reshape(indices!, [1, 1, count]), [outer, inner, count])
  const rows = scatterElements(l, l.transpose(flat, [0, 2, 1]), each, 2, [outer, inner, extent])
  return l.reshape(l.transpose(rows, [0, 2, 1]), shape)
}

/** Sums of float32 lose digits over long runs, so that runs beyond this are summed in two stages. */
const SHORT = 1024
const BLOCK = 256

type Running = Attributes['cumsum']

function running(l: Lowering, x: Value, { axis, exclusive, reverse }: Running): Value {
  const at = l.graph.constant(BigInt64Array.of(BigInt(axis)), [])
  const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }
  return l.graph.emit('CumSum', [x, at], x.shape, { attributes })
}

/** ONNX Runtime runs along the last axis element by element, along others in rows: transposing pays on a processor. */
function shortCumsum(l: Lowering, x: Value, how: Running): Value {
  const last = how.axis === x.shape.length - 1
  const n = x.shape[how.axis]!
  if (!last || l.target.name !== 'node-cpu' || sizeOf(x.shape) === n) return running(l, x, how)
  const columns = l.transpose(l.reshape(x, [sizeOf(x.shape) / n, n]), [1, 0])
  return l.reshape(l.transpose(running(l, columns, { ...how, axis: 0 }), [1, 0]), x.shape)
}

/** Running sums within blocks, plus the running sums of the blocks before (or, in reverse, after). */
function cumsum(l: Lowering, x: Value, how: Running): Value {
  const { axis, reverse } = how
  const n = x.shape[axis]!
  if (n <= SHORT) return shortCumsum(l, x, how)
  const missing = (BLOCK - (n % BLOCK)) % BLOCK
  const none = x.shape.map(() => 0)
  const filled = l.pad(x, none, none.with(axis, missing))
  const [outer, inner] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)]
  const blocks = l.reshape(filled, [...outer, (n + missing) / BLOCK, BLOCK, ...inner])
  const within = shortCumsum(l, blocks, { axis: axis + 1, exclusive: false, reverse })
  const end = reverse ? 0 : BLOCK - 1
  const totals = l.slice(within, [axis + 1], [end], [end + 1])
  const before = cumsum(l, totals, { axis, exclusive: true, reverse })
  const own = how.exclusive ? shortCumsum(l, blocks, { ...how, axis: axis + 1 }) : within
  const sums = l.reshape(l.add(own, before), filled.shape)
  return l.slice(sums, [axis], [0], [n])
}

/** `TopK` with its places as int32; the place of one extreme has an operator of its own, which more providers have. */
const argTopK: Lower<'argTopK'> = (l, [x], { attributes: { axis, k, largest }, shape }) => {
  const options = { attributes: { axis, largest: largest ? 1 : 0, sorted: 1 }, type: 'int64' } as const
  const places =
    k === 1
      ? l.graph.emit(largest ? 'ArgMax' : 'ArgMin', [x!], shape, { attributes: { axis, keepdims: 1 }, type: 'int64' })
      : l.graph.emitAll('TopK', [x!, l.graph.integers([k])], [shape, shape], options)[1]!
  return l.graph.emit('Cast', [places], shape, { attributes: { to: elementType.int32 }, type: 'int32' })
}

export const indexingRules: { readonly [P in IndexingPrimitive]: Lower<P> } = {
  gather: (l, [x, indices], { attributes: { axis }, shape }) => {
    return l.graph.emit('Gather', [x!, indices!], shape, { attributes: { axis }, type: x!.type })
  },
  scatterSum,
  gatherElements: (l, [x, indices], { attributes: { axis }, shape }) => {
    return l.graph.emit('GatherElements', [x!, indices!], shape, { attributes: { axis }, type: x!.type })
  },
  scatterSumElements: (l, [updates, indices], { attributes: { axis }, shape }) => {
    return scatterElements(l, updates!, indices!, axis, shape)
  },
  argTopK,
  cumsum: (l, [x], { attributes }) => cumsum(l, x!, attributes),
}
