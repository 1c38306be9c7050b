/** How reductions of parts become the reduction of the whole: what must be kept of a part, and how two parts join. */
import type { Cell, Reducer } from '../cells/cell.ts'
import { reduceValues } from '../cells/reducers.ts'
import type { Run } from './ranges.ts'

/** Numbers of each cell kept between parts; one array for each. */
export type State = readonly Float64Array<ArrayBuffer>[]

type Reduce = Extract<Cell, { kind: 'reduce' }>

export interface Combination {
  /** Reductions of a part that are kept, in the order of the state's arrays. */
  readonly kept: (reduce: Reduce) => readonly Reduce[]
  /** Joins the cells `run` of a part to the state, which has at least one part of them already. */
  readonly join: (state: State, part: State, run: Run, ignoreNodata: boolean) => void
  /** The reductions of the whole; the state is not used afterwards. */
  readonly results: (state: State) => Float64Array<ArrayBuffer>
}

type Step = (a: number, b: number, ignoreNodata: boolean) => number

/** The combination of a reducer that, over results of parts, is itself (or another). */
const by = (step: Step): Combination => ({
  kept: (reduce) => [reduce],
  join: ([state], [part], { from, to, length }, ignoreNodata) => {
    for (let i = 0; i < length; i++) state![to + i] = step(state![to + i]!, part![from + i]!, ignoreNodata)
  },
  results: ([state]) => state!,
})

/** Missing parts are left out, or make the result missing. */
const unlessMissing = (step: (a: number, b: number) => number): Combination =>
  by((a, b, ignoreNodata) => {
    if (ignoreNodata && Number.isNaN(a)) return b
    if (ignoreNodata && Number.isNaN(b)) return a
    return step(a, b)
  })

const again = (reducer: Reducer): Combination =>
  by((a, b, ignoreNodata) => reduceValues(reducer, Float64Array.of(a, b), { ignoreNodata, probability: 0 }))

/** The number of values that are not missing: `countValid` would leave out infinities, which means do not. */
const present = ({ of, ...rest }: Reduce): Reduce => ({
  ...rest,
  reducer: 'count',
  ignoreNodata: true,
  of: { kind: 'call', operation: 'eq', args: [of, of] },
})

const reducing = (reduce: Reduce, reducer: Reducer): Reduce => ({ ...reduce, reducer })

const mean: Combination = {
  kept: (reduce) => [reducing(reduce, 'sum'), present(reduce)],
  join: ([sum, count], [partSum, partCount], { from, to, length }, ignoreNodata) => {
    for (let i = 0; i < length; i++) {
      // No pairs here: arrays of two in a loop take three times as long.
      const n = count![to + i]!
      const m = partCount![from + i]!
      count![to + i] = n + m
      if (ignoreNodata && m === 0) continue
      const added = partSum![from + i]!
      sum![to + i] = ignoreNodata && n === 0 ? added : sum![to + i]! + added
    }
  },
  results: ([sum, count]) => {
    for (let i = 0; i < sum!.length; i++) sum![i] = count![i]! > 0 ? sum![i]! / count![i]! : Number.NaN
    return sum!
  },
}

/** Chan, Golub and LeVeque 1979: counts, means and sums of squared deviations of two parts. */
const spread = (finish: (variance: number) => number): Combination => ({
  kept: (reduce) => [reducing(reduce, 'mean'), reducing(reduce, 'variance'), present(reduce)],
  join: ([means, variances, counts], [partMeans, partVariances, partCounts], { from, to, length }, ignoreNodata) => {
    for (let i = 0; i < length; i++) {
      const n = counts![to + i]!
      const m = partCounts![from + i]!
      if (ignoreNodata && m === 0) continue
      const total = n + m
      counts![to + i] = total
      if (ignoreNodata && n === 0) {
        means![to + i] = partMeans![from + i]!
        variances![to + i] = partVariances![from + i]!
        continue
      }
      const difference = partMeans![from + i]! - means![to + i]!
      const squares = (n > 1 ? variances![to + i]! * (n - 1) : 0) + (m > 1 ? partVariances![from + i]! * (m - 1) : 0)
      means![to + i]! += (difference * m) / total
      variances![to + i] = (squares + (difference * difference * n * m) / total) / (total - 1)
    }
  },
  // A missing mean says that a missing value was not to be ignored, even where single values have no variance.
  results: ([means, variances, counts]) => {
    for (let i = 0; i < means!.length; i++) {
      const isMissing = counts![i]! < 2 || Number.isNaN(means![i]!)
      variances![i] = isMissing ? Number.NaN : finish(variances![i]!)
    }
    return variances!
  },
})

/** By reducer; undefined: the whole extent has to be there at once. */
export const COMBINATIONS: Readonly<Record<Reducer, Combination | undefined>> = {
  sum: unlessMissing((a, b) => a + b),
  product: unlessMissing((a, b) => a * b),
  min: unlessMissing(Math.min),
  max: unlessMissing(Math.max),
  count: by((a, b) => a + b),
  countValid: by((a, b) => a + b),
  mean,
  variance: spread((variance) => variance),
  sd: spread(Math.sqrt),
  first: by((a, b, ignoreNodata) => (ignoreNodata && Number.isNaN(a) ? b : a)),
  last: by((a, b, ignoreNodata) => (ignoreNodata && Number.isNaN(b) ? a : b)),
  any: again('any'),
  all: again('all'),
  median: undefined,
  quantile: undefined,
}
