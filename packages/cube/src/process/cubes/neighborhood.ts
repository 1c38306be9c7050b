/** apply_neighborhood: a callback on windows of a cube that overlap, and the windows put together again. */
import { InputError } from '@ecotope/core'
import { newArray } from '../../dtype.ts'
import { gridResolution } from '../../grid.ts'
import { FLOAT64, type Packing } from '../../model/block.ts'
import { copyBox } from '../../model/copy.ts'
import type { Dimension, TemporalDimension } from '../../model/dimension.ts'
import { dropBytes, own, release } from '../../model/garbage.ts'
import { type BlockNode, type CubeNode, dimensionIndex, shapeOf } from '../../model/node.ts'
import { samePacking, withMissing } from '../../model/packing.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import { type CalendarDate, dateOf, secondsOf } from '../../model/time.ts'
import type { Callback, ProcessRow, Value } from '../row.ts'
import { valueWriter } from './along.ts'
import { callbackOf, cubeOf, cubeValue, listOf, requireDimension } from './arguments.ts'
import { contextOf, isAsync, sampleValues } from './callback.ts'
import { enumerated, gridAxis } from './labels.ts'
import { alongLine, placewise, type Span } from './neighborhood-whole.ts'
import { BOOLEAN, repackedArray } from './nodes.ts'
import { CONTEXT, callback, givesCube, optional, parameter, RASTER, RASTER_DATA } from './schemas.ts'
import { type Box, boxCells, boxSchema, clip, partBytes, runOnPart, type SubCubeOptions } from './subcubes.ts'
import { datesOf } from './temporal.ts'

interface ChunkSize {
  readonly dimension: string
  readonly value?: number | string | null
  readonly unit?: 'px' | 'm' | null
}

const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

interface Duration {
  readonly months: number
  readonly seconds: number
}

function durationOf(text: string): Duration {
  const match = DURATION.exec(text)
  const part = (k: number): number => Number(match?.[k] ?? 0)
  const days = part(3) * (match?.[4] === 'W' ? 7 : 1)
  const duration = {
    months: part(1) * 12 + part(2),
    seconds: ((days * 24 + part(5)) * 60 + part(6)) * 60 + part(7),
  }
  if (match !== null && (duration.months > 0 || duration.seconds > 0)) return duration
  throw new InputError('BadDuration', `${JSON.stringify(text)} is no duration`, {
    hint: 'write it like P1D, P1M or PT12H',
    data: { value: text },
  })
}

/** Seconds of a date moved by `times` durations. */
function moved(
  date: CalendarDate,
  { months, seconds }: Duration,
  times: number,
  calendar: TemporalDimension['calendar'],
) {
  const month = date.year * 12 + date.month - 1 + months * times
  const year = Math.floor(month / 12)
  // Days that a month lacks fall on its last: the first of the next less one.
  const first = { year, month: month - year * 12 + 1, day: 1, second: 0 }
  const next = { year: Math.floor((month + 1) / 12), month: ((month + 1) % 12) + 1, day: 1, second: 0 }
  const day = Math.min(secondsOf(first, calendar) + (date.day - 1) * 86400, secondsOf(next, calendar) - 86400)
  return day + date.second + seconds * times
}

/** Numbers of cells from a size in pixels or in units of the dimension. */
function cellsOf(node: CubeNode, dimension: Dimension, { value, unit }: ChunkSize): number {
  const amount = Number(value)
  const axis = gridAxis(dimension)
  const { grid } = node.schema
  if (unit === 'px' || axis === undefined || grid === undefined) return Math.round(amount)
  const [dx, dy] = gridResolution(grid)
  const metres = grid.crs.metresPerUnit ?? 1
  if (unit === 'm' && grid.crs.isGeographic) {
    throw new InputError('UnitMismatch', `sizes in metres do not fit a cube in ${grid.crs.name}`, {
      hint: 'give sizes in pixels (unit px), or reproject the cube first',
    })
  }
  return Math.round((unit === 'm' ? amount / metres : amount) / (axis === 'x' ? dx : dy))
}

function regularSpans(n: number, size: number, overlap: number): Span[] {
  const count = Math.ceil(n / size)
  return enumerated(count).map((k) => ({
    start: k * size,
    length: Math.min(size, n - k * size),
    before: overlap,
    after: overlap,
  }))
}

/** Windows of a duration, from the first label on, and overlaps of a duration on both sides. */
function timeSpans(dimension: TemporalDimension, size: Duration | undefined, overlap: Duration | number): Span[] {
  const { calendar } = dimension
  const dates = datesOf(dimension)
  const seconds = dates.map((date) => secondsOf(date, calendar))
  const spans: { start: number; length: number }[] = []
  const [first] = dates
  if (first === undefined) return []
  if (size === undefined) spans.push({ start: 0, length: seconds.length })
  for (let k = 0, i = 0; size !== undefined && i < seconds.length; k++) {
    const end = moved(first, size, k + 1, calendar)
    const start = i
    while (i < seconds.length && seconds[i]! < end) i++
    if (i > start) spans.push({ start, length: i - start })
  }
  return spans.map(({ start, length }) => {
    if (typeof overlap === 'number') return { start, length, before: overlap, after: overlap }
    const last = start + length - 1
    const from = moved(dateOf(seconds[start]!, calendar), overlap, -1, calendar)
    const to = moved(dateOf(seconds[last]!, calendar), overlap, 1, calendar)
    const before = seconds.filter((s, i) => i < start && s >= from).length
    return { start, length, before, after: seconds.filter((s, i) => i > last && s <= to).length }
  })
}

function spansOf(node: CubeNode, d: number, size: ChunkSize | undefined, overlap: ChunkSize | undefined): Span[] {
  const dimension = node.schema.dims[d]!
  const n = dimension.labels.length
  const isAll = size?.value === undefined || size.value === null
  const isTimed = [size, overlap].some((one) => typeof one?.value === 'string')
  const margin = typeof overlap?.value === 'number' ? cellsOf(node, dimension, overlap) : 0
  if (isTimed && dimension.type === 'temporal' && typeof size?.value !== 'number') {
    const span = typeof size?.value === 'string' ? durationOf(size.value) : undefined
    return timeSpans(dimension, span, typeof overlap?.value === 'string' ? durationOf(overlap.value) : margin)
  }
  if (isTimed) {
    throw new InputError('BadDuration', `${dimension.name} cannot be cut by durations here`, {
      hint: 'durations are for temporal dimensions, for the size or for both size and overlap',
      data: { dimension: dimension.name },
    })
  }
  return regularSpans(n, isAll ? Math.max(1, n) : Math.max(1, cellsOf(node, dimension, size!)), margin)
}

/** Indices of the first and last window that meet a range of cells. */
function windowsIn(spans: readonly Span[], start: number, length: number): [number, number] {
  const first = spans.findIndex((span) => span.start + span.length > start)
  const last = spans.findLastIndex((span) => span.start < start + length)
  return [first, last]
}

const lengthOf = ({ length, before, after }: Span): number => before + length + after

/** The box of a combination of windows, with overlap. */
const boxOf = (spans: readonly Span[]): Box => ({
  start: spans.map(({ start, before }) => start - before),
  shape: spans.map(lengthOf),
})

function* combinations(
  spans: readonly (readonly Span[])[],
  ranges: readonly (readonly [number, number])[],
): Generator<Span[]> {
  const counts = ranges.map(([first, last]) => last - first + 1)
  const steps = stridesOf(counts)
  for (let i = 0; i < cellCount(counts); i++) {
    yield counts.map((count, d) => spans[d]![ranges[d]![0] + (Math.floor(i / steps[d]!) % count)]!)
  }
}

/** The only dimension along which windows have more than one cell; undefined where there are several. */
function lineOf(dims: readonly Dimension[], spans: readonly (readonly Span[])[]): string | undefined {
  const isLong = (list: readonly Span[]): boolean => list.some((span) => lengthOf(span) > 1)
  const long = dims.filter((_, d) => isLong(spans[d]!))
  return long.length > 1 ? undefined : (long[0] ?? dims.at(-1))?.name
}

/** What the callback gives for a made-up window says how results are stored. */
async function probedPacking(node: CubeNode, process: Callback, box: Box, options: SubCubeOptions, packing: Packing) {
  const schema = boxSchema(node.schema, box, packing)
  const data = newArray(packing.dtype, cellCount(box.shape))
  const write = valueWriter(data, packing, options.label)
  sampleValues(packing, Math.min(data.length, 1 << 16)).forEach((value, i) => {
    write(i, typeof value === 'number' ? value % 100 : value)
  })
  try {
    const result = await runOnPart(process, data, schema, options, {})
    return result.packing.isBoolean ? BOOLEAN : withMissing(result.packing)
  } catch (error) {
    if (error instanceof InputError && error.tag === 'DataCubePropertiesImmutable') throw error
    return FLOAT64
  }
}

async function neighborhoodNode(
  node: CubeNode,
  process: Callback,
  sizes: readonly ChunkSize[],
  overlaps: readonly ChunkSize[],
  context: Value,
): Promise<CubeNode> {
  for (const { dimension } of [...sizes, ...overlaps]) requireDimension(node, dimension)
  const { schema } = node
  const named = (list: readonly ChunkSize[], name: string) => list.find((one) => one.dimension === name)
  const spans = schema.dims.map(({ name }, d) => spansOf(node, d, named(sizes, name), named(overlaps, name)))
  const line = lineOf(schema.dims, spans)
  const along = line === undefined ? -1 : dimensionIndex(schema, line)
  const whole =
    line === undefined
      ? await placewise(node, process, spans, context)
      : alongLine(node, process, line, spans[along]!, context)
  return whole ?? windowed(node, process, spans, context, line)
}

/** Window by window. */
async function windowed(
  node: CubeNode,
  process: Callback,
  spans: readonly (readonly Span[])[],
  context: Value,
  line: string | undefined,
): Promise<BlockNode> {
  const { schema } = node
  const packed = withMissing(schema.packing)
  const shape = shapeOf(schema)
  const options: SubCubeOptions = { label: 'apply_neighborhood', context, ...(line === undefined ? {} : { line }) }
  const first = boxOf(spans.map((list) => list[0] ?? { start: 0, length: 0, before: 0, after: 0 }))
  const packing = await probedPacking(node, process, first, options, packed)
  const widest = spans.map((list) => list.reduce((most, span) => Math.max(most, lengthOf(span)), 0))
  const mayKeep = isAsync(process)
  const bytesOf = (cells: number) => partBytes(cells, process, options, packed.dtype, packing.dtype)
  const scratch = bytesOf(cellCount(widest))
  const rangesOf = (region: Region) => spans.map((list, d) => windowsIn(list, region.start[d]!, region.shape[d]!))
  const boxIn = (region: Region): Region => {
    const ends = rangesOf(region).map(([from, to], d) => boxRange(spans[d]!.slice(from, to + 1)))
    return clip({ start: ends.map(([start]) => start), shape: ends.map(([start, end]) => end - start) }, shape)
  }
  return {
    kind: 'blocks',
    label: 'apply_neighborhood',
    inputs: [node],
    schema: { ...schema, packing },
    // Where windows hold all labels, cutting the dimension would only run them again.
    wholeDimensions: spans.flatMap((list, d) => (list.length <= 1 && shape[d]! > 1 ? [d] : [])),
    needs: (region) => [boxIn(region)],
    scratchBytes: () => scratch,
    async compute(region, [block], work) {
      const data = newArray(packing.dtype, cellCount(region.shape))
      for (const window of combinations(spans, rangesOf(region))) {
        const box = boxOf(window)
        const cells = boxCells(box, shape, block!, schema.packing, packed)
        const result = await runOnPart(process, cells, boxSchema(schema, box, packed), options, work)
        const values = samePacking(result.packing, packing)
          ? result.data
          : repackedArray(result.data, result.packing, packing)
        const core = { start: window.map(({ start }) => start), shape: window.map(({ length }) => length) }
        const part = common(core, region)
        const from = part.start.map((at, d) => at - box.start[d]!)
        const to = part.start.map((at, d) => at - region.start[d]!)
        copyBox(values, box.shape, from, data, region.shape, to, part.shape)
        // What user code has seen it may keep; else memory is given back at once, which keeps it in one piece.
        if (result.isNew) release(own(result.data))
        if (!mayKeep && result.data !== cells) release(own(cells))
        dropBytes(bytesOf(cells.length))
      }
      return { region, data }
    },
  }
}

/** Start and end of several windows with their overlaps. */
const boxRange = (spans: readonly Span[]): [number, number] => [
  spans.reduce((least, { start, before }) => Math.min(least, start - before), Infinity),
  spans.reduce((most, { start, length, after }) => Math.max(most, start + length + after), -Infinity),
]

function common(a: Region, b: Region): Region {
  const start = a.start.map((from, d) => Math.max(from, b.start[d]!))
  const end = a.start.map((from, d) => Math.min(from + a.shape[d]!, b.start[d]! + b.shape[d]!))
  return { start, shape: start.map((from, d) => Math.max(0, end[d]! - from)) }
}

const SIZES = {
  type: 'array',
  items: {
    type: 'object',
    subtype: 'chunk-size',
    required: ['dimension', 'value'],
    properties: {
      dimension: { type: 'string' },
      value: { type: ['number', 'string', 'null'], minimum: 0 },
      unit: { type: ['string', 'null'], enum: ['px', 'm', null] },
    },
  },
}

export const neighborhoodRows: readonly ProcessRow[] = [
  {
    id: 'apply_neighborhood',
    category: 'reduce and apply',
    summary: 'Runs a callback on windows of a cube, with overlap.',
    parameters: [
      RASTER_DATA,
      parameter('process', callback(['cube']), 'from a window to a window of the same dimensions'),
      parameter('size', SIZES, 'size of the windows along each dimension; all of it where not given'),
      optional('overlap', [{ type: 'null' }, SIZES], 'cells around a window that the callback sees too'),
      CONTEXT,
    ],
    returns: givesCube('a cube of the same dimensions', RASTER),
    errors: ['DimensionNotAvailable', 'DataCubePropertiesImmutable'],
    chunks: 'halo',
    evaluate: async (args) => {
      const [sizes, overlaps] = [listOf(args, 'size'), listOf(args, 'overlap')] as unknown as readonly ChunkSize[][]
      const process = callbackOf(args, 'process')
      return cubeValue(await neighborhoodNode(cubeOf(args), process, sizes!, overlaps!, contextOf(args)))
    },
  },
]
