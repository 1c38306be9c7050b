/**
 * PCMCI+ beside tigramite: partial correlation, 20 variables, 1,000 steps, lags to 5, from series to graph, nothing kept between
 * runs. One thread each, runs interleaved, ratio of medians; prints JSON. Usage: node bench/cause/pcmci-plus.ts [rounds] [modes],
 * modes of majority, conservative, none, reset, levels (pcAlpha null). The peer is Python ($CAUSE_PYTHON) with tigramite.
 */
import { fileURLToPath } from 'node:url'
import { runSearchBench } from './search-bench.ts'

await runSearchBench(fileURLToPath(import.meta.url), 'pcmci+', {
  majority: { tauMax: 5, pcAlpha: 0.01 },
  conservative: { tauMax: 5, pcAlpha: 0.01, colliderRule: 'conservative' },
  none: { tauMax: 5, pcAlpha: 0.01, colliderRule: 'none' },
  reset: { tauMax: 5, pcAlpha: 0.01, resetLaggedLinks: true },
  levels: { tauMax: 5, pcAlpha: null },
})
