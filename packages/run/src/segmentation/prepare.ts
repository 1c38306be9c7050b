/** `ecotope:prepare_samples`: rasters and polygons of any grid and CRS become features and labels on one grid. */
import { basename, extname, join } from 'node:path'
import { InputError, type OnWarning, throwIfAborted, type Warning, type WorkOptions } from '@ecotope/core'
import {
  type BandCube,
  type Bounds,
  bufferBounds,
  convexHull,
  cropGrid,
  type Features,
  featuresBounds,
  type Grid,
  gridBounds,
  gridResolution,
  intersectWindows,
  openRaster,
  parseCrs,
  pixelAreasSquareMetres,
  type Raster,
  type Resampling,
  readPolygons,
  stack,
  transformBounds,
  transformFeatures,
  type Window,
  wholeWindow,
  windowOf,
  writeCog,
} from '@ecotope/cube'
import type { LabelledCube } from '@ecotope/model'
import type { StepResult } from '../process.ts'
import { classesOf, type LabelClasses, labelWindow, NO_LABEL } from './labels.ts'
import { openLayers } from './layers.ts'
import { cached } from './memory.ts'
import { optional, process, required, resultOf, spec } from './specs.ts'
import type { PreparedValue } from './types.ts'

interface PrepareArguments {
  readonly features: readonly string[]
  readonly labels: string
  readonly label_property: string | null
  readonly label_name: string | null
  readonly crs: string | null
  readonly bounds: string
  readonly margin: number
  readonly resampling: Resampling
  readonly derive: readonly string[]
  readonly background: 'auto' | 'class' | 'ignore'
  readonly classes: readonly string[]
}

export const FEATURES_FILE = 'features.tif'
export const LABELS_FILE = 'labels.tif'
const STACKED_BLOCK = 256

export const prepareSamples = process<PrepareArguments, PreparedValue>({
  version: '1',
  seeded: false,
  spec: spec(
    'prepare_samples',
    'Align rasters and polygons on one grid',
    'Stacks rasters of different resolution, extent and CRS on the grid of the finest one, inside the convex hull of the polygons ' +
      'plus a margin, adds derived layers, and rasterises the polygons (a pixel belongs to the polygon that holds its centre).',
    [
      required('features', 'GeoTIFF files, each with its own grid.', {
        type: 'array',
        items: { type: 'string', subtype: 'file-path' },
        minItems: 1,
      }),
      required('labels', 'Polygons: GeoJSON, GeoPackage or FlatGeobuf.', { type: 'string', subtype: 'file-path' }),
      optional('label_property', 'Property that tells classes apart.', { type: ['string', 'null'] }),
      optional('label_name', 'Name of the class where no property tells.', { type: ['string', 'null'] }),
      optional('crs', 'CRS of rasters that have none.', { type: ['string', 'null'] }),
      optional(
        'bounds',
        'hull, features, or west,south,east,north in the CRS of the finest raster.',
        { type: 'string' },
        'hull',
      ),
      optional('margin', 'Pixels around the hull.', { type: 'integer', minimum: 0 }, 64),
      optional('resampling', 'How layers of another grid are resampled.', { type: 'string' }, 'bilinear'),
      optional('derive', 'Layers to derive.', { type: 'array', items: { type: 'string' } }, []),
      optional('background', 'Whether the absence of a polygon is a class.', { type: 'string' }, 'auto'),
      optional(
        'classes',
        'Values of the property to keep; empty for all.',
        { type: 'array', items: { type: 'string' } },
        [],
      ),
    ],
    'Files features.tif and labels.tif; grid, bands, classes and counts.',
  ),
  run: prepare,
})

async function prepare(args: PrepareArguments, context: WorkOptions & { directory: string }): Promise<PreparedValue> {
  const warnings: Warning[] = []
  const warn: OnWarning = (warning) => {
    warnings.push(warning)
    context.onWarning?.(warning)
  }
  const layers = await openLayers(args.features, args.derive, args.crs, warn)
  try {
    const reference = finest(layers.rasters)
    const polygons = await polygonsIn(args.labels, reference.grid, warn)
    const window = workingWindow(args, layers.rasters, reference.grid, polygons)
    const grid = cropGrid(reference.grid, window)
    const classes = classesOf(polygons, {
      property: args.label_property,
      name: args.label_name ?? basename(args.labels, extname(args.labels)),
      background: args.background,
      only: args.classes,
    })
    const stacked = stack(layers.cubes, grid, { resampling: args.resampling })
    const written = await writeSamples(stacked, polygons, classes, context)
    checkCounts(classes, written.counts, args.labels)
    return {
      grid: gridValue(grid),
      origin: { row: window.row, column: window.column },
      bands: stacked.bands.map((band, i) => ({
        name: band.name,
        ...(band.role === undefined ? {} : { role: band.role }),
        ...(band.unit === undefined ? {} : { unit: band.unit }),
        source: sourceOf(layers.cubes, i),
      })),
      classes: classes.names.map((name, k) => ({
        name,
        code: classes.codes[k]!,
        pixels: written.counts[k]!,
        polygons: classes.polygons[k]!,
      })),
      background: classes.background,
      pixelAreaSquareMetres: meanPixelArea(grid),
      validPixels: written.valid,
      complete: written.counts.reduce((a, b) => a + b, 0) === written.valid,
      warnings,
      features: args.features,
      labels: args.labels,
      derived: args.derive,
      crsOverride: args.crs,
    }
  } finally {
    await layers.close()
  }
}

export const gridValue = (grid: Grid): PreparedValue['grid'] => ({
  crs: grid.crs.code ?? grid.crs.wkt ?? grid.crs.proj4,
  crsName: grid.crs.name,
  crsUnit: grid.crs.unit,
  affine: grid.affine,
  width: grid.width,
  height: grid.height,
})

export const gridFrom = (value: PreparedValue['grid']): Grid => ({
  crs: parseCrs(value.crs),
  affine: value.affine,
  width: value.width,
  height: value.height,
})

function sourceOf(cubes: readonly BandCube[], band: number): string {
  let at = 0
  for (const cube of cubes) {
    at += cube.bands.length
    if (band < at) return cube.label
  }
  return ''
}

/** Square metres of a pixel in the middle row: exact for projected grids, the mean to first order for geographic ones. */
export function meanPixelArea(grid: Grid): number {
  return pixelAreasSquareMetres(grid)[Math.floor(grid.height / 2)]!
}

/** The raster with the smallest pixels; its grid becomes the working grid. */
export function finest(rasters: readonly Raster[]): Raster {
  return rasters.reduce((best, raster) =>
    meanPixelArea(raster.grid) < meanPixelArea(best.grid) * 0.999 ? raster : best,
  )
}

async function polygonsIn(path: string, grid: Grid, warn: OnWarning): Promise<Features> {
  const { features, warnings } = await readPolygons(path)
  for (const warning of warnings) warn(warning)
  return transformFeatures(features, grid.crs)
}

/** The part of the reference grid to work on. Errors where rasters or polygons do not meet. */
function workingWindow(args: PrepareArguments, rasters: readonly Raster[], grid: Grid, polygons: Features): Window {
  let window = wholeWindow(grid)
  for (const raster of rasters) {
    const bounds = transformBounds(gridBounds(raster.grid), raster.grid.crs, grid.crs)
    window = intersectWindows(window, windowOf(grid, bounds))
    if (window.width <= 0 || window.height <= 0) {
      throw new InputError('RastersDisjoint', `${raster.path} does not overlap the other rasters`, {
        hint: 'see where each raster lies with ecotope inspect',
        data: { path: raster.path },
      })
    }
  }
  const asked = askedBounds(args, grid, polygons)
  const inside = asked === undefined ? window : intersectWindows(window, windowOf(grid, asked))
  if (inside.width <= 0 || inside.height <= 0) {
    throw new InputError('PolygonsOutside', `the polygons of ${args.labels} lie outside the rasters`, {
      hint: 'check the CRS of both with ecotope inspect',
      data: {
        polygons: featuresBounds(polygons),
        rasters: gridBounds(cropGrid(grid, window)),
        crs: grid.crs.code ?? grid.crs.name,
      },
    })
  }
  return inside
}

function askedBounds(args: PrepareArguments, grid: Grid, polygons: Features): Bounds | undefined {
  if (args.bounds === 'features') return undefined
  const [x, y] = gridResolution(grid)
  if (args.bounds === 'hull') {
    const hull: Features = { ...polygons, features: [{ geometry: convexHull(polygons), properties: {} }] }
    return bufferBounds(featuresBounds(hull), [args.margin * x, args.margin * y])
  }
  const numbers = args.bounds.split(',').map(Number)
  const [west, south, east, north] = numbers
  if (numbers.length !== 4 || numbers.some(Number.isNaN) || !(west! < east! && south! < north!)) {
    throw new InputError('BoundsInvalid', `'${args.bounds}' is no extent`, {
      hint: 'write hull, features, or west,south,east,north in units of the finest raster',
      data: { bounds: args.bounds },
    })
  }
  return [west!, south!, east!, north!]
}

interface Written {
  readonly counts: readonly number[]
  readonly valid: number
}

/** Writes both files strip by strip; a pixel with any missing band has no label. Not finite values count as missing. */
async function writeSamples(
  stacked: BandCube,
  polygons: Features,
  classes: LabelClasses,
  context: WorkOptions & { directory: string },
): Promise<Written> {
  const { grid } = stacked
  const counts = new Array<number>(classes.names.length).fill(0)
  const seen = stacked.bands.map(() => 0)
  let [valid, infinite] = [0, 0]
  await writeCog(
    join(context.directory, FEATURES_FILE),
    {
      grid,
      bands: stacked.bands,
      dtype: 'float32',
      nodata: Number.NaN,
      compression: 'zstd',
      blockSize: STACKED_BLOCK,
      overviews: 'none',
    },
    async (window) => {
      const values = await stacked.read(window, context)
      infinite += dropInfinite(values)
      return values
    },
    context,
  )
  const features = await openRaster(join(context.directory, FEATURES_FILE))
  try {
    const labelBand = [{ name: 'class index', nodata: NO_LABEL }]
    await writeCog(
      join(context.directory, LABELS_FILE),
      {
        grid,
        bands: labelBand,
        dtype: 'uint8',
        nodata: NO_LABEL,
        compression: 'zstd',
        blockSize: STACKED_BLOCK,
        overviews: 'none',
      },
      async (window) => {
        throwIfAborted(context.signal)
        const labels = labelWindow(polygons, classes, grid, window)
        const values = await features.read(window, context)
        valid += maskIncomplete(labels, values, seen)
        for (const k of labels) if (k !== NO_LABEL) counts[k]!++
        return labels
      },
      context,
    )
  } finally {
    await features.close()
  }
  checkBands(stacked, seen)
  if (infinite > 0)
    context.onWarning?.({ tag: 'InfiniteValues', message: `${infinite} infinite values are treated as missing` })
  return { counts, valid }
}

function dropInfinite(values: Float32Array): number {
  let dropped = 0
  for (let i = 0; i < values.length; i++) {
    if (values[i] === Number.POSITIVE_INFINITY || values[i] === Number.NEGATIVE_INFINITY) {
      values[i] = Number.NaN
      dropped++
    }
  }
  return dropped
}

/** Takes labels from pixels with a missing band; counts valid values by band into `seen`; returns the complete pixels. */
function maskIncomplete(labels: Uint8Array, values: Float32Array, seen: number[]): number {
  const n = labels.length
  let complete = n
  const missing = new Uint8Array(n)
  for (let band = 0; band < seen.length; band++) {
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(values[band * n + i]!)) missing[i] = 1
      else seen[band]!++
    }
  }
  for (let i = 0; i < n; i++) {
    if (missing[i] === 0) continue
    labels[i] = NO_LABEL
    complete--
  }
  return complete
}

function checkBands(stacked: BandCube, seen: readonly number[]): void {
  stacked.bands.forEach((band, i) => {
    if (seen[i]! > 0) return
    throw new InputError(
      'BandEmpty',
      `band '${band.name}' of ${stacked.label} has no valid pixel inside the mapped extent`,
      {
        hint: 'leave this band or file out, or correct its nodata value; ecotope inspect shows both',
        data: { band: band.name },
      },
    )
  })
}

function checkCounts(classes: LabelClasses, counts: readonly number[], path: string): void {
  const labelled = counts.reduce((a, b) => a + b, 0)
  if (labelled === 0) {
    throw new InputError('PolygonsOutside', `no valid pixel has its centre in a polygon of ${path}`, {
      hint: 'the polygons lie outside the rasters, on missing pixels, or are smaller than a pixel',
      data: { path },
    })
  }
  const empty = classes.names.filter((_, k) => counts[k] === 0)
  if (empty.length > 0) {
    throw new InputError('ClassEmpty', `no pixel for ${empty.length === 1 ? 'class' : 'classes'} ${empty.join(', ')}`, {
      hint: 'its polygons lie outside the rasters or are smaller than a pixel: leave them out or add some',
      data: { classes: empty },
    })
  }
}

/** The samples that `prepare_samples` left, ready for reading; kept in memory where they fit. */
export async function openSamples(
  step: StepResult,
  memoryBytes: number,
): Promise<LabelledCube & { prepared: PreparedValue; close(): Promise<void> }> {
  const prepared = resultOf<PreparedValue>(step)
  const files = await Promise.all([FEATURES_FILE, LABELS_FILE].map((name) => openRaster(join(step.directory, name))))
  const [features, labels] = await Promise.all(files.map((file) => cached(file, memoryBytes / 4)))
  return {
    features: features!,
    labels: labels!,
    classes: prepared.classes.map((c) => c.name),
    origin: prepared.origin,
    prepared,
    close: async () => {
      await Promise.all(files.map((file) => file.close()))
    },
  }
}
