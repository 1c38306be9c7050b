/** Real series: the published results of the reference, and its results on displacement and drought. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DiscoveryJson } from '../../../src/discovery/graph.ts'
import { correctedPValues } from '../../../src/discovery/matrices.ts'
import { discoverPcmci } from '../../../src/discovery/pcmci.ts'
import { discoverPcmciPlus } from '../../../src/discovery/pcmci-plus.ts'
import { independenceTest } from '../../../src/independence/table.ts'
import { testerOf } from '../../../src/independence/tester.ts'
import { districts, drought, droughtSeries, missing, published, somaliSeries, tableSeries } from './real-data.ts'
import { apart, compare, readReference, search, titleOf } from './reference.ts'

type Published = Omit<DiscoveryJson, 'variables' | 'tauMax'> & {
  readonly parents?: Readonly<Record<string, readonly (readonly number[])[]>>
}

/** These were made from series in single precision. */
const SINGLE = 1e-6

const read = (name: string): Published => JSON.parse(readFileSync(join(published, name), 'utf8')) as Published

describe('published results', () => {
  it('PCMCI of four processes, lags to 8, and its corrected p-values', async ({ skip }) => {
    const why = missing(published)
    skip(why !== undefined, why)
    const tester = testerOf(independenceTest('parcorr'), tableSeries(join(published, 'overview_var4_T1000.csv')))
    const found = await discoverPcmci(tester, { tauMax: 8, pcAlpha: null, alpha: 0.01 })
    const expected = read('overview_pcmci_parcorr_tau8_pcalphaNone_alpha0.01.json')
    expect(found.graph.nested()).toEqual(expected.graph)
    expect(apart(found.values.data, expected.val_matrix.flat(2))).toBeLessThan(SINGLE)
    expect(apart(found.pValues.data, expected.p_matrix.flat(2))).toBeLessThan(SINGLE)
    expect(found.parents).toEqual(Object.values(expected.parents!))
    const bytes = readFileSync(join(published, 'overview_fdr_bh_q.npy'))
    const start = 10 + bytes.readUInt16LE(8)
    const q = Array.from({ length: found.pValues.data.length }, (_, at) => bytes.readDoubleLE(start + 8 * at))
    const lagged = correctedPValues(found.pValues, (_i, _j, tau) => tau > 0)
    expect(apart(lagged.data, q)).toBeLessThan(SINGLE)
  })

  it('PCMCI+ of three processes', async ({ skip }) => {
    const why = missing(published)
    skip(why !== undefined, why)
    const tester = testerOf(independenceTest('parcorr'), tableSeries(join(published, 'plus_var3_T100.csv')))
    const found = await discoverPcmciPlus(tester, { tauMax: 2, pcAlpha: 0.05 })
    const expected = read('plus_pcmciplus_tau2_alpha0.05.json')
    expect(found.graph.nested()).toEqual(expected.graph)
    expect(apart(found.values.data, expected.val_matrix.flat(2))).toBeLessThan(SINGLE)
    expect(apart(found.pValues.data, expected.p_matrix.flat(2))).toBeLessThan(SINGLE)
  })
})

describe.each([
  { name: 'somalia', path: districts, series: somaliSeries },
  { name: 'drought', path: drought, series: droughtSeries },
])('real series: $name', ({ name, path, series }) => {
  it.for(readReference(name).cases.map((one) => [titleOf(one), one] as const))('%s', async ([, one], { skip }) => {
    const why = missing(path)
    skip(why !== undefined, why)
    expect(compare(await search(series(), one), one)).toBeLessThan(1e-9)
  })
})
