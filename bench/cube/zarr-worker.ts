/** Our side of zarr.ts: a line on standard input asks for one read or write of the cube, with two threads. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import type { CubeSchema } from '../../packages/cube/src/model/node.ts'
import { splitRegion, wholeRegion } from '../../packages/cube/src/model/region.ts'
import { openZarr } from '../../packages/cube/src/zarr/array-source.ts'
import { zarrSink } from '../../packages/cube/src/zarr/sink.ts'
import type { WriteOrder } from './zarr-write-thread.ts'

const THREADS = 2
const [mode = '', folder = '', compression = ''] = process.argv.slice(2)
const source = join(folder, 'source.zarr')
const target = join(folder, `ecotope-${compression}.zarr`)
const LEVELS: Readonly<Record<string, number>> = { zstd: 1, blosc: 5 }

async function read() {
  const [variable] = (await openZarr(source, { threads: THREADS })).variables
  const shape = variable!.source.schema.dims.map(({ labels }) => labels.length)
  const cells = (await variable!.source.read(wholeRegion(shape))) as Uint16Array
  await variable!.source.close()
  return { cells, shape }
}

/** A cube in memory, written by two threads that each take the next region. */
async function writer() {
  const { cells, shape } = await read()
  const dims = ['t', 'bands', 'y', 'x'].map((name, d) => {
    return { type: 'other' as const, name, labels: Array.from({ length: shape[d]! }, (_, i) => i) }
  })
  const schema: CubeSchema = { dims, packing: { dtype: 'uint16', scale: 1, offset: 0, nodata: 0 } }
  const edge = Math.min(512, shape[2]!)
  const chunks = { t: 1, bands: 1, y: edge, x: edge }
  const threads = Array.from({ length: THREADS }, () => new Worker(new URL('./zarr-write-thread.ts', import.meta.url)))
  for (const thread of threads) thread.unref()
  return async () => {
    const shards = { ...chunks, t: 1, y: Math.min(shape[2]!, 2 * edge), x: Math.min(shape[3]!, 2 * edge) }
    const options = { compression, level: LEVELS[compression], chunks, shards }
    const job = await zarrSink.create(target, schema, { job: `${Math.random()}`, options })
    const regions = [...splitRegion(wholeRegion(shape), job.chunks)]
    await Promise.all(
      threads.map(async (thread) => {
        for (let region = regions.shift(); region !== undefined; region = regions.shift()) {
          const order: WriteOrder = { handle: job.handle, region, cells: cells.buffer, shape }
          thread.postMessage(order)
          const made = await new Promise((resolve) => thread.once('message', resolve))
          await job.write(region, made)
        }
      }),
    )
    await job.finish()
    return { cells, shape }
  }
}

/** Some cells of all parts, to see that both sides have the same. */
function sample(cells: Uint16Array, [dates = 0, bands = 0, height = 0, width = 0]: readonly number[]): number {
  let sum = 0
  for (let t = 0; t < dates; t += 5)
    for (let b = 0; b < bands; b += 2)
      for (let y = 0; y < height; y += 64)
        for (let x = 0; x < width; x += 64) sum += cells[((t * bands + b) * height + y) * width + x]!
  return sum
}

const once = mode === 'write' ? await writer() : read
for await (const _ of createInterface({ input: process.stdin })) {
  rmSync(target, { recursive: true, force: true })
  const start = performance.now()
  const cpu = process.cpuUsage()
  const { cells, shape } = await once()
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  console.log(elapsed, (user + system) / 1000, sample(cells, shape), process.resourceUsage().maxRSS / 1024)
}
rmSync(target, { recursive: true, force: true })
