/**
 * apply_kernel beside SciPy: 5 x 5 weights on 2048 x 2048 float32 in memory, of any kind and as a column times a row.
 * One thread each, runs interleaved, ratio of medians; prints JSON. Usage: node bench/cube/kernel.ts [rounds]. The peer
 * is Python ($PYTHON) with SciPy.
 */
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Dimension } from '../../packages/cube/src/model/dimension.ts'
import { memorySource } from '../../packages/cube/src/model/memory.ts'
import { wholeRegion } from '../../packages/cube/src/model/region.ts'
import { kernelNode } from '../../packages/cube/src/process/cubes/kernel.ts'
import { compare, openPeer, python } from '../peer.ts'

const SIDE = 2048
const LINE = [1, 4, 6, 4, 1].map((w) => w / 16)
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const [rounds = '7', which] = process.argv.slice(2)

async function work(name: string): Promise<void> {
  const labels = Array.from({ length: SIDE }, (_, i) => i + 0.5)
  const axis = (axis: 'x' | 'y'): Dimension => ({ type: 'spatial', name: axis, axis, labels })
  const schema = { dims: [axis('y'), axis('x')], packing: { dtype: 'float32', scale: 1, offset: 0 } } as const
  const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.imul(i, 2654435761) >>> 16)
  const weights = LINE.map((v) => LINE.map((w) => v * w))
  if (name === 'full') weights[0]![0] = -0.25
  const node = kernelNode(memorySource(data, schema), { weights, factor: 1, border: 'reflect', replaceInvalid: 0 })
  const region = wholeRegion([SIDE, SIDE])
  for await (const _ of createInterface({ input: process.stdin })) {
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const block = await node.compute(region, [{ region, data }], {})
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const sum = (block.data as Float32Array).reduce((total, v) => total + v, 0)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
}

if (which !== undefined) await work(which)
else {
  for (const name of ['full', 'product']) {
    const peers = {
      ecotope: openPeer(process.execPath, [here('kernel.ts'), '0', name]),
      peer: openPeer(python, [here('kernel.py'), name]),
    }
    console.log(JSON.stringify({ case: `kernel-${name}`, limit: 1, ...(await compare(peers, Number(rounds))) }))
  }
}
