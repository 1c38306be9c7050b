/** Small views of large cubes: which planes are shown, how many pixels, and their means, piece by piece. */
import { InputError } from '@ecotope/core'
import { DTYPES } from '../dtype.ts'
import type { Block } from '../model/block.ts'
import type { BandsDimension, Dimension, TemporalDimension } from '../model/dimension.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount, type Region, stridesOf } from '../model/region.ts'
import type { Band } from '../types.ts'

export interface ViewOptions {
  /** A band by name or number, or three of them as red, green and blue. Default: true colour where roles tell, else the first. */
  readonly band?: string | number | readonly (string | number)[]
  /** Dates by label, its beginning (`2020-06`) or number. Default: all, evenly thinned to `maxPanels`. */
  readonly time?: string | number | readonly (string | number)[]
  /** Labels (or numbers) of other dimensions; default their first. */
  readonly at?: Readonly<Record<string, string | number>>
  /** Small multiples at most; default 12. */
  readonly maxPanels?: number
  /** Pixels of the longest side of a single panel, 1 to 4096; default 560. */
  readonly size?: number
}

/** One plane of the cube for each panel and band. */
export interface View {
  readonly schema: CubeSchema
  readonly panels: readonly Panel[]
  readonly bands: readonly ViewBand[]
  /** Dates of the cube, of which the panels may be a choice. */
  readonly dates: number
  /** Pixels of a panel. */
  readonly width: number
  readonly height: number
  /** Index of the dimensions x and y in the schema. */
  readonly x: number
  readonly y: number
  readonly t: number | undefined
  readonly b: number | undefined
  /** Index of other dimensions that is shown, by dimension. */
  readonly fixed: Readonly<Record<number, number>>
}

export interface Panel {
  /** Date; empty where the cube has none. */
  readonly label: string
  readonly index: number
}

export interface ViewBand {
  readonly index: number
  readonly band: Band
}

/** Pixels of the longest side of a panel at most: a picture is made in memory. */
const MOST_PIXELS = 4096

/** Chooses what is shown. Throws `InputError`: `BadOption`, `NotDrawable`, `NoBand`, `NoDate`, `NoLabel`. */
export function viewOf(schema: CubeSchema, options: ViewOptions = {}): View {
  const at = (test: (dim: Dimension) => boolean): number => schema.dims.findIndex(test)
  const x = at((dim) => dim.type === 'spatial' && dim.axis === 'x')
  const y = at((dim) => dim.type === 'spatial' && dim.axis === 'y')
  if (x < 0 || y < 0) {
    throw new InputError(
      'NotDrawable',
      `a cube of ${schema.dims.map(({ name }) => name).join(', ') || 'one value'} is no picture`,
      {
        hint: 'pictures are made of cubes with x and y; save this one as .json or .csv',
        data: { dims: schema.dims.map(({ name }) => name) },
      },
    )
  }
  const t = at((dim) => dim.type === 'temporal')
  const b = at((dim) => dim.type === 'bands')
  const shape = shapeOf(schema)
  if (cellCount(shape) === 0) throw new InputError('NotDrawable', 'the cube has no cells', { data: { shape } })
  const temporal = schema.dims[t] as TemporalDimension | undefined
  const { size } = options
  if (size !== undefined && !(size >= 1 && size <= MOST_PIXELS)) {
    throw new InputError('BadOption', `a map cannot be ${size} pixels wide or high`, {
      hint: `choose a size of 1 to ${MOST_PIXELS}`,
      data: { size },
    })
  }
  const panels = panelsOf(temporal, options)
  const bands = bandsOf(schema.dims[b] as BandsDimension | undefined, schema, options.band)
  const side = panels.length === 1 ? (options.size ?? 560) : (options.size ?? panelSide(panels.length))
  const shrink = Math.min(1, side / Math.max(shape[x]!, shape[y]!))
  return {
    schema,
    panels,
    bands,
    dates: temporal?.labels.length ?? 1,
    width: Math.max(1, Math.round(shape[x]! * shrink)),
    height: Math.max(1, Math.round(shape[y]! * shrink)),
    x,
    y,
    t: t < 0 ? undefined : t,
    b: b < 0 ? undefined : b,
    fixed: fixedOf(schema, [x, y, t, b], options.at ?? {}),
  }
}

/** Pixels of small multiples, by how many there are. */
const panelSide = (count: number): number => (count <= 2 ? 400 : count <= 4 ? 300 : 220)

function panelsOf(time: TemporalDimension | undefined, { time: wanted, maxPanels = 12 }: ViewOptions): Panel[] {
  if (time === undefined) return [{ label: '', index: 0 }]
  const panel = (index: number): Panel => ({ label: shortDate(time.labels[index]!), index })
  if (wanted !== undefined) {
    const list = Array.isArray(wanted) ? (wanted as readonly (string | number)[]) : [wanted as string | number]
    return list
      .flatMap((one) => datesOf(time, one))
      .slice(0, maxPanels)
      .map(panel)
  }
  const count = time.labels.length
  if (count <= maxPanels) return time.labels.map((_, i) => panel(i))
  return Array.from({ length: maxPanels }, (_, i) => panel(Math.round((i * (count - 1)) / Math.max(1, maxPanels - 1))))
}

function datesOf({ labels }: TemporalDimension, wanted: string | number): number[] {
  if (typeof wanted === 'number') {
    const index = wanted < 0 ? labels.length + wanted : wanted
    if (labels[index] !== undefined) return [index]
  } else {
    const found = labels.flatMap((label, i) => (label.startsWith(wanted) ? [i] : []))
    if (found.length > 0) return found
  }
  throw new InputError('NoDate', `there is no date ${wanted}`, {
    hint: `there are ${labels.length}, from ${labels[0]} to ${labels.at(-1)}`,
    data: { time: wanted },
  })
}

/** The date, with hours and minutes where it is not midnight. Labels that are no instants stay. */
export function shortDate(label: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)T(\d\d:\d\d)/.exec(label)
  if (match === null) return label
  return match[2] === '00:00' ? match[1]! : `${match[1]} ${match[2]}`
}

const RGB = ['red', 'green', 'blue'] as const

function bandsOf(dimension: BandsDimension | undefined, schema: CubeSchema, wanted: ViewOptions['band']): ViewBand[] {
  if (dimension === undefined) {
    const unit = schema.unit === undefined ? {} : { unit: schema.unit }
    return [{ index: 0, band: { name: '', ...unit, ...schema.band } }]
  }
  const { bands } = dimension
  const known = (index: number): ViewBand => ({ index, band: bands[index]! })
  if (wanted === undefined) {
    const colours = RGB.map((role) => bands.findIndex((band) => band.role === role))
    return colours.every((index) => index >= 0) ? colours.map(known) : [known(0)]
  }
  const list = Array.isArray(wanted) ? (wanted as readonly (string | number)[]) : [wanted as string | number]
  if (list.length !== 1 && list.length !== 3) {
    throw new InputError('NoBand', `a picture shows one band or three, not ${list.length}`, { data: { band: list } })
  }
  return list.map((one) => {
    const byName = bands.findIndex(({ name }) => name === String(one))
    const index = byName >= 0 ? byName : bands.findIndex(({ role }) => role === one)
    const found = index >= 0 ? index : Number(one)
    if (bands[found] !== undefined) return known(found)
    throw new InputError('NoBand', `there is no band ${one}`, {
      hint: `the bands are ${bands.map(({ name }) => name).join(', ')}`,
      data: { band: one },
    })
  })
}

function fixedOf(
  schema: CubeSchema,
  shown: readonly number[],
  at: NonNullable<ViewOptions['at']>,
): Record<number, number> {
  const fixed: Record<number, number> = {}
  for (const [d, dim] of schema.dims.entries()) {
    if (shown.includes(d)) continue
    const wanted = at[dim.name]
    const labels: readonly (string | number)[] = dim.labels
    const index = wanted === undefined ? 0 : labels.findIndex((label) => String(label) === String(wanted))
    const found = index >= 0 ? index : Number(wanted)
    if (labels[found] === undefined) {
      throw new InputError('NoLabel', `dimension ${dim.name} has no label ${wanted}`, {
        hint: `it has ${labels.slice(0, 8).join(', ')}${labels.length > 8 ? ', ...' : ''}`,
        data: { dimension: dim.name, label: wanted },
      })
    }
    fixed[d] = found
  }
  return fixed
}

/** The region of the cube that a window of pixels of one panel needs, all bands from the first to the last shown. */
export function regionOf(
  view: View,
  panel: Panel,
  window: { x: number; y: number; width: number; height: number },
): Region {
  const indices = view.bands.map(({ index }) => index)
  const from = Math.min(...indices)
  const boxes = view.schema.dims.map((_, d): readonly [number, number] => {
    if (d === view.x) return [window.x, window.width]
    if (d === view.y) return [window.y, window.height]
    if (d === view.t) return [panel.index, 1]
    if (d === view.b) return [from, Math.max(...indices) - from + 1]
    return [view.fixed[d]!, 1]
  })
  return { start: boxes.map(([start]) => start), shape: boxes.map(([, length]) => length) }
}

/** Values of each panel and band as `[height, width]`; NaN is missing. */
export interface ViewValues {
  /** Means of the cells of a pixel. */
  readonly means: readonly (readonly Float64Array[])[]
  /** The cell in the middle of each pixel, for classes. */
  readonly middles: readonly (readonly Float64Array[])[]
}

export interface Accumulator {
  /** Takes what the view shows of a block; blocks may come in any order, each cell once. */
  add(block: Block): void
  values(): ViewValues
}

/** Sums up blocks into pixels; memory is that of the view. */
export function accumulator(view: View): Accumulator {
  const size = view.width * view.height
  const make = (fill: number) => view.panels.map(() => view.bands.map(() => new Float64Array(size).fill(fill)))
  const [sums, counts, middles] = [make(0), make(0), make(Number.NaN)]
  return {
    add: (block) => {
      for (const [p, panel] of view.panels.entries()) {
        for (const [k, band] of view.bands.entries())
          addPlane(view, block, panel.index, band.index, sums[p]![k]!, counts[p]![k]!, middles[p]![k]!)
      }
    },
    values: () => ({
      means: sums.map((bands, p) =>
        bands.map((sum, k) =>
          sum.map((value, i) => (counts[p]![k]![i]! > 0 ? value / counts[p]![k]![i]! : Number.NaN)),
        ),
      ),
      middles,
    }),
  }
}

function addPlane(
  view: View,
  { region, data }: Block,
  t: number,
  b: number,
  sum: Float64Array,
  count: Float64Array,
  middle: Float64Array,
): void {
  const { start, shape } = region
  const strides = stridesOf(shape)
  let base = 0
  for (const d of shape.keys()) {
    if (d === view.x || d === view.y) continue
    const index = d === view.t ? t : d === view.b ? b : view.fixed[d]!
    const inside = index - start[d]!
    if (inside < 0 || inside >= shape[d]!) return
    base += inside * strides[d]!
  }
  const whole = shapeOf(view.schema)
  const columns = pixelsOf(start[view.x]!, shape[view.x]!, whole[view.x]!, view.width)
  const rows = pixelsOf(start[view.y]!, shape[view.y]!, whole[view.y]!, view.height)
  const { nodata, scale, offset, dtype } = view.schema.packing
  const missing = nodata ?? (DTYPES[dtype].isFloat || !view.schema.packing.isBoolean ? Number.NaN : 255)
  for (const [r, row] of rows.pixel.entries()) {
    for (const [c, column] of columns.pixel.entries()) {
      const raw = data[base + r * strides[view.y]! + c * strides[view.x]!]!
      if (raw === missing || Number.isNaN(raw)) continue
      const value = raw * scale + offset
      if (!Number.isFinite(value)) continue
      const at = row * view.width + column
      sum[at] = sum[at]! + value
      count[at] = count[at]! + 1
      if (rows.isMiddle[r] && columns.isMiddle[c]) middle[at] = value
    }
  }
}

/** The pixel that each cell of a range falls into, and whether it is the cell in its middle. */
function pixelsOf(
  start: number,
  length: number,
  cells: number,
  pixels: number,
): { pixel: Int32Array; isMiddle: Uint8Array } {
  const pixel = new Int32Array(length)
  const isMiddle = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    const at = Math.min(pixels - 1, Math.floor(((start + i + 0.5) * pixels) / cells))
    pixel[i] = at
    isMiddle[i] = start + i === Math.floor(((at + 0.5) * cells) / pixels) ? 1 : 0
  }
  return { pixel, isMiddle }
}
