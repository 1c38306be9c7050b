/**
 * What a reducer wants to know of the values of a zone: statistics that can be found while values pass, and what is made
 * of them. Knows cells, no pixels.
 */
import { compileCallback } from '../../cells/callback.ts'
import type { Cell, Reducer } from '../../cells/cell.ts'
import type { Callback, Value } from '../row.ts'
import { arrayAlong, isCell } from './callback.ts'
import { enumerated } from './labels.ts'
import { constant } from './nodes.ts'

/** One statistic of all values. */
export interface Statistic {
  readonly reducer: Reducer
  readonly ignoreNodata: boolean
  /** Of order statistics. */
  readonly probability: number | undefined
}

export interface ZonalReducer {
  readonly statistics: readonly Statistic[]
  /** The result, over inputs that are the statistics. */
  readonly final: Cell
}

type Reduce = Extract<Cell, { kind: 'reduce' }>

/** Reducers that need no more than what `zonal-sums.ts` and selections keep. */
const STREAMED: ReadonlySet<Reducer> = new Set<Reducer>([
  'sum',
  'mean',
  'min',
  'max',
  'variance',
  'sd',
  'countValid',
  'median',
  'quantile',
])

function statisticOf({ reducer, ignoreNodata = true, probability }: Reduce): Statistic {
  const order = reducer === 'median' ? 0.5 : reducer === 'quantile' ? (probability ?? 0.5) : undefined
  return { reducer, ignoreNodata, probability: order }
}

const DIM = 'values'

/** The statistics of the values themselves under a cell of elementwise operations; undefined where there is more to it. */
function split(root: Cell): ZonalReducer | undefined {
  const statistics: Statistic[] = []
  const places = new Map<string, number>()
  let isMore = false
  const place = (reduce: Reduce): Cell => {
    const statistic = statisticOf(reduce)
    const key = JSON.stringify(statistic)
    if (!places.has(key)) places.set(key, statistics.push(statistic) - 1)
    return { kind: 'input', input: places.get(key)! }
  }
  const visit = (cell: Cell): Cell => {
    if (cell.kind === 'constant') return cell
    if (cell.kind === 'call') return { ...cell, args: cell.args.map(visit) }
    const isKnown = cell.kind === 'reduce' && STREAMED.has(cell.reducer) && cell.groups === undefined
    if (isKnown && cell.of.kind === 'input') return place(cell)
    isMore = true
    return cell
  }
  const final = visit(root)
  return isMore || statistics.length === 0 ? undefined : { statistics, final }
}

/** Undefined of reducers that need the values themselves, or their number or order. */
export function zonalReducer(reducer: Callback, context: Value): ZonalReducer | undefined {
  // Zones have different numbers of values: what is made of the number shows in a different cell.
  const [one, other] = [4, 5].map((length) => {
    const known = typeof context === 'number' ? { context: constant(context) } : {}
    const cell = compileCallback(reducer, { data: arrayAlong(DIM, enumerated(length)), ...known })
    return isCell(cell) ? split(cell) : undefined
  })
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other) ? one : undefined
}
