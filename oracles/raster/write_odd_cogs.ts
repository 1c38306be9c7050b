/** Writes odd COGs with their values for check_odd_cogs.py. Usage: node write_odd_cogs.ts FOLDER. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCrs } from '../../packages/cube/src/crs/crs.ts'
import { DTYPES, newArray, type TypedArray } from '../../packages/cube/src/dtype.ts'
import { type CogSpec, writeCog } from '../../packages/cube/src/geotiff/cog.ts'
import type { OverviewMethod } from '../../packages/cube/src/geotiff/overview.ts'
import type { Affine, DType } from '../../packages/cube/src/types.ts'

const folder = process.argv[2] ?? '.'
mkdirSync(folder, { recursive: true })

interface Given extends Partial<CogSpec> {
  readonly width: number
  readonly height: number
  readonly names?: readonly string[]
  readonly crs?: string
  readonly affine?: Affine
  /** Share of missing cells. */
  readonly holes?: number
}

const manifest: object[] = []
let seed = 1
function random(): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed / 0x7fffffff
}

function valuesOf({ width, height, dtype = 'uint16', nodata, holes = 0 }: Given, bands: number): TypedArray {
  const { isFloat, range } = DTYPES[dtype]
  const [low, high] = isFloat ? [-1000, 1000] : [Math.max(range[0], -1e9), Math.min(range[1], 1e9)]
  const data = newArray(dtype, bands * width * height)
  for (let i = 0; i < data.length; i++) {
    const value = low + random() * (high - low)
    data[i] = isFloat ? value : Math.round(value)
    if (random() < holes) data[i] = isFloat ? Number.NaN : nodata!
  }
  return data
}

async function write(name: string, given: Given): Promise<void> {
  const { names = ['B1'], crs = 'EPSG:32632', affine = [10, 0, 5e5, 0, -10, 56e5], holes: _, ...rest } = given
  const { width, height, dtype = 'uint16', ...spec } = rest
  const data = valuesOf(given, names.length)
  const grid = { crs: parseCrs(crs), affine, width, height }
  const bands = names.map((band) => ({ name: band }))
  await writeCog(join(folder, `${name}.tif`), { blockSize: 64, ...spec, grid, dtype, bands }, async (window) => {
    const out = newArray(dtype, names.length * window.width * window.height)
    for (let r = 0; r < names.length * window.height; r++) {
      const [band, row] = [Math.floor(r / window.height), r % window.height]
      const at = (band * height + window.row + row) * width + window.column
      out.set(data.subarray(at, at + window.width) as never, r * window.width)
    }
    return out
  })
  writeFileSync(join(folder, `${name}.raw`), new Uint8Array(data.buffer))
  const { scale, offset, metadata = {}, overviews = DTYPES[dtype].isFloat ? 'average' : 'nearest' } = spec
  const nodata = spec.nodata === undefined ? null : String(spec.nodata)
  manifest.push({ name, width, height, dtype, names, crs, affine, scale, offset, metadata, overviews, nodata })
}

const SHAPES = [
  [1, 1],
  [1, 300],
  [300, 1],
  [2, 2],
  [257, 255],
  [16, 4000],
] as const
for (const [width, height] of SHAPES) await write(`shape_${width}x${height}`, { width, height })
for (const dtype of Object.keys(DTYPES) as DType[]) {
  for (const compression of ['deflate', 'zstd', 'none'] as const) {
    for (const predictor of DTYPES[dtype].isFloat ? ([1, 2, 3] as const) : ([1, 2] as const)) {
      const name = `type_${dtype}_${compression}_${predictor}`
      await write(name, { width: 150, height: 140, names: ['a', 'b', 'c'], dtype, compression, predictor })
    }
  }
  for (const overviews of ['average', 'nearest'] as OverviewMethod[]) {
    await write(`${overviews}_${dtype}`, { width: 256, height: 128, dtype, overviews })
    const nodata = DTYPES[dtype].isFloat ? -9999 : DTYPES[dtype].range[0]
    await write(`${overviews}_${dtype}_holes`, { width: 256, height: 128, dtype, overviews, nodata, holes: 0.3 })
  }
}
for (const overviews of ['average', 'nearest', 'mode'] as OverviewMethod[]) {
  for (const [width, height] of [
    [1201, 903],
    [1201, 896],
    [1024, 903],
  ] as const) {
    for (const dtype of ['uint8', 'int16', 'float32'] as const) {
      // No mean is near nodata and no window of int16 all missing, of which GDAL makes nodata a value, and 0.
      const [nodata, holes] = [{ uint8: 0, int16: -32768, float32: -9999 }[dtype], overviews === 'mode' ? 0.05 : 0.3]
      await write(`${overviews}_${width}x${height}_${dtype}`, { width, height, dtype, overviews, nodata, holes })
      const name = `${overviews}_${width}x${height}_${dtype}_full`
      if (width % 2 === 1) await write(name, { width, height, dtype, overviews, names: ['a', 'b'] })
    }
  }
}
for (const nodata of [Number.NaN, 0, Infinity, -3.4028234663852886e38, 1e20]) {
  await write(`nodata_${nodata}`.replace('+', ''), { width: 128, height: 64, dtype: 'float32', nodata, holes: 0.3 })
}
await write('many_bands', {
  width: 32,
  height: 32,
  blockSize: 16,
  names: Array.from({ length: 300 }, (_, i) => `b${i}`),
})
await write('texts', {
  ...{ width: 100, height: 100, names: ['red "<é>"', 'a&b', 'c'], scale: [1e-4, 2, 1], offset: [0, -5, 0.1] },
  metadata: { A: 'b & <c>', 'K Y': 'ü\n2' },
})
await write('rotated', { width: 100, height: 90, affine: [8, 3, 5e5, 4, -9, 56e5] })
await write('flipped', { width: 100, height: 90, affine: [8, 0, 5e5, 0, 9, 56e5] })
await write('big', { width: 300, height: 300, bigTiff: true })
const SYSTEMS = ['moll', 'eck4', 'sinu', 'laea +lat_0=10', 'aeqd +lat_0=54', 'ortho +lat_0=54', 'robin', 'igh']
for (const [i, system] of SYSTEMS.entries()) {
  await write(`system_${i}`, { width: 70, height: 70, crs: `+proj=${system} +lon_0=10 +datum=WGS84 +units=m +no_defs` })
}
for (const code of [8857, 2056, 3995, 5070, 4258, 27700]) {
  await write(`system_${code}`, { width: 70, height: 70, crs: `EPSG:${code}` })
}
writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
