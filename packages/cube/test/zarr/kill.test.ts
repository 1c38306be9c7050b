/** A process that is killed (SIGKILL) while it writes leaves the old store, and the next run of the same job goes on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { shapeOf } from '../../src/model/node.ts'
import { splitRegion, wholeRegion } from '../../src/model/region.ts'
import { zarrSink } from '../../src/zarr/sink.ts'
import { temporaryFolder } from '../temporary.ts'
import { killOptions, killSchema, readZarr, sampleCells, writeZarr } from './samples.ts'

const script = join(import.meta.dirname, 'kill-child.ts')
const cells = sampleCells(killSchema)

/** Runs the child until it has printed so many lines, then kills it; the lines it printed in all. */
async function run(path: string, job: string, lines: number): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, [script, path, job], { stdio: ['ignore', 'pipe', 'inherit'] })
  const printed: string[] = []
  const ended = new Promise((resolve) => child.once('close', resolve))
  for await (const line of createInterface({ input: child.stdout! })) {
    printed.push(line)
    if (printed.length === lines) child.kill('SIGKILL')
  }
  await ended
  return printed
}

test.each([1, 7, 40])(
  'killed after %i shards',
  async (count) => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    const old = sampleCells(killSchema).fill(5)
    await writeZarr(path, killSchema, old, killOptions, 'before')

    const first = await run(path, 'the job', count)
    expect(first.length).toBeLessThan(64)
    expect((await readZarr(path)).cells).toEqual(old)
    expect(readdirSync(folder).length).toBeGreaterThan(1)

    const sink = await zarrSink.create(path, killSchema, { job: 'the job', options: killOptions })
    const boxes = [...splitRegion(wholeRegion(shapeOf(killSchema)), sink.chunks)]
    const done = boxes.filter((box) => sink.isDone(box)).length
    expect(done).toBeGreaterThanOrEqual(count)
    await sink.abandon(true)

    await writeZarr(path, killSchema, cells, killOptions, 'the job')
    expect((await readZarr(path)).cells).toEqual(cells)
    expect(readdirSync(folder)).toEqual(['a.zarr'])
  },
  30000,
)

test('killed without an old store, nothing is at the path; a new job cleans up', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'a.zarr')
  await run(path, 'the job', 5)
  expect(existsSync(path)).toBe(false)
  expect(readdirSync(folder)).toHaveLength(2)
  await writeZarr(path, killSchema, cells, killOptions, 'another job')
  expect(readdirSync(folder)).toEqual(['a.zarr'])
}, 30000)

test('a second run of the same job writes only what is missing', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'a.zarr')
  await run(path, 'the job', 20)
  const rest = await run(path, 'the job', 1000)
  expect(rest.at(-1)).toBe('finished')
  expect(rest.length).toBeLessThanOrEqual(64 - 20 + 1)
  expect((await readZarr(path)).cells).toEqual(cells)
}, 30000)
