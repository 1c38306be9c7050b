/** `ecotope graph` and `ecotope view` as a user types them: answers, exit codes, JSON. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scene } from '../../run/test/cubes/scene.ts'
import { runCli } from '../src/cli.ts'

let folder: string
let before: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecotope-graph-'))
  before = process.cwd()
  process.chdir(folder)
  await scene(folder)
  const time = { from: 'name', pattern: '(\\d{8})' }
  const graph = {
    open: {
      process_id: 'open_collection',
      namespace: 'ecotope',
      arguments: { paths: { from_parameter: 'input' }, time },
    },
    stack: {
      process_id: 'stack_layers',
      namespace: 'ecotope',
      arguments: { data: { from_node: 'open' } },
      result: true,
    },
  }
  await writeFile('stack.json', JSON.stringify(graph))
  await writeFile('value.json', JSON.stringify({ a: { process_id: 'add', arguments: { x: 1, y: 2 }, result: true } }))
  await writeFile('bad.json', JSON.stringify({ a: { process_id: 'ad', arguments: { x: 1, y: 2 }, result: true } }))
})
afterEach(async () => {
  process.chdir(before)
  await rm(folder, { recursive: true, force: true })
})

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await runCli(args, {
    application: {
      processes: [],
      publish: () => Promise.reject(new Error()),
      predict: () => Promise.reject(new Error()),
    },
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    signal: new AbortController().signal,
    version: '1.2.3',
  })
  return { code, out, err }
}

describe('graph', () => {
  it('validates', async () => {
    expect(await cli('graph', 'validate', 'stack.json', '--param', 'input=x')).toMatchObject({
      code: 0,
      out: 'stack.json: valid, 2 nodes\n',
    })
    const { code, err } = await cli('graph', 'validate', 'bad.json')
    expect(code).toBe(2)
    expect(err).toMatch(/^error: .*\bad\b/)
    expect(JSON.parse((await cli('graph', 'validate', 'bad.json', '--json')).out)).toMatchObject({
      error: { data: { problems: [{}] } },
    })
  })

  it('explains chunks, memory and bytes', async () => {
    const { code, out } = await cli('graph', 'explain', 'stack.json', '--param', 'input=s2/*.tif', '--memory', '200MB')
    expect(code).toBe(0)
    expect(out).toMatch(/tasks: .*\nmemory: .*200 MB\nreads: /)
    const json = JSON.parse(
      (await cli('graph', 'explain', 'stack.json', '--param', 'input=s2/*.tif', '--json')).out,
    ) as object
    expect(json).toMatchObject({ tasks: 1, nodes: [{ kind: 'source' }] })
  })

  it('runs', async () => {
    const { code, out } = await cli(
      'graph',
      'run',
      'stack.json',
      '--param',
      'input=s2/*.tif',
      '-o',
      'out/s2.tif',
      '--threads',
      '1',
    )
    expect(code).toBe(0)
    expect(out).toMatch(
      /^out\/s2\.tif: done in .*\n\n {2}tasks .*\n {2}memory .*\n {2}STAC item +out\/s2\.tif\.stac\.json\n$/,
    )
    const json = JSON.parse(
      (
        await cli(
          'graph',
          'run',
          'stack.json',
          '--param',
          'input=s2/*.tif',
          '-o',
          's2.zarr',
          '--json',
          '--threads',
          '1',
        )
      ).out,
    ) as object
    expect(json).toMatchObject({ kind: 'cube', path: 's2.zarr', failed: [], warnings: [] })
    expect(await cli('graph', 'run', 'value.json')).toMatchObject({ code: 0, out: '3\n' })
  })

  it('plans without running', async () => {
    const { out } = await cli('graph', 'run', 'stack.json', '--param', 'input=s2/*.tif', '-o', 's2.zarr', '--dry-run')
    expect(out).toMatch(/Nothing was run\.\n$/)
  })

  it.each([
    [['graph'], /needs run, validate or explain/],
    [['graph', 'rnu', 'stack.json'], /needs run, validate or explain/],
    [['graph', 'run'], /needs one process graph/],
    [['graph', 'run', 'stack.json', '-o', 'a.tif'], /parameter input/],
    [['graph', 'run', 'stack.json', '--param', 'input=s2/*.tif'], /needs a place/],
    [['graph', 'run', 'stack.json', '--param', 'input=s2/*.tif', '-o', 'a.doc'], /extension/],
    [['graph', 'run', 'stack.json', '--param', 'input=no/*.tif', '-o', 'a.tif'], /no file matches/],
    [['graph', 'run', 'stack.json', '--on-error', 'maybe'], /not one of: skip, fail/],
    [['view'], /needs a path/],
    [['view', 's2', '--range', '3'], /LOW,HIGH/],
    [['view', 's2', '--ramp', 'rainbow'], /not one of/],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, err } = await cli(...args)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })
})

describe('view', () => {
  it('draws', async () => {
    const { code, out } = await cli(
      'view',
      's2/*.tif',
      '--dates',
      '(\\d{8})',
      '--band',
      'B08',
      '--time',
      '2020-06-11',
      '-o',
      'b.svg',
      '--range=0,4000',
      '--title',
      'Near infrared',
    )
    expect(code).toBe(0)
    expect(out).toMatch(/^b\.svg: B08, \d+ x \d+\n$/)
    expect(await readFile('b.svg', 'utf8')).toContain('>Near infrared</text>')
  })
})

describe('inspect', () => {
  it('lists the layers of a store', async () => {
    await cli('graph', 'run', 'stack.json', '--param', 'input=s2/*.tif', '-o', 's2.zarr', '--threads', '1')
    const { code, out } = await cli('inspect', 's2.zarr')
    expect(code).toBe(0)
    expect(out).toMatch(
      /layer +unit +type +nodata +pixels +size +CRS +dates\n {2}B04 .*uint16 .*40 x 30 .*10 x 10 .*EPSG:32632 +3, 2020-06-01 to 2020-06-21/,
    )
  })
})
