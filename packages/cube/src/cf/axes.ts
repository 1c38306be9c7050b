/** Which kind of dimension a CF coordinate makes: space, time, bands, or labels of anything else. */
import { InputError } from '@ecotope/core'
import type { AxisNotes, Dimension } from '../model/dimension.ts'
import { isPeriod, periodStart } from '../model/periods.ts'
import { calendarOf, decodeTimes } from '../model/time.ts'
import { isTimeUnits } from '../model/time-units.ts'
import type { Band } from '../types.ts'
import { type Attributes, textOf } from './attributes.ts'

/** Values of a coordinate variable along its one dimension. */
export interface CfCoordinate {
  readonly values: ArrayLike<number | bigint | string>
  readonly attributes: Attributes
}

export type SpatialAxis = 'x' | 'y' | 'z'

interface AxisRow {
  readonly standard: RegExp
  readonly units?: RegExp
  readonly name: RegExp
}

/** By standard name, then by unit, then by the name that people give such dimensions. */
const AXES: Readonly<Record<SpatialAxis, AxisRow>> = {
  x: {
    standard: /^(projection_x_(angular_)?coordinate|longitude|grid_longitude)$/,
    units: /^degrees?_?(e|east)$/i,
    name: /^(x|xc|lon|long|longitude|rlon|easting|eastings|x_?coord(inate)?s?)$/i,
  },
  y: {
    standard: /^(projection_y_(angular_)?coordinate|latitude|grid_latitude)$/,
    units: /^degrees?_?(n|north)$/i,
    name: /^(y|yc|lat|latitude|rlat|northing|northings|y_?coord(inate)?s?)$/i,
  },
  z: {
    standard: /^(height|depth|altitude|air_pressure|model_level_number|.*_sigma_coordinate|height_above_.*)$/,
    name: /^(z|depth|height|altitude|elevation)$/i,
  },
}

/** The spatial axis that a dimension is; undefined where it is none. Text labels are never space. */
export function axisOf(name: string, coordinate: CfCoordinate | undefined): SpatialAxis | undefined {
  if (coordinate !== undefined && typeof coordinate.values[0] === 'string') return undefined
  const attributes = coordinate?.attributes
  const axis = textOf(attributes, 'axis')?.toLowerCase()
  if (axis === 'x' || axis === 'y' || axis === 'z') return axis
  if (axis === 't') return undefined
  const rows = Object.entries(AXES) as [SpatialAxis, AxisRow][]
  const standard = textOf(attributes, 'standard_name')
  if (standard !== undefined) {
    const found = rows.find(([, row]) => row.standard.test(standard))?.[0]
    if (found !== undefined) return found
  }
  const units = textOf(attributes, 'units') ?? ''
  const byUnit = rows.find(([, row]) => row.units?.test(units))?.[0]
  if (byUnit !== undefined) return byUnit
  if (/^(up|down)$/i.test(textOf(attributes, 'positive') ?? '')) return 'z'
  return rows.find(([, row]) => row.name.test(name))?.[0]
}

/** Whether an axis counts degrees of longitude or latitude on the Earth (not on a rotated pole). */
export function isGeographicAxis(name: string, coordinate: CfCoordinate | undefined): boolean {
  const standard = textOf(coordinate?.attributes, 'standard_name')
  if (standard !== undefined) return standard === 'longitude' || standard === 'latitude'
  const units = textOf(coordinate?.attributes, 'units')
  if (units !== undefined && units !== '')
    return /^degrees?_?(e|east|n|north)$/i.test(units) || isNamedDegrees(name, units)
  return /^(lon|long|longitude|lat|latitude)$/i.test(name)
}

const isNamedDegrees = (name: string, units: string): boolean =>
  /^degrees?$/i.test(units) && /^(lon|long|longitude|lat|latitude)$/i.test(name)

const BANDS = /^(bands?|spectral_?bands?|variables?)$/i

/** A dimension that is not space: time, bands, or whatever its labels are. */
export function otherDimension(name: string, length: number, coordinate: CfCoordinate | undefined): Dimension {
  if (coordinate === undefined || coordinate.values.length !== length) {
    return { type: 'other', name, labels: Array.from({ length }, (_, i) => i) }
  }
  const time = temporal(name, coordinate)
  if (time !== undefined) return time
  const labels = Array.from(coordinate.values, (value) => (typeof value === 'string' ? value : Number(value)))
  if (BANDS.test(name)) return bandsDimension(name, labels)
  const unit = textOf(coordinate.attributes, 'units')
  return { type: 'other', name, labels, ...(unit === undefined ? {} : { unit }), ...notesOf(coordinate) }
}

const NOTES = ['axis', 'standard_name', 'long_name', 'positive'] as const

/** What is to be written again of levels and other labels, where there is anything. */
export function notesOf({ attributes }: CfCoordinate): { readonly notes?: AxisNotes } {
  const said = NOTES.flatMap((key) => {
    const text = textOf(attributes, key)
    return text === undefined || text === '' ? [] : [[key, text] as const]
  })
  return said.length === 0 ? {} : { notes: Object.fromEntries(said) }
}

function bandsDimension(name: string, labels: readonly (string | number)[]): Dimension {
  const names = labels.map((label) => (typeof label === 'number' ? `band_${label}` : label))
  return { type: 'bands', name, labels: names, bands: names.map((label): Band => ({ name: label })) }
}

/** A dimension of time; undefined where units or values are not what a calendar can tell (they stay numbers then). */
function temporal(name: string, { values, attributes }: CfCoordinate): Dimension | undefined {
  const units = textOf(attributes, 'units')
  if (typeof values[0] === 'string') return temporalOfText(name, values as ArrayLike<string>, attributes)
  if (!isTimeUnits(units)) return undefined
  const calendar = textOf(attributes, 'calendar')
  try {
    const labels = decodeTimes(values as ArrayLike<number | bigint>, units, calendar)
    return { type: 'temporal', name, labels, calendar: calendarOf(calendar) }
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** Times as text, which CF has not but files have. */
function temporalOfText(name: string, values: ArrayLike<string>, attributes: Attributes): Dimension | undefined {
  const labels = Array.from(values)
  const period = textOf(attributes, 'period')
  const calendar = calendarOf(textOf(attributes, 'calendar'))
  if (isPeriod(period) && labels.every((label) => periodStart(label, calendar, period) !== undefined))
    return { type: 'temporal', name, labels, calendar, period }
  const isTime = /^(t|time|date|dates)$/i.test(name) || textOf(attributes, 'standard_name') === 'time'
  if (!isTime || !labels.every((label) => /^\d{4}-\d\d(-\d\d([T ]\d\d:\d\d.*)?)?$/.test(label))) return undefined
  return { type: 'temporal', name, labels, calendar }
}
