/** Process graphs from files: parameters, problems, every kind of result, resuming, STAC items beside outputs. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledError, type Warning } from '@ecotope/core'
import { openCollection, sinkFor, stackLayers } from '@ecotope/cube'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { explainGraphFile, runGraphFile } from '../../src/cubes/graph-run.ts'
import { graphProblems, loadProgram, parameterValues } from '../../src/cubes/program.ts'
import { temporaryFolder } from '../temporary.ts'
import { scene } from './scene.ts'

let folder: string
let before: string
beforeEach(async () => {
  folder = await temporaryFolder()
  before = process.cwd()
  process.chdir(folder)
  await scene(folder)
})
afterEach(() => {
  process.chdir(before)
})

const element = (label: string) => ({
  process_id: 'array_element',
  arguments: { data: { from_parameter: 'data' }, label },
})
const ndviGraph = {
  open: {
    process_id: 'open_collection',
    namespace: 'ecotope',
    arguments: { paths: { from_parameter: 'input' }, time: { from: 'name', pattern: '(\\d{8})' } },
  },
  stack: { process_id: 'stack_layers', namespace: 'ecotope', arguments: { data: { from_node: 'open' } } },
  ndvi: {
    process_id: 'reduce_dimension',
    arguments: {
      data: { from_node: 'stack' },
      dimension: 'bands',
      reducer: {
        process_graph: {
          nir: element('B08'),
          red: element('B04'),
          nd: {
            process_id: 'normalized_difference',
            arguments: { x: { from_node: 'nir' }, y: { from_node: 'red' } },
            result: true,
          },
        },
      },
    },
    result: true,
  },
}
const parameters = [{ name: 'input', description: 'Files.', schema: { type: 'string' } }]

async function program(json: unknown, name = 'ndvi.json') {
  await writeFile(join(folder, name), JSON.stringify(json))
  return loadProgram(name)
}
const ndvi = () => program({ id: 'ndvi', parameters, process_graph: ndviGraph })
const input = { parameters: { input: 's2/*.tif' } }

/** The bytes of a file with its last 300, which hold pixels, made zero. */
async function damaged(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path)
  return bytes.fill(0, bytes.length - 300)
}

/** (nir - red) / (nir + red) of the scene. */
const expected = (t: number, y: number, x: number): number => 1000 / (3000 + 2 * (100 * t + x + y))

describe('programs', () => {
  it('are checked with all their problems', async () => {
    expect(graphProblems((await ndvi()).program)).toEqual([])
    const broken = await program({
      a: { process_id: 'mena', arguments: {}, result: true },
      b: { process_id: 'add', arguments: { x: 1 } },
    })
    const tags = graphProblems(broken.program).map(({ tag }) => tag)
    expect(tags.length).toBeGreaterThanOrEqual(2)
  })

  it('that are none are refused', async () => {
    await writeFile('a.json', '{')
    await expect(loadProgram('a.json')).rejects.toMatchObject({ tag: 'BadJson' })
    await expect(loadProgram('b.json')).rejects.toMatchObject({ tag: 'MissingFile' })
    await expect(program({ title: 'x' })).rejects.toMatchObject({
      tag: 'ProcessGraphMissing',
      message: expect.stringMatching(/^ndvi\.json: /) as string,
    })
    await expect(loadProgram('.')).rejects.toMatchObject({
      tag: 'UnreadableFile',
      message: '. is a folder, not a file',
    })
  })

  it('take parameters as JSON, or as text where they are texts', async () => {
    const loaded = await program({
      process_graph: ndviGraph,
      parameters: [...parameters, { name: 'year', schema: { type: 'integer' } }],
    })
    expect(parameterValues(loaded.program, { input: '2020', year: '2020' })).toEqual({ input: '2020', year: 2020 })
    expect(() => parameterValues(loaded.program, { yaer: '1' })).toThrow(
      expect.objectContaining({ tag: 'UnknownParameter', hint: 'did you mean year?' }),
    )
    const bare = await program(ndviGraph)
    expect(parameterValues(bare.program, { a: '[1,2]', b: 'x' })).toEqual({ a: [1, 2], b: 'x' })
  })
})

describe('cubes', () => {
  it.each(['zarr', 'tif', 'nc'])('are saved as .%s with a STAC item that opens them', async (extension) => {
    const out = `out/ndvi.${extension}`
    const run = await runGraphFile(await ndvi(), { ...input, out, threads: 1 })
    expect(run).toMatchObject({
      kind: 'cube',
      path: out,
      item: `${out}.stac.json`,
      saved: { failed: [], resumed: 0 },
    })
    const item = JSON.parse(await readFile(`${out}.stac.json`, 'utf8')) as Record<string, Record<string, unknown>>
    expect(item.properties!['processing:expression']).toEqual({
      format: 'openeo',
      expression: { process_graph: ndviGraph },
    })
    expect((item.links as unknown as { href: string }[]).map(({ href }) => href)).toContain('../s2/20200601_B04.tif')
    const set = await openCollection({ paths: `${out}.stac.json` })
    const node = stackLayers(set)
    const last = node.schema.dims.at(-1)!
    expect(last.labels).toHaveLength(40)
    await set.close()
    expect((await readdir('out')).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('are the numbers that they should be', async () => {
    await runGraphFile(await ndvi(), { ...input, out: 'out/ndvi.json', threads: 2 })
    const { data } = JSON.parse(await readFile('out/ndvi.json', 'utf8')) as { data: number[][][] }
    for (const [t, y, x] of [
      [0, 0, 0],
      [1, 5, 7],
      [2, 29, 39],
    ] as const) {
      expect(data[t]![y]![x]).toBeCloseTo(expected(t, y, x), 6)
    }
  })

  it('leave out damaged files where that is asked for, and the list of what is missing goes with a good run', async () => {
    const files = (await readdir('s2')).map((name) => join('s2', name))
    const before = await readFile(files[0]!)
    await writeFile(files[0]!, before.subarray(0, 60))
    await writeFile(files[3]!, await damaged(files[3]!))
    const out = 'skipped.tif'
    const told: string[] = []
    const skipping = {
      ...input,
      out,
      threads: 1,
      onError: 'skip',
      onWarning: ({ tag }: Warning) => told.push(tag),
    } as const
    await expect(runGraphFile(await ndvi(), { ...input, out })).rejects.toMatchObject({ tag: 'TruncatedFile' })
    const run = await runGraphFile(await ndvi(), skipping)
    expect(told).toEqual(['TruncatedFile'])
    expect(run).toMatchObject({ saved: { failed: [{ path: expect.stringContaining(files[3]!) as string }] } })
    expect(await readdir('.')).toContain(`${out}.failed.json`)
    await rm('s2', { recursive: true })
    await scene(folder)
    await runGraphFile(await ndvi(), { ...input, out, threads: 1 })
    expect(await readdir('.')).not.toContain(`${out}.failed.json`)
  })

  it('are drawn', async () => {
    const run = await runGraphFile(await ndvi(), { ...input, out: 'a.svg' })
    expect(run.kind).toBe('picture')
    expect(await readFile('a.svg', 'utf8')).toContain('>ndvi</text>')
  })

  it.each([
    ['out.zarr', /out.zarr is kept, and the same command goes on/],
    ['out.tif', /goes on where it stopped/],
    ['out.nc', /nothing is written, and the same command starts anew/],
    ['out.npy', /starts anew/],
    ['out.png', /starts anew/],
  ])('that are stopped on their way to %s say what the same command will do', async (out, message) => {
    const stop = new AbortController()
    stop.abort()
    const run = runGraphFile(await ndvi(), { ...input, out, signal: stop.signal })
    await expect(run).rejects.toBeInstanceOf(CancelledError)
    await expect(run).rejects.toThrow(message)
    expect(await readdir(folder)).not.toContain(out)
  })

  it('are planned without a trace', async () => {
    const run = await runGraphFile(await ndvi(), { ...input, out: 'out/ndvi.zarr', dryRun: true, threads: 2 })
    expect(run).toMatchObject({ kind: 'plan', plan: { workers: 2 } })
    expect(await readdir(folder)).not.toContain('out')
    const plan = await explainGraphFile(await ndvi(), { ...input, memoryBytes: 64e6 })
    expect(plan.budgetBytes).toBe(64e6)
    expect(plan.leastDecodedBytes).toBeGreaterThan(0)
  })

  it('need a place that can be written to', async () => {
    await expect(runGraphFile(await ndvi(), input)).rejects.toMatchObject({ tag: 'MissingOption' })
    await expect(runGraphFile(await ndvi(), { ...input, out: 'a.xyz' })).rejects.toMatchObject({ tag: 'UnknownFormat' })
  })

  it.each(['png', 'svg', 'json'])(
    'are refused before they are computed where a .%s has no place',
    async (extension) => {
      await mkdir(`folder.${extension}`)
      await symlink('/dev/null', `device.${extension}`)
      await writeFile(`kept.${extension}`, 'kept', { mode: 0o444 })
      await mkdir('shut', { mode: 0o555 })
      const tags = {
        folder: 'IsFolder',
        device: 'NotAFile',
        'ndvi.json/folder/a': 'CannotWrite',
        kept: 'CannotWrite',
        'shut/a': 'CannotWrite',
        'shut/folder/a': 'CannotWrite',
      }
      for (const [name, tag] of Object.entries(tags)) {
        // The administrator may write anything.
        if (/kept|shut/.test(name) && process.getuid?.() === 0) continue
        const onProgress = vi.fn()
        const run = runGraphFile(await ndvi(), { ...input, out: `${name}.${extension}`, onProgress })
        await expect(run).rejects.toMatchObject({ tag })
        expect(onProgress).not.toHaveBeenCalled()
      }
      expect(await readFile(`kept.${extension}`, 'utf8')).toBe('kept')
    },
  )

  it.each(['PNG', 'SVG', 'GTiff', 'netCDF', 'Zarr'])('have no options that %s does not have', async (format) => {
    const { ndvi: last, ...before } = ndviGraph
    const { result: _, ...made } = last
    const save = {
      process_id: 'save_result',
      arguments: { data: { from_node: 'ndvi' }, format, options: { wdith: 3 } },
    }
    const saved = await program({
      parameters,
      process_graph: { ...before, ndvi: made, save: { ...save, result: true } },
    })
    const [extension] = sinkFor('', format).extensions
    await expect(runGraphFile(saved, { ...input, out: `a${extension}` })).rejects.toMatchObject({ tag: 'BadOption' })
    expect(await readdir('.')).toEqual(['ndvi.json', 's2'])
  })
})

describe('values', () => {
  const add = { add: { process_id: 'add', arguments: { x: 1, y: { from_parameter: 'y' } }, result: true } }

  it('are given back, and written as JSON', async () => {
    expect(await runGraphFile(await program(add), { parameters: { y: 2 } })).toMatchObject({ kind: 'value', value: 3 })
    await runGraphFile(await program(add), { parameters: { y: 2 }, out: 'v/three.json' })
    expect(JSON.parse(await readFile('v/three.json', 'utf8'))).toBe(3)
    await expect(runGraphFile(await program(add), { parameters: { y: 2 }, out: 'three.tif' })).rejects.toMatchObject({
      tag: 'FormatUnsuitable',
    })
    // Before anything is computed: the file is not there, which would be found first.
    const { ndvi: last, ...before } = ndviGraph
    const labels = { process_id: 'dimension_labels', arguments: { data: { from_node: 'ndvi' }, dimension: 't' } }
    const save = {
      process_id: 'save_result',
      arguments: { data: { from_node: 'labels' }, format: 'GTiff' },
      result: true,
    }
    const { result: _, ...ndviNode } = last
    const listed = await program({ parameters, process_graph: { ...before, ndvi: ndviNode, labels, save } })
    const missing = { parameters: { input: 'none.tif' } }
    await expect(runGraphFile(listed, { ...missing, out: 'labels.tif' })).rejects.toMatchObject({
      tag: 'FormatUnsuitable',
    })
    await expect(runGraphFile(listed, { ...missing, out: 'labels.json' })).rejects.toMatchObject({ tag: 'MissingFile' })
    await expect(explainGraphFile(await program(add), { parameters: { y: 2 } })).rejects.toMatchObject({
      tag: 'NotACube',
    })
  })

  it('of processes that come with the graph are computed', async () => {
    const twice = {
      id: 'twice',
      parameters: [{ name: 'x', description: '', schema: { type: 'number' } }],
      process_graph: { m: { process_id: 'multiply', arguments: { x: { from_parameter: 'x' }, y: 2 }, result: true } },
    }
    const own = {
      process_graph: { t: { process_id: 'twice', arguments: { x: 21 }, result: true } },
      processes: [twice],
    }
    expect(await runGraphFile(await program(own), {})).toMatchObject({ value: 42 })
  })
})
