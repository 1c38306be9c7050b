/** What cells cannot say of themselves, done by loops over whole rows of cells: see `Line` in `cells/rule.ts`. */
import { isTrue } from '../../cells/reducers.ts'
import type { Line, MakeLine } from '../../cells/rule.ts'
import { FLOAT64, type Packing } from '../../model/block.ts'
import { type CubeNode, dimensionIndex } from '../../model/node.ts'
import { floatPacking } from '../../model/packing.ts'
import type { CellArray } from '../row.ts'
import { axisOf } from '../values/arrays.ts'
import { type ColumnLoop, columnsNode } from './columns.ts'
import { fitLoop } from './curve-loops.ts'
import { modelOf, xOfLabel } from './curves.ts'
import { enumerated, otherDimension, withDims } from './labels.ts'
import { cellNode, input } from './nodes.ts'

/** One column: `length` numbers of each input from `at` on, `values[0]` being those of the first; fills `result`. */
type Column = (
  values: Float64Array,
  others: Float64Array | undefined,
  at: number,
  length: number,
  result: Float64Array,
) => void

const MISSING = Number.NaN
const isMissing = Number.isNaN

/** Lines whose results are as long as the rows that they are of. */
type SameLength = Exclude<Line, { kind: 'fit' }>

type Rows = { readonly [K in SameLength['kind']]: (line: Extract<Line, { kind: K }>, array: CellArray) => Column }

const STEPS = {
  sum: (a: number, b: number) => a + b,
  product: (a: number, b: number) => a * b,
  min: Math.min,
  max: Math.max,
}

function running({ of, ignoresNodata }: Extract<Line, { kind: 'running' }>): Column {
  const step = STEPS[of]
  return (values, _others, at, length, result) => {
    let sum = MISSING
    let hasBegun = false
    let i = at
    for (; i < at + length; i++) {
      const value = values[i]!
      if (isMissing(value) && !ignoresNodata) break
      result[i] = MISSING
      if (isMissing(value)) continue
      // What is no number any more, such as infinity less infinity, stays so.
      sum = hasBegun ? step(sum, value) : value
      hasBegun = true
      result[i] = sum
    }
    result.fill(MISSING, i, at + length)
  }
}

/** Longer columns are left to the engine's sort. */
const LONGEST_INSERTION = 40

/** Sorts the first `count` numbers, none of them missing. */
function sortAscending(numbers: Float64Array, from: number, count: number): void {
  if (count > LONGEST_INSERTION) {
    numbers.subarray(from, from + count).sort()
    return
  }
  for (let i = from + 1; i < from + count; i++) {
    const value = numbers[i]!
    let k = i
    for (; k > from && numbers[k - 1]! > value; k--) numbers[k] = numbers[k - 1]!
    numbers[k] = value
  }
}

function sort({ isAscending, nodata }: Extract<Line, { kind: 'sort' | 'order' }>): Column {
  return (values, _others, at, length, result) => {
    let count = 0
    for (let i = at; i < at + length; i++) if (!isMissing(values[i]!)) result[at + count++] = values[i]!
    sortAscending(result, at, count)
    if (!isAscending) result.subarray(at, at + count).reverse()
    result.fill(MISSING, at + count, at + length)
    if (nodata !== false) return
    result.copyWithin(at + length - count, at, at + count)
    result.fill(MISSING, at, at + length - count)
  }
}

/** Positions of the elements by size, of equal ones in the order given. */
function order({ isAscending, nodata }: Extract<Line, { kind: 'sort' | 'order' }>): Column {
  const sign = isAscending ? 1 : -1
  let keys = new Float64Array(0)
  let places = new Int32Array(0)
  const compare = (a: number, b: number): number => keys[a]! - keys[b]! || a - b
  return (values, _others, at, length, result) => {
    if (keys.length !== length) {
      keys = new Float64Array(length)
      places = new Int32Array(length)
    }
    let count = 0
    for (let i = 0; i < length; i++) {
      keys[i] = sign * values[at + i]!
      if (!isMissing(keys[i]!)) places[count++] = i
    }
    if (count > LONGEST_INSERTION) places.subarray(0, count).sort(compare)
    else insertPlaces(places, keys, count)
    const missing = nodata === null ? 0 : length - count
    const start = at + (nodata === false ? missing : 0)
    for (let i = 0; i < count; i++) result[start + i] = places[i]!
    let next = nodata === false ? at : at + count
    if (nodata === null) result.fill(MISSING, next, at + length)
    else for (let i = 0; i < length; i++) if (isMissing(keys[i]!)) result[next++] = i
  }
}

function insertPlaces(places: Int32Array, keys: Float64Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const place = places[i]!
    const key = keys[place]!
    let k = i
    for (; k > 0 && keys[places[k - 1]!]! > key; k--) places[k] = places[k - 1]!
    places[k] = place
  }
}

const pick: Column = (values, positions, at, length, result) => {
  for (let i = at; i < at + length; i++) {
    const position = positions![i]!
    result[i] = isMissing(position) ? MISSING : values[at + position]!
  }
}

/** Where a known number lies between two others, on the axis: the same as `interpolateLinear` on values. */
function interpolate(axis: readonly number[]): Column {
  return (values, _others, at, length, result) => {
    let previous = -1
    for (let i = 0; i < length; i++) {
      const value = values[at + i]!
      result[at + i] = value
      if (isMissing(value)) continue
      if (previous >= 0 && previous < i - 1) {
        const start = values[at + previous]!
        const width = axis[i]! - axis[previous]!
        for (let gap = previous + 1; gap < i; gap++)
          result[at + gap] = start + ((axis[gap]! - axis[previous]!) / width) * (value - start)
      }
      previous = i
    }
  }
}

const compact: Column = (values, kept, at, length, result) => {
  let next = at
  for (let i = at; i < at + length; i++) if (isTrue(kept![i]!)) result[next++] = values[i]!
  result.fill(MISSING, next, at + length)
}

const ROWS: Rows = {
  running,
  sort,
  order,
  pick: () => pick,
  interpolate: (_, { labels }) => interpolate(axisOf(labels.length, labels)),
  compact: () => compact,
}

function loopOf(line: SameLength, array: CellArray): () => ColumnLoop {
  return () => {
    const column = (ROWS[line.kind] as (line: SameLength, array: CellArray) => Column)(line, array)
    const { length } = array.labels
    return ([values, others], count, result) => {
      for (let c = 0; c < count; c++) column(values!, others, c * length, length, result)
    }
  }
}

/** Undefined where the model does not compile. */
function fittingOf({ graph, initial }: Extract<Line, { kind: 'fit' }>, { labels }: CellArray) {
  const model = modelOf({ graph }, initial.length)
  const xs = labels.map(xOfLabel)
  return model && (() => fitLoop(model(xs), xs.length, initial))
}

/**
 * Makes lines over arrays of cells of `base`; each becomes an input (of a number beyond those before it) of the cells
 * that use it. `inputs` are all inputs in the end.
 */
export function lineMaker(base: CubeNode): { readonly line: MakeLine; readonly inputs: readonly CubeNode[] } {
  const inputs: CubeNode[] = [base]
  const packing = floatPacking(base.schema.packing)
  const nodeOf = ({ dim, labels, of }: CellArray): CubeNode => {
    const d = dimensionIndex(base.schema, dim)
    const own = of.kind === 'input' ? inputs[of.input] : undefined
    if (own?.schema.dims[d]?.labels.length === labels.length) return own
    return cellNode('array', [...inputs], of, schemaFor(dim, labels))
  }
  const schemaFor = (dim: string, labels: CellArray['labels'], packed: Packing = packing) => {
    const dims = base.schema.dims.map((dimension) =>
      dimension.name === dim && labels.length !== dimension.labels.length
        ? otherDimension(dim, Array.from(labels.keys()))
        : dimension,
    )
    return { ...withDims(base.schema, dims), packing: packed }
  }
  const line: MakeLine = (kind, arrays) => {
    const [first, second] = arrays
    const { dim } = first!
    const isAlike = second === undefined || (second.dim === dim && second.labels.length === first!.labels.length)
    if (!isAlike || first!.labels.length === 0 || dimensionIndex(base.schema, dim) < 0) return undefined
    const isFit = kind.kind === 'fit'
    const labels = isFit ? enumerated(kind.initial.length) : first!.labels
    const loop = isFit ? fittingOf(kind, first!) : loopOf(kind, first!)
    if (loop === undefined) return undefined
    // Parameters of curves may belong to large numbers, such as seconds.
    const schema = schemaFor(dim, labels, isFit ? FLOAT64 : packing)
    const node = columnsNode({ label: kind.kind, inputs: arrays.map(nodeOf), dim, target: dim, schema, loop })
    return { kind: 'array', dim, labels, of: input(inputs.push(node) - 1) }
  }
  return { line, inputs }
}
