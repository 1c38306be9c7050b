/** Drawings as pixels: shapes with smooth edges on an RGBA canvas, then PNG. */
import { rgbOf } from './colour.ts'
import type { Drawing, Shape } from './drawing.ts'
import { textStrokes, textWidth } from './font.ts'
import { encodePng } from './png.ts'

interface Canvas {
  readonly width: number
  readonly height: number
  readonly rgba: Uint8ClampedArray<ArrayBuffer>
}

/** The drawing with `scale` pixels for each of its units. */
export function pngOf(drawing: Drawing, scale = 2): Uint8Array {
  const width = Math.round(drawing.width * scale)
  const height = Math.round(drawing.height * scale)
  const canvas: Canvas = { width, height, rgba: new Uint8ClampedArray(4 * width * height) }
  fillBox(canvas, 0, 0, width, height, drawing.background, 1)
  for (const shape of drawing.shapes) (PAINTERS[shape.kind] as Painter<Shape>)(canvas, shape, scale)
  return encodePng(width, height, canvas.rgba)
}

type Painter<S extends Shape> = (canvas: Canvas, shape: S, scale: number) => void

const PAINTERS: { readonly [K in Shape['kind']]: Painter<Extract<Shape, { kind: K }>> } = {
  rectangle: (canvas, { x, y, width, height, fill, stroke, strokeWidth = 1, opacity = 1 }, k) => {
    if (fill !== undefined && fill !== 'none')
      fillBox(canvas, x * k, y * k, (x + width) * k, (y + height) * k, fill, opacity)
    if (stroke === undefined) return
    const corners = [x, y, x + width, y, x + width, y + height, x, y + height, x, y]
    strokeLines(canvas, [corners.map((value) => value * k)], strokeWidth * k, stroke, opacity)
  },
  line: (
    canvas,
    { points, fill, stroke = fill === undefined ? '#000000' : undefined, strokeWidth = 1, opacity = 1 },
    k,
  ) => {
    if (fill !== undefined && fill !== 'none')
      fillPolygon(
        canvas,
        points.map((value) => value * k),
        fill,
        opacity,
      )
    if (stroke === undefined) return
    strokeLines(canvas, [points.map((value) => value * k)], strokeWidth * k, stroke, opacity)
  },
  text: (canvas, { x, y, text, size, anchor = 'start', isBold, fill = '#000000', isUpright }, k) => {
    const width = textWidth(text, size * k)
    const back = anchor === 'start' ? 0 : anchor === 'middle' ? width / 2 : width
    const place = (dx: number, dy: number): [number, number] =>
      isUpright ? [x * k + dy, y * k - dx] : [x * k + dx, y * k + dy]
    const lines = textStrokes(text, size * k).map((line) => {
      const placed: number[] = []
      for (let i = 0; i < line.length; i += 2) placed.push(...place(line[i]! - back, line[i + 1]!))
      return placed
    })
    strokeLines(canvas, lines, size * k * (isBold ? 0.135 : 0.09), fill, 1)
  },
  image: paintImage,
}

/** A box whose edges cover their pixels by area. */
function fillBox(
  canvas: Canvas,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  colour: string,
  opacity: number,
): void {
  const rgb = rgbOf(colour)
  const share = (i: number, from: number, to: number): number => Math.min(i + 1, to) - Math.max(i, from)
  for (let y = Math.max(0, Math.floor(y0)); y < Math.min(canvas.height, Math.ceil(y1)); y++) {
    const ofRow = share(y, y0, y1)
    for (let x = Math.max(0, Math.floor(x0)); x < Math.min(canvas.width, Math.ceil(x1)); x++) {
      blend(canvas, 4 * (y * canvas.width + x), rgb, ofRow * share(x, x0, x1) * opacity)
    }
  }
}

function blend({ rgba }: Canvas, at: number, rgb: readonly number[], share: number): void {
  for (let c = 0; c < 3; c++) rgba[at + c] = rgba[at + c]! + (rgb[c]! - rgba[at + c]!) * share
  rgba[at + 3] = rgba[at + 3]! + (255 - rgba[at + 3]!) * share
}

/** Scan lines in each row of pixels. */
const LINES = 4

/** The inside of a closed line (even-odd rule); edges cover their pixels by their share of the scan lines. */
function fillPolygon(canvas: Canvas, points: readonly number[], colour: string, opacity: number): void {
  const ys = points.filter((_, i) => i % 2 === 1)
  const rgb = rgbOf(colour)
  const cover = new Float32Array(canvas.width)
  for (let y = Math.max(0, Math.floor(least(ys))); y < Math.min(canvas.height, -least(ys.map((v) => -v))); y++) {
    cover.fill(0)
    for (let line = 0; line < LINES; line++) {
      const cuts = crossings(points, y + (line + 0.5) / LINES)
      for (let i = 0; i + 1 < cuts.length; i += 2) coverSpan(cover, cuts[i]!, cuts[i + 1]!)
    }
    for (const [x, share] of cover.entries())
      if (share > 0) blend(canvas, 4 * (y * canvas.width + x), rgb, Math.min(1, share) * opacity)
  }
}

/** Where a horizontal line cuts the edges, from left to right. */
function crossings(points: readonly number[], y: number): number[] {
  const found: number[] = []
  for (let i = 0; i < points.length; i += 2) {
    const [x0, y0] = [points[i]!, points[i + 1]!]
    const [x1, y1] = [points[(i + 2) % points.length]!, points[(i + 3) % points.length]!]
    if (y0 <= y !== y1 <= y) found.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0))
  }
  return found.sort((a, b) => a - b)
}

function coverSpan(cover: Float32Array, from: number, to: number): void {
  for (let x = Math.max(0, Math.floor(from)); x < Math.min(cover.length, to); x++)
    cover[x] = cover[x]! + (Math.min(x + 1, to) - Math.max(x, from)) / LINES
}

/** Lines with round ends. Where strokes of one call cross, they do not darken each other. */
function strokeLines(
  canvas: Canvas,
  lines: readonly (readonly number[])[],
  width: number,
  colour: string,
  opacity: number,
): void {
  const radius = Math.max(width, 0.7) / 2
  const all = lines.flat()
  if (all.length === 0) return
  const xs = all.filter((_, i) => i % 2 === 0)
  const ys = all.filter((_, i) => i % 2 === 1)
  const left = Math.max(0, Math.floor(least(xs) - radius - 1))
  const top = Math.max(0, Math.floor(least(ys) - radius - 1))
  const right = Math.min(canvas.width, Math.ceil(-least(xs.map((v) => -v)) + radius + 1))
  const bottom = Math.min(canvas.height, Math.ceil(-least(ys.map((v) => -v)) + radius + 1))
  if (left >= right || top >= bottom) return
  const cover = new Float32Array((right - left) * (bottom - top))
  for (const line of lines) {
    for (let i = 0; i + 3 < line.length; i += 2) {
      coverSegment(cover, [left, top, right, bottom], line.slice(i, i + 4) as unknown as Segment, radius)
    }
  }
  const rgb = rgbOf(colour)
  for (const [i, share] of cover.entries()) {
    if (share === 0) continue
    const x = left + (i % (right - left))
    const y = top + Math.floor(i / (right - left))
    blend(canvas, 4 * (y * canvas.width + x), rgb, share * opacity)
  }
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)

type Segment = readonly [x0: number, y0: number, x1: number, y1: number]
type Box = readonly [left: number, top: number, right: number, bottom: number]

/** Coverage by the distance of pixel centres from the segment. */
function coverSegment(
  cover: Float32Array,
  [left, top, right, bottom]: Box,
  [x0, y0, x1, y1]: Segment,
  radius: number,
): void {
  const [dx, dy] = [x1 - x0, y1 - y0]
  const square = dx * dx + dy * dy
  const reach = radius + 1
  for (
    let y = Math.max(top, Math.floor(Math.min(y0, y1) - reach));
    y < Math.min(bottom, Math.max(y0, y1) + reach);
    y++
  ) {
    for (
      let x = Math.max(left, Math.floor(Math.min(x0, x1) - reach));
      x < Math.min(right, Math.max(x0, x1) + reach);
      x++
    ) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0]
      const along = square === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / square))
      const distance = Math.hypot(px - along * dx, py - along * dy)
      const share = Math.min(1, radius + 0.5 - distance)
      const at = (y - top) * (right - left) + x - left
      if (share > cover[at]!) cover[at] = share
    }
  }
}

/** Nearest pixels; with `isSmooth`, bilinear between their centres. */
function paintImage(canvas: Canvas, image: Extract<Shape, { kind: 'image' }>, k: number): void {
  const { x, y, width, height, columns, rows, rgba, isSmooth } = image
  const [left, top] = [Math.round(x * k), Math.round(y * k)]
  const [right, bottom] = [Math.round((x + width) * k), Math.round((y + height) * k)]
  const rgb = [0, 0, 0]
  for (let py = Math.max(0, top); py < Math.min(canvas.height, bottom); py++) {
    const v = ((py + 0.5 - top) / (bottom - top)) * rows
    for (let px = Math.max(0, left); px < Math.min(canvas.width, right); px++) {
      const u = ((px + 0.5 - left) / (right - left)) * columns
      const alpha = isSmooth ? bilinear(rgba, columns, rows, u, v, rgb) : nearest(rgba, columns, rows, u, v, rgb)
      if (alpha > 0) blend(canvas, 4 * (py * canvas.width + px), rgb, alpha)
    }
  }
}

function nearest(rgba: Uint8ClampedArray, columns: number, rows: number, u: number, v: number, out: number[]): number {
  const at = 4 * (Math.min(rows - 1, Math.floor(v)) * columns + Math.min(columns - 1, Math.floor(u)))
  for (let c = 0; c < 3; c++) out[c] = rgba[at + c]!
  return rgba[at + 3]! / 255
}

function bilinear(rgba: Uint8ClampedArray, columns: number, rows: number, u: number, v: number, out: number[]): number {
  const x = Math.min(columns - 1, Math.max(0, u - 0.5))
  const y = Math.min(rows - 1, Math.max(0, v - 0.5))
  const [x0, y0] = [Math.floor(x), Math.floor(y)]
  const [fx, fy] = [x - x0, y - y0]
  let alpha = 0
  out.fill(0)
  for (const [dy, wy] of [
    [0, 1 - fy],
    [1, fy],
  ] as const) {
    for (const [dx, wx] of [
      [0, 1 - fx],
      [1, fx],
    ] as const) {
      const at = 4 * (Math.min(rows - 1, y0 + dy) * columns + Math.min(columns - 1, x0 + dx))
      const weight = wx * wy * (rgba[at + 3]! / 255)
      alpha += weight
      for (let c = 0; c < 3; c++) out[c] = out[c]! + weight * rgba[at + c]!
    }
  }
  if (alpha > 0) for (let c = 0; c < 3; c++) out[c] = out[c]! / alpha
  return alpha
}
