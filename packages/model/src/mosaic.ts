/**
 * Prediction by overlapping tiles. A tile counts only where it had enough surroundings, and neighbouring tiles are blended
 * by linear ramps, so that the result equals whole-image inference wherever a network's values do not depend on its tile.
 */

import { secondsLeft, throwIfAborted, type WorkOptions } from '@ecotope/core'
import type { Window } from '@ecotope/cube'

export interface TilingOptions {
  /** Extents of the raster, pixels. */
  readonly width: number
  readonly height: number
  /** Longest side of a tile, pixels; rounded to `multiple`. */
  readonly tilePixels: number
  /** Extents and starts of tiles are multiples of this, so that pooling windows fall alike in every tile. */
  readonly multiple: number
  /** Pixels along a tile's inner edges that do not count: the network's reach. */
  readonly margin: number
  /** Pixels over which two tiles are blended. */
  readonly ramp: number
}

export interface Tiling {
  readonly tileWidth: number
  readonly tileHeight: number
  readonly columns: readonly number[]
  readonly rows: readonly number[]
}

const roundUp = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple

/** Starts of tiles along one axis and their common length. The last tile may reach beyond the raster, where values are missing. */
function tileAxis(extent: number, options: TilingOptions): { length: number; starts: number[] } {
  const { multiple, margin, ramp } = options
  const whole = roundUp(extent, multiple)
  const length = Math.min(
    whole,
    Math.max(roundUp(options.tilePixels, multiple), roundUp(2 * margin + ramp + multiple, multiple)),
  )
  const step = Math.max(multiple, Math.floor((length - 2 * margin - ramp) / multiple) * multiple)
  const starts = [0]
  while (starts.at(-1)! + length < extent) starts.push(Math.min(starts.at(-1)! + step, whole - length))
  return { length, starts }
}

export function tiling(options: TilingOptions): Tiling {
  const across = tileAxis(options.width, options)
  const down = tileAxis(options.height, options)
  return { tileWidth: across.length, tileHeight: down.length, columns: across.starts, rows: down.starts }
}

/** Weights along one axis of a tile: 0 within the margin of an inner edge, then a ramp to 1; outer edges keep 1. */
export function edgeWeights(
  start: number,
  length: number,
  extent: number,
  { margin, ramp }: TilingOptions,
): Float32Array {
  const side = (distance: number): number => Math.min(1, Math.max(0, (distance - margin + 0.5) / Math.max(1, ramp)))
  return Float32Array.from({ length }, (_, i) => {
    const left = start <= 0 ? 1 : side(i)
    const right = start + length >= extent ? 1 : side(length - 1 - i)
    return Math.min(left, right)
  })
}

/** Values of one tile, `[layers, window.height, window.width]`. Asked for the next tile while this one is under way. */
export type PredictTile = (window: Window) => Promise<Float32Array>

/** Finished rows from top to bottom, `[layers, rows, width]`. */
export type TakeRows = (firstRow: number, rows: number, values: Float32Array<ArrayBuffer>) => Promise<void>

/** Predicts tile by tile and hands over finished rows in order; holds one row of tiles, whatever the raster's height. */
export async function predictMosaic(
  layers: number,
  options: TilingOptions,
  predict: PredictTile,
  take: TakeRows,
  work: WorkOptions = {},
): Promise<void> {
  const started = performance.now()
  const plan = tiling(options)
  const strip = stripBuffer(layers, options, plan.tileHeight)
  const windows = plan.rows.flatMap((row) =>
    plan.columns.map((column) => ({ row, column, width: plan.tileWidth, height: plan.tileHeight })),
  )
  const values = aheadByOne(windows, predict)
  let done = 0
  for (const [i, row] of plan.rows.entries()) {
    strip.moveTo(row)
    const down = edgeWeights(row, plan.tileHeight, options.height, options)
    for (const column of plan.columns) {
      throwIfAborted(work.signal)
      const across = edgeWeights(column, plan.tileWidth, options.width, options)
      strip.blend(await values(), column, across, down)
      done++
      work.onProgress?.({
        step: 'predict',
        fraction: done / windows.length,
        secondsLeft: secondsLeft(started, done / windows.length),
      })
    }
    const end = Math.min(options.height, plan.rows[i + 1] ?? options.height)
    await take(row, end - row, strip.finished(end - row))
  }
}

/** Results in order; the next piece of work is begun before the one at hand is waited for. */
function aheadByOne<T, R>(items: readonly T[], work: (item: T) => Promise<R>): () => Promise<R> {
  let at = 0
  const begin = (): Promise<R> | undefined => {
    const item = items[at++]
    if (item === undefined) return undefined
    const begun = work(item)
    // Who stops halfway never waits for this one; its failure is not news then.
    begun.catch(() => undefined)
    return begun
  }
  let next: Promise<R> | undefined
  return () => {
    const current = next ?? begin()!
    next = begin()
    return current
  }
}

interface StripBuffer {
  /** Makes `row` the buffer's first row, keeping what already lies at or below it. */
  moveTo(row: number): void
  /** Adds a tile that starts at `column`, weighted by `across` (one number per column) times `down` (one per row). */
  blend(values: Float32Array, column: number, across: Float32Array, down: Float32Array): void
  /** The first `rows` rows, weighted means, `[layers, rows, width]`. */
  finished(rows: number): Float32Array<ArrayBuffer>
}

function stripBuffer(layers: number, { width }: TilingOptions, tileHeight: number): StripBuffer {
  const plane = tileHeight * width
  const sums = new Float32Array(layers * plane)
  const weights = new Float32Array(plane)
  let first = 0
  return {
    moveTo: (row) => {
      const shift = (row - first) * width
      first = row
      if (shift === 0) return
      for (let layer = 0; layer < layers; layer++) {
        const values = sums.subarray(layer * plane, (layer + 1) * plane)
        values.copyWithin(0, shift)
        values.fill(0, plane - shift)
      }
      weights.copyWithin(0, shift)
      weights.fill(0, plane - shift)
    },
    blend: (values, column, across, down) => {
      const tileWidth = across.length
      // Columns of no weight are left out, so that even a missing value in a margin counts for nothing.
      const first = across.findIndex((v) => v > 0)
      const end = Math.min(across.findLastIndex((v) => v > 0) + 1, width - column)
      for (let r = 0; r < tileHeight; r++) {
        const weight = down[r]!
        if (weight === 0) continue
        const at = r * width + column
        for (let c = first; c < end; c++) weights[at + c] = weights[at + c]! + weight * across[c]!
        for (let layer = 0; layer < layers; layer++) {
          const to = layer * plane + at
          const from = (layer * tileHeight + r) * tileWidth
          for (let c = first; c < end; c++) sums[to + c] = sums[to + c]! + weight * across[c]! * values[from + c]!
        }
      }
    },
    finished: (rows) => {
      const n = rows * width
      const out = new Float32Array(layers * n)
      for (let layer = 0; layer < layers; layer++) {
        for (let i = 0; i < n; i++) out[layer * n + i] = sums[layer * plane + i]! / weights[i]!
      }
      return out
    },
  }
}
