/** Series that are like a given one but know nothing of others: null models of cross mapping. */
import { InputError, type Random } from '@ecotope/core'
import type { TimeSeries } from '../series/series.ts'
import { transformOf } from './fourier.ts'
import { neighbourhood } from './neighbours.ts'

/**
 * `ebisuzaki`: the same spectrum, random phases (Ebisuzaki 1997). `seasonal`: the mean cycle of `period` steps, what is left
 * of it in random order (Deyle et al. 2016). `swap`: cut at a random place, both parts exchanged. `twin`: another path
 * through the same states (Thiel et al. 2006).
 */
export type SurrogateKind = 'ebisuzaki' | 'seasonal' | 'swap' | 'twin'

export interface SurrogateOptions {
  readonly kind: SurrogateKind
  /** Steps of a cycle, of seasonal surrogates. */
  readonly period?: number
  /** Coordinates of the states, of twins; default 3. */
  readonly dimension?: number
}

/** Draws one of a column without missing values; `phase`: steps from the start of the first cycle. */
type Drawer = (random: Random) => Float64Array

const kinds: Record<SurrogateKind, (values: Float64Array, options: SurrogateOptions) => Drawer> = {
  ebisuzaki: phases,
  seasonal: (values, { period = 0 }) => cycles(values, period),
  swap: (values) => (random) => {
    const at = values.length > 1 ? 1 + random.integer(values.length - 1) : 0
    const out = new Float64Array(values.length)
    out.set(values.subarray(at))
    out.set(values.subarray(0, at), values.length - at)
    return out
  },
  twin: (values, { dimension = 3 }) => twins(values, dimension),
}

/**
 * Draws surrogates of a column, part by part (data sets). Missing values are bridged by a line, and missing again afterwards.
 * Throws `InputError` BadPeriod.
 */
export function surrogatesOf(
  parts: readonly Float64Array[],
  options: SurrogateOptions,
): (random: Random) => Float64Array[] {
  checkPeriod(options, Math.max(...parts.map(({ length }) => length)))
  const drawers = parts.map((part) => ({ part, draw: kinds[options.kind](bridged(part), options) }))
  return (random) =>
    drawers.map(({ part, draw }, i) => {
      const out = draw(random.split(i))
      for (let t = 0; t < part.length; t++) if (Number.isNaN(part[t]!)) out[t] = Number.NaN
      return out
    })
}

/** The series with some of their columns replaced by Ebisuzaki's surrogates, all with the same random phases. */
export function ebisuzaki(series: TimeSeries, columns: readonly number[], random: Random): TimeSeries {
  const draws = columns.map((v) =>
    surrogatesOf(
      series.datasets.map((set) => set.columns[v]!),
      { kind: 'ebisuzaki' },
    )(random),
  )
  return {
    ...series,
    datasets: series.datasets.map((set, d) => ({
      ...set,
      columns: set.columns.map((column, v) => (columns.includes(v) ? draws[columns.indexOf(v)]![d]! : column)),
    })),
  }
}

function checkPeriod({ kind, period }: SurrogateOptions, longest: number): void {
  if (kind !== 'seasonal') return
  if (period !== undefined && Number.isInteger(period) && period >= 2 && 2 * period <= longest) return
  throw new InputError('BadPeriod', `seasonal surrogates need the steps of a cycle, not ${period}`, {
    hint: `Give a whole number from 2 to ${Math.floor(longest / 2)}, such as 12 for months.`,
    data: { period },
  })
}

/** Gaps filled by straight lines, ends by their neighbours. */
function bridged(values: Float64Array): Float64Array {
  const out = values.slice()
  let last = -1
  for (let t = 0; t <= out.length; t++) {
    if (t < out.length && Number.isNaN(out[t]!)) continue
    const gap = t - last - 1
    for (let k = 1; k <= gap; k++) {
      const [before, after] = [out[last], out[t]]
      out[last + k] =
        before === undefined ? (after ?? 0) : after === undefined ? before : before + ((after - before) * k) / (gap + 1)
    }
    last = t
  }
  return out
}

function phases(values: Float64Array): Drawer {
  const n = values.length
  const middle = values.reduce((sum, value) => sum + value, 0) / n
  const fourier = transformOf(n)
  const { re, im } = fourier({ re: values.map((value) => value - middle), im: new Float64Array(n) })
  const sizes = re.map((value, k) => Math.hypot(value, im[k]!))
  const half = Math.floor((n - 1) / 2)
  return (random) => {
    const [a, b] = [new Float64Array(n), new Float64Array(n)]
    for (let k = 1; k <= half; k++) {
      const angle = 2 * Math.PI * random.uniform()
      a[k] = sizes[k]! * Math.cos(angle)
      b[k] = sizes[k]! * Math.sin(angle)
      a[n - k] = a[k]!
      b[n - k] = -b[k]!
    }
    // The highest frequency of even lengths is real: a random cosine of the same mean power.
    if (n % 2 === 0 && n > 1) a[n / 2] = Math.SQRT2 * sizes[n / 2]! * Math.cos(2 * Math.PI * random.uniform())
    return fourier({ re: a, im: b }, true).re.map((value) => value / n + middle)
  }
}

function cycles(values: Float64Array, period: number): Drawer {
  const sums = new Float64Array(period)
  const counts = new Float64Array(period)
  for (const [t, value] of values.entries()) {
    sums[t % period]! += value
    counts[t % period]!++
  }
  const cycle = sums.map((sum, k) => sum / Math.max(1, counts[k]!))
  const rest = Array.from(values, (value, t) => value - cycle[t % period]!)
  return (random) => Float64Array.from(random.shuffle(rest), (value, t) => value + cycle[t % period]!)
}

/** Share of pairs of states that are taken for the same one. */
const RECURRENCE = 0.1

/** Next states are those of a random twin: a state with the same recurrences. */
function twins(values: Float64Array, dimension: number): Drawer {
  const n = values.length - dimension + 1
  if (n < 3) return () => values.slice()
  const states = new Float64Array(n * dimension)
  for (let t = 0; t < n; t++) states.set(values.subarray(t, t + dimension), t * dimension)
  const near = neighbourhood({ dimension, states, times: Float64Array.from({ length: n }, (_, t) => t) })
  const size = Math.max(1, Math.round(RECURRENCE * n))
  const limits = Float64Array.from({ length: n }, (_, t) => near(states, t * dimension, t, 0).distances[size - 1]!)
  const limit = limits.reduce((sum, value) => sum + value, 0) / n
  const groups = new Map<string, number[]>()
  const keys = Array.from({ length: n }, (_, t) => {
    const { states: others, distances, count } = near(states, t * dimension, t, 0)
    const recurrent = [t]
    for (let i = 0; i < count && distances[i]! <= limit; i++) recurrent.push(others[i]!)
    const key = recurrent.sort((a, b) => a - b).join(',')
    groups.set(key, [...(groups.get(key) ?? []), t])
    return key
  })
  return (random) => {
    const path: number[] = [random.integer(n)]
    while (path.length < n) {
      const same = groups.get(keys[path.at(-1)!]!)!
      const next = same[random.integer(same.length)]! + 1
      // The last state has no future: the path goes on anywhere.
      path.push(next < n ? next : random.integer(n))
    }
    const last = path.at(-1)! * dimension
    return Float64Array.from({ length: values.length }, (_, t) =>
      t < n ? states[path[t]! * dimension]! : states[last + t - n + 1]!,
    )
  }
}
