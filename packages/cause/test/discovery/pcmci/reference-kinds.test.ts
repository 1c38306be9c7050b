/** Searches against the reference on vectors, mixed data, several data sets, reference points, and by further tests. */
import { describe, expect, it } from 'vitest'
import { compare, readReference, search, seriesOf, titleOf } from './reference.ts'

const NAMES = ['vectors', 'mixed', 'several', 'reference-points', 'uneven', 'bent']

describe.each(NAMES)('searches as the reference makes them: %s', (name) => {
  const { data, cases } = readReference(name)
  const series = seriesOf(data!)

  it.for(cases.map((one) => [titleOf(one), one] as const))('%s', async ([, one]) => {
    expect(compare(await search(series, one), one)).toBeLessThan(1e-9)
  })
})
