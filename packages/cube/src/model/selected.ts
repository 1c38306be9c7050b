/** A source with some labels of one dimension, in any order: neighbours are read together, the others are left unread. */
import { newArray, type TypedArray } from '../dtype.ts'
import { type ArraySource, withoutPlaces } from './array-source.ts'
import { copyBox } from './copy.ts'
import type { Dimension } from './dimension.ts'
import { cellCount, type Region, splitRegion } from './region.ts'

/** The dimension with these labels; of bands and features also what is known of them. */
function selected(dim: Dimension, indices: readonly number[]): Dimension {
  const labels = indices.map((i) => dim.labels[i]!)
  if (dim.type === 'bands') return { ...dim, labels: labels as string[], bands: indices.map((i) => dim.bands[i]!) }
  if (dim.type === 'geometry') {
    return { ...dim, labels, features: { ...dim.features, features: indices.map((i) => dim.features.features[i]!) } }
  }
  return { ...dim, labels } as Dimension
}

/**
 * What `ArraySource.narrow` may return for a source that reads any box. Undefined for the axes of a grid, which have
 * to stay whole. The handle says under `selection` what was taken.
 */
export function selectedSource(
  source: ArraySource,
  dimension: number,
  indices: readonly number[],
): ArraySource | undefined {
  const dim = source.schema.dims[dimension]!
  if (dim.type === 'spatial' && dim.axis !== 'z' && source.schema.grid !== undefined) return undefined
  const dims = source.schema.dims.with(dimension, selected(dim, indices))
  const earlier = (source.handle.selection ?? []) as readonly unknown[]
  return {
    ...withoutPlaces(source),
    schema: { ...source.schema, dims },
    handle: { ...source.handle, selection: [...earlier, [dimension, [...indices]]] },
    chunks: source.chunks.map((size, d) => (d === dimension ? Math.max(1, Math.min(size, indices.length)) : size)),
    read: (region, options) => readSelected(source, dimension, indices, region, options),
    narrow: (other, more) =>
      other === dimension
        ? selectedSource(
            source,
            dimension,
            more.map((i) => indices[i]!),
          )
        : selectedSource(selectedSource(source, dimension, indices)!, other, more),
    apart: (region) => apartBy(source, dimension, indices, region),
    close: () => source.close(),
  }
}

/** Labels next to each other that lie in one stored chunk are read together. */
function* apartBy(
  { chunks }: ArraySource,
  dimension: number,
  indices: readonly number[],
  { start, shape }: Region,
): Generator<Region> {
  const [size, end] = [chunks[dimension]!, start[dimension]! + shape[dimension]!]
  const chunkOf = (at: number): number => Math.floor(indices[at]! / size)
  for (let from = start[dimension]!, to = from; from < end; from = to) {
    while (to < end && chunkOf(to) === chunkOf(from)) to++
    const run = { start: start.with(dimension, from), shape: shape.with(dimension, to - from) }
    yield* splitRegion(run, chunks.with(dimension, indices.length))
  }
}

async function readSelected(
  source: ArraySource,
  dimension: number,
  indices: readonly number[],
  { start, shape }: Region,
  options: Parameters<ArraySource['read']>[1],
): Promise<TypedArray> {
  const wanted = indices.slice(start[dimension]!, start[dimension]! + shape[dimension]!)
  const out = newArray(source.schema.packing.dtype, cellCount(shape))
  const zero = shape.map(() => 0)
  for (let at = 0; at < wanted.length; ) {
    let run = 1
    while (at + run < wanted.length && wanted[at + run] === wanted[at]! + run) run++
    const box = shape.with(dimension, run)
    const cells = await source.read({ start: start.with(dimension, wanted[at]!), shape: box }, options)
    copyBox(cells, box, zero, out, shape, zero.with(dimension, at), box)
    at += run
  }
  return out
}
