/**
 * Every bad input that a user can bring to `ecotope run recipes/segmentation` and `ecotope predict`: a clear message, exit
 * code 2, no stack trace, nothing half-written; and the odd input that has to work with a warning.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { quickParameters, writeDocsScene } from '../../../tests/scene.ts'
import { type PlainTiff, writePlainTiff } from '../../run/test/tiff.ts'
import { application } from '../src/application.ts'
import { runCli } from '../src/cli.ts'

const recipe = fileURLToPath(new URL('../../../recipes/segmentation', import.meta.url))
const before = process.cwd()
let scene: string
let folder: string

beforeAll(async () => {
  scene = await mkdtemp(join(tmpdir(), 'ecotope-scene-'))
  await writeDocsScene(scene)
})
afterAll(async () => {
  process.chdir(before)
  await rm(scene, { recursive: true, force: true })
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecotope-bad-'))
  await cp(scene, folder, { recursive: true })
  process.chdir(folder)
  onTestFinished(async () => {
    process.chdir(before)
    await rm(folder, { recursive: true, force: true })
  })
})

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await runCli(args, {
    application,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    signal: new AbortController().signal,
    version: '0',
  })
  return { code, out, err }
}

const run = (features: string, labels: string, ...more: string[]) => {
  const split = more.includes('--split') ? quickParameters.slice(2) : quickParameters
  return cli('run', recipe, ...split, '--features', features, '--labels', labels, '--out', 'out/deep', ...more)
}

async function refused(result: Promise<{ code: number; out: string; err: string }>, message: RegExp, files: string[]) {
  const { code, out, err } = await result
  const last = err
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('error: '))
  expect(last.join('\n'), err).toMatch(message)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).not.toContain('    at ')
  expect(new Set(await readdir('.'))).toEqual(new Set(files))
}

const SIDE = 160
// On the docs scene's terrain model.
const at = [754000, 7535000, 5] as const
const ramp = Float32Array.from({ length: SIDE * SIDE }, (_, i) => 100 + (i % SIDE) + Math.floor(i / SIDE) / 7)
const withValue = (value: number, every: number) => ramp.map((v, i) => (i % every === 0 ? value : v))

async function tiff(name: string, changes: Partial<PlainTiff> = {}): Promise<string> {
  await writePlainTiff(name, { width: SIDE, height: SIDE, bands: [ramp], at, epsg: 31983, float: true, ...changes })
  return name
}

type Ring = readonly (readonly [number, number])[]
const square = (west: number, north: number, side: number): Ring => [
  [west, north],
  [west + side, north],
  [west + side, north - side],
  [west, north - side],
  [west, north],
]

async function polygons(name: string, list: readonly { ring: Ring; properties?: object }[]): Promise<string> {
  const features = list.map(({ ring, properties = {} }) => ({
    type: 'Feature',
    properties,
    geometry: { type: 'Polygon', coordinates: [ring] },
  }))
  const crs = { type: 'name', properties: { name: 'urn:ogc:def:crs:EPSG::31983' } }
  await writeFile(name, JSON.stringify({ type: 'FeatureCollection', crs, features }))
  return name
}

const given = ['dem.tif', 'rapideye.tif', 'reference.tif', 'scars.geojson']

describe('rasters', () => {
  it('missing', () => refused(run('none.tif', 'scars.geojson'), /none\.tif does not exist/, given))

  it('no TIFF', async () => {
    await writeFile('text.tif', 'this is no TIFF, although it is long enough for a header')
    await refused(run('text.tif', 'scars.geojson'), /text\.tif/, [...given, 'text.tif'])
  })

  it('truncated', async () => {
    await writeFile('cut.tif', (await readFile('rapideye.tif')).subarray(0, 60_000))
    await refused(run('cut.tif', 'scars.geojson'), /cut\.tif/, [...given, 'cut.tif'])
  })

  it('without CRS, unless one is given', async () => {
    await tiff('bare.tif', { epsg: null })
    const files = [...given, 'bare.tif']
    const bare = run('bare.tif', 'scars.geojson')
    await refused(bare, /coordinate reference system/, files)
    expect((await bare).err).toContain('--crs')
    expect((await run('bare.tif', 'scars.geojson', '--crs', 'EPSG:31983')).code).toBe(0)
  })

  it('in an unknown CRS', async () => {
    await refused(run('dem.tif', 'scars.geojson', '--crs', 'EPSG:99999'), /EPSG:99999/, given)
  })

  it('with a band of nodata only', async () => {
    await tiff('void.tif', { bands: [ramp, ramp.map(() => -1)], nodata: '-1' })
    await refused(run('void.tif', 'scars.geojson'), /nodata|valid/, [...given, 'void.tif'])
  })

  it('that do not overlap', async () => {
    await tiff('far.tif', { at: [854000, 7535000, 5] })
    await refused(run('dem.tif,far.tif', 'scars.geojson'), /overlap/, [...given, 'far.tif'])
  })

  it.each([
    ['NaN', Number.NaN, ''],
    ['infinite values', Infinity, 'warning: '],
  ])('with %s work', async (_, value, warning) => {
    await tiff('odd.tif', { bands: [withValue(value, 97)] })
    const { code, err } = await run('odd.tif', 'scars.geojson')
    expect(code, err).toBe(0)
    expect(err).toContain(warning)
  })
})

describe('polygons', () => {
  const good = square(754100, 7534900, 150)

  it('outside the rasters', async () => {
    await polygons('far.geojson', [{ ring: square(854000, 7535000, 100) }])
    await refused(run('dem.tif', 'far.geojson'), /outside|overlap/, [...given, 'far.geojson'])
  })

  it('none', async () => {
    await polygons('empty.geojson', [])
    await refused(run('dem.tif', 'empty.geojson'), /empty\.geojson has no features/, [...given, 'empty.geojson'])
  })

  it('an empty file', async () => {
    await writeFile('void.geojson', '')
    await refused(run('dem.tif', 'void.geojson'), /void\.geojson is empty/, [...given, 'void.geojson'])
  })

  it('without the property, naming those that are there', async () => {
    const absent = run('dem.tif', 'scars.geojson', '--label-property', 'klass')
    await refused(absent, /klass/, given)
    expect((await absent).err).toMatch(/id.*class|class.*id/s)
  })

  it('of one class only', async () => {
    const list = [{ ring: good, properties: { class: 'scar' } }]
    await polygons('one.geojson', list)
    await refused(
      run('dem.tif', 'one.geojson', '--label-property', 'class', '--param', 'background=ignore'),
      /one value only/,
      [...given, 'one.geojson'],
    )
  })

  it('of a class that is in no test block', async () => {
    await polygons('rare.geojson', [
      { ring: square(754000, 7535000, 700), properties: { class: 'field' } },
      { ring: square(754020, 7534980, 40), properties: { class: 'scar' } },
    ])
    const rare = run('dem.tif', 'rare.geojson', '--label-property', 'class')
    await refused(rare, /scar/, [...given, 'rare.geojson'])
  })

  it('that cross themselves are repaired, with a warning', async () => {
    const bow: Ring = [
      [754100, 7534900],
      [754600, 7534400],
      [754600, 7534900],
      [754100, 7534400],
      [754100, 7534900],
    ]
    await polygons('bow.geojson', [{ ring: bow }])
    const { code, err } = await run('dem.tif', 'bow.geojson')
    expect(code, err).toBe(0)
    expect(err).toContain('repaired')
  })
})

describe('parameters and output', () => {
  it.each([
    ['Did you mean epochs?', 'epoch=3'],
    ['outside the range', 'epochs=0'],
    ['did you mean dice?', 'loss=dise'],
    ['is not a whole number', 'epochs=many'],
  ])('%s', async (words, parameter) => {
    const { code, err } = await cli(
      'run',
      recipe,
      '--features',
      'dem.tif',
      '--labels',
      'scars.geojson',
      '--param',
      parameter,
    )
    expect(err).toContain(words)
    expect(code).toBe(2)
    expect((await readdir('.')).sort()).toEqual(given)
  })

  it('a split of neighbouring pixels has to be asked for by name', async () => {
    const { code, err } = await run('dem.tif', 'scars.geojson', '--split', 'random')
    expect(err).toMatch(/error: .*(split|random)/)
    expect(code).toBe(2)
  })

  it('an output folder below a file', async () => {
    const { code, err } = await cli(
      'run',
      recipe,
      '--features',
      'dem.tif',
      '--labels',
      'scars.geojson',
      '--out',
      'dem.tif/out',
    )
    expect(err).toMatch(/^error: there is a file where a folder is needed/m)
    expect(code).toBe(2)
  })
})

describe('predict', () => {
  it('refuses features with other bands, order or units', async () => {
    const trained = await run('dem.tif,rapideye.tif', 'scars.geojson')
    expect(trained.code, trained.err).toBe(0)
    const predict = (features: string, model = 'out/deep/model') =>
      cli('predict', model, '--features', features, '--out', 'new')
    const files = [...given, 'out']
    await refused(predict('dem.tif'), /trained on/, files)
    await refused(predict('rapideye.tif,dem.tif'), /trained on/, files)
    await refused(predict('dem.tif', 'nowhere'), /nowhere/, files)
    await tiff('feet.tif', { metadata: {} })
    await refused(predict('feet.tif,rapideye.tif'), /trained on/, [...files, 'feet.tif'])
    const again = await predict('dem.tif,rapideye.tif')
    expect(again.code, again.err).toBe(0)
    expect(await readdir('new')).toContain('class.tif')
  }, 120_000)
})
