/** Legends beside a map: a colour bar with the distribution of values, classes with their shares, channels of true colour. */
import { rampTable } from './colour.ts'
import { FAINT, HAIR, INK, type Shape, VOID } from './drawing.ts'
import { textWidth } from './font.ts'
import { extremes, histogram, niceTicks, shortText, tickText, valueText } from './numbers.ts'
import { type ClassPaint, type Paint, type RampPaint, type RgbPaint, shareOf } from './paint.ts'
import type { View, ViewValues } from './view.ts'

export interface LegendInput {
  readonly view: View
  readonly values: ViewValues
  readonly paint: Paint
  /** What is shown, with its unit. */
  readonly title: string
  readonly hasMissing: boolean
}

export interface Legend {
  readonly shapes: readonly Shape[]
  readonly width: number
  readonly height: number
}

const BAR = 15
const HISTOGRAM = 44
const PARTS = 48
const SIZE = 11

/** The legend with its upper left corner at (x, y), at most `height` high where it can be. */
export function legendOf(input: LegendInput, x: number, y: number, height: number): Legend {
  const { paint } = input
  if (input.values.means.every((bands) => bands.some((plane) => plane.every(Number.isNaN)))) {
    return emptyLegend(input, x, y)
  }
  if (paint.kind === 'classes') return classLegend(input, paint, x, y)
  return paint.kind === 'rgb' ? channelLegend(input, paint, x, y) : barLegend(input, paint, x, y, height)
}

/** Of a picture without a value: a scale would tell of values that are not there. */
function emptyLegend({ title }: LegendInput, x: number, y: number): Legend {
  const shapes: Shape[] = []
  titleLines(shapes, [title], x, y)
  return { shapes, width: Math.max(100, textWidth(title, SIZE) * 1.1), height: missingEntry(shapes, x, y + 22) - y }
}

function titleLines(shapes: Shape[], lines: readonly string[], x: number, y: number): void {
  lines.forEach((text, i) => {
    shapes.push({ kind: 'text', x, y: y + 11 + 14 * i, text, size: SIZE, isBold: true, fill: INK })
  })
}

/** What the ends of a scale are; of a plane of one value that there is no other. */
function endsText({ values }: LegendInput, { stretch }: RampPaint): string | undefined {
  const [least, greatest] = extremes(values.means.map((bands) => bands[0]!))
  if (least === greatest) return `${valueText(least)} everywhere`
  return stretch === undefined ? undefined : `ends: ${stretch.join(' % and ')} %`
}

function barLegend(input: LegendInput, paint: RampPaint, x: number, y: number, height: number): Legend {
  const shapes: Shape[] = []
  const lines = wrapped(input.title, 150)
  titleLines(shapes, lines, x, y)
  const top = y + 14 * lines.length + 8
  const length = Math.min(280, Math.max(90, height - 14 * lines.length - (input.hasMissing ? 60 : 34)))
  const left = x + HISTOGRAM + 2
  const [low, high] = paint.range
  const place = (value: number): number => top + length * (1 - (value - low) / (high - low))
  shapes.push(...histogramShapes(input, paint, left, top, length), barImage(paint, left, top, length))
  shapes.push({ kind: 'rectangle', x: left, y: top, width: BAR, height: length, stroke: FAINT, strokeWidth: 0.8 })
  const ticks = niceTicks(low, high, Math.max(3, Math.round(length / 45)))
  for (const tick of ticks) {
    const at = place(tick)
    shapes.push({ kind: 'line', points: [left + BAR, at, left + BAR + 4, at], stroke: FAINT, strokeWidth: 0.8 })
    shapes.push({ kind: 'text', x: left + BAR + 8, y: at + 4, text: tickText(tick, ticks), size: SIZE, fill: INK })
  }
  const widest = Math.max(...ticks.map((tick) => textWidth(tickText(tick, ticks), SIZE)))
  let bottom = top + length
  const text = endsText(input, paint)
  if (text !== undefined) {
    bottom += 16
    shapes.push({ kind: 'text', x, y: bottom, text, size: 9.5, fill: FAINT })
  }
  if (input.hasMissing) bottom = missingEntry(shapes, x, bottom + 10)
  const width = Math.max(left + BAR + 8 + widest - x, ...lines.map((text) => textWidth(text, SIZE) * 1.1), 100)
  return { shapes, width, height: bottom - y }
}

function barImage(paint: RampPaint, x: number, y: number, height: number): Shape {
  const rows = 128
  const table = rampTable(paint.ramp)
  const rgba = new Uint8ClampedArray(4 * rows)
  const [low, high] = paint.range
  for (let i = 0; i < rows; i++) {
    const at = 3 * Math.round(255 * shareOf(paint, high - ((i + 0.5) / rows) * (high - low)))
    rgba.set([table[at]!, table[at + 1]!, table[at + 2]!, 255], 4 * i)
  }
  return { kind: 'image', x, y, width: BAR, height, columns: 1, rows, rgba, isSmooth: true }
}

/** Bars that grow to the left of the colour bar, each beside its colour. */
function histogramShapes(
  { values }: LegendInput,
  paint: RampPaint,
  right: number,
  top: number,
  length: number,
): Shape[] {
  const counts = histogram(
    values.means.map((bands) => bands[0]!),
    paint.range,
    PARTS,
  )
  const most = Math.max(1, ...counts)
  const step = length / PARTS
  return counts.flatMap((count, i): Shape[] => {
    const width = (HISTOGRAM - 4) * (count / most)
    if (width < 0.2) return []
    const y = top + length - (i + 1) * step
    return [{ kind: 'rectangle', x: right - 3 - width, y, width, height: step * 0.86, fill: '#9aa6af' }]
  })
}

function missingEntry(shapes: Shape[], x: number, y: number): number {
  shapes.push({ kind: 'rectangle', x, y, width: 13, height: 13, fill: VOID, stroke: HAIR, strokeWidth: 0.8 })
  shapes.push({ kind: 'text', x: x + 19, y: y + 10.5, text: 'no data', size: SIZE, fill: INK })
  return y + 18
}

function classLegend(input: LegendInput, { classes, shares }: ClassPaint, x: number, y: number): Legend {
  const shapes: Shape[] = [{ kind: 'text', x, y: y + 11, text: input.title, size: SIZE, isBold: true, fill: INK }]
  let at = y + 22
  const names = classes.map(({ name }) => (name.length > 26 ? `${name.slice(0, 25)}…` : name))
  const widest = Math.max(20, ...names.map((name) => textWidth(name, SIZE)))
  for (const [i, { colour }] of classes.entries()) {
    shapes.push({ kind: 'rectangle', x, y: at, width: 13, height: 13, fill: colour, stroke: HAIR, strokeWidth: 0.8 })
    shapes.push({ kind: 'text', x: x + 19, y: at + 10.5, text: names[i]!, size: SIZE, fill: INK })
    const share = percent(shares[i]!)
    shapes.push({
      kind: 'text',
      x: x + 19 + widest + 48,
      y: at + 10.5,
      text: share,
      size: SIZE,
      anchor: 'end',
      fill: FAINT,
    })
    at += 18
  }
  if (input.hasMissing) at = missingEntry(shapes, x, at)
  return { shapes, width: Math.max(19 + widest + 48, textWidth(input.title, SIZE) * 1.1), height: at - y }
}

const percent = (share: number): string => {
  const value = 100 * share
  return `${value === 0 ? '0' : value < 0.1 ? '< 0.1' : value < 10 ? value.toFixed(1) : Math.round(value)} %`
}

const CHANNELS = [
  ['red', '#c0392b'],
  ['green', '#2e8b57'],
  ['blue', '#2c5fb3'],
] as const

function channelLegend(input: LegendInput, { ranges, stretch }: RgbPaint, x: number, y: number): Legend {
  const shapes: Shape[] = [{ kind: 'text', x, y: y + 11, text: input.title, size: SIZE, isBold: true, fill: INK }]
  let at = y + 24
  const width = 120
  for (const [c, [channel, colour]] of CHANNELS.entries()) {
    const { band } = input.view.bands[c]!
    const name = band.name === channel ? channel : `${channel}: ${band.name}`
    shapes.push({ kind: 'rectangle', x, y: at, width: 13, height: 13, fill: colour })
    shapes.push({ kind: 'text', x: x + 19, y: at + 10.5, text: name, size: SIZE, fill: INK })
    const counts = histogram(
      input.values.means.map((bands) => bands[c]!),
      ranges[c]!,
      40,
    )
    const most = Math.max(1, ...counts.slice(1, -1))
    const base = at + 44
    for (const [i, count] of counts.entries()) {
      const height = 24 * Math.min(1, count / most)
      if (height > 0.2)
        shapes.push({
          kind: 'rectangle',
          x: x + i * 3,
          y: base - height,
          width: 2.6,
          height,
          fill: colour,
          opacity: 0.75,
        })
    }
    shapes.push({ kind: 'line', points: [x, base, x + width, base], stroke: HAIR, strokeWidth: 0.8 })
    shapes.push({ kind: 'text', x, y: base + 12, text: shortText(ranges[c]![0]), size: 9.5, fill: FAINT })
    shapes.push({
      kind: 'text',
      x: x + width,
      y: base + 12,
      text: shortText(ranges[c]![1]),
      size: 9.5,
      anchor: 'end',
      fill: FAINT,
    })
    at = base + 22
  }
  if (stretch !== undefined) {
    shapes.push({ kind: 'text', x, y: at + 8, text: `ends: ${stretch.join(' % and ')} %`, size: 9.5, fill: FAINT })
    at += 18
  }
  if (input.hasMissing) at = missingEntry(shapes, x, at)
  return { shapes, width, height: at - y }
}

/** Lines of at most this many pixels, broken at spaces. */
export function wrapped(text: string, width: number, size = SIZE): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    const joined = last === undefined ? word : `${last} ${word}`
    if (last !== undefined && textWidth(joined, size) * 1.1 <= width) lines[lines.length - 1] = joined
    else lines.push(word)
  }
  return lines
}
