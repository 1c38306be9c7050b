/** Longitudes from 0 to 360, as climate models have them, turned to -180 to 180, so that they lie on other data. */
import { newArray, type TypedArray } from '../dtype.ts'
import { type ArraySource, partsApart, withoutPlaces } from '../model/array-source.ts'
import { copyBox } from '../model/copy.ts'
import type { Dimension } from '../model/dimension.ts'
import { cellCount, type Region } from '../model/region.ts'

/** How far the ends of a global axis may be from meeting, in cells. */
const SEAM = 0.02

/**
 * The same cells with longitudes below 180: an axis around the whole Earth is cut at the antimeridian and put together
 * again at Greenwich, an axis beyond 180 is renamed. The source itself where neither applies (no geographic grid, rows
 * that do not run east, an axis that crosses 180 and does not close).
 */
export function westToEast(source: ArraySource): ArraySource {
  const { schema } = source
  const { grid } = schema
  const x = schema.dims.findIndex((dim) => dim.type === 'spatial' && dim.axis === 'x')
  if (x < 0 || grid === undefined || !grid.crs.isGeographic || grid.affine[1] !== 0 || !(grid.affine[0] > 0))
    return source
  const labels = schema.dims[x]!.labels as readonly number[]
  const first = labels.findIndex((label) => label >= 180)
  if (first < 0) return source
  const step = grid.affine[0]
  const isClosed = Math.abs(labels.length * step - 360) <= SEAM * step
  if (first > 0 && !isClosed) return source
  const turned = [...labels.slice(first), ...labels.slice(0, first)].map((label, i) =>
    i < labels.length - first ? label - 360 : label,
  )
  const [a, b, c, d, e, f] = grid.affine
  const dims = schema.dims.map((dim, i): Dimension => (i === x ? ({ ...dim, labels: turned } as Dimension) : dim))
  return {
    ...withoutPlaces(source),
    schema: { ...schema, dims, grid: { ...grid, affine: [a, b, c + first * a - 360, d, e, f] } },
    handle: { ...source.handle, longitudes: '-180' },
    read: (region, options) => readTurned(source, x, first, region, options),
    narrow: (dimension, indices) => {
      const inner = dimension === x ? undefined : source.narrow?.(dimension, indices)
      return inner === undefined ? undefined : westToEast(inner)
    },
    apart: function* (region) {
      for (const { start, stored } of turnedParts(source, x, first, region)) {
        const shift = stored.start[x]! - start[x]!
        for (const part of partsApart(source, stored))
          yield { start: part.start.with(x, part.start[x]! - shift), shape: part.shape }
      }
    },
    close: () => source.close(),
  }
}

/** At most two boxes and where they lie in the source: what lay east of the antimeridian, then what lay west of it. */
function turnedParts(
  { schema }: ArraySource,
  x: number,
  first: number,
  { start, shape }: Region,
): { readonly start: readonly number[]; readonly stored: Region }[] {
  const seam = schema.dims[x]!.labels.length - first
  const [from, to] = [start[x]!, start[x]! + shape[x]!]
  return [
    { from, to: Math.min(to, seam), shift: first },
    { from: Math.max(from, seam), to, shift: -seam },
  ].flatMap((part) => {
    if (part.to <= part.from) return []
    const stored = { start: start.with(x, part.from + part.shift), shape: shape.with(x, part.to - part.from) }
    return [{ start: start.with(x, part.from), stored }]
  })
}

async function readTurned(
  source: ArraySource,
  x: number,
  first: number,
  region: Region,
  options: Parameters<ArraySource['read']>[1],
): Promise<TypedArray> {
  const out = newArray(source.schema.packing.dtype, cellCount(region.shape))
  for (const { start, stored } of turnedParts(source, x, first, region)) {
    const cells = await source.read(stored, options)
    const zero = region.shape.map(() => 0)
    copyBox(cells, stored.shape, zero, out, region.shape, zero.with(x, start[x]! - region.start[x]!), stored.shape)
  }
  return out
}
