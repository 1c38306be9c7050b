/**
 * Regions of small cubes computed at once, without a plan: windows of apply_neighborhood, decisions that have to see
 * values. Memory is what the region needs; large cubes belong to the planner.
 */
import type { WorkOptions } from '@ecotope/core'
import { type Kernel, kernelOf } from '../../cells/kernel.ts'
import { inputRegions } from '../../cells/needs.ts'
import type { Block } from '../../model/block.ts'
import { own, release } from '../../model/garbage.ts'
import { type CellNode, type CubeNode, foldWithin, shapeOf } from '../../model/node.ts'
import { type Region, wholeRegion } from '../../model/region.ts'

const kernels = new WeakMap<CellNode, Kernel>()

function kernelFor(node: CellNode): Kernel {
  let kernel = kernels.get(node)
  if (kernel === undefined) {
    kernel = kernelOf(node.cell, node.inputs, node)
    kernels.set(node, kernel)
  }
  return kernel
}

/** The cells of a region of any node. */
export async function readNode(node: CubeNode, region: Region, work: WorkOptions = {}): Promise<Block> {
  if (node.kind === 'source') return { region, data: await node.source.read(region, work) }
  const readAll = (regions: readonly (Region | undefined)[]): Promise<(Block | undefined)[]> =>
    Promise.all(
      regions.map((needed, i) => (needed === undefined ? undefined : readNode(node.inputs[i]!, needed, work))),
    )
  if (node.kind === 'cells') {
    const schemas = node.inputs.map(({ schema }) => schema)
    const inputs = await readAll(inputRegions(node.cell, node.schema, schemas, region))
    const block = kernelFor(node).run(region, inputs)
    // Of what kernels made for this one nothing is left to use.
    for (const [i, input] of inputs.entries())
      if (input !== undefined && node.inputs[i]!.kind === 'cells') release(own(input.data))
    return block
  }
  const fold = foldWithin(node, Number.POSITIVE_INFINITY)
  if (fold === undefined) return node.compute(region, await readAll(node.needs(region)), work)
  const state = fold.begin(region)
  do for (const piece of fold.pieces(region)) await fold.add(state, await readAll(piece), work)
  while (fold.again?.(state) === true)
  return fold.end(state, work)
}

/** All cells of a small cube. */
export const readWhole = (node: CubeNode, work: WorkOptions = {}): Promise<Block> =>
  readNode(node, wholeRegion(shapeOf(node.schema)), work)
