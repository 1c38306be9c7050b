/** ONNX's operators that move elements or speak of shapes. Shapes are known while importing. */

import { constant } from '../../apply.ts'
import { concat, expand, pad, reshape, reverse, slice, sliceAxis, transpose, where } from '../../ops/plain.ts'
import { type PadMode, padMode } from '../../ops/resize.ts'
import type { Tensor } from '../../primitive.ts'
import { broadcastShapes, range, type Shape, sizeOf } from '../../shape.ts'
import { elementOf, valuesOf } from '../data.ts'
import { type Call, countOf, type Item, isKnown, known, knownIntegers, type Rule } from '../item.ts'

/** Moves operand 0, whatever its element type. */
const moved =
  (fn: (c: Call, x: Tensor) => Tensor): Rule =>
  (c) =>
    move(c, (x) => fn(c, x))

function move(c: Call, fn: (x: Tensor) => Tensor, i = 0): Item {
  const item = c.item(i)
  const x = isKnown(item) && countOf(item) > 0 ? c.raw(i) : isKnown(item) ? undefined : item
  if (x === undefined) throw c.fail('an operand has no elements')
  return c.as(c.kind(i), fn(x))
}

/** A new shape only: tensors without elements too. */
function shaped(c: Call, shape: Shape): Item {
  const item = c.item(0)
  if (sizeOf(shape) !== countOf(item)) {
    throw c.fail(`[${item.shape.join(', ')}] does not reshape to [${shape.join(', ')}]`)
  }
  return isKnown(item) ? known(item.kind, shape, item.data) : reshape(item, shape)
}

function reshapeTo(c: Call): Item {
  const copies = c.integer('allowzero', 0) === 0
  const wanted = c.values(1).map((extent, i) => (extent === 0 && copies ? (c.shape(0)[i] ?? 1) : extent))
  const rest = wanted.reduce((product, extent) => (extent === -1 ? product : product * extent), 1)
  return shaped(
    c,
    wanted.map((extent) => (extent === -1 ? countOf(c.item(0)) / rest : extent)),
  )
}

function flatten(c: Call): Item {
  const shape = c.shape(0)
  const axis = c.integer('axis', 1)
  const at = axis < 0 ? axis + shape.length : axis
  return shaped(c, [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))])
}

function squeeze(c: Call): Item {
  const axes = c.axes('axes', 1)
  const shape = c.shape(0)
  return shaped(
    c,
    shape.filter((extent, i) => (axes === undefined ? extent !== 1 : !axes.includes(i))),
  )
}

function unsqueeze(c: Call): Item {
  const list = c.integers('axes') ?? c.values(1)
  const rank = c.rank(0) + list.length
  const axes = list.map((axis) => c.front(axis, rank))
  const rest = [...c.shape(0)]
  return shaped(
    c,
    range(0, rank).map((i) => (axes.includes(i) ? 1 : rest.shift()!)),
  )
}

function tile(c: Call, x: Tensor): Tensor {
  return c.values(1).reduce((y, times, axis) => concat(new Array<Tensor>(times).fill(y), axis), x)
}

function concatenate(c: Call): Item {
  const parts = c.items.map((_, i) => i).filter((i) => !c.shape(i).includes(0))
  const [first] = parts
  if (first === undefined) return c.item(0)
  const kind = c.kind(first)
  const joined = concat(
    parts.map((i) => c.raw(i)),
    c.axis('axis', 0, c.rank(first)),
  )
  return c.as(kind, joined)
}

/** Sizes as operand, as attribute, or equal ones (the last smaller) for each output. */
function split(c: Call): readonly Item[] {
  const axis = c.axis('axis', 0)
  const extent = c.shape(0)[axis]!
  const parts = c.integer('num_outputs', c.node.outputs.length)
  const each = Math.ceil(extent / parts)
  const equal = range(0, parts).map((i) => Math.max(0, Math.min(each, extent - i * each)))
  const sizes = c.has(1) ? c.values(1) : equal
  let start = 0
  return sizes.map((size) => {
    const from = start
    start += size
    return move(c, (x) => sliceAxis(x, axis, from, from + size))
  })
}

/** Every `step`-th element of an axis, from the first. */
function everyOther(x: Tensor, axis: number, step: number): Tensor {
  const extent = x.shape[axis]!
  const count = Math.ceil(extent / step)
  if (step === 1) return x
  if (count === 1) return sliceAxis(x, axis, 0, 1)
  // Whole rows of `step` elements need no padding but for the last, which is set beside them.
  const whole = Math.floor(extent / step)
  const rows = [...x.shape.slice(0, axis), whole, step, ...x.shape.slice(axis + 1)]
  const body = sliceAxis(reshape(sliceAxis(x, axis, 0, whole * step), rows), axis + 1, 0, 1)
  const heads = reshape(body, [...x.shape.slice(0, axis), whole, ...x.shape.slice(axis + 1)])
  return whole === count ? heads : concat([heads, sliceAxis(x, axis, whole * step, whole * step + 1)], axis)
}

interface Cut {
  readonly axis: number
  readonly start: number
  readonly end: number
  readonly step: number
}

/** Limits as NumPy has them: negative ones count from the end, all are cut to the extent. */
function cutOf(extent: number, axis: number, start: number, end: number, step: number): Cut {
  const at = (n: number, low: number, high: number): number => Math.min(Math.max(n < 0 ? n + extent : n, low), high)
  if (step > 0) return { axis, start: at(start, 0, extent), end: at(end, 0, extent), step }
  return { axis, start: at(start, -1, extent - 1), end: at(end, -1, extent - 1), step }
}

function applyCut(x: Tensor, { axis, start, end, step }: Cut): Tensor {
  if (step > 0) return everyOther(sliceAxis(x, axis, start, end), axis, step)
  return everyOther(reverse(sliceAxis(x, axis, end + 1, start + 1), [axis]), axis, -step)
}

function sliced(c: Call): Item {
  const [starts, ends] = [c.values(1), c.values(2)]
  const rank = c.rank(0)
  const axes = c.values(3, range(0, starts.length)).map((axis) => c.front(axis, rank))
  const steps = c.values(
    4,
    starts.map(() => 1),
  )
  const cuts = axes.map((axis, i) => cutOf(c.shape(0)[axis]!, axis, starts[i]!, ends[i]!, steps[i]!))
  const empty = cuts.some(({ start, end, step }) => (step > 0 ? end <= start : start <= end))
  if (!empty) return move(c, (x) => cuts.reduce(applyCut, x))
  const item = c.item(0)
  if (!isKnown(item)) throw c.fail('the slice is empty')
  const shape = item.shape.map((extent, i) => (cuts.some(({ axis }) => axis === i) ? 0 : extent))
  return known(item.kind, shape, [])
}

const borders: ReadonlySet<string> = new Set<PadMode>(['reflect', 'edge', 'wrap'])

/** Negative counts crop. */
function padded(c: Call): Item {
  const rank = c.rank(0)
  const counts = c.values(1)
  const axes = c.values(3, range(0, rank)).map((axis) => c.front(axis, rank))
  const side = (from: number): number[] => {
    const out = new Array<number>(rank).fill(0)
    axes.forEach((axis, i) => {
      out[axis] = counts[from + i]!
    })
    return out
  }
  const [before, after] = [side(0), side(axes.length)]
  const crop = (n: number): number => Math.min(n, 0)
  const grow = (n: number): number => Math.max(n, 0)
  const mode = c.text('mode', 'constant')
  if (mode !== 'constant' && !borders.has(mode)) throw c.fail(`mode ${mode}`)
  const y =
    mode === 'constant'
      ? pad(c.tensor(0), before.map(grow), after.map(grow), c.value(2, 0))
      : padMode(c.tensor(0), before.map(grow), after.map(grow), mode as PadMode)
  const starts = before.map((n) => -crop(n))
  return c.as(
    c.kind(0),
    slice(
      y,
      starts,
      y.shape.map((extent, i) => extent + crop(after[i]!)),
    ),
  )
}

function constantOf(c: Call): Item {
  const tensor = c.attribute('value')?.tensor
  if (tensor !== undefined) return valuesOf(tensor)
  const float = c.attribute('value_float')
  if (float !== undefined) return known('float', [], [float.float])
  const integer = c.attribute('value_int')
  if (integer !== undefined) return known('int', [], [integer.integer])
  const floats = c.attribute('value_floats')
  if (floats !== undefined) return known('float', [floats.floats.length], floats.floats)
  const integers = c.attribute('value_ints')
  if (integers !== undefined) return knownIntegers(integers.integers)
  throw c.fail('a constant that is neither numbers nor a tensor')
}

/** Largest tensor that is folded while importing; longer constants would not be shape arithmetic. */
const MOST_FOLDED = 2 ** 24

function filled(c: Call): Item {
  const tensor = c.attribute('value')?.tensor
  const value = tensor === undefined ? known('float', [1], [0]) : valuesOf(tensor)
  const shape = c.values(0)
  const size = sizeOf(shape)
  if (!(size >= 0 && size <= MOST_FOLDED)) throw c.fail(`a constant of shape [${shape.join(', ')}]`)
  return known(value.kind, shape, new Float32Array(size).fill(value.data[0] ?? 0))
}

function rangeOf(c: Call): Item {
  const [start, limit, delta] = [c.value(0, 0), c.value(1, 0), c.value(2, 1)]
  const count = Math.max(0, Math.ceil((limit - start) / delta))
  if (!(count <= MOST_FOLDED)) throw c.fail(`a range of ${count} numbers`)
  const data = Array.from({ length: count }, (_, i) => start + i * delta)
  return known(c.kind(0), [count], data)
}

/** 1 on and above (upper) or on and below the k-th diagonal of `[rows, columns]`, else 0. */
export function triangle(rows: number, columns: number, k: number, upper: boolean): number[] {
  return range(0, rows * columns).map((i) => {
    const offset = (i % columns) - Math.floor(i / columns)
    return (upper ? offset >= k : offset <= k) ? 1 : 0
  })
}

function triangular(c: Call): Item {
  const [rows, columns] = [c.shape(0).at(-2)!, c.shape(0).at(-1)!]
  const mask = triangle(rows, columns, c.value(1, 0), c.integer('upper', 1) === 1)
  const item = c.item(0)
  if (isKnown(item)) {
    // Selected, not multiplied: masks hold infinities.
    const data = Array.from(item.data, (v, i) => (mask[i % mask.length] === 1 ? v : 0))
    return known(item.kind, item.shape, data)
  }
  return c.as(c.kind(0), where(constant(mask, [rows, columns], 'bool'), c.tensor(0), 0))
}

/** Ones on the k-th diagonal, in the shape of a matrix. */
function eyeLike(c: Call): Item {
  const [rows, columns] = c.shape(0) as [number, number]
  const type = c.attribute('dtype')?.integer
  const kind = type === undefined ? c.kind(0) : elementOf(type, `the result of ${c.node.name}`).kind
  const k = c.integer('k', 0)
  const data = range(0, rows * columns).map((i) => ((i % columns) - Math.floor(i / columns) === k ? 1 : 0))
  return known(kind, [rows, columns], data)
}

/** Blocks of channels to cells of an image; DCR: the block is the slower part of the channel, CRD: the faster. */
function depthToSpace(c: Call, x: Tensor): Tensor {
  const b = c.integer('blocksize', 1)
  const [n = 1, depth = 1, h = 1, w = 1] = x.shape
  const rest = depth / (b * b)
  const dcr = c.text('mode', 'DCR') === 'DCR'
  const cells = reshape(x, dcr ? [n, b, b, rest, h, w] : [n, rest, b, b, h, w])
  return reshape(transpose(cells, dcr ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]), [n, rest, h * b, w * b])
}

function spaceToDepth(c: Call, x: Tensor): Tensor {
  const b = c.integer('blocksize', 1)
  const [n = 1, depth = 1, h = 1, w = 1] = x.shape
  const cells = reshape(x, [n, depth, h / b, b, w / b, b])
  return reshape(transpose(cells, [0, 3, 5, 1, 2, 4]), [n, depth * b * b, h / b, w / b])
}

function shapeOf(c: Call): Item {
  const shape = c.shape(0)
  return knownIntegers(shape.slice(c.integer('start', 0), c.attribute('end')?.integer ?? shape.length))
}

export const shapeRules = {
  Concat: concatenate,
  Constant: constantOf,
  ConstantOfShape: filled,
  DepthToSpace: moved(depthToSpace),
  EyeLike: eyeLike,
  Expand: moved((c, x) => expand(x, broadcastShapes(x.shape, c.values(1), 'Expand'))),
  Flatten: flatten,
  Pad: padded,
  Range: rangeOf,
  Reshape: reshapeTo,
  Shape: shapeOf,
  Size: (c) => known('int', [], [countOf(c.item(0))]),
  Slice: sliced,
  SpaceToDepth: moved(spaceToDepth),
  Split: split,
  Squeeze: squeeze,
  Tile: moved(tile),
  Transpose: moved((c, x) => transpose(x, c.integers('perm') ?? range(0, x.shape.length).reverse())),
  Trilu: triangular,
  Unsqueeze: unsqueeze,
} as const satisfies Readonly<Record<string, Rule>>
