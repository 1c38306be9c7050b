/**
 * Many graphs of the same variables made into one by vote, with the share of votes for each link as its confidence (Debeire,
 * Gerhardus, Runge, Eyring 2024, "Bootstrap aggregation and confidence measures to improve time series causal discovery").
 */
import { InputError, type Warning } from '@ecotope/core'
import { type Discovery, type Link, LinkGraph } from './graph.ts'
import { LagArray } from './lag-array.ts'

/**
 * `majority`: the most frequent outcome wins, no link being an outcome like any other. `no-edge-majority`: first a vote on
 * whether there is a link (there is, with more than half of the votes), then on its marks.
 */
export type Aggregation = 'majority' | 'no-edge-majority'

export interface AggregationOptions {
  /** Default `majority`. */
  readonly aggregation?: Aggregation
  /** Of the intervals of values over runs, two-sided, in (0, 1). Default 0.9. */
  readonly confidenceLevel?: number
}

/** What many runs of one search say together. */
export interface Aggregated {
  /**
   * The graph by vote; values are means and p-values medians over runs; intervals hold `confidenceLevel` of the runs' values.
   */
  readonly discovery: Discovery
  /** Share of runs, in [0, 1], with the outcome that won (with a tie: with any of the outcomes that led). */
  readonly frequency: LagArray
  /** Share of runs for each outcome that occurred anywhere, `''` (no link) included. They sum to 1 at each entry. */
  readonly shares: ReadonlyMap<Link, LagArray>
  /** The runs, in order. */
  readonly runs: readonly Discovery[]
  readonly confidenceLevel: number
}

/** Outcomes that win a tie, the most cautious first. A tie among others is a conflict. */
const CAUTIOUS: readonly Link[] = ['', 'x-x', 'o-o']

interface Vote {
  readonly link: Link
  readonly frequency: number
}

function most(counts: ReadonlyMap<Link, number>, runs: number): Vote {
  const best = Math.max(...counts.values())
  const leaders = [...counts.keys()].filter((link) => counts.get(link) === best)
  const link = leaders.length === 1 ? leaders[0]! : (CAUTIOUS.find((cautious) => leaders.includes(cautious)) ?? 'x-x')
  return { link, frequency: (best * leaders.length) / runs }
}

const VOTES: Record<Aggregation, (counts: ReadonlyMap<Link, number>, runs: number) => Vote> = {
  majority: most,
  'no-edge-majority': (counts, runs) => {
    const without = counts.get('') ?? 0
    if (runs - without <= without) return { link: '', frequency: without / runs }
    return most(new Map([...counts].filter(([link]) => link !== '')), runs)
  },
}

/**
 * One result from several of the same search. Throws `InputError`: NoRuns, RunsDiffer (variables or lags), BadLevel,
 * BadAggregation.
 */
export function aggregate(runs: readonly Discovery[], options: AggregationOptions = {}): Aggregated {
  const { aggregation = 'majority', confidenceLevel = 0.9 } = options
  const first = checked(runs, aggregation, confidenceLevel)
  const [variables, tauMax] = [first.variables.length, first.tauMax]
  const graph = new LinkGraph(variables, tauMax)
  const frequency = new LagArray(variables, tauMax)
  const shares = new Map<Link, LagArray>()
  for (let at = 0; at < graph.links.length; at++) {
    const counts = new Map<Link, number>()
    for (const run of runs) {
      const link = run.graph.links[at]!
      counts.set(link, (counts.get(link) ?? 0) + 1)
    }
    const vote = VOTES[aggregation](counts, runs.length)
    graph.links[at] = vote.link
    frequency.data[at] = vote.frequency
    for (const [link, count] of counts) {
      if (!shares.has(link)) shares.set(link, new LagArray(variables, tauMax))
      shares.get(link)!.data[at] = count / runs.length
    }
  }
  return { discovery: summary(runs, graph, confidenceLevel), frequency, shares, runs, confidenceLevel }
}

function checked(runs: readonly Discovery[], aggregation: string, level: number): Discovery {
  const first = runs[0]
  if (first === undefined)
    throw new InputError('NoRuns', 'there are no runs to aggregate', { hint: 'Draw at least one.' })
  const other = runs.findIndex((run) => run.variables.length !== first.variables.length || run.tauMax !== first.tauMax)
  if (other >= 0)
    throw new InputError('RunsDiffer', `run ${other} has other variables or lags than run 0`, {
      hint: 'Aggregate runs of one search only.',
      data: { run: other },
    })
  if (!(level > 0 && level < 1))
    throw new InputError('BadLevel', `a confidence level of ${level} is not between 0 and 1`, { data: { level } })
  if (!Object.hasOwn(VOTES, aggregation))
    throw new InputError('BadAggregation', `there is no aggregation ${aggregation}`, {
      hint: `Choose from ${Object.keys(VOTES).join(', ')}.`,
      data: { aggregation },
    })
  return first
}

/** The entry of sorted numbers at a fraction of the way, interpolated linearly (the default of NumPy's percentiles). */
function quantile(sorted: Float64Array, fraction: number): number {
  const at = fraction * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (high - low) * (at - below)
}

function summary(runs: readonly Discovery[], graph: LinkGraph, level: number): Discovery {
  const first = runs[0]!
  const make = (): LagArray => new LagArray(graph.variables, graph.tauMax)
  const [values, pValues, lower, upper] = [make(), make(), make(), make()]
  const tail = (1 - level) / 2
  for (let at = 0; at < values.data.length; at++) {
    const sorted = Float64Array.from(runs, (run) => run.values.data[at]!).sort()
    values.data[at] = runs.reduce((sum, run) => sum + run.values.data[at]!, 0) / runs.length
    lower.data[at] = quantile(sorted, tail)
    upper.data[at] = quantile(sorted, 1 - tail)
    pValues.data[at] = quantile(Float64Array.from(runs, (run) => run.pValues.data[at]!).sort(), 0.5)
  }
  const { method, test, variables, tauMin, tauMax, alpha } = first
  return {
    ...{ method, test, variables, tauMin, tauMax, alpha, graph, values, pValues },
    intervals: { lower, upper },
    tests: runs.reduce((sum, run) => sum + run.tests, 0),
    seconds: runs.reduce((sum, run) => sum + run.seconds, 0),
    samples: [Math.min(...runs.map(({ samples }) => samples[0])), Math.max(...runs.map(({ samples }) => samples[1]))],
    assumptions: first.assumptions,
    warnings: uniqueWarnings(runs),
  }
}

function uniqueWarnings(runs: readonly Discovery[]): Warning[] {
  const all = runs.flatMap(({ warnings }) => warnings)
  return [...new Map(all.map((warning) => [`${warning.tag} ${warning.message}`, warning])).values()]
}
