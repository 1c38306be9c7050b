/**
 * Predictive causality beside the usual Python: `ccm` (cross mapping of all pairs of 6 variables, 500 steps, 3 coordinates, 5
 * library sizes, 30 libraries each, no surrogates; pyEDM) and `granger` (all pairs of 10 variables, 1,000 steps, 5 lags, each
 * in a model of its own; statsmodels). Both may use all processors; runs interleaved, ratio of medians; prints JSON.
 * Usage: node bench/cause/mapping.ts [rounds] [cases]. The peer is Python ($CAUSE_PYTHON) with pyEDM and statsmodels.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { granger } from '../../packages/cause/src/granger/granger.ts'
import { crossMap } from '../../packages/cause/src/mapping/cross-map.ts'
import { type TimeSeries, timeSeries } from '../../packages/cause/src/series/series.ts'
import { compare, openPeer } from '../peer.ts'
import { columnsFile, linearProcess } from './processes.ts'

interface Case {
  readonly variables: number
  readonly steps: number
  run(series: TimeSeries): Promise<number>
}

const SIZES = [25, 50, 100, 200, 400]

const cases: Readonly<Record<string, Case>> = {
  ccm: {
    ...{ variables: 6, steps: 500 },
    async run(series) {
      const options = { dimension: 3, librarySizes: SIZES, samples: 30, surrogates: 0, seed: 42 }
      const { pairs } = await crossMap(series, options)
      return pairs.reduce((sum, { skill }) => sum + skill.reduce((a, b) => a + b, 0), 0)
    },
  },
  granger: {
    ...{ variables: 10, steps: 1000 },
    async run(series) {
      const { pairs } = await granger(series, { order: 5, conditional: false })
      return pairs.reduce((sum, { tests }) => sum + tests.f.statistic + tests.f.pValue, 0)
    },
  },
}

async function serve({ variables, steps, run }: Case, path: string): Promise<void> {
  const bytes = readFileSync(path)
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const columns = Array.from({ length: variables }, (_, j) => all.subarray(j * steps, (j + 1) * steps))
  for await (const _ of createInterface({ input: process.stdin })) {
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const sum = await run(timeSeries({ columns }))
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
  process.exit(0)
}

const [rounds = '5', chosen = Object.keys(cases).join(','), path] = process.argv.slice(2)
if (path !== undefined) await serve(cases[chosen]!, path)
else
  for (const name of chosen.split(',')) {
    const { variables, steps } = cases[name]!
    const { columns } = linearProcess({
      variables,
      steps,
      memory: 0.5,
      lagged: variables,
      present: 0,
      strength: 0.4,
      seed: 7,
    })
    const file = columnsFile(columns)
    const settings = JSON.stringify({ case: name, variables, steps, sizes: SIZES })
    const peer = fileURLToPath(new URL('mapping_peer.py', import.meta.url))
    const result = await compare(
      {
        ecotope: openPeer(process.execPath, [fileURLToPath(import.meta.url), '0', name, file]),
        peer: openPeer(process.env.CAUSE_PYTHON ?? 'python3', [peer, file, settings]),
      },
      Number(rounds),
    )
    console.log(JSON.stringify({ case: `mapping-${name}`, ...result }))
  }
