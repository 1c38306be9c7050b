/** Computes a cube, or a region of one, into memory, piece by piece so that what lies between stays small. */
import { secondsLeft, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { newArray } from '../dtype.ts'
import type { Block } from '../model/block.ts'
import { copyBox } from '../model/copy.ts'
import { release } from '../model/garbage.ts'
import { type CubeNode, shapeOf } from '../model/node.ts'
import { cellCount, chunkCount, type Region, regionWithin, splitRegion, wholeRegion } from '../model/region.ts'
import { type EvaluateOptions, evaluateOwned, evaluateRegion } from './evaluate.ts'
import { fuse } from './fuse.ts'
import { planOf } from './plan.ts'
import { ChunkReader, type FailedChunk } from './reader.ts'
import { cacheShare, DEFAULT_BUDGET, foldAbove, shapeAtLast } from './tasks.ts'

export interface ComputeOptions extends WorkOptions {
  /** Default: the whole cube. */
  readonly region?: Region
  /** Bytes beside the result itself that computing may take. Default 512 MB. */
  readonly budgetBytes?: number
  /** `skip`: cells that depend on chunks that cannot be read are missing. Default `fail`. */
  readonly onError?: 'fail' | 'skip'
  readonly onFailedChunk?: (failure: FailedChunk) => void
}

/** The cells of a cube in its own packing. Throws what sources and callbacks throw, and `BudgetTooSmall`. */
export async function computeCube(node: CubeNode, options: ComputeOptions = {}): Promise<Block> {
  throwIfAborted(options.signal)
  const root = fuse(node)
  const whole = wholeRegion(shapeOf(root.schema))
  const region = options.region ?? whole
  const budgetBytes = options.budgetBytes ?? DEFAULT_BUDGET
  const reader = new ChunkReader({
    cacheBytes: cacheShare(budgetBytes),
    ...(options.onError === 'skip' ? { onFailedChunk: options.onFailedChunk ?? (() => undefined) } : {}),
  })
  const quick = { ...options, reader, foldAbove: foldAbove(budgetBytes) }
  if (cellCount(region.shape) === 0) return evaluateRegion(root, region, quick)
  if (options.region === undefined && needsFiles(root, budgetBytes)) return viaFiles(root, options)
  const { shape, inPasses } = shapeAtLast(root, { budgetBytes, region })
  const work = { ...quick, inPasses }
  if (chunkCount(region, shape) === 1) return evaluateRegion(root, region, work)
  return assemble(root, region, shape, work)
}

function needsFiles(root: CubeNode, budgetBytes: number): boolean {
  const { spools, stages } = planOf(root, { budgetBytes })
  return spools.length + stages.length > 0
}

const MEMORY_SINKS = new URL('./memory-sink.ts', import.meta.url).href

/** Where inputs have to be cut anew on disk first, or small results are found first. */
async function viaFiles(root: CubeNode, options: ComputeOptions): Promise<Block> {
  const { region: _whole, onFailedChunk, ...rest } = options
  const { saveCube } = await import('./save.ts')
  const { memorySink } = await import('./memory-sink.ts')
  const { sink, result } = memorySink()
  const { failed } = await saveCube(root, 'memory', { ...rest, sink, sinkModule: MEMORY_SINKS })
  for (const failure of failed) onFailedChunk?.(failure)
  return { region: wholeRegion(shapeOf(root.schema)), data: result() }
}

/** A region made from pieces, which are dropped once copied. */
export async function assemble(
  root: CubeNode,
  region: Region,
  pieces: readonly number[],
  work: EvaluateOptions,
): Promise<Block> {
  const data = newArray(root.schema.packing.dtype, cellCount(region.shape))
  const [count, started] = [chunkCount(region, pieces), performance.now()]
  const { onProgress, ...quiet } = work
  let done = 0
  for (const piece of splitRegion(region, pieces)) {
    const block = await evaluateOwned(root, piece, quiet)
    const { start } = regionWithin(piece, region)
    const from = start.map(() => 0)
    copyBox(block.data, piece.shape, from, data, region.shape, start, piece.shape)
    release(block.data)
    const fraction = ++done / count
    onProgress?.({ step: 'compute', fraction, secondsLeft: secondsLeft(started, fraction) })
  }
  return { region, data }
}
