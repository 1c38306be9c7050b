/** interpolate_na: missing cells along a dimension from those on either side; a process of ours, as xarray has it. */
import { InputError } from '@ecotope/core'
import type { Dimension } from '../../model/dimension.ts'
import type { BlockNode } from '../../model/node.ts'
import { floatPacking } from '../../model/packing.ts'
import type { ProcessRow } from '../row.ts'
import { cubeOf, cubeValue, requireDimension, textOf } from './arguments.ts'
import { carried } from './carry.ts'
import { type ColumnLoop, columnsNode } from './columns.ts'
import { secondsOfLabel } from './instants.ts'
import { enumerated } from './labels.ts'
import { DATA, givesCube, optional, parameter, TEXT } from './schemas.ts'

/** The known cells beside a gap of a column; -1 where it has none on that side. */
interface Gap {
  readonly before: number
  readonly after: number
}

/** The value of cell `i` in a gap; NaN where the gap lacks what it takes. */
type Method = (axis: Float64Array, values: Float64Array, i: number, gap: Gap) => number

/** Each as SciPy and bottleneck have it. Only `previous` and `next` reach beyond the last and first known cell. */
const METHODS = {
  linear: (axis, values, i, { before, after }) => {
    if (before < 0 || after < 0) return Number.NaN
    const part = (axis[i]! - axis[before]!) / (axis[after]! - axis[before]!)
    return values[before]! + part * (values[after]! - values[before]!)
  },
  nearest: (axis, values, i, { before, after }) => {
    if (before < 0 || after < 0) return Number.NaN
    const isLater = Math.abs(axis[after]! - axis[i]!) < Math.abs(axis[i]! - axis[before]!)
    return values[isLater ? after : before]!
  },
  previous: (_, values, __, { before }) => (before < 0 ? Number.NaN : values[before]!),
  next: (_, values, __, { after }) => (after < 0 ? Number.NaN : values[after]!),
} satisfies Record<string, Method>

export type InterpolationMethod = keyof typeof METHODS

interface Filling {
  readonly method: InterpolationMethod
  /** Consecutive cells that are filled at most, from the known cell that the method starts at. */
  readonly limit: number
  /** Gaps between known cells further apart on the axis stay. */
  readonly maxGap: number
}

/** Fills gaps of columns of `axis.length` numbers. */
function fillLoop(axis: Float64Array, { method, limit, maxGap }: Filling): ColumnLoop {
  const { length } = axis
  const valueAt: Method = METHODS[method]
  const fill = (values: Float64Array, result: Float64Array, from: number, to: number): void => {
    const [before, after] = [from - 1, to < length ? to : -1]
    const [start, end] = [axis[Math.max(0, before)]!, axis[after < 0 ? length - 1 : after]!]
    if (Math.abs(end - start) > maxGap) return
    const first = method === 'next' ? Math.max(from, to - limit) : from
    const last = method === 'next' ? to : Math.min(to, from + limit)
    for (let i = first; i < last; i++) result[i] = valueAt(axis, values, i, { before, after })
  }
  return ([all], count, results) => {
    for (let c = 0; c < count; c++) {
      const values = all!.subarray(c * length, (c + 1) * length)
      const result = results.subarray(c * length, (c + 1) * length)
      result.set(values)
      for (let i = 0; i < length; i++) {
        if (!Number.isNaN(values[i]!)) continue
        const from = i
        while (i < length && Number.isNaN(values[i]!)) i++
        fill(values, result, from, i)
      }
    }
  }
}

/** Whether cells take the value of a known one however far the next is: no columns have to be gathered for that. */
const isCarried = ({ method, maxGap }: Filling): boolean =>
  (method === 'previous' || method === 'next') && maxGap === Number.POSITIVE_INFINITY

/** The same node in one pass over cells as they lie. */
function carriedNode(node: BlockNode, { method, limit }: Filling): BlockNode {
  const [{ packing }, { packing: result }] = [node.inputs[0]!.schema, node.schema]
  const carry = { along: node.wholeDimensions![0]!, isBackward: method === 'next', limit }
  return { ...node, compute: (region, [block]) => carried(block!, packing, region, result, carry) }
}

/** Days of dates, else the numbers that labels are. Throws InputError `NotNumbers`, `NotMonotonic`. */
function axisOf(dimension: Dimension): Float64Array {
  const { name } = dimension
  const axis = Float64Array.from(dimension.labels as readonly (string | number)[], (label) =>
    dimension.type === 'temporal' ? secondsOfLabel(label, dimension) / 86_400 : Number(label),
  )
  const hint = 'or interpolate by the place of cells alone: use_coordinate false'
  if (axis.some(Number.isNaN)) {
    throw new InputError('NotNumbers', `the labels of ${name} are neither numbers nor dates`, {
      hint: `interpolate along another dimension, ${hint}`,
      data: { dimension: name },
    })
  }
  const sign = Math.sign((axis.at(-1) ?? 0) - (axis[0] ?? 0))
  if (axis.every((at, i) => i === 0 || (at - axis[i - 1]!) * sign > 0)) return axis
  throw new InputError('NotMonotonic', `the labels of ${name} neither all rise nor all fall`, {
    hint: `sort the dimension first, ${hint}`,
    data: { dimension: name },
  })
}

const LIMIT = { type: ['integer', 'null'], minimum: 1 }
const MAX_GAP = { type: ['number', 'null'], exclusiveMinimum: 0 }

export const gapRows: readonly ProcessRow[] = [
  {
    id: 'interpolate_na',
    category: 'reduce and apply',
    summary: 'Fills missing cells from known ones before and after them along a dimension',
    parameters: [
      DATA,
      parameter('dimension', TEXT, 'the dimension to fill along'),
      optional('method', { enum: Object.keys(METHODS) }, 'between both known cells, or the value of one', 'linear'),
      optional(
        'limit',
        LIMIT,
        'how many consecutive cells are filled at most, the first ones (of next the last)',
        null,
      ),
      optional('max_gap', MAX_GAP, 'known cells further apart, in days or the unit of the labels, stay apart', null),
      optional('use_coordinate', { type: 'boolean' }, 'false: cells are as far apart as their numbers', true),
    ],
    returns: givesCube('a cube of the same dimensions'),
    errors: ['DimensionNotAvailable'],
    chunks: 'whole dimension',
    evaluate: (args) => {
      const node = cubeOf(args)
      const dim = textOf(args, 'dimension')
      const dimension = node.schema.dims[requireDimension(node, dim)]!
      const filling: Filling = {
        method: (args.method ?? 'linear') as InterpolationMethod,
        limit: (args.limit ?? Infinity) as number,
        maxGap: (args.max_gap ?? Infinity) as number,
      }
      const axis =
        args.use_coordinate === false ? Float64Array.from(enumerated(dimension.labels.length)) : axisOf(dimension)
      const schema = { ...node.schema, packing: floatPacking(node.schema.packing) }
      const loop = (): ColumnLoop => fillLoop(axis, filling)
      const made = columnsNode({ label: 'interpolate_na', inputs: [node], dim, target: dim, schema, loop })
      return cubeValue(isCarried(filling) ? carriedNode(made, filling) : made)
    },
  },
]
