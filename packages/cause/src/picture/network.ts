/** The process graph: a node per variable, a link with its lags; on a circle, or where the variables have their places. */

import { InputError } from '@ecotope/core'
import { type Drawing, FAINT, HAIR, INK, type Shape, textWidth } from '@ecotope/cube'
import { type Drawable, type Edge, edgesOf, ownStrength, strongest } from './edges.ts'
import { circle, curve, endMark, headLength, type Point, stroke, trimmed } from './geometry.ts'
import { fillOf, LEGEND_HEIGHT, legend, penOf, roundUp, type Scale } from './link-style.ts'

export interface NetworkOptions {
  readonly title?: string
  /** What the strength of a link is; default from the test. */
  readonly strength?: string
  /** Place of each variable, such as longitude and latitude in degrees (north is up). Default: on a circle. */
  readonly places?: readonly Point[]
  /** Lines behind the nodes in the coordinates of `places`: coasts, borders. */
  readonly outlines?: readonly (readonly Point[])[]
  /** Width of the picture in pixels; default 640. */
  readonly width?: number
}

const MARGIN = 24
const HEAD = 44
const KEY = 'numbers: lags in time steps, strongest first; none: at the same step; fill of a node: its own memory'

/** Throws `InputError` BadPlaces. */
export function drawNetwork(found: Drawable, options: NetworkOptions = {}): Drawing {
  const width = options.width ?? 640
  const { points, height, outlines } = layout(found, options, width)
  const scale = { most: roundUp(strongest(found)), title: options.strength ?? strengthTitle(found) }
  const radius = nodeRadius(found.variables.length)
  const edges = edgesOf(found)
  const shapes: Shape[] = [
    { kind: 'text', x: MARGIN, y: 28, text: options.title ?? titleOf(found), size: 15, isBold: true, fill: INK },
    ...outlines.flatMap((line) => stroke(line, { colour: HAIR, width: 0.8 })),
    ...edges.flatMap((edge) => edgeLine(edge, points, radius, scale)),
    ...points.flatMap((point, i) => nodeShapes(point, found, i, radius, scale)),
    ...edges.flatMap((edge) => edgeLabel(edge, points)),
    ...legend(MARGIN, height + 12, scale, KEY),
  ]
  return {
    width,
    height: height + LEGEND_HEIGHT,
    background: '#ffffff',
    alt: `${options.title ?? titleOf(found)}: ${describe(found, edges)}`,
    shapes,
  }
}

export const strengthTitle = ({ test }: Drawable): string => (test === undefined ? 'strength' : `strength (${test})`)

export const titleOf = ({ method, tauMax }: Drawable): string => `${method ?? 'Causal'} graph, lags up to ${tauMax}`

function describe({ variables }: Drawable, edges: readonly Edge[]): string {
  if (edges.length === 0) return 'no links'
  return edges
    .map(({ from, to, link, lags }) => `${variables[from]} ${link} ${variables[to]} at lag ${lags.join(', ')}`)
    .join('; ')
}

const nodeRadius = (count: number): number => Math.max(9, Math.min(24, 150 / Math.sqrt(count) / 2.4))

interface Layout {
  readonly points: readonly Point[]
  readonly outlines: readonly (readonly Point[])[]
  readonly height: number
}

function layout({ variables }: Drawable, { places, outlines = [] }: NetworkOptions, width: number): Layout {
  if (places === undefined) {
    const size = Math.min(width - 2 * MARGIN, 260 + 26 * variables.length)
    const height = HEAD + size
    const reach = size / 2 - 52
    const points = variables.map((_, i): Point => {
      const angle = (2 * Math.PI * i) / variables.length - Math.PI / 2
      return [width / 2 + reach * Math.cos(angle), HEAD + size / 2 + reach * Math.sin(angle)]
    })
    return { points, outlines: [], height }
  }
  if (places.length !== variables.length || places.flat().some((value) => !Number.isFinite(value)))
    throw new InputError('BadPlaces', `${places.length} places for ${variables.length} variables`, {
      hint: 'Give each variable a finite x and y.',
    })
  return onMap(places, outlines, width)
}

/** Equal scales on both axes at the middle latitude. */
function onMap(places: readonly Point[], outlines: readonly (readonly Point[])[], width: number): Layout {
  const all = [...places, ...outlines.flat()]
  const xs = all.map(([x]) => x)
  const ys = all.map(([, y]) => y)
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const isDegrees = Math.max(Math.abs(west), Math.abs(east)) <= 360 && Math.max(Math.abs(south), Math.abs(north)) <= 90
  const squeeze = isDegrees ? Math.max(0.1, Math.cos(((south + north) * Math.PI) / 360)) : 1
  const across = Math.max(1e-9, (east - west) * squeeze)
  const down = Math.max(1e-9, north - south)
  const room = width - 2 * MARGIN - 90
  const perUnit = Math.min(room / across, (1.4 * room) / down)
  const height = HEAD + Math.max(160, down * perUnit) + 80
  const left = (width - across * perUnit) / 2
  const project = ([x, y]: Point): Point => [left + (x - west) * squeeze * perUnit, HEAD + 40 + (north - y) * perUnit]
  return { points: places.map(project), outlines: outlines.map((line) => line.map(project)), height }
}

/** Lagged links bend, so that both directions and the contemporaneous one between them can be seen. */
const bendOf = ({ lags }: Edge): number => (lags[0] === 0 ? 0 : 0.13)

function edgeLine(edge: Edge, points: readonly Point[], radius: number, scale: Scale): Shape[] {
  const pen = penOf(edge.value, scale)
  const [start, end] = [edge.link.at(0)!, edge.link.at(-1)!]
  const full = curve(points[edge.from]!, points[edge.to]!, bendOf(edge))
  const path = trimmed(full, radius + 2, radius + 2)
  const gap = (mark: string): number => ('<>'.includes(mark) ? headLength(pen) : mark === 'o' ? 9 : 0)
  const line = trimmed(full, radius + 2 + gap(start), radius + 2 + gap(end))
  return [
    ...stroke(line, pen),
    ...endMark(end, path.at(-1)!, path.at(-8) ?? path[0]!, pen),
    ...endMark(start, path[0]!, path[7] ?? path.at(-1)!, pen),
  ]
}

function edgeLabel(edge: Edge, points: readonly Point[]): Shape[] {
  if (edge.lags[0] === 0) return []
  const path = curve(points[edge.from]!, points[edge.to]!, bendOf(edge))
  const [x, y] = path[Math.floor(path.length / 2)]!
  const text = edge.lags.slice(0, 4).join(', ') + (edge.lags.length > 4 ? ', …' : '')
  const width = textWidth(text, 11) + 6
  return [
    { kind: 'rectangle', x: x - width / 2, y: y - 8, width, height: 16, fill: '#ffffff', opacity: 0.88 },
    { kind: 'text', x, y: y + 4, text, size: 11, anchor: 'middle', fill: INK },
  ]
}

function nodeShapes(point: Point, found: Drawable, i: number, radius: number, scale: Scale): Shape[] {
  const own = ownStrength(found, i)
  const name = found.variables[i]!
  const fits = textWidth(name, 12) < 2 * radius - 4
  const shapes: Shape[] = [circle(point, radius, { fill: fillOf(own, scale), stroke: FAINT, strokeWidth: 1.2 })]
  const y = fits ? point[1] + 4 : point[1] + radius + 14
  if (!fits) {
    const width = textWidth(name, 12) + 6
    shapes.push({
      kind: 'rectangle',
      x: point[0] - width / 2,
      y: y - 11,
      width,
      height: 15,
      fill: '#ffffff',
      opacity: 0.8,
    })
  }
  return [...shapes, { kind: 'text', x: point[0], y, text: name, size: 12, anchor: 'middle', isBold: true, fill: INK }]
}
