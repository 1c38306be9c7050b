/** From the arrays of files to images of bands: which planes an array holds, of which band, at which instant. */
import { axisOf } from '../cf/axes.ts'
import { stepOf } from '../cf/decode.ts'
import type { ArraySource } from '../model/array-source.ts'
import type { BandsDimension, Calendar, Dimension, SpatialDimension, TemporalDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import { isPeriod, periodStart } from '../model/periods.ts'
import { sensorRoleOf } from '../roles.ts'
import type { Band } from '../types.ts'
import { bandNameAt } from './own-dimensions.ts'
import { transposedSource } from './transposed.ts'
import type { Piece } from './types.ts'

/** An array of a file, with what the file's name or a catalogue tells about it. */
export interface ArrayInput {
  readonly path: string
  /** What the array is called where it has no bands: a variable, a band taken from the file's name. */
  readonly name: string
  readonly source: ArraySource
  /** Instant of all its planes, where the array has no time of its own (or several are to be kept apart). */
  readonly time?: string
  /** Bands as a catalogue describes them, in the order of the array's own. */
  readonly bands?: readonly Partial<Band>[]
}

export interface BandPiece {
  readonly band: Band
  readonly calendar: Calendar
  /** The calendar period that the times name, where they are none themselves. */
  readonly period?: string
  readonly piece: Piece
}

/** All planes of an array; undefined where it has no grid (a table, a series). */
export function piecesOf(input: ArrayInput): BandPiece[] | undefined {
  const { dims, grid } = input.source.schema
  const x = dims.findIndex((dim) => dim.type === 'spatial' && dim.axis === 'x')
  const y = dims.findIndex((dim) => dim.type === 'spatial' && dim.axis === 'y')
  if (x < 0 || y < 0 || grid === undefined) return undefined
  const outer = dims.flatMap((_, d) => (d === x || d === y ? [] : [d]))
  const source = transposedSource(input.source, [...outer, y, x])
  let planes: readonly (readonly number[])[] = [[]]
  for (const d of outer) planes = planes.flatMap((at) => Array.from(dims[d]!.labels, (_, i) => [...at, i]))
  const all = outer.map((d) => dims[d]!)
  return planes.map((at) => pieceAt(input, source, all, at))
}

export interface Reason {
  readonly why: string
  readonly hint: string
}

/** Why an array gives no image, and what to do; undefined where it is a table or a series. */
export function whyNoGrid({ dims }: CubeSchema): Reason | undefined {
  const empty = dims.find(({ labels }) => labels.length === 0)
  if (empty !== undefined)
    return { why: `has nothing along ${empty.name}`, hint: 'the file may not have been written to its end' }
  const [a, b] = (['y', 'x'] as const).map((which) => dims.find((dim) => isBare(dim, which))?.name)
  if (a !== undefined && b !== undefined)
    return {
      why: `has dimensions ${a} and ${b} without coordinates of their own`,
      hint: 'positions of each pixel (2-D latitudes and longitudes) are not read: put it on a regular grid first, such as with gdalwarp -geoloc',
    }
  const axis = (name: 'x' | 'y') =>
    dims.find((dim): dim is SpatialDimension => dim.type === 'spatial' && dim.axis === name)
  const [x, y] = [axis('x'), axis('y')]
  if (x === undefined || y === undefined) return undefined
  if (x.labels.length === 1 && y.labels.length === 1)
    return {
      why: 'has a single cell, and its coordinates do not tell how large it is',
      hint: 'take at least two neighbours along x or y',
    }
  const uneven = [y, x].find(({ labels }) => stepOf(labels) === undefined)
  if (uneven === undefined)
    return { why: 'names no CRS', hint: 'name it: open(path, { crs: "EPSG:32632" }), in graphs the argument crs' }
  return {
    why: `has coordinates ${uneven.name} that are not evenly spaced, such as ${uneven.labels.slice(0, 3).join(', ')}`,
    hint: "put it on a regular grid first, such as with xarray's interp",
  }
}

/** A dimension with the name of an axis and numbers instead of coordinates. */
const isBare = ({ type, name }: Dimension, axis: 'x' | 'y'): boolean =>
  type === 'other' && axisOf(name, undefined) === axis

function pieceAt(input: ArrayInput, source: ArraySource, dims: readonly Dimension[], at: readonly number[]): BandPiece {
  const { grid, packing } = source.schema
  const t = dims.findIndex((dim) => dim.type === 'temporal')
  const temporal = dims[t] as TemporalDimension | undefined
  const band = bandAt(input, source, dims, at)
  const dated = temporal === undefined && input.time === undefined ? datedName(band.name, source.period) : undefined
  const time = temporal?.labels[at[t]!] ?? input.time ?? dated?.time
  const period = temporal === undefined ? dated?.period : temporal.period
  return {
    band: dated === undefined ? band : renamed(band, dated.name ?? input.name),
    calendar: temporal?.calendar ?? 'standard',
    ...(period === undefined ? {} : { period }),
    piece: { path: input.path, grid: grid!, packing, source, at, ...(time === undefined ? {} : { time }) },
  }
}

function renamed(band: Band, name: string): Band {
  const role = band.role ?? sensorRoleOf(name)
  return { ...band, name, ...(role === undefined ? {} : { role }) }
}

function bandAt(input: ArrayInput, source: ArraySource, dims: readonly Dimension[], at: readonly number[]): Band {
  const b = dims.findIndex((dim) => dim.type === 'bands')
  const dimension = dims[b] as BandsDimension | undefined
  const index = dimension === undefined ? 0 : at[b]!
  const own = dimension?.bands[index]
  const given = input.bands?.[index]
  const isNamed = own !== undefined && !isPlaceholder(own.name)
  const count = dimension?.labels.length ?? 1
  const base = given?.name ?? (isNamed ? own.name : count === 1 ? input.name : `${input.name}_${index + 1}`)
  const isOther = ({ type }: Dimension): boolean => type === 'other' || type === 'geometry' || type === 'spatial'
  const others = dims.flatMap((dim, d) => (isOther(dim) ? [[dim.name, dim.labels[at[d]!]!] as const] : []))
  const name = bandNameAt(base, others)
  const unit = given?.unit ?? own?.unit ?? source.schema.unit
  const role = given?.role ?? (own ?? source.schema.band)?.role ?? sensorRoleOf(base)
  return {
    ...(own ?? source.schema.band),
    ...given,
    name,
    ...(unit === undefined ? {} : { unit }),
    ...(role === undefined ? {} : { role }),
  }
}

interface DatedName {
  readonly time: string
  readonly period?: string
  readonly name?: string
}

/**
 * The date, or the label of a period, and the rest of a band's name such as `2020-06-05T00:00:00Z B04`: how GeoTIFFs of
 * cubes with times name them.
 */
function datedName(text: string, period: string | undefined): DatedName | undefined {
  if (isPeriod(period)) {
    const words = text.split(' ')
    const time = words.find((word) => periodStart(word, 'standard', period) !== undefined)
    if (time === undefined) return undefined
    const name = words.filter((_, i) => i !== words.indexOf(time)).join(' ')
    return { time, period, ...(name === '' ? {} : { name }) }
  }
  const match = /^(?:(.+) )?(\d{4}-\d{2}-\d{2}T[\d:.]+Z)(?: (.+))?$/.exec(text)
  if (match === null) return undefined
  const name = [match[1], match[3]].filter((part) => part !== undefined).join(' ')
  return { time: match[2]!, ...(name === '' ? {} : { name }) }
}

/** Names that readers make up where a file names no bands. */
export const isPlaceholder = (name: string): boolean =>
  /^(?:band[ _]?\d+|variable|data|__xarray_dataarray_variable__)$/i.test(name)
