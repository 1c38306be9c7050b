/** Where training tiles are cut: mostly anywhere that is labelled, a share of them where a class, however rare, lives. */
import { InputError, type Random } from '@ecotope/core'

/** Labelled training pixels by class; each list is a random sample of bounded size (Vitter 1985, algorithm R). */
export interface PixelIndex {
  readonly counts: readonly number[]
  readonly rows: readonly Int32Array[]
  readonly columns: readonly Int32Array[]
}

export interface PixelIndexBuilder {
  add(classIndex: number, row: number, column: number): void
  build(): PixelIndex
}

const CAPACITY = 100_000

export function pixelIndexBuilder(classes: number, draw: Random, capacity: number = CAPACITY): PixelIndexBuilder {
  const counts = new Array<number>(classes).fill(0)
  const rows = Array.from({ length: classes }, () => [] as number[])
  const columns = Array.from({ length: classes }, () => [] as number[])
  return {
    add: (k, row, column) => {
      const seen = counts[k]!++
      const slot = seen < capacity ? seen : draw.integer(seen + 1)
      if (slot >= capacity) return
      rows[k]![slot] = row
      columns[k]![slot] = column
    },
    build: () => ({
      counts,
      rows: rows.map((v) => Int32Array.from(v)),
      columns: columns.map((v) => Int32Array.from(v)),
    }),
  }
}

export interface TilePosition {
  readonly row: number
  readonly column: number
}

export interface SamplerOptions {
  readonly tilePixels: number
  /** Share of tiles placed on a class drawn uniformly, in [0, 1]; the rest follow the classes' real frequencies. */
  readonly balance: number
  readonly width: number
  readonly height: number
}

/**
 * Draws the upper left corner of a tile that holds a labelled pixel at a random place inside it. Tiles lie within the
 * raster; one that is smaller than a tile lies within the tile, and what is read beyond it is missing.
 * @throws InputError `NoTrainingPixels` where no class has a training pixel.
 */
export function drawTile(index: PixelIndex, options: SamplerOptions, draw: Random): TilePosition {
  const k = draw.uniform() < options.balance ? uniformClass(index, draw) : frequentClass(index, draw)
  const pick = draw.integer(index.rows[k]!.length)
  const corner = (at: number, extent: number): number => {
    const start = at - draw.integer(options.tilePixels)
    const room = extent - options.tilePixels
    return Math.max(Math.min(0, room), Math.min(start, Math.max(0, room)))
  }
  return { row: corner(index.rows[k]![pick]!, options.height), column: corner(index.columns[k]![pick]!, options.width) }
}

function uniformClass(index: PixelIndex, draw: Random): number {
  const present = index.counts.flatMap((n, k) => (n > 0 ? [k] : []))
  if (present.length === 0) throw noPixels()
  return present[draw.integer(present.length)]!
}

function frequentClass(index: PixelIndex, draw: Random): number {
  const total = index.counts.reduce((a, b) => a + b, 0)
  let left = draw.uniform() * total
  const last = index.counts.findLastIndex((n) => n > 0)
  if (last < 0) throw noPixels()
  for (const [k, n] of index.counts.entries()) {
    left -= n
    if (left < 0 && n > 0) return k
  }
  return last
}

function noPixels(): InputError {
  return new InputError('NoTrainingPixels', 'no labelled pixel is left for training', {
    hint: 'choose smaller blocks for the split, or check with ecotope inspect that the labels overlap the features',
  })
}
