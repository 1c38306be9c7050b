/**
 * Pixels that polygon edges and lines pass through, with GDAL's conventions (3.6.2, `ALL_TOUCHED`): an edge along a pixel
 * border touches neither side, a pixel owns its upper left corner. Steps from pixel to pixel along each edge.
 */
import type { Canvas, PixelRings } from './rasterise.ts'

// GDAL 3.6.2: closer to a pixel border than ON_BORDER counts as on it, less movement than NEARLY_STRAIGHT as none.
const ON_BORDER = 0.01
const NEARLY_STRAIGHT = 0.01
const SMALLEST_STEP = 1e-9

const onBorder = (x: number): boolean => Math.abs(x - Math.round(x)) < ON_BORDER

/** Sets a pixel where it lies in the window. */
export function set({ data, window }: Canvas, column: number, row: number, value: number): void {
  const x = column - window.column
  const y = row - window.row
  if (x >= 0 && y >= 0 && x < window.width && y < window.height) data[y * window.width + x] = value
}

/** An edge with x increasing, in pixels. */
interface Edge {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}

function steep(canvas: Canvas, { x1, y1, x2, y2 }: Edge, value: number, isLine: boolean): void {
  if (!isLine && onBorder(x1) && onBorder(x2)) return
  const low = Math.min(y1, y2)
  const high = Math.max(y1, y2)
  const { row, height } = canvas.window
  const last = Math.min(Math.floor(high), row + height - 1)
  for (let y = Math.max(Math.floor(low), row); y <= last; y++) set(canvas, Math.floor(x2), y, value)
}

function flat(canvas: Canvas, { x1, y1, x2, y2 }: Edge, value: number, isLine: boolean): void {
  if (!isLine && onBorder(y1) && onBorder(y2)) return
  const { column, width } = canvas.window
  const last = Math.min(Math.floor(x2), column + width - 1)
  for (let x = Math.max(Math.floor(x1), column); x <= last; x++) set(canvas, x, Math.floor(y1), value)
}

/** The part of an edge inside the raster, up to rounding; [x, y, last x]. */
function clip(edge: Edge, width: number, height: number, slope: number): [x: number, y: number, end: number] {
  let { x1: x, y1: y, x2: end, y2: last } = edge
  if (end > width) {
    last -= (end - width) * slope
    end = width
  }
  if (x < 0) {
    y -= x * slope
    x = 0
  }
  if (slope > 0 && y < 0) {
    x -= y / slope
    y = 0
  } else if (slope < 0 && y >= height) {
    x += (height - y) / slope
    y = height
  }
  // An edge that leaves through the top stops before the pixel whose corner it leaves by.
  if (slope < 0 && last < 0) end -= last / slope
  return [x, y, end]
}

function sloped(canvas: Canvas, edge: Edge, value: number): void {
  const slope = (edge.y2 - edge.y1) / (edge.x2 - edge.x1)
  const { width, height } = canvas.grid
  let [x, y, end] = clip(edge, width, height, slope)
  while (x >= 0 && x < end && (slope < 0 ? y >= 0 : y <= height)) {
    const row = Math.floor(y)
    if (row >= 0 && row < height) set(canvas, Math.floor(x), row, value)
    const across = Math.floor(x + 1) - x
    if (Math.floor(y + across * slope) === row) {
      x += across
      y += across * slope
    } else {
      const down = slope < 0 ? Math.min(row - y, -SMALLEST_STEP) : Math.max(row + 1 - y, SMALLEST_STEP)
      x += down / slope
      y += down
    }
  }
}

/** Burns every pixel that an edge of the rings passes through; of lines also along pixel borders. */
export function burnTouched(canvas: Canvas, rings: PixelRings, value: number, isLine = false): void {
  const { window } = canvas
  const [west, north] = [window.column, window.row]
  const [east, south] = [west + window.width, north + window.height]
  for (let r = 0; r + 1 < rings.starts.length; r++) {
    for (let i = rings.starts[r]! + 1; i < rings.starts[r + 1]!; i++) {
      const forward = rings.x[i - 1]! <= rings.x[i]!
      const [a, b] = forward ? [i - 1, i] : [i, i - 1]
      const edge = { x1: rings.x[a]!, y1: rings.y[a]!, x2: rings.x[b]!, y2: rings.y[b]! }
      if (edge.x2 < west || edge.x1 > east) continue
      if (Math.max(edge.y1, edge.y2) < north || Math.min(edge.y1, edge.y2) > south) continue
      if (Math.floor(edge.x1) === Math.floor(edge.x2) || edge.x2 - edge.x1 < NEARLY_STRAIGHT) {
        steep(canvas, edge, value, isLine)
      } else if (Math.floor(edge.y1) === Math.floor(edge.y2) || Math.abs(edge.y1 - edge.y2) < NEARLY_STRAIGHT) {
        flat(canvas, edge, value, isLine)
      } else sloped(canvas, edge, value)
    }
  }
}
