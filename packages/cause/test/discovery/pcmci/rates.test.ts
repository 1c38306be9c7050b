/** False and true positive rates under strong autocorrelation; bench/cause/rates.ts counts over many more processes. */
import { random } from '@ecotope/core'
import { expect, it } from 'vitest'
import { discoverPcmci } from '../../../src/discovery/pcmci.ts'
import { independenceTest } from '../../../src/independence/table.ts'
import { testerOf } from '../../../src/independence/tester.ts'
import { timeSeries } from '../../../src/series/series.ts'

const [VARIABLES, STEPS, TAU_MAX, LEVEL] = [10, 500, 3, 0.05]

/** Each variable keeps 0.9 of its last value; variable k drives k + 1 with a lag of 1, for even k. */
function columnsOf(seed: number): Float64Array[] {
  const rng = random(seed)
  const columns = Array.from({ length: VARIABLES }, () => new Float64Array(STEPS + 100))
  for (let t = 1; t < STEPS + 100; t++)
    for (const [j, column] of columns.entries()) {
      const driven = j % 2 === 1 ? 0.15 * columns[j - 1]![t - 1]! : 0
      column[t] = 0.9 * column[t - 1]! + driven + rng.normal()
    }
  return columns.map((column) => column.slice(100))
}

it('PCMCI keeps its level and finds links where series remember much', async () => {
  let [falsely, absent, truly, present] = [0, 0, 0, 0]
  for (let seed = 1; seed <= 20; seed++) {
    const tester = testerOf(independenceTest('parcorr'), timeSeries({ columns: columnsOf(seed) }))
    const { pValues } = await discoverPcmci(tester, { tauMax: TAU_MAX, pcAlpha: 0.2 })
    for (let i = 0; i < VARIABLES; i++)
      for (let j = 0; j < VARIABLES; j++)
        for (let tau = 0; tau <= TAU_MAX; tau++) {
          if (i === j && tau < 2) continue
          const found = pValues.get(i, j, tau) <= LEVEL ? 1 : 0
          if (i % 2 === 0 && j === i + 1 && tau === 1) [truly, present] = [truly + found, present + 1]
          else [falsely, absent] = [falsely + found, absent + 1]
        }
  }
  expect(Math.abs(falsely / absent - LEVEL)).toBeLessThan(0.01)
  expect(truly / present).toBeGreaterThan(0.75)
})
