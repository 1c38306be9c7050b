/**
 * LPCMCI beside tigramite: partial correlation on linear processes with hidden variables, from series to graph, nothing kept
 * between runs. One thread each, runs interleaved, ratio of medians; prints JSON. Usage: node bench/cause/lpcmci.ts [rounds]
 * [cases], cases of small, medium, phases (4 preliminary phases), gaps (missing values). The peer is Python ($CAUSE_PYTHON) with
 * tigramite.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { discoverLpcmci } from '../../packages/cause/src/discovery/lpcmci/lpcmci.ts'
import type { LpcmciOptions } from '../../packages/cause/src/discovery/lpcmci/options.ts'
import { independenceTest } from '../../packages/cause/src/independence/table.ts'
import { testerOf } from '../../packages/cause/src/independence/tester.ts'
import { timeSeries } from '../../packages/cause/src/series/series.ts'
import { compare, openPeer } from '../peer.ts'
import { columnsFile, linearProcess } from './processes.ts'

interface Case {
  readonly observed: number
  readonly hidden: number
  readonly steps: number
  /** Share of values that are missing. */
  readonly missing?: number
  readonly options: LpcmciOptions
}

const cases: Readonly<Record<string, Case>> = {
  small: { observed: 4, hidden: 1, steps: 500, options: { tauMax: 2, alpha: 0.05 } },
  medium: { observed: 8, hidden: 2, steps: 500, options: { tauMax: 3, alpha: 0.01 } },
  phases: { observed: 6, hidden: 2, steps: 500, options: { tauMax: 3, alpha: 0.01, preliminaryPhases: 4 } },
  gaps: { observed: 5, hidden: 1, steps: 500, missing: 0.01, options: { tauMax: 2, alpha: 0.01 } },
}

function columnsOf({ observed, hidden, steps, missing = 0 }: Case): Float64Array[] {
  const variables = observed + hidden
  const { columns } = linearProcess({
    ...{ variables, steps, seed: 3, memory: 0.6, strength: 0.35 },
    ...{ lagged: variables, present: Math.ceil(variables / 3) },
  })
  const every = missing === 0 ? Number.POSITIVE_INFINITY : Math.round(1 / missing)
  return columns
    .slice(hidden)
    .map((column, j) => column.map((v, t) => ((t * 7 + j * 31) % every === 5 ? Number.NaN : v)))
}

async function serve({ observed, options }: Case, path: string): Promise<void> {
  const bytes = readFileSync(path)
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const steps = all.length / observed
  const columns = Array.from({ length: observed }, (_, j) => all.subarray(j * steps, (j + 1) * steps))
  for await (const _ of createInterface({ input: process.stdin })) {
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const found = await discoverLpcmci(testerOf(independenceTest('parcorr'), timeSeries({ columns })), options)
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const sum = found.values.data.reduce((total, value) => total + Math.abs(value), 0)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
}

const [rounds = '7', chosen = Object.keys(cases).join(','), path] = process.argv.slice(2)
if (path === undefined) await bench()
else await serve(cases[chosen]!, path)

async function bench(): Promise<void> {
  const peer = fileURLToPath(new URL('lpcmci_peer.py', import.meta.url))
  const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
  for (const name of chosen.split(',')) {
    const each = cases[name]!
    const file = columnsFile(columnsOf(each))
    const settings = JSON.stringify({ variables: each.observed, options: each.options })
    const result = await compare(
      {
        ecotope: openPeer(process.execPath, [fileURLToPath(import.meta.url), '0', name, file]),
        peer: openPeer(process.env.CAUSE_PYTHON ?? 'python3', [peer, file, settings], one),
      },
      Number(rounds),
    )
    const difference = Math.abs(result.ecotope.value / result.peer.value - 1)
    if (difference > 1e-9) throw new Error(`${name}: the results differ by ${difference}`)
    console.log(JSON.stringify({ case: `lpcmci-${name}`, limit: 1 / 10, ...result }))
  }
}
