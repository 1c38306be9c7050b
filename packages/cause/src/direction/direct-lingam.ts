/**
 * DirectLiNGAM (Shimizu et al. 2011, JMLR 12): the causal order of a linear model with non-Gaussian noise, by pairwise likelihood
 * ratios (Hyvärinen & Smith 2013, JMLR 14), then coefficients by the adaptive lasso.
 */
import { InputError } from '@ecotope/core'
import { deviation, mean } from '../statistics/moments.ts'
import { adaptiveLasso } from './adaptive-lasso.ts'

export interface LingamOptions {
  /**
   * `[effect][cause]`: 1 where there is a path from cause to effect, 0 where there is none, undefined (or -1) where nothing is
   * known.
   */
  readonly knowledge?: readonly (readonly (number | undefined)[])[]
}

export interface Lingam {
  /** Variables, causes before effects. */
  readonly order: readonly number[]
  /** `[effect][cause]`; 0 where there is no link. */
  readonly matrix: readonly Float64Array[]
}

/** Fewer samples than this tell nothing about the shape of noise. */
const LEAST_SAMPLES = 5

/**
 * `columns`: one array per variable. Throws `InputError` TooFewSamples, ConstantVariable, CollinearVariables, BadKnowledge.
 */
export function directLingam(columns: readonly Float64Array[], options: LingamOptions = {}): Lingam {
  const order = causalOrder(columns, options)
  const matrix = columns.map(() => new Float64Array(columns.length))
  for (const [at, effect] of order.entries()) {
    const causes = order.slice(0, at).filter((cause) => options.knowledge?.[effect]?.[cause] !== 0)
    const coefficients = adaptiveLasso(
      causes.map((cause) => columns[cause]!),
      columns[effect]!,
    )
    for (const [k, cause] of causes.entries()) matrix[effect]![cause] = coefficients[k]!
  }
  return { order, matrix }
}

export function causalOrder(columns: readonly Float64Array[], { knowledge }: LingamOptions = {}): number[] {
  checkColumns(columns)
  let before = partialOrders(knowledge, columns.length)
  const rest: Float64Array[] = columns.map((column) => column.slice())
  const order: number[] = []
  let open = [...columns.keys()]
  while (open.length > 0) {
    const bound = new Set(before.map(([, later]) => later))
    const candidates = open.filter((v) => !bound.has(v))
    if (candidates.length === 0) throw badKnowledge('the paths that are given make a circle', {})
    const root = candidates.length === 1 ? candidates[0]! : mostExogenous(rest, open, candidates)
    for (const v of open) if (v !== root) rest[v] = residual(rest[v]!, rest[root]!)
    order.push(root)
    open = open.filter((v) => v !== root)
    before = before.filter(([earlier]) => earlier !== root)
  }
  return order
}

function checkColumns(columns: readonly Float64Array[]): void {
  const samples = columns[0]?.length ?? 0
  if (samples < LEAST_SAMPLES)
    throw new InputError('TooFewSamples', `${samples} samples are too few for a causal order`, {
      hint: `Use longer series: at least ${LEAST_SAMPLES} samples, in earnest hundreds.`,
      data: { samples, needed: LEAST_SAMPLES },
    })
  const constant = columns.findIndex((column) => column.every((value) => value === column[0]))
  if (constant >= 0)
    throw new InputError('ConstantVariable', `variable ${constant} is constant`, {
      hint: 'Leave it out: a cause has to vary to be found.',
      data: { variable: constant },
    })
}

/** x less its regression on y (covariance over variance). */
function residual(x: Float64Array, y: Float64Array): Float64Array {
  const [mx, my] = [mean(x), mean(y)]
  let [products, squares] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    const d = y[i]! - my
    products += (x[i]! - mx) * d
    squares += d * d
  }
  const slope = products / squares
  return x.map((value, i) => value - slope * y[i]!)
}

/** The candidate that is least dependent on what is left of the others after regression on it. */
function mostExogenous(rest: readonly Float64Array[], open: readonly number[], candidates: readonly number[]): number {
  const scaled = new Map(open.map((v) => [v, scaledOf(rest[v]!, v)]))
  const entropies = new Map(open.map((v) => [v, entropy(scaled.get(v)!)]))
  const ratios = new Map<string, number>()
  for (const [at, i] of open.entries())
    for (const j of open.slice(at + 1)) {
      const [x, y] = [scaled.get(i)!, scaled.get(j)!]
      const [xy, yx] = residualPair(x, y, i, j)
      const ratio = entropies.get(j)! + entropy(xy) - (entropies.get(i)! + entropy(yx))
      ratios.set(`${i},${j}`, ratio)
      ratios.set(`${j},${i}`, -ratio)
    }
  const scores = candidates.map((i) =>
    open.reduce((sum, j) => (j === i ? sum : sum + Math.min(0, ratios.get(`${i},${j}`)!) ** 2), 0),
  )
  return candidates[scores.indexOf(Math.min(...scores))]!
}

function scaledOf(column: Float64Array, variable: number): Float64Array {
  const [middle, spread] = [mean(column), deviation(column)]
  // What rounding leaves of a combination of the variables before it is no signal.
  if (!(spread > 1e-12 * Math.max(1e-300, Math.abs(middle)))) throw collinear([variable])
  return column.map((value) => (value - middle) / spread)
}

const collinear = (variables: readonly number[]): InputError =>
  new InputError('CollinearVariables', `variable ${variables.join(' and ')} is a combination of others`, {
    hint: 'Leave one of them out.',
    data: { variables },
  })

/** Both residuals of two standardised columns, standardised. */
function residualPair(x: Float64Array, y: Float64Array, i: number, j: number): [Float64Array, Float64Array] {
  const both = [residual(x, y), residual(y, x)] as const
  const spreads = both.map(deviation)
  if (!(Math.min(...spreads) > 1e-10)) throw collinear([i, j])
  return [both[0].map((value) => value / spreads[0]!), both[1].map((value) => value / spreads[1]!)]
}

/** Of a standardised sample, by the maximum entropy approximation of Hyvärinen (1998). */
function entropy(u: Float64Array): number {
  const [k1, k2, gamma] = [79.047, 7.4129, 0.37457]
  const n = u.length
  let [cosh, skew] = [0, 0]
  for (let i = 0; i < n; i++) {
    const value = u[i]!
    const size = Math.abs(value)
    cosh += size + Math.log1p(Math.exp(-2 * size))
    skew += value * Math.exp(-0.5 * value * value)
  }
  return (1 + Math.log(2 * Math.PI)) / 2 - k1 * (cosh / n - Math.LN2 - gamma) ** 2 - k2 * (skew / n) ** 2
}

type Order = readonly [earlier: number, later: number]

const badKnowledge = (what: string, data: Readonly<Record<string, unknown>>): InputError =>
  new InputError('BadKnowledge', what, { hint: 'Give 1 for a path, 0 for none, undefined for unknown.', data })

/** What has to stand before what. Where neither of two has a path to the other, nothing follows. */
function partialOrders(knowledge: LingamOptions['knowledge'], count: number): readonly Order[] {
  if (knowledge === undefined) return []
  if (knowledge.length !== count || knowledge.some((row) => row.length !== count))
    throw badKnowledge(`knowledge about ${count} variables needs ${count} rows of ${count}`, { variables: count })
  const orders = new Map<string, Order>()
  const is = (effect: number, cause: number, value: number): boolean => knowledge[effect]![cause] === value
  for (let effect = 0; effect < count; effect++)
    for (let cause = 0; cause < count; cause++) {
      if (effect === cause) continue
      if (is(effect, cause, 1) && is(cause, effect, 1))
        throw badKnowledge(`${cause} and ${effect} cannot each have a path to the other`, {
          variables: [cause, effect],
        })
      if (is(effect, cause, 1)) orders.set(`${cause},${effect}`, [cause, effect])
      if (is(effect, cause, 0) && !is(cause, effect, 0)) orders.set(`${effect},${cause}`, [effect, cause])
    }
  return [...orders.values()]
}

/** What is left of each column after its causes. */
export function errorsOf(columns: readonly Float64Array[], { matrix }: Lingam): Float64Array[] {
  return columns.map((column, effect) => {
    const out = column.slice()
    for (const [cause, factor] of matrix[effect]!.entries())
      if (factor !== 0) for (let i = 0; i < out.length; i++) out[i]! -= factor * columns[cause]![i]!
    return out
  })
}
