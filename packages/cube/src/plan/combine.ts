/** How reductions of parts become the reduction of the whole: what must be kept of a part, and how two parts join. */
import type { Cell, Reducer } from '../cells/cell.ts'
import { reduceValues } from '../cells/reducers.ts'

/** Numbers of one cell kept between parts; one array for each. */
type State = readonly Float64Array<ArrayBuffer>[]

type Reduce = Extract<Cell, { kind: 'reduce' }>

export interface Combination {
  /** Reductions of a part that are kept, in the order of the state's arrays. */
  readonly kept: (reduce: Reduce) => readonly Reduce[]
  /** Joins part `part` (index `from`) to the state (index `to`) that has at least one part already. */
  readonly join: (state: State, to: number, part: State, from: number, ignoreNodata: boolean) => void
  readonly result: (state: State, at: number) => number
}

/** The combination of a reducer that, over results of parts, is itself (or another). */
function by(step: (a: number, b: number, ignoreNodata: boolean) => number): Combination {
  return {
    kept: (reduce) => [reduce],
    join: ([state], to, [part], from, ignoreNodata) => {
      state![to] = step(state![to]!, part![from]!, ignoreNodata)
    },
    result: ([state], at) => state![at]!,
  }
}

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
  join: ([sum, count], to, [partSum, partCount], from, ignoreNodata) => {
    const isNothing = ignoreNodata && partCount![from] === 0
    if (!isNothing) sum![to] = ignoreNodata && count![to] === 0 ? partSum![from]! : sum![to]! + partSum![from]!
    count![to]! += partCount![from]!
  },
  result: ([sum, count], at) => (count![at]! > 0 ? sum![at]! / count![at]! : Number.NaN),
}

/** Chan, Golub and LeVeque 1979: counts, means and sums of squared deviations of two parts. */
const spread = (finish: (variance: number) => number): Combination => ({
  kept: (reduce) => [reducing(reduce, 'mean'), reducing(reduce, 'variance'), present(reduce)],
  join: ([mean_, variance, count], to, [partMean, partVariance, partCount], from, ignoreNodata) => {
    const [n, m] = [count![to]!, partCount![from]!]
    if (ignoreNodata && m === 0) return
    if (ignoreNodata && n === 0) {
      mean_![to] = partMean![from]!
      variance![to] = partVariance![from]!
      count![to] = m
      return
    }
    const total = n + m
    const difference = partMean![from]! - mean_![to]!
    const squares = (n > 1 ? variance![to]! * (n - 1) : 0) + (m > 1 ? partVariance![from]! * (m - 1) : 0)
    mean_![to]! += (difference * m) / total
    variance![to] = (squares + (difference * difference * n * m) / total) / (total - 1)
    count![to] = total
  },
  // A missing mean says that a missing value was not to be ignored, even where single values have no variance.
  result: ([mean_, variance, count], at) =>
    count![at]! < 2 || Number.isNaN(mean_![at]) ? Number.NaN : finish(variance![at]!),
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
