/** Curves, arrow heads and circles as points of lines. Units are pixels, y runs down. */
import type { Shape } from '@ecotope/cube'

export type Point = readonly [x: number, y: number]

const PIECES = 32

/** A curve between two points that bends to its left by `bend` times its length (negative: to its right). */
export function curve(from: Point, to: Point, bend: number): Point[] {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  const control: Point = [(from[0] + to[0]) / 2 + 2 * bend * dy, (from[1] + to[1]) / 2 - 2 * bend * dx]
  return Array.from({ length: PIECES + 1 }, (_, k) => {
    const t = k / PIECES
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t * t]
    return [a * from[0] + b * control[0] + c * to[0], a * from[1] + b * control[1] + c * to[1]]
  })
}

const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1])

/** The part of a curve that lies outside circles around its ends. */
export function trimmed(points: readonly Point[], startRadius: number, endRadius: number): Point[] {
  const [start, end] = [points[0]!, points.at(-1)!]
  const dense = points.flatMap((point, i) => {
    const next = points[i + 1]
    if (next === undefined) return [point]
    return Array.from(
      { length: 6 },
      (_, k): Point => [point[0] + ((next[0] - point[0]) * k) / 6, point[1] + ((next[1] - point[1]) * k) / 6],
    )
  })
  const kept = dense.filter((point) => distance(point, start) >= startRadius && distance(point, end) >= endRadius)
  return kept.length >= 2 ? kept : [start, end]
}

const flat = (points: readonly Point[]): number[] => points.flat()

export interface Pen {
  readonly colour: string
  readonly width: number
  readonly isDashed?: boolean
  readonly opacity?: number
}

/** A line; dashes are pieces of their own, so that every viewer shows them alike. */
export function stroke(points: readonly Point[], { colour, width, isDashed, opacity }: Pen): Shape[] {
  const line = (part: readonly Point[]): Shape => ({
    kind: 'line',
    points: flat(part),
    stroke: colour,
    strokeWidth: width,
    ...(opacity !== undefined && { opacity }),
  })
  return isDashed ? dashes(points, 4 + 1.5 * width, 3 + width).map(line) : [line(points)]
}

function dashes(points: readonly Point[], on: number, off: number): Point[][] {
  const parts: Point[][] = []
  let walked = 0
  let current: Point[] = []
  for (const [i, point] of points.entries()) {
    if (i > 0) walked += distance(points[i - 1]!, point)
    if (walked % (on + off) < on) current.push(point)
    else if (current.length > 0) {
      if (current.length > 1) parts.push(current)
      current = []
    }
  }
  return current.length > 1 ? [...parts, current] : parts
}

export function circle(
  [x, y]: Point,
  radius: number,
  style: { fill?: string; stroke?: string; strokeWidth?: number },
): Shape {
  const points = Array.from({ length: 49 }, (_, k): Point => {
    const angle = (2 * Math.PI * k) / 48
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)]
  })
  return { kind: 'line', points: flat(points), ...style }
}

/** What stands at an end of a link: `>` or `<` an arrow head, `o` a ring, `x` a cross, `+` a bar, else nothing. */
const ENDS: Readonly<Record<string, (tip: Point, back: Point, pen: Pen) => Shape[]>> = {
  '>': arrowHead,
  '<': arrowHead,
  o: (tip, back, pen) => [
    circle(along(tip, back, 5), 4, { fill: '#ffffff', stroke: pen.colour, strokeWidth: Math.min(2, pen.width) }),
  ],
  x: (tip, back, pen) => {
    const [x, y] = along(tip, back, 6)
    const thin = { colour: pen.colour, width: Math.min(2.2, pen.width + 0.6) }
    return [
      ...stroke(
        [
          [x - 4, y - 4],
          [x + 4, y + 4],
        ],
        thin,
      ),
      ...stroke(
        [
          [x - 4, y + 4],
          [x + 4, y - 4],
        ],
        thin,
      ),
    ]
  },
  '+': (tip, back, pen) => {
    const [[x, y], [ux, uy]] = [along(tip, back, 4), unit(tip, back)]
    return stroke(
      [
        [x - 5 * uy, y + 5 * ux],
        [x + 5 * uy, y - 5 * ux],
      ],
      { colour: pen.colour, width: 2 },
    )
  },
}

export const endMark = (mark: string, tip: Point, back: Point, pen: Pen): Shape[] => ENDS[mark]?.(tip, back, pen) ?? []

function unit(from: Point, to: Point): Point {
  const length = Math.max(1e-9, distance(from, to))
  return [(to[0] - from[0]) / length, (to[1] - from[1]) / length]
}

function along(from: Point, to: Point, by: number): Point {
  const [x, y] = unit(from, to)
  return [from[0] + by * x, from[1] + by * y]
}

function arrowHead(tip: Point, back: Point, { colour, width }: Pen): Shape[] {
  const size = 7 + 1.6 * width
  const [ux, uy] = unit(tip, back)
  const [x, y] = along(tip, back, size)
  const half = size * 0.45
  const points: Point[] = [tip, [x - half * uy, y + half * ux], [x + half * uy, y - half * ux], tip]
  return [{ kind: 'line', points: flat(points), fill: colour, stroke: colour, strokeWidth: 0.5 }]
}

/** How long the arrow heads of a pen are, so that lines can end inside them. */
export const headLength = ({ width }: Pick<Pen, 'width'>): number => 5 + 1.4 * width
