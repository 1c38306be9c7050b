/** The time-series graph: a row per variable, a column per time step; every link at each step where it fits. */
import { type Drawing, FAINT, HAIR, INK, type Shape, textWidth } from '@ecotope/cube'
import { type Drawable, strongest } from './edges.ts'
import { circle, curve, endMark, headLength, type Pen, type Point, stroke, trimmed } from './geometry.ts'
import { LEGEND_HEIGHT, legend, penOf, roundUp, type Scale } from './link-style.ts'
import { strengthTitle, titleOf } from './network.ts'

export interface TimeSeriesGraphOptions {
  readonly title?: string
  readonly strength?: string
  /** Steps shown; default one more than the largest lag. */
  readonly steps?: number
}

const TOP = 64
const RADIUS = 7

export function drawTimeSeriesGraph(found: Drawable, options: TimeSeriesGraphOptions = {}): Drawing {
  const { variables } = found
  const steps = Math.max(2, options.steps ?? found.tauMax + 1)
  const left = 40 + Math.max(...variables.map((name) => textWidth(name, 12)))
  const [across, down] = [
    Math.max(60, Math.min(130, 620 / (steps - 1))),
    Math.max(44, Math.min(80, 480 / variables.length)),
  ]
  const place = (i: number, step: number): Point => [left + step * across, TOP + i * down]
  const scale = { most: roundUp(strongest(found)), title: options.strength ?? strengthTitle(found) }
  const right = left + (steps - 1) * across
  const bottom = TOP + (variables.length - 1) * down
  const title = options.title ?? titleOf(found)
  const shapes: Shape[] = [
    { kind: 'text', x: 24, y: 28, text: title, size: 15, isBold: true, fill: INK },
    ...Array.from(
      { length: steps },
      (_, step): Shape => ({
        kind: 'text',
        x: place(0, step)[0],
        y: TOP - 16,
        text: step === steps - 1 ? 't' : `t−${steps - 1 - step}`,
        size: 11,
        anchor: 'middle',
        fill: FAINT,
      }),
    ),
    ...variables.flatMap((name, i) => rowShapes(name, place(i, 0), right)),
    ...linksOf(found, steps).flatMap((link) => linkShapes(link, place, scale)),
    ...variables.flatMap((_, i) =>
      Array.from({ length: steps }, (__, step) =>
        circle(place(i, step), RADIUS, { fill: '#ffffff', stroke: INK, strokeWidth: 1.1 }),
      ),
    ),
    ...legend(24, bottom + 44, scale, 'columns: time steps up to the present t'),
  ]
  const width = Math.max(420, right + 40)
  return { width, height: bottom + 32 + LEGEND_HEIGHT, background: '#ffffff', alt: `${title} through time`, shapes }
}

function rowShapes(name: string, at: Point, right: number): Shape[] {
  return [
    { kind: 'line', points: [...at, right, at[1]], stroke: HAIR, strokeWidth: 0.5 },
    { kind: 'text', x: at[0] - 18, y: at[1] + 4, text: name, size: 12, anchor: 'end', isBold: true, fill: INK },
  ]
}

interface PlacedLink {
  readonly from: readonly [variable: number, step: number]
  readonly to: readonly [variable: number, step: number]
  readonly link: string
  readonly value: number
}

function linksOf({ variables, tauMax, graph, values }: Drawable, steps: number): PlacedLink[] {
  const links: PlacedLink[] = []
  for (let i = 0; i < variables.length; i++)
    for (let j = 0; j < variables.length; j++)
      for (let tau = i < j ? 0 : 1; tau <= tauMax; tau++) {
        const link = graph.get(i, j, tau)
        if (link === '') continue
        for (let step = tau; step < steps; step++)
          links.push({ from: [i, step - tau], to: [j, step], link, value: values.get(i, j, tau) })
      }
  return links
}

function linkShapes(
  { from, to, link, value }: PlacedLink,
  place: (i: number, step: number) => Point,
  scale: Scale,
): Shape[] {
  const pen: Pen = { ...penOf(value, scale), opacity: 0.85 }
  const thin = { ...pen, width: 0.7 * pen.width }
  // Links that would run through nodes on their way bend around them.
  const isLongRow = (from[0] === to[0] && to[1] - from[1] > 1) || (from[1] === to[1] && Math.abs(from[0] - to[0]) > 1)
  const path = curve(place(...from), place(...to), isLongRow ? 0.12 : 0)
  const [start, end] = [link.at(0)!, link.at(-1)!]
  const whole = trimmed(path, RADIUS + 1, RADIUS + 1)
  const gap = (mark: string): number => ('<>'.includes(mark) ? headLength(thin) : mark === 'o' ? 8 : 0)
  return [
    ...stroke(trimmed(path, RADIUS + 1 + gap(start), RADIUS + 1 + gap(end)), thin),
    ...endMark(end, whole.at(-1)!, whole.at(-8) ?? whole[0]!, thin),
    ...endMark(start, whole[0]!, whole[7] ?? whole.at(-1)!, thin),
  ]
}
