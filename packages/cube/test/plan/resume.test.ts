/** Runs that were stopped and go on: only with inputs as they were, and with what could not be read in mind. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SinkFormat } from '../../src/execute/sink.ts'
import { sinkFor } from '../../src/format/formats.ts'
import { evaluateGraph } from '../../src/graph/evaluate.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { saveGraph } from '../../src/plan/save.ts'
import type { CubeValue, ProcessGraph } from '../../src/process/row.ts'
import { temporaryFolder } from '../temporary.ts'
import { sampleCells, sampleSchema, writeZarr } from '../zarr/samples.ts'

const CHUNK = 128
const schema = sampleSchema({ width: 1024, height: 1024, packing: { dtype: 'uint16', scale: 1, offset: 0, nodata: 0 } })
const plusOne = { process_graph: { a: { process_id: 'add', arguments: { x: { from_parameter: 'x' }, y: 1 }, result: true } } } // biome-ignore format: a callback
const graph: ProcessGraph = {
  load: { process_id: 'load_uploaded_files', arguments: { paths: ['in.zarr'], format: null } },
  apply: { process_id: 'apply', arguments: { data: { from_node: 'load' }, process: plusOne }, result: true },
}

async function inputFolder(): Promise<string> {
  const folder = await temporaryFolder()
  const shape = { y: CHUNK, x: CHUNK }
  await writeZarr(join(folder, 'in.zarr'), schema, sampleCells(schema), { chunks: shape, shards: shape })
  return folder
}

const chunk = (folder: string, name: string): string => join(folder, 'in.zarr/data/c', name)

const optionsFor = (folder: string, out: string) => ({
  folder,
  sink: sinkFor(out),
  workers: 1,
  budgetBytes: 12_000_000,
  ...(out.endsWith('.zarr') ? { formatOptions: { chunks: { y: 256, x: 256 }, shards: { y: 512, x: 512 } } } : {}),
})

/** Saves and stops after the first task. */
async function stopped(folder: string, out: string, more: object = {}): Promise<void> {
  const controller = new AbortController()
  const run = saveGraph(graph, out, {
    ...optionsFor(folder, out),
    ...more,
    signal: controller.signal,
    onProgress: ({ step, fraction = 0 }) => {
      if (step === 'save' && fraction > 0.2) controller.abort()
    },
  })
  await expect(run).rejects.toMatchObject({ tag: 'Cancelled' })
}

async function cellsOf(path: string): Promise<number[]> {
  const { value, close } = await evaluateGraph({ load: { ...graph.load!, arguments: { paths: [path], format: null }, result: true } }) // biome-ignore format: a graph
  const { data } = await computeCube((value as CubeValue).node)
  await close()
  return Array.from(data)
}

describe.each(['out.zarr', 'out.tif'])('%s', (name) => {
  test('goes on where inputs are as they were', async () => {
    const folder = await inputFolder()
    const out = join(folder, name)
    await stopped(folder, out)
    const saved = await saveGraph(graph, out, optionsFor(folder, out))
    expect(saved.resumed).toBeGreaterThan(0)
  })

  test('starts anew where a chunk of a store has been written since', async () => {
    const folder = await inputFolder()
    const out = join(folder, name)
    await stopped(folder, out)
    // The folder of the store itself is as it was.
    await writeFile(chunk(folder, '0/0'), await readFile(chunk(folder, '3/5')))
    const saved = await saveGraph(graph, out, optionsFor(folder, out))
    expect(saved.resumed).toBe(0)
    const fresh = join(folder, `fresh-${name}`)
    await saveGraph(graph, fresh, optionsFor(folder, fresh))
    expect(await cellsOf(out)).toEqual(await cellsOf(fresh))
  })

  test('chunks that the stopped run could not read are in the list of the one that ends', async () => {
    const folder = await inputFolder()
    const out = join(folder, name)
    await writeFile(chunk(folder, '0/1'), 'damage')
    await writeFile(chunk(folder, '7/7'), 'damage')
    await stopped(folder, out, { onError: 'skip' })
    const { failed } = await saveGraph(graph, out, { ...optionsFor(folder, out), onError: 'skip' })
    expect(failed.map((one) => one.chunk.slice(-2).join('/')).sort()).toEqual(['0/1', '7/7'])
    expect(JSON.parse(await readFile(`${out}.failed.json`, 'utf8'))).toEqual(failed)
  })
})

test('starts anew where a file that the graph names is another', async () => {
  const folder = await inputFolder()
  const out = join(folder, 'out.zarr')
  const code = (y: number): string =>
    `export const apply = (cube) => ({ ...cube, data: cube.data.map((v) => v + ${y}) })\n`
  const udf = { process_id: 'run_udf', arguments: { data: { from_parameter: 'data' }, udf: 'add.js', runtime: 'JavaScript' }, result: true } // biome-ignore format: a node
  const size = ['x', 'y'].map((dimension) => ({ dimension, value: 256, unit: 'px' }))
  const named: ProcessGraph = {
    load: graph.load!,
    udf: { process_id: 'apply_neighborhood', arguments: { data: { from_node: 'load' }, size, process: { process_graph: { udf } } }, result: true }, // biome-ignore format: a node
  }
  const jobs: string[] = []
  const own = sinkFor(out)
  const sink: SinkFormat = {
    ...own,
    create: (path, of, options) => {
      jobs.push(options.job)
      return own.create(path, of, options)
    },
  }
  for (const y of [1, 10]) {
    await writeFile(join(folder, 'add.js'), code(y))
    await saveGraph(named, out, { ...optionsFor(folder, out), sink, dryRun: true })
  }
  expect(new Set(jobs).size).toBe(2)
})

test('an output that the graph names is no input and can be replaced', async () => {
  const folder = await inputFolder()
  const out = join(folder, 'out.tif')
  const save = { data: { from_node: 'apply' }, format: 'GTiff', options: { filename: 'out.tif' } }
  const { result: _, ...apply } = graph.apply!
  const saving: ProcessGraph = { ...graph, apply, save: { process_id: 'save_result', arguments: save, result: true } }
  await saveGraph(saving, out, optionsFor(folder, out))
  const before = await cellsOf(out)
  await saveGraph(saving, out, optionsFor(folder, out))
  expect(await cellsOf(out)).toEqual(before)
})
