/** Our side of raster.ts: a line on standard input asks for one run; milliseconds, a checksum and megabytes answer. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { geotiffSource } from '../../packages/cube/src/geotiff/array-source.ts'
import { geotiffSink } from '../../packages/cube/src/geotiff/sink.ts'
import type { RasterAnswer, RasterTask } from './raster-thread.ts'

const [name = '', folder = ''] = process.argv.slice(2)
const threads = [0, 1].map(() => new Worker(new URL('raster-thread.ts', import.meta.url)))

/** Runs tasks on both threads; `done` sees the results in any order. */
async function run(tasks: readonly RasterTask[], done: (answer: RasterAnswer) => Promise<void> | void): Promise<void> {
  let next = 0
  const serve = async (thread: Worker): Promise<void> => {
    while (next < tasks.length) {
      const task = tasks[next++]!
      const answer = await new Promise<RasterAnswer>((resolve, reject) => {
        thread.once('message', resolve)
        thread.once('error', reject)
        thread.postMessage(task)
      })
      thread.removeAllListeners('error')
      await done(answer)
    }
  }
  await Promise.all(threads.map(serve))
}

/** Every thousandth value, so that both sides agree at no cost. */
function checksum(data: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < data.length; i += 1000) sum += Number.isNaN(data[i]!) ? 0 : data[i]!
  return sum
}

const files = /^(?:read|write)-(.*)$/.exec(name)?.[1] ?? 'deflate'
const paths = readdirSync(join(folder, files))
  .filter((file) => file.endsWith('.tif'))
  .toSorted()
  .map((file) => join(folder, files, file))

/** The checksum is the sum of row 1000 of all bands and dates, which costs nothing. */
async function read(): Promise<number> {
  let sum = 0
  const tasks = paths.map((path): RasterTask => ({ kind: 'read', path }))
  await run(tasks, (answer) => {
    sum += answer.sum!
  })
  return sum
}

async function warp(): Promise<number> {
  let sum = 0
  const tasks = [0, 1, 2, 3].map((half): RasterTask => ({ kind: 'warp', path: paths[0]!, half }))
  await run(tasks, ({ data }) => {
    sum += checksum(new Float32Array(data!))
  })
  return sum
}

const source = await geotiffSource(paths[0]!)
const [bands = 0, height = 0, width = 0] = source.schema.dims.map((d) => d.labels.length)
const { dtype } = source.schema.packing
const scene = await source.read({ start: [0, 0, 0], shape: [bands, height, width] })
const shared = new SharedArrayBuffer(scene.byteLength)
new Uint8Array(shared).set(new Uint8Array(scene.buffer, scene.byteOffset, scene.byteLength))

/** Writes one date; the checksum is the size of the file. */
async function write(): Promise<number> {
  const target = mkdtempSync(join(tmpdir(), 'ecotope-bench-'))
  const path = join(target, 'out.tif')
  const job = await geotiffSink.create(path, source.schema, { job: 'bench', options: { compression: 'deflate' } })
  const tasks: RasterTask[] = []
  for (let y = 0; y < height; y += 512) {
    for (let x = 0; x < width; x += 512) {
      const region = { start: [0, y, x], shape: [bands, Math.min(512, height - y), Math.min(512, width - x)] }
      tasks.push({ kind: 'encode', handle: job.handle, shared, dtype, shape: [bands, height, width], region })
    }
  }
  await run(tasks, ({ region, encoded }) => job.write(region!, encoded))
  await job.finish()
  const { size } = statSync(path)
  rmSync(target, { recursive: true })
  return size
}

const once = { warp, write, 'write-floats': write }[name] ?? read
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const value = await once()
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  console.log(elapsed, (user + system) / 1000, value, process.resourceUsage().maxRSS / 1024)
}
await source.close()
for (const thread of threads) await thread.terminate()
