export { type Discovery, type DiscoveryJson, type Link, LinkGraph, reversed, type Triple } from './discovery/graph.ts'
export { LagArray } from './discovery/lag-array.ts'
export type {
  AskOptions,
  IndependenceTest,
  Measured,
  Significance,
  Tester,
  TestOptions,
  TestResult,
} from './independence/test.ts'
export { NumpyRandom } from './random/pcg64.ts'
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
