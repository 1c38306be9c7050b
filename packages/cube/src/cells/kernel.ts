/** Kernels: a cell made ready to compute regions of a cube from blocks of its inputs. */
import type { Block } from '../model/block.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import type { Cell } from './cell.ts'
import { interpret } from './interpret.ts'

export interface KernelInput {
  readonly schema: CubeSchema
}

export interface KernelOutput {
  readonly schema: CubeSchema
}

export interface Kernel {
  /**
   * Computes a region of the output. `inputs` are blocks that cover what `inputRegions` says; undefined is missing
   * everywhere. Synchronous; the block is new.
   */
  run(region: Region, inputs: readonly (Block | undefined)[]): Block
  /** Bytes beyond inputs and output while `run` works. */
  scratchBytes(region: Region): number
  /** One line for people: how it computes. */
  describe(): string
}

/** The kernel of a cell. */
export function kernelOf(cell: Cell, inputs: readonly KernelInput[], output: KernelOutput): Kernel {
  const schemas = inputs.map(({ schema }) => schema)
  return {
    run: (region, blocks) => interpret(cell, schemas, output.schema, region, blocks),
    scratchBytes: (region) => cellCount(region.shape) * 8,
    describe: () => 'interpreted',
  }
}
