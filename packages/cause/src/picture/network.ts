/** The process graph: a node per variable, a link with its lags; on a circle, or where the variables have their places. */

import { InputError } from '@ecotope/core'
import { type Drawing, FAINT, HAIR, INK, type Shape, textWidth } from '@ecotope/cube'
import { type Drawable, type Edge, edgesOf, ownStrength, strongest } from './edges.ts'
import { circle, curve, endMark, headLength, type Point, stroke, trimmed } from './geometry.ts'
import { type Label, LINE_HEIGHT, labelHeight, labelSpan, labelsAround, labelsBelow, NAME_SIZE } from './labels.ts'
import { fillOf, LEGEND_HEIGHT, legend, penOf, roundUp, type Scale } from './link-style.ts'
import { bendsOf } from './routes.ts'

export interface NetworkOptions {
  readonly title?: string
  /** What the strength of a link is; default from the test. */
  readonly strength?: string
  /** Place of each variable, such as longitude and latitude in degrees (north is up). Default: on a circle. */
  readonly places?: readonly Point[]
  /** Lines behind the nodes in the coordinates of `places`: coasts, borders. */
  readonly outlines?: readonly (readonly Point[])[]
  /** Least width of the picture in pixels; default 640. Long names and many variables take more. */
  readonly width?: number
}

const MARGIN = 24
/** Viewers of SVG have bold letters that are wider than ours. */
const BOLD = 1.15
const HEAD = 44
const KEY = 'numbers: lags in time steps, strongest first; none: at the same step; fill of a node: its own memory'

/** Throws `InputError` BadPlaces. */
export function drawNetwork(found: Drawable, options: NetworkOptions = {}): Drawing {
  const { points, labels, width, height, outlines } = layout(found, options, options.width ?? 640)
  const scale = { most: roundUp(strongest(found)), title: options.strength ?? strengthTitle(found) }
  const radius = nodeRadius(found.variables.length)
  const edges = edgesOf(found)
  const bends = bendsOf(edges, points, radius)
  const shapes: Shape[] = [
    { kind: 'text', x: MARGIN, y: 28, text: options.title ?? titleOf(found), size: 15, isBold: true, fill: INK },
    ...outlines.flatMap((line) => stroke(line, { colour: HAIR, width: 0.8 })),
    ...edges.flatMap((edge, k) => edgeLine(edge, points, { radius, bend: bends[k]! }, scale)),
    ...points.map((point, i) =>
      circle(point, radius, { fill: fillOf(ownStrength(found, i), scale), stroke: FAINT, strokeWidth: 1.2 }),
    ),
    ...edges.flatMap((edge, k) => edgeLabel(edge, points, bends[k]!)),
    ...labels.flatMap((label) => nameShapes(label, options.places !== undefined)),
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
  readonly labels: readonly Label[]
  readonly outlines: readonly (readonly Point[])[]
  readonly width: number
  readonly height: number
}

function layout({ variables }: Drawable, { places, outlines = [] }: NetworkOptions, width: number): Layout {
  const radius = nodeRadius(variables.length)
  if (places === undefined) return onCircle(variables, width, radius)
  if (places.length !== variables.length || places.flat().some((value) => !Number.isFinite(value)))
    throw new InputError('BadPlaces', `${places.length} places for ${variables.length} variables`, {
      hint: 'Give each variable a finite x and y.',
    })
  const map = onMap(places, outlines, width)
  return { ...map, labels: inside(labelsBelow(variables, map.points, radius, width), map.points, radius), width }
}

/** Names stand outside of the circle; the picture is as large as they need. */
function onCircle(variables: readonly string[], least: number, radius: number): Layout {
  const count = variables.length
  // Many nodes need a circle that leaves room for the links between neighbours.
  const reach = Math.max(
    Math.min(least - 2 * MARGIN, 260 + 26 * count) / 2 - 52,
    (count * (2 * radius + 40)) / (2 * Math.PI),
  )
  const around = Array.from({ length: count }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / count - Math.PI / 2
    return [reach * Math.cos(angle), reach * Math.sin(angle)]
  })
  const labels = inside(labelsAround(variables, reach, radius), around, radius)
  const spans = labels.map(labelSpan)
  const edge = reach + radius + 20
  const left = Math.min(-edge, ...spans.map(([from]) => from))
  const right = Math.max(edge, ...spans.map(([, to]) => to))
  const top = Math.min(-edge, ...labels.map(({ y }) => y))
  const bottom = Math.max(edge, ...labels.map((label) => label.y + labelHeight(label)))
  const width = Math.max(least, Math.ceil(right - left + 2 * MARGIN))
  const [x, y] = [(width - right - left) / 2, HEAD + 4 - top]
  return {
    points: around.map(([px, py]): Point => [px + x, py + y]),
    labels: labels.map((label) => ({ ...label, x: label.x + x, y: label.y + y })),
    outlines: [],
    width,
    height: Math.ceil(y + bottom + 12),
  }
}

/** Names that fit stand in their nodes. */
const inside = (labels: readonly Label[], points: readonly Point[], radius: number): Label[] =>
  labels.map((label, i) => {
    const [line = ''] = label.lines
    if (label.lines.length > 1 || BOLD * textWidth(line, NAME_SIZE) >= 2 * radius - 4) return label
    const [x, y] = points[i]!
    return { lines: label.lines, anchor: 'middle', x, y: y - LINE_HEIGHT / 2 }
  })

/** Equal scales on both axes at the middle latitude. */
function onMap(
  places: readonly Point[],
  outlines: readonly (readonly Point[])[],
  width: number,
): Pick<Layout, 'points' | 'outlines' | 'height'> {
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

function edgeLine(
  edge: Edge,
  points: readonly Point[],
  { radius, bend }: { readonly radius: number; readonly bend: number },
  scale: Scale,
): Shape[] {
  const pen = penOf(edge.value, scale)
  const [start, end] = [edge.link.at(0)!, edge.link.at(-1)!]
  const full = curve(points[edge.from]!, points[edge.to]!, bend)
  const path = trimmed(full, radius + 2, radius + 2)
  const gap = (mark: string): number => ('<>'.includes(mark) ? headLength(pen) : mark === 'o' ? 9 : 0)
  const line = trimmed(full, radius + 2 + gap(start), radius + 2 + gap(end))
  return [
    ...stroke(line, pen),
    ...endMark(end, path.at(-1)!, path.at(-8) ?? path[0]!, pen),
    ...endMark(start, path[0]!, path[7] ?? path.at(-1)!, pen),
  ]
}

function edgeLabel(edge: Edge, points: readonly Point[], bend: number): Shape[] {
  if (edge.lags[0] === 0) return []
  const path = curve(points[edge.from]!, points[edge.to]!, bend)
  const [x, y] = path[Math.floor(path.length / 2)]!
  const text = edge.lags.slice(0, 4).join(', ') + (edge.lags.length > 4 ? ', …' : '')
  const width = textWidth(text, 11) + 6
  return [
    { kind: 'rectangle', x: x - width / 2, y: y - 8, width, height: 16, fill: '#ffffff', opacity: 0.88 },
    { kind: 'text', x, y: y + 4, text, size: 11, anchor: 'middle', fill: INK },
  ]
}

/** On a map, lines run behind names. */
function nameShapes(label: Label, isOnMap: boolean): Shape[] {
  const [left, right] = labelSpan(label)
  const background: Shape = {
    kind: 'rectangle',
    x: left - 3,
    y: label.y,
    width: right - left + 6,
    height: labelHeight(label) + 2,
    fill: '#ffffff',
    opacity: 0.8,
  }
  const lines = label.lines.map(
    (text, k): Shape => ({
      kind: 'text',
      x: label.x,
      y: label.y + LINE_HEIGHT * k + 11,
      text,
      size: NAME_SIZE,
      anchor: label.anchor,
      isBold: true,
      fill: INK,
    }),
  )
  return isOnMap ? [background, ...lines] : lines
}
