/** Quicklooks of cubes: a map or small multiples by date, with title, legend, scale bar and coordinates, as SVG or PNG. */
import type { CubeNode, CubeSchema } from '../model/node.ts'
import { shapeOf } from '../model/node.ts'
import { aspectOf, type Box, coordinateAxes, gridLine, scaleBar } from './axes.ts'
import { drawSeries } from './chart.ts'
import { type Drawing, FAINT, HAIR, INK, type Shape, VOID } from './drawing.ts'
import { mapOfFeatures } from './features.ts'
import { textWidth } from './font.ts'
import { legendOf } from './legend.ts'
import { unitText } from './numbers.ts'
import { type Paint, type PaintOptions, paintOf, pixelsOf } from './paint.ts'
import { pngOf } from './pixels.ts'
import { type ReadView, type ReadViewOptions, readView } from './read-view.ts'
import { svgOf } from './svg.ts'
import { upright } from './upright.ts'
import type { View, ViewValues } from './view.ts'

export interface PlotOptions extends ReadViewOptions, PaintOptions {
  readonly title?: string
  /** What the quantity is; default the band's name. */
  readonly legend?: string
}

/** Names of the options that a graph may give. */
export const PLOT_OPTIONS: readonly (keyof PlotOptions)[] = [
  'band',
  'time',
  'at',
  'maxPanels',
  'size',
  'range',
  'percentileStretch',
  'ramp',
  'classes',
  'title',
  'legend',
]

/** A drawing that can be had in both forms. */
export interface Picture {
  /** Pixels at scale 1. */
  readonly width: number
  readonly height: number
  readonly drawing: Drawing
  readonly svg: () => string
  /** `scale` pixels for each unit of the drawing; default 2. */
  readonly png: (scale?: number) => Uint8Array
}

/**
 * Draws a cube: true colour where its bands are red, green and blue, classes where it has some, else a scale; several
 * dates side by side. A cube without x and y is drawn as lines over time, or as a map of its features where it has no
 * dates. Reads a bounded share of large cubes.
 * Throws `InputError`: `NotDrawable`, `NoBand`, `NoDate`, `NoLabel`, `BadClasses`.
 */
export async function plot(node: CubeNode, options: PlotOptions = {}): Promise<Picture> {
  const hasMap = node.schema.dims.some((dim) => dim.type === 'spatial' && dim.axis === 'x')
  if (!hasMap && node.schema.dims.some((dim) => dim.type === 'temporal'))
    return pictureOf(await drawSeries(node, options))
  const features = hasMap ? undefined : node.schema.dims.find((dim) => dim.type === 'geometry')
  const map = features === undefined ? node : await mapOfFeatures(node, features, options)
  const read = {
    ...(await readView(map, options)),
    ...(features === undefined ? {} : { made: `${features.labels.length} features` }),
  }
  return pictureOf(drawView(read, { title: node.label, ...options }))
}

export function pictureOf(drawing: Drawing): Picture {
  return {
    width: drawing.width,
    height: drawing.height,
    drawing,
    svg: () => svgOf(drawing),
    png: (scale) => pngOf(drawing, scale),
  }
}

const ROW_WIDTH = 900
const GAP = 14
const MARGIN = 18

/** A view that has been read, drawn. */
export function drawView(read: ReadView, options: PlotOptions): Drawing {
  const { view, values, isSampled, made } = upright(read)
  const paint = paintOf(view, values, options)
  const shapes: Shape[] = []
  const { grid } = view.schema
  const [columns, rows] = [shapeOf(view.schema)[view.x]!, shapeOf(view.schema)[view.y]!]
  const [width, height] = panelSize(view, aspectOf(grid, columns, rows), options)
  const most = Math.max(1, Math.floor((ROW_WIDTH + GAP) / (width + GAP)))
  const down = Math.ceil(view.panels.length / most)
  // Rows of about the same number of panels.
  const across = Math.ceil(view.panels.length / down)
  const isStrip = view.panels.length > 1
  const head = titleShapes(shapes, view, isSampled, options)
  const left = MARGIN + leftSpace(view.schema)
  const top = head + (isStrip ? 18 : 8)
  const rowHeight = height + (isStrip ? 24 : 0)
  const boxes = view.panels.map(
    (_, i): Box => ({
      x: left + (i % across) * (width + GAP),
      y: top + Math.floor(i / across) * rowHeight,
      width,
      height,
    }),
  )
  for (const [i, box] of boxes.entries()) {
    const isLowest = i + across >= view.panels.length
    panelShapes(shapes, view, values, paint, i, box, { columns, rows, left: i % across === 0, bottom: isLowest })
  }
  const right = left + across * (width + GAP) - GAP
  const bottom = top + down * rowHeight - (isStrip ? 24 : 0)
  const legendX = right + 24
  const title = legendTitle(view, paint, options)
  const hasMissing = values.means.some((bands) => bands.some((plane) => plane.some(Number.isNaN)))
  const legend = legendOf({ view, values, paint, title, hasMissing }, legendX, top - 2, bottom - top)
  shapes.push(...legend.shapes)
  const foot = bottom + 26
  footShapes(shapes, view.schema, made, boxes[0]!, right, foot)
  return {
    width: Math.ceil(Math.max(legendX + legend.width + MARGIN, MARGIN + 360)),
    height: Math.ceil(Math.max(foot + 32, top + legend.height + MARGIN)),
    background: '#ffffff',
    alt: altText(view, options),
    shapes,
  }
}

/** Room for the labels of the y axis. */
function leftSpace({ grid }: CubeSchema): number {
  const isGeographic = grid?.crs.isGeographic ?? false
  return isGeographic ? 48 : 54
}

/** Pixels of a panel; small cubes are enlarged so that they can be seen. */
function panelSize(view: View, aspect: number, { size }: PlotOptions): [width: number, height: number] {
  const wanted = size ?? Math.max(view.width, view.height)
  const least = view.panels.length === 1 ? 300 : view.panels.length <= 4 ? 210 : 140
  const side = Math.max(least, wanted)
  return aspect <= 1 ? [side, Math.max(24, side * aspect)] : [Math.max(24, side / aspect), side]
}

function titleShapes(shapes: Shape[], view: View, isSampled: boolean, options: PlotOptions): number {
  const title = options.title ?? ''
  const one = view.panels.length === 1 ? view.panels[0]!.label : ''
  const shown =
    view.panels.length < view.dates && view.panels.length > 1 ? `${view.panels.length} of ${view.dates} dates` : ''
  const fixed = Object.entries(view.fixed).map(([d, index]) => {
    const dim = view.schema.dims[Number(d)]!
    return `${dim.name} ${dim.labels[index]}`
  })
  const line = [one, shown, ...fixed, isSampled ? 'sampled, not every cell was read' : '']
    .filter((text) => text !== '')
    .join(', ')
  shapes.push({ kind: 'text', x: MARGIN, y: MARGIN + 14, text: shortened(title), size: 16, isBold: true, fill: INK })
  if (line === '') return MARGIN + 24
  shapes.push({ kind: 'text', x: MARGIN, y: MARGIN + 34, text: line, size: 11.5, fill: FAINT })
  return MARGIN + 44
}

const shortened = (text: string): string => (text.length > 70 ? `${text.slice(0, 69)}…` : text)

interface PanelEdges {
  readonly columns: number
  readonly rows: number
  readonly left: boolean
  readonly bottom: boolean
}

function panelShapes(
  shapes: Shape[],
  view: View,
  values: ViewValues,
  paint: Paint,
  panel: number,
  box: Box,
  edges: PanelEdges,
): void {
  const { label } = view.panels[panel]!
  if (view.panels.length > 1) shapes.push({ kind: 'text', x: box.x, y: box.y - 5, text: label, size: 10.5, fill: INK })
  shapes.push({ kind: 'rectangle', ...box, fill: VOID })
  const rgba = pixelsOf(paint, values, panel)
  shapes.push({ kind: 'image', ...box, columns: view.width, rows: view.height, rgba })
  shapes.push({ kind: 'rectangle', ...box, stroke: HAIR, strokeWidth: 0.8 })
  shapes.push(...coordinateAxes(view.schema.grid, box, edges.columns, edges.rows, edges))
}

function legendTitle(view: View, paint: Paint, { legend }: PlotOptions): string {
  const { band } = view.bands[0]!
  const name = legend ?? (paint.kind === 'rgb' ? 'true colour' : band.name)
  const unit = paint.kind === 'ramp' ? (band.unit ?? view.schema.unit) : undefined
  const isPlain = unit === undefined || unit === '' || unit === '1'
  if (name === '') return isPlain ? 'value' : unitText(unit)
  return isPlain ? name : `${name} (${unitText(unit)})`
}

function footShapes(
  shapes: Shape[],
  { grid }: CubeSchema,
  made: string | undefined,
  map: Box,
  right: number,
  y: number,
): void {
  if (grid === undefined) return
  const bar = scaleBar(grid, map, map.x, y)
  shapes.push(...bar.shapes)
  const text = made === undefined ? gridLine(grid) : `${grid.crs.code ?? grid.crs.name}, ${made}`
  const fits = map.x + bar.width + 20 + textWidth(text, 10) < right
  const place = fits
    ? ({ x: right, anchor: 'end', y: y + 9 } as const)
    : ({ x: map.x, anchor: 'start', y: y + 22 } as const)
  shapes.push({ kind: 'text', ...place, text, size: 10, fill: FAINT })
}

function altText(view: View, { title }: PlotOptions): string {
  const bands = view.bands.map(({ band }) => band.name).filter((name) => name !== '')
  const dates = view.panels.map(({ label }) => label).filter((label) => label !== '')
  return [title ?? 'Map', bands.join(', '), dates.length > 3 ? `${dates.length} dates` : dates.join(', ')]
    .filter((text) => text !== '')
    .join('; ')
}
