import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { discoverLpcmci } from '../../../src/discovery/lpcmci/lpcmci.ts'
import { independenceTest } from '../../../src/independence/table.ts'
import { testerOf } from '../../../src/independence/tester.ts'
import { dataFolder, type GoldenCase, optionsOf, seriesOf, testOf } from './process.ts'

const golden = (name: string): readonly GoldenCase[] =>
  JSON.parse(readFileSync(new URL(`../../../../../oracles/cause/${name}`, import.meta.url), 'utf8')).cases

const number = (value: number | string): number =>
  typeof value === 'number' ? value : value === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY

const title = ({ series, options, test, assumptions }: GoldenCase): string => {
  const data = 'file' in series ? series.file : `process ${series.seed}`
  return `${data} ${test?.name ?? 'parcorr'} ${JSON.stringify(options)}${assumptions ? ' assumed' : ''}`
}

async function check(each: GoldenCase, digits: number): Promise<void> {
  const { name, options } = testOf(each.test)
  const found = await discoverLpcmci(testerOf(independenceTest(name, options), seriesOf(each.series)), optionsOf(each))
  expect(found.graph.nested().map((row) => row.flat().join())).toEqual(each.graph)
  for (const [wanted, got] of [
    [each.val_matrix, found.values],
    [each.p_matrix, found.pValues],
  ] as const)
    for (const [i, row] of wanted.entries())
      for (const [j, lags] of row.entries())
        for (const [tau, value] of lags.entries()) {
          const exact = number(value)
          if (Number.isFinite(exact)) expect(got.get(i, j, tau), `${i} ${j} ${tau}`).toBeCloseTo(exact, digits)
          else expect(got.get(i, j, tau)).toBe(exact)
        }
}

describe('LPCMCI as the reference on made series', () => {
  for (const each of golden('lpcmci.json')) it(title(each), () => check(each, 8))
})

describe('LPCMCI as the reference on real series', () => {
  for (const each of golden('lpcmci_real.json')) {
    const missing = 'file' in each.series && !existsSync(join(dataFolder, each.series.file))
    it.skipIf(missing)(`${title(each)}${missing ? ' (no real series here)' : ''}`, () => check(each, 8))
  }
})

describe('the published output', () => {
  const folder = join(dataFolder, 'published_code_outputs/tigramite')
  it.skipIf(!existsSync(folder))('of the toy series', async () => {
    const output = JSON.parse(readFileSync(join(folder, 'plus_lpcmci_tau2_alpha0.05.json'), 'utf8'))
    const graph = output.graph.map((row: string[][]) => row.flat().join())
    const series = { file: 'published_code_outputs/tigramite/plus_var3_T100.csv', columns: ['X0', 'X1', 'X2'] }
    // The published numbers were made from series with more digits than the file has.
    await check({ series, options: { tau_max: 2, pc_alpha: 0.05 }, ...output, graph }, 6)
  })
})
