/**
 * docs/causal-benchmark.md: how often methods find known causes. `node bench/causal-benchmark.ts --write [repeats]`, on a
 * quiet machine, for it tells times, too; takes some ten minutes with 50 repeats.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { benchmarkTable, type Kind, runBenchmark } from '@ecotope/cause'

const PAGE = join(resolve(import.meta.dirname, '..'), 'docs', 'causal-benchmark.md')
const repeats = Number(process.argv.slice(2).find((text) => /^\d+$/.test(text)) ?? 50)

const FAST = ['pcmci', 'pcmci-robust', 'pcmci+', 'lpcmci', 'granger', 'bivci', 'fullci', 'dependence']

interface Section {
  readonly kind: Kind
  readonly title: string
  readonly text: string
  readonly methods: readonly string[]
  readonly nodes?: number
  readonly length?: number
  readonly autocorrelation?: number
}

const SECTIONS: readonly Section[] = [
  {
    kind: 'linear',
    title: 'Linear, strong autocorrelation',
    text: 'Lagged linear links, coefficients of 0.2 to 0.5, autocorrelation up to 0.95, all of one variance of noise.',
    methods: FAST,
    autocorrelation: 0.95,
  },
  {
    kind: 'contemporaneous',
    title: 'Links within the time step',
    text: 'Two fifths of the links act within the step.',
    methods: FAST,
  },
  {
    kind: 'nonlinear',
    title: 'Nonlinear',
    text: 'Half of the links are quadratic near the mean.',
    methods: [...FAST, 'pcmci-cmi', 'ccm'],
    nodes: 4,
    length: 300,
  },
  {
    kind: 'chaotic',
    title: 'Chaotic',
    text: 'Coupled logistic maps without noise.',
    methods: [...FAST, 'pcmci-cmi', 'ccm'],
    nodes: 4,
    length: 300,
  },
  {
    kind: 'hidden',
    title: 'Hidden common causes',
    text: 'A third as many variables again drive two of the others each and are not seen.',
    methods: FAST,
  },
  {
    kind: 'missing',
    title: 'Missing values',
    text: 'A twentieth of the values is missing, half of them in gaps of up to ten steps.',
    methods: FAST,
  },
  {
    kind: 'regime',
    title: 'Regimes',
    text: 'Half of the links change their sign every sixth of the series; methods are not told.',
    methods: FAST,
  },
]

const HEAD = `# How often methods are right

Made by \`node bench/causal-benchmark.ts --write\`: ${repeats} data sets of each kind on ${cpus()[0]!.model} (two threads share the data sets). The
same on the command line: \`npx ecotope cause benchmark --kind nonlinear --nodes 10 --length 500 --repeat 100\`.

AUROC, F1, true and false positives are of lagged links between different variables (a variable's own memory does not count); means with
their standard errors; alpha 0.05; 500 steps and 6 variables where nothing else is said; searches look 3 steps back, as far as the
causes act. "Lag 0" columns are for methods that test links within the step: the share of true adjacencies found, of absent ones claimed, and
of those found with the right direction. Seconds are medians for one data set on one thread.

The two baselines need no theory: they rank links by the size of the coefficients of one regression on the past of all variables (and its
square root form, which lifts lags of pairs that matter at all). Where all noise has one variance, as here, they are hard to beat in
AUROC (Weichwald et al. 2020, "Causal structure learning from time series"); units matter to them, to the others they do not. What tests add
are claims with a controlled rate of false ones, and directions.
`

const parts: string[] = [HEAD]
for (const { kind, title, text, methods, nodes = 6, length = 500, autocorrelation } of SECTIONS) {
  const result = await runBenchmark({
    kind,
    nodes,
    length,
    repeat: repeats,
    methods,
    ...(autocorrelation !== undefined && { autocorrelation }),
  })
  const { headings, rows } = benchmarkTable(result)
  const size = nodes === 6 && length === 500 ? '' : ` ${nodes} variables, ${length} steps.`
  const table = [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
  parts.push(`## ${title}\n\n${text}${size}\n\n${table}\n`)
  for (const { method, failure } of result.rows)
    if (failure !== undefined) console.error(`${kind}, ${method}: ${failure}`)
}
const page = parts.join('\n')
if (process.argv.includes('--write')) writeFileSync(PAGE, page)
else console.log(page)
