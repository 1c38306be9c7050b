/** aggregate_temporal, aggregate_temporal_period and resample_cube_temporal. */
import { InputError } from '@ecotope/core'
import type { Calendar, TemporalDimension } from '../../model/dimension.ts'
import { type CubeNode, dimensionIndex } from '../../model/node.ts'
import { withMissing } from '../../model/packing.ts'
import { PERIODS, type PeriodName, periodGroups } from '../../model/periods.ts'
import type { CalendarDate } from '../../model/time.ts'
import type { ProcessRow, Value } from '../row.ts'
import { elementsOf } from '../schema.ts'
import {
  callbackOf,
  cubeOf,
  cubeValue,
  laterCubeValue,
  listOf,
  optionalText,
  requireDimension,
  temporalDimension,
  textOf,
} from './arguments.ts'
import { contextOf } from './callback.ts'
import { type Groups, groupNode } from './groups.ts'
import { boundOf, dateOfLabel, secondsOfLabel } from './instants.ts'
import { enumerated, type Label, withDims } from './labels.ts'
import { cellNode, input } from './nodes.ts'
import { CONTEXT, givesCube, LABELS, optional, parameter, REDUCER, TEMPORAL, TEXT_OR_NULL } from './schemas.ts'

const TIME = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?Z?$/
const DAY = 86400
const ANY_TIME = 'the end of an interval has to be later than its start'

/** Seconds of the day of a time without date. */
function timeOfDay(value: Value): number | undefined {
  const match = typeof value === 'string' ? TIME.exec(value) : null
  return match === null ? undefined : Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])
}

function emptyInterval(interval: readonly Value[]): InputError {
  return new InputError('TemporalExtentEmpty', `the interval from ${interval[0]} to ${interval[1]} is empty`, {
    hint: ANY_TIME,
    data: { interval },
  })
}

/** The labels (by index) in [start, end); times of day may run over midnight. */
function membersOf(interval: readonly Value[], seconds: readonly number[], calendar: Calendar): number[] {
  const [from, to] = [timeOfDay(interval[0]!), timeOfDay(interval[1]!)]
  if (from !== undefined && to !== undefined) {
    const inDay = (s: number): number => s - Math.floor(s / DAY) * DAY
    const isIn = (s: number): boolean => (from < to ? s >= from && s < to : s >= from || s < to)
    return seconds.flatMap((s, i) => (isIn(inDay(s)) ? [i] : []))
  }
  const start = boundOf(interval[0] ?? null, calendar, -Infinity)
  const end = boundOf(interval[1] ?? null, calendar, Infinity)
  if (end <= start) throw emptyInterval(interval)
  return seconds.flatMap((s, i) => (s >= start && s < end ? [i] : []))
}

function intervalLabels(intervals: readonly (readonly Value[])[], labels: readonly Value[]): Label[] {
  const chosen = labels.length > 0 ? labels : intervals.map((interval) => interval[0] ?? '..')
  if (chosen.length !== intervals.length) {
    throw new InputError(
      'DistinctDimensionLabelsRequired',
      `there are ${chosen.length} labels for ${intervals.length} intervals`,
      { hint: 'give one label for each interval', data: { labels: chosen.length, intervals: intervals.length } },
    )
  }
  if (new Set(chosen.map(String)).size === chosen.length) return chosen as Label[]
  throw new InputError('DistinctDimensionLabelsRequired', 'several intervals would have the same label', {
    hint: 'give a distinct label for each interval in the argument labels',
    data: { labels: chosen },
  })
}

const secondsOfLabels = (dimension: TemporalDimension): number[] =>
  dimension.labels.map((label) => secondsOfLabel(label, dimension))

/** The dimension with other labels of time: instants, or those of a period. */
function relabelledTime(
  { period: _, ...dimension }: TemporalDimension,
  labels: readonly Label[],
  period?: PeriodName,
): TemporalDimension {
  return { ...dimension, labels: labels as readonly string[], ...(period === undefined ? {} : { period }) }
}

/** Dates of the labels of a temporal dimension. Throws InputError `BadInstant`. */
export function datesOf(dimension: TemporalDimension): CalendarDate[] {
  return dimension.labels.map((label) => {
    const date = dateOfLabel(label, dimension)
    if (date === undefined) secondsOfLabel(label, dimension)
    return date!
  })
}

/** Where a cube is silent about a time, 'missing' is all that nearest labels can say. */
const nearestFirst = (seconds: readonly number[], target: number, isAllowed: (distance: number) => boolean): number[] =>
  enumerated(seconds.length)
    .filter((i) => isAllowed(Math.abs(seconds[i]! - target)))
    .sort((a, b) => Math.abs(seconds[a]! - target) - Math.abs(seconds[b]! - target) || seconds[a]! - seconds[b]!)

/** The cells of the nearest label in time for each label of the target; `validWithin` in days, of valid cells only. */
function resampleTime(
  node: CubeNode,
  own: TemporalDimension,
  target: TemporalDimension,
  validWithin?: number,
): CubeNode {
  const seconds = secondsOfLabels(own)
  const wanted = secondsOfLabels(target)
  const dims = node.schema.dims.map((dimension) =>
    dimension.name === own.name ? { ...target, name: own.name } : dimension,
  )
  const schema = withDims(node.schema, dims)
  const dim = own.name
  const label = 'resample_cube_temporal'
  if (validWithin === undefined) {
    const indices = wanted.map((s) => nearestFirst(seconds, s, () => true)[0] ?? -1)
    return cellNode(label, [node], { kind: 'take', dim, indices, of: input(0) }, schema)
  }
  const groups = wanted.map((s) => nearestFirst(seconds, s, (distance) => distance < validWithin * DAY))
  const length = seconds.length
  const cell = { kind: 'reduce', reducer: 'first', dim, length, groups, ignoreNodata: true, of: input(0) } as const
  return cellNode(label, [node], cell, { ...schema, packing: withMissing(schema.packing) })
}

function timesToMatch(node: CubeNode, target: CubeNode, name: string | undefined): string[] {
  if (name !== undefined) {
    const pair = [node, target].map((one) => one.schema.dims[requireDimension(one, name)]!)
    if (pair.every((dimension) => dimension.type === 'temporal')) return [name]
    throw noMatch(`${name} is not temporal in both cubes`)
  }
  const names = node.schema.dims.flatMap((dimension) => {
    const d = dimensionIndex(target.schema, dimension.name)
    return dimension.type === 'temporal' && target.schema.dims[d]?.type === 'temporal' ? [dimension.name] : []
  })
  if (names.length > 0) return names
  throw noMatch('the cubes have no temporal dimension of the same name')
}

function noMatch(message: string): InputError {
  return new InputError('DimensionMismatch', message, { hint: 'rename one of them with rename_dimension' })
}

const DIMENSION = optional('dimension', TEXT_OR_NULL, 'the temporal dimension; default the only one')
const TIME_DATA = parameter('data', TEMPORAL, 'a cube with time')

export const temporalRows: readonly ProcessRow[] = [
  {
    id: 'aggregate_temporal',
    category: 'aggregate and resample',
    summary: 'Makes one value of the cells in each of several intervals of time.',
    parameters: [
      TIME_DATA,
      parameter(
        'intervals',
        { type: 'array', subtype: 'temporal-intervals', minItems: 1 },
        'intervals [start, end) of dates, or of times of day',
      ),
      REDUCER,
      optional('labels', LABELS, 'a label for each interval; default its start', []),
      DIMENSION,
      CONTEXT,
    ],
    returns: givesCube('the cube with one label per interval', TEMPORAL),
    errors: ['TooManyDimensions', 'DimensionNotAvailable', 'DistinctDimensionLabelsRequired', 'TemporalExtentEmpty'],
    chunks: 'reduction',
    evaluate: (args) => {
      const node = cubeOf(args)
      const dimension = temporalDimension(node, optionalText(args, 'dimension'))
      const intervals = listOf(args, 'intervals').map((interval) => elementsOf(interval) ?? [])
      const seconds = secondsOfLabels(dimension)
      const groups: Groups = intervals.map((interval) => membersOf(interval, seconds, dimension.calendar))
      const target = relabelledTime(dimension, intervalLabels(intervals, listOf(args, 'labels')))
      const reducer = callbackOf(args, 'reducer')
      const context = contextOf(args)
      return laterCubeValue(groupNode(node, reducer, dimension.name, groups, target, context, 'aggregate_temporal'))
    },
  },
  {
    id: 'aggregate_temporal_period',
    category: 'aggregate and resample',
    summary: 'Makes one value of the cells in each hour, day, week, ten days, month, season, year or decade.',
    parameters: [
      TIME_DATA,
      parameter('period', { type: 'string', enum: Object.keys(PERIODS) }, 'the periods'),
      REDUCER,
      DIMENSION,
      CONTEXT,
    ],
    returns: givesCube('the cube with one label per period, from the first to the last', TEMPORAL),
    errors: ['TooManyDimensions', 'DimensionNotAvailable'],
    chunks: 'reduction',
    evaluate: (args) => {
      const node = cubeOf(args)
      const dimension = temporalDimension(node, optionalText(args, 'dimension'))
      const period = textOf(args, 'period') as PeriodName
      const { labels, groups } = periodGroups(period, datesOf(dimension), dimension.calendar)
      const target = relabelledTime(dimension, labels, period)
      const reducer = callbackOf(args, 'reducer')
      const label = `aggregate_temporal_period(${period})`
      return laterCubeValue(groupNode(node, reducer, dimension.name, groups, target, contextOf(args), label))
    },
  },
  {
    id: 'resample_cube_temporal',
    category: 'aggregate and resample',
    summary: 'Brings a cube to the labels of time of another, by the nearest label.',
    parameters: [
      TIME_DATA,
      parameter('target', TEMPORAL, 'a cube with the labels wanted'),
      optional('dimension', TEXT_OR_NULL, 'the temporal dimension; default all of the same name'),
      optional('valid_within', { type: ['number', 'null'] }, 'takes valid cells only, nearer than so many days'),
    ],
    returns: givesCube('the cube with the labels of the target', TEMPORAL),
    errors: ['DimensionMismatch', 'DimensionNotAvailable'],
    chunks: 'metadata',
    evaluate: (args) => {
      const [node, target] = [cubeOf(args), cubeOf(args, 'target')]
      const within = typeof args.valid_within === 'number' ? args.valid_within : undefined
      const names = timesToMatch(node, target, optionalText(args, 'dimension'))
      const resampled = names.reduce<CubeNode>(
        (done, name) => resampleTime(done, temporalDimension(done, name), temporalDimension(target, name), within),
        node,
      )
      return cubeValue(resampled)
    },
  },
]
