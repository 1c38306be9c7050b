/**
 * Mutual information by nearest neighbours with 200 shuffles beside tigramite: 7 variables, 1,000 steps, lags to 3, all
 * processors for both, runs interleaved, ratio of medians; prints JSON. Usage: node bench/cause/cmi-knn.ts [rounds] [modes]:
 * tests with that many conditions (`tests-0`, `tests-1`, ...), `standardize-2`, `pcmci`, the whole search, for which the
 * peer takes an hour a round, or `pcmci-short`, the same with 10 shuffles,
 * or `pcmci-sample`: every 43rd test of the search, with 200 shuffles. The peer is Python ($CAUSE_PYTHON) with tigramite. The values are checksums: the same for both.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { discoverPcmci } from '../../packages/cause/src/discovery/pcmci.ts'
import { cmiKnn } from '../../packages/cause/src/independence/cmi-knn.ts'
import type { Tester } from '../../packages/cause/src/independence/test.ts'
import { testerOf } from '../../packages/cause/src/independence/tester.ts'
import { type Node, timeSeries } from '../../packages/cause/src/series/series.ts'
import { compare, openPeer } from '../peer.ts'
import { columnsFile, linearProcess } from './processes.ts'

const [VARIABLES, STEPS, TAU_MAX, SHUFFLES] = [7, 1000, 3, 200]
const PC_ALPHA = 0.05

type Question = readonly [x: Node[], y: Node[], z: Node[]]

interface Mode {
  /** Null: the whole search; a number: every so many of its tests. */
  readonly tests: readonly Question[] | number | null
  readonly transform: 'ranks' | 'standardize'
  /** Default 200. */
  readonly shuffles?: number
}

/** Two tests with so many conditions. */
function questions(conditions: number): Question[] {
  const z: Node[] = Array.from({ length: conditions }, (_, i) => [(2 + i) % VARIABLES, -1 - Math.floor(i / 4)])
  return [
    [[[0, -1]], [[1, 0]], z],
    [[[6, -2]], [[5, 0]], z],
  ]
}

const modes: Readonly<Record<string, Mode>> = {
  'tests-0': { tests: questions(0), transform: 'ranks' },
  'tests-1': { tests: questions(1), transform: 'ranks' },
  'tests-2': { tests: questions(2), transform: 'ranks' },
  'tests-4': { tests: questions(4), transform: 'ranks' },
  'tests-6': { tests: questions(6), transform: 'ranks' },
  'standardize-2': { tests: questions(2), transform: 'standardize' },
  pcmci: { tests: null, transform: 'ranks' },
  'pcmci-sample': { tests: 43, transform: 'ranks' },
  'pcmci-short': { tests: null, transform: 'ranks', shuffles: 10 },
}

/** Every `step`-th question of the search, as it goes with 20 shuffles. */
async function sampled(columns: Float64Array[], step: number): Promise<Question[]> {
  const tester = testerOf(cmiKnn({ shuffles: 20 }), timeSeries({ columns }))
  const asked: Question[] = []
  const recording: Tester = {
    ...{ series: tester.series, independence: tester.independence, warnings: [], made: 0, recalled: 0 },
    ask: (x, y, z, options) => {
      asked.push([[...x], [...y], [...z]])
      return tester.ask(x, y, z, options)
    },
    interval: () => Promise.resolve(undefined),
    criterion: (j, parents, tauMax) => tester.criterion(j, parents, tauMax),
  }
  await discoverPcmci(recording, { tauMax: TAU_MAX, pcAlpha: PC_ALPHA })
  return asked.filter((_, k) => k % step === 0)
}

async function once(columns: Float64Array[], { tests, transform, shuffles = SHUFFLES }: Mode): Promise<number> {
  const tester = testerOf(cmiKnn({ shuffles, transform }), timeSeries({ columns }))
  if (tests === null || typeof tests === 'number') {
    const found = await discoverPcmci(tester, { tauMax: TAU_MAX, pcAlpha: PC_ALPHA })
    return found.values.data.reduce((total, value) => total + Math.abs(value), 0)
  }
  let sum = 0
  for (const [x, y, z] of tests) {
    const { value, pValue } = await tester.ask(x, y, z, { tauMax: TAU_MAX })
    sum += value + pValue
  }
  return sum
}

async function serve(mode: Mode, path: string): Promise<void> {
  const bytes = readFileSync(path)
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const columns = Array.from({ length: VARIABLES }, (_, j) => all.subarray(j * STEPS, (j + 1) * STEPS))
  for await (const _ of createInterface({ input: process.stdin })) {
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const sum = await once(columns, mode)
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const [
  rounds = '1',
  chosen = Object.keys(modes)
    .filter((name) => !name.startsWith('pcmci'))
    .join(','),
  path,
] = process.argv.slice(2)

if (path !== undefined) await serve(JSON.parse(chosen) as Mode, path)
else {
  const { columns } = linearProcess({
    ...{ variables: VARIABLES, steps: STEPS, seed: 5, memory: 0.6, lagged: 8, present: 3, strength: 0.4 },
  })
  const file = columnsFile(columns)
  const common = { variables: VARIABLES, tauMax: TAU_MAX, shuffles: SHUFFLES, pcAlpha: PC_ALPHA }
  for (const mode of chosen.split(',')) {
    const { tests, ...rest } = modes[mode]!
    const each: Mode = { ...rest, tests: typeof tests === 'number' ? await sampled(columns, tests) : tests }
    const settings = JSON.stringify({ ...common, ...each })
    const result = await compare(
      {
        ecotope: openPeer(process.execPath, [here('cmi-knn.ts'), '0', JSON.stringify(each), file]),
        peer: openPeer(process.env.CAUSE_PYTHON ?? 'python3', [here('cmi_knn_peer.py'), file, settings]),
      },
      Number(rounds),
    )
    console.log(JSON.stringify({ case: `cmi-knn-${mode}`, limit: 1 / 20, ...result }))
  }
}
