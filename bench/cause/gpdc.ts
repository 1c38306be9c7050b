/**
 * PCMCI with GPDC beside tigramite, from series to graph, nothing kept between runs (null distributions included). One thread
 * each, runs interleaved, ratio of medians; prints JSON. Usage: node bench/cause/gpdc.ts [rounds] [cases], cases of few (4
 * variables, 200 steps), long (3 variables, 500 steps). The peer is Python ($CAUSE_PYTHON) with tigramite and dcor.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { discoverPcmci } from '../../packages/cause/src/discovery/pcmci.ts'
import { independenceTest } from '../../packages/cause/src/independence/table.ts'
import { testerOf } from '../../packages/cause/src/independence/tester.ts'
import { timeSeries } from '../../packages/cause/src/series/series.ts'
import { compare, openPeer } from '../peer.ts'
import { columnsFile, linearProcess } from './processes.ts'

const cases: Readonly<Record<string, { readonly variables: number; readonly steps: number; readonly tauMax: number }>> =
  {
    few: { variables: 4, steps: 200, tauMax: 2 },
    long: { variables: 3, steps: 500, tauMax: 1 },
  }

async function serve(name: string, path: string): Promise<void> {
  const { variables, steps, tauMax } = cases[name]!
  const bytes = readFileSync(path)
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const columns = Array.from({ length: variables }, (_, j) => all.subarray(j * steps, (j + 1) * steps))
  for await (const _ of createInterface({ input: process.stdin })) {
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const tester = testerOf(independenceTest('gpdc'), timeSeries({ columns }))
    const found = await discoverPcmci(tester, { tauMax, pcAlpha: 0.2 })
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const sum = found.values.data.reduce((total, value) => total + Math.abs(value), 0)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
}

async function bench(rounds: number, names: readonly string[]): Promise<void> {
  const peer = fileURLToPath(new URL('gpdc_peer.py', import.meta.url))
  const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
  for (const name of names) {
    const { variables, steps, tauMax } = cases[name]!
    const { columns } = linearProcess({
      ...{ variables, steps, seed: 5, memory: 0.6, lagged: variables, present: 1, strength: 0.35 },
    })
    const file = columnsFile(columns)
    const result = await compare(
      {
        ecotope: openPeer(process.execPath, [fileURLToPath(import.meta.url), '0', name, file]),
        peer: openPeer(process.env.CAUSE_PYTHON ?? 'python3', [peer, file, `${variables}`, `${tauMax}`], one),
      },
      rounds,
    )
    console.log(JSON.stringify({ case: `gpdc-${name}`, ...result }))
  }
}

const [rounds = '3', chosen = Object.keys(cases).join(','), path] = process.argv.slice(2)
if (path === undefined) await bench(Number(rounds), chosen.split(','))
else await serve(chosen, path)
