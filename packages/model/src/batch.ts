/** Batches for the fit loop: tiles drawn, turned and disturbed for training; fixed tiles for validation. */
import type { Random } from '@ecotope/core'
import { type Augmentation, applySymmetry, disturb, drawSymmetry, symmetryMap } from './augment.ts'
import { drawTile, type PixelIndex, type TilePosition } from './sampler.ts'
import { type TileReader, UNLABELLED } from './samples.ts'
import type { Role } from './split.ts'

export interface BatchShape {
  readonly batch: number
  readonly bands: number
  readonly classes: number
  readonly tilePixels: number
}

/** `x` `[batch, bands, tile, tile]`; `target` one-hot `[batch, classes, tile, tile]`, zeros where unlabelled. */
export interface Batch {
  readonly x: Float32Array<ArrayBuffer>
  readonly target: Float32Array<ArrayBuffer>
}

function emptyBatch({ batch, bands, classes, tilePixels }: BatchShape): Batch {
  const n = batch * tilePixels * tilePixels
  return { x: new Float32Array(n * bands), target: new Float32Array(n * classes) }
}

/** Writes class indices, moved by a symmetry, as one-hot layers `[classes, n]` to `target` (zeros so far) from `offset`. */
export function oneHot(labels: Uint8Array, target: Float32Array, offset: number, map: Int32Array): void {
  const n = map.length
  for (let i = 0; i < n; i++) {
    const k = labels[map[i]!]!
    if (k !== UNLABELLED) target[offset + k * n + i] = 1
  }
}

async function place(
  batch: Batch,
  slot: number,
  at: TilePosition,
  role: Role,
  reader: TileReader,
  shape: BatchShape,
  map: Int32Array,
): Promise<void> {
  const { tilePixels, bands, classes } = shape
  const window = { row: at.row, column: at.column, width: tilePixels, height: tilePixels }
  const [features, labels] = await Promise.all([reader.features(window), reader.labels(window, role)])
  const n = tilePixels * tilePixels
  applySymmetry(features, batch.x, slot * bands * n, bands, map)
  oneHot(labels, batch.target, slot * classes * n, map)
}

export interface TrainingDraw {
  readonly index: PixelIndex
  readonly balance: number
  readonly width: number
  readonly height: number
  readonly augmentation: Augmentation
}

/** The eight index maps of one tile size at a time, made when first needed. */
const maps = ((): typeof symmetryMap => {
  let size = 0
  let known: Int32Array[] = []
  return (n, symmetry) => {
    if (n !== size) [size, known] = [n, []]
    const at = symmetry.turns + (symmetry.mirror ? 4 : 0)
    known[at] ??= symmetryMap(n, symmetry)
    return known[at]
  }
})()

export async function trainingBatch(
  reader: TileReader,
  shape: BatchShape,
  from: TrainingDraw,
  draw: Random,
): Promise<Batch> {
  const batch = emptyBatch(shape)
  const perTile = shape.bands * shape.tilePixels ** 2
  for (let slot = 0; slot < shape.batch; slot++) {
    const at = drawTile(from.index, { ...from, tilePixels: shape.tilePixels }, draw)
    const map = maps(shape.tilePixels, drawSymmetry(from.augmentation, draw))
    await place(batch, slot, at, 'train', reader, shape, map)
    disturb(batch.x, slot * perTile, (slot + 1) * perTile, from.augmentation, draw)
  }
  return batch
}

export interface ValidationTiling {
  readonly tilePixels: number
  readonly width: number
  readonly height: number
  /** Most tiles to take. */
  readonly limit: number
}

/**
 * Tiles of a fixed pattern that hold validation pixels, the same at every epoch. Where there are more than `limit`,
 * classes take turns, rarest first, each choosing evenly along the raster, so that none is left out.
 */
export function validationTiles(index: PixelIndex, options: ValidationTiling): TilePosition[] {
  const chosen = new Map<string, TilePosition>()
  const order = [...index.counts.keys()].sort((a, b) => index.counts[a]! - index.counts[b]!)
  const queues = order.map((k) => spread(tilesOfClass(index, k, options), options.limit))
  for (let turn = 0; turn < options.limit; turn++) {
    for (const queue of queues) {
      const at = queue[turn]
      if (at !== undefined && chosen.size < options.limit) chosen.set(`${at.row}:${at.column}`, at)
    }
  }
  return [...chosen.values()].sort((a, b) => a.row - b.row || a.column - b.column)
}

function tilesOfClass(index: PixelIndex, k: number, options: ValidationTiling): TilePosition[] {
  const step = options.tilePixels
  const snap = (at: number, extent: number): number =>
    Math.max(0, Math.min(Math.floor(at / step) * step, extent - step))
  const tiles = new Map<string, TilePosition>()
  index.rows[k]!.forEach((row, i) => {
    const at = { row: snap(row, options.height), column: snap(index.columns[k]![i]!, options.width) }
    tiles.set(`${at.row}:${at.column}`, at)
  })
  return [...tiles.values()].sort((a, b) => a.row - b.row || a.column - b.column)
}

/** At most `limit` of the items, evenly along their order. */
function spread<T>(items: readonly T[], limit: number): T[] {
  const every = Math.max(1, items.length / limit)
  return Array.from({ length: Math.min(items.length, limit) }, (_, i) => items[Math.floor(i * every)]!)
}

/** One validation batch; slots beyond the last tile stay empty and unlabelled. */
export async function validationBatch(
  reader: TileReader,
  shape: BatchShape,
  tiles: readonly TilePosition[],
): Promise<Batch> {
  const batch = emptyBatch(shape)
  const map = maps(shape.tilePixels, { mirror: false, turns: 0 })
  for (const [slot, at] of tiles.entries()) await place(batch, slot, at, 'validation', reader, shape, map)
  return batch
}
