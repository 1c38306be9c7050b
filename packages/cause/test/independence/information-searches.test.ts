/** Whole searches: one stream of random numbers in the order of tests, so that a test more or less would change all p-values. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { discoverPcmci } from '../../src/discovery/pcmci.ts'
import { discoverPcmciPlus } from '../../src/discovery/pcmci-plus.ts'
import { cmiKnn } from '../../src/independence/cmi-knn.ts'
import { cmiKnnMixed } from '../../src/independence/cmi-knn-mixed.ts'
import { cmiSymb } from '../../src/independence/cmi-symb.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { timeSeries } from '../../src/series/series.ts'

interface Search {
  readonly method: 'pcmci' | 'pcmci+'
  readonly test: 'CMIknn' | 'CMIknnMixed' | 'CMIsymb'
  readonly columns: number[][]
  readonly types: number[][] | null
  readonly options: { readonly knn?: number }
  readonly pcAlpha: number | null
  readonly values: number[][][]
  readonly pValues: number[][][]
  readonly graph: string[][][]
}

const golden: Search[] = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/information_searches.json', import.meta.url), 'utf8'),
)

const tests = { CMIknn: cmiKnn, CMIknnMixed: cmiKnnMixed, CMIsymb: cmiSymb } as const
const methods = { pcmci: discoverPcmci, 'pcmci+': discoverPcmciPlus } as const

function largest(ours: number[][][], theirs: number[][][]): number {
  const [a, b] = [ours.flat(2), theirs.flat(2)]
  expect(a.length).toBe(b.length)
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))
}

describe('searches give the matrices of the reference', () => {
  for (const search of golden)
    it(`${search.method} ${search.test} ${JSON.stringify(search.options)} ${search.pcAlpha}`, async () => {
      const { columns, types, options } = search
      const own = { shuffles: 15, ...(options.knn !== undefined && { neighbours: options.knn }) }
      const tester = testerOf(tests[search.test](own), timeSeries({ columns, ...(types && { types }) }))
      const found = await methods[search.method](tester, { tauMax: 2, pcAlpha: search.pcAlpha })
      expect(largest(found.values.nested(), search.values)).toBeLessThan(1e-11)
      expect(largest(found.pValues.nested(), search.pValues)).toBeLessThan(1e-11)
      expect(found.graph.nested()).toEqual(search.graph)
    })
})
