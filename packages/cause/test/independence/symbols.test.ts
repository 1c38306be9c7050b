import { describe, it } from 'vitest'
import { cmiSymb } from '../../src/independence/cmi-symb.ts'
import { gsquared } from '../../src/independence/gsquared.ts'
import { expectSame, golden, optionsOf, seriesOf } from './reference.ts'

describe('cmi-symb gives the values and p-values of the reference', () => {
  for (const { series, options, tests } of golden.symbols.cmiSymb)
    it(`${series} ${JSON.stringify(options)}`, () =>
      expectSame(cmiSymb(optionsOf(options)), seriesOf(golden.symbols, series), tests))
})

describe('gsquared gives the values and p-values of the reference', () => {
  for (const { series, options, tests } of golden.symbols.gsquared)
    it(`${series} ${JSON.stringify(options)}`, () =>
      expectSame(gsquared(optionsOf(options)), seriesOf(golden.symbols, series), tests))
})
