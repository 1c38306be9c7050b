/**
 * Points and lines in a raster, equal to GDAL's `gdal_rasterize` (3.6) to the pixel: a point sets the pixel that it lies
 * in, a line one pixel a step along its longer side (Bresenham 1965) between the pixels of its vertices.
 */
import type { Canvas, PixelRings } from './rasterise.ts'
import { set } from './touched.ts'

/** Burns the pixel of every position. */
export function burnPoints(canvas: Canvas, { x, y }: PixelRings, value: number): void {
  for (let i = 0; i < x.length; i++) set(canvas, Math.floor(x[i]!), Math.floor(y[i]!), value)
}

/** Burns thin lines from position to position of every part. */
export function burnLines(canvas: Canvas, { x, y, starts }: PixelRings, value: number): void {
  for (let part = 0; part + 1 < starts.length; part++) {
    for (let i = starts[part]! + 1; i < starts[part + 1]!; i++) {
      const [from, to] = [i - 1, i].map((k) => [Math.floor(x[k]!), Math.floor(y[k]!)] as const)
      burnStep(canvas, from!, to!, value)
    }
  }
}

type Pixel = readonly [column: number, row: number]

function burnStep(canvas: Canvas, [x0, y0]: Pixel, [x1, y1]: Pixel, value: number): void {
  const [across, down] = [Math.abs(x1 - x0), Math.abs(y1 - y0)]
  const [right, below] = [Math.sign(x1 - x0), Math.sign(y1 - y0)]
  const isFlat = across >= down
  const [long, short] = isFlat ? [across, down] : [down, across]
  const { column, row, width, height } = canvas.window
  // Steps along the longer side that lie in the window.
  const [start, sense, first, size] = isFlat ? [x0, right, column, width] : [y0, below, row, height]
  const k0 = Math.max(0, sense < 0 ? start - (first + size - 1) : first - start)
  const k1 = Math.min(long, sense < 0 ? start - first : first + size - 1 - start)
  for (let k = k0; k <= k1; k++) {
    // Halfway between two pixels lines step on.
    const side = long === 0 ? 0 : Math.floor((k * short) / long + 0.5)
    const [dx, dy] = isFlat ? [k * right, side * below] : [side * right, k * below]
    set(canvas, x0 + dx, y0 + dy, value)
  }
}
