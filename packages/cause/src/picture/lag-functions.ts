/** The matrix of lag functions: strength against lag for each pair, links filled, their bounds where there are some. */
import { type Drawing, FAINT, HAIR, INK, niceTicks, type Shape, textWidth, tickText } from '@ecotope/cube'
import type { Discovery } from '../discovery/graph.ts'
import type { Drawable } from './edges.ts'
import { circle, type Point } from './geometry.ts'
import { roundUp } from './link-style.ts'
import { strengthTitle } from './network.ts'

export interface LagFunctionOptions {
  readonly title?: string
  readonly strength?: string
}

const HEAD = 68

/** Rows are causes, columns effects. */
export function drawLagFunctions(
  found: Drawable & Partial<Pick<Discovery, 'intervals'>>,
  options: LagFunctionOptions = {},
): Drawing {
  const { variables, values } = found
  const size = Math.max(56, Math.min(130, 760 / variables.length))
  // Names that are wider than their column stand upright above it.
  const widest = Math.max(...variables.map((name) => textWidth(name, 11)))
  const isUpright = widest > size
  const top = HEAD + (isUpright ? widest : 8)
  const left = 62 + widest
  const most = roundUp(values.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0))
  const least = values.data.some((value) => value < 0) ? -most : 0
  const title = options.title ?? `Strength by lag: row causes column`
  const shapes: Shape[] = [
    { kind: 'text', x: 24, y: 28, text: title, size: 15, isBold: true, fill: INK },
    {
      kind: 'text',
      x: 24,
      y: 46,
      text: `${options.strength ?? strengthTitle(found)}; filled: a link`,
      size: 11,
      fill: FAINT,
    },
  ]
  for (const [i, name] of variables.entries()) {
    const y = top + i * (size + 10) + size / 2
    shapes.push({ kind: 'text', x: left - 40, y: y + 4, text: name, size: 11, anchor: 'end', isBold: true, fill: INK })
    shapes.push({
      kind: 'text',
      x: left + i * (size + 10) + size / 2 + (isUpright ? 4 : 0),
      y: top - 8,
      text: name,
      size: 11,
      ...(isUpright ? { isUpright } : { anchor: 'middle' as const }),
      isBold: true,
      fill: INK,
    })
    for (const j of variables.keys())
      shapes.push(
        ...cell(found, i, j, { x: left + j * (size + 10), y: top + i * (size + 10), size, low: least, high: most }),
      )
  }
  const span = variables.length * (size + 10)
  shapes.push({
    kind: 'text',
    x: left + span / 2,
    y: top + span + 26,
    text: 'lag (time steps)',
    size: 11,
    anchor: 'middle',
    fill: INK,
  })
  return {
    width: left + span + 24,
    height: top + span + 44,
    background: '#ffffff',
    alt: `${title}, ${variables.join(', ')}`,
    shapes,
  }
}

interface Panel {
  readonly x: number
  readonly y: number
  readonly size: number
  readonly low: number
  readonly high: number
}

function cell(found: Drawable & Partial<Pick<Discovery, 'intervals'>>, i: number, j: number, panel: Panel): Shape[] {
  const { tauMax, graph, values, intervals, variables } = found
  const { x, y, size, low, high } = panel
  const at = (tau: number, value: number): Point => [
    x + 6 + ((size - 12) * tau) / Math.max(1, tauMax),
    y + (1 - (Math.max(low, Math.min(high, value)) - low) / (high - low)) * size,
  ]
  const zero = at(0, 0)[1]
  const shapes: Shape[] = [
    { kind: 'rectangle', x, y, width: size, height: size, stroke: HAIR, strokeWidth: 0.7 },
    { kind: 'line', points: [x, zero, x + size, zero], stroke: HAIR, strokeWidth: 0.8 },
    ...axisShapes(panel, tauMax, j === 0, i === variables.length - 1, at),
  ]
  for (let tau = i === j ? 1 : 0; tau <= tauMax; tau++) {
    const isLink = graph.get(i, j, tau) !== ''
    const point = at(tau, values.get(i, j, tau))
    const ink = isLink ? INK : '#98a2aa'
    shapes.push({ kind: 'line', points: [point[0], zero, ...point], stroke: ink, strokeWidth: isLink ? 1.6 : 1 })
    const [lower, upper] = [intervals?.lower.get(i, j, tau), intervals?.upper.get(i, j, tau)]
    if (Number.isFinite(lower) && Number.isFinite(upper))
      shapes.push({
        kind: 'line',
        points: [...at(tau, lower!), ...at(tau, upper!)],
        stroke: ink,
        strokeWidth: 3,
        opacity: 0.35,
      })
    shapes.push(circle(point, isLink ? 3.2 : 2, { fill: isLink ? INK : '#ffffff', stroke: ink, strokeWidth: 1 }))
  }
  return shapes
}

function axisShapes(
  { x, y, size, low, high }: Panel,
  tauMax: number,
  isFirst: boolean,
  isLast: boolean,
  at: (tau: number, value: number) => Point,
): Shape[] {
  const ticks = niceTicks(low, high, 3)
  const marks: Shape[] = isFirst
    ? ticks.map((tick) => ({
        kind: 'text',
        x: x - 5,
        y: at(0, tick)[1] + 3,
        text: tickText(tick, ticks),
        size: 8.5,
        anchor: 'end',
        fill: FAINT,
      }))
    : []
  const every = Math.max(1, Math.ceil(tauMax / 4))
  const lags = Array.from({ length: tauMax + 1 }, (_, tau) => tau).filter((tau) => tau % every === 0)
  if (!isLast) return marks
  return [
    ...marks,
    ...lags.map(
      (tau): Shape => ({
        kind: 'text',
        x: at(tau, 0)[0],
        y: y + size + 11,
        text: String(tau),
        size: 8.5,
        anchor: 'middle',
        fill: FAINT,
      }),
    ),
  ]
}
