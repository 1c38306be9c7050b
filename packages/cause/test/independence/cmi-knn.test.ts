import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CmiKnnOptions, cmiKnn } from '../../src/independence/cmi-knn.ts'
import { testerOf } from '../../src/independence/tester.ts'
import type { Node, TimeSeries } from '../../src/series/series.ts'
import { timeSeries } from '../../src/series/series.ts'

interface Asked {
  readonly x: Node[]
  readonly y: Node[]
  readonly z: Node[]
  readonly value: number
  readonly pValue: number
}

interface Golden {
  readonly cmiKnn: {
    readonly series: Record<string, number[][]>
    readonly mask: number[][]
    readonly cases: {
      readonly series: string
      readonly options: Record<string, string | number | boolean>
      readonly tests: Asked[]
    }[]
  }
  readonly confidence: { readonly lower: number; readonly upper: number }
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/information.json', import.meta.url), 'utf8'),
)

const MISSING = 999

function seriesOf(name: string): TimeSeries {
  const columns = golden.cmiKnn.series[name]!.map((column) => column.map((v) => (v === MISSING ? Number.NaN : v)))
  return timeSeries({ columns, ...(name === 'masked' && { masks: golden.cmiKnn.mask }) })
}

/** Options by their names in the reference. */
const OPTIONS: Record<string, (value: never) => CmiKnnOptions> = {
  knn: (neighbours: number) => ({ neighbours }),
  shuffle_neighbors: (shuffleNeighbours: number) => ({ shuffleNeighbours }),
  sig_blocklength: (shuffleBlock: number) => ({ shuffleBlock }),
  transform: (transform: 'standardize' | false) => ({ transform: transform === false ? 'none' : transform }),
  seed: (seed: number) => ({ seed }),
  permute: (permute: string) => ({ permute: permute === 'X' ? 'x' : 'y' }),
  null_fit: () => ({ nullFit: 'normal' }),
  mask_type: (maskType: 'y' | 'xyz') => ({ maskType }),
}

function optionsOf(options: Record<string, string | number | boolean>): CmiKnnOptions {
  return Object.assign({ shuffles: 40 }, ...Object.entries(options).map(([key, v]) => OPTIONS[key]!(v as never)))
}

describe('cmi-knn gives the values and p-values of the reference', () => {
  for (const { series, options, tests } of golden.cmiKnn.cases)
    it(`${series} ${JSON.stringify(options)}`, async () => {
      const tester = testerOf(cmiKnn(optionsOf(options)), seriesOf(series))
      for (const { x, y, z, value, pValue } of tests) {
        const result = await tester.ask(x, y, z, { tauMax: 2 })
        expect(result.value).toBeCloseTo(value, 12)
        expect(result.pValue).toBeCloseTo(pValue, 10)
      }
    })
})
