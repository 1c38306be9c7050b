/** Computes one region of a cube in this thread, by its schedule: sources read, kernels run, blocks let go early. */
import { throwIfAborted, type WorkOptions } from '@ecotope/core'
import { newArray } from '../dtype.ts'
import type { Block } from '../model/block.ts'
import { sliceBox } from '../model/copy.ts'
import { disown, dropBytes, own, release } from '../model/garbage.ts'
import type { BlockNode, CubeNode, Fold } from '../model/node.ts'
import { inParallel } from '../model/parallel.ts'
import { cellCount, type Region, regionWithin, sameRegion } from '../model/region.ts'
import { evaluateInPlace } from './in-place.ts'
import { isPassing, kernelOfNode } from './kernels.ts'
import { ChunkReader } from './reader.ts'
import { PARALLEL_READS, type ScheduleOptions, type Step, stepsOf } from './schedule.ts'

export interface EvaluateOptions extends WorkOptions, ScheduleOptions {
  /** Reads the sources; give the same one for all regions of a job, so that they share decoded chunks. */
  readonly reader?: ChunkReader
  /** Nothing else is evaluated in this thread meanwhile, so that kernels may hold what is read. */
  readonly alone?: boolean
}

/** The block of a region of any node of a (fused) graph. Pure: sources aside, nothing is remembered. */
export async function evaluateRegion(root: CubeNode, region: Region, options: EvaluateOptions = {}): Promise<Block> {
  const block = await evaluateOwned(root, region, options)
  disown(block.data)
  return block
}

/** The same for callers that give the memory back (`release`) when they are done with it. */
export async function evaluateOwned(root: CubeNode, region: Region, options: EvaluateOptions = {}): Promise<Block> {
  if (cellCount(region.shape) === 0) return { region, data: newArray(root.schema.packing.dtype, 0) }
  const steps = stepsOf(root, region, options)
  if (options.alone === true) {
    const block = await evaluateInPlace(steps, options.reader ?? new ChunkReader(), options)
    if (block !== undefined) return block
  }
  const blocks = new Array<Block | undefined>(steps.length)
  const run = { steps, blocks, options: { ...options, reader: options.reader ?? new ChunkReader() } }
  for (let at = 0; at < steps.length; at++) {
    throwIfAborted(options.signal)
    if (blocks[at] === undefined) {
      if (steps[at]!.node.kind === 'source') await readAhead(run, at)
      else blocks[at] = await compute(run, steps[at]!)
    }
    for (const freed of steps[at]!.frees) letGo(blocks, freed)
  }
  return cropped(blocks[steps.length - 1]!, region)
}

/** Drops a block, and its memory with it unless another block lies in the same. */
function letGo(blocks: (Block | undefined)[], at: number): void {
  const { data } = blocks[at]!
  blocks[at] = undefined
  if (!blocks.some((other) => other?.data.buffer === data.buffer)) release(data)
}

interface Run {
  readonly steps: readonly Step[]
  readonly blocks: (Block | undefined)[]
  readonly options: EvaluateOptions & { readonly reader: ChunkReader }
}

/** Sources that follow one another are read beside each other: nothing is let go between them anyway. */
async function readAhead({ steps, blocks, options }: Run, from: number): Promise<void> {
  let to = from
  while (to < steps.length && steps[to]!.node.kind === 'source') to++
  const indices = Array.from({ length: to - from }, (_, i) => from + i)
  await inParallel(indices, PARALLEL_READS, async (at) => {
    const { node, region } = steps[at]!
    if (node.kind === 'source') blocks[at] = { region, data: await options.reader.read(node.source, region, options) }
  })
}

function cropped(block: Block, region: Region): Block {
  if (sameRegion(block.region, region)) return block
  return { region, data: sliceBox(block.data, block.region.shape, regionWithin(region, block.region)) }
}

async function compute({ blocks, options }: Run, step: Step): Promise<Block> {
  const { node, region, wanted } = step
  if (step.fold !== undefined) return fold(node, step.fold, region, options)
  const inputs = step.inputs.map((at) => (at === undefined ? undefined : blocks[at]))
  if (node.kind === 'cells') {
    if (isPassing(node)) return cropped(inputs[0]!, region)
    const block = kernelOfNode(node).run(region, inputs)
    own(block.data)
    return block
  }
  const exact = inputs.map((block, i) => block && cropped(block, wanted[i]!))
  return (node as BlockNode).compute(region, exact, options)
}

async function fold(node: CubeNode, folding: Fold, region: Region, options: EvaluateOptions): Promise<Block> {
  const state = folding.begin(region)
  do {
    await addPieces(node, folding, state, folding.pieces(region), options)
  } while (folding.again?.(state) === true)
  return folding.end(state, options)
}

/** Computes pieces of the inputs of a node that folds them, one after the other, and adds them to a state. */
export async function addPieces(
  node: CubeNode,
  folding: Fold,
  state: unknown,
  pieces: Iterable<readonly (Region | undefined)[]>,
  options: EvaluateOptions,
): Promise<void> {
  for (const piece of pieces) {
    throwIfAborted(options.signal)
    const inputs: (Block | undefined)[] = []
    for (const [i, need] of piece.entries()) inputs.push(need && (await evaluateOwned(node.inputs[i]!, need, options)))
    await folding.add(state, inputs, options)
    for (const block of inputs) {
      // Other nodes' states may refer to what they were given.
      if (block !== undefined && node.kind === 'cells') release(block.data)
      else dropBytes(block?.data.byteLength ?? 0)
    }
  }
}
