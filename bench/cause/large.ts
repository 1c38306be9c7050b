/**
 * Many variables: PCMCI (or PCMCI+) with partial correlation on 500 variables, 1,000 steps, lags to 2; seconds, tests and peak
 * memory as JSON. Usage: node bench/cause/large.ts [variables] [pcmci|pcmci+] [pcAlpha]; progress goes to standard error.
 */
import { discoverPcmci } from '../../packages/cause/src/discovery/pcmci.ts'
import { discoverPcmciPlus } from '../../packages/cause/src/discovery/pcmci-plus.ts'
import { independenceTest } from '../../packages/cause/src/independence/table.ts'
import { testerOf } from '../../packages/cause/src/independence/tester.ts'
import { timeSeries } from '../../packages/cause/src/series/series.ts'
import { linearProcess } from './processes.ts'

const [count = '500', method = 'pcmci', pcAlpha = '0.05'] = process.argv.slice(2)
const variables = Number(count)
const { columns, links } = linearProcess({
  variables,
  steps: 1000,
  seed: 11,
  memory: 0.6,
  lagged: 2 * variables,
  present: method === 'pcmci' ? 0 : variables,
  strength: 0.15,
})
let told = 0
const search = method === 'pcmci' ? discoverPcmci : discoverPcmciPlus
const found = await search(testerOf(independenceTest('parcorr'), timeSeries({ columns })), {
  tauMax: 2,
  pcAlpha: Number(pcAlpha),
  onProgress: ({ step, fraction, secondsLeft }) => {
    if (performance.now() - told < 5000) return
    told = performance.now()
    console.error(`${step} ${(100 * fraction).toFixed(1)} %, ${Math.round(secondsLeft ?? 0)} s left`)
  },
})
const hits = links.filter(({ from, to, lag }) => found.graph.get(from, to, lag) !== '').length
console.log(
  JSON.stringify({
    case: `large-${method}-${variables}`,
    seconds: found.seconds,
    tests: found.tests,
    peakMb: process.resourceUsage().maxRSS / 1024,
    truePositiveRate: hits / links.length,
  }),
)
