/**
 * PCMCI beside tigramite: partial correlation, 20 variables, 1,000 steps, lags to 5, from series to graph, nothing kept between
 * runs. One thread each, runs interleaved, ratio of medians; prints JSON. Usage: node bench/cause/pcmci.ts [rounds] [modes], modes
 * of fixed, levels (pcAlpha null), fdr. The peer is Python ($CAUSE_PYTHON) with tigramite.
 */
import { fileURLToPath } from 'node:url'
import { runSearchBench } from './search-bench.ts'

await runSearchBench(fileURLToPath(import.meta.url), 'pcmci', {
  fixed: { tauMax: 5, pcAlpha: 0.2 },
  levels: { tauMax: 5, pcAlpha: null, alpha: 0.01 },
  fdr: { tauMax: 5, pcAlpha: 0.2, fdr: 'fdr-bh' },
})
