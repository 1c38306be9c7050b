/** Cubes without x and y as lines over time: one for each band, feature or other label. */
import { InputError } from '@ecotope/core'
import type { TemporalDimension } from '../model/dimension.ts'
import { type CubeNode, type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount, stridesOf } from '../model/region.ts'
import { parseInstant, secondsOf } from '../model/time.ts'
import { computeCube } from '../plan/compute.ts'
import { OKABE_ITO } from './colour.ts'
import { type Drawing, FAINT, INK, type Shape } from './drawing.ts'
import { textWidth } from './font.ts'
import { niceTicks, tickText, unitText } from './numbers.ts'
import type { PlotOptions } from './plot.ts'
import { computing } from './read-view.ts'
import { dateTicks } from './time-axis.ts'

/** Lines at most; more cannot be told apart. */
const MOST_LINES = 8
const MOST_CELLS = 2 ** 22
const [WIDTH, HEIGHT] = [560, 300]

interface Series {
  readonly name: string
  readonly values: Float64Array
}

export async function drawSeries(node: CubeNode, options: PlotOptions): Promise<Drawing> {
  const { schema } = node
  const cells = cellCount(shapeOf(schema))
  if (cells === 0 || cells > MOST_CELLS) {
    throw new InputError('NotDrawable', `a series of ${cells} cells is no picture`, {
      hint: 'choose some features or bands first',
      data: { cells },
    })
  }
  const time = schema.dims.find((dim): dim is TemporalDimension => dim.type === 'temporal')!
  const all = await seriesOf(node, time, options)
  const shown = all.slice(0, MOST_LINES)
  const more = all.length - shown.length
  const title = options.title ?? node.label
  return chart(time, shown, { title, quantity: quantityOf(schema), range: options.range, more })
}

/** Name of the only band, and the unit that all bands share. */
function quantityOf(schema: CubeSchema): string {
  const bands = schema.dims.flatMap((dim) => (dim.type === 'bands' ? dim.bands : []))
  const all = bands.length > 0 ? bands : schema.band === undefined ? [] : [schema.band]
  const units = new Set(all.map((band) => band.unit))
  const unit = schema.unit ?? (units.size === 1 ? all[0]!.unit : undefined)
  const name = all.length === 1 ? all[0]!.name : ''
  if (unit === undefined || unit === '' || unit === '1') return name
  return name === '' ? unitText(unit) : `${name} (${unitText(unit)})`
}

async function seriesOf(node: CubeNode, time: TemporalDimension, options: PlotOptions): Promise<Series[]> {
  const { data } = await computeCube(node, computing(options))
  const { schema } = node
  const { nodata, scale, offset } = schema.packing
  const shape = shapeOf(schema)
  const strides = stridesOf(shape)
  const t = schema.dims.indexOf(time)
  const others = [...shape.keys()].filter((d) => d !== t)
  let places: { at: number; names: string[] }[] = [{ at: 0, names: [] }]
  for (const d of others) {
    const { labels } = schema.dims[d]!
    places = places.flatMap(({ at, names }) =>
      Array.from(labels, (label, i) => ({
        at: at + i * strides[d]!,
        names: labels.length > 1 ? [...names, String(label)] : names,
      })),
    )
  }
  return places.map(({ at, names }) => ({
    name: names.join(', '),
    values: Float64Array.from({ length: shape[t]! }, (_, i) => {
      const raw = data[at + i * strides[t]!]!
      return raw === nodata ? Number.NaN : raw * scale + offset
    }),
  }))
}

interface ChartText {
  readonly title: string
  /** What is drawn and its unit, along the axis of values. */
  readonly quantity: string
  readonly range: readonly [number, number] | undefined
  /** Series that are not drawn. */
  readonly more: number
}

function chart(
  time: TemporalDimension,
  series: readonly Series[],
  { title, quantity, range, more }: ChartText,
): Drawing {
  const left = 72
  const top = 56
  const shapes: Shape[] = [{ kind: 'text', x: 18, y: 32, text: title, size: 16, isBold: true, fill: INK }]
  const values = series.flatMap(({ values: list }) => [...list].filter((value) => Number.isFinite(value)))
  const [least, greatest] = [Math.min(...values), Math.max(...values)]
  const pad = greatest > least ? (greatest - least) * 0.05 : 0.5
  const [low, high] = range ?? (values.length === 0 ? [0, 1] : [least - pad, greatest + pad])
  const { seconds, areInstants } = secondsOfLabels(time)
  const [from, to] = [seconds[0]!, seconds.at(-1)!]
  const x = (second: number): number => left + (to > from ? (second - from) / (to - from) : 0.5) * WIDTH
  const y = (value: number): number => top + (1 - (value - low) / (high - low)) * HEIGHT
  const ticks = values.length === 0 ? [] : niceTicks(low, high, 6)
  for (const tick of ticks) {
    shapes.push({ kind: 'line', points: [left, y(tick), left + WIDTH, y(tick)], stroke: '#e3e6e9', strokeWidth: 0.8 })
    shapes.push({
      kind: 'text',
      x: left - 7,
      y: y(tick) + 3.5,
      text: tickText(tick, ticks),
      size: 10,
      anchor: 'end',
      fill: FAINT,
    })
  }
  shapes.push(...dateTicks(time, seconds, areInstants, x, top + HEIGHT, WIDTH))
  if (values.length === 0) {
    const place = { x: left + WIDTH / 2, y: top + HEIGHT / 2, anchor: 'middle' } as const
    shapes.push({ kind: 'text', ...place, text: 'no data', size: 12, fill: FAINT })
  }
  if (quantity !== '') {
    shapes.push({
      kind: 'text',
      x: 24,
      y: top + HEIGHT / 2,
      text: quantity,
      size: 11,
      anchor: 'middle',
      fill: INK,
      isUpright: true,
    })
  }
  shapes.push({
    kind: 'line',
    points: [left, top, left, top + HEIGHT, left + WIDTH, top + HEIGHT],
    stroke: FAINT,
    strokeWidth: 0.9,
  })
  const keyX = left + WIDTH + 18
  for (const [i, one] of series.entries()) {
    const stroke = OKABE_ITO[i % OKABE_ITO.length]!
    for (const points of segments(one.values, seconds, x, y, [low, high])) shapes.push(...lineOrDot(points, stroke))
    if (one.name === '') continue
    shapes.push({
      kind: 'line',
      points: [keyX, top + 8 + 18 * i, keyX + 18, top + 8 + 18 * i],
      stroke,
      strokeWidth: 2.2,
    })
    shapes.push({ kind: 'text', x: keyX + 24, y: top + 12 + 18 * i, text: one.name, size: 11, fill: INK })
  }
  if (more > 0)
    shapes.push({
      kind: 'text',
      x: keyX,
      y: top + 14 + 18 * series.length,
      text: `and ${more} more`,
      size: 10,
      fill: FAINT,
    })
  const key = Math.max(0, ...series.map(({ name }) => (name === '' ? 0 : 24 + textWidth(name, 11))))
  return {
    width: Math.ceil(keyX + Math.max(key, more > 0 ? 70 : 0) + 18),
    height: top + HEIGHT + 42,
    background: '#ffffff',
    alt: `${title}: ${series.length} series of ${time.labels.length} dates`,
    shapes,
  }
}

/** Seconds of instants; numbers of labels where they are none (`summer`). */
function secondsOfLabels({ labels, calendar }: TemporalDimension): { seconds: number[]; areInstants: boolean } {
  const found = labels.map((label) => parseInstant(label, calendar))
  if (found.every((date) => date !== undefined))
    return { seconds: found.map((date) => secondsOf(date, calendar)), areInstants: true }
  return { seconds: labels.map((_, i) => i), areInstants: false }
}

/** Runs of points without a gap, inside the range. */
function segments(
  values: Float64Array,
  seconds: readonly number[],
  x: (s: number) => number,
  y: (v: number) => number,
  [low, high]: readonly [number, number],
): number[][] {
  const runs: number[][] = [[]]
  for (const [i, value] of values.entries()) {
    if (value >= low && value <= high) runs.at(-1)!.push(x(seconds[i]!), y(value))
    else if (runs.at(-1)!.length > 0) runs.push([])
  }
  return runs.filter((run) => run.length > 0)
}

function lineOrDot(points: readonly number[], stroke: string): Shape[] {
  if (points.length > 2) return [{ kind: 'line', points, stroke, strokeWidth: 1.8 }]
  const [x, y] = points as [number, number]
  return [{ kind: 'line', points: [x - 0.1, y, x + 0.1, y], stroke, strokeWidth: 4 }]
}
