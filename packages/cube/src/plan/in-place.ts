/**
 * Regions of one kernel straight over sources, the commonest case: what is read is decoded into the kernel's memory, so
 * that it is neither copied there nor needs memory of its own. Only for threads that run one task at a time.
 */
import type { WorkOptions } from '@ecotope/core'
import type { Placed } from '../cells/kernel.ts'
import type { Block } from '../model/block.ts'
import { own, release } from '../model/garbage.ts'
import type { SourceNode } from '../model/node.ts'
import { inParallel } from '../model/parallel.ts'
import { isPassing, kernelOfNode } from './kernels.ts'
import type { ChunkReader } from './reader.ts'
import { PARALLEL_READS, type Step } from './schedule.ts'

/** The block of the last step; undefined where the steps are others, or nothing can be read into place. */
export async function evaluateInPlace(
  steps: readonly Step[],
  reader: ChunkReader,
  work: WorkOptions,
): Promise<Block | undefined> {
  const { node, region, inputs, fold } = steps.at(-1)!
  if (node.kind !== 'cells' || isPassing(node) || fold !== undefined) return undefined
  if (!steps.slice(0, -1).every((step) => step.node.kind === 'source')) return undefined
  const kernel = kernelOfNode(node)
  const regions = inputs.map((at) => {
    if (at === undefined || inputs.filter((other) => other === at).length > 1) return undefined
    const { node: below, region: box } = steps[at]!
    return reader.canPlace((below as SourceNode).source, box) ? box : undefined
  })
  const placed = regions.every((box) => box === undefined) ? undefined : kernel.place?.(regions)
  if (placed === undefined) return undefined
  const { blocks, filled } = await readInputs(steps, inputs, placed, reader, work)
  const result = kernel.run(region, blocks, filled)
  own(result.data)
  for (const block of new Set(blocks)) if (block !== undefined) release(block.data)
  return result
}

/** Reads into the places, and what cannot be read into one as a block. */
async function readInputs(
  steps: readonly Step[],
  inputs: Step['inputs'],
  placed: Placed,
  reader: ChunkReader,
  work: WorkOptions,
): Promise<{ blocks: (Block | undefined)[]; filled: Placed }> {
  const blocks = inputs.map((): Block | undefined => undefined)
  const places = [...placed.places]
  const first = [...new Set(inputs)].filter((at) => at !== undefined)
  await inParallel(first, PARALLEL_READS, async (at) => {
    const { node, region } = steps[at]!
    const { source } = node as SourceNode
    const i = inputs.indexOf(at)
    const place = places[i]
    if (place !== undefined && (await reader.readTo(source, region, place, work))) return
    places[i] = undefined
    const block = { region, data: await reader.read(source, region, work) }
    for (const [k, other] of inputs.entries()) if (other === at) blocks[k] = block
  })
  return { blocks, filled: { ...placed, places } }
}
