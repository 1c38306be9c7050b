/**
 * Kernels of cells alone, on cubes in memory and with one thread, beside NumPy and Bottleneck: runs interleaved, ratio
 * of medians. Prints JSON. Usage: node bench/cube/cells.ts [CASE] [ROUNDS]. Needs numpy and bottleneck for the Python
 * that PYTHON names.
 */
import { fileURLToPath } from 'node:url'
import { compare, openPeer, python } from '../peer.ts'

/** Cases and the limit that was set. */
const cases: Readonly<Record<string, number>> = { median: 0.3, 'median-time-innermost': 0.3, monthly: 0.3 }

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const [wanted = 'all', rounds = '7'] = process.argv.slice(2)

for (const [name, limit] of Object.entries(cases)) {
  if (wanted !== 'all' && wanted !== name) continue
  const peers = {
    ecotope: openPeer(process.execPath, [here('cells-worker.ts'), name]),
    peer: openPeer(python, ['-W', 'ignore', here('cells.py'), name], { OMP_NUM_THREADS: '1' }),
  }
  const result = await compare(peers, Number(rounds))
  const difference = Math.abs(result.ecotope.value / result.peer.value - 1)
  if (difference > 1e-5) throw new Error(`${name}: the results differ by ${difference}`)
  console.log(JSON.stringify({ name, limit, ...result }))
}
