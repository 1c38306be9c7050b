import { describe, it } from 'vitest'
import { cmiKnnMixed } from '../../src/independence/cmi-knn-mixed.ts'
import { type TimeSeries, timeSeries } from '../../src/series/series.ts'
import { expectSame, golden, optionsOf } from './reference.ts'

function mixed(name: string): TimeSeries {
  return timeSeries({ columns: golden.mixed.series[name]!, types: golden.mixed.types[name]! })
}

describe('cmi-knn-mixed gives the values and p-values of the reference', () => {
  for (const { series, options, tests } of golden.mixed.cases)
    it(`${series} ${JSON.stringify(options)}`, () =>
      expectSame(cmiKnnMixed(optionsOf(options, 20)), mixed(series), tests))
})
