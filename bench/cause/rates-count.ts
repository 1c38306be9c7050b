/** Counts links found in processes whose links are known. */
import { discoverPcmci } from '../../packages/cause/src/discovery/pcmci.ts'
import { independenceTest } from '../../packages/cause/src/independence/table.ts'
import { testerOf } from '../../packages/cause/src/independence/tester.ts'
import { timeSeries } from '../../packages/cause/src/series/series.ts'
import type { ProcessLink } from './processes.ts'

export const VARIABLES = 10
const TAU_MAX = 5

export interface Rates {
  readonly falsePositiveRate: number
  readonly truePositiveRate: number
  readonly processes: number
}

interface KnownProcess {
  readonly columns: readonly Float64Array[]
  readonly links: readonly ProcessLink[]
}

export async function ratesOf(processes: readonly KnownProcess[], level: number): Promise<Rates> {
  let [falsely, absent, truly, present] = [0, 0, 0, 0]
  for (const { columns, links } of processes) {
    const tester = testerOf(independenceTest('parcorr'), timeSeries({ columns }))
    const { pValues } = await discoverPcmci(tester, { tauMax: TAU_MAX, pcAlpha: 0.2, alpha: level })
    const real = new Set(links.map(({ from, to, lag }) => `${from},${to},${lag}`))
    for (let i = 0; i < VARIABLES; i++)
      for (let j = 0; j < VARIABLES; j++)
        for (let tau = 0; tau <= TAU_MAX; tau++) {
          // A variable and its own last value are linked by memory.
          if (i === j && tau < 2) continue
          const found = pValues.get(i, j, tau) <= level ? 1 : 0
          if (real.has(`${i},${j},${tau}`)) [truly, present] = [truly + found, present + 1]
          else [falsely, absent] = [falsely + found, absent + 1]
        }
  }
  return { falsePositiveRate: falsely / absent, truePositiveRate: truly / present, processes: processes.length }
}
