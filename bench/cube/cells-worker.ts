/**
 * Our side of cells.ts: a line on standard input asks for one run; wall and processor milliseconds, a checksum and
 * peak megabytes answer. Usage: node cells-worker.ts CASE
 */
import { createInterface } from 'node:readline'
import type { Cell } from '../../packages/cube/src/cells/cell.ts'
import { kernelOf } from '../../packages/cube/src/cells/kernel.ts'
import type { Packing } from '../../packages/cube/src/model/block.ts'
import type { CubeSchema } from '../../packages/cube/src/model/node.ts'
import { cellCount, wholeRegion } from '../../packages/cube/src/model/region.ts'

const SIDE = 1024
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function schema(shape: Readonly<Record<string, number>>, packing: Packing): CubeSchema {
  const dims = Object.entries(shape).map(([name, length]) => ({
    type: 'other' as const,
    name,
    labels: Array.from({ length }, (_, i) => i),
  }))
  return { dims, packing }
}

/** Digital numbers with a tenth of 0, which is missing; the same as in cells.py. */
function values(length: number): Uint16Array<ArrayBuffer> {
  const data = new Uint16Array(length)
  for (let i = 0; i < length; i++) {
    let mixed = Math.imul(i, 2654435761)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 2246822519)
    mixed = (mixed ^ (mixed >>> 13)) >>> 0
    data[i] = mixed % 10 === 0 ? 0 : 500 + ((mixed >>> 8) % 9000)
  }
  return data
}

const band = (index: number): Cell => ({ kind: 'at', dim: 'bands', index, of: { kind: 'input', input: 0 } })
const call = (operation: string, ...args: Cell[]): Cell => ({ kind: 'call', operation, args })
const ndvi = call('divide', call('subtract', band(1), band(0)), call('add', band(1), band(0)))
const uint16: Packing = { dtype: 'uint16', nodata: 0, scale: 1, offset: 0 }
const float32: Packing = { dtype: 'float32', scale: 1, offset: 0 }

let day = 0
const months = DAYS.map((days) => Array.from({ length: days }, () => day++))
const dates = { t: 24, bands: 2, y: SIDE, x: SIDE }
const map = { y: SIDE, x: SIDE }

const cases: Readonly<Record<string, { input: Record<string, number>; output: Record<string, number>; cell: Cell }>> = {
  median: { input: dates, output: map, cell: { kind: 'reduce', reducer: 'median', dim: 't', length: 24, of: ndvi } },
  'median-time-innermost': {
    input: { y: SIDE, x: SIDE, bands: 2, t: 24 },
    output: map,
    cell: { kind: 'reduce', reducer: 'median', dim: 't', length: 24, of: ndvi },
  },
  monthly: {
    input: { t: 365, ...map },
    output: { t: 12, ...map },
    cell: { kind: 'reduce', reducer: 'mean', dim: 't', length: 365, groups: months, of: { kind: 'input', input: 0 } },
  },
}

const { input, output, cell } = cases[process.argv[2] ?? '']!
const source = schema(input, uint16)
const target = schema(output, float32)
const data = values(cellCount(Object.values(input)))
const kernel = kernelOf(cell, [{ schema: source }], { schema: target })

for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const result = kernel.run(wholeRegion(Object.values(output)), [{ region: wholeRegion(Object.values(input)), data }])
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  let sum = 0
  for (const value of result.data) if (!Number.isNaN(value)) sum += value
  console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
}
