/** The frame of pcmci.ts and pcmci-plus.ts: one process of ours and one of the peer's, asked in turn. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SearchOptions } from '../../packages/cause/src/discovery/options.ts'
import { discoverPcmci } from '../../packages/cause/src/discovery/pcmci.ts'
import { discoverPcmciPlus, type PcmciPlusOptions } from '../../packages/cause/src/discovery/pcmci-plus.ts'
import { independenceTest } from '../../packages/cause/src/independence/table.ts'
import { testerOf } from '../../packages/cause/src/independence/tester.ts'
import { timeSeries } from '../../packages/cause/src/series/series.ts'
import { compare, openPeer } from '../peer.ts'
import { columnsFile, linearProcess } from './processes.ts'

type Modes = Readonly<Record<string, SearchOptions & PcmciPlusOptions>>

const [VARIABLES, STEPS] = [20, 1000]
const searches = { pcmci: discoverPcmci, 'pcmci+': discoverPcmciPlus } as const

async function serve(method: keyof typeof searches, options: Modes[string], path: string): Promise<void> {
  const bytes = readFileSync(path)
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const columns = Array.from({ length: VARIABLES }, (_, j) => all.subarray(j * STEPS, (j + 1) * STEPS))
  for await (const _ of createInterface({ input: process.stdin })) {
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const found = await searches[method](testerOf(independenceTest('parcorr'), timeSeries({ columns })), options)
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const sum = found.values.data.reduce((total, value) => total + Math.abs(value), 0)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
}

/** Runs as the bench or, with a third argument, as our side of it. */
export async function runSearchBench(script: string, method: keyof typeof searches, modes: Modes): Promise<void> {
  const [rounds = '5', chosen = Object.keys(modes).join(','), path] = process.argv.slice(2)
  if (path !== undefined) return serve(method, modes[chosen]!, path)
  const process20 = { variables: VARIABLES, steps: STEPS, seed: 7, memory: 0.6, lagged: 20, present: 10, strength: 0.3 }
  const file = columnsFile(linearProcess(process20).columns)
  const peer = fileURLToPath(new URL('search_peer.py', import.meta.url))
  const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
  for (const mode of chosen.split(',')) {
    const settings = JSON.stringify({ method, variables: VARIABLES, options: modes[mode] })
    const result = await compare(
      {
        ecotope: openPeer(process.execPath, [script, '0', mode, file]),
        peer: openPeer(process.env.CAUSE_PYTHON ?? 'python3', [peer, file, settings], one),
      },
      Number(rounds),
    )
    console.log(JSON.stringify({ case: `${method}-${mode}`, limit: 1 / 20, ...result }))
  }
}
