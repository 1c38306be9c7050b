/** From values of a view to coloured pixels: a ramp, true colour or classes, with what the legend has to tell. */
import { InputError } from '@ecotope/core'
import type { Packing } from '../model/block.ts'
import { classColours, type RampName, rampTable, rgbOf } from './colour.ts'
import { stretchOf } from './numbers.ts'
import type { View, ViewValues } from './view.ts'

/** A class of a band: its value, name and colour. */
export interface PictureClass {
  readonly value: number
  readonly name: string
  readonly colour?: string
}

export interface PaintOptions {
  /** Fixed ends of the scale, one pair for all bands. */
  readonly range?: readonly [low: number, high: number]
  /** Percentiles that become the ends of the scale; default [2, 98]. */
  readonly percentileStretch?: readonly [low: number, high: number]
  /** Default: viridis, or balance where values lie on both sides of 0. */
  readonly ramp?: RampName
  /** Values as classes: their names, or false for a scale although the values look like classes. */
  readonly classes?: readonly PictureClass[] | false
}

export interface RampPaint {
  readonly kind: 'ramp'
  readonly ramp: RampName
  readonly range: readonly [number, number]
  /** Value of the middle of the ramp: 0 where it parts there. */
  readonly isDivergent: boolean
  /** Percentiles of the ends, where they are. */
  readonly stretch?: readonly [number, number]
}

export interface RgbPaint {
  readonly kind: 'rgb'
  readonly ranges: readonly (readonly [number, number])[]
  readonly stretch?: readonly [number, number]
}

export interface ClassPaint {
  readonly kind: 'classes'
  readonly classes: readonly Required<PictureClass>[]
  /** Share of the pixels that have a class. */
  readonly shares: readonly number[]
}

export type Paint = RampPaint | RgbPaint | ClassPaint

/** Sentinel-2 L2A scene classification, which files do not name. */
const SCENE_CLASSES: readonly PictureClass[] = [
  { value: 1, name: 'defective', colour: '#b3202c' },
  { value: 2, name: 'dark', colour: '#3a3a3a' },
  { value: 3, name: 'cloud shadow', colour: '#6b4a2b' },
  { value: 4, name: 'vegetation', colour: '#3f9b46' },
  { value: 5, name: 'bare soil', colour: '#e2c044' },
  { value: 6, name: 'water', colour: '#2b62b8' },
  { value: 7, name: 'unclassified', colour: '#8b8b8b' },
  { value: 8, name: 'cloud, medium', colour: '#c3c3c3' },
  { value: 9, name: 'cloud, high', colour: '#f4f4f4' },
  { value: 10, name: 'thin cirrus', colour: '#7fd0e6' },
  { value: 11, name: 'snow or ice', colour: '#d98ce0' },
]

/** Different values up to which integers are taken for classes. */
const MOST_CLASSES = 12

/** How a view is painted. Throws `InputError('BadClasses')`. */
export function paintOf(view: View, values: ViewValues, options: PaintOptions): Paint {
  const stretch = options.percentileStretch ?? ([2, 98] as const)
  const byPercentile = options.range === undefined ? { stretch } : {}
  if (view.bands.length === 3) {
    const ranges = view.bands.map(
      (_, k) =>
        options.range ??
        stretchOf(
          values.means.map((bands) => bands[k]!),
          ...stretch,
        ),
    )
    return { kind: 'rgb', ranges, ...byPercentile }
  }
  const classes = classesOf(view, values, options)
  if (classes !== undefined) return classes
  const range =
    options.range ??
    stretchOf(
      values.means.map((bands) => bands[0]!),
      ...stretch,
    )
  const isDivergent = Math.min(-range[0], range[1]) > 0.1 * Math.max(-range[0], range[1])
  return {
    kind: 'ramp',
    ramp: options.ramp ?? (isDivergent ? 'balance' : 'viridis'),
    range,
    isDivergent,
    ...byPercentile,
  }
}

function classesOf(view: View, values: ViewValues, { classes, range }: PaintOptions): ClassPaint | undefined {
  if (classes === false || (range !== undefined && classes === undefined)) return undefined
  const { band } = view.bands[0]!
  const known =
    classes ??
    (band.classes as readonly PictureClass[] | undefined) ??
    (band.name === 'SCL' ? SCENE_CLASSES : undefined)
  const counts = new Map<number, number>()
  for (const [plane] of values.middles) {
    for (const value of plane!) {
      if (Number.isNaN(value)) continue
      counts.set(value, (counts.get(value) ?? 0) + 1)
      if (known === undefined && counts.size > MOST_CLASSES) return undefined
    }
  }
  if (known === undefined && (counts.size === 0 || !looksLikeClasses(view.schema.packing))) return undefined
  const named: readonly PictureClass[] =
    known ??
    [...counts.keys()].sort((a, b) => a - b).map((value) => ({ value, name: nameOf(value, view.schema.packing) }))
  if (new Set(named.map(({ value }) => value)).size < named.length) {
    throw new InputError('BadClasses', 'a value has two classes', { data: { classes: named } })
  }
  // Long lists of names are cut to the classes that are there.
  const shown = named.filter(({ value }) => named.length <= 8 || counts.has(value))
  const colours = classColours(shown)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return {
    kind: 'classes',
    classes: shown.map((one, i) => ({ ...one, colour: colours[i]! })),
    shares: shown.map(({ value }) => (counts.get(value) ?? 0) / Math.max(1, total)),
  }
}

const looksLikeClasses = ({ dtype, scale, offset, isBoolean }: Packing): boolean =>
  isBoolean === true || (['uint8', 'int8', 'uint16', 'int16'].includes(dtype) && scale === 1 && offset === 0)

const nameOf = (value: number, { isBoolean }: Packing): string =>
  isBoolean ? (value === 0 ? 'no' : 'yes') : String(value)

/** Where a value lies in a ramp, in [0, 1]. A divergent one has 0 in its middle and one slope on both sides. */
export function shareOf({ range: [low, high], isDivergent }: RampPaint, value: number): number {
  const [from, to] = isDivergent ? [-Math.max(-low, high), Math.max(-low, high)] : [low, high]
  return Math.min(1, Math.max(0, (value - from) / (to - from)))
}

/** RGBA pixels `[height, width, 4]` of a panel; transparent where a value is missing. */
export function pixelsOf(paint: Paint, values: ViewValues, panel: number): Uint8ClampedArray<ArrayBuffer> {
  const means = values.means[panel]!
  if (paint.kind === 'classes') return paintClasses(paint, values.middles[panel]![0]!)
  return paint.kind === 'rgb' ? paintColours(paint, means) : paintRamp(paint, means[0]!)
}

function paintRamp(paint: RampPaint, plane: Float64Array): Uint8ClampedArray<ArrayBuffer> {
  const table = rampTable(paint.ramp)
  const out = new Uint8ClampedArray(4 * plane.length)
  for (const [i, value] of plane.entries()) {
    if (Number.isNaN(value)) continue
    const at = 3 * Math.round(255 * shareOf(paint, value))
    for (let c = 0; c < 3; c++) out[4 * i + c] = table[at + c]!
    out[4 * i + 3] = 255
  }
  return out
}

function paintColours({ ranges }: RgbPaint, planes: readonly Float64Array[]): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * planes[0]!.length)
  for (let i = 0; i < planes[0]!.length; i++) {
    if (planes.some((plane) => Number.isNaN(plane[i]!))) continue
    for (const [c, plane] of planes.entries()) {
      const [low, high] = ranges[c]!
      // A mild gamma lifts the dark ground that most scenes are made of.
      out[4 * i + c] = 255 * Math.min(1, Math.max(0, (plane[i]! - low) / (high - low))) ** 0.85
    }
    out[4 * i + 3] = 255
  }
  return out
}

function paintClasses({ classes }: ClassPaint, plane: Float64Array): Uint8ClampedArray<ArrayBuffer> {
  const colours = new Map(classes.map(({ value, colour }) => [value, rgbOf(colour)]))
  const out = new Uint8ClampedArray(4 * plane.length)
  for (const [i, value] of plane.entries()) {
    const colour = colours.get(value)
    if (colour === undefined) continue
    out.set(colour, 4 * i)
    out[4 * i + 3] = 255
  }
  return out
}
