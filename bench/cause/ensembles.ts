/**
 * Searches over many runs or data sets beside tigramite: `bootstrap` (PCMCI+ on 20 resampled series, 8 variables, 500 steps,
 * lags to 2), `jpcmci` (J-PCMCI+ on 8 data sets of 60 steps, 6 variables, both dummies), `regimes` (RPCMCI, 3 variables, 200
 * steps, 2 regimes, 5 beginnings; the peer needs ortools). Both may use all processors; runs interleaved, ratio of medians; prints
 * JSON. Usage: node bench/cause/ensembles.ts [rounds] [cases]. The peer is Python ($CAUSE_PYTHON) with tigramite.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bootstrapOf } from '../../packages/cause/src/discovery/bootstrap-aggregation.ts'
import { type NodeKind, withDummies } from '../../packages/cause/src/discovery/jpcmci-context.ts'
import { discoverJpcmciPlus } from '../../packages/cause/src/discovery/jpcmci-plus.ts'
import { discoverRpcmci } from '../../packages/cause/src/discovery/rpcmci.ts'
import { independenceTest } from '../../packages/cause/src/independence/table.ts'
import { testerOf } from '../../packages/cause/src/independence/tester.ts'
import { type DataSetInput, timeSeries } from '../../packages/cause/src/series/series.ts'
import { compare, openPeer } from '../peer.ts'
import { columnsFile, linearProcess } from './processes.ts'

interface Case {
  readonly variables: number
  readonly steps: number
  readonly sets: number
  run(sets: readonly DataSetInput[]): Promise<number>
}

const size = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + Math.abs(value), 0)
const kinds: readonly NodeKind[] = Array.from({ length: 6 }, () => 'system')

const cases: Readonly<Record<string, Case>> = {
  bootstrap: {
    ...{ variables: 8, steps: 500, sets: 1 },
    async run(sets) {
      const plan = { method: 'pcmci+', test: 'parcorr', options: { tauMax: 2, pcAlpha: 0.01 } }
      const found = await bootstrapOf(timeSeries(sets), plan, { draws: 20, blockLength: 5, seed: 1 })
      return size(found.discovery.values.data)
    },
  },
  jpcmci: {
    ...{ variables: 6, steps: 60, sets: 8 },
    async run(sets) {
      const made = withDummies(timeSeries(sets), kinds, { time: true, space: true })
      const tester = testerOf(independenceTest('parcorr-mult'), made.series)
      const found = await discoverJpcmciPlus(tester, { kinds: made.kinds, tauMax: 2, pcAlpha: 0.01 })
      return size(found.values.data)
    },
  },
  regimes: {
    ...{ variables: 3, steps: 200, sets: 1 },
    async run(sets) {
      const options = { regimes: 2, maxTransitions: 3, tauMax: 1, pcAlpha: 0.1, alpha: 0.05, anneals: 5, seed: 7 }
      const found = await discoverRpcmci(timeSeries(sets), options)
      return found.discoveries.reduce((sum, { values }) => sum + size(values.data), 0)
    },
  },
}

async function serve({ variables, steps, sets, run }: Case, path: string): Promise<void> {
  const bytes = readFileSync(path)
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const column = (m: number, j: number): Float64Array =>
    all.subarray((m * variables + j) * steps, (m * variables + j + 1) * steps)
  const inputs = Array.from({ length: sets }, (_, m) => ({
    columns: Array.from({ length: variables }, (__, j) => column(m, j)),
  }))
  for await (const _ of createInterface({ input: process.stdin })) {
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const sum = await run(inputs)
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
  process.exit(0)
}

/** Series with two regimes on which the method settles. */
function regimeSeries(): Float64Array[] {
  const path = new URL('../../oracles/cause/rpcmci.json', import.meta.url)
  const { cases: golden } = JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly { columns: number[][] }[] }
  return golden[1]!.columns.map((column) => Float64Array.from(column))
}

const [rounds = '5', chosen = Object.keys(cases).join(','), path] = process.argv.slice(2)
if (path !== undefined) await serve(cases[chosen]!, path)
else
  for (const name of chosen.split(',')) {
    const { variables, steps, sets } = cases[name]!
    const spec = { variables, steps, memory: 0.5, lagged: variables, present: 3, strength: 0.4 }
    const made = (seed: number): Float64Array[] => linearProcess({ ...spec, seed }).columns
    const columns = name === 'regimes' ? regimeSeries() : Array.from({ length: sets }, (_, m) => made(7 + m)).flat()
    const file = columnsFile(columns)
    const settings = JSON.stringify({ case: name, variables, steps, sets })
    const peer = fileURLToPath(new URL('ensembles_peer.py', import.meta.url))
    const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
    const result = await compare(
      {
        ecotope: openPeer(process.execPath, [fileURLToPath(import.meta.url), '0', name, file]),
        peer: openPeer(process.env.CAUSE_PYTHON ?? 'python3', [peer, file, settings], one),
      },
      Number(rounds),
    )
    console.log(JSON.stringify({ case: `ensembles-${name}`, limit: 1 / 10, ...result }))
  }
