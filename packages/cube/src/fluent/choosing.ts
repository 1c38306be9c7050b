/** What people write for bands and labels, held against those of a cube before anything is asked of openEO. */
import { InputError, nearest } from '@ecotope/core'
import type { Dimension, TemporalDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import { secondsOf } from '../model/time.ts'
import { bandsNamed } from '../process/cubes/filters.ts'
import { dateOfLabel } from '../process/cubes/instants.ts'

/** Throws `InputError('NoBand')` where no band has one of the names: openEO would leave it out without a word. */
export function requireBands({ dims }: CubeSchema, names: readonly string[]): void {
  const bands = dims.find((dim) => dim.type === 'bands')
  if (bands === undefined) return
  const unknown = names.find((name) => bandsNamed(bands, name).length === 0)
  if (unknown === undefined) return
  const near = nearest(unknown, bands.labels)
  throw new InputError('NoBand', `the cube has no band "${unknown}"`, {
    hint: near === undefined ? `its bands are ${bands.labels.join(', ')}` : `did you mean "${near}"?`,
    data: { band: unknown, bands: bands.labels },
  })
}

/** The label of the one band with a name or common name. Throws `InputError('NoBand')` where none or several have it. */
export function ownBand(schema: CubeSchema, name: string): string {
  requireBands(schema, [name])
  const bands = schema.dims.find((dim) => dim.type === 'bands')!
  const [label, ...more] = bandsNamed(bands, name).map((i) => bands.labels[i]!)
  if (label !== undefined && more.length === 0) return label
  throw new InputError('NoBand', `several bands are "${name}": ${[label, ...more].join(', ')}`, {
    hint: 'give the name of one of them',
    data: { band: name, bands: [label, ...more] },
  })
}

/** How a label is found that is not written as the cube has it. */
export interface SelectOptions {
  /** The label with the least distance, the later or greater of two, as xarray has it; default only the label itself. */
  readonly nearest?: boolean
  /** How far the nearest label may be: days of dates, else in the unit of the labels. Default any distance. */
  readonly tolerance?: number
}

/** The index of a cell, of negative numbers counted from the end. Throws `InputError('NoLabel')`. */
export function ownIndex(labels: readonly (string | number)[], dimension: string, index: number): number {
  const own = index < 0 ? labels.length + index : index
  if (labels[own] !== undefined) return own
  throw new InputError('NoLabel', `dimension ${dimension} has ${labels.length} cells, none of number ${index}`, {
    hint: `give a whole number from 0 to ${labels.length - 1}, or from -${labels.length} to -1 counted from the end`,
    data: { dimension, index },
  })
}

/**
 * The label of the same instant, however it is written (`2020-06-01` for `2020-06-01T00:00:00Z`), or the nearest one.
 * Throws `InputError('NoLabel')`.
 */
export function ownLabel(
  dimension: Dimension,
  label: string | number,
  { nearest: takesNearest = false, tolerance = Number.POSITIVE_INFINITY }: SelectOptions = {},
): string | number {
  const { name, type, labels } = dimension
  if ((labels as readonly (string | number)[]).includes(label)) return label
  const time = type === 'temporal' ? dimension : undefined
  const place = (one: string | number): number =>
    time !== undefined ? dayOf(one, time) : type === 'bands' ? Number.NaN : Number(one)
  const wanted = place(label)
  const places = labels.map(place)
  const away = (i: number): number => Math.abs(places[i]! - wanted)
  const isNearer = (i: number, best: number): boolean =>
    away(i) < away(best) || (away(i) === away(best) && places[i]! > places[best]!)
  const least = labels.reduce<number>((best, _, i) => (isNearer(i, best) ? i : best), 0)
  const distance = away(least)
  if (distance === 0 || (takesNearest && distance <= tolerance)) return labels[least]!
  const near = Number.isNaN(distance) ? undefined : labels[least]
  throw new InputError(
    'NoLabel',
    `dimension ${name} has no label ${label}${takesNearest ? ` within ${tolerance}` : ''}`,
    {
      hint:
        near === undefined
          ? `it has ${labels.slice(0, 8).join(', ')}`
          : `the nearest is ${near}; { nearest: true } takes it`,
      data: { dimension: name, label },
    },
  )
}

/** Days since 1970; NaN of what is no date. */
function dayOf(label: string | number, time: TemporalDimension): number {
  const date = dateOfLabel(label, time)
  return date === undefined ? Number.NaN : secondsOf(date, time.calendar) / 86_400
}

/**
 * Arguments of `rename_labels` for all labels of a dimension. Throws InputError `DistinctDimensionLabelsRequired` where it
 * would be unclear which label is meant.
 */
export function renaming({ name, labels }: Dimension, target: readonly (string | number)[]): Record<string, unknown> {
  if (new Set<string | number>(labels).size === labels.length) return { dimension: name, source: labels, target }
  throw new InputError('DistinctDimensionLabelsRequired', `several cells of ${name} have the same label`, {
    hint: 'aggregate equal ones first, such as with aggregateTemporal',
    data: { dimension: name },
  })
}

/** The first instant of a year or month, as which people write bounds of time; other bounds as they are. */
export const startOf = (bound: string | null): string | null =>
  bound === null || !/^\d{4}(-\d\d)?$/.test(bound) ? bound : `${bound}${bound.length === 4 ? '-01' : ''}-01`

/** 32632 of `EPSG:32632`; other texts (WKT) as they are. */
export function epsgOf(crs: string | number): string | number {
  const code = /^EPSG:(\d+)$/i.exec(String(crs))?.[1]
  return code === undefined ? crs : Number(code)
}

/** Labels for people: all of a few, else the first ones, the last and their number. */
export function summary(labels: readonly (string | number)[]): string {
  if (labels.length <= 4) return labels.join(', ')
  return `${labels[0]}, ${labels[1]}, ... ${labels.at(-1)} (${labels.length})`
}
