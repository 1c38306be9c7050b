/** ONNX's gathering and scattering. */

import { constant } from '../../apply.ts'
import { cumsum, gather, gatherElements, oneHot, scatterAdd, topK } from '../../ops/indexing.ts'
import { add, cast, less, mul, reshape, reverse, sliceAxis, sub, transpose, where } from '../../ops/plain.ts'
import type { Tensor } from '../../primitive.ts'
import { range, sizeOf, stridesOf } from '../../shape.ts'
import { type Call, type Item, isKnown, type Rule } from '../item.ts'

function gathered(c: Call): Item {
  const axis = c.axis('axis', 0)
  const extent = c.shape(0)[axis]!
  const indices = c.item(1)
  if (!isKnown(indices) || indices.data.length !== 1) return c.as(c.kind(0), gather(c.raw(0), c.index(1, extent), axis))
  // One known index is a slice: nothing is looked up, and the gradient is a pad.
  const at = indices.data[0]! < 0 ? indices.data[0]! + extent : indices.data[0]!
  const shape = [...c.shape(0).slice(0, axis), ...indices.shape, ...c.shape(0).slice(axis + 1)]
  return c.as(c.kind(0), reshape(sliceAxis(c.raw(0), axis, at, at + 1), shape))
}

function gatheredElements(c: Call): Item {
  const axis = c.axis('axis', 0)
  return c.as(c.kind(0), gatherElements(c.raw(0), c.index(1, c.shape(0)[axis]!), axis))
}

interface Rows {
  /** `[rows, width]`: x with the axes that indices name joined. */
  readonly x: Tensor
  /** int32, the place of a row for each index. */
  readonly places: Tensor
  /** The axes that indices do not name. */
  readonly rest: readonly number[]
}

/** The axes before `batch` are x's and the indices' in common. */
function rowsOf(c: Call, batch = 0): Rows {
  const shape = c.shape(0)
  const depth = c.shape(1).at(-1)!
  const named = shape.slice(batch, batch + depth)
  const rest = shape.slice(batch + depth)
  const x = reshape(c.tensor(0), [-1, sizeOf(rest)])
  const count = sizeOf(c.shape(1)) / depth
  const rowsEach = count / sizeOf(shape.slice(0, batch))
  const starts = range(0, count).map((row) => Math.floor(row / rowsEach) * sizeOf(named))
  if (isKnown(c.item(1))) {
    const values = c.values(1)
    const strides = stridesOf(named)
    const places = starts.map((start, row) =>
      named.reduce((at, extent, axis) => {
        const index = values[row * depth + axis]!
        return at + (index < 0 ? index + extent : index) * strides[axis]!
      }, start),
    )
    return { x, places: constant(places, [count], 'int32'), rest }
  }
  // Exact in float32, in which places are reckoned.
  if (x.shape[0]! >= 2 ** 24) throw c.fail('2^24 rows or more')
  const list = reshape(c.tensor(1), [count, depth])
  const places = named.reduce(
    (at, extent, axis) => {
      const index = reshape(sliceAxis(list, 1, axis, axis + 1), [count])
      return add(mul(at, extent), where(less(index, 0), add(index, extent), index))
    },
    constant(0, [count]),
  )
  return { x, places: cast(add(places, constant(starts)), 'int32'), rest }
}

function gatheredRows(c: Call): Item {
  const { x, places, rest } = rowsOf(c, c.integer('batch_dims', 0))
  return c.as(c.kind(0), reshape(gather(x, places), [...c.shape(1).slice(0, -1), ...rest]))
}

/** x with its rows at `places` (distinct, as ONNX demands) set to the updates: what was there is taken away first. */
function scatteredRows(c: Call): Item {
  const { x, places } = rowsOf(c)
  const updates = reshape(c.tensor(2), [places.shape[0]!, x.shape[1]!])
  const reduction = c.text('reduction', 'none')
  if (reduction !== 'none' && reduction !== 'add') throw c.fail(`reduction ${reduction}`)
  const change = reduction === 'add' ? updates : sub(updates, gather(x, places))
  return c.as(c.kind(0), reshape(scatterAdd(x, places, change), c.shape(0)))
}

/** Places in the flat x of indices along an axis; the other axes' places are the indices' own. */
function flatPlaces(c: Call, axis: number): Tensor {
  const [shape, own] = [c.shape(0), c.shape(1)]
  const strides = stridesOf(shape)
  const base = range(0, sizeOf(own)).map((i) => {
    const at = stridesOf(own).map((stride, k) => Math.floor(i / stride) % own[k]!)
    return at.reduce((sum, place, k) => (k === axis ? sum : sum + place * strides[k]!), 0)
  })
  const along = mul(cast(c.index(1, shape[axis]!), 'float32'), strides[axis]!)
  return cast(add(reshape(along, [base.length]), constant(base, [base.length])), 'int32')
}

function scatteredElements(c: Call): Item {
  const axis = c.axis('axis', 0)
  const reduction = c.text('reduction', 'none')
  if (reduction !== 'none' && reduction !== 'add') throw c.fail(`reduction ${reduction}`)
  // Exact in float32, in which places are reckoned.
  if (sizeOf(c.shape(0)) >= 2 ** 24) throw c.fail('a tensor of 2^24 elements or more')
  const [x, at] = [reshape(c.tensor(0), [-1]), flatPlaces(c, axis)]
  const updates = reshape(c.tensor(2), [-1])
  const change = reduction === 'add' ? updates : sub(updates, gather(x, at))
  return c.as(c.kind(0), reshape(scatterAdd(x, at, change), c.shape(0)))
}

/** The axis of ones and zeros goes where `axis` says; values are [off, on]. */
function oneHotOf(c: Call): Item {
  const depth = c.value(1, 1)
  const rank = c.rank(0)
  const axis = c.front(c.integer('axis', -1), rank + 1)
  const [off, on] = c.values(2) as [number, number]
  const hot = oneHot(c.index(0, depth), depth)
  const order = range(0, rank)
  const placed = transpose(hot, [...order.slice(0, axis), rank, ...order.slice(axis)])
  return c.as(c.kind(2), add(mul(placed, on - off), off))
}

function runningSum(c: Call): Item {
  const axis = c.front(c.value(1, 0), c.rank(0))
  const options = { exclusive: c.integer('exclusive', 0) === 1, reverse: c.integer('reverse', 0) === 1 }
  return c.as(c.kind(0), cumsum(c.tensor(0), axis, options))
}

function largest(c: Call): readonly Item[] {
  const options = { axis: c.axis('axis', -1), largest: c.integer('largest', 1) === 1 }
  const { values, indices: places } = topK(c.tensor(0), c.value(1, 1), options)
  return [c.as(c.kind(0), values), c.as('int', places)]
}

/** The place of the first extreme, or of the last. */
const extreme =
  (isLargest: boolean): Rule =>
  (c) => {
    const axis = c.axis('axis', 0)
    const shape = c.integer('keepdims', 1) === 1 ? c.shape(0).with(axis, 1) : c.shape(0).toSpliced(axis, 1)
    const last = c.integer('select_last_index', 0) === 1
    const x = last ? reverse(c.tensor(0), [axis]) : c.tensor(0)
    const place = reshape(topK(x, 1, { axis, largest: isLargest }).indices, shape)
    return c.as('int', last ? sub(c.shape(0)[axis]! - 1, cast(place, 'float32')) : place)
  }

export const indexingRules = {
  ArgMax: extreme(true),
  ArgMin: extreme(false),
  CumSum: runningSum,
  Gather: gathered,
  GatherElements: gatheredElements,
  GatherND: gatheredRows,
  OneHot: oneHotOf,
  ScatterElements: scatteredElements,
  ScatterND: scatteredRows,
  TopK: largest,
} as const satisfies Readonly<Record<string, Rule>>
