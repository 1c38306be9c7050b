/** The code of a task: computes one region of a cube and encodes it for the sink. Runs in workers and in process. */
import { isMainThread } from 'node:worker_threads'
import { CancelledError, EnvironmentError, type WorkOptions } from '@ecotope/core'
import type { TaskRunner } from '../execute/executor.ts'
import type { SinkEncoder, SinkFormat, SinkHandle } from '../execute/sink.ts'
import type { Block } from '../model/block.ts'
import { dropBytes, forgetBlocks, release } from '../model/garbage.ts'
import type { CubeNode } from '../model/node.ts'
import { canBeMissing } from '../model/packing.ts'
import { cellCount, type Region } from '../model/region.ts'
import { missingArray } from '../process/cubes/nodes.ts'
import { assemble } from './compute.ts'
import { evaluateOwned } from './evaluate.ts'
import { fuse } from './fuse.ts'
import type { OpenedCube } from './graph-cube.ts'
import { consumersFirst } from './nodes.ts'
import { nodeAt } from './plan.ts'
import { ChunkReader, type FailedChunk } from './reader.ts'
import { withSpools } from './rechunk.ts'
import { spoolSink } from './spool.ts'
import { overStages, type Stages } from './stages.ts'

/** Where the cube comes from: a module that exports `openCube(context)`, or the node itself (in this process only). */
export type CubeOrigin = { readonly module: string; readonly context: unknown } | { readonly node: CubeNode }

export interface RunnerContext {
  readonly cube: CubeOrigin
  readonly sink: SinkHandle
  /** A module that exports `sinks: SinkFormat[]`. Default: the table of formats. */
  readonly sinkModule?: string
  readonly cacheBytes: number
  readonly foldAbove: number
  readonly inPasses: boolean
  readonly pieces?: readonly number[]
  /** Nodes of the fused graph whose results were found first. */
  readonly stages: Stages
  /** Nodes of the graph over these that lie in temporary files. */
  readonly spools?: Stages
  /** The node of that graph that is computed. Default: the whole graph. */
  readonly part?: number
  /** Whether cells that cannot be computed are missing instead of an error. */
  readonly skip: boolean
}

export interface RegionPayload {
  readonly region: Region
}

export interface RegionResult {
  readonly encoded: unknown
  readonly failed: readonly FailedChunk[]
}

interface CubeModule {
  openCube(context: unknown): Promise<OpenedCube>
}

export async function openOrigin(origin: CubeOrigin): Promise<OpenedCube> {
  if ('node' in origin) return { node: origin.node, close: () => Promise.resolve() }
  const module = (await import(origin.module)) as CubeModule
  return module.openCube(origin.context)
}

async function sinkOf(handle: SinkHandle, module: string | undefined): Promise<Pick<SinkFormat, 'encoder'>> {
  if (handle.format === spoolSink.format) return spoolSink
  if (module === undefined) return (await import('../format/formats.ts')).sinkFor(handle.path, handle.format)
  const { sinks } = (await import(module)) as { sinks: readonly SinkFormat[] }
  return sinks.find(({ format }) => format === handle.format)!
}

export async function open(context: RunnerContext): Promise<TaskRunner<RegionPayload, RegionResult>> {
  const opened = await openOrigin(context.cube)
  try {
    const encoder = await (await sinkOf(context.sink, context.sinkModule)).encoder(context.sink)
    return runnerOf(context, opened, encoder)
  } catch (error) {
    await opened.close()
    throw error
  }
}

function runnerOf(
  context: RunnerContext,
  opened: OpenedCube,
  encoder: SinkEncoder,
): TaskRunner<RegionPayload, RegionResult> {
  const root = rootOf(fuse(opened.node), context)
  let failed: FailedChunk[] = []
  const { skip, cacheBytes, foldAbove, inPasses, pieces } = context
  const onFailedChunk = skip ? { onFailedChunk: (failure: FailedChunk) => void failed.push(failure) } : {}
  const reader = new ChunkReader({ cacheBytes, inPlace: !isMainThread, ...onFailedChunk })
  const compute = async (region: Region, work: WorkOptions): Promise<Block> => {
    // A worker runs one task at a time.
    const options = { ...work, reader, foldAbove, inPasses, alone: !isMainThread }
    try {
      const block = await (pieces === undefined
        ? evaluateOwned(root, region, options)
        : assemble(root, region, pieces, options))
      return block
    } catch (error) {
      if (!skip || error instanceof EnvironmentError || error instanceof CancelledError) throw error
      const block = missingBlock(root, region, error)
      failed.push({ path: root.label, chunk: [], region, message: String((error as Error).message) })
      return block
    }
  }
  return {
    run: async ({ region }, work) => {
      failed = []
      const block = await compute(region, work)
      const encoded = await encoder.encode(region, block, work)
      // What the sink keeps or sends may be the block itself.
      if (encoded === undefined) release(block.data)
      else dropBytes(block.data.byteLength)
      return { encoded, failed }
    },
    close: async () => {
      await encoder.close()
      await closeSpools(root)
      await opened.close()
      forgetBlocks()
    },
  }
}

function rootOf(fused: CubeNode, { stages, part, spools }: RunnerContext): CubeNode {
  const staged = overStages(fused, stages)
  if (part !== undefined) return nodeAt(staged, part)
  if (spools === undefined) return staged
  return withSpools(staged, new Map(spools.map(({ node, handle }) => [node, handle])))
}

/** Closes the temporary files that a graph reads. */
export async function closeSpools(root: CubeNode): Promise<void> {
  for (const node of consumersFirst(root))
    if (node.kind === 'source' && node.source.handle.format === spoolSink.format) await node.source.close()
}

/** Cells of a region that could not be computed because of an error, which is thrown where cells cannot be missing. */
export function missingBlock({ schema }: CubeNode, region: Region, error: unknown): Block {
  if (!canBeMissing(schema.packing)) throw error
  return { region, data: missingArray(schema.packing, cellCount(region.shape)) }
}
