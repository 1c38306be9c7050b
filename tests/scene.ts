/** The small scene beside which documentation examples run: simulated, 160 x 160 pixels, the same on every machine. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '@ecotope/core'
import { type CogSpec, openRaster, parseCrs, rasterise, readPolygons, transformFeatures, writeCog } from '@ecotope/cube'
import { makeLandslideScene } from '@ecotope/run'

/** As little work as a run can do on this scene; what docs examples marked `quick` are run with. */
export const quickParameters = [
  ...['--split', 'blocks:32:checkerboard'],
  ...['tile=32', 'epochs=1', 'stepsPerEpoch=2', 'members=1', 'width=8', 'depth=2', 'margin=200'].flatMap((text) => [
    '--param',
    text,
  ]),
]

/** Writes dem.tif, rapideye.tif, scars.geojson and reference.tif (0 other, 1 landslide) into a folder. */
export async function writeDocsScene(folder: string): Promise<void> {
  const files = await makeLandslideScene(folder, { seed: 1, size: 160 })
  const dem = await openRaster(files.dem)
  const { grid } = dem
  await dem.close()
  const { features } = await readPolygons(files.scars)
  const classes = Uint8Array.from(rasterise(transformFeatures(features, grid.crs), grid, { value: () => 1 }))
  await writeCog(
    join(folder, 'reference.tif'),
    {
      grid,
      bands: [{ name: 'class' }],
      dtype: 'uint8',
      nodata: 255,
      overviews: 'none',
      metadata: { CLASS_NAMES: '["other","landslide"]' },
    },
    async ({ column, row, width, height }) => {
      const out = new Uint8Array(width * height)
      for (let r = 0; r < height; r++) {
        const from = (row + r) * grid.width + column
        out.set(classes.subarray(from, from + width), r * width)
      }
      return out
    },
  )
}

const DATES = ['20200605', '20200615', '20200625', '20200705', '20200725', '20200804']

/** Writes one band of one date; `value` gives stored numbers by column and row. */
function writeBand(
  path: string,
  resolution: number,
  spec: Pick<CogSpec, 'dtype' | 'scale' | 'nodata'>,
  value: (column: number, row: number) => number,
): Promise<void> {
  const size = 1280 / resolution
  const grid = {
    crs: parseCrs('EPSG:32632'),
    affine: [resolution, 0, 600000, 0, -resolution, 5200000] as const,
    width: size,
    height: size,
  }
  return writeCog(
    path,
    { grid, bands: [{ name: 'band1' }], overviews: 'none', ...spec },
    ({ column, row, ...window }) =>
      Promise.resolve(
        Uint16Array.from({ length: window.width * window.height }, (_, i) =>
          value(column + (i % window.width), row + Math.floor(i / window.width)),
        ),
      ),
  )
}

/**
 * Writes s2/S2_DATE_BAND.tif for six dates: B04 and B08 (10 m, reflectance x 10000), B11 and the classes SCL (20 m), and
 * fields.geojson: what the pages on cubes work with.
 */
export async function writeDocsCube(folder: string): Promise<void> {
  mkdirSync(join(folder, 's2'), { recursive: true })
  const reflectance = { dtype: 'uint16', scale: 0.0001, nodata: 0 } as const
  for (const [t, date] of DATES.entries()) {
    const path = (band: string): string => join(folder, 's2', `S2_${date}_${band}.tif`)
    const wave = (column: number, row: number): number => 400 * Math.sin(column / 17) * Math.cos(row / 11)
    await writeBand(path('B04'), 10, reflectance, (c, r) => 700 + wave(c, r) - 40 * t)
    await writeBand(path('B08'), 10, reflectance, (c, r) => 2600 - wave(c, r) + 200 * t)
    await writeBand(path('B11'), 20, reflectance, (c, r) => 1500 + wave(2 * c, 2 * r))
    await writeBand(path('SCL'), 20, { dtype: 'uint8' }, (c, r) => (Math.hypot(c - 8 * t, r - 20) < 9 ? 9 : 4))
  }
  const ring = (west: number, north: number): number[][] =>
    [
      [0, 0],
      [300, 0],
      [300, -260],
      [0, -260],
      [0, 0],
    ].map(([x, y]) => [west + x!, north + y!])
  const feature = (name: string, west: number, north: number) => ({
    type: 'Feature',
    properties: { name },
    geometry: { type: 'Polygon', coordinates: [ring(west, north)] },
  })
  const collection = {
    type: 'FeatureCollection',
    crs: { type: 'name', properties: { name: 'urn:ogc:def:crs:EPSG::32632' } },
    features: [feature('north', 600205, 5199815), feature('south', 600600, 5199300)],
  }
  writeFileSync(join(folder, 'fields.geojson'), JSON.stringify(collection))
}

/** One data set of a made-up climate: nino34 drives rain two months later, rain drives ndvi one month later. */
function climate(seed: string, months: number): string {
  const noise = random(7).split(seed)
  const [nino, rain, ndvi] = [0, 1, 2].map(() => Float64Array.from({ length: months }, () => noise.normal())) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let t = 2; t < months; t++) {
    nino[t] = nino[t]! + 0.8 * nino[t - 1]!
    rain[t] = rain[t]! + 0.2 * rain[t - 1]! + 0.5 * nino[t - 2]!
    ndvi[t] = ndvi[t]! + 0.5 * ndvi[t - 1]! + 0.6 * rain[t - 1]!
  }
  const month = (t: number): string => `${1981 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, '0')}`
  const rows = Array.from({ length: months }, (_, t) =>
    [month(t), ...[nino, rain, ndvi].map((column) => column[t]!.toFixed(4))].join(','),
  )
  return `month,nino34,rain,ndvi\n${rows.join('\n')}\n`
}

/** Writes climate.csv (30 years), a.csv, b.csv, c.csv (10 years each) and elevation.csv: what pages on causes work with. */
export function writeDocsSeries(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'climate.csv'), climate('climate', 360))
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `${name}.csv`), climate(name, 120))
  writeFileSync(join(folder, 'elevation.csv'), 'elevation\n120\n860\n2300\n')
}
