/** Views and inspections of files, folders and catalogues. */
import { mkdir, readdir, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isCubePath } from '../../src/cubes/inspect-cube.ts'
import { namePattern, viewFile } from '../../src/cubes/view.ts'
import { inspect } from '../../src/inspect.ts'
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

const time = namePattern('(\\d{8})')

describe('viewFile', () => {
  it('draws the first layer of files of several dates', async () => {
    const viewed = await viewFile('s2/*.tif', { request: { time }, out: 'x/a.svg' })
    expect(viewed).toMatchObject({ path: 'x/a.svg', bands: ['B04'] })
    expect(await readFile('x/a.svg', 'utf8')).toContain('2020-06-11')
  })

  it('draws what is asked for, under the name of the input', async () => {
    const viewed = await viewFile('s2', { request: { time }, bands: ['B08'], plot: { time: '2020-06-21' } })
    expect(viewed).toMatchObject({ path: 's2.png', bands: ['B08'] })
    const png = await readFile('s2.png')
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(await viewFile('s2/*.tif', { request: { time } })).toMatchObject({ path: 's2.png' })
    expect(await viewFile('s2/*B04*.tif', { request: { time } })).toMatchObject({ path: 'B04.png' })
  })

  it('draws features by a property', async () => {
    const square = (x: number) => [[[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]]] // biome-ignore format: short
    const features = [10, 20].map((deep, i) => ({
      type: 'Feature',
      properties: { id: i, deep, kind: `kind ${i}` },
      geometry: { type: 'Polygon', coordinates: square(2 * i) },
    }))
    await writeFile('lakes.geojson', JSON.stringify({ type: 'FeatureCollection', features }))
    expect(await viewFile('lakes.geojson')).toMatchObject({ path: 'lakes.png', bands: ['deep'] })
    await viewFile('lakes.geojson', { bands: ['kind'], out: 'lakes.svg' })
    expect(await readFile('lakes.svg', 'utf8')).toContain('kind 1')
    await expect(viewFile('lakes.geojson', { bands: ['deeb'] })).rejects.toMatchObject({ tag: 'NoBand' })
  })

  it.each(['png', 'svg'])('refuses what a .%s cannot take the place of before anything is read', async (extension) => {
    const out = `taken.${extension}`
    const refused = async (tag: string): Promise<void> => {
      const onProgress = vi.fn()
      await expect(viewFile('s2', { request: { time }, out, onProgress })).rejects.toMatchObject({ tag })
      expect(onProgress).not.toHaveBeenCalled()
    }
    await mkdir(out)
    await refused('IsFolder')
    await rmdir(out)
    await symlink('/dev/null', out)
    await refused('NotAFile')
    await rm(out)
    await writeFile(out, 'kept', { mode: 0o444 })
    // The administrator may write anything.
    if (process.getuid?.() !== 0) await refused('CannotWrite')
    expect((await readdir('.')).filter((name) => name.includes('taken'))).toEqual([out])
  })

  it('refuses other formats and unknown bands', async () => {
    await expect(viewFile('s2', { out: 'a.jpg' })).rejects.toMatchObject({ tag: 'BadOutput' })
    await expect(viewFile('s2', { bands: ['B99'], request: { time } })).rejects.toMatchObject({ tag: 'NoLayer' })
  })
})

describe('inspect', () => {
  it('shows the layers of stores beside rasters', async () => {
    const { runGraphFile } = await import('../../src/cubes/graph-run.ts')
    const { writeFile } = await import('node:fs/promises')
    const graph = {
      open: { process_id: 'open_collection', namespace: 'ecotope', arguments: { paths: 's2/*.tif', time } },
      stack: {
        process_id: 'stack_layers',
        namespace: 'ecotope',
        arguments: { data: { from_node: 'open' } },
        result: true,
      },
    }
    await writeFile('g.json', JSON.stringify(graph))
    const { loadProgram } = await import('../../src/cubes/program.ts')
    await runGraphFile(await loadProgram('g.json'), { out: 's2.zarr', threads: 1 })
    const { inputs, problems } = await inspect(['s2.zarr', 's2.zarr.stac.json', 's2/20200601_B04.tif'], {
      statistics: false,
    })
    expect(inputs.map(({ kind }) => kind)).toEqual(['cube', 'cube', 'raster'])
    expect(problems).toEqual([])
    const [store] = inputs
    if (store?.kind !== 'cube') throw new Error('no cube')
    expect(store.layers.map(({ name, times, width }) => [name, times.count, width])).toEqual([
      ['B04', 3, 40],
      ['B08', 3, 40],
    ])
    expect(store.layers[0]!.crs).toContain('EPSG:32632')
  })

  it('knows what a cube is', async () => {
    expect(await isCubePath(join('s2', '20200601_B04.tif'))).toBe(false)
    expect(await isCubePath('nothing.nc')).toBe(false)
    expect(await isCubePath('https://example.org/stac')).toBe(true)
  })
})
