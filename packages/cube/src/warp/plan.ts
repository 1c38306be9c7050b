/** What a warp does where: the chunks of the target with their kernels, and the mapped blocks of each. */
import { crsEquals } from '../crs/transform.ts'
import { intersectWindows, wholeWindow } from '../grid.ts'
import type { Grid, Window } from '../types.ts'
import { type Chunk, chunksOf } from './chunks.ts'
import type { Kernel } from './kernels.ts'
import { footprint, METHODS, type Method, methodOf, type Resampling } from './methods.ts'
import { type ExactMap, type MappedBlock, pixelMap } from './pixel-map.ts'
import { rowBlocks } from './rows.ts'

export interface WarpOptions {
  /** Default `bilinear`. */
  readonly resampling?: Resampling
  /**
   * Greatest error of a position, in source pixels (default 1e-6: results differ from the exact ones by less than
   * float32 rounding). 0 transforms every pixel exactly, at 10 to 50 times the cost.
   */
  readonly tolerance?: number
  /**
   * Takes positions as `gdalwarp -et` of this many source pixels does instead (its default, and rasterio's, is 0.125):
   * for results equal to those of others, not for better ones. Methods over areas (`average` to `rms`) stay exact.
   */
  readonly errorThreshold?: number
}

/** A part of a chunk that lies in a window. */
export interface Piece extends Window {
  readonly kernel: Kernel
  /** Source samples that the kernel needs on each side of a position. */
  readonly reach: readonly [x: number, y: number]
  readonly blocks: readonly MappedBlock[]
  /** The part of the source that the piece's chunk sees. */
  readonly seen: Window
}

export interface WarpPlan {
  readonly method: Method
  /** The pieces that make up a window of the target. */
  pieces(window: Window): Piece[]
}

const TOLERANCE = 1e-6

/** Throws `InputError`: `BadResampling`, `UnsupportedProjection`. */
export function warpPlan(target: Grid, source: Grid, options: WarpOptions): WarpPlan {
  const asked = methodOf(options.resampling ?? 'bilinear')
  const method = isMoved(target, source) ? { ...METHODS.nearest, picks: asked.picks } : asked
  const map = pixelMap(target, source, options.tolerance ?? TOLERANCE)
  const threshold = method.corners ? 0 : (options.errorThreshold ?? 0)
  const whole: Chunk = { ...wholeWindow(target), scale: [1, 1], source: wholeWindow(source) }
  // Positions and resolutions of chunks have no part in the nearest sample.
  const isPlain = method.kernel === METHODS.nearest.kernel && threshold === 0
  const chunks = isPlain ? undefined : chunksOf(target, source, method.radius)
  let inverse: ExactMap | undefined
  const back: ExactMap = (xy) => {
    inverse ??= pixelMap(source, target, 0).exact
    inverse(xy)
  }
  const isUpright = threshold === 0 && map.isUpright
  const kernels = new Map<string, Kernel>()
  const kernelOf = (scale: Chunk['scale']): Kernel => {
    const key = scale.join()
    const kernel = kernels.get(key) ?? method.kernel(...scale, back, isUpright)
    kernels.set(key, kernel)
    return kernel
  }
  return {
    method,
    pieces: (window) =>
      (chunks?.within(window) ?? [whole]).map((chunk) => {
        const part = intersectWindows(chunk, window)
        const blocks = threshold > 0 ? rowBlocks(chunk, map.exact, threshold, part) : map.blocks(part)
        return {
          ...part,
          kernel: kernelOf(chunk.scale),
          reach: method.reach(...chunk.scale),
          blocks,
          seen: chunk.source,
        }
      }),
  }
}

/** Grids of the same pixels a whole number of them apart: then, as with GDAL, samples are taken as they are. */
function isMoved(target: Grid, source: Grid): boolean {
  const [a, b, , d, e] = target.affine
  if (!crsEquals(target.crs, source.crs) || [a, b, d, e].some((v, i) => v !== LINEAR(source)[i])) return false
  const origin = new Float64Array(2)
  pixelMap(target, source, 0).exact(origin)
  return origin.every((v) => Math.abs(v - Math.round(v)) <= 1e-6)
}

const LINEAR = ({ affine: [a, b, , d, e] }: Grid): readonly number[] => [a, b, d, e]

/** The window of the source that pieces need; zero size where they need nothing of it. */
export function sourceWindow(pieces: readonly Piece[], source: Grid): Window {
  const windows = pieces
    .map((piece) => footprint(piece.blocks, piece.reach, source))
    .filter((w) => w.width * w.height > 0)
  if (windows.length === 0) return { column: 0, row: 0, width: 0, height: 0 }
  const column = Math.min(...windows.map((w) => w.column))
  const row = Math.min(...windows.map((w) => w.row))
  const right = Math.max(...windows.map((w) => w.column + w.width))
  const bottom = Math.max(...windows.map((w) => w.row + w.height))
  return { column, row, width: right - column, height: bottom - row }
}
