/** Looks at rasters and polygons before any work: what they hold, how they lie to each other, and what may go wrong. */
import { open } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import { InputError, type WorkOptions } from '@ecotope/core'
import {
  type Bounds,
  type Crs,
  type Features,
  featuresBounds,
  filesMatching,
  gridBounds,
  gridResolution,
  isGlob,
  isUrl,
  openRaster,
  parseCrs,
  polygonAreaSquareMetres,
  type Raster,
  readPolygons,
  transformBounds,
} from '@ecotope/cube'
import { type InspectedCube, inspectCube, isCubePath } from './cubes/inspect-cube.ts'
import { type Overlap, overlapsOf } from './overlap.ts'
import { type BandStatistics, bandAccumulator } from './statistics.ts'
import { unreadable } from './surroundings.ts'

export interface InspectedBand extends BandStatistics {
  readonly name: string
  readonly role?: string
  readonly unit?: string
  readonly nodata?: number
}

export interface InspectedRaster {
  readonly kind: 'raster'
  readonly path: string
  /** Undefined where the file names none. */
  readonly crs: string | undefined
  readonly width: number
  readonly height: number
  /** Units of the CRS, positive. */
  readonly resolution: readonly [x: number, y: number]
  readonly unit: string
  readonly bounds: Bounds
  /** West, south, east, north in degrees; undefined without a CRS. */
  readonly boundsDegrees: Bounds | undefined
  readonly dtype: string
  readonly compression: string
  readonly layout: string
  readonly overviews: number
  readonly bytes: number
  readonly bands: readonly InspectedBand[]
}

export interface PropertyValue {
  readonly value: string
  readonly count: number
  readonly hectares: number
}

export interface InspectedProperty {
  readonly name: string
  readonly types: readonly string[]
  /** Different values. */
  readonly distinct: number
  /** The most frequent values; undefined where every feature has its own. */
  readonly values: readonly PropertyValue[] | undefined
}

export interface InspectedPolygons {
  readonly kind: 'polygons'
  readonly path: string
  readonly crs: string
  readonly count: number
  readonly bounds: Bounds
  readonly hectares: number
  readonly properties: readonly InspectedProperty[]
}

export interface Problem {
  /** `error`: a run would refuse it. `warning`: it may spoil a result. `note`: good to know. */
  readonly severity: 'error' | 'warning' | 'note'
  readonly tag: string
  readonly path: string
  readonly message: string
}

export interface Inspection {
  readonly inputs: readonly (InspectedRaster | InspectedPolygons | InspectedCube)[]
  readonly overlaps: readonly Overlap[]
  readonly problems: readonly Problem[]
}

export interface InspectOptions extends WorkOptions {
  /** For rasters that name no CRS, such as `EPSG:32632`. */
  readonly crs?: string
  /** Look at every pixel. Default true; without, there are no statistics. */
  readonly statistics?: boolean
}

/** Inputs between the first look and the comparison with each other. */
export type Opened =
  | { readonly kind: 'raster'; readonly raster: Raster; readonly known: boolean }
  | { readonly kind: 'polygons'; readonly features: Features; readonly path: string }
  | { readonly kind: 'cube'; readonly cube: InspectedCube }

/** Stands in where a file names no CRS, so that the rest can still be shown. */
const UNKNOWN: Crs = { name: 'unknown', proj4: '', unit: 'metre', isGeographic: false }

/**
 * Inspects files, by paths or patterns such as `s2/*.tif`. A missing CRS is a problem, not an error; so is, among several,
 * a file that cannot be read. Errors: those of `openRaster` and `readPolygons`; InputError `NoFiles`.
 */
export async function inspect(paths: readonly string[], options: InspectOptions = {}): Promise<Inspection> {
  const problems: Problem[] = []
  const opened: Opened[] = []
  const inputs: (InspectedRaster | InspectedPolygons | InspectedCube)[] = []
  const crs = options.crs === undefined ? undefined : parseCrs(options.crs)
  const files = await filesOf(paths)
  try {
    for (const path of files) {
      const input = await opening(path, { crs, text: options.crs, isAlone: files.length === 1 }, problems)
      if (input !== undefined) opened.push(input)
    }
    for (const [i, input] of opened.entries()) {
      const whole = opened.length
      const onProgress = (share: number) =>
        options.onProgress?.({ step: 'inspect', fraction: (i + share) / whole, message: pathOf(input) })
      if (input.kind === 'cube') inputs.push(input.cube)
      else if (input.kind === 'polygons') inputs.push(describePolygons(input.features, input.path))
      else inputs.push(await describeRaster(input.raster, input.known, options, onProgress, problems))
    }
    const overlaps = overlapsOf(opened, problems)
    const order: Record<Problem['severity'], number> = { error: 0, warning: 1, note: 2 }
    problems.sort((a, b) => order[a.severity] - order[b.severity])
    return { inputs, overlaps, problems }
  } finally {
    for (const input of opened) if (input.kind === 'raster') await input.raster.close()
  }
}

/** Files as they were given, and those that match patterns. */
async function filesOf(paths: readonly string[]): Promise<string[]> {
  const found = paths.map(async (path) => {
    if (!isGlob(path) || isUrl(path)) return [path]
    const files = await filesMatching(resolve(path), path)
    return isAbsolute(path) ? files : files.map((file) => relative('.', file))
  })
  return (await Promise.all(found)).flat()
}

const pathOf = (input: Opened): string =>
  input.kind === 'raster' ? input.raster.path : input.kind === 'cube' ? input.cube.path : input.path

interface Opening {
  readonly crs: Crs | undefined
  readonly text: string | undefined
  readonly isAlone: boolean
}

/** Undefined for a file among others that cannot be read, which is a problem then. */
async function opening(
  path: string,
  { crs, text, isAlone }: Opening,
  problems: Problem[],
): Promise<Opened | undefined> {
  try {
    return (await isCubePath(path)) ? await openCubeInput(path, text, problems) : await openInput(path, crs, problems)
  } catch (error) {
    // A name that is not there is a slip of its user, not a file among others.
    if (isAlone || !(error instanceof InputError) || error.tag === 'MissingFile') throw error
    problems.push({ severity: 'error', tag: error.tag, path, message: error.message })
    return undefined
  }
}

/** Cubes of many arrays are described by their metadata; what is odd about them is a warning. */
async function openCubeInput(path: string, crs: string | undefined, problems: Problem[]): Promise<Opened> {
  const cube = await inspectCube(path, crs)
  for (const { tag, message } of cube.warnings) problems.push({ severity: 'warning', tag, path, message })
  return { kind: 'cube', cube }
}

async function openInput(path: string, crs: Crs | undefined, problems: Problem[]): Promise<Opened> {
  if (await isTiff(path)) {
    try {
      return { kind: 'raster', raster: await openRaster(path), known: true }
    } catch (error) {
      if (!(error instanceof InputError) || error.tag !== 'NoCrs') throw error
    }
    if (crs !== undefined) return { kind: 'raster', raster: await openRaster(path, { crs }), known: true }
    problems.push({
      severity: 'error',
      tag: 'NoCrs',
      path,
      message: 'names no coordinate reference system; give it with --crs, such as --crs EPSG:32632',
    })
    return { kind: 'raster', raster: await openRaster(path, { crs: UNKNOWN }), known: false }
  }
  if (/\.tiff?$/i.test(path)) await openRaster(path)
  const { features, warnings } = await readPolygons(path)
  for (const { tag, message } of warnings) problems.push({ severity: 'warning', tag, path, message })
  return { kind: 'polygons', features, path }
}

async function isTiff(path: string): Promise<boolean> {
  try {
    await using file = await open(path)
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    const head = buffer.toString('latin1')
    return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(head)
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'EISDIR')
      throw new InputError('NotAFile', `${path} is a folder`, {
        hint: `give its files, such as '${path.replace(/\/$/, '')}/*.tif'`,
        data: { path },
      })
    throw unreadable(path, error)
  }
}

async function describeRaster(
  raster: Raster,
  known: boolean,
  options: InspectOptions,
  onProgress: (share: number) => void,
  problems: Problem[],
): Promise<InspectedRaster> {
  const { grid, info } = raster
  const bounds = gridBounds(grid)
  const statistics = options.statistics === false ? [] : await readStatistics(raster, options, onProgress, problems)
  const [x, y] = gridResolution(grid)
  return {
    kind: 'raster',
    path: raster.path,
    crs: known ? crsName(grid.crs) : undefined,
    width: grid.width,
    height: grid.height,
    resolution: [Math.abs(x), Math.abs(y)],
    unit: known ? grid.crs.unit : 'unknown',
    bounds,
    boundsDegrees: known ? transformBounds(bounds, grid.crs, parseCrs('OGC:CRS84')) : undefined,
    dtype: raster.dtype,
    compression: info.compression,
    layout: `${info.tiled ? 'tiles' : 'strips'} of ${info.blockSize.join(' x ')}`,
    overviews: info.overviews.length,
    bytes: info.size,
    bands: raster.bands.map((band, i) => ({
      name: band.name,
      ...(band.role === undefined ? {} : { role: band.role }),
      ...(band.unit === undefined ? {} : { unit: band.unit }),
      ...(band.nodata === undefined ? {} : { nodata: band.nodata }),
      ...(statistics[i] ?? bandAccumulator().result()),
    })),
  }
}

export function crsName(crs: Crs): string {
  return crs.code === undefined ? crs.name : `${crs.code} (${crs.name})`
}

/** Pixels of all bands read at once. */
const PART = 2 ** 22

async function readStatistics(
  raster: Raster,
  options: InspectOptions,
  onProgress: (share: number) => void,
  problems: Problem[],
): Promise<BandStatistics[]> {
  const { grid, bands, info } = raster
  const accumulators = bands.map(() => bandAccumulator())
  const [blockWidth, blockHeight] = info.blockSize
  // Whole rows of blocks where they fit, so that no block is decoded twice.
  const fits = Math.max(1, Math.floor(PART / (bands.length * grid.width * blockHeight)))
  const height = fits * blockHeight
  const columns = Math.max(1, Math.floor(PART / (bands.length * blockHeight * blockWidth))) * blockWidth
  const width = Math.min(grid.width, bands.length * grid.width * blockHeight <= PART ? grid.width : columns)
  let allZero = 0
  for (let row = 0; row < grid.height; row += height) {
    for (let column = 0; column < grid.width; column += width) {
      const part = {
        column,
        row,
        width: Math.min(width, grid.width - column),
        height: Math.min(height, grid.height - row),
      }
      const values = await raster.read(part, options.signal === undefined ? {} : { signal: options.signal })
      const size = part.width * part.height
      for (const [b, accumulator] of accumulators.entries()) accumulator.push(values.subarray(b * size, (b + 1) * size))
      allZero += countAllZero(values, size)
      onProgress((row * grid.width + part.height * (column + part.width)) / (grid.width * grid.height))
    }
  }
  const statistics = accumulators.map((accumulator) => accumulator.result())
  problems.push(...problemsOfValues(raster, statistics, allZero))
  return statistics
}

function countAllZero(values: Float32Array, size: number): number {
  let found = 0
  for (let i = 0; i < size; i++) {
    let zero = true
    for (let at = i; zero && at < values.length; at += size) zero = values[at] === 0
    if (zero) found++
  }
  return found
}

/** Values that often mean "nothing here" although the file does not say so. */
const STAND_INS = [-9999, -99999, -32768, -32767, 65535, 32767, 1e20, -3.4028234663852886e38, 3.4028234663852886e38]

function problemsOfValues(raster: Raster, statistics: readonly BandStatistics[], allZero: number): Problem[] {
  const { path } = raster
  const found: Problem[] = []
  const say = (severity: Problem['severity'], tag: string, message: string) =>
    found.push({ severity, tag, path, message })
  const percent = (share: number) => `${(100 * share).toFixed(share < 0.01 ? 2 : 0)} %`
  for (const [i, band] of statistics.entries()) {
    const { name, nodata } = raster.bands[i]!
    if (band.valid === 0) say('error', 'AllNodata', `band ${name} has no valid pixel`)
    else if (band.valid < 0.01 * band.count) say('warning', 'MostlyNodata', `band ${name} is nearly all nodata`)
    if (band.infinite > 0) say('warning', 'Infinite', `band ${name} has ${band.infinite} infinite values`)
    if (band.valid > 0 && band.min === band.max) say('warning', 'Constant', `band ${name} is ${band.min} everywhere`)
    if (band.missing > 0 && band.missing < band.count && nodata === undefined && !raster.info.hasMask)
      say('warning', 'NotANumber', `band ${name} has ${band.missing} NaN values, taken as nodata`)
    const standIn = STAND_INS.find((value) => value !== nodata && (band.min === value || band.max === value))
    if (standIn !== undefined && raster.dtype !== 'uint8')
      say(
        'warning',
        'SuspiciousNodata',
        `band ${name} has values of ${standIn}, which often mean nodata; the file does not say so`,
      )
  }
  const total = raster.grid.width * raster.grid.height
  // In one band of bytes 0 is mostly a class.
  const isClasses = raster.bands.length === 1 && raster.dtype === 'uint8'
  const isUndeclared = raster.bands.every((band) => band.nodata === undefined) && !raster.info.hasMask && !isClasses
  const threshold = raster.bands.length > 1 ? 0.01 : 0.2
  if (isUndeclared && allZero > threshold * total && allZero < total)
    say(
      'warning',
      'SuspiciousNodata',
      `${percent(allZero / total)} of the pixels are 0${raster.bands.length > 1 ? ' in every band' : ''} and no nodata value is declared; if 0 means nodata, declare it (gdal_edit.py -a_nodata 0 ${path})`,
    )
  return found
}

const SHOWN_VALUES = 30

function describePolygons(features: Features, path: string): InspectedPolygons {
  const areas = features.features.map((one) => polygonAreaSquareMetres(one.geometry, features.crs) / 1e4)
  const names = [...new Set(features.features.flatMap((one) => Object.keys(one.properties)))]
  return {
    kind: 'polygons',
    path,
    crs: crsName(features.crs),
    count: features.features.length,
    bounds: featuresBounds(features),
    hectares: areas.reduce((sum, area) => sum + area, 0),
    properties: names.map((name) => describeProperty(features, name, areas)),
  }
}

function describeProperty(features: Features, name: string, areas: readonly number[]): InspectedProperty {
  const groups = new Map<string, { count: number; hectares: number }>()
  const types = new Set<string>()
  for (const [i, { properties }] of features.features.entries()) {
    const value = properties[name]
    types.add(value === null || value === undefined ? 'missing' : typeof value)
    const key = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing')
    const before = groups.get(key) ?? { count: 0, hectares: 0 }
    groups.set(key, { count: before.count + 1, hectares: before.hectares + areas[i]! })
  }
  const values = [...groups].map(([value, group]) => ({ value, ...group })).sort((a, b) => b.count - a.count)
  const isIdentifier = groups.size > SHOWN_VALUES && groups.size > features.features.length / 2
  return {
    name,
    types: [...types].sort((a, b) => a.localeCompare(b, 'en')),
    distinct: groups.size,
    values: isIdentifier ? undefined : values.slice(0, SHOWN_VALUES),
  }
}
