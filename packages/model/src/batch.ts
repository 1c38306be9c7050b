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

/** Class indices as one-hot layers `[classes, n]`. */
export function oneHot(labels: Uint8Array, classes: number): Float32Array {
  const n = labels.length
  const out = new Float32Array(n * classes)
  for (let i = 0; i < n; i++) if (labels[i] !== UNLABELLED) out[labels[i]! * n + i] = 1
  return out
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
  applySymmetry(oneHot(labels, classes), batch.target, slot * classes * n, classes, map)
}

export interface TrainingDraw {
  readonly index: PixelIndex
  readonly balance: number
  readonly width: number
  readonly height: number
  readonly augmentation: Augmentation
}

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
    const map = symmetryMap(shape.tilePixels, drawSymmetry(from.augmentation, draw))
    await place(batch, slot, at, 'train', reader, shape, map)
    disturb(batch.x, slot * perTile, (slot + 1) * perTile, from.augmentation, draw)
  }
  return batch
}

/** Tiles that together hold validation pixels of every class; at most `limit`, the same at every epoch. */
export function validationTiles(
  index: PixelIndex,
  options: { tilePixels: number; width: number; height: number; limit: number },
): TilePosition[] {
  const step = options.tilePixels
  const seen = new Map<string, TilePosition>()
  const snap = (at: number, extent: number): number =>
    Math.max(0, Math.min(Math.floor(at / step) * step, extent - step))
  index.rows.forEach((rows, k) => {
    rows.forEach((row, i) => {
      const at = { row: snap(row, options.height), column: snap(index.columns[k]![i]!, options.width) }
      seen.set(`${at.row}:${at.column}`, at)
    })
  })
  const all = [...seen.values()].sort((a, b) => a.row - b.row || a.column - b.column)
  const every = Math.max(1, all.length / options.limit)
  return Array.from({ length: Math.min(all.length, options.limit) }, (_, i) => all[Math.floor(i * every)]!)
}

/** One validation batch; slots beyond the last tile stay empty and unlabelled. */
export async function validationBatch(
  reader: TileReader,
  shape: BatchShape,
  tiles: readonly TilePosition[],
): Promise<Batch> {
  const batch = emptyBatch(shape)
  const map = symmetryMap(shape.tilePixels, { mirror: false, turns: 0 })
  for (const [slot, at] of tiles.entries()) await place(batch, slot, at, 'validation', reader, shape, map)
  return batch
}
