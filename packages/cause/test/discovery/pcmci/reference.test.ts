/** Every search against the reference, whole matrices: rules, settings, assumptions, masks, missing values, tests. */
import { describe, expect, it } from 'vitest'
import { compare, readReference, search, seriesOf, titleOf } from './reference.ts'

const NAMES = [
  'lagged',
  'contemporaneous',
  'dense',
  'wide',
  'nonlinear',
  'chaotic',
  'tied',
  'gaps',
  'gaps-up-to-max-lag',
  'discrete',
]

describe.each(NAMES)('searches as the reference makes them: %s', (name) => {
  const { data, cases } = readReference(name)
  const series = seriesOf(data!)

  it.for(cases.map((one) => [titleOf(one), one] as const))('%s', async ([, one]) => {
    expect(compare(await search(series, one), one)).toBeLessThan(1e-9)
  })
})
