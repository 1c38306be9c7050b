/** climatological_normal and anomaly: means of the same period over years, and differences from them. */
import { InputError } from '@ecotope/core'
import type { Cell } from '../../cells/cell.ts'
import type { Calendar, TemporalDimension } from '../../model/dimension.ts'
import type { CubeNode } from '../../model/node.ts'
import { floatPacking, withMissing } from '../../model/packing.ts'
import { dayOfYear, PERIODS, type Period, type PeriodName } from '../../model/periods.ts'
import { type CalendarDate, parseInstant } from '../../model/time.ts'
import type { ProcessRow } from '../row.ts'
import { cubeOf, cubeValue, listOf, temporalDimension, textOf } from './arguments.ts'
import { renameDimension } from './dimensions.ts'
import { dateOfLabel } from './instants.ts'
import { indicesIn, type Label, relabelled, withDims } from './labels.ts'
import { call, cellNode, input, selectNode } from './nodes.ts'
import { givesCube, optional, parameter, TEMPORAL } from './schemas.ts'

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
const SINGLE = new Set(['climatology-period', 'single-period'])

/** Days as aggregate_temporal_period labels them. */
const DAY_LABEL = /^-?\d{4,}-(\d{3})$/

const SEASON_OF = (month: number): string => ['djf', 'mam', 'jja', 'son'][Math.floor((month % 12) / 3)]!
const TROPICAL_OF = (month: number): string => (month >= 5 && month <= 10 ? 'mjjaso' : 'ndjfma')

interface NormalRow {
  readonly labels: readonly string[]
  readonly label: (date: CalendarDate, calendar: Calendar, own: Label) => string
  /** Month in which the period that runs over New Year starts, where there is one. */
  readonly wraps?: { readonly label: string; readonly month: number }
}

const NORMALS: Readonly<Record<string, NormalRow>> = {
  day: {
    labels: Array.from({ length: 365 }, (_, i) => pad(i + 1, 3)),
    label: (date, calendar, own) => DAY_LABEL.exec(String(own))?.[1] ?? pad(dayOfYear(date, calendar), 3),
  },
  month: { labels: Array.from({ length: 12 }, (_, i) => pad(i + 1)), label: ({ month }) => pad(month) },
  season: {
    labels: ['djf', 'mam', 'jja', 'son'],
    label: ({ month }) => SEASON_OF(month),
    wraps: { label: 'djf', month: 12 },
  },
  'tropical-season': {
    labels: ['ndjfma', 'mjjaso'],
    label: ({ month }) => TROPICAL_OF(month),
    wraps: { label: 'ndjfma', month: 11 },
  },
  'climatology-period': { labels: ['climatology-period'], label: () => 'climatology-period' },
}

/** Labels (by index) of each period of the climatology, over the years `first` to `last`, both included. */
export function normalGroups(
  dimension: TemporalDimension,
  period: string,
  first: number,
  last: number,
): { labels: string[]; groups: number[][] } {
  const row = NORMALS[period]!
  const { calendar } = dimension
  const dates = dimension.labels.map((label) => {
    const date = dateOfLabel(label, dimension)
    if (date !== undefined) return date
    throw new InputError('BadInstant', `the label ${JSON.stringify(label)} is no date`, { data: { label } })
  })
  const { wraps } = row
  // The year in which a period ends: December counts to the next winter.
  const yearOf = ({ year, month }: CalendarDate): number =>
    wraps !== undefined && month >= wraps.month ? year + 1 : year
  // A first winter without its months of the year before is left out.
  const hasStart = wraps === undefined || dates.some(({ year, month }) => year === first - 1 && month >= wraps.month)
  const own = period === 'day' && calendar === '360_day' ? row.labels.slice(0, 360) : row.labels
  const byLabel = new Map<string, number[]>(own.map((label) => [label, []]))
  dates.forEach((date, i) => {
    const label = row.label(date, calendar, dimension.labels[i]!)
    const isWrapped = label === wraps?.label
    const year = isWrapped ? yearOf(date) : date.year
    if (year < first || year > last || (isWrapped && year === first && !hasStart && isOneOfMany(dimension, dates)))
      return
    // Leap days make a 366th label only where there are any.
    const group = byLabel.get(label) ?? []
    group.push(i)
    byLabel.set(label, group)
  })
  const labels = [...byLabel.keys()]
  return { labels, groups: labels.map((label) => byLabel.get(label)!) }
}

/** Labels of whole seasons (`1981-djf`) are complete in themselves. */
const isOneOfMany = (dimension: TemporalDimension, dates: readonly CalendarDate[]): boolean =>
  dates.length > 0 && !/[a-z]{3,}$/.test(String(dimension.labels[0]))

function normalNode(node: CubeNode, period: string, first: number, last: number): CubeNode {
  const dimension = temporalDimension(node, undefined)
  const { labels, groups } = normalGroups(dimension, period, first, last)
  if (groups.every((group) => group.length === 0)) {
    throw new InputError('ClimatologyPeriodMissing', `the cube has no labels of time from ${first} to ${last}`, {
      hint: 'give the years that the cube covers in climatology_period',
      data: { first, last },
    })
  }
  const { schema } = node
  const dims = schema.dims.map((one) => (one === dimension ? relabelled(dimension, labels) : one))
  const cell: Cell = {
    kind: 'reduce',
    reducer: 'mean',
    dim: dimension.name,
    length: dimension.labels.length,
    groups,
    of: input(0),
  }
  const packing = floatPacking(schema.packing)
  return cellNode('climatological_normal', [node], cell, { ...withDims(schema, dims), packing })
}

function labelIn(name: PeriodName, date: CalendarDate, calendar: Calendar): string {
  const period: Period = PERIODS[name]
  return period.label(period.index(date, calendar), calendar)
}

/** The label of the normal that belongs to a label of the data. */
function normalLabel(label: Label, period: string, dimension: TemporalDimension): string {
  const text = String(label)
  const { calendar } = dimension
  if (period === 'year' || period === 'decade' || period === 'decade-ad') {
    const date = dateOfLabel(label, dimension)
    return date === undefined ? text : labelIn(period, date, calendar)
  }
  const instant = parseInstant(text, calendar)
  const written = instant === undefined ? text : labelIn(period as PeriodName, instant, calendar)
  return written.slice(written.lastIndexOf('-') + 1)
}

function anomalyNode(data: CubeNode, normals: CubeNode, period: string): CubeNode {
  const dimension = temporalDimension(data, undefined)
  const other = temporalDimension(normals, undefined)
  if (SINGLE.has(period) && other.labels.length !== 1) {
    throw new InputError('LabelNotAvailable', `${period} needs normals of one label, not of ${other.labels.length}`, {
      hint: `choose one of ${other.labels.slice(0, 5).join(', ')}, or name the period of the normals`,
      data: { period, labels: other.labels.length },
    })
  }
  const place = new Map(other.labels.map((label, i) => [String(label), i]))
  const indices = dimension.labels.map((label) =>
    SINGLE.has(period) ? 0 : (place.get(normalLabel(label, period, dimension)) ?? -1),
  )
  if (indices.length > 0 && indices.every((index) => index === -1)) {
    throw new InputError('LabelNotAvailable', `no label of ${dimension.name} has a normal`, {
      hint: `labels are like ${dimension.labels[0]}, those of the normals like ${other.labels[0]}; the period is ${period}`,
      data: { label: dimension.labels[0], normal: other.labels[0], period },
    })
  }
  const renamed = renameDimension(normals, other.name, dimension.name)
  const aligned = alignOthers(data, renamed, dimension.name)
  const normal: Cell = { kind: 'take', dim: dimension.name, indices, of: input(1) }
  const packing = withMissing(floatPacking(data.schema.packing, normals.schema.packing))
  return cellNode('anomaly', [data, aligned], call('subtract', input(0), normal), { ...data.schema, packing })
}

/** The normals with the other labels in the order of the data. */
function alignOthers(data: CubeNode, normals: CubeNode, time: string): CubeNode {
  return normals.schema.dims.reduce<CubeNode>((node, dimension) => {
    if (dimension.name === time) return node
    const own = data.schema.dims.find(({ name }) => name === dimension.name)
    const indices = own === undefined ? undefined : indicesIn(dimension, own)
    if (indices !== undefined && !indices.includes(-1)) return selectNode('anomaly', node, dimension.name, indices)
    throw new InputError('IncompatibleDataCubes', `the normals differ from the data along ${dimension.name}`, {
      hint: 'both need the same labels there; resample or filter one of them',
      data: { dimension: dimension.name },
    })
  }, normals)
}

const TIME_DATA = parameter('data', TEMPORAL, 'a cube with one dimension of time')
/** Years are numbers; older graphs have texts of four digits. */
const YEAR = { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^\\d{4}$' }] }
const PERIOD_NAMES = [...Object.keys(PERIODS), ...SINGLE]

export const climateRows: readonly ProcessRow[] = [
  {
    id: 'climatological_normal',
    category: 'aggregate and resample',
    summary: 'Means over years of each day, month or season.',
    parameters: [
      TIME_DATA,
      parameter('period', { type: 'string', enum: Object.keys(NORMALS) }, 'what to average over the years'),
      optional(
        'climatology_period',
        { type: 'array', uniqueItems: true, minItems: 2, maxItems: 2, items: YEAR },
        'first and last year, both included',
        [1981, 2010],
      ),
    ],
    returns: givesCube('the cube with one label per period of the year', TEMPORAL),
    chunks: 'reduction',
    evaluate: (args) => {
      const [first, last] = listOf(args, 'climatology_period').map(Number)
      return cubeValue(normalNode(cubeOf(args), textOf(args, 'period'), first!, last!))
    },
  },
  {
    id: 'anomaly',
    category: 'aggregate and resample',
    summary: 'Differences from normals of the same period.',
    parameters: [
      TIME_DATA,
      parameter('normals', TEMPORAL, 'a cube of normals, one label per period'),
      parameter('period', { type: 'string', enum: PERIOD_NAMES }, 'the periods of the normals'),
    ],
    returns: givesCube('a cube of the same dimensions', TEMPORAL),
    chunks: 'cell',
    evaluate: (args) => cubeValue(anomalyNode(cubeOf(args), cubeOf(args, 'normals'), textOf(args, 'period'))),
  },
]
