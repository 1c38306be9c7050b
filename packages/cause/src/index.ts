export {
  type BenchmarkResult,
  type BenchmarkRow,
  benchmarkTable,
  type Mean,
  type RunBenchmarkOptions,
  runBenchmark,
} from './benchmark/benchmark.ts'
export { type BenchmarkMethodName, benchmarkMethods } from './benchmark/methods.ts'
export { KINDS, type Kind, type KnownOptions, type KnownSeries, knownSeries } from './benchmark/process.ts'
export { auroc, type Scores, scoresOf } from './benchmark/scores.ts'
export {
  anomalies,
  type ClimatologyMethod,
  type ClimatologyOptions,
  type ClimatologyPeriod,
  climatology,
} from './cubes/climatology.ts'
export { type Detrending, detrend } from './cubes/detrend.ts'
export { type LaggedLinks, type LaggedModel, laggedRegression } from './cubes/lagged-regression.ts'
export { type Driver, LINK_BANDS, type LinkMap, type LinkMapOptions, linkMap } from './cubes/link-map.ts'
export { type Modes, type ModesOptions, modesOf } from './cubes/modes.ts'
export {
  type CubeModes,
  cubeModes,
  linkFeatures,
  type RegionOptions,
  type RegionSeries,
  regionSeries,
} from './cubes/regions.ts'
export { inSeason, type Months } from './cubes/seasons.ts'
export { type Discovered, type DiscoverOptions, discover, type MethodRow, methods } from './discover.ts'
export type { LinkAssumptions } from './discovery/assumptions.ts'
export { type Discovery, type DiscoveryJson, type Link, LinkGraph, reversed, type Triple } from './discovery/graph.ts'
export { LagArray } from './discovery/lag-array.ts'
export {
  type EffectEstimate,
  type EffectOptions,
  type EffectResult,
  effectOf,
  type MediatedEffect,
} from './effects/effect-of.ts'
export { type PossibleEffects, possibleEffects } from './effects/possible-effects.ts'
export { diagnose, type VariableDiagnostics } from './finding/diagnostics.ts'
export { type Findings, findingsOf, type LinkFinding } from './finding/findings.ts'
export type {
  AskOptions,
  IndependenceTest,
  Measured,
  Significance,
  Tester,
  TestOptions,
  TestResult,
} from './independence/test.ts'
export { drawLagFunctions, type LagFunctionOptions } from './picture/lag-functions.ts'
export { drawNetwork, type NetworkOptions } from './picture/network.ts'
export { drawTimeSeriesGraph, type TimeSeriesGraphOptions } from './picture/time-series-graph.ts'
export { NumpyRandom } from './random/pcg64.ts'
export { type ContextColumn, type Contexts, withContexts } from './series/contexts.ts'
export { type CutOff, type MaskType, type Samples, type SamplesOptions, samplesOf } from './series/samples.ts'
export {
  type DataSet,
  type DataSetInput,
  type Node,
  nodeName,
  type Resampling,
  type TimeSeries,
  type TimeSeriesOptions,
  timeSeries,
} from './series/series.ts'
export { numbersOf, seriesOf, type TableSeriesOptions } from './series/table.ts'
