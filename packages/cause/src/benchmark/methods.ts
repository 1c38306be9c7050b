/** What the benchmark compares, each as a way from series to scored links. */
import type { WorkOptions } from '@ecotope/core'
import { type DiscoverOptions, discover } from '../discover.ts'
import { LagArray } from '../discovery/lag-array.ts'
import { granger } from '../granger/granger.ts'
import type { TimeSeries } from '../series/series.ts'
import type { Answer } from './scores.ts'

export interface BenchmarkOptions {
  readonly tauMax: number
  readonly alpha: number
}

export interface BenchmarkMethod {
  readonly title: string
  /** Kept for comparison whatever else is chosen. */
  readonly isBaseline?: boolean
  readonly answer: (series: TimeSeries, options: BenchmarkOptions, work: WorkOptions) => Promise<Answer>
}

/** Scores are the sizes of the test's values where a link was kept until its last test, less where it was not. */
const searched =
  (title: string, given: (options: BenchmarkOptions) => DiscoverOptions): (() => BenchmarkMethod) =>
  () => ({
    title,
    answer: async (series, options, work) => {
      const { discovery } = await discover(series, { ...given(options), ...work, threads: 0 })
      const { values, pValues, graph } = discovery
      const scores = new LagArray(values.variables, values.tauMax)
      // 1 - p ranks by the outcome of the tests; the value tells apart what is beyond the digits of p.
      for (let k = 0; k < scores.data.length; k++)
        scores.data[k] = 1 - pValues.data[k]! + 1e-3 * Math.abs(values.data[k]!)
      return { scores, graph, hasNow: discovery.tauMin === 0 }
    },
  })

/** Coefficients of one regression on the past of all variables, as they come: no scaling, no selection. */
const regression =
  (title: string, score: (values: LagArray, i: number, j: number, tau: number) => number): (() => BenchmarkMethod) =>
  () => ({
    title,
    isBaseline: true,
    answer: async (series, { tauMax, alpha }, work) => {
      const { values, graph } = await granger(series, { order: tauMax, alpha, value: 'coefficient', ...work })
      const scores = new LagArray(values.variables, tauMax)
      for (let i = 0; i < values.variables; i++)
        for (let j = 0; j < values.variables; j++)
          for (let tau = 1; tau <= tauMax; tau++) scores.set(i, j, tau, score(values, i, j, tau))
      return { scores, graph, hasNow: false }
    },
  })

const rows = {
  pcmci: searched('PCMCI, partial correlation', ({ tauMax, alpha }) => ({
    method: 'pcmci',
    search: { tauMax, alpha, tauMin: 1 },
  })),
  'pcmci-robust': searched('PCMCI, robust partial correlation', ({ tauMax, alpha }) => ({
    method: 'pcmci',
    test: 'robust-parcorr',
    search: { tauMax, alpha, tauMin: 1 },
  })),
  'pcmci-cmi': searched('PCMCI, CMI by nearest neighbours', ({ tauMax, alpha }) => ({
    method: 'pcmci',
    test: 'cmi-knn',
    testOptions: { shuffles: 200 },
    search: { tauMax, alpha, pcAlpha: alpha, tauMin: 1 },
  })),
  'pcmci+': searched('PCMCI+, partial correlation', ({ tauMax, alpha }) => ({
    method: 'pcmci+',
    search: { tauMax, alpha },
  })),
  lpcmci: searched('LPCMCI, partial correlation', ({ tauMax, alpha }) => ({
    method: 'lpcmci',
    search: { tauMax, alpha },
  })),
  bivci: searched('BivCI: given the own past', ({ tauMax, alpha }) => ({
    method: 'bivci',
    search: { tauMax, alpha, tauMin: 1 },
  })),
  fullci: searched('FullCI: given the whole past', ({ tauMax, alpha }) => ({
    method: 'fullci',
    search: { tauMax, alpha, tauMin: 1 },
  })),
  dependence: searched('lagged correlation', ({ tauMax, alpha }) => ({
    method: 'dependence',
    search: { tauMax, alpha, tauMin: 1 },
  })),
  granger: searched('Granger, conditional VAR', ({ tauMax, alpha }) => ({
    method: 'granger',
    search: { tauMax, alpha },
  })),
  ccm: searched('convergent cross mapping', ({ tauMax, alpha }) => ({ method: 'ccm', search: { tauMax, alpha } })),
  coefficient: regression('baseline: size of lagged regression coefficients', (values, i, j, tau) =>
    Math.abs(values.get(i, j, tau)),
  ),
  'root-coefficient': regression('baseline: square root form of these', (values, i, j, tau) => {
    let squares = 0
    for (let lag = 1; lag <= values.tauMax; lag++) squares += values.get(i, j, lag) ** 2
    // Lags of a pair that matters at all rank higher.
    return Math.sqrt(Math.abs(values.get(i, j, tau)) * Math.sqrt(squares))
  }),
} as const

export type BenchmarkMethodName = keyof typeof rows

/** Methods by name. */
export const benchmarkMethods: Readonly<Record<BenchmarkMethodName, BenchmarkMethod>> = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, row()]),
) as Record<BenchmarkMethodName, BenchmarkMethod>
