/** One random beginning of RPCMCI as a task: rounds of a search in each regime and a new assignment of time steps. */
import { CancelledError, EcotopeError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import type { TaskRunner } from '@ecotope/cube'
import { independenceTest } from '../independence/table.ts'
import type { IndependenceTest } from '../independence/test.ts'
import { testerOf } from '../independence/tester.ts'
import { NumpyRandom } from '../random/pcg64.ts'
import { samplesOf } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { regress } from '../statistics/least-squares.ts'
import type { Discovery } from './graph.ts'
import { packDiscovery } from './packed.ts'
import { discoverPcmci } from './pcmci.ts'
import type { AnnealResult, RegimePlan } from './rpcmci.ts'
import { type Assign, relaxedAssignment, wholeAssignment } from './rpcmci-assignment.ts'

export interface RegimeContext {
  readonly series: TimeSeries
  readonly plan: RegimePlan
}

const ASSIGNMENTS: Record<RegimePlan['assignment'], Assign> = { relaxed: relaxedAssignment, whole: wholeAssignment }

/** A regime needs more time steps than this. */
const FEWEST_STEPS = 5
/** From this round on, small changes of the shares end the rounds. */
const PATIENCE = 5

export function open({ series, plan }: RegimeContext): TaskRunner<number, AnnealResult> {
  return { run: (a, work) => beginning(series, plan, a, work), close: () => Promise.resolve() }
}

async function beginning(series: TimeSeries, plan: RegimePlan, a: number, work: WorkOptions): Promise<AnnealResult> {
  const { length } = series.datasets[0]!
  const random = new NumpyRandom(plan.seed + a)
  const test = independenceTest(plan.test, { ...plan.testOptions, maskType: 'y' })
  const changes: number[] = []
  let shares: Float64Array[] = Array.from({ length: plan.regimes }, () =>
    Float64Array.from({ length }, () => random.uniform()),
  )
  let discoveries: Discovery[] = []
  let cost = 0
  try {
    for (let round = 0; round < plan.iterations; round++) {
      const regimes = shares.map((share) => regimeSeries(series, share, plan.switchThreshold))
      discoveries = []
      const costs: Float64Array[] = []
      for (const regime of regimes) {
        throwIfAborted(work.signal)
        const found = await searched(regime, test, plan, work)
        discoveries.push(found)
        costs.push(squaredResiduals(series, regime, found))
      }
      const assigned = ASSIGNMENTS[plan.assignment](costs, plan.maxTransitions)
      const change = difference(shares, assigned.shares)
      ;({ shares, cost } = assigned)
      changes.push(change)
      if (change === 0) break
      if (round >= PATIENCE && change <= Math.floor((2 * plan.regimes * length) / 100)) break
    }
  } catch (error) {
    if (error instanceof CancelledError || !(error instanceof EcotopeError)) throw error
    return { changes, failure: error.message, shares: [], discoveries: [] }
  }
  return { cost, changes, shares, discoveries: discoveries.map(packDiscovery) }
}

/** The series with all steps masked that are not of the regime. Throws `EcotopeError` where too few are. */
function regimeSeries(series: TimeSeries, share: Float64Array, threshold: number): TimeSeries {
  const dataset = series.datasets[0]!
  const mask = Uint8Array.from(share, (value) => Number(!(value > threshold)))
  const steps = mask.reduce((sum, masked) => sum + 1 - masked, 0)
  if (steps <= FEWEST_STEPS) throw new EcotopeError('FewSteps', 'a regime was left with too few time steps')
  return { ...series, datasets: [{ ...dataset, masks: dataset.columns.map(() => mask) }] }
}

const searched = (
  series: TimeSeries,
  test: IndependenceTest,
  plan: RegimePlan,
  work: WorkOptions,
): Promise<Discovery> =>
  discoverPcmci(testerOf(test, series), {
    tauMin: plan.tauMin,
    tauMax: plan.tauMax,
    pcAlpha: plan.pcAlpha,
    alpha: plan.alpha,
    ...(work.signal && { signal: work.signal }),
  })

/** Parents with a lag, strongest first. */
function laggedParents({ graph, values, tauMax }: Discovery, j: number): Node[] {
  const found: { node: Node; strength: number }[] = []
  for (let i = 0; i < graph.variables; i++)
    for (let tau = 1; tau <= tauMax; tau++)
      if (graph.get(i, j, tau) === '-->') found.push({ node: [i, -tau], strength: Math.abs(values.get(i, j, tau)) })
  return found.sort((a, b) => b.strength - a.strength).map(({ node }) => node)
}

/**
 * Of each time step, summed over variables: how far the regime's linear models miss it, in standard deviations of the
 * variable within the regime. Steps without a prediction (the first, and where values are missing) cost nothing.
 */
function squaredResiduals(series: TimeSeries, regime: TimeSeries, found: Discovery): Float64Array {
  const costs = new Float64Array(series.datasets[0]!.length)
  const options = { tauMax: found.tauMax, cutOff: 'max-lag-or-tau-max' } as const
  for (let j = 0; j < series.names.length; j++) {
    const [target, parents] = [[[j, 0]] as const, laggedParents(found, j)]
    const own = samplesOf(regime, target, target, parents, { ...options, maskType: 'y' })
    const all = samplesOf(series, target, target, parents, options)
    const scalers = own.rows.map(scaler)
    const [, y, ...rows] = own.rows.map((row, r) => row.map(scalers[r]!))
    const { coefficients } = regress(rows, y!, { intercept: true })
    const [, seen, ...predictors] = all.rows.map((row, r) => row.map(scalers[r]!))
    for (const [at, t] of all.points[0]!.entries()) {
      const predicted = predictors.reduce((sum, row, p) => sum + coefficients[p]! * row[at]!, coefficients.at(-1)!)
      costs[t]! += (seen![at]! - predicted) ** 2
    }
  }
  return costs
}

/** To mean 0 and variance 1; constants are only centred. */
function scaler(row: Float64Array): (value: number) => number {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
  const noise = row.length * Number.EPSILON * variance + (row.length * mean * Number.EPSILON) ** 2
  const scale = variance <= noise ? 1 : Math.sqrt(variance)
  return (value) => (value - mean) / scale
}

function difference(before: readonly Float64Array[], after: readonly Float64Array[]): number {
  return before.reduce(
    (sum, share, k) => share.reduce((own, value, t) => own + Math.abs(value - after[k]![t]!), sum),
    0,
  )
}
