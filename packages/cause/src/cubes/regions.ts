/** Cubes as series of regions, and links of regions as maps. */
import { InputError, type WorkOptions } from '@ecotope/core'
import type { Cube, Dimension, Features } from '@ecotope/cube'
import type { Discovery } from '../discovery/graph.ts'
import { type TimeSeries, timeSeries } from '../series/series.ts'
import { type Modes, type ModesOptions, modesOf } from './modes.ts'

export interface RegionOptions extends WorkOptions {
  /** Property that names a feature; default: `name` or `id`, else its number. */
  readonly name?: string
  /** Statistic over the pixels of a region, each by the area that is covered; default `mean`. */
  readonly statistic?: 'mean' | 'sum' | 'median' | 'min' | 'max'
}

export interface RegionSeries {
  /** A data set for each region, with a column for each band. */
  readonly byRegion: TimeSeries
  /** One data set, with a column for each region and band (`Baidoa NDVI`, or `Baidoa` where there is one band). */
  readonly joint: TimeSeries
  readonly regions: readonly string[]
  readonly times: readonly string[]
}

interface Shape {
  readonly times: readonly string[]
  readonly bands: readonly string[]
  /** Plane of a time and band. */
  plane(t: number, band: number): number
}

/**
 * Series of regions (districts, catchments) from a cube of time, bands, y and x. Throws `InputError`: BadCube, DuplicateName,
 * and those of zonal statistics.
 */
export async function regionSeries(cube: Cube, features: Features, options: RegionOptions = {}): Promise<RegionSeries> {
  const { times, bands, plane } = shapeOfSeries(cube)
  const regions = features.features.map(({ properties }, k) => nameOf(properties, k, options.name))
  const { statistic = 'mean', signal, onProgress } = options
  const table = await cube.zonal(features, {
    statistics: [statistic],
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  })
  const column = (region: number, band: number): Float64Array =>
    Float64Array.from(times, (_, t) => table.values[region * table.planes + plane(t, band)]!)
  const columns = regions.map((_, region) => bands.map((__, band) => column(region, band)))
  return {
    byRegion: timeSeries(
      columns.map((list) => ({ columns: list })),
      { names: bands },
    ),
    joint: timeSeries(
      { columns: columns.flat() },
      { names: regions.flatMap((region) => bands.map((band) => (bands.length === 1 ? region : `${region} ${band}`))) },
    ),
    regions,
    times,
  }
}

function nameOf(properties: Readonly<Record<string, unknown>>, k: number, wanted: string | undefined): string {
  const keys = wanted === undefined ? ['name', 'NAME', 'Name', 'id', 'ID'] : [wanted]
  const found = keys.map((key) => properties[key]).find((value) => value !== undefined && value !== null)
  if (found === undefined && wanted !== undefined)
    throw new InputError('BadName', `feature ${k} has no property ${wanted}`, {
      hint: `Its properties are ${Object.keys(properties).join(', ')}.`,
    })
  return String(found ?? k + 1)
}

function shapeOfSeries(cube: Cube): Shape {
  const dims = cube.dims.filter((dim) => !(dim.type === 'spatial' && dim.axis !== 'z'))
  const time = dims.findIndex(({ type }) => type === 'temporal')
  const band = dims.findIndex(({ type }) => type === 'bands')
  const isOther = (dim: Dimension, d: number): boolean => d !== time && d !== band && dim.labels.length !== 1
  if (time < 0 || dims.some(isOther))
    throw new InputError(
      'BadCube',
      `series need a cube of time, bands, y and x, but this has ${cube.dims.map(({ name }) => name).join(', ')}`,
      {
        hint: 'Reduce or select the other dimensions first.',
      },
    )
  const strides = dims.map((_, d) => dims.slice(d + 1).reduce((product, { labels }) => product * labels.length, 1))
  return {
    times: dims[time]!.labels.map(String),
    bands: band < 0 ? ['value'] : dims[band]!.labels.map(String),
    plane: (t, b) => t * strides[time]! + (band < 0 ? 0 : b * strides[band]!),
  }
}

export interface CubeModes extends Modes {
  /** Columns `mode 1`, `mode 2`, ... */
  readonly timeSeries: TimeSeries
  readonly times: readonly string[]
}

/**
 * Modes of a cube of time, y and x (one band), cells weighted by the cosine of their latitude where the grid has degrees.
 * Reads the cube into memory. Throws `InputError`: BadCube and those of `modesOf`.
 */
export async function cubeModes(cube: Cube, options: ModesOptions = {}): Promise<CubeModes> {
  const [t, y, x] = ['t', 'y', 'x'].map((axis) =>
    cube.dims.findIndex((dim) =>
      axis === 't' ? dim.type === 'temporal' : dim.type === 'spatial' && dim.axis === axis,
    ),
  ) as [number, number, number]
  const size = [t, y, x].map((d) => cube.shape[d] ?? 0)
  if ([t, y, x].some((d) => d < 0) || size.reduce((a, b) => a * b, 1) !== cube.shape.reduce((a, b) => a * b, 1))
    throw new InputError(
      'BadCube',
      `modes need a cube of time, y and x with one band, but this has ${cube.dims.map(({ name }) => name).join(', ')}`,
      {
        hint: 'Choose a band first: cube.band("NDVI").',
      },
    )
  const { data } = await cube.compute(options.signal ? { signal: options.signal } : {})
  const [steps, rows, columns] = size as [number, number, number]
  const strides = cube.shape.map((_, d) => cube.shape.slice(d + 1).reduce((a, b) => a * b, 1))
  const field = new Float64Array(data.length)
  for (let s = 0, at = 0; s < steps; s++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++, at++) field[at] = data[s * strides[t]! + r * strides[y]! + c * strides[x]!]!
  const weights = options.weights ?? latitudeWeights(cube, y, rows, columns)
  const modes = modesOf(field, steps, { ...options, ...(weights && { weights }) })
  return {
    ...modes,
    timeSeries: timeSeries({ columns: modes.series }, { names: modes.series.map((_, k) => `mode ${k + 1}`) }),
    times: cube.dims[t]!.labels.map(String),
  }
}

function latitudeWeights(cube: Cube, y: number, rows: number, columns: number): Float64Array | undefined {
  if (cube.grid?.crs.isGeographic !== true) return undefined
  const { labels } = cube.dims[y]!
  return Float64Array.from({ length: rows * columns }, (_, i) =>
    Math.max(0, Math.cos((Number(labels[Math.floor(i / columns)]) * Math.PI) / 180)),
  )
}

/**
 * The features with the strength of one link in each region: properties `strength`, `p`, `link` (empty: none), ready to be
 * written as GeoJSON. `found`: a search for each feature. Throws `InputError` DifferentLength, UnknownVariable.
 */
export function linkFeatures(
  features: Features,
  found: readonly Discovery[],
  link: { readonly from: string; readonly to: string; readonly lag: number },
): Features {
  if (found.length !== features.features.length)
    throw new InputError('DifferentLength', `${found.length} searches for ${features.features.length} features`)
  return {
    ...features,
    features: features.features.map((feature, k) => {
      const { variables, values, pValues, graph, tauMax } = found[k]!
      const [i, j] = [variables.indexOf(link.from), variables.indexOf(link.to)]
      if (i < 0 || j < 0 || link.lag > tauMax)
        throw new InputError('UnknownVariable', `there is no link from ${link.from} to ${link.to} at lag ${link.lag}`, {
          hint: `Variables are ${variables.join(', ')}; lags go up to ${tauMax}.`,
        })
      const properties = {
        ...feature.properties,
        strength: values.get(i, j, link.lag),
        p: pValues.get(i, j, link.lag),
        link: graph.get(i, j, link.lag),
      }
      return { ...feature, properties }
    }),
  }
}
